/** The columns of the layer table, its head, and one line of it as HTML. */

import { formatCount } from "./axis";
import { fit, type Palette } from "./canvas";
import { type Line, SPARK_BINS, type TableData } from "./table_data";
import { tableNumber, tableShare } from "./table_number";
import { h } from "./view";

export interface Column {
  /** As in `sort_by`; "" where there is nothing to sort by. */
  key: string;
  label: string;
  title: string;
  /** Part of a CSS class. */
  look: string;
  /** In multiples of the text's height. */
  width: number;
  own: boolean;
  /** Its label stands beside each number: in rows of two lines no head stands above it. */
  labelled: boolean;
}

const BUILT_IN: readonly (readonly [string, string, number, string])[] = [
  ["name", "name", 12, "name of the layer"],
  ["kind", "kind", 6, "kind of the layer"],
  ["shape", "shape", 8.8, "shape of the weight, as torch stores it"],
  ["parameters", "parameters", 5.8, "weights and bias"],
  ["frobenius", "Frobenius", 5, "Frobenius norm: square root of the sum of squares"],
  ["rms", "RMS", 5, "root of the mean square"],
  ["mean", "mean", 5.8, "mean of the weights"],
  ["std", "std", 5, "standard deviation (population)"],
  ["near_zero", "near zero", 5, "share of weights with |w| at most a thousandth of the largest"],
];
const BARE = { own: false, labelled: false };
const SPARK = "histogram of the weights, from the smallest to the largest";
/** What tells layers apart stays at every width. */
const STAYING = ["name", "kind", "shape", "spark"];
/** The other columns make room in this order. */
const GIVEN_UP = ["mean", "std", "rms", "near_zero", "parameters", "frobenius"];
/** Names shrink this far before the table scrolls sideways for the user's own columns. */
const LEAST_NAME = 8;
const GAP = 0.8;
const MARGIN = 1.4;
/** Below this width a row has two lines: a single line has no room for any number. */
const TWO_LINES_BELOW = 39;
/** The number that stays while no other does. */
const USUAL_NUMBER = "frobenius";

/** All columns; `keys` and `labels` are the user's own. */
export function columnsOf(keys: readonly string[], labels: readonly string[]): Column[] {
  const own = keys.map((key, place) => {
    const label = labels[place] ?? key;
    return {
      key,
      label,
      title: `${label}, a column of your own`,
      look: "own",
      width: 5.8,
      ...BARE,
      own: true,
    };
  });
  return [
    ...BUILT_IN.map(([key, label, width, title]) => ({ key, label, title, look: key, width, ...BARE })),
    ...own,
    { key: "", label: "values", title: SPARK, look: "spark", width: 5.7, ...BARE },
  ];
}

/** The columns for which a table is wide enough, in multiples of the text's height; what is sorted by stays. */
export function columnsThatFit(columns: readonly Column[], width: number, sortBy: string): Column[] {
  const sorted = sortBy.replace(/^-/, "");
  if (isNarrow(width)) return withOneNumber(columns, sorted);
  let fitting = [...columns];
  const hasOther = columns.some(({ key, own }) => own || (key === sorted && GIVEN_UP.includes(key)));
  const staying = hasOther ? sorted : USUAL_NUMBER;
  for (const given of GIVEN_UP.filter((look) => look !== staying)) {
    if (totalWidth(fitting) <= width) break;
    fitting = fitting.filter(({ look }) => look !== given);
  }
  return fitting;
}

function withOneNumber(columns: readonly Column[], sorted: string): Column[] {
  const isText = ({ look }: Column) => STAYING.includes(look);
  const named = (name: string) => columns.find((column) => column.key === name && !isText(column));
  const number = named(sorted) ?? named(USUAL_NUMBER);
  return columns
    .filter((column) => isText(column) || column === number)
    .map((column) => ({ ...column, labelled: column === number }));
}

function totalWidth(columns: readonly Column[]): number {
  return columns.reduce((sum, column) => sum + column.width + GAP, MARGIN - GAP);
}

/** Below this, in multiples of the text's height, the table scrolls sideways. */
export function leastWidth(columns: readonly Column[]): number {
  const name = columns.find(({ look }) => look === "name")?.width ?? LEAST_NAME;
  return totalWidth(columns) - name + LEAST_NAME;
}

export const isNarrow = (width: number): boolean => width < TWO_LINES_BELOW;

/** What `sort_by` becomes when a column's head is pressed: numbers fall first, then rise, then model order. */
export function nextSort(column: Column, sortBy: string): string {
  const text = column.key === "name" || column.key === "kind";
  const [first, second] = text ? [column.key, `-${column.key}`] : [`-${column.key}`, column.key];
  if (sortBy === first) return second;
  return sortBy === second ? "" : first;
}

export function ariaSort(column: Column, sortBy: string): "ascending" | "descending" | "none" {
  if (!column.key) return "none";
  if (sortBy === column.key) return "ascending";
  return sortBy === `-${column.key}` ? "descending" : "none";
}

function cellOf({ look, width, labelled }: Column, role: string): HTMLElement {
  const cell = h("div", { role, class: `ww-table-cell ww-table-${look}` });
  cell.classList.toggle("ww-table-number", labelled);
  cell.style.setProperty("--ww-column", `${width}em`);
  return cell;
}

/** The head of the table: a button for each column that sorts, marked with the column's key. */
export function headOf(columns: readonly Column[], sortBy: string): HTMLElement {
  const cells = columns.map((column) => {
    const cell = cellOf(column, "columnheader");
    cell.title = column.title;
    if (!column.key) {
      cell.textContent = column.label;
      return cell;
    }
    const order = ariaSort(column, sortBy);
    const button = h("button", { type: "button", class: "ww-table-sort" }, column.label);
    button.dataset.key = column.key;
    const arrow = { none: "", ascending: "↑", descending: "↓" }[order];
    if (arrow) button.append(h("span", { class: "ww-table-arrow", "aria-hidden": "true" }, arrow));
    cell.setAttribute("aria-sort", order);
    cell.append(button);
    return cell;
  });
  return h("div", { role: "row", class: "ww-table-head", "aria-rowindex": "1" }, ...cells);
}

/** One element that shows one line after another as the table scrolls. */
export class RowElement {
  readonly element = h("div", { role: "row", class: "ww-table-row" });
  readonly #cells: HTMLElement[];
  readonly #spark = h("canvas", { "aria-hidden": "true" });
  readonly #columns: readonly Column[];

  constructor(columns: readonly Column[]) {
    this.#columns = columns;
    this.#cells = columns.map((column) => cellOf(column, "gridcell"));
    this.#cells.at(-1)?.append(this.#spark);
    this.element.append(...this.#cells);
  }

  show(line: Line, data: TableData, colors: Palette): void {
    const { element } = this;
    const isGroup = line.index < 0;
    const leveled = isGroup || line.group >= 0;
    element.classList.toggle("ww-table-group", isGroup);
    element.classList.toggle("ww-table-member", !isGroup && line.group >= 0);
    element.classList.toggle("ww-table-stale", !isGroup && data.status(line.index) === 2);
    element.setAttribute("aria-level", !isGroup && leveled ? "2" : "1");
    if (isGroup) element.setAttribute("aria-expanded", String(line.open));
    else element.removeAttribute("aria-expanded");
    for (const [place, column] of this.#columns.entries()) {
      const cell = this.#cells[place];
      if (!cell || column.look === "spark") continue;
      if (isGroup) showGroupCell(cell, column, line, data);
      else if (column.key === "name") showName(cell, line.index, data);
      else showCell(cell, column, line.index, data);
    }
    drawSpark(this.#spark, isGroup ? undefined : data.spark(line.index), colors);
  }
}

/** The end of a name tells layers apart, so the path before it is what is shortened. */
function nameParts(name: string): [HTMLElement, HTMLElement] {
  const leaf = name.match(/[^.]+(\.\d+)*$/)?.[0] ?? name;
  return [
    h("span", { class: "ww-table-path" }, name.slice(0, name.length - leaf.length)),
    h("span", { class: "ww-table-leaf" }, leaf),
  ];
}

function showGroupCell(cell: HTMLElement, column: Column, line: Line, data: TableData): void {
  const { rows } = data;
  const { key } = column;
  const group = rows?.groups[line.group];
  if (!rows || !group) return;
  cell.title = "";
  cell.classList.remove("ww-table-problem");
  const same = (values: readonly string[]) =>
    group.members.every((member) => values[member] === values[group.members[0] ?? 0]);
  if (key === "name") {
    const fold = h("span", { class: "ww-table-fold", "aria-hidden": "true" }, line.open ? "▾" : "▸");
    const count = h("span", { class: "ww-table-badge" }, `×${group.members.length}`);
    cell.replaceChildren(fold, ...nameParts(group.pattern), count);
    cell.title = `${group.pattern}: ${group.members.length} layers`;
  } else if (key === "kind") cell.textContent = rows.kinds[group.members[0] ?? 0] ?? "";
  else if (key === "shape") {
    cell.textContent = same(rows.shapes) ? (rows.shapes[group.members[0] ?? 0] ?? "") : "various";
  } else if (key === "parameters") {
    const sum = group.members.reduce((total, member) => total + (rows.parameters[member] ?? 0), 0);
    write(cell, column, formatCount(sum));
  } else cell.textContent = "";
}

/** Counts of values that are no numbers, in words. */
export function flawsOf(index: number, data: TableData): string {
  const [nan, infinite] = [data.value(index, "nan"), data.value(index, "inf")];
  const flaws = [];
  if (nan > 0) flaws.push(`${formatCount(nan)} NaN`);
  if (infinite > 0) flaws.push(`${formatCount(infinite)} infinite`);
  if (data.status(index) > 0 && Number.isNaN(nan)) flaws.push("no values");
  return flaws.join(", ");
}

function showName(cell: HTMLElement, index: number, data: TableData): void {
  const name = data.shown(index);
  const parts: HTMLElement[] = nameParts(name);
  const aliases = data.rows?.aliases[index];
  if (aliases) parts.push(h("span", { class: "ww-table-alias" }, `also ${aliases.join(", ")}`));
  const flaws = flawsOf(index, data);
  if (flaws) parts.push(h("span", { class: "ww-table-flaws ww-table-problem" }, flaws));
  cell.replaceChildren(...parts);
  const also = aliases ? `also ${aliases.join(", ")}` : "";
  cell.title = [name, also, data.rows?.dtypes[index], data.note(index)].filter(Boolean).join("\n");
}

function showCell(cell: HTMLElement, column: Column, index: number, data: TableData): void {
  const problem = column.own ? data.problem(index, column.key) : undefined;
  cell.classList.toggle("ww-table-problem", problem !== undefined);
  const text = problem === undefined ? textOf(column.key, index, data) : "error";
  write(cell, column, text);
  cell.title = problem ?? (column.labelled ? `${column.label}: ${text}` : text);
}

function write(cell: HTMLElement, { label, labelled }: Column, text: string): void {
  if (!labelled) cell.textContent = text;
  else cell.replaceChildren(h("span", { class: "ww-table-label" }, label), " ", h("span", {}, text));
}

export function textOf(key: string, index: number, data: TableData): string {
  const { rows } = data;
  if (key === "kind") return rows?.kinds[index] ?? "";
  if (key === "shape") return rows?.shapes[index] ?? "";
  if (key === "parameters") return formatCount(rows?.parameters[index] ?? 0);
  if (data.status(index) === 0) return "…";
  const value = data.value(index, key);
  return key === "near_zero" ? tableShare(value) : tableNumber(value);
}

/** Bars of whole pixels, as wide as the cell is for all layers alike. */
export function drawSpark(
  canvas: HTMLCanvasElement,
  heights: ArrayLike<number> | undefined,
  colors: Palette,
) {
  const em = Number.parseFloat(colors.font) || 12;
  const step = Math.max(1, Math.round(em / 6));
  const { context, height } = fit(canvas, SPARK_BINS * step, Math.round(1.25 * em));
  if (!heights) return;
  context.fillStyle = colors.bar;
  for (let bin = 0; bin < heights.length; bin++) {
    const count = heights[bin] ?? 0;
    if (count === 0) continue;
    const bar = Math.max(1, Math.round((count / 255) * height));
    context.fillRect(bin * step, height - bar, step, bar);
  }
}
