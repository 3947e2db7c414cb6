/** How many tiles stand side by side, and how large: whole device pixels throughout. */

import type { Tiles } from "./grid_data";
import { type Mosaic, mosaicHeight, mosaicWidth } from "./grid_paint";

/** The sides of a tile in CSS pixels at the normal text size: at least about so large, and at most. */
const SIDES = { single: [15, 30], picture: [28, 88], mosaic: [88, 112] } as const;
/** The side of the tile that shows the selected filter enlarged, in CSS pixels at the normal text size. */
const ENLARGED = 144;
/** It is at least so many times as long as any tile: what is enlarged must look so. */
const CLEARLY = 1.75;
/** Between tiles; the cells of a mosaic have a gap of their own, from which this one must stand out. */
const GAPS = { single: 5, picture: 6, mosaic: 10 } as const;
/** Room for the ring around the selected tile, at the normal text size. */
export const MARGIN = 4;

function kindOf({ cells, cell_cols, cell_rows, height, width }: Tiles): keyof typeof SIDES {
  if (cell_cols * width * cell_rows * height === 1) return "single";
  return cells === 1 ? "picture" : "mosaic";
}

export interface Arrangement {
  mosaic: Mosaic;
  tileWidth: number;
  tileHeight: number;
  cols: number;
  rows: number;
  stepX: number;
  stepY: number;
  margin: number;
  height: number;
}

/** The largest scale at which a tile of that native size keeps within `side`, at least 1. */
function scaleFor(side: number, width: number, height: number): number {
  // A long strip may be longer than a square of the same area, but not much.
  const length = Math.max(Math.sqrt(width * height), Math.max(width, height) / 2);
  return Math.max(1, Math.floor(side / length));
}

export function mosaicOf(tiles: Tiles, scale: number, ratio: number): Mosaic {
  const { cells, cell_rows, cell_cols, height, width, depth } = tiles;
  const gap = cells > 1 && height * width > 1 ? Math.max(1, Math.round(ratio)) : 0;
  return { cells, cell_rows, cell_cols, height, width, depth, scale, gap };
}

function at(
  scale: number,
  tiles: Tiles,
  count: number,
  width: number,
  ratio: number,
  zoom: number,
): Arrangement {
  const mosaic = mosaicOf(tiles, scale, ratio);
  const [tileWidth, tileHeight] = [mosaicWidth(mosaic), mosaicHeight(mosaic)];
  const margin = Math.round(MARGIN * ratio * zoom);
  const gap = Math.round(GAPS[kindOf(tiles)] * ratio * zoom);
  const stepY = tileHeight + gap;
  const room = width * ratio - 2 * margin + gap;
  const cols = Math.max(1, Math.floor(room / (tileWidth + gap)));
  const rows = Math.ceil(count / cols);
  // What a full row leaves blank goes between its tiles.
  const spread = rows > 1 && cols > 1 ? Math.floor((room - gap - tileWidth) / (cols - 1)) : 0;
  const stepX = Math.max(tileWidth + gap, spread);
  const height = rows * stepY - gap + 2 * margin;
  return { mosaic, tileWidth, tileHeight, cols, rows, stepX, stepY, margin, height };
}

/**
 * Arrange `count` tiles in a field `width` CSS pixels wide: as large as lets all be seen at once within `room` CSS
 * pixels of height, and else at a size at which a tile can still be read.
 */
export function arrange(
  tiles: Tiles,
  count: number,
  width: number,
  room: number,
  ratio: number,
  zoom: number,
): Arrangement {
  const [nativeWidth, nativeHeight] = [tiles.cell_cols * tiles.width, tiles.cell_rows * tiles.height];
  const [least, most] = SIDES[kindOf(tiles)].map((side) =>
    scaleFor(side * ratio * zoom, nativeWidth, nativeHeight),
  ) as [number, number];
  for (let scale = most; scale > least; scale--) {
    const found = at(scale, tiles, count, width, ratio, zoom);
    if (found.height <= room * ratio) return found;
  }
  return at(least, tiles, count, width, ratio, zoom);
}

/** How many whole rows stand in `height` device pixels, at least one. */
export function wholeRows({ stepY, tileHeight, margin }: Arrangement, height: number): number {
  return Math.max(1, Math.floor((height - 2 * margin + stepY - tileHeight) / stepY));
}

/** The height of so many whole rows, in device pixels. */
export const heightOf = ({ stepY, tileHeight, margin }: Arrangement, rows: number): number =>
  (rows - 1) * stepY + tileHeight + 2 * margin;

/** The scale of the enlarged tile: clearly larger than any tile, as far as `room` CSS pixels each way allow. */
export function enlargedScale(tiles: Tiles, room: number, ratio: number, zoom: number): number {
  const [width, height] = [tiles.cell_cols * tiles.width, tiles.cell_rows * tiles.height];
  const side = (of: number) => scaleFor(of * ratio * zoom, width, height);
  const wanted = Math.max(side(ENLARGED), Math.ceil(CLEARLY * side(SIDES[kindOf(tiles)][1])));
  const { gap } = mosaicOf(tiles, 1, ratio);
  const fitting = (native: number, cells: number) => Math.floor((room * ratio - gap * (cells - 1)) / native);
  return Math.max(1, Math.min(wanted, fitting(width, tiles.cell_cols), fitting(height, tiles.cell_rows)));
}

/** Where a key takes the selection, in displayed places; null for a key that is none of ours. */
export function moved(
  key: string,
  place: number,
  count: number,
  cols: number,
  perPage: number,
): number | null {
  const steps: Record<string, number> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -cols,
    ArrowDown: cols,
    PageUp: -perPage * cols,
    PageDown: perPage * cols,
    Home: -count,
    End: count,
  };
  const step = steps[key];
  if (step === undefined) return null;
  const target = place + step;
  if (target >= 0 && target < count) return target;
  // Up from the first row or down from the last there is nothing; pages and Home, End stop at the ends.
  return key === "ArrowUp" || key === "ArrowDown" ? place : Math.min(Math.max(target, 0), count - 1);
}
