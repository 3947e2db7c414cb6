import { expect, test } from "vitest";
import { emOf, palette } from "../src/canvas";
import { diverging, negativeInfinity, notANumber, positiveInfinity, tableColor } from "../src/color";
import { binAt, drawBars, drawBlock, placeAt, plotOf, stretch } from "../src/gates_draw";
import { pixel } from "./fake_model";
import { read, states } from "./gates_fixture";

const { shown, bars } = read(states.first);
const inks = { ...palette(document.body), bar: "#ff0000", overlay: "#0000ff", font: "12px sans-serif" };
const canvas = () => document.createElement("canvas");

test("every weight is a square of whole pixels in the colour of its level", () => {
  const sheet = canvas();
  drawBlock(sheet, shown, 3, [5, 5], inks, null);
  expect([sheet.width, sheet.height]).toEqual([10, 10]);
  for (const [line, column] of [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ] as const) {
    const level = shown.levels[3 * 4 + line * 2 + column] ?? 0;
    for (const inside of [0, 4])
      expect(pixel(sheet, column * 5 + inside, line * 5 + inside)).toEqual([
        ...tableColor(diverging, level),
        255,
      ]);
  }
});

test("NaN has a colour of its own", () => {
  const sheet = canvas();
  const flags = new Uint8Array(16);
  flags[6] = 1;
  drawBlock(sheet, { ...shown, flags }, 1, [3, 3], inks, null);
  expect(pixel(sheet, 1, 4)).toEqual([...notANumber, 255]);
});

test("the entry that is read is framed", () => {
  const [plain, framed] = [canvas(), canvas()];
  drawBlock(plain, shown, 0, [9, 9], inks, null);
  drawBlock(framed, shown, 0, [9, 9], inks, { line: 1, column: 1 });
  expect(framed.toDataURL()).not.toBe(plain.toDataURL());
  expect(pixel(framed, 4, 4)).toEqual(pixel(plain, 4, 4));
});

test("a picture fits its room in whole pixels, and a vector is as high as a finger", () => {
  expect(stretch(shown, 192, 96)).toEqual([48, 48]);
  expect(stretch({ ...shown, height: 96, width: 192 }, 192, 96)).toEqual([1, 1]);
  expect(stretch({ ...shown, height: 96, width: 400 }, 192, 96)).toEqual([1, 1]);
  expect(stretch({ ...shown, height: 1, width: 96 }, 192, 96)).toEqual([2, 29]);
});

test("a place leads to the entry there, and to none beside the picture", () => {
  expect(placeAt(shown, [5, 5], 0, 0)).toEqual({ line: 0, column: 0 });
  expect(placeAt(shown, [5, 5], 9.9, 4.9)).toEqual({ line: 0, column: 1 });
  expect(placeAt(shown, [5, 5], 10, 4)).toBeNull();
  expect(placeAt(shown, [5, 5], -0.1, 4)).toBeNull();
});

test("bars are as high as their counts on the count that all rows share", () => {
  const sheet = canvas();
  drawBars(sheet, bars, 0, [400, 96], inks, null);
  const plot = plotOf(400, 96, emOf(inks));
  const room = plot.base - plot.top;
  const most = Math.max(...bars.counts);
  for (let bin = 0; bin < bars.bins; bin++) {
    const x = Math.floor(plot.left + ((bin + 0.5) * (plot.right - plot.left)) / bars.bins);
    let tall = 0;
    for (let y = 0; y < plot.base; y++) tall += Number(pixel(sheet, x, y).join() === "255,0,0,255");
    expect(Math.abs(tall - (room * (bars.counts[bin] ?? 0)) / most)).toBeLessThan(1.5);
    expect(binAt(plot, bars.bins, x)).toBe(bin);
  }
});

test("the bar that is read has another colour, and the bins end with the axis", () => {
  const sheet = canvas();
  drawBars(sheet, bars, 0, [400, 96], inks, 4);
  const plot = plotOf(400, 96, emOf(inks));
  expect(pixel(sheet, Math.floor(plot.left + (4.5 * (plot.right - plot.left)) / 8), plot.base - 1)).toEqual([
    0, 0, 255, 255,
  ]);
  expect([binAt(plot, 8, -50), binAt(plot, 8, 999)]).toEqual([0, 7]);
});

test("each kind of number that is not finite has its own colour, whatever its level", () => {
  const sheet = canvas();
  drawBlock(sheet, { ...shown, flags: Uint8Array.of(1, 2, 3, 0) }, 0, [4, 4], inks, null);
  const drawn = [pixel(sheet, 1, 1), pixel(sheet, 5, 1), pixel(sheet, 1, 5), pixel(sheet, 5, 5)];
  const own = tableColor(diverging, shown.levels[3] ?? 0);
  expect(drawn).toEqual(
    [notANumber, positiveInfinity, negativeInfinity, own].map((color) => [...color, 255]),
  );
});

test("a picture of other sides across than down leads back to its entries", () => {
  const sheet = canvas();
  const levels = Uint8Array.of(10, 60, 120, 180, 240);
  const vector = { ...shown, height: 1, width: 5, levels, flags: null };
  drawBlock(sheet, vector, 0, [3, 7], inks, null);
  expect([sheet.width, sheet.height]).toEqual([15, 7]);
  for (let x = 0; x < 15; x++)
    for (const y of [0, 6]) {
      const found = placeAt(vector, [3, 7], (x + 0.5) / devicePixelRatio, (y + 0.5) / devicePixelRatio);
      expect(found).toEqual({ line: 0, column: Math.floor(x / 3) });
      expect(pixel(sheet, x, y)).toEqual([...tableColor(diverging, levels[found?.column ?? -1] ?? 0), 255]);
    }
});

test("one weight among very many still has a bar, and none has none", () => {
  const sheet = canvas();
  const counts = Float64Array.of(1e9, 1, 0, 0);
  drawBars(
    sheet,
    { ...bars, bins: 4, counts, edges: Float64Array.of(0, 1, 2, 3, 4) },
    0,
    [400, 96],
    inks,
    null,
  );
  const plot = plotOf(400, 96, emOf(inks));
  const foot = (bin: number) =>
    pixel(sheet, Math.floor(plot.left + ((bin + 0.5) * (plot.right - plot.left)) / 4), plot.base - 1);
  expect(foot(1)).toEqual([255, 0, 0, 255]);
  expect(foot(2)).toEqual([0, 0, 0, 0]);
});

test("a range wider than float64 itself still has its bars", () => {
  const sheet = canvas();
  const edges = Float64Array.of(-Number.MAX_VALUE, 0, Number.MAX_VALUE);
  drawBars(sheet, { ...bars, bins: 2, counts: Uint8Array.of(3, 1), edges }, 0, [400, 96], inks, null);
  const plot = plotOf(400, 96, emOf(inks));
  expect(pixel(sheet, Math.floor(plot.left + 20), Math.ceil(plot.top) + 1)).toEqual([255, 0, 0, 255]);
  expect(pixel(sheet, Math.floor(plot.right - 20), Math.ceil(plot.top) + 1)).toEqual([0, 0, 0, 0]);
});

test("a view outside of the page has a size of text too", () => {
  expect([emOf({ ...inks, font: "17px serif" }), emOf({ ...inks, font: "" })]).toEqual([17, 12]);
});
