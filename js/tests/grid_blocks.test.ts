import { describe, expect, test } from "vitest";
import {
  type Blocks,
  heightOf,
  lineAt,
  scrollTo,
  tileAt,
  tileBelow,
  tileCorner,
  tilesIn,
  topOf,
  wholeRows,
} from "../src/grid_blocks";

/** Tiles of 20 x 10, 4 apart. */
function blocks(count: number, per: number, across: number, beside: number): Blocks {
  const grouped = per < count;
  const down = Math.ceil(per / across);
  const [stepX, stepY, heading, apart] = [24, 14, grouped ? 15 : 0, grouped ? 12 : 4];
  return {
    ...{ count, per, across, down, beside, stepX, stepY, heading },
    rows: Math.ceil(count / per / beside) * down,
    ...{ tileWidth: 20, tileHeight: 10, margin: 5 },
    blockX: across * stepX - 4 + apart,
    blockY: heading + down * stepY - 4 + apart,
  };
}

const KINDS = [
  ["ten in rows of four", blocks(10, 10, 4, 1)],
  ["one", blocks(1, 1, 1, 1)],
  ["groups of two, three side by side", blocks(16, 2, 2, 3)],
  ["groups of five in rows of two, two side by side", blocks(15, 5, 2, 2)],
  ["groups of nine in rows of four", blocks(27, 9, 4, 1)],
] as const;

describe.each(KINDS)("%s", (_, of) => {
  const places = Array.from({ length: of.count }, (__, place) => place);

  test("no tile stands on another, or on a heading", () => {
    const seen = new Set<string>();
    for (const place of places) {
      const { x, y } = tileCorner(of, place);
      for (let dx = 0; dx < of.tileWidth; dx++)
        for (let dy = 0; dy < of.tileHeight; dy++) seen.add(`${x + dx} ${y + dy}`);
      if (place % of.per === 0)
        for (let dx = 0; dx < of.tileWidth; dx++)
          for (let dy = 1; dy <= of.heading; dy++) seen.add(`${x + dx} ${y - dy}`);
    }
    expect(seen.size).toBe(20 * 10 * of.count + (20 * of.heading * of.count) / of.per);
  });

  test("each tile is found at its corners, and none beside the field", () => {
    for (const place of places) {
      const { x, y } = tileCorner(of, place);
      expect(tileAt(of, x, y)).toBe(place);
      expect(tileAt(of, x + of.tileWidth - 1, y + of.tileHeight - 1)).toBe(place);
      expect(tileAt(of, x, -1)).toBeNull();
      expect(tileAt(of, -1, y)).toBeNull();
      expect(tileAt(of, x + of.beside * of.blockX, y)).toBeNull();
    }
  });

  test("the lines hold every tile once, and stand where lines are looked for", () => {
    expect(tilesIn(of, 0, of.rows).sort((one, other) => one - other)).toEqual(places);
    expect(tilesIn(of, -3, of.rows + 3)).toHaveLength(of.count);
    for (let line = 0; line < of.rows; line++) {
      const tops = tilesIn(of, line, line + 1).map((place) => tileCorner(of, place).y);
      expect(new Set(tops)).toEqual(new Set([topOf(of, line)]));
      expect(lineAt(of, topOf(of, line))).toBe(line);
      expect(lineAt(of, topOf(of, line) - 1)).toBe(line - 1);
      expect(lineAt(of, topOf(of, line) + of.tileHeight)).toBe(line);
    }
    expect(lineAt(of, -1000)).toBe(-1);
  });

  test("whole lines are counted as they stand", () => {
    for (let height = 1; height < 300; height++) {
      const lines = wholeRows(of, height);
      expect(heightOf(of, lines) <= height || lines === 1).toBe(true);
      expect(heightOf(of, lines + 1)).toBeGreaterThan(height);
    }
  });

  test("what is scrolled to is in sight from its top, with the heading of its block", () => {
    for (const place of places) {
      const top = scrollTo(of, place);
      const begins = place % of.per < of.across;
      expect(tileCorner(of, place).y - top).toBe(of.margin + (begins ? of.heading : 0));
    }
  });

  test("down and up again leads back wherever no line is skipped", () => {
    for (const place of places) {
      const below = tileBelow(of, place, 1);
      if (below === null) continue;
      expect(tileCorner(of, below).x).toBe(tileCorner(of, place).x);
      expect(tileCorner(of, below).y).toBeGreaterThan(tileCorner(of, place).y);
      expect(tileBelow(of, below, -1)).toBe(place);
    }
  });
});

test("a column goes on in the next group where a line of this one is too short", () => {
  // 0 1 | 5 6        10 11
  // 2 3 | 7 8   and  12 13  below
  // 4   | 9          14
  const of = blocks(15, 5, 2, 2);
  expect(tileBelow(of, 3, 1)).toBe(11);
  expect(tileBelow(of, 11, -1)).toBe(3);
  expect(tileBelow(of, 7, 1)).toBe(9);
  expect(tileBelow(of, 9, 1)).toBeNull();
  expect(tileBelow(of, 0, 4)).toBe(12);
  expect(tileBelow(of, 0, -1)).toBeNull();
});
