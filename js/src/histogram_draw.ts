/** Draws bars, the filter's outline, axes and the selected band. Bars stand on whole device pixels: no seams. */

import { countTicks, decadeTicks, linear, type Tick, weightTicks } from "./axis";
import { deviceRatio, fit, type Palette } from "./canvas";

export interface Scene {
  low: number;
  high: number;
  counts: Float64Array;
  /** Counts of the filter in the same bins. */
  overlay: Float64Array | null;
  overlayLabel: string;
  log: boolean;
  /** The bin under the pointer or the keyboard's cursor. */
  bin: number | null;
  /** The selected part of the range, from 0 (its low end) to 1. */
  band: readonly [number, number] | null;
}

/** The area of the bars, in device pixels. */
export interface Plot {
  left: number;
  right: number;
  top: number;
  bottom: number;
  ratio: number;
  /** What a line takes that is as thin as goes with the text, in device pixels. */
  line: number;
}

export function plotOf(width: number, height: number, ratio: number, em: number): Plot {
  const at = (length: number) => Math.round(length * ratio);
  return {
    left: at(4.4 * em),
    right: at(width - 4.4 * em),
    top: at(2 * em),
    bottom: at(height - 3.1 * em),
    ratio,
    line: Math.max(1, at(em / 12)),
  };
}

/** Device pixels between which the bars stand: bin `i` fills the columns from `x[i]` up to `x[i + 1]`. */
export function barColumns({ left, right }: Plot, bins: number): Int32Array {
  return Int32Array.from({ length: bins + 1 }, (_, index) =>
    Math.round(left + ((right - left) * index) / bins),
  );
}

/** The part of the axis that a count reaches. A logarithmic axis begins at one half, so that 1 is seen. */
function reach(count: number, most: number, log: boolean): number {
  if (count <= 0 || most <= 0) return 0;
  return log ? Math.log(2 * count) / Math.log(2 * most) : count / most;
}

/** Bar heights in device pixels; a bin that holds anything shows at least one. */
export function barHeights(counts: Float64Array, most: number, plot: Plot, log: boolean): Int32Array {
  const full = plot.bottom - plot.top;
  return Int32Array.from(counts, (count) =>
    count > 0 ? Math.max(1, Math.round(reach(count, most, log) * full)) : 0,
  );
}

/** Where there are more bins than columns, each column shows the highest of its bins. */
function highestPerColumn(counts: Float64Array, columns: number): Float64Array {
  const highest = new Float64Array(columns);
  for (let bin = 0; bin < counts.length; bin++) {
    const column = Math.floor((bin * columns) / counts.length);
    highest[column] = Math.max(highest[column] ?? 0, counts[bin] ?? 0);
  }
  return highest;
}

export interface Drawn {
  plot: Plot;
  /** Whether there are more bins than columns of pixels. */
  crowded: boolean;
}

export function draw(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
  scene: Scene,
  colors: Palette,
): Drawn {
  const { context } = fit(canvas, width, height);
  const ratio = deviceRatio();
  const plot = plotOf(width, height, ratio, Number.parseFloat(colors.font));
  const columns = Math.max(1, plot.right - plot.left);
  const bins = scene.counts.length;
  const shown = Math.min(bins, columns);
  const seen = (counts: Float64Array) => (shown < bins ? highestPerColumn(counts, shown) : counts);
  const x = barColumns(plot, shown);
  const most = highest(scene.counts);
  const overlayMost = highest(scene.overlay ?? []);
  const marked = scene.bin === null ? null : Math.floor((scene.bin * shown) / bins);
  context.setTransform(1, 0, 0, 1, 0, 0);
  drawBars(context, x, barHeights(seen(scene.counts), most, plot, scene.log), plot, marked, colors);
  drawBand(context, plot, scene.band, colors);
  if (scene.overlay)
    drawOutline(context, x, barHeights(seen(scene.overlay), overlayMost, plot, scene.log), plot, colors);
  drawZero(context, plot, scene, colors);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  drawAxes(context, plot, { most, overlayMost }, scene, width, colors);
  return { plot, crowded: shown < bins };
}

function highest(counts: Iterable<number>): number {
  let most = 0;
  for (const count of counts) most = Math.max(most, count);
  return most;
}

function drawBars(
  context: CanvasRenderingContext2D,
  x: Int32Array,
  heights: Int32Array,
  { top, bottom }: Plot,
  marked: number | null,
  colors: Palette,
): void {
  context.fillStyle = colors.bar;
  for (let bin = 0; bin < heights.length; bin++) fillBar(context, x, bin, bottom, heights[bin] ?? 0);
  if (marked === null) return;
  context.fillStyle = colors.accent;
  context.globalAlpha = 0.12;
  fillBar(context, x, marked, bottom, bottom - top);
  context.globalAlpha = 1;
  fillBar(context, x, marked, bottom, heights[marked] ?? 0);
}

function fillBar(
  context: CanvasRenderingContext2D,
  x: Int32Array,
  bin: number,
  bottom: number,
  height: number,
): void {
  const [from = 0, to = 0] = [x[bin], x[bin + 1]];
  if (height > 0) context.fillRect(from, bottom - height, to - from, height);
}

/** One outline over all of the filter's bars, whose upper side stands at the count. */
function drawOutline(
  context: CanvasRenderingContext2D,
  x: Int32Array,
  heights: Int32Array,
  { left, right, bottom, line: thin }: Plot,
  colors: Palette,
): void {
  // Not wider than a third of a bar, or narrow bars would be all outline.
  const third = Math.floor((right - left) / heights.length / 3);
  const line = Math.max(1, Math.min(Math.round(1.5 * thin), third));
  context.fillStyle = colors.overlay;
  context.globalAlpha = 0.16;
  for (let bin = 0; bin < heights.length; bin++) fillBar(context, x, bin, bottom, heights[bin] ?? 0);
  context.globalAlpha = 1;
  let before = 0;
  for (let bin = 0; bin <= heights.length; bin++) {
    const height = heights[bin] ?? 0;
    const from = x[bin] ?? 0;
    const [low, high] = [Math.min(before, height), Math.max(before, height)];
    const side = height >= before ? from : from - line;
    if (high > low) context.fillRect(side, bottom - high, line, high - low);
    if (height > 0) context.fillRect(from, bottom - height, (x[bin + 1] ?? from) - from, line);
    before = height;
  }
}

function drawBand(
  context: CanvasRenderingContext2D,
  { left, right, top, bottom, line }: Plot,
  band: Scene["band"],
  colors: Palette,
): void {
  if (!band) return;
  const [from, to] = band.map((part) => Math.round(left + (right - left) * part)) as [number, number];
  context.fillStyle = colors.band;
  context.fillRect(from, top, to - from, bottom - top);
  context.fillStyle = colors.accent;
  context.fillRect(from, top, line, bottom - top);
  context.fillRect(to - line, top, line, bottom - top);
}

function drawZero(
  context: CanvasRenderingContext2D,
  { left, right, top, bottom, line }: Plot,
  { low, high }: Scene,
  colors: Palette,
): void {
  if (!(low < 0 && high > 0)) return;
  const x = Math.round(linear(low, high, left, right)(0));
  const dash = 3 * line;
  context.fillStyle = colors.text;
  context.globalAlpha = 0.55;
  for (let y = top; y < bottom; y += 2 * dash) context.fillRect(x, y, line, Math.min(dash, bottom - y));
  context.globalAlpha = 1;
}

function drawAxes(
  context: CanvasRenderingContext2D,
  plot: Plot,
  { most, overlayMost }: { most: number; overlayMost: number },
  scene: Scene,
  width: number,
  colors: Palette,
): void {
  const [left, right, top, bottom] = [plot.left, plot.right, plot.top, plot.bottom].map(
    (length) => length / plot.ratio,
  ) as [number, number, number, number];
  const em = Number.parseFloat(colors.font);
  const thin = plot.line / plot.ratio;
  context.font = colors.font;
  context.textBaseline = "middle";
  context.fillStyle = colors.line;
  context.fillRect(left, bottom, right - left, thin);
  const count = Math.max(2, Math.floor((bottom - top) / (3 * em)));
  const vertical = (highest: number): Tick[] => {
    const scale = (value: number) => bottom - reach(value, highest, scene.log) * (bottom - top);
    return scene.log ? decadeTicks(highest, scale) : countTicks(highest, scale, count);
  };
  drawCounts(context, vertical(most), left, -thin, colors.muted);
  context.textAlign = "left";
  context.fillText("count", 2, 0.75 * em);
  if (scene.overlay) {
    drawCounts(context, vertical(overlayMost), right, thin, colors.overlay);
    context.textAlign = "right";
    context.fillText(scene.overlayLabel, width - 2, 0.75 * em);
  }
  context.textAlign = "center";
  context.fillStyle = colors.muted;
  const across = Math.max(2, Math.floor((right - left) / (7 * em)));
  for (const tick of weightTicks(scene.low, scene.high, linear(scene.low, scene.high, left, right), across)) {
    context.fillRect(Math.round(tick.position), bottom, thin, 4 * thin);
    context.fillText(tick.label, tick.position, bottom + 0.95 * em);
  }
  context.fillText("weight value", (left + right) / 2, bottom + 2.35 * em);
}

/** Marks and labels on the left of `x` for a negative `line`, on its right else, as thick as that says. */
function drawCounts(
  context: CanvasRenderingContext2D,
  ticks: Tick[],
  x: number,
  line: number,
  color: string,
): void {
  context.fillStyle = color;
  context.textAlign = line < 0 ? "right" : "left";
  for (const { position, label } of ticks) {
    context.fillRect(x, Math.round(position), 4 * line, Math.abs(line));
    context.fillText(label, x + 7 * line, position);
  }
}

/** A copy of the drawing on the theme's surface, with a title above it. */
export function titled(canvas: HTMLCanvasElement, title: string, colors: Palette): HTMLCanvasElement {
  const ratio = deviceRatio();
  const em = Number.parseFloat(colors.font) * ratio;
  const picture = document.createElement("canvas");
  picture.width = canvas.width;
  picture.height = canvas.height + Math.round(2.2 * em);
  const context = picture.getContext("2d");
  if (!context) return picture;
  context.fillStyle = colors.surface;
  context.fillRect(0, 0, picture.width, picture.height);
  context.fillStyle = colors.text;
  context.font = `600 ${em}px ${colors.font.slice(colors.font.indexOf(" ") + 1)}`;
  context.textBaseline = "middle";
  context.fillText(title, 2 * ratio, 1.1 * em, picture.width - 4 * ratio);
  context.drawImage(canvas, 0, picture.height - canvas.height);
  return picture;
}
