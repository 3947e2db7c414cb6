/** The picture and the histogram of one gate. */

import { formatCompact, linear, weightTicks } from "./axis";
import { deviceRatio, emOf, fit, type Palette } from "./canvas";
import { weightColor } from "./color";
import { type Bars, countOf, type ShownBlock } from "./gates_data";

/** How many device pixels an entry takes, across and down: whole ones, and vectors as high as a finger. */
export function stretch(shown: ShownBlock, width: number, height: number): readonly [number, number] {
  const ratio = deviceRatio();
  const across = Math.max(1, Math.floor((width * ratio) / shown.width));
  if (shown.height === 1) return [across, Math.max(1, Math.round(0.3 * height * ratio))];
  const square = Math.max(1, Math.min(across, Math.floor((height * ratio) / shown.height)));
  return [square, square];
}

export interface Place {
  line: number;
  column: number;
}

/** Draw one row's picture, each entry `scale` device pixels, and frame the entry that is read. */
export function drawBlock(
  canvas: HTMLCanvasElement,
  shown: ShownBlock,
  row: number,
  [across, down]: readonly [number, number],
  palette: Palette,
  read: Place | null,
): void {
  const { height, width, levels, flags } = shown;
  const ratio = deviceRatio();
  const sheet = fit(canvas, (width * across) / ratio, (height * down) / ratio).context;
  const small = document.createElement("canvas");
  [small.width, small.height] = [width, height];
  const image = new ImageData(width, height);
  for (let entry = 0; entry < width * height; entry++) {
    const from = row * width * height + entry;
    const color = weightColor(levels[from] ?? 0, flags?.[from] ?? 0);
    image.data.set([...color, 255], 4 * entry);
  }
  small.getContext("2d")?.putImageData(image, 0, 0);
  sheet.setTransform(1, 0, 0, 1, 0, 0);
  sheet.imageSmoothingEnabled = false;
  sheet.drawImage(small, 0, 0, width * across, height * down);
  if (!read) return;
  for (const [color, out] of [
    [palette.text, 1.5],
    [palette.surface, 0.5],
  ] as const) {
    sheet.strokeStyle = color;
    const [x, y] = [read.column * across, read.line * down];
    sheet.strokeRect(x - out, y - out, across + 2 * out, down + 2 * out);
  }
}

/** Which entry is at a place given in CSS pixels from the canvas' corner. */
export function placeAt(
  shown: ShownBlock,
  [across, down]: readonly [number, number],
  x: number,
  y: number,
): Place | null {
  const ratio = deviceRatio();
  const [line, column] = [Math.floor((y * ratio) / down), Math.floor((x * ratio) / across)];
  const inside = line >= 0 && column >= 0 && line < shown.height && column < shown.width;
  return inside ? { line, column } : null;
}

/** Where the bars of a histogram `width` CSS pixels wide stand. */
export interface Plot {
  left: number;
  right: number;
  top: number;
  base: number;
}

export function plotOf(width: number, height: number, em: number): Plot {
  return { left: 0.4 * em, right: width - 0.4 * em, top: 1.3 * em, base: Math.round(height - 1.6 * em) };
}

/** The bin at x, kept within the first and the last. */
export function binAt(plot: Plot, bins: number, x: number): number {
  const share = (x - plot.left) / Math.max(plot.right - plot.left, 1);
  return Math.min(Math.max(Math.floor(share * bins), 0), bins - 1);
}

/** Draw one row's histogram on the range and up to the count that all rows share. */
export function drawBars(
  canvas: HTMLCanvasElement,
  bars: Bars,
  row: number,
  [width, height]: readonly [number, number],
  palette: Palette,
  read: number | null,
): void {
  const em = emOf(palette);
  const plot = plotOf(width, height, em);
  const { context } = fit(canvas, width, height);
  let most = 1;
  for (const count of bars.counts) most = Math.max(most, count);
  const x = linear(0, bars.bins, plot.left, plot.right);
  for (let bin = 0; bin < bars.bins; bin++) {
    const count = countOf(bars, row, bin);
    const tall = count === 0 ? 0 : Math.max(1, ((plot.base - plot.top) * count) / most);
    const left = Math.round(x(bin));
    context.fillStyle = bin === read ? palette.overlay : palette.bar;
    const wide = Math.max(1, Math.round(x(bin + 1)) - left);
    context.fillRect(left, plot.base - tall, wide, tall);
  }
  context.fillStyle = palette.line;
  context.fillRect(plot.left, plot.base, plot.right - plot.left, 1);
  const [low, high] = [bars.edges[0] ?? 0, bars.edges[bars.bins] ?? 1];
  const across = linear(low, high, plot.left, plot.right);
  context.font = palette.font.replace(/^\S+/, `${0.86 * em}px`);
  context.fillStyle = palette.muted;
  context.textBaseline = "middle";
  context.textAlign = "left";
  context.fillText(formatCompact(most), plot.left, 0.6 * em);
  for (const tick of weightTicks(low, high, across, Math.max(2, Math.floor(width / (6 * em))))) {
    context.fillRect(Math.round(tick.position), plot.base, 1, 3);
    context.textAlign = tick.position < 2 * em ? "left" : tick.position > width - 2 * em ? "right" : "center";
    context.fillText(tick.label, tick.position, plot.base + 0.95 * em);
  }
}
