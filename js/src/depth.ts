/** One name pattern down a network: its layers side by side on one scale, and a statistic of each over depth. */

import { deviceRatio, fit, palette } from "./canvas";
import { paintScale } from "./color";
import {
  heightScale,
  type Layout,
  layOut,
  over,
  PENDING,
  type Rows,
  readRows,
  readSlices,
  type Slices,
  STALE,
  sizeOf,
  spanOf,
} from "./depth_data";
import { drawAxis, drawCell, drawGrid, drawStrip, Sheets } from "./depth_draw";
import {
  labelOf,
  placeOf,
  progress,
  STATISTICS,
  type Statistic,
  scaleSentence,
  sentence,
} from "./depth_words";
import type { DepthViewState } from "./state";
import { choice, type Host, h, mount, toCsv } from "./view";
import { toBytes, toText } from "./wire";

const LEGEND = 128;

const STEPS: Record<string, (page: number) => number> = {
  ArrowLeft: () => -1,
  ArrowRight: () => 1,
  PageUp: (page) => -page,
  PageDown: (page) => page,
  Home: () => Number.NEGATIVE_INFINITY,
  End: () => Number.POSITIVE_INFINITY,
};

function legend(): HTMLCanvasElement {
  const canvas = h("canvas", { class: "ww-depth-legend", "aria-hidden": "true" });
  canvas.width = LEGEND;
  canvas.height = 1;
  const context = canvas.getContext("2d");
  if (context) paintScale(context, LEGEND, 1);
  return canvas;
}

/** The row of cells: a canvas as wide as the window onto it, over a spacer as wide as all cells. */
class Depth {
  readonly #host: Host<DepthViewState>;
  readonly #canvas = h("canvas", { class: "ww-depth-canvas", "aria-hidden": "true" });
  readonly #spacer = h("div", { class: "ww-depth-spacer" });
  readonly #option = h("div", { role: "option", class: "ww-live", id: `ww-depth-${Math.random()}` });
  readonly #window = h(
    "div",
    { class: "ww-depth-window", role: "listbox", tabindex: "0", "aria-orientation": "horizontal" },
    this.#canvas,
    this.#spacer,
    this.#option,
  );
  /** Not every screen shows a scroll bar. */
  readonly #more = h("p", { class: "ww-depth-more", "aria-hidden": "true" });
  readonly #progress = h("p", { class: "ww-depth-progress" });
  readonly #scaleWords = h("span");
  readonly #scale = h("p", { class: "ww-depth-scale" }, legend(), this.#scaleWords);
  readonly #sheets = new Sheets();
  readonly #pattern;
  readonly #statistic;
  #rows: Rows = readRows({});
  #slices: Slices | undefined;
  #hovered: number | null = null;
  #layout: Layout = layOut([], 1, 12, 1);
  #frame = 0;
  /** Whether the next frame brings the selected cell into sight. */
  #reveals = false;

  constructor(host: Host<DepthViewState>) {
    this.#host = host;
    const { model, signal } = host;
    const choose = (pattern: string) => host.ask({ pattern: toBytes(pattern) });
    this.#pattern = choice<string>("pattern", [], choose, signal);
    this.#statistic = choice<Statistic>("strip", STATISTICS, (statistic) => host.ask({ statistic }), signal);
    host.controls.append(this.#pattern.element, this.#statistic.element);
    host.body.append(this.#progress, this.#scale, this.#window, this.#more);
    this.#window.setAttribute("aria-activedescendant", this.#option.id);
    this.#listen();
    host.follow(() => this.schedule());
    host.react(["rows", "slices", "layer", "pattern", "statistic", "size"], (changed) => {
      this.#statistic.set(model.get("statistic"));
      if (changed.has("rows")) this.#readRows();
      if (changed.has("rows") || changed.has("slices")) {
        this.#slices = readSlices(model.get("slices"), this.#rows);
        this.#sheets.renew(this.#slices);
      }
      this.#pattern.set(toText(model.get("pattern")));
      this.#say();
      this.schedule(changed.has("layer") || changed.has("rows"));
    });
    signal.addEventListener("abort", () => cancelAnimationFrame(this.#frame));
  }

  get #selected(): number {
    return this.#rows.names.indexOf(toText(this.#host.model.get("layer")));
  }

  get #shown(): Statistic {
    return this.#host.model.get("statistic");
  }

  /** Draw at the next frame; first bring the selected cell into sight if asked to. */
  schedule(reveal = false): void {
    cancelAnimationFrame(this.#frame);
    // A later message before that frame must not take this back.
    this.#reveals ||= reveal;
    this.#frame = requestAnimationFrame(() => {
      // Cells become wider as pictures come in.
      this.#reveals ||= this.#isInSight;
      this.#measure();
      if (this.#reveals) this.#reveal();
      this.#reveals = false;
      this.#draw();
      if (!this.#host.model.get("started")) this.#host.ask({ started: true });
    });
  }

  csv(): string {
    const { names, depths } = this.#rows;
    const columns = STATISTICS.map(([name]) => over(this.#slices, placeOf(name), names.length));
    const rows = names.map((name, index) => [
      name,
      depths[index] ?? "",
      ...columns.map((column) => column[index] ?? Number.NaN),
    ]);
    return toCsv([["layer", "depth", ...STATISTICS.map(([name]) => name)], ...rows]);
  }

  #readRows(): void {
    this.#rows = readRows(this.#host.model.get("rows"));
    const { choices, label, names } = this.#rows;
    this.#hovered = null;
    this.#host.title.replaceChildren(label, " ", h("span", {}, names.length ? `${names.length} layers` : ""));
    this.#window.setAttribute("aria-label", `Layers named ${label}; arrow keys select one`);
    this.#window.hidden = names.length === 0;
    const asked = toText(this.#host.model.get("pattern"));
    const own = asked && !choices.some(({ pattern }) => pattern === asked) ? [[asked, label] as const] : [];
    this.#pattern.fill([
      ["", "of the selected layer"],
      ...choices.map(({ pattern, label, count }) => [pattern, `${label} (${count})`] as const),
      ...own,
    ]);
  }

  get #isInSight(): boolean {
    const { gutter, cell } = this.#layout;
    const left = this.#selected * cell - this.#window.scrollLeft;
    return left >= 0 && left + cell <= this.#window.clientWidth - gutter;
  }

  #measure(): void {
    const scrolled = this.#window.scrollLeft / this.#layout.cell;
    const em = Number.parseFloat(getComputedStyle(this.#host.root).fontSize);
    const sizes = this.#rows.names.map((_, index) =>
      this.#slices ? sizeOf(this.#slices, index) : ([0, 0] as const),
    );
    this.#layout = layOut(sizes, this.#window.clientWidth, em, deviceRatio());
    this.#spacer.style.width = `${this.#layout.gutter + sizes.length * this.#layout.cell}px`;
    this.#window.scrollLeft = scrolled * this.#layout.cell;
  }

  #reveal(): void {
    const { gutter, cell } = this.#layout;
    const selected = this.#selected;
    if (selected < 0) return;
    const view = this.#window.clientWidth - gutter;
    const left = selected * cell;
    if (left < this.#window.scrollLeft) this.#window.scrollLeft = left;
    if (left + cell > this.#window.scrollLeft + view) this.#window.scrollLeft = left + cell - view;
  }

  #draw(): void {
    const { gutter, cell, height } = this.#layout;
    const { scrollLeft, clientWidth } = this.#window;
    const { context } = fit(this.#canvas, clientWidth, height);
    const colors = palette(this.#host.root);
    const em = Number.parseFloat(colors.font) || 12;
    context.fillStyle = colors.surface;
    context.fillRect(0, 0, clientWidth, height);
    const count = this.#rows.names.length;
    const values = over(this.#slices, placeOf(this.#shown), count);
    const span = spanOf(values);
    const scale = heightScale(this.#layout, span);
    drawGrid(context, this.#layout, clientWidth, span, scale, colors, em);
    const first = Math.max(0, Math.floor(scrollLeft / cell));
    const last = Math.min(count, Math.ceil((scrollLeft + clientWidth - gutter) / cell));
    this.#tellOfMore(first, last);
    const at = (index: number) => gutter + index * cell - scrollLeft;
    const selected = this.#selected;
    for (let index = first; index < last; index++) {
      const instead = (this.#slices?.state[index] ?? PENDING) === PENDING ? "…" : "–";
      const drawn = { depth: this.#rows.depths[index] ?? "", sheet: this.#sheets.of(index), instead };
      const marks = { selected: index === selected, hovered: index === this.#hovered };
      // Weights that changed since are drawn pale until they are read again.
      context.globalAlpha = this.#slices?.state[index] === STALE ? 0.5 : 1;
      drawCell(context, at(index), this.#layout, drawn, colors, em, marks);
      context.globalAlpha = 1;
    }
    // One further at each side, so that the line leads out of the window.
    const points = values
      .map((value, index) => ({ x: at(index) + cell / 2, value, selected: index === selected }))
      .slice(Math.max(0, first - 1), last + 1);
    drawStrip(context, points, scale, colors, em);
    drawAxis(context, this.#layout, labelOf(this.#shown), span, scale, colors, em);
  }

  #tellOfMore(first: number, last: number): void {
    const { depths } = this.#rows;
    const arrows = `${first > 0 ? "◀" : ""}${last < depths.length ? "▶" : ""}`;
    this.#more.textContent =
      arrows && `${arrows} ${last - first} of ${depths.length} layers in sight: scroll`;
  }

  #listen(): void {
    const { listen } = this.#host;
    listen(this.#window, "scroll", () => this.#draw(), { passive: true });
    listen(this.#canvas, "pointermove", (event) => this.#point(this.#at(event)));
    listen(this.#canvas, "pointerleave", () => this.#point(null));
    listen(this.#canvas, "click", (event) => {
      const index = this.#at(event);
      if (index !== null) this.#select(index);
    });
    listen(this.#window, "keydown", (event) => this.#press(event));
  }

  #at(event: MouseEvent): number | null {
    const { gutter, cell } = this.#layout;
    const x = event.clientX - this.#canvas.getBoundingClientRect().left;
    const index = Math.floor((x - gutter + this.#window.scrollLeft) / cell);
    return x >= gutter && index >= 0 && index < this.#rows.names.length ? index : null;
  }

  #point(index: number | null): void {
    if (index === this.#hovered) return;
    this.#hovered = index;
    this.#draw();
    this.#say();
  }

  #press(event: KeyboardEvent): void {
    const step = STEPS[event.key];
    const count = this.#rows.names.length;
    if (!step || count === 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const { gutter, cell } = this.#layout;
    const moved = step(Math.max(1, Math.floor((this.#window.clientWidth - gutter) / cell)));
    // From outside of this pattern the first key leads to its first layer.
    const from = this.#selected < 0 && moved > 0 ? -1 : this.#selected;
    this.#select(Math.min(Math.max(from + moved, 0), count - 1));
  }

  #select(index: number): void {
    const name = this.#rows.names[index];
    if (name === undefined) return;
    if (index !== this.#selected) this.#host.ask({ layer: toBytes(name) });
    this.#host.announce(sentence(this.#rows, this.#slices, index, this.#shown));
  }

  #say(): void {
    const selected = this.#selected;
    const tell = (index: number) => (index < 0 ? "" : sentence(this.#rows, this.#slices, index, this.#shown));
    this.#progress.textContent = progress(this.#rows, this.#slices);
    this.#scaleWords.textContent = scaleSentence(this.#slices);
    this.#scale.hidden = !this.#scaleWords.textContent;
    this.#host.caption.textContent = tell(this.#hovered ?? selected);
    this.#option.setAttribute("aria-label", tell(selected));
    this.#option.setAttribute("aria-selected", String(selected >= 0));
  }
}

export default {
  render: (context: Parameters<typeof mount<DepthViewState>>[0]) => {
    let depth: Depth | undefined;
    // The kernel draws the picture: that of the browser ends where the window does.
    const exports = { name: () => "depth", csv: () => depth?.csv() ?? "" };
    return mount(context, { kind: "depth", label: "One name pattern over depth", exports }, (host) => {
      depth = new Depth(host);
    });
  },
};
