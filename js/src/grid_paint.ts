/** From levels to pixels: every weight a square of whole device pixels in exactly its colour. */

import { diverging, gray, hatching, kept, notANumber, type Rgb, strayColor } from "./color";
import type { Frame, Leveled, Tile } from "./grid_data";

const { floor, round } = Math;

const FAINT = round(255 * kept);

/** A mosaic of cells, each `height` x `width` pixels of `scale` x `scale` device pixels, `gap` between cells. */
export interface Mosaic {
  cells: number;
  cell_rows: number;
  cell_cols: number;
  height: number;
  width: number;
  depth: number;
  scale: number;
  gap: number;
}

export interface Spot {
  cell: number;
  row: number;
  column: number;
}

export const mosaicWidth = (mosaic: Mosaic): number =>
  mosaic.cell_cols * (mosaic.width * mosaic.scale + mosaic.gap) - mosaic.gap;

export const mosaicHeight = (mosaic: Mosaic): number =>
  mosaic.cell_rows * (mosaic.height * mosaic.scale + mosaic.gap) - mosaic.gap;

/** The upper left device pixel of one weight's square. */
export function cornerOf(mosaic: Mosaic, { cell, row, column }: Spot): { x: number; y: number } {
  const { cell_cols, width, height, scale, gap } = mosaic;
  return {
    x: (cell % cell_cols) * (width * scale + gap) + column * scale,
    y: floor(cell / cell_cols) * (height * scale + gap) + row * scale,
  };
}

/** Which weight is drawn at a device pixel; null between cells. */
export function spotAt(mosaic: Mosaic, x: number, y: number): Spot | null {
  const { cells, cell_cols, width, height, scale, gap } = mosaic;
  const [stepX, stepY] = [width * scale + gap, height * scale + gap];
  const [acrossCell, downCell] = [floor(x / stepX), floor(y / stepY)];
  const column = floor((x - acrossCell * stepX) / scale);
  const row = floor((y - downCell * stepY) / scale);
  const cell = downCell * cell_cols + acrossCell;
  const inside = x >= 0 && y >= 0 && acrossCell < cell_cols && column < width && row < height && cell < cells;
  return inside ? { cell, row, column } : null;
}

/** Where a weight stands in the tile's arrays, colour components counted as one. */
export const indexOf = (mosaic: Pick<Mosaic, "height" | "width">, { cell, row, column }: Spot): number =>
  (cell * mosaic.height + row) * mosaic.width + column;

/** The colour of a pixel that holds a NaN or an infinity, the NaN first; null where all is finite. */
function stray(values: Leveled["values"], start: number, depth: number): Rgb | null {
  let worst: number | null = null;
  for (let index = start; index < start + depth; index++) {
    const value = values[index] ?? 0;
    if (Number.isNaN(value)) return notANumber;
    if (!Number.isFinite(value)) worst = Math.max(worst ?? value, value);
  }
  return worst === null ? null : strayColor(worst);
}

/** Write the colour of each pixel of a tile into `out`, four bytes each: red, green, blue, opacity. */
export function colorize(
  from: Leveled & { start: number; mask: Tile["mask"] },
  pixels: number,
  depth: number,
  color: Frame["color"],
): Uint8ClampedArray {
  const out = new Uint8ClampedArray(4 * pixels);
  const table = color === "gray" ? gray : diverging;
  for (let pixel = 0; pixel < pixels; pixel++) {
    const at = from.start + pixel * depth;
    const source = depth === 3 ? from.levels : table;
    const place = depth === 3 ? at : 3 * (from.levels[at] ?? 0);
    const wrong = from.nonfinite ? stray(from.values, at, depth) : null;
    for (let part = 0; part < 3; part++) out[4 * pixel + part] = wrong?.[part] ?? source[place + part] ?? 0;
    out[4 * pixel + 3] = isFaint(from.mask, pixel) ? FAINT : 255;
  }
  return out;
}

function isFaint(mask: Tile["mask"], pixel: number): boolean {
  if (!mask) return false;
  const bit = mask.start + pixel;
  return (((mask.bits[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 0;
}

/** Enlarge colours to an image; what lies between cells stays transparent. */
export function enlarge(colors: Uint8ClampedArray, mosaic: Mosaic): ImageData {
  const { cells, width, height, scale } = mosaic;
  const image = new ImageData(mosaicWidth(mosaic), mosaicHeight(mosaic));
  const [from, to] = [new Uint32Array(colors.buffer), new Uint32Array(image.data.buffer)];
  for (let cell = 0; cell < cells; cell++) {
    for (let row = 0; row < height; row++) {
      const { x, y } = cornerOf(mosaic, { cell, row, column: 0 });
      const start = y * image.width + x;
      for (let column = 0; column < width; column++) {
        const color = from[(cell * height + row) * width + column] ?? 0;
        to.fill(color, start + column * scale, start + (column + 1) * scale);
      }
      for (let line = 1; line < scale; line++)
        to.copyWithin(start + line * image.width, start, start + width * scale);
    }
  }
  return image;
}

/** Draw thin lines across what is faint. */
export function hatch(image: ImageData): ImageData {
  const { data, width } = image;
  const line = [...hatching.color, round(255 * hatching.opacity)];
  for (let pixel = 0; 4 * pixel < data.length; pixel++)
    if (data[4 * pixel + 3] === FAINT && (pixel + floor(pixel / width) * (1 - width)) % hatching.step === 0)
      data.set(line, 4 * pixel);
  return image;
}

/** A tile at its final size. */
export function tileImage(tile: Tile, mosaic: Mosaic, color: Frame["color"]): ImageData {
  const colors = colorize(tile, mosaic.cells * mosaic.height * mosaic.width, mosaic.depth, color);
  const image = enlarge(colors, mosaic);
  return tile.mask ? hatch(image) : image;
}
