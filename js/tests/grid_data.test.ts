import { expect, test } from "vitest";
import { GridData, perGroup } from "../src/grid_data";
import type { FilterGridState } from "../src/state";
import { thaw } from "./fake_model";
import fixtures from "./fixtures/grid.json";

type Name = keyof typeof fixtures;

const state = (name: Name) => thaw<FilterGridState>(fixtures[name]);

function data(name: Name): GridData {
  const found = new GridData();
  const { frame, pages, lit, row } = state(name);
  found.takeFrame(frame);
  found.takePages(pages);
  found.takeLit(lit);
  found.takeRow(row);
  return found;
}

test("pages hold the tiles of displayed places, one after another", () => {
  const {
    page_size: size,
    cells,
    height,
    width,
  } = data("paged").frame?.tiles ?? {
    page_size: 0,
    cells: 0,
    height: 0,
    width: 0,
  };
  const found = data("paged");
  expect(found.tile(0)?.start).toBe(0);
  expect(found.tile(size - 1)?.start).toBe((size - 1) * cells * height * width);
  expect(found.tile(size)).toBeNull();
  expect(found.tile(150)?.values).not.toBe(found.tile(0)?.values);
});

test("what is missing is asked for, two pages at a time", () => {
  const found = data("paged");
  const token = found.frame?.token;
  expect(found.missing([0, 1, 150])).toBeNull();
  expect(found.missing([9, 18, 27, 36])).toEqual({ token, pages: [1, 2], sheet: 0 });
});

test("pages of another question are left aside, those of this one are kept", () => {
  const found = data("paged");
  const { pages } = state("rgb");
  found.takePages(pages);
  expect(found.missing([0, 150])).toBeNull();
  const { frame } = state("paged");
  found.takeFrame(frame);
  expect(found.missing([0, 150])).toBeNull();
  found.takeFrame(state("rgb").frame);
  expect(found.tile(0)).toBeNull();
});

test("an order leads from places to filters and back", () => {
  const found = data("ordered");
  const filters = Array.from({ length: 7 }, (_, place) => found.filterAt(place));
  expect([...filters].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(filters.map((filter) => found.placeOf(filter))).toEqual([0, 1, 2, 3, 4, 5, 6]);
  const norms = Array.from({ length: 7 }, (_, place) => found.tile(place)?.norm ?? Number.NaN);
  expect(norms).toEqual([...norms].sort((left, right) => right - left));
  expect(found.normOf(filters[2] ?? 0)).toBe(norms[2]);
});

test("without an order places are filters", () => {
  const found = data("mosaic");
  expect([found.filterAt(5), found.placeOf(5)]).toEqual([5, 5]);
});

test("a mask goes with its tile", () => {
  const found = data("lit");
  expect(found.isLit).toBe(true);
  for (let place = 0; place < 7; place++) {
    const tile = found.tile(place);
    expect(tile?.mask).not.toBeNull();
    for (let pixel = 0; pixel < 30; pixel++) {
      const bit = (tile?.mask?.start ?? 0) + pixel;
      const isSet = ((tile?.mask?.bits[bit >> 3] ?? 0) >> (bit & 7)) & 1;
      const value = tile?.values[tile.start + pixel] ?? Number.NaN;
      // NaN and the infinities are in no range.
      expect(isSet).toBe(Number(value >= 0.5 && value < 9));
    }
  }
});

test("where masks of a page are missing their sheet is asked for", () => {
  const found = data("paged");
  const token = found.frame?.token ?? 0;
  found.takeLit({
    token,
    first: 0,
    masks: [{ shape: [1], dtype: "uint8", data: new DataView(new ArrayBuffer(1)) }],
  });
  expect(found.missing([0])).toBeNull();
  expect(found.missing([150])).toEqual({ token, pages: [], sheet: 0 });
});

test("a matrix has its row and the norm of that row alone", () => {
  const found = data("matrix");
  expect(found.row?.filter_index).toBe(9);
  expect(found.normOf(9)).toBeGreaterThan(0);
  expect(found.normOf(8)).toBeNull();
  expect(found.pictureMask()?.start).toBe(0);
  expect(found.tile(0)).toBeNull();
});

test("an empty frame shows nothing and asks nothing", () => {
  const found = data("rgb");
  found.takeFrame({});
  expect([found.frame, found.tile(0), found.missing([0])]).toEqual([null, null, null]);
});

test("the filters of a group stand together in the order of the layer, where they are several", () => {
  const { frame } = data("grouped");
  if (!frame) throw new Error("there is no frame");
  expect(perGroup(frame)).toBe(3);
  expect(perGroup({ ...frame, order: new Uint8Array(9) })).toBe(9);
  expect(perGroup({ ...frame, groups: { filters: 1, channels: 1 } })).toBe(9);
  expect(perGroup({ ...frame, groups: null })).toBe(9);
});

test.each([
  [3, 1, 3, 1],
  [10, 1, 8, 2],
  [256, 1, 16, 16],
  [784, 1, 28, 28],
  [900, 2, 32, 29],
  [1024, 1, 32, 32],
])("a row of %i pixels in blocks of %i is enlarged in lines of %i", (pixels, block, across, down) => {
  const found = data("matrix");
  const row = state("matrix").row as Record<string, unknown>;
  const levels = { shape: [pixels], dtype: "uint8", data: new DataView(new ArrayBuffer(pixels)) };
  found.takeRow({ ...row, levels, block_cols: block });
  expect(found.tiles).toMatchObject({ cells: pixels, cell_cols: across, cell_rows: down, block_cols: block });
});

test("the row in hand is a tile, on the scale of the matrix, at its own place alone", () => {
  const found = data("matrix");
  const limit = found.frame?.limit[0] ?? 0;
  expect(found.tile(9)).toMatchObject({ start: 0, low: -limit, high: limit, norm: found.normOf(9) });
  expect([found.tile(8), found.normOf(8)]).toEqual([null, null]);
  found.takeRow({});
  expect([found.tile(9), found.tiles]).toEqual([null, null]);
});
