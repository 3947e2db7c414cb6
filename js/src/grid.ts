/** Every filter of a layer as a tile, or all rows of a matrix as one picture. */

import type { AnyModel } from "@anywidget/types";
import { formatWeight } from "./axis";
import { type Palette, palette } from "./canvas";
import { buildControls } from "./grid_controls";
import { type Frame, GridData } from "./grid_data";
import { filterRows, pictureOf } from "./grid_export";
import { Field } from "./grid_field";
import { Panel } from "./grid_panel";
import { Reader } from "./grid_reader";
import { groupText } from "./grid_words";
import type { FilterGridState } from "./state";
import { type Host, h, mount, toCsv } from "./view";

type State = FilterGridState;

const WATCHED = ["frame", "pages", "lit", "row", "filter_index", "size"] as const;
const CONTROLLED = [
  "frame",
  "filter_index",
  "input_channel",
  "depth_index",
  "color_scope",
  "robust_colors",
  "order",
  "as_images",
] as const;

class GridView {
  readonly #host: Host<State>;
  readonly #data = new GridData();
  readonly #field = new Field(this.#data);
  readonly #panel = new Panel();
  readonly #reader: Reader;
  #colors: Palette;
  /** The question that waits for an answer. */
  #asked = "";
  #subject = "";

  constructor(host: Host<State>) {
    this.#host = host;
    this.#colors = palette(host.root);
    const parts = { data: this.#data, field: this.#field, panel: this.#panel };
    this.#reader = new Reader(
      host,
      parts,
      () => this.#place,
      () => this.#draw(),
    );
    const main = h("div", { class: "ww-grid-main" }, this.#field.element, this.#reader.element);
    host.body.append(h("div", { class: "ww-grid-columns" }, main, this.#panel.element));
    host.react(WATCHED, (changed) => this.#changed(changed));
    const showControls = buildControls(host);
    host.react(CONTROLLED, () => showControls(this.#data.frame));
    host.follow(() => {
      this.#layOut();
      this.#draw();
    });
    this.#listen();
    // In the next frame the view stands in the page, which gives it its width and its font.
    requestAnimationFrame(() => {
      if (host.signal.aborted) return;
      this.#layOut();
      this.#field.reveal(this.#place);
      this.#draw();
    });
  }

  csv(): string {
    return toCsv(filterRows(this.#data, this.#selected));
  }

  picture(): HTMLCanvasElement {
    const title = this.#host.title.textContent ?? "";
    const key = { ...this.#panel.key, words: this.#data.words[0] ?? "" };
    return pictureOf(title, [this.#field.canvas, this.#panel.canvas], key, this.#colors);
  }

  fileName(): string {
    const { title, unit } = this.#data.frame ?? { title: "nothing", unit: "filter" };
    return `${title} ${unit} ${this.#selected}`.replace(/[^\w.-]+/g, "_");
  }

  get #selected(): number {
    return Math.min(this.#host.model.get("filter_index"), Math.max(0, (this.#data.frame?.count ?? 1) - 1));
  }

  get #place(): number {
    return this.#data.placeOf(this.#selected);
  }

  #listen(): void {
    const { canvas, scroller } = this.#field;
    this.#host.listen(scroller, "scroll", () => this.#draw());
    this.#host.listen(scroller, "keydown", (event) => {
      const place = this.#field.placeAfter(event, this.#place);
      if (place === null) return;
      event.preventDefault();
      this.#select(place);
    });
    this.#host.listen(canvas, "click", (event) => {
      const place = this.#field.placeAt(event);
      if (place !== null) this.#select(place);
      scroller.focus({ preventScroll: true });
    });
  }

  #select(place: number): void {
    const filter = this.#data.filterAt(place);
    if (filter !== this.#host.model.get("filter_index")) this.#host.ask({ filter_index: filter });
  }

  #changed(changed: ReadonlySet<string>): void {
    const { model } = this.#host;
    const isNew = changed.has("frame");
    const before = this.#data.tiles?.cells;
    if (isNew) this.#data.takeFrame(model.get("frame"));
    if (isNew || changed.has("lit")) this.#data.takeLit(model.get("lit"));
    if (isNew || changed.has("pages")) this.#data.takePages(model.get("pages"));
    if (isNew || changed.has("row")) this.#data.takeRow(model.get("row"));
    if (isNew || changed.has("lit")) {
      this.#field.renew();
      this.#host.caption.textContent = this.#data.words.join(" ");
    }
    const isOther = isNew && this.#describe();
    if (isNew || changed.has("pages") || changed.has("lit")) this.#asked = "";
    if (isNew || changed.has("filter_index")) this.#reader.cursor = null;
    if (isNew || changed.has("size") || this.#data.tiles?.cells !== before) this.#layOut();
    if (isOther || changed.has("filter_index")) this.#field.reveal(this.#place);
    this.#draw();
    if (changed.has("filter_index") && changed.size === 1) this.#host.announce(this.#name());
  }

  /** Show the words of a new frame; says whether it is of another layer or order, which begins at the top. */
  #describe(): boolean {
    const { frame } = this.#data;
    const { title, body } = this.#host;
    body.hidden = frame === null;
    title.replaceChildren(frame?.title ?? "", h("span", {}, frame ? ` ${frame.description}` : ""));
    const subject = frame
      ? [frame.title, frame.mode, frame.description, frame.order !== null].join("\n")
      : "";
    if (subject === this.#subject) return false;
    this.#subject = subject;
    this.#field.restart();
    this.#reader.hovered = null;
    return true;
  }

  #layOut(): void {
    this.#colors = palette(this.#host.root);
    // The panel first: the field takes the width that it leaves.
    this.#panel.layOut(this.#data.tiles, this.#host.body.clientWidth, this.#colors);
    this.#field.layOut(this.#colors);
  }

  #draw(): void {
    const { frame } = this.#data;
    if (!frame || this.#field.scroller.clientWidth === 0) return;
    const { cursor, hovered } = this.#reader;
    const place = this.#place;
    const seen = this.#field.draw(this.#selected, this.#name(), hovered, this.#colors);
    this.#panel.draw(frame, this.#data.tile(place), this.#panelWords(frame), cursor, this.#colors);
    this.#request([...seen, place]);
  }

  /** Ask for the tiles that must be seen and are not in hand, once until an answer comes. */
  #request(places: number[]): void {
    const wanted = this.#data.missing(places);
    const asked = JSON.stringify(wanted);
    if (!wanted || asked === this.#asked) return;
    this.#asked = asked;
    this.#host.ask({ wanted });
  }

  #name(): string {
    const { frame } = this.#data;
    if (!frame) return "";
    const name = `${frame.title} ${frame.unit} ${this.#selected} of ${frame.count}`;
    return [name, ...this.#measured].join(", ");
  }

  /** The norm of the selected filter in words; none while it is not in hand. */
  get #measured(): string[] {
    const norm = this.#data.normOf(this.#selected);
    if (norm === null) return [];
    return [Number.isNaN(norm) ? "no finite weight" : `norm ${formatWeight(norm)}`];
  }

  #panelWords(frame: Frame): [string, string] {
    const details = [...this.#measured, groupText(frame, this.#selected)];
    return [`${frame.unit} ${this.#selected}`, details.filter(Boolean).join(" · ")];
  }
}

function render({ model, el }: { model: AnyModel<State>; el: HTMLElement }): () => void {
  const made: { view?: GridView } = {};
  const exports = {
    name: () => made.view?.fileName() ?? "",
    canvas: () => made.view?.picture() ?? h("canvas"),
    csv: () => made.view?.csv() ?? "",
  };
  return mount({ model, el }, { kind: "grid", label: "Filter grid", exports }, (host) => {
    made.view = new GridView(host);
  });
}

export default { render };
