import { afterEach, expect, test, vi } from "vitest";
import { palette } from "../src/canvas";
import { filterRows, pictureOf } from "../src/grid_export";
import { pixel } from "./fake_model";
import { dataOf, frameOf, type GridPage, open } from "./grid_page";

let view: GridPage;

afterEach(() => view.close());

test.each([
  ["rgb", 1 + 3 * 16, "filter,channel,row,column,value"],
  ["mosaic", 1 + 5 * 6, "filter,channel,row,column,value"],
  ["strip", 1 + 12, "filter,channel,row,column,value"],
  ["matrix", 1 + 30, "row,first_input,last_input,value_of_largest_magnitude"],
] as const)("the numbers of the selected filter of %s can be copied", async (name, lines, head) => {
  view = await open(name);
  const write = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
  for (const button of view.root.querySelectorAll<HTMLButtonElement>(".ww-menu-item"))
    if (button.textContent === "Copy numbers") button.click();
  const rows = (write.mock.calls[0]?.[0] ?? "").trim().split("\r\n");
  write.mockRestore();
  expect(rows.length).toBe(lines);
  expect(rows[0]).toBe(head);
});

/** The rows by where they say that they are: "filter channel row column". */
function byPlace(filter: number): Map<string, unknown> {
  const [, ...rows] = filterRows(dataOf(view), filter);
  return new Map(
    rows.map(([at, channel, row, column, value]) => [`${at} ${channel} ${row} ${column}`, value]),
  );
}

test("each weight of a mosaic stands at its channel, row and column", async () => {
  view = await open("mosaic");
  const tile = dataOf(view).tile(3);
  const rows = byPlace(3);
  for (let channel = 0; channel < 5; channel++)
    for (let row = 0; row < 3; row++)
      for (let column = 0; column < 2; column++)
        expect(rows.get(`3 ${channel} ${row} ${column}`)).toBe(
          tile?.values[tile.start + (channel * 3 + row) * 2 + column],
        );
});

test("the three weights of a coloured pixel stand at their channels", async () => {
  view = await open("rgb");
  const tile = dataOf(view).tile(9);
  const rows = byPlace(9);
  for (let channel = 0; channel < 3; channel++)
    expect(rows.get(`9 ${channel} 2 1`)).toBe(tile?.values[tile.start + 3 * (2 * 4 + 1) + channel]);
});

test("the slice in sight of a 3-d kernel stands at its depth", async () => {
  view = await open("volume");
  const [head, ...rows] = filterRows(dataOf(view), 4);
  const tile = dataOf(view).tile(4);
  expect(head).toEqual(["filter", "channel", "depth", "row", "column", "value"]);
  // Filter 4 is in the second group, which sees input channels 2 and 3.
  const places = [2, 3].flatMap((channel) =>
    [0, 1].flatMap((row) => [0, 1].map((column) => [channel, 2, row, column])),
  );
  expect(rows).toEqual(places.map((place, index) => [4, ...place, tile?.values[(tile?.start ?? 0) + index]]));
});

test("channels of a group are those of the layer", async () => {
  view = await open("grouped");
  const rows = byPlace(7);
  const tile = dataOf(view).tile(7);
  // Filter 7 is in the third group, which sees input channels 4 and 5.
  expect(rows.get("7 5 0 0")).toBe(tile?.values[tile.start + 9]);
  expect(rows.has("7 0 0 0")).toBe(false);
});

test("rows of a 1-d kernel are channels", async () => {
  view = await open("strip");
  const tile = dataOf(view).tile(1);
  expect(byPlace(1).get("1 3 0 2")).toBe(tile?.values[tile.start + 3 * 3 + 2]);
});

test("a pooled row of a matrix says from where to where each number speaks", async () => {
  view = await open("matrix");
  const known = dataOf(view);
  if (known.row) known.row = { ...known.row, block_cols: 3, values: known.row.values.subarray(0, 10) };
  const [, first, ...others] = filterRows(known, 9);
  expect(first).toEqual([9, 0, 2, known.row?.values[0]]);
  expect(others.at(-1)).toEqual([9, 27, 29, known.row?.values[9]]);
  expect(filterRows(known, 8).length).toBe(1);
});

test("what is not in hand cannot be exported", async () => {
  view = await open("paged");
  expect(filterRows(dataOf(view), 30)).toEqual([]);
  view.model.receive({ frame: {} });
  expect(filterRows(dataOf(view), 0)).toEqual([]);
});

const key = () => ({
  canvas: view.find<HTMLCanvasElement>(".ww-grid-legend"),
  low: "−1",
  high: "1",
  words: "blue to orange ".repeat(40).trim(),
});

test("the picture holds the grid and the enlarged filter, pixel for pixel, on the theme's surface", async () => {
  view = await open("rgb");
  const canvases = [view.canvas, view.enlarged];
  const picture = pictureOf("title", canvases, key(), palette(view.root));
  const gap = 12;
  const top = 29;
  expect(picture.width).toBe(view.canvas.width + view.enlarged.width + 3 * gap);
  expect(pixel(picture, 1, 1)).toEqual([255, 255, 255, 255]);
  const left = gap + view.canvas.width + gap;
  for (const [x, y] of [
    [1, 1],
    [100, 60],
    [view.enlarged.width - 2, view.enlarged.height - 2],
  ] as const)
    expect(pixel(picture, left + x, top + y)).toEqual(pixel(view.enlarged, x, y));
});

test("below stand the scale of colours, its ends, and what it means in lines that fit", async () => {
  view = await open("rgb");
  const canvases = [view.canvas, view.enlarged];
  const [legend, colors] = [key().canvas, palette(view.root)];
  const picture = pictureOf("title", canvases, key(), colors);
  const below = 29 + Math.max(...canvases.map(({ height }) => height)) + 24;
  for (const x of [0, 50, legend.width - 1])
    expect(pixel(picture, 12 + x, below - legend.height + 1)).toEqual(pixel(legend, x, 1));
  const isWritten = (from: number, until: number, left: number, right: number) => {
    const context = picture.getContext("2d");
    const read = context?.getImageData(left, from, right - left, until - from).data ?? [];
    return read.some((part) => part < 128);
  };
  expect(isWritten(below - legend.height, below, legend.width + 24, legend.width + 80)).toBe(true);
  // Six hundred letters take more than one line, and none of them ends in the margin.
  expect(isWritten(below + 22, below + 38, 12, 60)).toBe(true);
  expect(isWritten(below, picture.height, picture.width - 10, picture.width)).toBe(false);
  const short = pictureOf("title", canvases, { ...key(), words: "True colour." }, colors);
  expect(short.height).toBe(below + 30);
});

test("without a scale of colours none is in the picture", async () => {
  view = await open("rgb");
  const [canvas, colors] = [view.canvas, palette(view.root)];
  const marks = (hidden: boolean) => {
    const scale = key();
    scale.canvas.hidden = hidden;
    const picture = pictureOf("title", [canvas], { ...scale, words: "" }, colors);
    const top = 29 + canvas.height + 24 - scale.canvas.height;
    const context = picture.getContext("2d");
    const read = context?.getImageData(0, top, picture.width, scale.canvas.height).data ?? [];
    return read.some((part) => part < 255);
  };
  expect([false, true].map(marks)).toEqual([true, false]);
});

test("what is hidden is not in the picture", async () => {
  view = await open("matrix");
  expect(frameOf(view).mode).toBe("matrix");
  view.enlarged.hidden = true;
  const picture = pictureOf("title", [view.canvas, view.enlarged], key(), palette(view.root));
  expect(picture.width).toBe(view.canvas.width + 24);
});
