import { beforeEach, expect, test } from "vitest";
import type { Palette } from "../src/canvas";
import { fit } from "../src/canvas";
import { diverging, negativeInfinity, notANumber, positiveInfinity, tableColor } from "../src/color";
import { GAP, heightScale, type Layout, layOut, type Slices } from "../src/depth_data";
import { drawAxis, drawCell, drawGrid, drawStrip, hairline, paint, Sheets } from "../src/depth_draw";
import { pixel } from "./fake_model";

const EM = 12;
const WIDTH = 400;
const COLORS: Palette = {
  text: "#111111",
  muted: "#222222",
  line: "#dddddd",
  surface: "#ffffff",
  accent: "#0000ff",
  bar: "#ff0000",
  overlay: "#00ff00",
  band: "#00ffff",
  font: `${EM}px sans-serif`,
};
const RED = [255, 0, 0, 255];
const BLUE = [0, 0, 255, 255];
const LINE = [0xdd, 0xdd, 0xdd, 255];
const WHITE = [255, 255, 255, 255];

/** Two layers of 2 x 3 pixels: levels 1 to 6, and every flag there is. */
const slices: Slices = {
  values: Float64Array.of(1, 2),
  state: Uint8Array.of(1, 1),
  sizes: Uint8Array.of(2, 3, 2, 3),
  starts: [0, 6],
  levels: Uint8Array.of(1, 50, 100, 128, 200, 255, 128, 128, 128, 128, 128, 128),
  flags: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1, 2, 3, GAP, 0),
  limit: 1,
  measured: 2,
  live: false,
  sentences: {},
  blocks: ["1 weight", "1 weight"],
  token: 1,
};

let canvas: HTMLCanvasElement;
let context: CanvasRenderingContext2D;
let layout: Layout;

beforeEach(() => {
  canvas = document.createElement("canvas");
  layout = layOut(
    [
      [2, 3],
      [2, 3],
    ],
    WIDTH,
    EM,
    devicePixelRatio,
  );
  context = fit(canvas, WIDTH, layout.height).context;
  context.fillStyle = COLORS.surface;
  context.fillRect(0, 0, WIDTH, layout.height);
});

const at = (x: number, y: number) =>
  pixel(canvas, Math.floor(x * devicePixelRatio), Math.floor(y * devicePixelRatio));

function count(color: number[], left = 0, width = WIDTH, top = 0, height = layout.height): number {
  const [x, y, across, down] = [left, top, width, height].map((size) => Math.round(size * devicePixelRatio));
  const { data } = context.getImageData(x ?? 0, y ?? 0, across ?? 1, down ?? 1);
  let found = 0;
  for (let place = 0; place < data.length; place += 4)
    if (color.every((part, index) => data[place + index] === part)) found += 1;
  return found;
}

test("each level has the colour of the table", () => {
  const { data, width, height } = paint(slices, 0);
  expect([width, height]).toEqual([3, 2]);
  for (let place = 0; place < 6; place++) {
    const color = [...tableColor(diverging, slices.levels[place] ?? 0), 255];
    expect([...data.subarray(4 * place, 4 * place + 4)]).toEqual(color);
  }
});

test("NaN and the infinities have colours of their own, and a gap has none", () => {
  const { data } = paint(slices, 1);
  const colors = Array.from({ length: 6 }, (_, place) => [...data.subarray(4 * place, 4 * place + 4)]);
  expect(colors.slice(1, 4)).toEqual(
    [notANumber, positiveInfinity, negativeInfinity].map((color) => [...color, 255]),
  );
  expect(colors[4]).toEqual([0, 0, 0, 0]);
  expect(colors[0]).toEqual([...tableColor(diverging, 128), 255]);
});

test("a sheet is painted once for each frame, and none without pixels", () => {
  const sheets = new Sheets();
  expect(sheets.of(0)).toBeNull();
  sheets.renew(slices);
  const first = sheets.of(0);
  expect(first).not.toBeNull();
  expect(sheets.of(0)).toBe(first);
  sheets.renew({ ...slices });
  expect(sheets.of(0)).not.toBe(first);
  sheets.renew({ ...slices, sizes: Uint8Array.of(0, 3, 2, 3) });
  expect(sheets.of(0)).toBeNull();
});

test("a picture stands in the middle of its cell, each weight equally large", () => {
  const sheets = new Sheets();
  sheets.renew(slices);
  const marks = { selected: false, hovered: false };
  drawCell(context, 50, layout, { depth: "", sheet: sheets.of(0), instead: "" }, COLORS, EM, marks);
  const sizes = [0, 5].map((place) => count([...tableColor(diverging, slices.levels[place] ?? 0), 255]));
  expect(sizes[0]).toBe(sizes[1]);
  expect(Math.sqrt(sizes[0] ?? 0) % 1).toBe(0);
  const first = [...tableColor(diverging, 1), 255];
  expect(count(first, 0, 50)).toBe(0);
  expect(count(first, 50, layout.cell / 2)).toBe(sizes[0]);
});

test("the selected cell is framed, another that is pointed at more lightly", () => {
  const cell = { depth: "", sheet: null, instead: "" };
  drawCell(context, 50, layout, cell, COLORS, EM, { selected: false, hovered: false });
  expect(count(BLUE) + count(LINE)).toBe(0);
  drawCell(context, 50, layout, cell, COLORS, EM, { selected: false, hovered: true });
  expect(count(BLUE)).toBe(0);
  expect(at(51.5, layout.height / 2)).toEqual(LINE);
  drawCell(context, 50, layout, cell, COLORS, EM, { selected: true, hovered: true });
  expect(at(51.5, layout.height / 2)).toEqual(BLUE);
});

test("a layer that is not read yet says so by dots in the place of its picture", () => {
  const marks = { selected: false, hovered: false };
  drawCell(context, 50, layout, { depth: "", sheet: null, instead: "…" }, COLORS, EM, marks);
  const inked = WIDTH * layout.height * devicePixelRatio ** 2 - count(WHITE);
  expect(inked).toBeGreaterThan(0);
  const room = (layout.foot - layout.picture) * layout.cell * devicePixelRatio ** 2;
  expect(room - count(WHITE, 50, layout.cell, layout.picture, layout.foot - layout.picture)).toBe(inked);
});

test("points stand at their values, and a line leads from each to the next", () => {
  const scale = heightScale(layout, [0, 4]);
  const points = [1, 3].map((value, index) => ({ x: 100 + 100 * index, value, selected: index === 1 }));
  drawStrip(context, points, scale, COLORS, EM);
  expect(at(100, scale(1))).toEqual(RED);
  expect(at(200, scale(3))).toEqual(BLUE);
  expect(count(RED, 140, 20)).toBeGreaterThan(0);
  expect(scale(4)).toBe(layout.top);
  expect(scale(0)).toBe(layout.base);
});

test("a layer without a number interrupts the line", () => {
  const scale = heightScale(layout, [0, 4]);
  const values = [1, Number.NaN, 1];
  const points = values.map((value, index) => ({ x: 100 + 100 * index, value, selected: false }));
  drawStrip(context, points, scale, COLORS, EM);
  expect(count(RED, 110, 180)).toBe(0);
  expect(count(RED, 90, 20)).toBeGreaterThan(0);
  expect(count(RED, 290, 20)).toBeGreaterThan(0);
});

test("gridlines cross the plot at round numbers and leave the axis free", () => {
  const span = [0, 4] as const;
  const scale = heightScale(layout, span);
  drawGrid(context, layout, WIDTH, span, scale, COLORS, EM);
  for (const value of [0, 2, 4]) {
    const y = Math.round(scale(value));
    expect(at(layout.gutter + 10, y)).toEqual(LINE);
    expect(at(layout.gutter - 10, y)).toEqual(WHITE);
  }
});

test("the axis covers what scrolled under it", () => {
  context.fillStyle = COLORS.bar;
  context.fillRect(0, 0, WIDTH, layout.height);
  const span = [0, 4] as const;
  drawAxis(context, layout, "", span, heightScale(layout, span), COLORS, EM);
  expect(count(RED, 0, layout.gutter)).toBe(0);
  expect(at(layout.gutter + 2, 5)).toEqual(RED);
  const labelled = layout.gutter * layout.height * devicePixelRatio ** 2 - count(WHITE, 0, layout.gutter);
  expect(labelled).toBeGreaterThan(20);
});

test("lines grow with the letters", () => {
  expect([hairline(6), hairline(12), hairline(20), hairline(36)]).toEqual([1, 1, 2, 3]);
});
