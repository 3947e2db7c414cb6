/** The frame of all histograms, and where each of them stands on the sheet. */

import { decode, isEmpty, type Numbers } from "./wire";

/** As in `widgets/_bars.py`. */
export const PENDING = 0;
export const STALE = 2;
export const FAILED = 3;

/** As `MAX_BINS` in `widgets/gallery.py`. */
export const MOST_BINS = 256;

export interface Rows {
  names: string[];
  labels: string[];
  token: number;
}

export interface Bars {
  bins: number;
  wanted: number;
  counts: Numbers;
  ranges: Float64Array;
  left_out: Numbers;
  state: Uint8Array;
  measured: number;
  shared: boolean;
  live: boolean;
  sentences: Record<string, string>;
  token: number;
}

export function readRows(frame: Record<string, unknown>): Rows {
  if (isEmpty(frame)) return { names: [], labels: [], token: 0 };
  const { names, labels, token } = decode<{ names: string; labels: string; token: number }>(frame);
  return { names: JSON.parse(names), labels: JSON.parse(labels), token };
}

/** The counts, if they are those of these rows: names and counts travel as two traits. */
export function readBars(frame: Record<string, unknown>, rows: Rows): Bars | undefined {
  if (isEmpty(frame)) return undefined;
  const bars = decode<Omit<Bars, "sentences"> & { sentences: string }>(frame);
  return bars.token === rows.token ? { ...bars, sentences: JSON.parse(bars.sentences) } : undefined;
}

export const isDrawn = (bars: Bars | undefined, index: number): bars is Bars => {
  const state = bars?.state[index] ?? PENDING;
  return state !== PENDING && state !== FAILED;
};

export const countsOf = (bars: Bars, index: number): Numbers =>
  bars.counts.subarray(index * bars.bins, (index + 1) * bars.bins);

export const rangeOf = (bars: Bars, index: number): [number, number] => [
  bars.ranges[2 * index] ?? 0,
  bars.ranges[2 * index + 1] ?? 0,
];

/** The two edges of a bin, as far as the eye needs them. */
export function edgesOf(bars: Bars, index: number, bin: number): [number, number] {
  const [low, high] = rangeOf(bars, index);
  const edge = (place: number) => (place === bars.bins ? high : low + ((high - low) * place) / bars.bins);
  return [edge(bin), edge(bin + 1)];
}

export const sum = (counts: Numbers): number => {
  let total = 0;
  for (const count of counts) total += count;
  return total;
};

export const highest = (counts: Numbers): number => {
  let most = 0;
  for (const count of counts) most = Math.max(most, count);
  return most;
};

export interface Layout {
  columns: number;
  cellWidth: number;
  cellHeight: number;
  height: number;
}

/** Cells as wide as they need to be, as many in a line as fit. */
export function layout(layers: number, width: number, em: number): Layout {
  const columns = Math.max(1, Math.floor(width / (15.5 * em)));
  const cellHeight = Math.round(11.4 * em);
  return {
    columns,
    cellWidth: Math.floor(width / columns),
    cellHeight,
    height: Math.ceil(layers / columns) * cellHeight,
  };
}
