/** Where tiles stand: in lines from left to right; those of one group of a convolution in a block under its heading. */

const { floor, max, min } = Math;

/** All lengths in device pixels. */
export interface Blocks {
  count: number;
  /** Tiles of one block: all of them where there are no groups. */
  per: number;
  /** Tiles side by side in a block, and its lines. */
  across: number;
  down: number;
  /** Blocks side by side. */
  beside: number;
  /** Lines in all. */
  rows: number;
  tileWidth: number;
  tileHeight: number;
  stepX: number;
  stepY: number;
  blockX: number;
  blockY: number;
  /** Room above a block for its heading. */
  heading: number;
  margin: number;
}

/** The line of a place, and its column counted over all blocks of the line. */
function cellOf({ per, across, down, beside }: Blocks, place: number): { line: number; column: number } {
  const [block, own] = [floor(place / per), place % per];
  return {
    line: floor(block / beside) * down + floor(own / across),
    column: (block % beside) * across + (own % across),
  };
}

/** The place at a line and column; null where no tile stands. */
function placeIn({ count, per, across, down, beside }: Blocks, line: number, column: number): number | null {
  const own = (line % down) * across + (column % across);
  const place = (floor(line / down) * beside + floor(column / across)) * per + own;
  return own < per && place < count ? place : null;
}

export const topOf = ({ margin, down, stepY, blockY, heading }: Blocks, line: number): number =>
  margin + floor(line / down) * blockY + heading + (line % down) * stepY;

/** The last line that begins at or above a height; -1 where none does. */
export function lineAt({ margin, down, stepY, blockY, heading }: Blocks, y: number): number {
  const band = max(0, floor((y - margin) / blockY));
  const own = floor((y - margin - band * blockY - heading) / stepY);
  return band * down + min(max(own, -1), down - 1);
}

/** The upper left corner of a tile in a field that is scrolled so far. */
export function tileCorner(blocks: Blocks, place: number, offset = 0): { x: number; y: number } {
  const { line, column } = cellOf(blocks, place);
  const { margin, across, blockX, stepX } = blocks;
  return {
    x: margin + floor(column / across) * blockX + (column % across) * stepX,
    y: topOf(blocks, line) - offset,
  };
}

/** The tile in whose step a point lies: in it, or in the gap after it. */
export function tileAt(blocks: Blocks, x: number, y: number): number | null {
  const { margin, blockX, stepX, across, beside } = blocks;
  const line = lineAt(blocks, y);
  const block = floor((x - margin) / blockX);
  const own = floor((x - margin - block * blockX) / stepX);
  const inside = line >= 0 && block >= 0 && block < beside && own < across;
  return inside ? placeIn(blocks, line, block * across + own) : null;
}

/** All tiles of some lines, from `first` to before `end`. */
export function tilesIn(blocks: Blocks, first: number, end: number): number[] {
  const places: number[] = [];
  for (let line = max(0, first); line < min(end, blocks.rows); line++)
    for (let column = 0; column < blocks.across * blocks.beside; column++) {
      const place = placeIn(blocks, line, column);
      if (place !== null) places.push(place);
    }
  return places;
}

/** The tile so many lines further down (or up), or the next one beyond in its column; null where there is none. */
export function tileBelow(blocks: Blocks, place: number, lines: number): number | null {
  const { line, column } = cellOf(blocks, place);
  for (let at = line + lines; at >= 0 && at < blocks.rows; at += Math.sign(lines)) {
    const found = placeIn(blocks, at, column);
    if (found !== null) return found;
  }
  return null;
}

/** The height of the field up to and with so many lines. */
export const heightOf = (blocks: Blocks, lines: number): number =>
  topOf(blocks, lines - 1) + blocks.tileHeight + blocks.margin;

/** How many whole lines stand in a height, at least one. */
export const wholeRows = (blocks: Blocks, height: number): number =>
  max(1, lineAt(blocks, height - blocks.margin - blocks.tileHeight) + 1);

/** How far to scroll so that a tile, and the heading of a block that it begins, comes to the top. */
export function scrollTo(blocks: Blocks, place: number): number {
  const { line } = cellOf(blocks, place);
  return topOf(blocks, line) - blocks.margin - (line % blocks.down === 0 ? blocks.heading : 0);
}
