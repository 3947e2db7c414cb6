/** All histograms: one small histogram per layer, drawn only where it is in sight. */

import { formatCount, formatShare, formatWeight } from "./axis";
import { fit, palette } from "./canvas";
import {
  type Bars,
  countsOf,
  edgesOf,
  FAILED,
  highest,
  isDrawn,
  type Layout,
  layout,
  MOST_BINS,
  PENDING,
  type Rows,
  rangeOf,
  readBars,
  readRows,
  sum,
} from "./gallery_data";
import { drawCell, type Place, plotOf } from "./gallery_draw";
import type { LayerHistogramsState } from "./state";
import { type Host, h, mount, toCsv, toggle } from "./view";
import { toBytes, toText } from "./wire";

const STEPS: Record<string, (columns: number, page: number) => number> = {
  ArrowLeft: () => -1,
  ArrowRight: () => 1,
  ArrowUp: (columns) => -columns,
  ArrowDown: (columns) => columns,
  PageUp: (columns, page) => -columns * page,
  PageDown: (columns, page) => columns * page,
  Home: () => Number.NEGATIVE_INFINITY,
  End: () => Number.POSITIVE_INFINITY,
};

const weights = (count: number): string => `${formatCount(count)} ${count === 1 ? "weight" : "weights"}`;

interface Pointed {
  index: number;
  bin: number | null;
}

/** The sheet of cells: a canvas as large as the window onto it, over a spacer as high as all cells. */
class Gallery {
  readonly canvas = h("canvas", { class: "ww-gallery-canvas" });
  readonly #spacer = h("div", { class: "ww-gallery-spacer" });
  readonly #option = h("div", { role: "option", class: "ww-live", id: `ww-layer-${Math.random()}` });
  readonly #window = h(
    "div",
    {
      class: "ww-gallery-window",
      role: "listbox",
      tabindex: "0",
      "aria-label": "Layers, each as a histogram",
    },
    this.#option,
    this.#spacer,
    this.canvas,
  );
  readonly #progress = h("p", { class: "ww-gallery-progress" });
  readonly #host: Host<LayerHistogramsState>;
  #rows: Rows = { names: [], labels: [], token: 0 };
  #bars: Bars | undefined;
  #pointed: Pointed | null = null;
  #em = 12;
  #layout: Layout = layout(0, 1, 12);
  #frame = 0;

  constructor(host: Host<LayerHistogramsState>) {
    this.#host = host;
    const { model, signal } = host;
    const share = toggle("Shared range", (shared_range) => host.ask({ shared_range }), signal);
    share.element.title = "Draw all layers over one range of weight values";
    host.controls.append(share.element);
    host.title.textContent = "All histograms";
    host.body.append(this.#progress, this.#window);
    this.#window.setAttribute("aria-activedescendant", this.#option.id);
    this.#listen();
    host.follow(() => this.schedule());
    host.react(["rows", "bars", "layer", "shared_range", "size"], (changed) => {
      share.set(model.get("shared_range"));
      if (changed.has("rows")) this.#rows = readRows(model.get("rows"));
      const { bins } = this.#bars ?? {};
      if (changed.has("rows") || changed.has("bars")) this.#bars = readBars(model.get("bars"), this.#rows);
      // What was pointed at may be gone; while weights change under the pointer it stays.
      if (changed.has("rows") || this.#bars?.bins !== bins) this.#pointed = null;
      this.#describe();
      this.#say();
      this.schedule(changed.has("layer"));
    });
    signal.addEventListener("abort", () => cancelAnimationFrame(this.#frame));
  }

  get #selected(): number {
    return this.#rows.names.indexOf(toText(this.#host.model.get("layer")));
  }

  /** Draw at the next frame; first bring the selected cell into sight if asked to. */
  schedule(reveal = false): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => {
      this.#measure();
      if (reveal) this.#reveal();
      this.#draw();
      if (!this.#host.model.get("started")) this.#host.ask({ started: true });
    });
  }

  #measure(): void {
    this.#em = Number.parseFloat(getComputedStyle(this.#host.root).fontSize);
    const width = this.#window.clientWidth;
    this.#layout = layout(this.#rows.names.length, width, this.#em);
    this.#spacer.style.height = `${this.#layout.height}px`;
    // The line that is cut in half says that there is more below.
    this.#window.style.height = `${Math.min(this.#layout.height, 3.4 * this.#layout.cellHeight)}px`;
  }

  #place(index: number): Place {
    const { columns, cellWidth, cellHeight } = this.#layout;
    const [line, column] = [Math.floor(index / columns), index % columns];
    const y = line * cellHeight - this.#window.scrollTop;
    return { x: column * cellWidth, y, width: cellWidth, height: cellHeight };
  }

  #reveal(): void {
    const selected = this.#selected;
    if (selected < 0) return;
    const { y, height } = this.#place(selected);
    if (y < 0) this.#window.scrollTop += y;
    const below = y + height - this.#window.clientHeight;
    if (below > 0) this.#window.scrollTop += below;
  }

  #draw(): void {
    const { columns, cellHeight } = this.#layout;
    const { scrollTop, clientWidth, clientHeight } = this.#window;
    const { context } = fit(this.canvas, clientWidth, clientHeight);
    const colors = palette(this.#host.root);
    context.fillStyle = colors.surface;
    context.fillRect(0, 0, clientWidth, clientHeight);
    const first = Math.floor(scrollTop / cellHeight) * columns;
    const last = Math.min(
      this.#rows.names.length,
      Math.ceil((scrollTop + clientHeight) / cellHeight) * columns,
    );
    const selected = this.#selected;
    for (let index = first; index < last; index++) {
      const hovered = this.#pointed?.index === index;
      const marks = {
        selected: index === selected,
        hovered,
        bin: hovered ? (this.#pointed?.bin ?? null) : null,
      };
      const label = this.#rows.labels[index] ?? "";
      drawCell(context, this.#place(index), this.#bars, index, label, colors, this.#em, marks);
    }
  }

  #listen(): void {
    const { listen } = this.#host;
    listen(this.#window, "scroll", () => this.#draw(), { passive: true });
    listen(this.canvas, "pointermove", (event) => this.#point(this.#at(event)));
    listen(this.canvas, "pointerleave", () => this.#point(null));
    listen(this.canvas, "click", (event) => {
      const at = this.#at(event);
      if (at) this.#select(at.index);
    });
    listen(this.#window, "keydown", (event) => this.#press(event));
  }

  #at(event: MouseEvent): Pointed | null {
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const { columns, cellWidth, cellHeight } = this.#layout;
    const column = Math.floor(x / cellWidth);
    const index = Math.floor((y + this.#window.scrollTop) / cellHeight) * columns + column;
    if (column < 0 || column >= columns || index < 0 || index >= this.#rows.names.length) return null;
    const plot = plotOf(this.#place(index), this.#em);
    const bins = this.#bars?.bins ?? 0;
    const bin = Math.floor(((x - plot.x) / plot.width) * bins);
    const inside = bin >= 0 && bin < bins && y >= plot.y && y <= plot.y + plot.height;
    return { index, bin: inside && isDrawn(this.#bars, index) ? bin : null };
  }

  #point(pointed: Pointed | null): void {
    if (pointed?.index === this.#pointed?.index && pointed?.bin === this.#pointed?.bin) return;
    this.#pointed = pointed;
    this.#draw();
    this.#say();
  }

  #press(event: KeyboardEvent): void {
    const { columns, cellHeight } = this.#layout;
    const step = STEPS[event.key];
    const count = this.#rows.names.length;
    if (!step || count === 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const moved = step(columns, Math.max(1, Math.floor(this.#window.clientHeight / cellHeight)));
    const from = Math.max(this.#selected, 0);
    if (event.shiftKey && Math.abs(moved) === 1 && isDrawn(this.#bars, from)) {
      const at = this.#pointed?.index === from ? this.#pointed.bin : null;
      const bin = at === null ? this.#middle(from) : at + moved;
      this.#point({ index: from, bin: Math.min(Math.max(bin, 0), this.#bars.bins - 1) });
      this.#host.announce(this.#host.caption.textContent ?? "");
      return;
    }
    this.#select(Math.min(Math.max(from + moved, 0), count - 1));
  }

  /** The highest bin: where a walk through the bins begins. */
  #middle(index: number): number {
    if (!this.#bars) return 0;
    const counts = countsOf(this.#bars, index);
    return counts.indexOf(highest(counts) as never);
  }

  #select(index: number): void {
    const name = this.#rows.names[index];
    if (name === undefined) return;
    if (index !== this.#selected) this.#host.ask({ layer: toBytes(name) });
    this.#host.announce(this.#sentence(index));
  }

  /** What there is to say about a layer: its name, how many weights, where they lie. */
  #sentence(index: number): string {
    const label = this.#rows.labels[index] ?? "";
    const bars = this.#bars;
    if (bars?.state[index] === FAILED) return `${label}: ${bars.sentences[index] ?? ""}`;
    if (!isDrawn(bars, index)) return `${label}: not counted yet`;
    const [low, high] = rangeOf(bars, index);
    const left = bars.left_out[index] ?? 0;
    const lost = left > 0 ? `; ${formatCount(left)} NaN or infinite left out` : "";
    const total = weights(sum(countsOf(bars, index)));
    return `${label}: ${total}, drawn from ${formatWeight(low)} to ${formatWeight(high)}${lost}`;
  }

  #binSentence({ index, bin }: Pointed): string {
    if (bin === null || !this.#bars) return this.#sentence(index);
    const counts = countsOf(this.#bars, index);
    const count = counts[bin] ?? 0;
    const [from, to] = edgesOf(this.#bars, index, bin).map(formatWeight);
    const share = formatShare(count / sum(counts));
    return `${this.#rows.labels[index]}: ${from} to ${to}: ${weights(count)}, ${share}`;
  }

  #describe(): void {
    const bars = this.#bars;
    const count = this.#rows.names.length;
    const sentences: string[] = [];
    if (bars && bars.measured < count) sentences.push(`${bars.measured} of ${count} layers counted.`);
    else if (!bars && count > 0) sentences.push(`0 of ${count} layers counted.`);
    if (bars && bars.bins < bars.wanted)
      sentences.push(
        `Drawn with ${bars.bins} bins, not ${bars.wanted}, because there are ${formatCount(count)} layers.`,
      );
    else if (bars?.bins === MOST_BINS) sentences.push(`At most ${MOST_BINS} bins here.`);
    if (bars?.live) sentences.push("Read while a cell was running: it may mix two training steps.");
    this.#progress.textContent = sentences.join(" ");
    const selected = this.#selected;
    this.#option.setAttribute("aria-label", selected < 0 ? "" : this.#sentence(selected));
    this.#option.setAttribute("aria-selected", String(selected >= 0));
  }

  #say(): void {
    const selected = this.#selected;
    const { caption } = this.#host;
    if (this.#pointed) caption.textContent = this.#binSentence(this.#pointed);
    else caption.textContent = selected < 0 ? "" : this.#sentence(selected);
  }

  csv(): string {
    const rows: (string | number)[][] = [["layer", "from", "to", "bin", "count"]];
    const bars = this.#bars;
    if (bars)
      this.#rows.names.forEach((name, index) => {
        if (bars.state[index] === PENDING || bars.state[index] === FAILED) return;
        const range = rangeOf(bars, index);
        countsOf(bars, index).forEach((count, bin) => {
          rows.push([name, ...range, bin, count]);
        });
      });
    return toCsv(rows);
  }
}

export default {
  render: (context: Parameters<typeof mount<LayerHistogramsState>>[0]) => {
    let gallery: Gallery | undefined;
    const exports = {
      name: () => "histograms",
      canvas: () => gallery?.canvas ?? h("canvas"),
      csv: () => gallery?.csv() ?? "",
    };
    return mount(context, { kind: "gallery", label: "Histograms of all layers", exports }, (host) => {
      gallery = new Gallery(host);
    });
  },
};
