import { afterEach, expect, test } from "vitest";
import { exact } from "../src/axis";
import { diverging, negativeInfinity, notANumber, positiveInfinity, tableColor } from "../src/color";
import { Camera } from "../src/matrix_camera";
import { MatrixData } from "../src/matrix_data";
import { colors, fitting, pictureOf, rowTicks } from "../src/matrix_paint";
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
