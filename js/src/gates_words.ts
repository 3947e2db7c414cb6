/** What is said of gates, for the caption and the live region. */

import { formatCount, formatWeight } from "./axis";
import {
  type Bars,
  countOf,
  type GateBlock,
  type GateFrame,
  rowName,
  type ShownBlock,
  type Spectra,
} from "./gates_data";

export const BLOCKS: readonly (readonly [GateBlock, string])[] = [
  ["hidden", "hidden W_hh"],
  ["input", "input W_ih"],
  ["bias", "bias"],
];

/** Marks of the gates, as they are drawn in the plane. */
export const MARKS = ["●", "■", "▲", "◆"] as const;

const span = (word: string, at: number, block: number, all: number): string =>
  block === 1 ? `${word} ${at}` : `${word}s ${at * block} to ${Math.min((at + 1) * block, all) - 1}`;

/** One value of a picture, or the strongest of those that its pixel stands for. */
export function valueSentence(
  frame: GateFrame,
  shown: ShownBlock,
  row: number,
  line: number,
  column: number,
): string {
  const { height, width, block_rows, block_cols, rows, cols, block } = shown;
  const value = shown.values[(row * height + line) * width + column] ?? Number.NaN;
  const across = { input: "input", hidden: "state", bias: "unit" }[block];
  const down = block === "bias" ? "" : `${span("unit", line, block_rows, rows)}, `;
  const where = `${down}${span(across, column, block_cols, cols)}`;
  const strongest = block_rows * block_cols > 1 ? "strongest " : "";
  return `${rowName(frame, shown, row)}: ${where}: ${strongest}${formatWeight(value)}`;
}

/** One bar. */
export function barSentence(
  frame: GateFrame,
  shown: ShownBlock,
  bars: Bars,
  row: number,
  bin: number,
): string {
  const [low, high] = [bars.edges[bin] ?? Number.NaN, bars.edges[bin + 1] ?? Number.NaN];
  const count = countOf(bars, row, bin);
  const what = shown.block === "bias" ? "bias" : "weight";
  const many = shown.block === "bias" ? "biases" : "weights";
  return `${rowName(frame, shown, row)}: ${formatWeight(low)} to ${formatWeight(high)}: ${formatCount(count)} ${count === 1 ? what : many}`;
}

/** One eigenvalue, its magnitude and its place among those of its gate. */
export function eigenvalueSentence(frame: GateFrame, spectra: Spectra, gate: number, place: number): string {
  const [real, imag] = [spectra.real[gate]?.[place] ?? Number.NaN, spectra.imag[gate]?.[place] ?? Number.NaN];
  const count = spectra.real[gate]?.length ?? 0;
  const turned = imag === 0 ? "" : ` ${imag < 0 ? "−" : "+"} ${formatWeight(Math.abs(imag))}i`;
  return `${frame.names[gate] ?? ""}: eigenvalue ${place + 1} of ${count}: ${formatWeight(real)}${turned}, magnitude ${formatWeight(Math.hypot(real, imag))}`;
}

/** The scale that the pictures share, and what a pixel stands for. */
export function scaleSentence({ block, limit, block_rows, block_cols }: ShownBlock): string {
  const end = limit[0] ?? 0;
  const pixel =
    block_rows * block_cols > 1
      ? ` A pixel is the strongest of ${block_rows} x ${block_cols} ${block === "bias" ? "biases" : "weights"}.`
      : "";
  return `All gates on one scale, ${formatWeight(-end)} to ${formatWeight(end)}.${pixel}`;
}

/** How many numbers of a row are left out of what is told of it; "" for none. */
export const strayWords = (count: number): string =>
  count === 0 ? "" : `${formatCount(count)} NaN or infinite, left out`;
