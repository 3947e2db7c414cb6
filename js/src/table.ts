/** The layer table: a row per layer, searched, sorted, folded and scrolled in the browser. */

import type { AnyModel } from "@anywidget/types";
import { formatCount } from "./axis";
import { type Palette, palette } from "./canvas";
import type { LayerTableState } from "./state";
import { type Line, TableData } from "./table_data";
import { TableOrder } from "./table_order";
import { type Column, columnsOf, columnsThatFit, headOf, isNarrow, nextSort } from "./table_row";
import { TableScroll } from "./table_scroll";
import { type Host, h, mount, toCsv } from "./view";
import { toBytes, toText } from "./wire";

const WATCHED = ["rows", "numbers", "layer", "search", "sort_by", "size"] as const;
/** With fewer layers than this, everything is in sight anyway, and groups begin unfolded. */
const FOLD_FROM = 25;
const USUAL_WIDTH = 860;
const LIVE = "Read while a cell was running: it may mix two training steps.";

class TableView {
  readonly #host: Host<LayerTableState>;
  readonly #data = new TableData();
  readonly #scroll: TableScroll;
  readonly #order: TableOrder;
  readonly #search: HTMLInputElement;
  readonly #bar = h("div", { class: "ww-table-done" });
  readonly #progress = h("div", { class: "ww-table-progress", role: "progressbar" }, this.#bar);
  readonly #empty = h("p", { class: "ww-table-empty" });
  #open = new Set<number>();
  #lines: Line[] = [];
  #columns: Column[] = [];
  #fitting: Column[] = [];
  /** What the rows are made for; other rows or another width need new ones. */
  #shape = "";
  /** What was last searched for and sorted by. */
  #asked = "";
  #colors: Palette;
  #wasMeasuring = false;
  #selected = -1;

  constructor(host: Host<LayerTableState>) {
    this.#host = host;
    this.#colors = palette(host.root);
    this.#search = h("input", { type: "search", class: "ww-search ww-table-search" });
    this.#search.placeholder = "search name or kind";
    this.#search.setAttribute("aria-label", "Search layers by name or kind");
    this.#progress.setAttribute("aria-label", "Layers measured");
    host.controls.append(this.#search);
    this.#scroll = new TableScroll(host, {
      onSelect: (index) => this.#select(index),
      onFold: (group, open) => this.#fold(group, open),
      onSort: (key) => this.#press(key),
    });
    this.#order = new TableOrder((sortBy) => this.#sort(sortBy), host.signal);
    host.body.append(this.#order.element, this.#scroll.element, this.#empty, this.#progress);
    host.listen(this.#search, "input", () => {
      host.ask({ search: toBytes(this.#search.value) });
      host.announce(`${formatCount(this.#lines.length)} of ${formatCount(this.#data.count)} layers shown`);
    });
    host.react(WATCHED, (changed) => this.#changed(changed));
    host.follow(() => {
      this.#colors = palette(host.root);
      this.#fit();
      this.#scroll.redraw(this.#data, this.#colors);
    });
    this.#startAfterPaint();
  }

  csv(): string {
    const { rows } = this.#data;
    if (!rows) return "";
    const head = ["name", "kind", "shape", "dtype", "parameters", ...rows.values, "aliases", "note"];
    const body = rows.names.map((name, index) => {
      const numbers = rows.values.map((key) => {
        const value = this.#data.value(index, key);
        return Number.isNaN(value) ? "" : value;
      });
      const [kind, shape, dtype] = [rows.kinds[index], rows.shapes[index], rows.dtypes[index]];
      const aliases = (rows.aliases[index] ?? []).join(", ");
      const text = [name, kind ?? "", shape ?? "", dtype ?? "", rows.parameters[index] ?? 0];
      return [...text, ...numbers, aliases, this.#data.note(index)];
    });
    return toCsv([head, ...body]);
  }

  /** Reading the weights of a large model must not delay what can be shown without. */
  #startAfterPaint(): void {
    const { model, signal } = this.#host;
    if (model.get("started")) return;
    requestAnimationFrame(() =>
      setTimeout(() => {
        if (!signal.aborted && !model.get("started")) this.#host.ask({ started: true });
      }),
    );
  }

  #changed(changed: ReadonlySet<string>): void {
    const { model } = this.#host;
    if (changed.has("rows")) this.#newRows();
    if (changed.has("numbers")) this.#data.readNumbers(model.get("numbers"));
    if (changed.has("size")) this.#colors = palette(this.#host.root);
    const sortBy = toText(model.get("sort_by"));
    if (["rows", "size", "sort_by"].some((trait) => changed.has(trait))) this.#fit();
    if (changed.has("sort_by")) this.#scroll.setHead(headOf(this.#fitting, sortBy));
    this.#order.show(this.#columns, sortBy, this.#fitting.length < this.#columns.length);
    const search = toText(model.get("search"));
    if (this.#search.value !== search) this.#search.value = search;
    const index = this.#data.placeOf(toText(model.get("layer")));
    // The kernel's echo of a value is a new value with the same text: it must not scroll.
    const asked = `${search}\n${sortBy}`;
    const reordered = asked !== this.#asked;
    const moved = index !== this.#selected || changed.has("rows");
    this.#asked = asked;
    this.#selected = index;
    if (moved && index >= 0) this.#open.add(this.#data.groupOf(index));
    this.#lines = this.#data.lines(search, sortBy, this.#open);
    if (reordered) this.#scroll.toTop();
    this.#scroll.show(this.#lines, index, this.#data, this.#colors);
    // Back among all layers in model order, the one that was looked for is in sight.
    if (moved || (reordered && asked === "\n")) this.#scroll.reveal(index);
    this.#empty.textContent = this.#lines.length > 0 ? "" : this.#whyEmpty(search);
    this.#tell(search.trim() ? this.#lines.length : this.#data.count);
  }

  #newRows(): void {
    this.#data.readRows(this.#host.model.get("rows"));
    const { rows } = this.#data;
    const own = rows ? rows.values.slice(rows.values.length - rows.columns.length) : [];
    this.#columns = columnsOf(own, rows?.columns ?? []);
    this.#shape = "";
    this.#open = new Set(this.#data.count < FOLD_FROM ? rows?.groups.keys() : []);
  }

  /** Choose the columns for which there is room; before the page gives any, as for a notebook's cell. */
  #fit(): void {
    const em = Number.parseFloat(this.#colors.font) || 12;
    const width = (this.#host.body.clientWidth || USUAL_WIDTH) / em;
    const sortBy = toText(this.#host.model.get("sort_by"));
    const fitting = columnsThatFit(this.#columns, width, sortBy);
    const shape = [isNarrow(width), ...fitting.map(({ key }) => key)].join("\n");
    if (shape === this.#shape) return;
    this.#shape = shape;
    this.#fitting = fitting;
    this.#scroll.setColumns(fitting, isNarrow(width));
    this.#scroll.setHead(headOf(fitting, sortBy));
    this.#order.show(this.#columns, sortBy, fitting.length < this.#columns.length);
  }

  #press(key: string): void {
    const column = this.#fitting.find((one) => one.key === key);
    if (column) this.#sort(nextSort(column, toText(this.#host.model.get("sort_by"))));
  }

  #sort(sortBy: string): void {
    this.#host.ask({ sort_by: toBytes(sortBy) });
    const column = this.#columns.find(({ key }) => key === sortBy.replace(/^-/, ""));
    const order = sortBy.startsWith("-") ? "falling" : "rising";
    this.#host.announce(sortBy && column ? `Sorted by ${column.label}, ${order}` : "In model order");
  }

  #whyEmpty(search: string): string {
    if (this.#data.count === 0) return "There is no layer with weights here.";
    return `No layer has “${search}” in its name or kind.`;
  }

  #select(index: number): void {
    const name = this.#data.rows?.names[index];
    if (name === undefined) return;
    this.#host.ask({ layer: toBytes(name) });
    const { kinds = [], shapes = [] } = this.#data.rows ?? {};
    this.#host.announce(`${this.#data.shown(index)}, ${kinds[index]}, ${shapes[index]}`);
  }

  #fold(group: number, open: boolean): void {
    if (open) this.#open.add(group);
    else this.#open.delete(group);
    const { model } = this.#host;
    this.#lines = this.#data.lines("", "", this.#open);
    const index = this.#data.placeOf(toText(model.get("layer")));
    this.#scroll.show(this.#lines, index, this.#data, this.#colors);
    this.#host.announce(`${this.#data.rows?.groups[group]?.pattern} ${open ? "unfolded" : "folded"}`);
  }

  #tell(found: number): void {
    const { title, caption, announce } = this.#host;
    const { measured, total, live } = this.#data.progress;
    const { count } = this.#data;
    const parameters = this.#data.rows?.parameters.reduce((sum, one) => sum + one, 0) ?? 0;
    const all = formatCount(count);
    title.replaceChildren(
      "Layers",
      h("span", {}, found < count ? ` ${formatCount(found)} of ${all}` : ` ${all}`),
    );
    const measuring = measured < total;
    this.#progress.hidden = !measuring;
    this.#progress.setAttribute("aria-valuenow", String(measured));
    this.#progress.setAttribute("aria-valuemax", String(total));
    this.#bar.style.width = `${(100 * measured) / Math.max(1, total)}%`;
    const done = `${formatCount(measured)} of ${formatCount(total)} layers measured`;
    const size = `${formatCount(parameters)} parameters`;
    caption.textContent = [measuring ? done : size, live ? LIVE : ""].filter(Boolean).join(" · ");
    if (this.#wasMeasuring && !measuring) announce(`All ${formatCount(total)} layers measured`);
    this.#wasMeasuring = measuring;
  }
}

export default {
  render: (context: { model: AnyModel<LayerTableState>; el: HTMLElement }) => {
    let view: TableView | null = null;
    const exports = { name: () => "layers", csv: () => view?.csv() ?? "" };
    return mount(context, { kind: "table", label: "Layer table", exports }, (host) => {
      view = new TableView(host);
    });
  },
};
