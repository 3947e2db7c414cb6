import { expect, test } from "vitest";
import tables from "../../weightwidgets/color.json";
import {
  css,
  diverging,
  gray,
  negativeInfinity,
  notANumber,
  positiveInfinity,
  strayColor,
  strays,
  tableColor,
} from "../src/color";

/** How the three kinds of dichromat see a colour: Viénot, Brettel and Mollon 1999, on linear light. */
const DEFICIENCIES = {
  protan: [0.11238, 0.88762, 0, 0.11238, 0.88762, 0, 0.00401, -0.00401, 1],
  deutan: [0.29275, 0.70725, 0, 0.29275, 0.70725, 0, -0.02234, 0.02234, 1],
  none: [1, 0, 0, 0, 1, 0, 0, 0, 1],
};

const toLinear = (level: number) => {
  const share = level / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
};

function lab(rgb: readonly number[], matrix: readonly number[]): number[] {
  const [r = 0, g = 0, b = 0] = rgb.map(toLinear);
  const row = (i: number) => (matrix[i] ?? 0) * r + (matrix[i + 1] ?? 0) * g + (matrix[i + 2] ?? 0) * b;
  const [lr, lg, lb] = [row(0), row(3), row(6)];
  const f = (value: number) => (value > 216 / 24389 ? Math.cbrt(value) : ((24389 / 27) * value + 16) / 116);
  const x = f((0.4124 * lr + 0.3576 * lg + 0.1805 * lb) / 0.9505);
  const y = f(0.2126 * lr + 0.7152 * lg + 0.0722 * lb);
  const z = f((0.0193 * lr + 0.1192 * lg + 0.9505 * lb) / 1.089);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

test("both tables have 256 colours, and level 128 of the diverging one is neutral", () => {
  expect([diverging.length, gray.length]).toEqual([768, 768]);
  const [red, green, blue] = tableColor(diverging, 128);
  expect([green, blue]).toEqual([red, red]);
  expect(atob(tables.diverging).length).toBe(3 * 256);
});

test("the gray table is the level itself", () => {
  for (const level of [0, 1, 128, 255]) expect(tableColor(gray, level)).toEqual([level, level, level]);
  // Python draws with the one that is written out.
  expect(btoa(String.fromCharCode(...gray))).toBe(tables.gray);
});

test.each(Object.entries(DEFICIENCIES))("with %s vision lowest, zero and highest stay apart", (_, matrix) => {
  const [low = [], zero = [], high = []] = [1, 128, 255].map((level) =>
    lab(tableColor(diverging, level), matrix),
  );
  const distance = (one: number[], other: number[]) =>
    Math.hypot(...one.map((value, i) => value - (other[i] ?? 0)));
  expect(distance(low, zero)).toBeGreaterThan(30);
  expect(distance(zero, high)).toBeGreaterThan(30);
  expect(distance(low, high)).toBeGreaterThan(30);
});

test("away from zero a colour only gets darker, equally on both sides", () => {
  const lightness = (level: number) => lab(tableColor(diverging, level), DEFICIENCIES.none)[0] ?? 0;
  for (let step = 8; step <= 127; step += 7) {
    expect(lightness(128 + step)).toBeLessThan(lightness(128 + step - 7));
    expect(lightness(128 - step)).toBeLessThan(lightness(128 - step + 7));
    expect(Math.abs(lightness(128 + step) - lightness(128 - step))).toBeLessThan(12);
  }
});

test("what is no number has a colour of its own", () => {
  const special = [notANumber, positiveInfinity, negativeInfinity].map(css);
  expect(new Set(special).size).toBe(3);
  const inTable = Array.from({ length: 256 }, (_, level) => css(tableColor(diverging, level)));
  for (const colour of special) expect(inTable).not.toContain(colour);
});

test("what is no number is told apart and has the colour of its kind", () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    const kinds = strays.filter(([, , is]) => is(value));
    expect(kinds).toHaveLength(1);
    expect(strayColor(value)).toBe(kinds[0]?.[1]);
  }
  expect(strays.filter(([, , is]) => [0, -1, Number.MAX_VALUE].some(is))).toEqual([]);
});
