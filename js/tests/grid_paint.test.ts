import { describe, expect, test } from "vitest";
import {
  diverging,
  gray,
  hatching,
  kept,
  negativeInfinity,
  notANumber,
  positiveInfinity,
  tableColor,
} from "../src/color";
import {
  colorize,
  cornerOf,
  enlarge,
  hatch,
  indexOf,
  type Mosaic,
  mosaicHeight,
  mosaicWidth,
  type Spot,
  spotAt,
  tileImage,
} from "../src/grid_paint";

const MOSAIC: Mosaic = {
  cells: 5,
  cell_rows: 2,
  cell_cols: 3,
  height: 2,
  width: 4,
  depth: 1,
  scale: 3,
  gap: 2,
};

function everySpot(mosaic: Mosaic): Spot[] {
  const spots: Spot[] = [];
  for (let cell = 0; cell < mosaic.cells; cell++)
    for (let row = 0; row < mosaic.height; row++)
      for (let column = 0; column < mosaic.width; column++) spots.push({ cell, row, column });
  return spots;
}

const finite = (levels: number[], start = 0) => ({
  levels: Uint8Array.from(levels),
  values: new Float32Array(levels.length),
  nonfinite: false,
  start,
  mask: null,
});

const colorsOf = (out: Uint8ClampedArray) =>
  Array.from({ length: out.length / 4 }, (_, pixel) => [...out.subarray(4 * pixel, 4 * pixel + 4)]);

describe("the geometry of a mosaic", () => {
  test("is as large as its cells and the gaps between them", () => {
    expect(mosaicWidth(MOSAIC)).toBe(3 * 4 * 3 + 2 * 2);
    expect(mosaicHeight(MOSAIC)).toBe(2 * 2 * 3 + 2);
  });

  test("puts the squares of all weights side by side without overlap", () => {
    const taken = new Set<string>();
    for (const spot of everySpot(MOSAIC)) {
      const { x, y } = cornerOf(MOSAIC, spot);
      for (let across = 0; across < 3; across++)
        for (let down = 0; down < 3; down++) {
          expect(x + across).toBeLessThan(mosaicWidth(MOSAIC));
          expect(y + down).toBeLessThan(mosaicHeight(MOSAIC));
          taken.add(`${x + across} ${y + down}`);
        }
    }
    expect(taken.size).toBe(5 * 8 * 9);
  });

  test("finds each weight again at every pixel of its square, and none in the gaps", () => {
    let found = 0;
    for (let y = -1; y <= mosaicHeight(MOSAIC); y++)
      for (let x = -1; x <= mosaicWidth(MOSAIC); x++) {
        const spot = spotAt(MOSAIC, x, y);
        if (!spot) continue;
        found += 1;
        const corner = cornerOf(MOSAIC, spot);
        expect(x - corner.x).toBeGreaterThanOrEqual(0);
        expect(x - corner.x).toBeLessThan(3);
        expect(y - corner.y).toBeGreaterThanOrEqual(0);
        expect(y - corner.y).toBeLessThan(3);
      }
    expect(found).toBe(5 * 8 * 9);
  });

  test("counts weights cell by cell, row by row", () => {
    expect(everySpot(MOSAIC).map((spot) => indexOf(MOSAIC, spot))).toEqual([...Array(40).keys()]);
  });
});

const all = [...Array(256).keys()];

test.each([
  ["diverging", diverging],
  ["gray", gray],
] as const)("every level of %s has the colour of its table", (color, table) => {
  const colors = colorsOf(colorize(finite(all), 256, 1, color));
  expect(colors).toEqual(all.map((level) => [...tableColor(table, level), 255]));
});

test("true colour takes the levels as red, green and blue", () => {
  const levels = Array.from({ length: 12 }, (_, index) => (index * 67) % 256);
  const colors = colorsOf(colorize(finite(levels), 4, 3, "rgb"));
  expect(colors.flatMap((color) => color.slice(0, 3))).toEqual(levels);
});

test("true colour of a stretched scale takes the levels too, not the gray table", () => {
  expect(colorsOf(colorize(finite([1, 2, 3]), 1, 3, "rgb"))).toEqual([[1, 2, 3, 255]]);
});

test("a tile begins where the page says", () => {
  expect(colorsOf(colorize(finite([0, 0, 255], 2), 1, 1, "gray"))).toEqual([[255, 255, 255, 255]]);
});

test("NaN and the infinities have colours of their own", () => {
  const values = Float32Array.from([Number.NaN, Infinity, -Infinity, 1]);
  const from = { ...finite([128, 255, 1, 128]), values, nonfinite: true };
  expect(colorsOf(colorize(from, 4, 1, "diverging")).map((color) => color.slice(0, 3))).toEqual([
    [...notANumber],
    [...positiveInfinity],
    [...negativeInfinity],
    [...tableColor(diverging, 128)],
  ]);
});

test("one component that is no number marks the pixel, the NaN before the infinities", () => {
  const values = Float32Array.from([1, -Infinity, Number.NaN, -Infinity, Infinity, 0, 0, -Infinity, 0]);
  const from = { ...finite(Array(9).fill(9)), values, nonfinite: true };
  expect(colorsOf(colorize(from, 3, 3, "rgb")).map((color) => color.slice(0, 3))).toEqual([
    [...notANumber],
    [...positiveInfinity],
    [...negativeInfinity],
  ]);
});

const FAINT = Math.round(255 * kept);

test("what is outside the selected range keeps its colour, and lets the page shine through", () => {
  const bits = Uint8Array.from([0b00000100, 0b00000010]);
  const from = { ...finite(Array(12).fill(200)), mask: { bits, start: 0 } };
  const [lit, faint] = [255, FAINT].map((opacity) => [200, 200, 200, opacity]);
  expect(colorsOf(colorize(from, 12, 1, "gray"))).toEqual(
    Array.from({ length: 12 }, (_, index) => (index === 2 || index === 9 ? lit : faint)),
  );
  const later = { ...from, mask: { bits, start: 9 } };
  expect(colorsOf(colorize(later, 2, 1, "gray"))).toEqual([lit, faint]);
});

/** The distance of two colours on a page of white (255) or of a dark theme. */
function onPage(page: number, color: readonly number[], opacity: number): number[] {
  return color.map((part) => page + (part - page) * opacity);
}

test.each([255, 30])("what fades is nearly the page, at %i, and the lines across it are seen", (page) => {
  const line = onPage(page, hatching.color, hatching.opacity);
  for (const level of all) {
    for (const table of [diverging, gray]) {
      const faint = onPage(page, tableColor(table, level), kept);
      for (const [place, part] of faint.entries()) {
        expect(Math.abs(part - page)).toBeLessThanOrEqual(0.15 * 255);
        expect(Math.abs((line[place] ?? 0) - page)).toBeGreaterThan(35);
      }
    }
  }
});

test("lines cross what is faint at every fifth place of a row, one further left in each, and nothing else", () => {
  const image = new ImageData(11, 7);
  for (let pixel = 0; pixel < 77; pixel++)
    image.data.set([9, 8, 7, pixel % 3 === 0 ? 255 : FAINT], 4 * pixel);
  hatch(image);
  for (let pixel = 0; pixel < 77; pixel++) {
    const isLine = pixel % 3 !== 0 && ((pixel % 11) + Math.floor(pixel / 11)) % 5 === 0;
    const own = [9, 8, 7, pixel % 3 === 0 ? 255 : FAINT];
    expect([...image.data.subarray(4 * pixel, 4 * pixel + 4)]).toEqual(
      isLine ? [...hatching.color, Math.round(255 * hatching.opacity)] : own,
    );
  }
});

test("a NaN outside the selected range fades as the others do", () => {
  const mask = { bits: Uint8Array.from([0]), start: 0 };
  const from = { ...finite([128]), values: Float32Array.from([Number.NaN]), nonfinite: true, mask };
  expect(colorsOf(colorize(from, 1, 1, "diverging"))).toEqual([[...notANumber, FAINT]]);
});

describe("images", () => {
  const levels = Array.from({ length: 40 }, (_, index) => (index * 37) % 256);
  const tile = { ...finite(levels), norm: 1, low: -1, high: 1 };
  const image = tileImage(tile, MOSAIC, "diverging");
  const at = (x: number, y: number) => [...image.data.subarray(4 * (y * image.width + x)).subarray(0, 4)];

  test("every pixel of a weight's square has exactly its colour", () => {
    for (const spot of everySpot(MOSAIC)) {
      const { x, y } = cornerOf(MOSAIC, spot);
      const expected = [...tableColor(diverging, levels[indexOf(MOSAIC, spot)] ?? 0), 255];
      for (let across = 0; across < 3; across++)
        for (let down = 0; down < 3; down++) expect(at(x + across, y + down)).toEqual(expected);
    }
  });

  test("gaps and the place of a missing cell are transparent", () => {
    for (let y = 0; y < image.height; y++)
      for (let x = 0; x < image.width; x++) if (!spotAt(MOSAIC, x, y)) expect(at(x, y)).toEqual([0, 0, 0, 0]);
  });

  test("at scale 1 without gaps the colours are copied one for one", () => {
    const flat = { ...MOSAIC, cells: 1, cell_rows: 1, cell_cols: 1, scale: 1, gap: 0 };
    const colors = Uint8ClampedArray.from({ length: 32 }, (_, index) => index);
    expect([...enlarge(colors, flat).data]).toEqual([...colors]);
  });
});
