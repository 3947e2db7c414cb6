/** The scrolling part of the layer table: only the lines in sight have elements, and keys move among all. */

import type { Palette } from "./canvas";
import type { LayerTableState } from "./state";
import type { Line, TableData } from "./table_data";
import { type Column, leastWidth, RowElement } from "./table_row";
import { type Host, h } from "./view";

interface Actions {
  onSelect: (index: number) => void;
  onFold: (group: number, open: boolean) => void;
  onSort: (key: string) => void;
}

/** Lines above and below those in sight, so that a quick scroll shows no gap. */
const SPARE = 6;
const USUAL_ROW_HEIGHT = 24;

let views = 0;

const isLine = (line: Line | undefined, other: Line | undefined) =>
  line !== undefined && line.index === other?.index && (line.index >= 0 || line.group === other.group);

export class TableScroll {
  readonly element: HTMLElement;
  readonly #rows = h("div", { role: "rowgroup", class: "ww-table-rows" });
  readonly #inner = h("div", { role: "presentation", class: "ww-table-inner" }, this.#rows);
  readonly #id = `ww-table-${Date.now().toString(36)}-${views++}`;
  readonly #actions: Actions;
  #columns: readonly Column[] = [];
  #pool: RowElement[] = [];
  #lines: readonly Line[] = [];
  #selected = -1;
  /** Where the keys are: the selected layer, or the head of a group. */
  #active: Line | undefined;
  #draw: () => void = () => {};

  constructor(host: Pick<Host<LayerTableState>, "listen">, actions: Actions) {
    this.#actions = actions;
    this.element = h("div", { class: "ww-table-scroll", role: "treegrid", tabindex: "0" }, this.#inner);
    this.element.setAttribute("aria-label", "Layers");
    host.listen(this.element, "scroll", () => this.#draw(), { passive: true });
    host.listen(this.element, "keydown", (event) => this.#pressed(event));
    host.listen(this.#inner, "click", (event) => this.#clicked(event));
  }

  setColumns(columns: readonly Column[], narrow: boolean): void {
    this.#columns = columns;
    this.element.classList.toggle("ww-table-narrow", narrow);
    this.#inner.style.minWidth = narrow ? "0" : `${leastWidth(columns)}em`;
    this.#pool = [];
    this.#rows.replaceChildren();
    this.element.setAttribute("aria-colcount", String(columns.length));
  }

  setHead(head: HTMLElement): void {
    const old = this.#inner.querySelector(".ww-table-head");
    const buttons = (of: ParentNode) => [...of.querySelectorAll("button")];
    const focused = old ? buttons(old).find((button) => button === document.activeElement) : undefined;
    if (old) old.replaceWith(head);
    else this.#inner.prepend(head);
    if (!focused) return;
    // A head that was pressed by key keeps the focus, or hands it on where its column went away.
    const again = buttons(head).find(({ dataset }) => dataset.key === focused.dataset.key);
    (again ?? this.element).focus({ preventScroll: true });
  }

  show(lines: readonly Line[], selected: number, data: TableData, colors: Palette): void {
    this.#lines = lines;
    if (selected !== this.#selected) this.#active = undefined;
    this.#selected = selected;
    if (!lines.some((line) => isLine(line, this.#active)))
      this.#active = lines.find((line) => line.index === selected && selected >= 0);
    this.element.setAttribute("aria-rowcount", String(lines.length + 1));
    this.redraw(data, colors);
  }

  redraw(data: TableData, colors: Palette): void {
    this.#draw = () => this.#fill(data, colors);
    this.#draw();
  }

  toTop(): void {
    this.element.scrollTop = 0;
  }

  /** Scroll no further than it takes to see the layer. */
  reveal(index: number): void {
    this.#scrollTo(this.#lines.findIndex((line) => line.index === index && index >= 0));
  }

  get #rowHeight(): number {
    const row = (this.#pool.find(({ element }) => !element.hidden) ?? this.#pool[0])?.element;
    if (!row) return USUAL_ROW_HEIGHT;
    // While nothing is found no row is shown, and a hidden one has no height.
    const { hidden } = row;
    row.hidden = false;
    const { height } = row.getBoundingClientRect();
    row.hidden = hidden;
    return height || USUAL_ROW_HEIGHT;
  }

  get #headHeight(): number {
    return this.#inner.querySelector<HTMLElement>(".ww-table-head")?.offsetHeight ?? 0;
  }

  #fill(data: TableData, colors: Palette): void {
    if (this.#pool.length === 0) this.#grow(1);
    const height = this.#rowHeight;
    this.#rows.style.height = `${this.#lines.length * height}px`;
    const first = Math.max(0, Math.floor(this.element.scrollTop / height) - SPARE);
    const inSight = Math.ceil(this.element.clientHeight / height) + 2 * SPARE;
    const count = Math.min(inSight, this.#lines.length - first);
    this.#grow(count);
    for (const [slot, row] of this.#pool.entries()) {
      // Every line keeps its element while it stays in sight.
      const place = first + ((((slot - first) % this.#pool.length) + this.#pool.length) % this.#pool.length);
      const line = this.#lines[place];
      row.element.hidden = line === undefined || place >= first + count;
      if (!line || row.element.hidden) continue;
      row.show(line, data, colors);
      this.#mark(row.element, line, place, height);
    }
    const active = this.#lines.findIndex((line) => isLine(line, this.#active));
    if (active >= first && active < first + count)
      this.element.setAttribute("aria-activedescendant", `${this.#id}-${active}`);
    else this.element.removeAttribute("aria-activedescendant");
  }

  #mark(element: HTMLElement, line: Line, place: number, height: number): void {
    const selected = line.index >= 0 && line.index === this.#selected;
    element.id = `${this.#id}-${place}`;
    element.dataset.place = String(place);
    element.style.transform = `translateY(${place * height}px)`;
    element.setAttribute("aria-rowindex", String(place + 2));
    element.setAttribute("aria-selected", String(selected));
    element.classList.toggle("ww-table-active", isLine(line, this.#active));
  }

  #grow(count: number): void {
    while (this.#pool.length < count) {
      const row = new RowElement(this.#columns);
      this.#pool.push(row);
      this.#rows.append(row.element);
    }
  }

  #scrollTo(place: number): void {
    if (place < 0) return;
    const { element } = this;
    const height = this.#rowHeight;
    const sight = element.clientHeight - this.#headHeight;
    const [top, bottom] = [place * height, (place + 1) * height];
    if (top < element.scrollTop) element.scrollTop = top;
    else if (bottom > element.scrollTop + sight) element.scrollTop = bottom - sight;
  }

  #clicked(event: MouseEvent): void {
    if (!(event.target instanceof Element)) return;
    const button = event.target.closest<HTMLElement>(".ww-table-sort");
    if (button) this.#actions.onSort(button.dataset.key ?? "");
    const line = this.#lines[Number(event.target.closest<HTMLElement>(".ww-table-row")?.dataset.place ?? -1)];
    if (!line) return;
    if (line.index < 0) {
      this.#active = line;
      this.#actions.onFold(line.group, !line.open);
    } else this.#go(this.#lines.indexOf(line));
  }

  #pressed(event: KeyboardEvent): void {
    if (event.target !== this.element || event.altKey || event.ctrlKey || event.metaKey) return;
    const place = this.#lines.findIndex((line) => isLine(line, this.#active));
    const page = Math.max(
      1,
      Math.floor((this.element.clientHeight - this.#headHeight) / this.#rowHeight) - 1,
    );
    const last = this.#lines.length - 1;
    const targets: Record<string, number> = {
      ArrowDown: place + 1,
      ArrowUp: Math.max(0, place - 1),
      PageDown: place + page,
      PageUp: place - page,
      Home: 0,
      End: last,
    };
    const target = targets[event.key];
    if (target !== undefined) this.#go(Math.min(Math.max(target, 0), last));
    else if (!this.#folded(event.key, place)) return;
    event.preventDefault();
  }

  /** Keys that fold; false where they mean nothing on this line. */
  #folded(key: string, place: number): boolean {
    const line = this.#lines[place];
    if (!line || line.group < 0) return false;
    const isHead = line.index < 0;
    if (isHead && (key === "Enter" || key === " ")) this.#actions.onFold(line.group, !line.open);
    else if (isHead && key === "ArrowRight" && line.open) this.#go(place + 1);
    else if (isHead && (key === "ArrowRight" || key === "ArrowLeft")) {
      if (line.open === (key === "ArrowLeft")) this.#actions.onFold(line.group, key === "ArrowRight");
    } else if (!isHead && key === "ArrowLeft")
      this.#go(this.#lines.findIndex((other) => other.index < 0 && other.group === line.group));
    else return false;
    return true;
  }

  #go(place: number): void {
    const line = this.#lines[place];
    if (!line) return;
    this.#active = line;
    this.#scrollTo(place);
    if (line.index >= 0 && line.index !== this.#selected) this.#actions.onSelect(line.index);
    this.#draw();
  }
}
