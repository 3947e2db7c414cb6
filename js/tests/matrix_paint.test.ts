import { afterEach, expect, test } from "vitest";
import { exact } from "../src/axis";
import { fit, type Palette } from "../src/canvas";
import {
  diverging,
  negativeInfinity,
  notANumber,
  positiveInfinity,
  selected,
  tableColor,
} from "../src/color";
import { Camera } from "../src/matrix_camera";
import { MatrixData } from "../src/matrix_data";
import { colors, fitting, paint, pictureOf, rowTicks } from "../src/matrix_paint";
import { pixel } from "./fake_model";
import { dataOf, frameOf, type MatrixPage, open, pagesOf, sharpest, state } from "./matrix_page";

let view: MatrixPage | null = null;

afterEach(() => {
  view?.close();
  view = null;
});

test("each level has its colour of the table, and what is no number its own", () => {
  const tile = sharpest(dataOf(state("small")));
  const painted = colors(tile);
  for (const [index, level] of tile.levels.entries()) {
    const value = tile.values[index] ?? 0;
    const stray = Number.isNaN(value) ? notANumber : value > 0 ? positiveInfinity : negativeInfinity;
    const expected = Number.isFinite(value) ? tableColor(diverging, level) : stray;
    expect([...painted.slice(4 * index, 4 * index + 4)]).toEqual([...expected, 255]);
  }
});

test("a tile is painted once", () => {
  const tile = sharpest(dataOf(state("small")));
  expect(pictureOf(tile)).toBe(pictureOf(tile));
  expect([pictureOf(tile).width, pictureOf(tile).height]).toEqual([12, 9]);
});

test("on the screen every weight is a rectangle in its colour", async () => {
  view = await open("small");
  const data = dataOf(state("small"));
  const tile = sharpest(data);
  const painted = colors(tile);
  const ratio = window.devicePixelRatio;
  // The geometry anew: the room right of and below the edges, filled by 9 rows and 12 columns.
  const [left, top] = [132, 22];
  const camera = new Camera();
  camera.resize(view.canvas.clientWidth - left - 3, view.canvas.clientHeight - top - 3);
  camera.begin(9, 12);
  for (let row = 0; row < 9; row++)
    for (let column = 0; column < 12; column++) {
      const [x, y] = [left + camera.x(column + 0.12), top + camera.y(row + 0.12)];
      const index = row * 12 + column;
      expect(pixel(view.canvas, Math.round(x * ratio), Math.round(y * ratio))).toEqual([
        ...painted.slice(4 * index, 4 * index + 4),
      ]);
    }
});

test("digits are all there where they fit, else fewer and marked as rounded, else none", () => {
  const value = Math.fround(-0.043701172);
  const measure = (text: string) => text.length;
  expect(fitting(value, true, 20, measure)).toBe(exact(value, true));
  expect(fitting(value, true, 9, measure)).toBe("≈−0.0437");
  expect(fitting(value, true, 7, measure)).toBe("≈−0.044");
  expect(fitting(value, true, 6, measure)).toBe("≈−0.04");
  expect(fitting(value, true, 3, measure)).toBe("");
  expect(fitting(0.5, true, 3, measure)).toBe("0.5");
  expect(fitting(Number.NaN, true, 3, measure)).toBe("NaN");
});

test("where there is room the edge names each row with its label, else places", () => {
  const data = dataOf(state("small"));
  const frame = frameOf("small");
  const camera = new Camera();
  camera.resize(800, 400);
  camera.begin(9, 12);
  const tiles = data.drawn(camera.levels, camera.sight);
  const ticks = rowTicks(camera, frame, tiles);
  expect(ticks.map((tick) => tick.label).slice(0, 2)).toEqual(["tok0  0", "tok1  1"]);
  expect(ticks).toHaveLength(9);
  expect(ticks[4]?.position).toBeCloseTo(camera.y(4.5), 6);
  camera.begin(90_000, 12);
  const large = { ...frame, rows: 90_000 };
  expect(rowTicks(camera, large, []).map((tick) => tick.label)).toContain("20,000");
  expect(rowTicks(camera, { ...large, order: "norm" }, []).map((tick) => tick.label)).toContain("#20,000");
});

test("rows that are shown in another order are named as the layer counts them", () => {
  const data = dataOf(state("ordered"));
  const camera = new Camera();
  camera.resize(800, 400);
  camera.begin(9, 12);
  const names = rowTicks(camera, frameOf("ordered"), data.drawn([0, 0], camera.sight)).map(
    ({ label }) => label,
  );
  expect(names).toEqual([...sharpest(data).rows].map(String));
  expect([...names].sort()).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8"]);
});

test("rows whose tile is not in hand have no name yet", () => {
  const frame = { ...frameOf("ordered"), rows: 5000, side: 128 };
  const data = new MatrixData();
  data.takeFrame(frame);
  data.takePages(pagesOf(frame, [5, 0, 0, 0]));
  const camera = new Camera();
  camera.resize(800, 400);
  camera.begin(5000, 12);
  camera.goTo(300, 20);
  expect(rowTicks(camera, frame, data.drawn(camera.levels, camera.sight))).toEqual([]);
});

const inks: Palette = {
  text: "#000000",
  muted: "#00ff00",
  line: "#0000ff",
  surface: "#fffffe",
  accent: "#000000",
  bar: "#000000",
  overlay: "#000000",
  band: "#000000",
  font: "12px sans-serif",
};
const edges = { left: 60, top: 20 };
const ratio = window.devicePixelRatio;

function painted(data: MatrixData, camera: Camera, cursor = false): HTMLCanvasElement {
  const sheet = fit(document.createElement("canvas"), camera.width + 70, camera.height + 30);
  paint(sheet, edges, camera, data, inks, cursor);
  return sheet.canvas;
}

const at = (canvas: HTMLCanvasElement, x: number, y: number) =>
  pixel(canvas, Math.round((edges.left + x) * ratio), Math.round((edges.top + y) * ratio));

const MARK = [...selected, 255];

test("the sheet is the theme's surface alone where there is no frame", () => {
  const canvas = painted(new MatrixData(), new Camera());
  for (const [x, y] of [
    [0, 0],
    [canvas.width - 1, canvas.height - 1],
  ] as const)
    expect(pixel(canvas, x, y)).toEqual([255, 255, 254, 255]);
});

test("the sheet has no seam where tiles meet, at whatever zoom", () => {
  const frame = { ...frameOf("ordered"), rows: 256, cols: 256, side: 128, overview: [1, 1] };
  const data = new MatrixData();
  data.takeFrame(frame);
  data.takePages(pagesOf(frame, [0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0], [0, 0, 1, 1]));
  const camera = new Camera();
  camera.resize(301, 287);
  camera.begin(256, 256);
  camera.zoomBy(0.37);
  const canvas = painted(data, camera);
  const [x, y] = [camera.x(128), camera.y(128)];
  const level = [...tableColor(diverging, 128), 255];
  for (const off of [-2, -1, 0, 1, 2]) {
    expect(at(canvas, x + off, y - 20)).toEqual(level);
    expect(at(canvas, x - 20, y + off)).toEqual(level);
  }
});

test("the sheet frames the selected row, and points at it from the left", () => {
  const data = dataOf(state("wide"));
  const camera = new Camera();
  camera.resize(600, 450);
  camera.begin(9, 12);
  data.row = { token: 1, filter_index: 4, place: 4, label: "", norm: Float64Array.of(1), image: null };
  const canvas = painted(data, camera);
  const middle = camera.y(4.5);
  expect(at(canvas, camera.x(0) - 5, middle)).toEqual(MARK);
  expect(at(canvas, camera.x(0) - 5, camera.y(5.5))).not.toEqual(MARK);
  for (const edge of [camera.y(4), camera.y(5)]) expect(at(canvas, camera.x(6), edge)).toEqual(MARK);
  expect(at(canvas, camera.x(6), camera.y(6))).not.toEqual(MARK);
});

test("the sheet marks no row that is out of sight, or whose place is not known", () => {
  const data = dataOf(state("wide"));
  const camera = new Camera();
  camera.resize(300, 200);
  camera.begin(9, 12);
  for (let step = 0; step < 9; step++) camera.zoomBy(1);
  camera.panBy(0, -9999);
  const row = { token: 1, filter_index: 8, label: "", norm: Float64Array.of(1), image: null };
  data.row = null;
  const plain = painted(data, camera).toDataURL();
  for (const place of [8, null]) {
    data.row = { ...row, place };
    expect(painted(data, camera).toDataURL() === plain).toBe(true);
  }
  data.row = { ...row, place: 0 };
  expect(painted(data, camera).toDataURL() === plain).toBe(false);
});

test("the sheet has a cross in its middle while keys move it", () => {
  const data = dataOf(state("wide"));
  const camera = new Camera();
  camera.resize(600, 450);
  camera.begin(9, 12);
  const [without, cross] = [false, true].map((cursor) => at(painted(data, camera, cursor), 304, 225));
  // A line of 1.5 pixels covers three quarters of the two that it lies on.
  expect(cross?.slice(0, 3).every((part) => part < 90)).toBe(true);
  expect(without?.slice(0, 3).some((part) => part > 150)).toBe(true);
});

test("the sheet writes the digits of a weight in black on light and in white on dark", () => {
  const data = dataOf(state("wide"));
  const camera = new Camera();
  camera.resize(1200, 450);
  camera.begin(9, 12);
  for (let step = 0; step < 9; step++) camera.zoomBy(1);
  const canvas = painted(data, camera);
  const tile = sharpest(data);
  let seen = 0;
  for (let row = 0; row < 9; row++)
    for (let column = 0; column < 12; column++) {
      const [x, y] = [camera.x(column), camera.y(row)];
      if (x < 4 || y < 4 || x + 92 > camera.width || y + 92 > camera.height) continue;
      const own = tableColor(diverging, tile.levels[row * 12 + column] ?? 0);
      const light = (0.299 * (own[0] ?? 0) + 0.587 * (own[1] ?? 0) + 0.114 * (own[2] ?? 0)) / 255;
      const context = canvas.getContext("2d") as CanvasRenderingContext2D;
      const left = Math.round((edges.left + x + 6) * ratio);
      const top = Math.round((edges.top + y + 40) * ratio);
      const { data: read } = context.getImageData(left, top, 84 * ratio, 16 * ratio);
      const greens = Array.from({ length: read.length / 4 }, (_, place) => read[4 * place + 1] ?? 0);
      seen += 1;
      if (light * 255 < 140) expect(Math.max(...greens)).toBeGreaterThan(230);
      else expect(Math.min(...greens)).toBeLessThan(60);
    }
  expect(seen).toBeGreaterThan(10);
});
