/** Draws one small histogram with its title, its axes and what is marked on it. */

import { formatCompact, formatWeight, linear } from "./axis";
import type { Palette } from "./canvas";
import { type Bars, countsOf, FAILED, highest, isDrawn, rangeOf, STALE } from "./gallery_data";

export interface Place {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Marks {
  selected: boolean;
  hovered: boolean;
  bin: number | null;
}

/** The part of a cell where bars stand, in CSS pixels. */
export function plotOf({ x, y, width, height }: Place, em: number): Place {
  const [left, top] = [3.6 * em, 2.9 * em];
  return {
    x: Math.round(x + left),
    y: Math.round(y + top),
    width: Math.floor(width - left - 1.2 * em),
    height: Math.floor(height - top - 3.1 * em),
  };
}

/** The text, or as much of it as fits; each cut costs a measurement, so the middle is searched. */
export function shorten(context: CanvasRenderingContext2D, text: string, room: number): string {
  if (context.measureText(text).width <= room) return text;
  let [fits, tooLong] = [0, text.length];
  while (tooLong - fits > 1) {
    const middle = (fits + tooLong) >> 1;
    if (context.measureText(`${text.slice(0, middle)}…`).width <= room) fits = middle;
    else tooLong = middle;
  }
  return `${text.slice(0, fits)}…`;
}

/** Device pixel columns where the bars begin: neighbours share an edge, so there are no seams. */
export function barEdges(plot: Place, bins: number, ratio: number): number[] {
  const scale = linear(0, bins, Math.round(plot.x * ratio), Math.round((plot.x + plot.width) * ratio));
  return Array.from({ length: bins + 1 }, (_, place) => Math.round(scale(place)));
}

/** Heights in device pixels: exact to a pixel, but a count above zero is never invisible. */
export function barHeights(counts: ArrayLike<number>, plot: Place, ratio: number): number[] {
  const most = highest(counts as never);
  const full = Math.round(plot.height * ratio);
  return Array.from(counts, (count) => (count > 0 ? Math.max(1, Math.round((full * count) / most)) : 0));
}

/** A line as thin as goes with text of that size. */
const hairline = (em: number): number => Math.max(1, Math.round(em / 12));

function drawBars(
  context: CanvasRenderingContext2D,
  plot: Place,
  counts: ArrayLike<number>,
  palette: Palette,
  marks: Marks,
): void {
  const ratio = context.getTransform().a;
  const edges = barEdges(plot, counts.length, ratio);
  const heights = barHeights(counts, plot, ratio);
  const base = Math.round((plot.y + plot.height) * ratio);
  context.save();
  context.setTransform(1, 0, 0, 1, 0, 0);
  heights.forEach((height, bin) => {
    const [from = 0, to = 0] = [edges[bin], edges[bin + 1]];
    context.fillStyle = bin === marks.bin ? palette.overlay : marks.selected ? palette.accent : palette.bar;
    if (height > 0) context.fillRect(from, base - height, Math.max(1, to - from), height);
  });
  context.restore();
}

function drawAxes(
  context: CanvasRenderingContext2D,
  plot: Place,
  [low, high]: [number, number],
  most: number,
  palette: Palette,
  em: number,
): void {
  const [right, base] = [plot.x + plot.width, plot.y + plot.height];
  context.fillStyle = palette.line;
  context.fillRect(plot.x, base, plot.width, hairline(em));
  context.fillStyle = palette.muted;
  context.font = palette.font.replace(/^\S+/, `${0.92 * em}px`);
  context.textBaseline = "middle";
  context.textAlign = "right";
  context.fillText(formatCompact(most), plot.x - 0.35 * em, plot.y + 0.3 * em);
  context.textAlign = "left";
  context.fillText("count", plot.x, plot.y - 0.55 * em);
  const labels = base + 0.85 * em;
  const [lowest, top] = [formatWeight(low), formatWeight(high)];
  context.fillText(lowest, plot.x, labels);
  context.textAlign = "right";
  context.fillText(top, right, labels);
  if (low < 0 && high > 0) {
    const zero = linear(low, high, plot.x, right)(0);
    context.fillRect(Math.round(zero), base, hairline(em), 0.3 * em);
    const half = context.measureText("0").width;
    const clear = zero - half > plot.x + context.measureText(lowest).width + 4;
    context.textAlign = "center";
    if (clear && zero + half < right - context.measureText(top).width - 4)
      context.fillText("0", zero, labels);
  }
  context.textAlign = "center";
  context.fillText("weight value", (plot.x + right) / 2, labels + 1.15 * em);
}

/** Draw the cell of one layer. */
export function drawCell(
  context: CanvasRenderingContext2D,
  place: Place,
  bars: Bars | undefined,
  index: number,
  label: string,
  palette: Palette,
  em: number,
  marks: Marks,
): void {
  const plot = plotOf(place, em);
  if (marks.selected || marks.hovered) {
    context.strokeStyle = marks.selected ? palette.accent : palette.line;
    context.lineWidth = hairline(em) * (marks.selected ? 2 : 1);
    context.strokeRect(place.x + 2, place.y + 2, place.width - 4, place.height - 4);
  }
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillStyle = palette.text;
  context.font = `600 ${palette.font}`;
  const title = shorten(context, label, place.width - 1.6 * em);
  context.fillText(title, place.x + 0.8 * em, place.y + 1.15 * em);
  context.font = palette.font;
  const unread = bars?.state[index] === FAILED ? (bars.sentences[index] ?? "") : "…";
  if (!isDrawn(bars, index)) {
    context.fillStyle = palette.muted;
    const [left, middle] = [place.x + 0.8 * em, plot.y + plot.height / 2];
    context.fillText(shorten(context, unread, place.width - 1.6 * em), left, middle);
    return;
  }
  const counts = countsOf(bars, index);
  // Weights that changed since are drawn pale until they are counted again.
  context.globalAlpha = bars.state[index] === STALE ? 0.5 : 1;
  drawBars(context, plot, counts, palette, marks);
  context.globalAlpha = 1;
  drawAxes(context, plot, rangeOf(bars, index), highest(counts), palette, em);
}
