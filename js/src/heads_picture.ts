/** From levels to pixels: every entry a square of whole device pixels in exactly its colour. */

import { deviceRatio } from "./canvas";
import { paintScale, weightColor } from "./color";

const LEGEND_HEIGHT = 9;

export interface Leveled {
  height: number;
  width: number;
  levels: Uint8Array;
  flags: Uint8Array | null;
}

export interface Spot {
  row: number;
  column: number;
}

/** How many device pixels wide an entry is, so that a picture fits into a box given in CSS pixels. */
export function scaleFor({ height, width }: Leveled, boxWidth: number, boxHeight: number): number {
  const ratio = deviceRatio();
  return Math.max(1, Math.floor(Math.min((boxWidth * ratio) / width, (boxHeight * ratio) / height)));
}

/** Draw the picture that begins at entry `start` of the levels. */
export function drawLevels(canvas: HTMLCanvasElement, from: Leveled, start: number, scale: number): void {
  const { height, width, levels, flags } = from;
  const ratio = deviceRatio();
  canvas.width = width * scale;
  canvas.height = height * scale;
  canvas.style.width = `${canvas.width / ratio}px`;
  canvas.style.height = `${canvas.height / ratio}px`;
  const context = canvas.getContext("2d");
  if (!context) throw new Error("this browser gives no 2D canvas");
  const image = context.createImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(image.data.buffer);
  const colors = new Map<number, number>();
  const packed = (entry: number) => {
    const key = (flags?.[entry] ?? 0) * 256 + (levels[entry] ?? 0);
    const known = colors.get(key);
    if (known !== undefined) return known;
    const color = weightColor(key & 255, key >> 8);
    const bytes = new Uint32Array(Uint8Array.of(...color, 255).buffer)[0] ?? 0;
    colors.set(key, bytes);
    return bytes;
  };
  for (let row = 0; row < height; row++) {
    const line = row * scale * canvas.width;
    for (let column = 0; column < width; column++)
      pixels.fill(packed(start + row * width + column), line + column * scale, line + (column + 1) * scale);
    for (let copy = 1; copy < scale; copy++)
      pixels.copyWithin(line + copy * canvas.width, line, line + canvas.width);
  }
  context.putImageData(image, 0, 0);
}

/** Which entry is at a place given in CSS pixels from the canvas' corner. */
export function spotAt(from: Leveled, scale: number, x: number, y: number): Spot | null {
  const ratio = deviceRatio();
  const [row, column] = [Math.floor((y * ratio) / scale), Math.floor((x * ratio) / scale)];
  return row >= 0 && column >= 0 && row < from.height && column < from.width ? { row, column } : null;
}

/** Frame one entry, in two colours so that it shows on any. */
export function markSpot(
  canvas: HTMLCanvasElement,
  scale: number,
  { row, column }: Spot,
  [inner, outer]: readonly [string, string],
): void {
  const context = canvas.getContext("2d");
  for (const [color, inset] of [
    [outer, -1.5],
    [inner, -0.5],
  ] as const) {
    if (!context) return;
    context.strokeStyle = color;
    context.lineWidth = 1;
    const side = scale - 2 * inset;
    context.strokeRect(column * scale + inset, row * scale + inset, side, side);
  }
}

/** The colours from the lower to the upper end of a symmetric scale. */
export function drawLegend(canvas: HTMLCanvasElement, width: number): void {
  canvas.width = width;
  canvas.height = LEGEND_HEIGHT;
  const context = canvas.getContext("2d");
  if (context) paintScale(context, width, LEGEND_HEIGHT);
}
