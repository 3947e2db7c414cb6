import { afterEach, beforeEach, expect, test } from "vitest";
import type { Palette } from "../src/canvas";
import { type Bars, countsOf, readBars, readRows, STALE } from "../src/gallery_data";
import { barEdges, barHeights, drawCell, type Marks, type Place, plotOf, shorten } from "../src/gallery_draw";
import { thaw } from "./fake_model";
import fixture from "./fixtures/gallery.json";

interface State {
  rows: Record<string, unknown>;
  bars: Record<string, unknown>;
}

const { own } = thaw<{ own: State }>(fixture);
const rows = readRows(own.rows);
const bars = readBars(own.bars, rows) as Bars;
const EM = 12;
const CELL: Place = { x: 0, y: 0, width: 210, height: 137 };
const PLAIN: Marks = { selected: false, hovered: false, bin: null };
const COLORS: Palette = {
  text: "#000001",
  muted: "#000002",
  line: "#000003",
  surface: "#ffffff",
  accent: "#0000ff",
  bar: "#808080",
  overlay: "#ff0000",
  band: "#00ff00",
  font: "12px sans-serif",
};

let canvas: HTMLCanvasElement;
let context: CanvasRenderingContext2D;
let written: string[];

beforeEach(() => {
  canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [210, 137];
  context = canvas.getContext("2d") as CanvasRenderingContext2D;
  written = [];
  const write = context.fillText.bind(context);
  context.fillText = (text: string, x: number, y: number) => {
    written.push(text);
    write(text, x, y);
  };
});
afterEach(() => canvas.remove());

const draw = (index: number, marks: Partial<Marks> = {}, shown: Bars | undefined = bars) =>
  drawCell(context, CELL, shown, index, rows.labels[index] ?? "", COLORS, EM, { ...PLAIN, ...marks });

function count(red: number, green: number, blue: number): number {
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  let found = 0;
  for (let at = 0; at < data.length; at += 4)
    if (data[at] === red && data[at + 1] === green && data[at + 2] === blue && data[at + 3] === 255) found++;
  return found;
}

test("bars cover exactly the pixels that their counts ask for", () => {
  draw(3);
  const plot = plotOf(CELL, EM);
  const edges = barEdges(plot, 8, 1);
  const heights = barHeights(countsOf(bars, 3), plot, 1);
  const area = heights.reduce(
    (sum, height, bin) => sum + height * ((edges[bin + 1] ?? 0) - (edges[bin] ?? 0)),
    0,
  );
  expect(count(0x80, 0x80, 0x80)).toBe(area);
});

test("bars share their edges at every zoom, so that there are no seams", () => {
  const plot = plotOf(CELL, EM);
  for (const ratio of [1, 1.25, 1.5, 2]) {
    const edges = barEdges(plot, 50, ratio);
    expect(edges.length).toBe(51);
    expect(edges.every(Number.isInteger)).toBe(true);
    expect(edges[0]).toBe(Math.round(plot.x * ratio));
    expect(edges.at(-1)).toBe(Math.round((plot.x + plot.width) * ratio));
  }
});

test("the highest count fills the plot, and one weight among millions is still seen", () => {
  const plot = plotOf(CELL, EM);
  expect(barHeights([5_000_000, 1, 0], plot, 2)).toEqual([2 * plot.height, 1, 0]);
  expect(barHeights([0, 0], plot, 1)).toEqual([0, 0]);
});

test("title, axes and ticks are written: name, count, weight value, lowest, zero, highest", () => {
  draw(1);
  expect(written).toEqual(["b", "1", "count", "−4", "3", "0", "weight value"]);
});

test("zero is not written where it would touch another tick", () => {
  draw(0);
  expect(written.filter((text) => text === "0").length).toBe(1);
  const close = { ...bars, ranges: bars.ranges.slice() };
  close.ranges.set([-0.0001, 4], 2);
  written = [];
  draw(1, {}, close);
  expect(written).not.toContain("0");
});

test("the selected cell, the bin pointed at and all else have their colours", () => {
  draw(1, { selected: true });
  expect(count(0, 0, 255)).toBeGreaterThan(500);
  expect(count(0x80, 0x80, 0x80)).toBe(0);
  context.clearRect(0, 0, 210, 137);
  draw(1, { hovered: true, bin: 2 });
  const plot = plotOf(CELL, EM);
  const edges = barEdges(plot, 8, 1);
  expect(count(255, 0, 0)).toBe(((edges[3] ?? 0) - (edges[2] ?? 0)) * plot.height);
});

test("weights that changed since are drawn pale", () => {
  draw(1, {}, { ...bars, state: new Uint8Array(6).fill(STALE) });
  expect(count(0x80, 0x80, 0x80)).toBe(0);
  expect(written).toContain("weight value");
});

test("a layer that is not counted has its name and a reason, no axes", () => {
  draw(4);
  expect(written[0]).toBe("meta");
  expect(written[1]).toMatch(/^This tensor is on/);
  expect(written.length).toBe(2);
  written = [];
  drawCell(context, CELL, undefined, 0, "a", COLORS, EM, PLAIN);
  expect(written).toEqual(["a", "…"]);
});

test("a long name is cut to its room, a short one is left alone", () => {
  context.font = "12px sans-serif";
  const long = "encoder.layers.17.self_attention.query_projection";
  const cut = shorten(context, long, 100);
  expect(cut.endsWith("…")).toBe(true);
  expect(long.startsWith(cut.slice(0, -1))).toBe(true);
  expect(context.measureText(cut).width).toBeLessThanOrEqual(100);
  const longer = `${long.slice(0, cut.length)}…`;
  expect(context.measureText(longer).width).toBeGreaterThan(100);
  expect(shorten(context, "conv1", 100)).toBe("conv1");
});
