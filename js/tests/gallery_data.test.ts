import { expect, test } from "vitest";
import {
  type Bars,
  countsOf,
  edgesOf,
  FAILED,
  highest,
  isDrawn,
  layout,
  PENDING,
  rangeOf,
  readBars,
  readRows,
  STALE,
  sum,
} from "../src/gallery_data";
import { thaw } from "./fake_model";
import fixture from "./fixtures/gallery.json";

interface State {
  rows: Record<string, unknown>;
  bars: Record<string, unknown>;
}

const { before, own, shared } = thaw<{ before: State; own: State; shared: State }>(fixture);
const rows = readRows(own.rows);
const bars = readBars(own.bars, rows) as Bars;
const common = readBars(shared.bars, rows) as Bars;

test("an empty frame has no rows and no bars", () => {
  expect(readRows({})).toEqual({ names: [], labels: [], token: 0 });
  expect(readBars(before.bars, rows)).toBeUndefined();
});

test("each layer has its own counts, which add up to its finite weights", () => {
  expect(rows.names.map((_, index) => sum(countsOf(bars, index)))).toEqual([10, 8, 5, 64, 0, 2]);
  expect([...countsOf(bars, 1)]).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
  expect(highest(countsOf(bars, 3))).toBe(23);
});

test("the first bins of the squares hold what numpy counted", () => {
  // 0..63 squared in eight bins of width 3969 / 8: roots of the edges are 22.27, 31.5, 38.6, 44.5, 49.8, ...
  expect([...countsOf(bars, 3)]).toEqual([23, 9, 7, 6, 5, 5, 4, 5]);
});

test("ranges are the layers' own, or one for all", () => {
  expect(rangeOf(bars, 0)).toEqual([0, 9]);
  expect(rangeOf(bars, 2)).toEqual([1, 3]);
  expect(bars.shared).toBe(false);
  for (const index of [0, 1, 2, 3, 5]) expect(rangeOf(common, index)).toEqual([-4, 3969]);
  expect(common.shared).toBe(true);
});

test("counting over a common range loses no weight", () => {
  expect(rows.names.map((_, index) => sum(countsOf(common, index)))).toEqual([10, 8, 5, 64, 0, 2]);
});

test("the edges of the bins divide the range evenly and end on it", () => {
  const edges = Array.from({ length: bars.bins }, (_, bin) => edgesOf(bars, 1, bin));
  expect(edges[0]).toEqual([-4, -3.125]);
  expect(edges.at(-1)?.[1]).toBe(3);
  edges.slice(1).forEach(([from], bin) => {
    expect(from).toBe(edges[bin]?.[1]);
  });
});

test("only what is counted is drawn, also when the weights changed since", () => {
  expect(rows.names.map((_, index) => isDrawn(bars, index))).toEqual([true, true, true, true, false, true]);
  expect(bars.state[4]).toBe(FAILED);
  expect(bars.sentences["4"]).toContain("meta");
  expect(isDrawn(undefined, 0)).toBe(false);
  expect(isDrawn({ ...bars, state: Uint8Array.of(PENDING) }, 0)).toBe(false);
  expect(isDrawn({ ...bars, state: Uint8Array.of(STALE) }, 0)).toBe(true);
});

test("weights that are not finite are counted apart", () => {
  expect([...bars.left_out]).toEqual([0, 0, 0, 0, 0, 2]);
});

test("cells fill the width and none is narrower than it may be", () => {
  for (const width of [180, 480, 860, 1600]) {
    const { columns, cellWidth } = layout(100, width, 12);
    expect(columns * cellWidth).toBeLessThanOrEqual(width);
    expect(width - columns * cellWidth).toBeLessThan(columns);
    if (columns > 1) expect(cellWidth).toBeGreaterThanOrEqual(15.5 * 12 - 1);
  }
});

test("the sheet is as high as its lines", () => {
  const { columns, cellHeight, height } = layout(10, 860, 12);
  expect(columns).toBe(4);
  expect(height).toBe(3 * cellHeight);
  expect(layout(0, 860, 12).height).toBe(0);
  expect(layout(3, 50, 12).columns).toBe(1);
  expect(layout(10, 860, 17).cellHeight).toBeGreaterThan(cellHeight);
});
