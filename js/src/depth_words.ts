/** What the statistics are called, and what there is to say about a layer. */

import { formatCount, formatShare, formatWeight } from "./axis";
import { FAILED, isMeasured, over, type Rows, type Slices } from "./depth_data";
import type { DepthViewState } from "./state";

export type Statistic = DepthViewState["statistic"];

/** In the order of the fields of Python's `Summary`, in which they travel. */
export const STATISTICS: readonly (readonly [Statistic, string])[] = [
  ["numel", "weights"],
  ["finite", "finite weights"],
  ["mean", "mean"],
  ["std", "std"],
  ["min", "min"],
  ["max", "max"],
  ["rms", "RMS"],
  ["skewness", "skewness"],
  ["kurtosis", "excess kurtosis"],
  ["l1", "L1 norm"],
  ["l2", "L2 norm (Frobenius)"],
  ["linf", "largest magnitude"],
  ["positive", "share positive"],
  ["negative", "share negative"],
  ["zero", "share zero"],
  ["near_zero", "share near zero"],
  ["near_zero_threshold", "near-zero threshold"],
  ["nan", "NaN"],
  ["posinf", "+∞"],
  ["neginf", "−∞"],
];

const SHARES: ReadonlySet<Statistic> = new Set<Statistic>(["positive", "negative", "zero", "near_zero"]);
const COUNTS: ReadonlySet<Statistic> = new Set<Statistic>(["numel", "finite", "nan", "posinf", "neginf"]);

export const placeOf = (statistic: Statistic): number => STATISTICS.findIndex(([name]) => name === statistic);

export const labelOf = (statistic: Statistic): string => STATISTICS[placeOf(statistic)]?.[1] ?? statistic;

export function written(statistic: Statistic, value: number): string {
  if (Number.isNaN(value)) return "none";
  if (SHARES.has(statistic)) return formatShare(value);
  return COUNTS.has(statistic) ? formatCount(value) : formatWeight(value);
}

/** A layer: its name, its shape, the statistic, what a pixel of its picture stands for. */
export function sentence(
  rows: Rows,
  slices: Slices | undefined,
  index: number,
  statistic: Statistic,
): string {
  const head = `${rows.labels[index] ?? ""} (${rows.shapes[index] ?? ""})`;
  if (slices?.state[index] === FAILED) return `${head}: ${slices.sentences[index] ?? ""}`;
  if (!isMeasured(slices, index)) return `${head}: not read yet`;
  const value = over(slices, placeOf(statistic), rows.names.length)[index] ?? Number.NaN;
  const block = slices.blocks[index] ?? "";
  const pixel = block ? `; a pixel is ${/^1 \S+$/.test(block) ? block : `the strongest of ${block}`}` : "";
  return `${head}: ${labelOf(statistic)} ${written(statistic, value)}${pixel}`;
}

/** How far the reading is, and whether it may be torn. */
export function progress(rows: Rows, slices: Slices | undefined): string {
  const count = rows.names.length;
  const told: string[] = [];
  if (count > 0 && (slices?.measured ?? 0) < count)
    told.push(`${slices?.measured ?? 0} of ${count} layers read.`);
  if (slices?.live) told.push("Read while a cell was running: it may mix two training steps.");
  return told.join(" ");
}

/** What the colours say; nothing before any layer is read. */
export function scaleSentence(slices: Slices | undefined): string {
  if (!slices?.state.some((_, index) => isMeasured(slices, index))) return "";
  return `±${formatWeight(slices.limit)}, the largest magnitude of all these layers`;
}
