/** The statistics strip: numbers of the layer and of its filter, each of which opens how it comes about. */

import type { WeightStatisticsState } from "./state";
import { cautionList, heading, type NumberCell, numberCell, rove, settle } from "./statistics_blocks";
import { opener } from "./statistics_how";
import { hintAtMore } from "./statistics_more";
import { explain, type LayerPage, numbersAsCsv, type Ranked, type UnitPage } from "./statistics_pages";
import { type Host, h, mount, slider } from "./view";
import { decode, isEmpty, toText } from "./wire";

const COLUMNS = 4;
/** Groups below one another in the first two columns; the third and fourth hold the strongest weights. */
const columnOfGroup = (group: number): number => (group < 2 ? 0 : 1);

const blockOf = (column: number) => h("div", { class: "ww-statistics-block", "data-column": String(column) });

interface Line {
  key: string;
  layer: NumberCell;
  unit: NumberCell;
}

interface RankedLine {
  row: HTMLTableRowElement;
  place: HTMLElement;
  weight: NumberCell;
}

type Open = (id: string, button: HTMLElement) => void;
type Cautions = ReturnType<typeof cautionList>;

/** The tables of statistics; they are built once, because their rows are the same for every layer. */
function groupTables(page: LayerPage, blocks: HTMLElement[], open: Open, signal: AbortSignal) {
  const lines: Line[] = [];
  const cautions = new Map<string, Cautions>();
  const unitNames: HTMLElement[] = [];
  page.groups.forEach((group, index) => {
    const unitName = h("span");
    unitNames.push(unitName);
    const body = h("tbody");
    for (const { key, label } of group.rows) {
      const line = {
        key,
        layer: numberCell((button) => open(`layer:${key}`, button), signal),
        unit: numberCell((button) => open(`unit:${key}`, button), signal),
      };
      lines.push(line);
      body.append(h("tr", {}, h("th", { scope: "row" }, label), line.layer.element, line.unit.element));
    }
    const list = cautionList();
    cautions.set(group.label, list);
    const columns = [h("span", {}, group.rows.length > 1 ? "layer" : ""), unitName];
    blocks[columnOfGroup(index)]?.append(h("table", {}, heading(group.label, columns), body), list.element);
  });
  return { lines, cautions, unitNames };
}

/** A table of the strongest weights of one sign, with room for as many as ever come. */
function rankedTable(side: number, block: HTMLElement, open: Open, signal: AbortSignal) {
  const lines: RankedLine[] = [];
  const title = h("span");
  const body = h("tbody");
  const empty = h("p", { class: "ww-statistics-empty" });
  const list = cautionList();
  const addLine = (rank: number) => {
    const weight = numberCell((button) => open(`${side}:${rank}`, button), signal);
    const place = h("th", { scope: "row", class: "ww-statistics-place" });
    const row = h("tr", {}, place, weight.element);
    body.append(row);
    lines.push({ row, place, weight });
  };
  const head = h(
    "thead",
    {},
    h("tr", {}, h("th", { scope: "col" }, title), h("th", { scope: "col" }, "weight")),
  );
  block.append(h("table", {}, head, body), empty, list.element);
  return (ranked: Ranked, caution: string) => {
    title.textContent = ranked.label;
    empty.textContent = ranked.empty;
    list.set(caution && ranked.cells.length > 0 ? [caution] : []);
    while (lines.length < ranked.cells.length) addLine(lines.length);
    lines.forEach(({ row, place, weight }, rank) => {
      row.hidden = rank >= ranked.cells.length;
      place.textContent = ranked.short_places[rank] ?? "";
      place.title = ranked.places[rank] ?? "";
      place.ariaLabel = place.title;
      place.style.setProperty("--length", String(ranked.lengths[rank] ?? 0));
      weight.set(ranked.cells[rank]);
    });
  };
}

/** A text part of a frame that holds a page. */
function read<Page>(frame: Record<string, unknown>): Page | undefined {
  if (isEmpty(frame)) return undefined;
  return JSON.parse(decode<{ page: string }>(frame).page) as Page;
}

/** Show the name of the layer, also of one that has no page. */
function showTitle({ title, caption, model }: Host<WeightStatisticsState>, layer?: LayerPage): void {
  // The kernel makes names safe to look at within a page; without one this is done here.
  const bare = () => toText(model.get("layer")).slice(0, 200).replace(/\p{C}/gu, "\ufffd");
  title.replaceChildren(layer?.name ?? bare(), h("span", {}, layer ? `  ${layer.outline}` : ""));
  caption.textContent = layer?.notes.join(" ") ?? "";
}

const fileName = (layer?: LayerPage) => `statistics of ${layer?.name ?? "nothing"}`.replace(/[^\w.-]+/g, "_");

/** Build the strip; the returned functions write its numbers as CSV, and name the files it saves. */
function build(host: Host<WeightStatisticsState>): { csv: () => string; name: () => string } {
  const { model, signal } = host;
  let layer: LayerPage | undefined;
  let unit: UnitPage | undefined;
  let tables: ReturnType<typeof groupTables> | undefined;

  const filter = slider("filter", (value) => host.ask({ filter_index: value }), signal);
  host.controls.append(filter.element);
  const blocks = Array.from({ length: COLUMNS }, (_, column) => blockOf(column));
  const grid = h("div", { class: "ww-statistics-grid" }, ...blocks);
  host.body.append(grid);
  for (const block of blocks) rove(block, signal);
  const { open, refresh, hide } = opener(host, blocks, (id) =>
    layer && unit ? explain(id, layer, unit) : undefined,
  );
  const [fillExciting, fillInhibiting] = [2, 3].map((column, side) =>
    rankedTable(side, blocks[column] ?? grid, open, signal),
  );

  const paint = () => {
    grid.hidden = !layer || !unit;
    showTitle(host, layer);
    if (!layer || !unit) return;
    tables ??= groupTables(layer, blocks, open, signal);
    for (const line of tables.lines) {
      line.layer.set(layer.cells[line.key]);
      line.unit.set(unit.cells[line.key]);
    }
    for (const { label, cautions } of layer.groups)
      tables.cautions.get(label)?.set([...cautions, ...(unit.cautions[label] ?? [])]);
    for (const name of tables.unitNames) name.textContent = unit.label;
    const [exciting, inhibiting] = unit.ranked;
    if (exciting) fillExciting?.(exciting, unit.ranked_caution);
    if (inhibiting) fillInhibiting?.(inhibiting, "");
    for (const block of blocks) settle(block);
    refresh();
  };

  host.react(["layer", "frame", "unit", "filter_index", "resets"], (changed) => {
    const [before, wasOf] = [unit?.label, layer?.name];
    if (changed.has("frame")) layer = read<LayerPage>(model.get("frame"));
    if (changed.has("unit")) unit = read<UnitPage>(model.get("unit"));
    if (changed.has("layer") || changed.has("frame") || changed.has("unit")) paint();
    if (changed.has("resets")) hide();
    // New numbers of the same layer, while a model trains, must not move what is being read.
    if (changed.has("resets") || layer?.name !== wasOf) host.root.scrollTop = 0;
    const filters = layer ? Number(model.get("frame").filters) : 0;
    filter.set(model.get("filter_index"), 0, filters - 1);
    filter.rename(decode<{ unit?: string }>(model.get("frame")).unit ?? "filter");
    if (before && unit && before !== unit.label) host.announce(`${unit.label}, ${filters} in the layer`);
  });
  return { csv: () => (layer && unit ? numbersAsCsv(layer, unit) : ""), name: () => fileName(layer) };
}

export default {
  render: (context: Parameters<typeof mount<WeightStatisticsState>>[0]) => {
    let made: ReturnType<typeof build> | undefined;
    const exports = { name: () => made?.name() ?? "", csv: () => made?.csv() ?? "" };
    return mount(context, { kind: "statistics", label: "Statistics of weights", exports }, (host) => {
      made = build(host);
      hintAtMore(host);
    });
  },
};
