import { describe, expect, test } from "vitest";
import { Camera, DEEPEST } from "../src/matrix_camera";

function camera(rows: number, cols: number, width = 800, height = 400): Camera {
  const made = new Camera();
  made.resize(width, height);
  made.begin(rows, cols);
  return made;
}

const SIZES: [number, number][] = [
  [128_256, 4096],
  [512, 512],
  [10, 784],
  [50_000, 3],
  [1, 1],
];

describe.each(SIZES)("a matrix of %i x %i", (rows, cols) => {
  test("is in sight as a whole at first, and after any moves again", () => {
    const moved = camera(rows, cols);
    expect(moved.sight).toEqual([0, rows, 0, cols]);
    moved.zoomBy(5, 700, 30);
    moved.panBy(1000, -50);
    moved.showWhole();
    expect(moved.sight).toEqual([0, rows, 0, cols]);
    expect(moved.isWhole).toBe(true);
  });

  test("ends at single weights of equal sides, reached by rows and columns together", () => {
    const zoomed = camera(rows, cols);
    let steps = 0;
    while (!zoomed.isDeepest && steps < 100) {
      expect(zoomed.scaleX).toBeLessThanOrEqual(DEEPEST + 1e-9);
      zoomed.zoomBy(1);
      steps += 1;
    }
    expect(steps).toBeLessThan(25);
    expect(zoomed.scaleX).toBeCloseTo(DEEPEST, 6);
    expect(zoomed.scaleY).toBeCloseTo(DEEPEST, 6);
    expect(zoomed.levels).toEqual([0, 0]);
  });

  test("never shrinks a pixel of a tile below one of the screen, nor doubles it needlessly", () => {
    const zoomed = camera(rows, cols);
    for (let step = 0; step < 20; step++, zoomed.zoomBy(0.7)) {
      const [down, across] = zoomed.levels;
      for (const [level, scale] of [
        [down, zoomed.scaleY],
        [across, zoomed.scaleX],
      ] as const) {
        expect(2 ** level * scale).toBeGreaterThanOrEqual(1 - 1e-6);
        if (level > 0) expect(2 ** level * scale).toBeLessThan(2);
      }
    }
  });
});

test("what is under the pointer stays there while it is zoomed", () => {
  const zoomed = camera(4000, 6000);
  zoomed.zoomBy(3);
  const before = zoomed.at(300, 150);
  zoomed.zoomBy(2, 300, 150);
  const after = zoomed.at(300, 150);
  expect(after.row).toBeCloseTo(before.row, 6);
  expect(after.column).toBeCloseTo(before.column, 6);
});

test("places and points are each other's inverse", () => {
  const zoomed = camera(4000, 6000);
  zoomed.zoomBy(4, 100, 300);
  const { row, column } = zoomed.at(123, 45);
  expect(zoomed.x(column)).toBeCloseTo(123, 6);
  expect(zoomed.y(row)).toBeCloseTo(45, 6);
});

test("nobody gets lost beyond the edges", () => {
  const zoomed = camera(4000, 6000);
  zoomed.zoomBy(6);
  zoomed.panBy(-1e9, -1e9);
  expect(zoomed.sight.filter((_, place) => place % 2 === 0)).toEqual([0, 0]);
  zoomed.panBy(1e9, 1e9);
  expect(zoomed.sight[1]).toBe(4000);
  expect(zoomed.sight[3]).toBe(6000);
});

test("a row out of sight comes to the middle, one in sight stays where it is", () => {
  const zoomed = camera(4000, 6000);
  zoomed.zoomBy(6);
  zoomed.reveal(3000);
  expect(zoomed.y(3000.5)).toBeCloseTo(200, 6);
  const before = zoomed.sight;
  zoomed.reveal(3001);
  expect(zoomed.sight).toEqual(before);
});

test("a row that is to be read is zoomed to, and never zoomed out from", () => {
  const zoomed = camera(128_256, 4096);
  zoomed.goTo(77_777, 13);
  expect(zoomed.scaleY).toBeCloseTo(13, 4);
  expect(zoomed.y(77_777.5)).toBeCloseTo(200, 4);
  zoomed.zoomBy(2);
  const deeper = zoomed.scaleY;
  zoomed.goTo(5, 13);
  expect(zoomed.scaleY).toBe(deeper);
});

test("a view that gets narrower still shows the whole matrix", () => {
  const narrow = camera(512, 512);
  narrow.resize(200, 400);
  expect(narrow.sight).toEqual([0, 512, 0, 512]);
});

test("whatever is done to it, it looks at the matrix, and reads what it shows", () => {
  // A fixed sequence that looks random: the moves of a user who tries everything.
  let seed = 7;
  const next = () => {
    seed = (seed * 16_807) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  for (const [rows, cols] of SIZES) {
    const moved = camera(rows, cols);
    for (let step = 0; step < 200; step++) {
      if (next() < 0.5) moved.zoomBy(4 * next() - 2, 800 * next(), 400 * next());
      else if (next() < 0.7) moved.panBy(2000 * next() - 1000, 900 * next() - 450);
      else moved.goTo(Math.floor(rows * next()), 40 * next());
      const [first, last, left, right] = moved.sight;
      expect(first).toBeLessThan(last);
      expect(left).toBeLessThan(right);
      expect(moved.y(last) - moved.y(first)).toBeLessThanOrEqual(400 + 1e-6);
      expect(moved.x(right) - moved.x(left)).toBeLessThanOrEqual(800 + 1e-6);
      // The room is full wherever the matrix is large enough for it.
      if (moved.scaleY * rows >= 400) expect(moved.y(last) - moved.y(first)).toBeCloseTo(400, 5);
      if (moved.scaleX * cols >= 800) expect(moved.x(right) - moved.x(left)).toBeCloseTo(800, 5);
    }
  }
});

test("a thin matrix is stretched to the room, a nearly square one keeps its shape", () => {
  const thin = camera(10, 784);
  expect(thin.scaleY * 10).toBeCloseTo(400, 6);
  const even = camera(500, 800);
  expect(even.scaleX).toBeCloseTo(even.scaleY, 9);
  expect(camera(1, 1).isDeepest).toBe(true);
});

test("zooming out ends with the whole matrix in the middle of the room", () => {
  const zoomed = camera(4000, 6000);
  zoomed.zoomBy(7, 790, 390);
  zoomed.zoomBy(-99, 3, 3);
  expect(zoomed.sight).toEqual([0, 4000, 0, 6000]);
  expect([zoomed.isWhole, zoomed.x(3000), zoomed.y(2000)]).toEqual([true, 400, 200]);
});
