/** What `widgets/_strip.py` laid out, and what can be said about each of its numbers. */

import { toCsv } from "./view";

/** One number; without a formula it is a text that opens nothing. */
export interface Cell {
  text: string;
  exact: string;
  formula: string;
  code: string;
}

interface Group {
  label: string;
  rows: { key: string; label: string; meaning: string; source: string }[];
  cautions: string[];
}

export interface LayerPage {
  name: string;
  outline: string;
  notes: string[];
  groups: Group[];
  cells: Record<string, Cell>;
}

export interface Ranked {
  label: string;
  meaning: string;
  source: string;
  empty: string;
  places: string[];
  short_places: string[];
  lengths: number[];
  cells: Cell[];
}

export interface UnitPage {
  label: string;
  cells: Record<string, Cell>;
  cautions: Record<string, string[]>;
  ranked: Ranked[];
  ranked_caution: string;
}

/** How one number comes about. */
export interface How {
  subject: string;
  cell: Cell;
  meaning: string;
  source: string;
}

/** Everything that can be said about the number with this id: "layer:std", "unit:std", or "0:3" for a rank. */
export function explain(id: string, layer: LayerPage, unit: UnitPage): How | undefined {
  const [side = "", key = ""] = id.split(":");
  if (side === "layer" || side === "unit") {
    const row = layer.groups.flatMap((group) => group.rows).find((candidate) => candidate.key === key);
    const cell = (side === "layer" ? layer : unit).cells[key];
    if (!row || !cell?.formula) return undefined;
    const owner = side === "layer" ? `layer ${layer.name}` : `${unit.label} of layer ${layer.name}`;
    return { subject: `${row.label} of ${owner}`, cell, meaning: row.meaning, source: row.source };
  }
  const ranked = unit.ranked[Number(side)];
  const cell = ranked?.cells[Number(key)];
  if (!ranked || !cell) return undefined;
  const subject = `weight of ${ranked.places[Number(key)]} in ${unit.label} of layer ${layer.name}`;
  return { subject, cell, meaning: ranked.meaning, source: ranked.source };
}

export function numbersAsCsv(layer: LayerPage, unit: UnitPage): string {
  const exact = (cell: Cell | undefined) => (cell?.exact ? Number(cell.exact) : "");
  const rows: (string | number)[][] = [["group", "statistic", "layer", unit.label]];
  for (const group of layer.groups)
    for (const { key, label } of group.rows)
      rows.push([group.label, label, exact(layer.cells[key]), exact(unit.cells[key])]);
  for (const ranked of unit.ranked)
    ranked.cells.forEach((cell, rank) => {
      rows.push([ranked.label, ranked.places[rank] ?? "", "", exact(cell)]);
    });
  return toCsv(rows);
}
