/** What there is to say about an expert, about two of them, and about how far the reading is. */

import { formatCount, formatWeight } from "./axis";
import {
  FAILED,
  type Grid,
  type Measure,
  nameOf,
  type Pairs,
  PENDING,
  pairIndex,
  type Rows,
  type Selected,
  widthOf,
} from "./experts_data";

export const MEASURES: readonly (readonly [Measure, string])[] = [
  ["norm", "Frobenius norm"],
  ["similarity", "mean cosine similarity"],
];

/** As in `widgets/_experts_frames.py`. */
const MOST_COMPARED = 600;

const or = (value: number): string => (Number.isNaN(value) ? "none" : formatWeight(value));

export function cellSentence(rows: Rows, grid: Grid | undefined, { row, place }: Selected): string {
  const found = rows.rows[row];
  if (!found) return "";
  const number = found.numbers[place];
  const label = found.labels[found.names.indexOf(nameOf(found, place))] ?? "";
  if (number === undefined) return `layer ${found.depth} has no such expert`;
  const head = `${label}, expert ${number}`;
  if (grid?.state[row] === FAILED) return `${head}: ${grid.sentences[row] ?? ""}`;
  if (!grid || grid.state[row] === PENDING) return `${head}: not read yet`;
  const at = row * widthOf(rows) + place;
  const [norm, similarity] = [grid.norm.values[at], grid.similarity.values[at]].map((value) =>
    or(value ?? Number.NaN),
  );
  return `${head}: norm ${norm}, mean cosine similarity to the other experts ${similarity}`;
}

export function pairSentence(rows: Rows, pairs: Pairs, { row, place }: Selected): string {
  const numbers = rows.rows[pairs.place]?.numbers ?? [];
  if (row === place) return `expert ${numbers[row]} compared with itself`;
  const cosine = pairs.cosines[pairIndex(pairs.count, row, place)] ?? Number.NaN;
  return `experts ${numbers[row]} and ${numbers[place]}: cosine similarity ${or(cosine)}`;
}

/** What the colours of the sheet of all experts say; nothing before any has one. */
export function scaleSentence(grid: Grid, measure: Measure): string {
  if (!grid[measure].known.some(Boolean)) return "";
  const [low = 0, high = 0] = grid[measure].ends;
  return measure === "norm"
    ? `${formatWeight(low)} to ${formatWeight(high)}: lowest to highest norm; a row per layer`
    : `±${formatWeight(high)}: mean cosine to the others of the layer; a row per layer`;
}

export function pairsTitle(rows: Rows, pairs: Pairs | undefined, row: number): string {
  const found = rows.rows[row];
  if (!found) return "";
  const layer = found.depth ? `layer ${found.depth}` : "this layer";
  if (pairs) return `Experts of ${layer} two by two: cosine ±${formatWeight(pairs.limit)}`;
  if (found.numbers.length > MOST_COMPARED)
    return `${layer} has ${formatCount(found.numbers.length)} experts: drawn two by two up to ${MOST_COMPARED}.`;
  return "";
}

export function progress(rows: Rows, grid: Grid | undefined): string {
  const count = rows.rows.length;
  const told: string[] = [];
  if (count > 0 && (grid?.measured ?? 0) < count)
    told.push(`${grid?.measured ?? 0} of ${count} layers read.`);
  if (grid?.non_finite)
    told.push(`NaN or infinite weights, left out as if they were 0: ${formatCount(grid.non_finite)}.`);
  if (grid?.live) told.push("Read while a cell was running: it may mix two training steps.");
  return told.join(" ");
}
