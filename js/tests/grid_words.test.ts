import { describe, expect, test } from "vitest";
import { exact } from "../src/axis";
import type { Frame } from "../src/grid_data";
import { channelOf, groupNames, groupText, pixelText, position, span, valueText } from "../src/grid_words";

const TILES = {
  page_size: 9,
  sheet_pages: 40,
  cells: 1,
  cell_rows: 1,
  cell_cols: 1,
  height: 5,
  width: 5,
  depth: 1,
  slices: 1,
  block_rows: 1,
  block_cols: 1,
  rows: 5,
  cols: 5,
};

function frame(changes: Partial<Frame>): Frame {
  return {
    token: 1,
    mode: "tiles",
    title: "conv",
    description: "",
    unit: "filter",
    color: "diverging",
    scope: "",
    shares_scale: false,
    notes: [],
    axes: { cell: "channel", slice: "", row: "row", column: "column" },
    count: 8,
    order: null,
    limit: Float64Array.of(1),
    channels: 4,
    input_channel: null,
    depths: 0,
    depth_index: null,
    groups: null,
    images: null,
    tiles: TILES,
    picture: null,
    ...changes,
  };
}

describe("exact values", () => {
  const bits = new DataView(new ArrayBuffer(4));

  test("the text of a float32 stands for it alone, and no shorter one does", () => {
    let seed = 1;
    for (let round = 0; round < 3000; round++) {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      bits.setUint32(0, seed);
      const value = bits.getFloat32(0);
      if (!Number.isFinite(value)) continue;
      const text = exact(value, true).replace("−", "-");
      expect(Math.fround(Number(text))).toBe(value);
      const digits = text
        .replace(/e.*/, "")
        .replace(/[-.]/g, "")
        .replace(/^0+|0+$/g, "").length;
      if (digits > 1) expect(Math.fround(Number(value.toPrecision(digits - 1)))).not.toBe(value);
    }
  });

  test.each([
    [Math.fround(0.1), true, "0.1"],
    [Math.fround(-0.1), true, "−0.1"],
    [0.1, false, "0.1"],
    [Math.fround(0.1), false, "0.10000000149011612"],
    [0, true, "0"],
    [-0, true, "−0"],
    [Number.NaN, true, "NaN"],
    [Infinity, false, "∞"],
    [-Infinity, true, "−∞"],
    [1, true, "1"],
  ])("%f (float32: %s) is written %s", (value, single, text) => {
    expect(exact(value, single)).toBe(text);
  });

  test("three weights of a coloured pixel are named", () => {
    const from = { levels: new Uint8Array(4), values: Float32Array.of(9, 1, -2, 0.5), nonfinite: false };
    expect(valueText(from, 1, 3)).toBe("red 1, green −2, blue 0.5");
    expect(valueText(from, 3, 1)).toBe("0.5");
  });
});

test.each([
  [2, 1, 9, "row 2"],
  [0, 4, 10, "rows 0 to 3"],
  [2, 4, 10, "rows 8 to 9"],
  [3, 3, 10, "row 9"],
])("pixel %i of blocks of %i among %i is %s", (index, block, size, text) => {
  expect(span("row", index, block, size)).toBe(text);
});

test("a weight of a mosaic has a channel, a row and a column", () => {
  const of = frame({ tiles: { ...TILES, cells: 4, cell_rows: 2, cell_cols: 2 } });
  expect(position(of, of.tiles ?? TILES, 3, { cell: 2, row: 1, column: 4 })).toEqual([
    "filter 3",
    "channel 2",
    "row 1",
    "column 4",
  ]);
});

test("true colour names no channel", () => {
  const of = frame({ color: "rgb", tiles: { ...TILES, depth: 3 } });
  expect(position(of, of.tiles ?? TILES, 3, { cell: 0, row: 1, column: 4 })).toEqual([
    "filter 3",
    "row 1",
    "column 4",
  ]);
});

test("a chosen channel is named", () => {
  expect(position(frame({ input_channel: 3 }), TILES, 0, { cell: 0, row: 0, column: 0 })[1]).toBe(
    "channel 3",
  );
});

test("a slice of a 3-d kernel is named after its channel", () => {
  const axes = { cell: "channel", slice: "depth", row: "row", column: "column" };
  const of = frame({ axes, tiles: { ...TILES, cells: 12, slices: 3 } });
  expect(position(of, of.tiles ?? TILES, 0, { cell: 7, row: 0, column: 0 }).slice(1, 3)).toEqual([
    "channel 2",
    "depth 1",
  ]);
  const chosen = frame({ axes, input_channel: 1, tiles: { ...TILES, cells: 3, slices: 3 } });
  expect(position(chosen, chosen.tiles ?? TILES, 0, { cell: 2, row: 0, column: 0 }).slice(1, 3)).toEqual([
    "channel 1",
    "depth 2",
  ]);
});

test("the one slice in sight is named as it stands in the kernel", () => {
  const axes = { cell: "channel", slice: "depth", row: "row", column: "column" };
  const of = frame({ axes, depths: 5, depth_index: 4, tiles: { ...TILES, cells: 4 } });
  expect(position(of, of.tiles ?? TILES, 0, { cell: 3, row: 1, column: 2 })).toEqual([
    "filter 0",
    "channel 3",
    "depth 4",
    "row 1",
    "column 2",
  ]);
});

test("a group is named in words and in fewer words", () => {
  expect(groupNames({ filters: 2, channels: 8 }, 5)).toEqual([
    "group 2: inputs 16–23",
    "inputs 16–23",
    "16–23",
  ]);
  expect(groupNames({ filters: 2, channels: 1 }, 5)).toEqual(["group 2: input 2", "input 2", "2"]);
});

test("rows of a 1-d kernel are channels, with groups counted", () => {
  const axes = { cell: "", slice: "", row: "channel", column: "position" };
  const of = frame({ axes, groups: { filters: 2, channels: 4 }, tiles: { ...TILES, rows: 4, height: 4 } });
  expect(position(of, of.tiles ?? TILES, 5, { cell: 0, row: 1, column: 2 })).toEqual([
    "filter 5",
    "channel 9",
    "position 2",
  ]);
});

test("a filter of a group sees the channels of its group", () => {
  const of = frame({ groups: { filters: 2, channels: 3 } });
  expect([0, 1, 2, 5].map((filter) => channelOf(of, filter, 1))).toEqual([1, 1, 4, 7]);
  expect(groupText(of, 3)).toBe("sees inputs 3–5");
  expect(groupText(frame({ groups: { filters: 1, channels: 1 } }), 3)).toBe("sees input 3");
  expect(groupText(frame({}), 3)).toBe("");
});

test("a tile of one weight has no position within", () => {
  const none = { cell: "", slice: "", row: "", column: "" };
  expect(position(frame({ axes: none, unit: "weight" }), TILES, 4, { cell: 0, row: 0, column: 0 })).toEqual([
    "weight 4",
  ]);
});

describe("a pixel of a matrix", () => {
  const picture = {
    levels: new Uint8Array(6),
    values: Float32Array.of(0, 1, 2, 3, 4, -5),
    nonfinite: false,
    height: 2,
    width: 3,
    rows: 7,
    cols: 5,
    block_rows: 4,
    block_cols: 2,
  };
  const axes = { cell: "", slice: "", row: "", column: "input" };
  const of = frame({ mode: "matrix", unit: "row", axes, tiles: null, picture });

  test("a weight of the enlarged row is named by its column, whichever line it stands in", () => {
    const line = { ...TILES, cells: 3, cell_cols: 2, height: 1, width: 1, block_cols: 2, cols: 5 };
    const told = (cell: number) => position(of, line, 4, { cell, row: 0, column: 0 });
    expect(told(1)).toEqual(["row 4", "inputs 2 to 3"]);
    expect(told(2)).toEqual(["row 4", "input 4"]);
  });

  test("says which weights it stands for and the largest of them", () => {
    expect(pixelText(of, 4, 1, 2)).toBe("rows 4 to 6, input 4: −5");
    expect(pixelText(of, 0, 0, 1)).toBe("rows 0 to 3, inputs 2 to 3: 1");
  });

  test("in order of norm a block holds rows from all over the layer", () => {
    const ordered = { ...of, order: Uint8Array.of(6, 5, 4, 3, 2, 1, 0) };
    expect(pixelText(ordered, 6, 0, 1)).toBe("4 rows of similar norm, inputs 2 to 3: 1");
    const single = { ...ordered, picture: { ...picture, block_rows: 1 } };
    expect(pixelText(single, 6, 0, 1)).toBe("row 6, inputs 2 to 3: 1");
  });
});
