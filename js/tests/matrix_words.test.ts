import { describe, expect, test } from "vitest";
import { Camera } from "../src/matrix_camera";
import { type Frame, MatrixData, type Pixel } from "../src/matrix_data";
import { numbersInSight, parseShape, pixelText, rowText, shapeText, span } from "../src/matrix_words";
import { dataOf, frameOf, pagesOf, state } from "./matrix_page";

const frame = frameOf("small");

function pixel(found: Pixel | null): Pixel {
  if (!found) throw new Error("no pixel is in hand");
  return found;
}

test("one weight is named with its row, its label and all of its digits", () => {
  const found = pixel(dataOf(state("small")).read([0, 0], 3, 5));
  const value = found.tile.values[found.index] ?? 0;
  const text = pixelText(frame, found);
  expect(text).toMatch(/^row 3 “tok3”, column 5: /);
  expect(Math.fround(Number(text.split(": ")[1]?.replace("−", "-")))).toBe(value);
});

test("weights that are no numbers are named", () => {
  const data = dataOf(state("small"));
  const texts = [
    [1, 2],
    [3, 4],
    [5, 6],
  ].map(([row = 0, column = 0]) => pixelText(frame, pixel(data.read([0, 0], row, column))).split(": ")[1]);
  expect(texts).toEqual(["NaN", "∞", "−∞"]);
});

test("in order of norm the row is that of the layer, not the place", () => {
  const data = dataOf(state("ordered"));
  const found = pixel(data.read([0, 0], 0, 0));
  expect(pixelText(frameOf("ordered"), found)).toContain(`row ${found.tile.rows[0]}, column 0`);
  expect(found.tile.rows[0]).not.toBe(0);
});

describe("a pixel that stands for a block", () => {
  const large: Frame = { ...frame, rows: 1001, cols: 2000, side: 128, labelled: false };
  const read = (changes: Partial<Frame>, row: number): string => {
    const shown = { ...large, ...changes };
    const data = new MatrixData();
    data.takeFrame(shown);
    data.takePages(pagesOf(shown, [3, 2, 0, 0]));
    return pixelText(shown, pixel(data.read([0, 0], row, 9)));
  };

  test("says which weights and how they are pooled", () => {
    expect(read({}, 17)).toBe("rows 16 to 23, columns 8 to 11: largest 16008");
    expect(read({ pooling: "mean" }, 17)).toBe("rows 16 to 23, columns 8 to 11: mean 16008");
    expect(read({}, 1000)).toBe("row 1000, columns 8 to 11: largest 1000008");
  });

  test("says that it comes from a sample, or from rows all over the layer", () => {
    expect(read({ preview: true }, 17)).toMatch(/\(preview\)$/);
    expect(read({ order: "norm" }, 17)).toMatch(/^8 rows of similar norm/);
    expect(read({ order: "norm" }, 1000)).toMatch(/^1 rows of similar norm/);
  });
});

test.each([
  [0, 0, "row 0"],
  [3, 2, "rows 12 to 15"],
  [4, 2, "rows 16 to 17"],
])("line %i at level %i of 18 rows is %s", (index, level, text) => {
  expect(span("row", index, level, 18)).toBe(text);
});

test("the selected row is said with its label and norm", () => {
  const data = dataOf(state("small"));
  if (!data.row) throw new Error("no row is in hand");
  expect(rowText(frame, data.row)).toMatch(/^row 3 “tok3”, norm \d/);
});

test.each([
  ["28x28", [28, 28]],
  ["3 × 32 × 32", [3, 32, 32]],
  [" 1,28,28 ", [1, 28, 28]],
  ["14 56", [14, 56]],
  ["", null],
  ["28", undefined],
  ["0x784", undefined],
  ["-28x-28", undefined],
  ["1x2x3x4", undefined],
  ["2.5x4", undefined],
  ["cat", undefined],
])("%s as an image shape", (text, shape) => {
  expect(parseShape(text)).toEqual(shape);
  if (shape) expect(parseShape(shapeText(shape))).toEqual(shape);
});

test("the numbers in sight are listed with their rows, columns and blocks", () => {
  const data = dataOf(state("small"));
  const camera = new Camera();
  camera.resize(5000, 5000);
  camera.begin(9, 12);
  const [head, ...lines] = numbersInSight(frame, data, camera);
  expect(head).toEqual(["row", "block_rows", "column", "block_columns", "value"]);
  expect(lines).toHaveLength(9 * 12);
  expect(lines[3 * 12 + 5]).toEqual([3, 1, 5, 1, data.read([0, 0], 3, 5)?.tile.values[41]]);
});

test("blocks at the edge are listed at their own size, and coarser tiles are left out", () => {
  const shown: Frame = { ...frame, rows: 130, cols: 130, side: 128, pooling: "mean" };
  const data = new MatrixData();
  data.takeFrame(shown);
  const camera = new Camera();
  camera.resize(50, 50);
  camera.begin(130, 130);
  const [down, across] = camera.levels;
  expect([down, across]).toEqual([2, 2]);
  data.takePages(pagesOf(shown, [5, 5, 0, 0]));
  expect(numbersInSight(shown, data, camera)).toHaveLength(1);
  data.takePages(pagesOf(shown, [2, 2, 0, 0]));
  const lines = numbersInSight(shown, data, camera);
  expect(lines).toHaveLength(1 + 33 * 33);
  expect(lines.at(-1)).toEqual([128, 2, 128, 2, 128_128]);
});
