import { expect, test } from "vitest";
import { emOf } from "../src/canvas";
import { diverging, negativeInfinity, notANumber, positiveInfinity, tableColor } from "../src/color";
import { drawLegend, drawLevels, type Leveled, markSpot, scaleFor, spotAt } from "../src/heads_picture";
import { pixel } from "./fake_model";

const ratio = devicePixelRatio;
const picture: Leveled = {
  height: 2,
  width: 3,
  levels: Uint8Array.of(9, 1, 64, 128, 200, 255, 7, 7),
  flags: null,
};

const color = (level: number) => [...tableColor(diverging, level), 255];

test("every entry is a square in the colour of its level", () => {
  const canvas = document.createElement("canvas");
  drawLevels(canvas, picture, 1, 4);
  expect([canvas.width, canvas.height]).toEqual([12, 8]);
  expect(canvas.style.width).toBe(`${12 / ratio}px`);
  for (let row = 0; row < 2; row++)
    for (let column = 0; column < 3; column++) {
      const level = picture.levels[1 + 3 * row + column] ?? 0;
      for (const [x, y] of [
        [4 * column, 4 * row],
        [4 * column + 3, 4 * row + 3],
      ] as const)
        expect(pixel(canvas, x, y)).toEqual(color(level));
    }
});

test("what is not finite has a colour of its own, whatever its level", () => {
  const canvas = document.createElement("canvas");
  drawLevels(canvas, { ...picture, flags: Uint8Array.of(0, 1, 2, 3, 0, 0) }, 0, 1);
  const drawn = [0, 1, 2].map((x) => pixel(canvas, x, 0));
  expect(drawn).toEqual([color(9), [...notANumber, 255], [...positiveInfinity, 255]]);
  expect(pixel(canvas, 0, 1)).toEqual([...negativeInfinity, 255]);
});

test("a picture fits into its box in whole device pixels, and is never smaller than itself", () => {
  expect(scaleFor(picture, 31 / ratio, 100)).toBe(10);
  expect(scaleFor(picture, 100, 9 / ratio)).toBe(4);
  expect(scaleFor(picture, 1, 1)).toBe(1);
});

test("a place on the canvas leads back to its entry", () => {
  expect(spotAt(picture, 4, 11 / ratio, 7 / ratio)).toEqual({ row: 1, column: 2 });
  expect(spotAt(picture, 4, 0, 0)).toEqual({ row: 0, column: 0 });
  for (const [x, y] of [
    [12 / ratio, 0],
    [0, 8 / ratio],
    [-1, 0],
    [0, -1],
  ] as const)
    expect(spotAt(picture, 4, x, y)).toBeNull();
});

test("the marked entry keeps its colour inside the frame", () => {
  const canvas = document.createElement("canvas");
  drawLevels(canvas, picture, 0, 6);
  const before = pixel(canvas, 8, 8);
  markSpot(canvas, 6, { row: 1, column: 1 }, ["#ff0000", "#00ff00"]);
  expect(pixel(canvas, 8, 8)).toEqual(before);
  expect(pixel(canvas, 8, 5)).toEqual([255, 0, 0, 255]);
  expect(pixel(canvas, 8, 4)).toEqual([0, 255, 0, 255]);
});

test("the legend runs from the lowest level of a symmetric scale over zero to the highest", () => {
  const canvas = document.createElement("canvas");
  drawLegend(canvas, 255);
  expect([0, 127, 254].map((x) => pixel(canvas, x, 4))).toEqual([color(1), color(128), color(255)]);
});

test("a view outside of the page has a size of text too", () => {
  const font = (size: string) => emOf({ font: `${size} sans-serif` } as never);
  expect([font("17px"), font("")]).toEqual([17, 12]);
});

test("what the pointer reads is what is drawn there, pixel by pixel", () => {
  const canvas = document.createElement("canvas");
  const levels = Uint8Array.from({ length: 35 }, (_, at) => 1 + 7 * at);
  const many: Leveled = { height: 5, width: 7, levels, flags: null };
  drawLevels(canvas, many, 0, 3);
  const mixed: string[] = [];
  for (let y = 0; y < canvas.height; y++)
    for (let x = 0; x < canvas.width; x++) {
      const spot = spotAt(many, 3, (x + 0.5) / ratio, (y + 0.5) / ratio);
      const level = spot ? (levels[7 * spot.row + spot.column] ?? 0) : -1;
      if (String(pixel(canvas, x, y)) !== String(color(level))) mixed.push(`${x} ${y}`);
    }
  expect(mixed).toEqual([]);
});

test("flags belong to the same picture as the levels", () => {
  const canvas = document.createElement("canvas");
  drawLevels(canvas, { ...picture, flags: Uint8Array.of(1, 1, 0, 0, 0, 0, 0, 3) }, 2, 1);
  expect(pixel(canvas, 0, 0)).toEqual(color(64));
  expect(pixel(canvas, 2, 1)).toEqual([...negativeInfinity, 255]);
});

test("a smaller picture leaves nothing of a larger one behind", () => {
  const canvas = document.createElement("canvas");
  drawLevels(canvas, picture, 0, 8);
  drawLevels(canvas, picture, 0, 2);
  expect([canvas.width, canvas.height, canvas.style.height]).toEqual([6, 4, `${4 / ratio}px`]);
});

test("a legend of one pixel is of its lowest level", () => {
  const canvas = document.createElement("canvas");
  drawLegend(canvas, 1);
  expect(pixel(canvas, 0, 0)).toEqual(color(1));
});
