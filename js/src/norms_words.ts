/** What the chart of norms says in words, and its numbers as CSV. */

import { formatCount, formatWeight } from "./axis";
import type { NormControlsState } from "./state";
import { toCsv } from "./view";
import { decode, isEmpty, type Numbers } from "./wire";

export interface Rows {
  names: string[];
  labels: string[];
  token: number;
}

export interface Norms {
  frobenius: Float64Array;
  rms: Float64Array;
  weights: Numbers;
  measured: number;
  failed: number;
  live: boolean;
  token: number;
}

export type Kind = NormControlsState["kind"];

export const KINDS: readonly (readonly [Kind, string])[] = [
  ["frobenius", "Frobenius norm"],
  ["rms", "RMS per weight"],
];

export const SENTENCES: Record<Kind, string> = {
  frobenius:
    "Frobenius grows with the square root of the number of weights: a higher bar can be a larger layer.",
  rms: "RMS does not grow with the number of weights: it compares layers of any size.",
};

const layers = (count: number): string => `${formatCount(count)} ${count === 1 ? "layer" : "layers"}`;

export function readRows(frame: Record<string, unknown>): Rows {
  if (isEmpty(frame)) return { names: [], labels: [], token: 0 };
  const { names, labels, token } = decode<{ names: string; labels: string; token: number }>(frame);
  return { names: JSON.parse(names), labels: JSON.parse(labels), token };
}

/** Why some layers have no bar, and how far the measuring is. */
export function remarks(norms: Norms, rows: Rows, kind: Kind, log: boolean): string[] {
  const said: string[] = [];
  const { measured, failed, live } = norms;
  const zeros = log ? norms[kind].filter((norm) => norm === 0).length : 0;
  if (measured < rows.names.length) said.push(`${measured} of ${layers(rows.names.length)} measured.`);
  if (failed > 0) said.push(`${layers(failed)} without values.`);
  if (zeros > 0) said.push(`${layers(zeros)} with norm 0: no bar on a logarithmic axis.`);
  if (live) said.push("Read while a cell was running: it may mix two training steps.");
  return said;
}

/** The norms, if they are those of these rows: names and numbers travel as two traits. */
export function readNorms(frame: Record<string, unknown>, rows: Rows): Norms | undefined {
  if (isEmpty(frame)) return undefined;
  const norms = decode<Norms>(frame);
  return norms.token === rows.token ? norms : undefined;
}

/** The norm of one layer as a sentence; "" where there is no such layer. */
export function sentence(index: number, kind: Kind, norms: Norms | undefined, rows: Rows): string {
  const label = rows.labels[index];
  if (label === undefined) return "";
  const norm = norms?.[kind][index] ?? Number.NaN;
  if (!Number.isFinite(norm)) return `${label}: no norm.`;
  const title = KINDS.find(([one]) => one === kind)?.[1] ?? "";
  const count = norms?.weights[index] ?? 0;
  return `${label}: ${title} ${formatWeight(norm)}, ${formatCount(count)} ${count === 1 ? "weight" : "weights"}.`;
}

export function normsAsCsv(rows: Rows, norms: Norms | undefined): string {
  const lines = rows.names.map((name, index) => [
    name,
    norms?.frobenius[index] ?? Number.NaN,
    norms?.rms[index] ?? Number.NaN,
    norms?.weights[index] ?? 0,
  ]);
  return toCsv([["layer", "frobenius", "rms", "weights"], ...lines]);
}
