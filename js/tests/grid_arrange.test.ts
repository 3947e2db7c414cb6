import { describe, expect, test } from "vitest";
import { arrange, enlargedScale, mosaicOf, moved } from "../src/grid_arrange";
import { heightOf, tileBelow, wholeRows } from "../src/grid_blocks";
import type { Tiles } from "../src/grid_data";
import { mosaicHeight, mosaicWidth } from "../src/grid_paint";

function tiles(cells: number, cellCols: number, height: number, width: number, depth = 1): Tiles {
  return {
    page_size: 10,
    sheet_pages: 40,
    cells,
    cell_rows: Math.ceil(cells / cellCols),
    cell_cols: cellCols,
    height,
    width,
    depth,
    slices: 1,
    block_rows: 1,
    block_cols: 1,
    rows: height,
    cols: width,
  };
}

const all = (count: number) => ({ count, per: count });

const KINDS = [
  ["7x7 colour", tiles(1, 1, 7, 7, 3)],
  ["3x3", tiles(1, 1, 3, 3)],
  ["64 channels of 3x3", tiles(64, 8, 3, 3)],
  ["2048 channels of 3x3", tiles(2048, 46, 3, 3)],
  ["a long strip", tiles(1, 1, 64, 3)],
  ["28x28", tiles(1, 1, 28, 28)],
  ["one weight", tiles(1, 1, 1, 1)],
  ["1x1 kernels", tiles(256, 16, 1, 1)],
] as const;

describe.each(KINDS)("tiles of %s", (_, of) => {
  const cases = [
    [1, 860, 1],
    [8, 480, 1],
    [64, 620, 1],
    [64, 620, 2],
    [64, 620, 1.25],
    [5000, 320, 1],
    [5000, 860, 2],
  ] as const;

  test.each(cases)("%i of them fit into %i pixels at ratio %f", (count, width, ratio) => {
    const found = arrange(of, all(count), width, 300, ratio, 1);
    expect(Number.isInteger(found.mosaic.scale)).toBe(true);
    expect(found.mosaic.scale).toBeGreaterThanOrEqual(1);
    expect(found.rows * found.across).toBeGreaterThanOrEqual(count);
    expect((found.rows - 1) * found.across).toBeLessThan(count);
    expect(found.stepX).toBeGreaterThan(found.tileWidth);
    expect(found.stepY).toBeGreaterThan(found.tileHeight);
    const right = 2 * found.margin + (found.across - 1) * found.stepX + found.tileWidth;
    if (found.across > 1) expect(right).toBeLessThanOrEqual(Math.round(width * ratio));
    expect(found.tileWidth).toBe(mosaicWidth(found.mosaic));
    expect(found.tileHeight).toBe(mosaicHeight(found.mosaic));
  });

  test.each([1, 2, 1.25])("whole rows are counted as they stand, at ratio %f", (ratio) => {
    const found = arrange(of, all(5000), 620, 300, ratio, 1);
    for (let height = 10; height < 900; height += 7) {
      const rows = wholeRows(found, height);
      expect(heightOf(found, rows) <= height || rows === 1).toBe(true);
      expect(heightOf(found, rows + 1)).toBeGreaterThan(height);
    }
    expect(heightOf(found, found.rows)).toBe(found.height);
  });

  test.each([1, 2, 1.25])("one enlarged is clearly larger than any tile, at ratio %f", (ratio) => {
    const largest = arrange(of, all(1), 5000, 5000, ratio, 1).mosaic.scale;
    const room = 10_000;
    expect(enlargedScale(of, room, ratio, 1)).toBeGreaterThanOrEqual(1.6 * largest);
    expect(enlargedScale(of, room, ratio, 2)).toBeGreaterThanOrEqual(enlargedScale(of, room, ratio, 1));
    // Where there is no such room it fills what there is, and is never less than the tile of one pixel a weight.
    const mosaic = mosaicOf(of, enlargedScale(of, 150, ratio, 1), ratio);
    const side = Math.max(mosaicWidth(mosaic), mosaicHeight(mosaic));
    expect(side <= 150 * ratio || mosaic.scale === 1).toBe(true);
  });

  test("few of them are drawn at least as large as many", () => {
    const [few, many] = [8, 2000].map((count) => arrange(of, all(count), 620, 300, 1, 1).mosaic.scale);
    expect(few).toBeGreaterThanOrEqual(many ?? 0);
  });

  test("a lecture hall gets larger ones, a dense screen more device pixels", () => {
    const plain = arrange(of, all(2000), 620, 300, 1, 1).mosaic.scale;
    expect(arrange(of, all(2000), 620, 300, 1, 2).mosaic.scale).toBeGreaterThanOrEqual(plain);
    expect(arrange(of, all(2000), 620, 300, 2, 1).mosaic.scale).toBeGreaterThanOrEqual(plain);
  });
});

test("all tiles are seen at once where that leaves them readable", () => {
  const found = arrange(tiles(1, 1, 7, 7, 3), all(64), 620, 300, 1, 1);
  expect(found.height).toBeLessThanOrEqual(300);
  expect(found.mosaic.scale).toBeGreaterThanOrEqual(6);
});

test.each([180, 240, 265, 300, 340, 420, 500])(
  "the gap between tiles is at most a third of one, at %i pixels",
  (width) => {
    for (const of of [tiles(16, 4, 5, 5), tiles(64, 8, 3, 3), tiles(6, 3, 11, 11)]) {
      const found = arrange(of, all(32), width, 200, 1, 1);
      const gap = found.stepX - found.tileWidth;
      expect(gap).toBeLessThanOrEqual(Math.max(10, Math.ceil(found.tileWidth / 3)));
    }
  },
);

test("what a line of tiles would leave blank makes them larger", () => {
  // Two tiles of 83 pixels leave a gap of 66; two of 103 stand as well, and three of either do not.
  const found = arrange(tiles(16, 4, 5, 5), all(32), 240, 200, 1, 1);
  expect([found.across, found.mosaic.scale, found.tileWidth]).toEqual([2, 5, 103]);
});

test.each([300, 480, 655, 860])("full rows reach the right edge, at %i pixels", (width) => {
  const of = tiles(64, 8, 3, 3);
  const found = arrange(of, all(32), width, 300, 1, 1);
  expect(found.rows).toBeGreaterThan(1);
  const right = found.margin + (found.across - 1) * found.stepX + found.tileWidth;
  expect(width - found.margin - right).toBeGreaterThanOrEqual(0);
  expect(width - found.margin - right).toBeLessThan(found.across);
});

describe("groups", () => {
  const picture = tiles(1, 1, 5, 5);
  const mosaic = tiles(8, 3, 3, 3);

  test.each([
    [48, 2, 700, picture],
    [32, 8, 640, mosaic],
    [96, 48, 640, picture],
    [64, 4, 300, mosaic],
  ] as const)(
    "%i tiles in groups of %i stand within %i pixels, apart from each other",
    (count, per, width, of) => {
      const found = arrange(of, { count, per }, width, 300, 1, 1);
      expect(found.heading).toBeGreaterThanOrEqual(15);
      const inside = (found.across - 1) * found.stepX + found.tileWidth;
      expect(found.blockX - inside).toBeGreaterThan(found.stepX - found.tileWidth);
      expect(2 * found.margin + (found.beside - 1) * found.blockX + inside).toBeLessThanOrEqual(width);
      expect(found.rows).toBe(Math.ceil(count / per / found.beside) * found.down);
      expect(found.across * found.down).toBeGreaterThanOrEqual(per);
      expect(found.height).toBe(heightOf(found, found.rows));
    },
  );

  test("one that nearly fits into a line is drawn smaller rather than cut", () => {
    expect(arrange(mosaic, { count: 32, per: 8 }, 640, 300, 1, 1).down).toBe(1);
    expect(arrange(mosaic, { count: 64, per: 32 }, 640, 300, 1, 1).down).toBeGreaterThan(2);
  });
});

test("only a mosaic of cells of several weights has gaps between them", () => {
  expect(mosaicOf(tiles(64, 8, 3, 3), 2, 1).gap).toBe(1);
  expect(mosaicOf(tiles(64, 8, 3, 3), 2, 2).gap).toBe(2);
  expect(mosaicOf(tiles(64, 8, 1, 1), 2, 1).gap).toBe(0);
  expect(mosaicOf(tiles(1, 1, 3, 3), 2, 1).gap).toBe(0);
});

describe("keys", () => {
  // Ten tiles in rows of four: 0-3, 4-7, 8-9; two rows in sight.
  const ten = { ...arrange(tiles(1, 1, 7, 7), all(10), 90, 300, 1, 1), across: 4, down: 3, rows: 3 };
  const target = (key: string, place: number) =>
    moved(key, place, 10, (lines) => tileBelow(ten, place, lines), 2);

  test.each([
    ["ArrowRight", 0, 1],
    ["ArrowRight", 3, 4],
    ["ArrowRight", 9, 9],
    ["ArrowLeft", 4, 3],
    ["ArrowLeft", 0, 0],
    ["ArrowDown", 1, 5],
    ["ArrowDown", 5, 9],
    ["ArrowDown", 6, 6],
    ["ArrowDown", 9, 9],
    ["ArrowUp", 5, 1],
    ["ArrowUp", 2, 2],
    ["PageDown", 0, 8],
    ["PageDown", 3, 9],
    ["PageUp", 9, 1],
    ["PageUp", 3, 0],
    ["Home", 7, 0],
    ["End", 2, 9],
  ] as const)("%s from %i leads to %i", (key, from, to) => {
    expect(target(key, from)).toBe(to);
  });

  test.each(["a", "Enter", "Tab", "Escape", " "])("%s is left to others", (key) => {
    expect(target(key, 3)).toBeNull();
  });
});
