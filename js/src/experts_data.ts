/** The frames of the experts, and where their cells stand. */

import { decode, isEmpty, type Numbers } from "./wire";

/** As in `widgets/_experts_frames.py`. */
export const PENDING = 0;
export const STALE = 2;
export const FAILED = 3;

export type Measure = "norm" | "similarity";

export interface Row {
  depth: string;
  names: string[];
  labels: string[];
  numbers: number[];
}

export interface Rows {
  pattern: string;
  label: string;
  shape: string;
  choices: { pattern: string; label: string }[];
  rows: Row[];
  token: number;
}

/** Cells of a colour each, row by row. */
export interface Sheet {
  height: number;
  width: number;
  levels: Uint8Array;
  known: Uint8Array;
}

export interface Table extends Omit<Sheet, "height" | "width"> {
  values: Float64Array;
  ends: Float64Array;
}

export interface Grid extends Record<Measure, Table> {
  state: Uint8Array;
  sentences: Record<string, string>;
  measured: number;
  non_finite: number;
  live: boolean;
  token: number;
}

export interface Pairs {
  place: number;
  count: number;
  cosines: Float32Array;
  levels: Uint8Array;
  limit: number;
}

const NO_ROWS: Rows = { pattern: "", label: "", shape: "", choices: [], rows: [], token: 0 };

export function readRows(frame: Record<string, unknown>): Rows {
  if (isEmpty(frame)) return NO_ROWS;
  const { text, token } = decode<{ text: string; token: number }>(frame);
  return { ...JSON.parse(text), token };
}

/** What was measured, if it is of these rows: names and numbers travel as several traits. */
export function readGrid(frame: Record<string, unknown>, rows: Rows): Grid | undefined {
  if (isEmpty(frame)) return undefined;
  const read = decode<Omit<Grid, "sentences"> & { sentences: string }>(frame);
  return read.token === rows.token ? { ...read, sentences: JSON.parse(read.sentences) } : undefined;
}

export function readPairs(frame: Record<string, unknown>, rows: Rows): Pairs | undefined {
  if (isEmpty(frame)) return undefined;
  const { limit, token, ...read } = decode<Omit<Pairs, "limit"> & { limit: Numbers; token: number }>(frame);
  return token === rows.token ? { ...read, limit: limit[0] ?? 0 } : undefined;
}

export const widthOf = ({ rows }: Rows): number => Math.max(0, ...rows.map(({ numbers }) => numbers.length));

export const sheetOf = (rows: Rows, table: Table): Sheet => ({
  height: rows.rows.length,
  width: widthOf(rows),
  levels: table.levels,
  known: table.known,
});

/** Where the cosine of two different experts stands among those above the diagonal. */
export function pairIndex(count: number, first: number, second: number): number {
  const [row, column] = first < second ? [first, second] : [second, first];
  return (row * (2 * count - row - 1)) / 2 + column - row - 1;
}

/** Two by two, as a sheet; the diagonal, where each expert is compared with itself, stays empty. */
export function pairSheet({ count, cosines, levels }: Pairs): Sheet {
  const sheet = new Uint8Array(count * count);
  const known = new Uint8Array(count * count);
  for (let row = 0; row < count; row++)
    for (let column = 0; column < count; column++) {
      if (row === column) continue;
      const at = pairIndex(count, row, column);
      sheet[row * count + column] = levels[at] ?? 0;
      known[row * count + column] = Number(!Number.isNaN(cosines[at] ?? Number.NaN));
    }
  return { height: count, width: count, levels: sheet, known };
}

/** The key of the tensor that holds an expert. */
export const nameOf = ({ names }: Row, place: number): string =>
  names[Math.min(place, names.length - 1)] ?? "";

export interface Selected {
  row: number;
  place: number;
}

/** The selected expert; null while a layer of another pattern is selected. */
export function selectedIn(rows: Rows, layer: string, expert: number): Selected | null {
  const row = rows.rows.findIndex(({ names }) => names.includes(layer));
  const found = rows.rows[row];
  if (!found) return null;
  const own = found.names.length === 1 ? expert : found.names.indexOf(layer);
  return { row, place: Math.min(own, found.numbers.length - 1) };
}

export interface Layout {
  left: number;
  top: number;
  /** Sizes of a cell in CSS pixels, of whole device pixels. */
  cellWidth: number;
  cellHeight: number;
  width: number;
  height: number;
}

/** Cells as large as fit, from `least` to `most` times the text's size; the rest scrolls. */
export function layOut(
  { height, width }: Pick<Sheet, "height" | "width">,
  room: number,
  em: number,
  ratio: number,
  square: boolean,
): Layout {
  const [left, top] = [Math.ceil(3.4 * em), Math.ceil(1.7 * em)];
  const whole = (size: number) => Math.max(1, Math.floor(size * ratio)) / ratio;
  const cellWidth = whole(Math.min(Math.max((room - left) / Math.max(width, 1), 3), 2 * em));
  const cellHeight = square ? cellWidth : whole(Math.min(Math.max(cellWidth, 0.7 * em), 1.5 * em));
  return {
    left,
    top,
    cellWidth,
    cellHeight,
    width: Math.ceil(left + width * cellWidth + 2),
    height: Math.ceil(top + height * cellHeight + 2),
  };
}

/** The cell under a point, given in CSS pixels. */
export function cellAt(
  { left, top, cellWidth, cellHeight }: Layout,
  { height, width }: Pick<Sheet, "height" | "width">,
  x: number,
  y: number,
): Selected | null {
  const [row, place] = [Math.floor((y - top) / cellHeight), Math.floor((x - left) / cellWidth)];
  return row >= 0 && row < height && place >= 0 && place < width ? { row, place } : null;
}
