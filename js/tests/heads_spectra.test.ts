import { expect, test } from "vitest";
import type { Palette } from "../src/canvas";
import { chartOf, drawSpectra, placeAt } from "../src/heads_spectra";
import { pixel } from "./fake_model";
import { numbersOf } from "./heads_fixture";

const palette: Palette = {
  text: "#000000",
  muted: "#111111",
  line: "#dddddd",
  surface: "#ffffff",
  accent: "#0000ff",
  bar: "#00ff00",
  overlay: "#ff0000",
  band: "#eeeeee",
  font: "12px sans-serif",
};
const SIZE = [300, 160] as const;

function drawn(numbers = numbersOf(2, 2), head = 0, cursor: number | null = null) {
  const canvas = document.createElement("canvas");
  const chart = drawSpectra(canvas, numbers, "qk", head, SIZE, palette, cursor);
  return { canvas, chart };
}

/** How many pixels are mostly of one colour component (0 red, 1 green, 2 blue). */
function count(canvas: HTMLCanvasElement, component: number): number {
  const data = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
  let found = 0;
  for (let at = 0; at < data.length; at += 4) {
    const others = [0, 1, 2].filter((one) => one !== component).map((one) => data[at + one] ?? 0);
    if ((data[at + 3] ?? 0) > 100 && (data[at + component] ?? 0) > 200 && Math.max(...others) < 90)
      found += 1;
  }
  return found;
}

test("the axis runs over whole decades around all values", () => {
  const numbers = numbersOf(2, 2, [30, 0.5]);
  const chart = chartOf(numbers, "qk", ...SIZE, 12);
  expect(chart?.decades).toEqual([2, 1, 0, -1]);
  expect(chart?.rise(100)).toBeCloseTo(chart?.top ?? -1);
  expect(chart?.rise(0.1)).toBeCloseTo(chart?.base ?? -1);
  const middle = ((chart?.top ?? 0) + (chart?.base ?? 0)) / 2;
  expect(chart?.rise(10 ** 0.5)).toBeCloseTo(middle);
});

test("a power of ten alone still has an axis, and rounding far below is at its foot", () => {
  expect(chartOf(numbersOf(1, 1, [1, 1]), "qk", ...SIZE, 12)?.decades).toEqual([0, -1]);
  const chart = chartOf(numbersOf(1, 1, [1, 1e-17]), "qk", ...SIZE, 12);
  expect(chart?.decades.at(-1)).toBe(-8);
  expect(chart?.rise(1e-17)).toBe(chart?.base);
  expect(chart?.rise(0)).toBe(chart?.base);
});

test("heads without singular values above zero have no chart", () => {
  for (const values of [
    [0, 0],
    [Number.NaN, Number.NaN],
  ]) {
    const { canvas, chart } = drawn(numbersOf(2, 2, values));
    expect(chart).toBeNull();
    expect(count(canvas, 2)).toBe(0);
  }
});

test("the selected head's curve goes through its values", () => {
  const numbers = numbersOf(2, 2, [10, 1]);
  numbers.qk.set([100, 100], 2);
  const { canvas, chart } = drawn(numbers, 0);
  for (const [place, value] of [
    [1, 10],
    [2, 1],
  ] as const) {
    const [x, y] = [chart?.x(place) ?? 0, chart?.rise(value) ?? 0];
    const near = [-2, -1, 0, 1, 2].map((off) => {
      const at = place === 1 ? 1 : -1;
      return pixel(canvas, Math.round((x + at) * devicePixelRatio), Math.round((y + off) * devicePixelRatio));
    });
    expect(near.some(([red = 255, , blue = 0]) => blue > 200 && red < 90)).toBe(true);
  }
  expect(count(canvas, 2)).toBeGreaterThan(200);
});

test("a head with NaN leaves the others their curves and has none", () => {
  const numbers = numbersOf(2, 2, [10, 1]);
  numbers.qk.fill(Number.NaN, 0, 2);
  expect(count(drawn(numbers, 0).canvas, 2)).toBe(0);
  expect(count(drawn(numbers, 1).canvas, 2)).toBeGreaterThan(200);
});

test("what is read is marked", () => {
  expect(count(drawn().canvas, 0)).toBe(0);
  expect(count(drawn(numbersOf(2, 2), 0, 1).canvas, 0)).toBeGreaterThan(10);
  expect(count(drawn(numbersOf(2, 2), 0, 7).canvas, 0)).toBe(0);
});

test("a place on the axis leads to the nearest rank, within the ranks", () => {
  const chart = chartOf(numbersOf(1, 1, [4, 3, 2, 1]), "qk", ...SIZE, 12);
  if (!chart) throw new Error("no chart");
  expect([1, 2, 3, 4].map((rank) => placeAt(chart, chart.x(rank) + 2))).toEqual([0, 1, 2, 3]);
  expect([placeAt(chart, -50), placeAt(chart, 900)]).toEqual([0, 3]);
});

test("one singular value is a line across its rank", () => {
  const { canvas, chart } = drawn(numbersOf(2, 2, [5]));
  if (!chart) throw new Error("no chart");
  expect(placeAt(chart, 10)).toBe(0);
  expect(count(canvas, 2)).toBeGreaterThanOrEqual(10);
});

test("the mark of what is read stands on its value", () => {
  const { canvas, chart } = drawn(numbersOf(2, 2, [10, 1]), 0, 1);
  if (!chart) throw new Error("no chart");
  const at = [chart.x(2), chart.rise(1)].map((place) => Math.round(place * devicePixelRatio));
  expect(pixel(canvas, at[0] ?? 0, (at[1] ?? 0) - 1)).toEqual([255, 0, 0, 255]);
});

test("each product's chart takes its own values", () => {
  const numbers = numbersOf(2, 2, [10, 1]);
  numbers.ov.fill(2e-3);
  expect(chartOf(numbers, "qk", ...SIZE, 12)?.decades).toEqual([1, 0]);
  expect(chartOf(numbers, "ov", ...SIZE, 12)?.decades).toEqual([-2, -3]);
});

test("a value that is zero among others lies at the foot of the axis", () => {
  const { canvas, chart } = drawn(numbersOf(2, 2, [1, 0]));
  if (!chart) throw new Error("no chart");
  const column = Math.round((chart.x(2) - 1) * devicePixelRatio);
  const rows = [-2, -1, 0, 1].map((off) =>
    pixel(canvas, column, Math.round((chart.base + off) * devicePixelRatio)),
  );
  expect(rows.some(([red = 255, , blue = 0]) => blue > 200 && red < 90)).toBe(true);
});

test("the curves of very many heads are fainter, the selected one is not", () => {
  const strength = (heads: number) => {
    const numbers = numbersOf(heads, heads, [30, 30]);
    for (let head = 1; head < heads; head++) numbers.qk.fill(3, 2 * head, 2 * head + 2);
    // All others but one have no curve, so that none covers another.
    numbers.qk.fill(Number.NaN, 4);
    const { canvas, chart } = drawn(numbers, 0);
    if (!chart) throw new Error("no chart");
    const [x, y] = [(chart.left + chart.right) / 2, chart.rise(3)];
    const near = [-1, 0, 1].map((off) => pixel(canvas, Math.round(x), Math.round(y + off)));
    return {
      other: Math.max(...near.map(([red, green = 0, , alpha = 0]) => (green > 200 && red === 0 ? alpha : 0))),
      canvas,
    };
  };
  const [few, many] = [strength(24), strength(25)];
  expect(many.other).toBeGreaterThan(0);
  expect(many.other).toBeLessThan(few.other);
  expect(count(many.canvas, 2)).toBe(count(few.canvas, 2));
});
