import { beforeEach, expect, test } from "vitest";
import type { Palette } from "../src/canvas";
import { diverging, tableColor } from "../src/color";
import { type Layout, layOut, type Selected, type Sheet } from "../src/experts_data";
import { drawLegend, drawSheet, labelStep } from "../src/experts_draw";
import { pixel } from "./fake_model";

const EM = 12;
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
const BLUE = [0, 0, 255, 255];
const WHITE = [255, 255, 255, 255];
const sheet: Sheet = {
  height: 2,
  width: 3,
  levels: Uint8Array.of(1, 64, 128, 192, 255, 128),
  known: Uint8Array.of(1, 1, 1, 1, 1, 0),
};
const NO_LABELS = { across: [], down: [] };

let canvas: HTMLCanvasElement;
let layout: Layout;

beforeEach(() => {
  canvas = document.createElement("canvas");
  layout = layOut(sheet, 300, EM, devicePixelRatio, false);
});

const marks = (selected: Selected | null = null, hovered: Selected | null = null, pale = -1) => ({
  selected,
  hovered,
  pale: (row: number) => row === pale,
});

function cell(row: number, place: number, [right, down]: [number, number] = [0.5, 0.5]): number[] {
  const x = layout.left + (place + right) * layout.cellWidth;
  const y = layout.top + (row + down) * layout.cellHeight;
  return pixel(canvas, Math.floor(x * devicePixelRatio), Math.floor(y * devicePixelRatio));
}

test("every cell is filled to its edges with its colour", () => {
  drawSheet(canvas, sheet, layout, NO_LABELS, marks(), COLORS, EM);
  for (let row = 0; row < 2; row++)
    for (let place = 0; place < 3; place++) {
      const known = sheet.known[row * 3 + place];
      const color = known ? [...tableColor(diverging, sheet.levels[row * 3 + place] ?? 0), 255] : WHITE;
      for (const corner of [0.05, 0.95]) expect(cell(row, place, [corner, corner])).toEqual(color);
    }
});

test("the selected cell is framed and keeps its own colour", () => {
  drawSheet(canvas, sheet, layout, NO_LABELS, marks({ row: 0, place: 1 }), COLORS, EM);
  expect(cell(0, 1)).toEqual([...tableColor(diverging, 64), 255]);
  expect(cell(0, 0, [0.97, 0.5])).toEqual(BLUE);
  expect(cell(0, 2, [0.03, 0.5])).toEqual(BLUE);
  expect(cell(1, 1, [0.5, 0.03])).toEqual(BLUE);
});

test("a cell that is pointed at is framed in the colour of the text", () => {
  drawSheet(canvas, sheet, layout, NO_LABELS, marks(null, { row: 1, place: 1 }), COLORS, EM);
  const edge = cell(1, 2, [0.01, 0.5]);
  expect(edge).not.toEqual(WHITE);
  expect(edge).not.toEqual(BLUE);
  expect(cell(1, 1)).toEqual([...tableColor(diverging, 255), 255]);
});

test("a layer whose weights changed since is pale until it is read again", () => {
  drawSheet(canvas, sheet, layout, NO_LABELS, marks(null, null, 0), COLORS, EM);
  const full = tableColor(diverging, 1);
  cell(0, 0)
    .slice(0, 3)
    .forEach((part, index) => {
      expect(Math.abs(part - (255 + (full[index] ?? 0)) / 2)).toBeLessThanOrEqual(1);
    });
  expect(cell(1, 0)).toEqual([...tableColor(diverging, 192), 255]);
});

test("labels stand above and before the cells, never in them", () => {
  drawSheet(canvas, sheet, layout, NO_LABELS, marks(), COLORS, EM);
  const bare = canvas.toDataURL();
  const cells = () => [0, 1].flatMap((row) => [0, 1, 2].map((place) => cell(row, place, [0.1, 0.9])));
  const before = cells();
  drawSheet(canvas, sheet, layout, { across: ["0", "1", "2"], down: ["a", "b"] }, marks(), COLORS, EM);
  expect(canvas.toDataURL()).not.toBe(bare);
  expect(cells()).toEqual(before);
});

test("a sheet without cells is drawn without harm", () => {
  const nothing = { ...sheet, height: 0, width: 0 };
  layout = layOut(nothing, 300, EM, devicePixelRatio, true);
  drawSheet(canvas, nothing, layout, NO_LABELS, marks(), COLORS, EM);
  expect(pixel(canvas, 1, 1)).toEqual(WHITE);
});

test("the legend runs from the level of its lower end to the last of the table", () => {
  const legend = document.createElement("canvas");
  for (const first of [1, 128]) {
    drawLegend(legend, first);
    expect(pixel(legend, 0, 0)).toEqual([...tableColor(diverging, first), 255]);
    expect(pixel(legend, legend.width - 1, 0)).toEqual([...tableColor(diverging, 255), 255]);
  }
});

test("labels are as far apart as their room, and no farther than the next round number", () => {
  for (const [cellSize, room] of [
    [20, 15],
    [7, 30],
    [3, 33],
    [1, 90],
  ] as const) {
    const step = labelStep(cellSize, room);
    expect(step * cellSize).toBeGreaterThanOrEqual(room);
    expect(step * cellSize).toBeLessThanOrEqual(Math.max(2.5 * room, cellSize));
    expect([1, 2, 5, 10, 20, 50, 100]).toContain(step);
  }
});
