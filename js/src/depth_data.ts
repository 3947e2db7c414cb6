/** The frames of the depth view, and where each layer stands in its row. */

import { linear, type Scale } from "./axis";
import { decode, isEmpty, type Numbers } from "./wire";

/** As in `widgets/_depth_frames.py`. */
export const PENDING = 0;
export const STALE = 2;
export const FAILED = 3;
export const GAP = 4;

export interface Choice {
  pattern: string;
  label: string;
  count: number;
}

export interface Rows {
  pattern: string;
  label: string;
  choices: Choice[];
  names: string[];
  labels: string[];
  depths: string[];
  shapes: string[];
  token: number;
}

export interface Slices {
  values: Float64Array | Float32Array;
  state: Uint8Array;
  sizes: Numbers;
  /** Where the pixels of each layer begin. */
  starts: number[];
  levels: Uint8Array;
  flags: Uint8Array;
  limit: number;
  measured: number;
  live: boolean;
  sentences: Record<string, string>;
  blocks: string[];
  token: number;
}

const NO_ROWS: Rows = {
  pattern: "",
  label: "",
  choices: [],
  names: [],
  labels: [],
  depths: [],
  shapes: [],
  token: 0,
};

export function readRows(frame: Record<string, unknown>): Rows {
  if (isEmpty(frame)) return NO_ROWS;
  const { text, token } = decode<{ text: string; token: number }>(frame);
  return { ...JSON.parse(text), token };
}

/** What was measured, if it is of these rows: names and numbers travel as two traits. */
export function readSlices(frame: Record<string, unknown>, rows: Rows): Slices | undefined {
  if (isEmpty(frame)) return undefined;
  const { text, limit, ...read } = decode<
    Omit<Slices, "sentences" | "blocks" | "starts" | "limit"> & { text: string; limit: Numbers }
  >(frame);
  if (read.token !== rows.token) return undefined;
  const starts: number[] = [];
  let start = 0;
  for (let index = 0; index < rows.names.length; index++) {
    starts.push(start);
    start += (read.sizes[2 * index] ?? 0) * (read.sizes[2 * index + 1] ?? 0);
  }
  return { ...read, ...JSON.parse(text), limit: limit[0] ?? 0, starts };
}

export const sizeOf = (slices: Slices, index: number): [number, number] => [
  slices.sizes[2 * index] ?? 0,
  slices.sizes[2 * index + 1] ?? 0,
];

export const isMeasured = (slices: Slices | undefined, index: number): slices is Slices => {
  const state = slices?.state[index] ?? PENDING;
  return state !== PENDING && state !== FAILED;
};

/** One statistic of all layers; NaN where there is none. */
export function over(slices: Slices | undefined, statistic: number, layers: number): number[] {
  const each = slices && layers > 0 ? slices.values.length / layers : 0;
  return Array.from({ length: layers }, (_, index) => slices?.values[index * each + statistic] ?? Number.NaN);
}

/** The ends of the statistic's axis, which holds zero unless all values are far from it. */
export function spanOf(values: readonly number[]): [number, number] {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return [0, 1];
  let [low, high] = [Math.min(...finite), Math.max(...finite)];
  if (low >= 0 && low < high / 2) low = 0;
  else if (high <= 0 && high > low / 2) high = 0;
  if (low < high) return [low, high];
  return [low - Math.max(Math.abs(low) / 2, 0.5), high + Math.max(Math.abs(high) / 2, 0.5)];
}

export interface Layout {
  /** Width of the axis at the left, which does not scroll. */
  gutter: number;
  /** Width of a layer's cell. */
  cell: number;
  /** The square that pictures fit into. */
  box: number;
  /** Where pictures begin and end, and where the strip's plot begins and ends. */
  picture: number;
  foot: number;
  top: number;
  base: number;
  height: number;
}

const LEAST_BOX = 5.4;
const MOST_BOX = 16.2;

/** Pictures as large as lets all of them stand in the width; where there are too many, the row scrolls. */
export function layOut(
  sizes: readonly (readonly [number, number])[],
  width: number,
  em: number,
  ratio: number,
): Layout {
  const gutter = Math.ceil(4.4 * em);
  const gap = Math.ceil(0.8 * em);
  const share = Math.floor((width - gutter) / Math.max(sizes.length, 1));
  let [box, widest, tallest] = [0, 0, 0];
  for (let side = MOST_BOX; side >= LEAST_BOX; side -= 0.6) {
    box = Math.floor(side * em);
    const drawn = sizes.map((size) => {
      const { x, y } = scaleOf(size, box * ratio);
      return [(size[0] * y) / ratio, (size[1] * x) / ratio] as const;
    });
    tallest = Math.max(2 * em, ...drawn.map(([height]) => height));
    widest = Math.max(2.6 * em, ...drawn.map(([, across]) => across));
    if (widest + gap <= share) break;
  }
  const cell = Math.floor(Math.max(widest + gap, Math.min(share, 2 * widest)));
  const picture = Math.ceil(1.9 * em);
  const foot = picture + Math.ceil(tallest);
  const top = foot + Math.ceil(2.6 * em);
  const base = top + Math.ceil(6 * em);
  return { gutter, cell, box, picture, foot, top, base, height: base + Math.ceil(0.9 * em) };
}

export const heightScale = (layout: Layout, [low, high]: readonly [number, number]): Scale =>
  linear(low, high, layout.base, layout.top);

/** Device pixels of one pixel of a picture: whole ones; a vector is drawn wide enough to be seen. */
export function scaleOf([height, width]: readonly [number, number], box: number): { x: number; y: number } {
  // A layer without a picture has no pixels to enlarge.
  if (height * width === 0) return { x: 1, y: 1 };
  const scale = Math.max(1, Math.floor(box / Math.max(height, width)));
  const stretched = (along: number, across: number) =>
    Math.max(scale, Math.min(Math.floor((along * scale) / (4 * across)), Math.floor(box / across)));
  return { x: stretched(height, width), y: stretched(width, height) };
}
