/** The frames of the recurrent gates, and which layer a choice leads to. */

import { decode, isEmpty } from "./wire";

export type GateBlock = "input" | "hidden" | "bias";

/** One layer and direction of a recurrent module. */
export interface Listed {
  module: string;
  /** null for a cell. */
  number: number | null;
  reverse: boolean;
  /** The tensor by which it is chosen. */
  key: string;
  layers: string[];
  bias: boolean;
}

export interface GateFrame {
  token: number;
  title: string;
  description: string;
  equation: string;
  names: string[];
  roles: string[];
  meanings: string[];
  /** What each gate's bias is on average; "" without one. */
  biases: string[];
  forget: string;
  cautions: string[];
  notes: string[];
}

/** As in `widgets/_gates_frames.py`: the columns of `numbers`. */
export const NUMBERS = ["mean", "std", "rms", "min", "max"] as const;

export interface ShownBlock {
  token: number;
  block: GateBlock;
  /** The gate of each row, its place among the names. */
  gates: number[];
  /** Which biases a row is; "" for weights. */
  labels: string[];
  height: number;
  width: number;
  rows: number;
  cols: number;
  block_rows: number;
  block_cols: number;
  limit: Float64Array;
  levels: Uint8Array;
  flags: Uint8Array | null;
  values: Float32Array | Float64Array;
  numbers: Float64Array;
  strays: number[];
}

export interface Bars {
  token: number;
  block: GateBlock;
  bins: number;
  edges: Float32Array | Float64Array;
  counts: Uint8Array | Uint16Array | Uint32Array | Float64Array;
}

export interface Spectra {
  token: number;
  state: "done" | "working" | "offered" | "refused";
  sentence: string;
  /** For each gate that is done, its eigenvalues by descending magnitude. */
  real: Float64Array[];
  imag: Float64Array[];
  radii: Float64Array;
  sentences: string[];
}

export function readListing(frame: Record<string, unknown>): Listed[] {
  return isEmpty(frame) ? [] : JSON.parse(decode<{ layers: string }>(frame).layers);
}

export function readFrame<Frame>(frame: Record<string, unknown>): Frame | undefined {
  return isEmpty(frame) ? undefined : decode<Frame>(frame);
}

/** The layer that is meant by a module, a number and a direction: what cannot be had gives way, the last first. */
export function nearest(layers: readonly Listed[], wanted: Listed): Listed | undefined {
  const agreeing = (one: Listed) =>
    4 * Number(one.module === wanted.module) +
    2 * Number(one.number === wanted.number) +
    Number(one.reverse === wanted.reverse);
  return layers.reduce<Listed | undefined>(
    (best, one) => (best && agreeing(best) >= agreeing(one) ? best : one),
    undefined,
  );
}

/** The values of one key among some layers, each once. */
export function distinct<K extends "module" | "number" | "reverse">(
  layers: readonly Listed[],
  key: K,
): Listed[K][] {
  return [...new Set(layers.map((one) => one[key]))];
}

/** A gate's row: its letter and, of biases, which. */
export function rowName(frame: GateFrame, shown: ShownBlock, row: number): string {
  const label = shown.labels[row] ?? "";
  return `${frame.names[shown.gates[row] ?? 0] ?? ""}${label ? ` · ${label}` : ""}`;
}

export const countOf = (bars: Bars, row: number, bin: number): number =>
  bars.counts[row * bars.bins + bin] ?? 0;

/** Every number of the view, a line each: the rows' own, their counts, the eigenvalues. */
export function numberRows(
  frame: GateFrame,
  shown: ShownBlock,
  bars: Bars | null,
  spectra: Spectra | null,
): (string | number)[][] {
  const lines: (string | number)[][] = [["gate", "block", "quantity", "place", "value"]];
  shown.gates.forEach((_, row) => {
    const name = rowName(frame, shown, row);
    NUMBERS.forEach((quantity, column) => {
      lines.push([name, shown.block, quantity, "", shown.numbers[row * NUMBERS.length + column] ?? 0]);
    });
    lines.push([name, shown.block, "not_finite", "", shown.strays[row] ?? 0]);
    for (let bin = 0; bars && bin < bars.bins; bin++)
      lines.push([name, shown.block, "count", bin, countOf(bars, row, bin)]);
  });
  bars?.edges.forEach((edge, place) => {
    lines.push(["all", shown.block, "bin_edge", place, edge]);
  });
  spectra?.real.forEach((real, gate) => {
    const name = frame.names[gate] ?? "";
    lines.push([name, "hidden", "spectral_radius", "", spectra.radii[gate] ?? 0]);
    real.forEach((value, place) => {
      lines.push([name, "hidden", "eigenvalue_real", place, value]);
      lines.push([name, "hidden", "eigenvalue_imag", place, spectra.imag[gate]?.[place] ?? 0]);
    });
  });
  return lines;
}
