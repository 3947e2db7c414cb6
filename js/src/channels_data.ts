/** The frame of a norm, and where its channels stand. */

import { linear, type Scale } from "./axis";
import { decode, isEmpty, type Numbers } from "./wire";

export type Order = "index" | "scale";

/** The rows of numbers that a norm may have, as they are named in the frame and for the eye. */
export const ROWS = [
  ["scale", "scale"],
  ["shift", "shift"],
  ["running_mean", "running mean"],
  ["running_var", "running variance"],
] as const;

export type Row = (typeof ROWS)[number][0];

export interface Norm extends Record<Row, Float64Array | null> {
  title: string;
  scale: Float64Array;
  order: Numbers;
  near: ReadonlySet<number>;
  median: number;
  threshold: number;
  notes: string[];
}

export interface Listing {
  names: string[];
  labels: string[];
}

export function readListing(frame: Record<string, unknown>): Listing {
  if (isEmpty(frame)) return { names: [], labels: [] };
  const { names, labels } = decode<{ names: string; labels: string }>(frame);
  return { names: JSON.parse(names), labels: JSON.parse(labels) };
}

export function readNorm(frame: Record<string, unknown>): Norm | undefined {
  if (isEmpty(frame)) return undefined;
  const { near_zero, median, threshold, notes, ...read } = decode<
    Omit<Norm, "near" | "median" | "threshold" | "notes"> & {
      near_zero: Numbers;
      median: Numbers;
      threshold: Numbers;
      notes: string;
    }
  >(frame);
  return {
    ...read,
    near: new Set(near_zero),
    median: median[0] ?? Number.NaN,
    threshold: threshold[0] ?? 0,
    notes: JSON.parse(notes),
  };
}

/** The rows that this norm has. */
export const rowsOf = (norm: Norm): (readonly [Row, string])[] => ROWS.filter(([row]) => norm[row] !== null);

/** The channel at a displayed place, and the place of a channel. */
export const channelAt = (norm: Norm, order: Order, place: number): number =>
  order === "scale" ? (norm.order[place] ?? 0) : place;

export const placeOf = (norm: Norm, order: Order, channel: number): number =>
  order === "scale" ? norm.order.indexOf(channel as never) : channel;

/** The ends of a row's axis: zero is always on it, because bars begin there. */
export function spanOf(values: Float64Array): [number, number] {
  let [low, high] = [0, 0];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low < high ? [low, high] : [0, 1];
}

export interface Layout {
  left: number;
  right: number;
  /** Height of one chart's plot, and of a chart with its title and what is below it. */
  plot: number;
  step: number;
  /** From a chart's upper edge to its plot. */
  top: number;
  height: number;
}

export function layOut(rows: number, width: number, em: number): Layout {
  const [top, plot] = [Math.ceil(1.7 * em), Math.ceil(5.6 * em)];
  const step = top + plot + Math.ceil(1.1 * em);
  return {
    left: Math.ceil(4.4 * em),
    right: Math.max(width - Math.ceil(0.4 * em), 1),
    plot,
    step,
    top,
    height: rows * step,
  };
}

/** Device pixel columns where the bars begin, and where the last one ends: neighbours share an edge. */
export function barEdges({ left, right }: Layout, count: number, ratio: number): number[] {
  const scale: Scale = linear(0, count, Math.round(left * ratio), Math.round(right * ratio));
  return Array.from({ length: count + 1 }, (_, place) => Math.round(scale(place)));
}

/** The displayed place under an x, given in CSS pixels; null beside the plot. */
export function placeAt({ left, right }: Layout, count: number, x: number): number | null {
  const place = Math.floor(((x - left) / (right - left)) * count);
  return place >= 0 && place < count ? place : null;
}
