/** A mixture's experts: all layers by all experts, and the selected layer's two by two. */

import { deviceRatio, palette } from "./canvas";
import {
  cellAt,
  type Grid,
  type Layout,
  layOut,
  type Measure,
  nameOf,
  type Pairs,
  pairSheet,
  type Rows,
  readGrid,
  readPairs,
  readRows,
  type Selected,
  type Sheet,
  STALE,
  selectedIn,
  sheetOf,
  widthOf,
} from "./experts_data";
import { drawLegend, drawSheet } from "./experts_draw";
import { cellSentence, MEASURES, pairSentence, pairsTitle, progress, scaleSentence } from "./experts_words";
import type { ExpertGridState } from "./state";
import { choice, type Host, h, mount, toCsv } from "./view";
import { toBytes, toText } from "./wire";

const STEPS: Record<string, readonly [number, number]> = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  PageUp: [-10, 0],
  PageDown: [10, 0],
  Home: [0, Number.NEGATIVE_INFINITY],
  End: [0, Number.POSITIVE_INFINITY],
};

const NOTHING: Sheet = { height: 0, width: 0, levels: new Uint8Array(), known: new Uint8Array() };
const bounded = (value: number, most: number): number => Math.min(Math.max(value, 0), most);

/** One of the two sheets: its words, its canvas, and what the pointer is at. */
class Panel {
  readonly canvas = h("canvas", { class: "ww-experts-canvas", "aria-hidden": "true" });
  readonly window: HTMLElement;
  readonly words = h("span");
  readonly legend = h("canvas", { class: "ww-experts-legend", "aria-hidden": "true" });
  readonly element: HTMLElement;
  sheet: Sheet = NOTHING;
  layout: Layout = layOut(NOTHING, 1, 12, 1, true);
  hovered: Selected | null = null;

  constructor(attributes: Record<string, string>, ...children: HTMLElement[]) {
    this.window = h("div", { class: "ww-experts-window", ...attributes }, this.canvas, ...children);
    const words = h("p", { class: "ww-experts-words" }, this.legend, this.words);
    this.element = h("div", { class: "ww-experts-sheet" }, words, this.window);
  }

  at(event: MouseEvent): Selected | null {
    const box = this.canvas.getBoundingClientRect();
    return cellAt(this.layout, this.sheet, event.clientX - box.left, event.clientY - box.top);
  }
}

class Experts {
  readonly #host: Host<ExpertGridState>;
  readonly #option = h("div", { role: "option", class: "ww-live", id: `ww-expert-${Math.random()}` });
  readonly #all = new Panel({ role: "listbox", tabindex: "0" }, this.#option);
  readonly #two = new Panel({ role: "img" });
  readonly #progress = h("p", { class: "ww-experts-progress" });
  readonly #columns = h("div", { class: "ww-experts-columns" }, this.#all.element, this.#two.element);
  readonly #pattern;
  readonly #measure;
  #rows: Rows = readRows({});
  #grid: Grid | undefined;
  #pairs: Pairs | undefined;
  #frame = 0;
  /** Whether the next frame brings the selected cell into sight. */
  #reveals = false;

  constructor(host: Host<ExpertGridState>) {
    this.#host = host;
    const { model, signal } = host;
    const choose = (pattern: string) => host.ask({ pattern: toBytes(pattern) });
    this.#pattern = choice<string>("pattern", [], choose, signal);
    this.#measure = choice<Measure>("show", MEASURES, (measure) => host.ask({ measure }), signal);
    host.controls.append(this.#pattern.element, this.#measure.element);
    host.body.append(this.#progress, this.#columns);
    this.#all.window.setAttribute("aria-activedescendant", this.#option.id);
    drawLegend(this.#two.legend, 1);
    this.#listen();
    host.follow(() => this.schedule());
    const watched = ["rows", "grid", "pairs", "layer", "expert", "pattern", "measure", "size"] as const;
    host.react(watched, (changed) => {
      if (changed.has("rows")) this.#readRows();
      if (changed.has("rows") || changed.has("grid")) this.#grid = readGrid(model.get("grid"), this.#rows);
      if (changed.has("rows") || changed.has("pairs")) this.#readPairs();
      this.#pattern.set(toText(model.get("pattern")));
      this.#measure.set(this.#shown);
      this.#say();
      this.schedule(changed.has("layer") || changed.has("expert"));
    });
    signal.addEventListener("abort", () => cancelAnimationFrame(this.#frame));
  }

  get #shown(): Measure {
    return this.#host.model.get("measure");
  }

  get #selected(): Selected | null {
    const { model } = this.#host;
    return selectedIn(this.#rows, toText(model.get("layer")), model.get("expert"));
  }

  /** Draw at the next frame; first bring the selected cell into sight if asked to. */
  schedule(reveal = false): void {
    cancelAnimationFrame(this.#frame);
    // A later message before that frame must not take this back.
    this.#reveals ||= reveal;
    this.#frame = requestAnimationFrame(() => {
      this.#draw();
      if (this.#reveals) this.#reveal();
      this.#reveals = false;
      if (!this.#host.model.get("started")) this.#host.ask({ started: true });
    });
  }

  csv(): string {
    const width = widthOf(this.#rows);
    const lines = this.#rows.rows.flatMap((row, index) =>
      row.numbers.map((number, place) => {
        const at = index * width + place;
        const values = [this.#grid?.norm.values[at], this.#grid?.similarity.values[at]];
        return [nameOf(row, place), row.depth, number, ...values.map((value) => value ?? Number.NaN)];
      }),
    );
    return toCsv([["tensor", "layer", "expert", "norm", "mean_cosine_similarity"], ...lines]);
  }

  #readRows(): void {
    this.#rows = readRows(this.#host.model.get("rows"));
    const { label, shape, choices, rows, pattern } = this.#rows;
    this.#all.hovered = null;
    const size = `${rows.length} × ${widthOf(this.#rows)} experts of ${shape}`;
    this.#host.title.replaceChildren(label, " ", h("span", {}, rows.length ? size : ""));
    this.#columns.hidden = rows.length === 0;
    const own = choices.some((one) => one.pattern === pattern) ? [] : [[pattern, label] as const];
    this.#pattern.fill([...choices.map((one) => [one.pattern, one.label] as const), ...own]);
    this.#all.window.setAttribute("aria-label", `Experts named ${label}; arrow keys select one`);
  }

  #readPairs(): void {
    this.#pairs = readPairs(this.#host.model.get("pairs"), this.#rows);
    this.#two.sheet = this.#pairs ? pairSheet(this.#pairs) : NOTHING;
    this.#two.hovered = null;
  }

  #draw(): void {
    const colors = palette(this.#host.root);
    const em = Number.parseFloat(colors.font) || 12;
    const ratio = deviceRatio();
    const room = this.#host.body.clientWidth;
    const { rows } = this.#rows;
    const width = widthOf(this.#rows);
    const table = this.#grid?.[this.#shown];
    this.#all.sheet = table ? sheetOf(this.#rows, table) : { ...NOTHING, height: rows.length, width };
    this.#all.layout = layOut(this.#all.sheet, room, em, ratio, false);
    drawLegend(this.#all.legend, this.#shown === "norm" ? 128 : 1);
    const selected = this.#selected;
    const numbers = rows.find((row) => row.numbers.length === width)?.numbers.map(String) ?? [];
    const all = { across: numbers, down: rows.map(({ depth }) => depth) };
    const pale = (row: number) => this.#grid?.state[row] === STALE;
    const marks = { selected, hovered: this.#all.hovered, pale };
    drawSheet(this.#all.canvas, this.#all.sheet, this.#all.layout, all, marks, colors, em);
    this.#drawTwo(colors, em, ratio, Math.min(room, 30 * em), selected);
  }

  #drawTwo(
    colors: ReturnType<typeof palette>,
    em: number,
    ratio: number,
    room: number,
    selected: Selected | null,
  ): void {
    this.#two.legend.hidden = !this.#pairs;
    this.#two.window.hidden = !this.#pairs;
    if (!this.#pairs) return;
    const labels = this.#rows.rows[this.#pairs.place]?.numbers.map(String) ?? [];
    this.#two.layout = layOut(this.#two.sheet, room, em, ratio, true);
    const place = selected?.row === this.#pairs.place ? selected.place : null;
    const own = place === null ? null : { row: place, place };
    const marks = { selected: own, hovered: this.#two.hovered, pale: () => false };
    const both = { across: labels, down: labels };
    drawSheet(this.#two.canvas, this.#two.sheet, this.#two.layout, both, marks, colors, em);
  }

  #reveal(): void {
    const selected = this.#selected;
    if (!selected) return;
    const { left, top, cellWidth, cellHeight } = this.#all.layout;
    const view = this.#all.window;
    const [x, y] = [left + selected.place * cellWidth, top + selected.row * cellHeight];
    if (x - left < view.scrollLeft) view.scrollLeft = x - left;
    if (x + cellWidth > view.scrollLeft + view.clientWidth)
      view.scrollLeft = x + cellWidth - view.clientWidth;
    if (y - top < view.scrollTop) view.scrollTop = y - top;
    if (y + cellHeight > view.scrollTop + view.clientHeight)
      view.scrollTop = y + cellHeight - view.clientHeight;
  }

  #listen(): void {
    const { listen } = this.#host;
    for (const panel of [this.#all, this.#two]) {
      listen(panel.canvas, "pointermove", (event) => this.#point(panel, panel.at(event)));
      listen(panel.canvas, "pointerleave", () => this.#point(panel, null));
    }
    listen(this.#all.canvas, "click", (event) => this.#select(this.#all.at(event)));
    listen(this.#two.canvas, "click", (event) => {
      const cell = this.#two.at(event);
      if (cell && this.#pairs) this.#select({ row: this.#pairs.place, place: cell.place });
    });
    listen(this.#all.window, "keydown", (event) => this.#press(event));
  }

  #point(panel: Panel, cell: Selected | null): void {
    if (cell?.row === panel.hovered?.row && cell?.place === panel.hovered?.place) return;
    panel.hovered = cell;
    this.#draw();
    this.#say();
  }

  #press(event: KeyboardEvent): void {
    const step = STEPS[event.key];
    const { rows } = this.#rows;
    if (!step || rows.length === 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const from = this.#selected ?? { row: 0, place: 0 };
    const row = bounded(from.row + step[0], rows.length - 1);
    const place = bounded(from.place + step[1], (rows[row]?.numbers.length ?? 1) - 1);
    this.#select({ row, place });
  }

  #select(cell: Selected | null): void {
    const row = cell ? this.#rows.rows[cell.row] : undefined;
    if (!cell || !row || cell.place >= row.numbers.length) return;
    const name = nameOf(row, cell.place);
    // Bytes are never equal to bytes: what is selected already would be sent again.
    const isOther = name !== toText(this.#host.model.get("layer"));
    this.#host.ask({ ...(isOther && { layer: toBytes(name) }), expert: cell.place });
    this.#host.announce(cellSentence(this.#rows, this.#grid, cell));
  }

  #say(): void {
    const { caption } = this.#host;
    const selected = this.#selected;
    const tell = (cell: Selected | null) => (cell ? cellSentence(this.#rows, this.#grid, cell) : "");
    this.#progress.textContent = progress(this.#rows, this.#grid);
    this.#all.words.textContent = this.#grid ? scaleSentence(this.#grid, this.#shown) : "";
    this.#all.legend.hidden = !this.#all.words.textContent;
    const title = pairsTitle(this.#rows, this.#pairs, this.#pairs?.place ?? selected?.row ?? 0);
    this.#two.words.textContent = title;
    this.#two.window.setAttribute("aria-label", title);
    if (this.#two.hovered && this.#pairs)
      caption.textContent = pairSentence(this.#rows, this.#pairs, this.#two.hovered);
    else caption.textContent = tell(this.#all.hovered ?? selected);
    this.#option.setAttribute("aria-label", tell(selected));
    this.#option.setAttribute("aria-selected", String(selected !== null));
  }
}

export default {
  render: (context: Parameters<typeof mount<ExpertGridState>>[0]) => {
    let experts: Experts | undefined;
    // The kernel draws the picture: that of the browser ends where the window does.
    const exports = { name: () => "experts", csv: () => experts?.csv() ?? "" };
    return mount(context, { kind: "experts", label: "Experts of a mixture", exports }, (host) => {
      experts = new Experts(host);
    });
  },
};
