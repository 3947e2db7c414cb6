/** A weight matrix to move about in, from the whole down to single weights. */

import type { AnyModel } from "@anywidget/types";
import { formatCount } from "./axis";
import { fit, type Palette, palette } from "./canvas";
import { Camera } from "./matrix_camera";
import { buildControls } from "./matrix_controls";
import { MatrixData } from "./matrix_data";
import { Input } from "./matrix_input";
import { type Edges, paint, ROW_READABLE } from "./matrix_paint";
import { Side } from "./matrix_side";
import { HINT, numbersInSight, pixelText, rowText } from "./matrix_words";
import type { WeightMatrixState } from "./state";
import { type Host, h, mount, toCsv } from "./view";
import { decode, isEmpty } from "./wire";

type State = WeightMatrixState;

const WATCHED = ["frame", "pages", "row", "filter_index", "progress", "size"] as const;
const CONTROLLED = [
  "frame",
  "filter_index",
  "pooling",
  "order",
  "contrast",
  "shuffled",
  "image_shape",
] as const;

/** In multiples of the text's height: the edges with row and column numbers, the height of the matrix. */
const [LEFT, LEFT_LABELLED, TOP, HEIGHT] = [5.5, 11, 1.8, 34];

class MatrixView {
  readonly #host: Host<State>;
  readonly #data = new MatrixData();
  readonly #camera = new Camera();
  readonly #side = new Side();
  readonly #canvas = h("canvas", {
    class: "ww-matrix-canvas",
    tabindex: "0",
    role: "img",
    "aria-label":
      "Weight matrix; arrow keys pan, plus and minus zoom, Home shows all, Enter selects the row in the middle",
  });
  readonly #bar = h("progress", { max: "1", "aria-label": "weights read" });
  readonly #reading = h("p", { class: "ww-matrix-reading" }, this.#bar, h("span"));
  readonly #readout = h("p", { class: "ww-matrix-readout" }, HINT);
  #colors: Palette;
  #edges: Edges = { left: 0, top: 0 };
  /** The question that waits for an answer. */
  #asked = "";
  #subject = "";
  /** A row that was selected elsewhere comes into sight when it is known where it is. */
  #goesToRow = false;
  /** Keys moved the view, so that the middle is read. */
  #isKeyed = false;
  /** Where the pointer rests, in the room. */
  #pointed: { x: number; y: number } | null = null;
  #isDrawing = false;

  constructor(host: Host<State>) {
    this.#host = host;
    this.#colors = palette(host.root);
    const main = h("div", { class: "ww-matrix-main" }, this.#canvas, this.#readout);
    // Below the matrix, which then stays where it is when the reading is done.
    host.body.append(h("div", { class: "ww-matrix-columns" }, main, this.#side.element), this.#reading);
    host.react(WATCHED, (changed) => this.#changed(changed));
    const showControls = buildControls(host, {
      zoom: (octaves) => this.#zoom(octaves),
      whole: () => this.#whole(),
    });
    host.react(CONTROLLED, () => showControls(this.#data.frame));
    host.follow(() => this.#layOut());
    new Input(this.#canvas, () => this.#edges, this.#actions, host.listen);
    host.listen(this.#canvas, "blur", () => this.#hover(null));
    // In the next frame the view stands in the page, which gives it its width and its font.
    requestAnimationFrame(() => {
      if (!host.signal.aborted) this.#layOut();
    });
  }

  csv(): string {
    const { frame } = this.#data;
    return frame ? toCsv(numbersInSight(frame, this.#data, this.#camera)) : "";
  }

  get canvas(): HTMLCanvasElement {
    return this.#canvas;
  }

  fileName(): string {
    return (this.#data.frame?.title ?? "nothing").replace(/[^\w.-]+/g, "_");
  }

  readonly #actions = {
    pan: (x: number, y: number) => this.#moved(() => this.#camera.panBy(x, y)),
    zoom: (octaves: number, x?: number, y?: number) => this.#zoom(octaves, x, y),
    whole: () => this.#whole(),
    hover: (point: { x: number; y: number } | null) => this.#hover(point),
    select: (x: number, y: number) => this.#select(x, y),
    keyed: () => {
      this.#isKeyed = true;
      this.#host.announce(this.#read(this.#camera.width / 2, this.#camera.height / 2));
    },
    selectMiddle: () => this.#select(this.#camera.width / 2, this.#camera.height / 2),
    size: () => this.#camera,
  };

  #zoom(octaves: number, x?: number, y?: number): void {
    this.#moved(() => this.#camera.zoomBy(octaves, x, y));
  }

  #whole(): void {
    this.#moved(() => this.#camera.showWhole());
  }

  #moved(move: () => void): void {
    move();
    this.#isKeyed = false;
    this.#drawSoon();
  }

  #hover(point: { x: number; y: number } | null): void {
    if (this.#isKeyed) this.#drawSoon();
    this.#isKeyed = false;
    this.#pointed = point;
    if (point) this.#read(point.x, point.y);
    else this.#readout.textContent = HINT;
  }

  /** Show what is at a point of the room in the line below, and give it back. */
  #read(x: number, y: number): string {
    const found = this.#pixelAt(x, y);
    const { frame } = this.#data;
    const text = frame && found ? pixelText(frame, found) : HINT;
    this.#readout.textContent = text;
    return text;
  }

  #pixelAt(x: number, y: number) {
    const { row, column } = this.#camera.at(x, y);
    const { width, height, rows, cols } = this.#camera;
    const isInside = x >= 0 && y >= 0 && x < width && y < height;
    if (!isInside || row < 0 || column < 0 || row >= rows || column >= cols) return null;
    return this.#data.read(this.#camera.levels, Math.floor(row), Math.floor(column));
  }

  #select(x: number, y: number): void {
    const found = this.#pixelAt(x, y);
    const row = found?.tile.rows[found.line];
    if (row === undefined || row === this.#host.model.get("filter_index")) return;
    this.#host.ask({ filter_index: row });
    this.#goesToRow = false;
  }

  #changed(changed: ReadonlySet<string>): void {
    const { model } = this.#host;
    const isNew = changed.has("frame");
    if (isNew) this.#data.takeFrame(model.get("frame"));
    if (isNew || changed.has("pages")) this.#data.takePages(model.get("pages"));
    if (isNew || changed.has("row")) this.#data.takeRow(model.get("row"));
    if (isNew || changed.has("pages")) this.#asked = "";
    if (isNew) this.#describe();
    if (changed.has("filter_index")) this.#goesToRow = this.#subject !== "";
    this.#goToRow();
    this.#showProgress();
    if (isNew || changed.has("size")) this.#layOut();
    else this.#drawSoon();
  }

  #goToRow(): void {
    const { row, frame } = this.#data;
    if (!this.#goesToRow || row?.filter_index !== this.#host.model.get("filter_index")) return;
    if (row.place === null || !frame) return;
    this.#goesToRow = false;
    // What was found by its label is to be read, label and all.
    if (this.#host.root.querySelector(".ww-matrix-find:focus-within"))
      this.#camera.goTo(row.place, ROW_READABLE);
    else this.#camera.reveal(row.place);
    this.#host.announce(rowText(frame, row));
  }

  #describe(): void {
    const { frame } = this.#data;
    const { title, caption, body } = this.#host;
    body.hidden = frame === null;
    title.replaceChildren(frame?.title ?? "", h("span", {}, frame ? ` ${frame.description}` : ""));
    caption.textContent = frame ? [frame.scope, ...frame.notes].join(" ") : "";
    const subject = frame ? [frame.title, frame.rows, frame.cols].join("\n") : "";
    if (!frame || subject === this.#subject) return;
    this.#subject = subject;
    this.#camera.begin(frame.rows, frame.cols);
  }

  #showProgress(): void {
    const { frame } = this.#data;
    const progress = this.#host.model.get("progress");
    this.#reading.hidden = !frame?.preview;
    if (!frame?.preview) return;
    const share = isEmpty(progress) ? 0 : (decode<{ share: Float64Array }>(progress).share[0] ?? 0);
    this.#bar.value = share;
    const words = `preview; reading all ${formatCount(frame.rows * frame.cols)} weights: ${Math.round(100 * share)} %`;
    this.#reading.lastElementChild?.replaceChildren(words);
  }

  #layOut(): void {
    this.#colors = palette(this.#host.root);
    const em = Number.parseFloat(this.#colors.font);
    const isLabelled = this.#data.frame?.labelled ?? false;
    this.#edges = { left: Math.round((isLabelled ? LEFT_LABELLED : LEFT) * em), top: Math.round(TOP * em) };
    const width = this.#canvas.parentElement?.clientWidth ?? 0;
    if (width > 0) {
      // Room at the right and below for the frame of the selected row.
      this.#camera.resize(width - this.#edges.left - 3, HEIGHT * em - this.#edges.top - 3);
      fit(this.#canvas, width, HEIGHT * em);
    }
    this.#drawSoon();
  }

  /** Draw once in the next frame, however often something moved before it. */
  #drawSoon(): void {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    requestAnimationFrame(() => {
      this.#isDrawing = false;
      if (!this.#host.signal.aborted) this.#draw();
    });
  }

  #draw(): void {
    const width = this.#canvas.parentElement?.clientWidth ?? 0;
    const { frame } = this.#data;
    if (!frame || width === 0) return;
    const height = HEIGHT * Number.parseFloat(this.#colors.font);
    const sheet = fit(this.#canvas, width, height);
    paint(sheet, this.#edges, this.#camera, this.#data, this.#colors, this.#isKeyed);
    this.#side.draw(frame, this.#data.row, this.#colors);
    if (this.#isKeyed) this.#read(this.#camera.width / 2, this.#camera.height / 2);
    // A zoom, or tiles that came, bring something else under a pointer that rests.
    else if (this.#pointed) this.#read(this.#pointed.x, this.#pointed.y);
    this.#request();
  }

  /** Ask for the tiles that must be seen and are not in hand, once until an answer comes. */
  #request(): void {
    const wanted = this.#data.missing(this.#camera.levels, this.#camera.sight);
    const asked = JSON.stringify(wanted);
    if (!wanted || asked === this.#asked) return;
    this.#asked = asked;
    this.#host.ask({ wanted });
  }
}

function render({ model, el }: { model: AnyModel<State>; el: HTMLElement }): () => void {
  const made: { view?: MatrixView } = {};
  const exports = {
    name: () => made.view?.fileName() ?? "",
    canvas: () => made.view?.canvas ?? document.createElement("canvas"),
    csv: () => made.view?.csv() ?? "",
  };
  return mount({ model, el }, { kind: "matrix", label: "Weight matrix", exports }, (host) => {
    made.view = new MatrixView(host);
  });
}

export default { render };
