/** How many tiles stand side by side, and how large: whole device pixels throughout. */

import { type Blocks, heightOf } from "./grid_blocks";
import type { Tiles } from "./grid_data";
import { type Mosaic, mosaicHeight, mosaicWidth } from "./grid_paint";

const { ceil, floor, max, min, round } = Math;

/** The sides of a tile in CSS pixels at the normal text size: at least about so large, and at most. */
const SIDES = { single: [15, 30], picture: [28, 88], mosaic: [88, 112] } as const;
/** The side of the tile that shows the selected filter enlarged, in CSS pixels at the normal text size. */
const ENLARGED = 144;
/** It is at least so many times as long as any tile: what is enlarged must look so. */
const CLEARLY = 1.75;
/** Between tiles; the cells of a mosaic have a gap of their own, from which this one must stand out. */
const GAPS = { single: 5, picture: 6, mosaic: 10 } as const;
/** Above the tiles of a group, and between groups. */
const [HEADING, APART] = [17, 18];
/** From one tile of a line to the next at most, as a multiple of a tile's width, where the line has room to spare. */
const SPREAD = 4 / 3;
/** The part of the least size that tiles of a group keep at least. */
const GROUPED = 0.66;
/** Room for the ring around the selected tile, at the normal text size. */
export const MARGIN = 4;

function kindOf({ cells, cell_cols, cell_rows, height, width }: Tiles): keyof typeof SIDES {
  if (cell_cols * width * cell_rows * height === 1) return "single";
  return cells === 1 ? "picture" : "mosaic";
}

export interface Arrangement extends Blocks {
  mosaic: Mosaic;
  height: number;
}

/** How many tiles, and how many of them stand together. */
export interface Count {
  count: number;
  per: number;
}

/** The largest scale at which a tile of that native size keeps within `side`, at least 1. */
function scaleFor(side: number, width: number, height: number): number {
  // A long strip may be longer than a square of the same area, but not much.
  const length = max(Math.sqrt(width * height), max(width, height) / 2);
  return max(1, floor(side / length));
}

export function mosaicOf(tiles: Tiles, scale: number, ratio: number): Mosaic {
  const { cells, height, width } = tiles;
  const gap = cells > 1 && height * width > 1 ? max(1, round(ratio)) : 0;
  return { ...tiles, scale, gap };
}

function at(
  scale: number,
  tiles: Tiles,
  { count, per }: Count,
  width: number,
  ratio: number,
  zoom: number,
): Arrangement {
  const mosaic = mosaicOf(tiles, scale, ratio);
  const [tileWidth, tileHeight] = [mosaicWidth(mosaic), mosaicHeight(mosaic)];
  const device = (length: number) => round(length * ratio * zoom);
  const [margin, gap] = [device(MARGIN), device(GAPS[kindOf(tiles)])];
  const [heading, apart] = per < count ? [device(HEADING), device(APART)] : [0, gap];
  const room = width * ratio - 2 * margin;
  const fitting = (most: number, size: number, between: number) =>
    min(most, max(1, floor((room + between) / (size + between))));
  // What a full line leaves blank goes between what stands in it, as far as it still stands together.
  const step = (size: number, between: number, beside: number, lines: number) =>
    max(
      size + between,
      lines > 1 && beside > 1 ? min(floor((room - size) / (beside - 1)), ceil(size * SPREAD)) : 0,
    );
  const across = fitting(per, tileWidth, gap);
  const down = ceil(per / across);
  const stepX = step(tileWidth, gap, across, down);
  const blockWidth = (across - 1) * stepX + tileWidth;
  const beside = fitting(count / per, blockWidth, apart);
  const bands = ceil(count / per / beside);
  const stepY = tileHeight + gap;
  const blocks = {
    ...{
      count,
      per,
      across,
      down,
      beside,
      rows: bands * down,
      tileWidth,
      tileHeight,
      stepX,
      stepY,
      heading,
      margin,
    },
    blockX: step(blockWidth, apart, beside, bands),
    blockY: heading + down * stepY - gap + apart,
  };
  return { ...blocks, mosaic, height: heightOf(blocks, blocks.rows) };
}

/**
 * Arrange tiles in a field `width` CSS pixels wide: as large as lets all be seen at once within `room` CSS
 * pixels of height, and else at a size at which a tile can still be read.
 */
export function arrange(
  tiles: Tiles,
  count: Count,
  width: number,
  room: number,
  ratio: number,
  zoom: number,
): Arrangement {
  const [nativeWidth, nativeHeight] = [tiles.cell_cols * tiles.width, tiles.cell_rows * tiles.height];
  const [least, most] = SIDES[kindOf(tiles)].map((side) =>
    scaleFor(side * ratio * zoom, nativeWidth, nativeHeight),
  ) as [number, number];
  const scaled = (scale: number) => at(scale, tiles, count, width, ratio, zoom);
  for (let scale = most; scale > least; scale--) {
    const found = scaled(scale);
    if (found.height <= room * ratio) return found;
  }
  const found = scaled(least);
  // A group that is cut in two lines is drawn smaller, if that makes one of it.
  const isGrouped = count.per < count.count;
  const smaller = isGrouped && found.down === 2;
  for (let scale = least; smaller && scale > GROUPED * least; scale--) {
    const whole = scaled(scale);
    if (whole.down === 1) return whole;
  }
  // Where as many stand in a line either way, what it would leave blank makes them larger.
  for (let scale = most; !isGrouped && scale > least; scale--) {
    const larger = scaled(scale);
    if (larger.across === found.across) return larger;
  }
  return found;
}

/** The scale of the enlarged tile: clearly larger than any tile, as far as `room` CSS pixels each way allow. */
export function enlargedScale(tiles: Tiles, room: number, ratio: number, zoom: number): number {
  const [width, height] = [tiles.cell_cols * tiles.width, tiles.cell_rows * tiles.height];
  const side = (of: number) => scaleFor(of * ratio * zoom, width, height);
  const wanted = max(side(ENLARGED), ceil(CLEARLY * side(SIDES[kindOf(tiles)][1])));
  const { gap } = mosaicOf(tiles, 1, ratio);
  const fitting = (native: number, cells: number) => floor((room * ratio - gap * (cells - 1)) / native);
  return max(1, min(wanted, fitting(width, tiles.cell_cols), fitting(height, tiles.cell_rows)));
}

/**
 * Where a key takes the selection, in displayed places; null for a key that is none of ours. `below` gives the place so
 * many lines further down, null where there is none.
 */
export function moved(
  key: string,
  place: number,
  count: number,
  below: (lines: number) => number | null,
  perPage: number,
): number | null {
  const last = count - 1;
  // Up from the first row or down from the last there is nothing; pages and Home, End stop at the ends.
  const targets: Record<string, () => number> = {
    ArrowLeft: () => max(place - 1, 0),
    ArrowRight: () => min(place + 1, last),
    ArrowUp: () => below(-1) ?? place,
    ArrowDown: () => below(1) ?? place,
    PageUp: () => below(-perPage) ?? 0,
    PageDown: () => below(perPage) ?? last,
    Home: () => 0,
    End: () => last,
  };
  return targets[key]?.() ?? null;
}
