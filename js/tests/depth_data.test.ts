import { expect, test } from "vitest";
import {
  heightScale,
  isMeasured,
  layOut,
  over,
  type Rows,
  readRows,
  readSlices,
  type Slices,
  scaleOf,
  sizeOf,
  spanOf,
} from "../src/depth_data";
import { labelOf, placeOf, progress, STATISTICS, scaleSentence, sentence, written } from "../src/depth_words";
import { toBytes } from "../src/wire";

const EM = 12;
const COUNT = STATISTICS.length;

const rows: Rows = {
  pattern: "l.*.q",
  label: "l.*.q",
  choices: [],
  names: ["l.0.q", "l.1.q", "l.2.q"],
  labels: ["l.0.q", "l.1.q", "l.2.q"],
  depths: ["0", "1", "2"],
  shapes: ["4 × 2", "4 × 2", "8"],
  token: 3,
};

function slicesOf(state: number[], blocks: string[] = ["1 weight", "2 × 2 weights", ""]): Slices {
  return {
    values: Float64Array.from({ length: 3 * COUNT }, (_, index) => index),
    state: Uint8Array.from(state),
    sizes: Uint8Array.of(4, 2, 4, 2, 0, 0),
    starts: [0, 8, 16],
    levels: new Uint8Array(16),
    flags: new Uint8Array(16),
    limit: 0.75,
    measured: state.filter((one) => one === 1 || one === 3).length,
    live: false,
    sentences: { 1: "this tensor is on `meta`" },
    blocks,
    token: 3,
  };
}

test("an empty frame stands for nothing to draw", () => {
  expect(readRows({}).names).toEqual([]);
  expect(readSlices({}, rows)).toBeUndefined();
});

test("rows come as one text with their token", () => {
  const { token, ...content } = rows;
  expect(readRows({ text: toBytes(JSON.stringify(content)), token })).toEqual(rows);
});

test("the numbers of a statistic are taken from every layer", () => {
  const slices = slicesOf([1, 1, 1]);
  expect(over(slices, 0, 3)).toEqual([0, COUNT, 2 * COUNT]);
  expect(over(slices, COUNT - 1, 3)).toEqual([COUNT - 1, 2 * COUNT - 1, 3 * COUNT - 1]);
  expect(over(undefined, 0, 2)).toEqual([Number.NaN, Number.NaN]);
  expect(over(slices, 0, 0)).toEqual([]);
});

test("a layer is measured when it was read, also if its weights changed since", () => {
  const slices = slicesOf([0, 1, 2]);
  expect([0, 1, 2].map((index) => isMeasured(slices, index))).toEqual([false, true, true]);
  expect(isMeasured(slicesOf([3, 1, 1]), 0)).toBe(false);
  expect(isMeasured(undefined, 0)).toBe(false);
  expect(sizeOf(slices, 1)).toEqual([4, 2]);
});

test("a layer is told by its name, shape, statistic and what a pixel stands for", () => {
  const slices = slicesOf([1, 2, 1]);
  const place = placeOf("mean");
  expect(sentence(rows, slices, 0, "mean")).toBe(`l.0.q (4 × 2): mean ${place}; a pixel is 1 weight`);
  expect(sentence(rows, slices, 1, "mean")).toBe(
    `l.1.q (4 × 2): mean ${COUNT + place}; a pixel is the strongest of 2 × 2 weights`,
  );
  expect(sentence(rows, slices, 2, "mean")).toBe(`l.2.q (8): mean ${2 * COUNT + place}`);
  const kernels = slicesOf([1, 1, 1], ["1 kernel", "", ""]);
  expect(sentence(rows, kernels, 0, "mean")).toContain("a pixel is 1 kernel");
});

test("a layer without numbers says why, or that it was not read yet", () => {
  expect(sentence(rows, slicesOf([0, 3, 1]), 0, "rms")).toBe("l.0.q (4 × 2): not read yet");
  expect(sentence(rows, slicesOf([0, 3, 1]), 1, "rms")).toBe("l.1.q (4 × 2): this tensor is on `meta`");
  expect(sentence(rows, undefined, 2, "rms")).toBe("l.2.q (8): not read yet");
});

test("how far the reading is, and what the colours are, is said", () => {
  expect(progress(rows, undefined)).toBe("0 of 3 layers read.");
  expect(progress(rows, slicesOf([1, 3, 0]))).toBe("2 of 3 layers read.");
  expect(progress(rows, { ...slicesOf([1, 1, 1]), live: true })).toMatch(/^Read while a cell was running/);
  expect(progress(readRows({}), undefined)).toBe("");
  expect(scaleSentence(slicesOf([1, 1, 1]))).toBe("±0.75, the largest magnitude of all these layers");
  expect(scaleSentence(undefined)).toBe("");
});

test("every statistic has a name of its own and is written as what it is", () => {
  expect(new Set(STATISTICS.map(([, label]) => label)).size).toBe(COUNT);
  for (const [name] of STATISTICS) expect(written(name, Number.NaN)).toBe("none");
  expect(labelOf("l2")).toBe("L2 norm (Frobenius)");
  expect(written("posinf", 3)).toBe("3");
  expect(written("zero", 1)).toBe("100%");
  expect(written("linf", Number.POSITIVE_INFINITY)).toBe("∞");
});

test("the strip's axis runs from its lowest value at the base to its highest at the top", () => {
  const layout = layOut([[4, 4]], 500, EM, 1);
  const span = spanOf([3, 5]);
  const scale = heightScale(layout, span);
  expect([scale(span[0]), scale(span[1])]).toEqual([layout.base, layout.top]);
  expect(layout.foot).toBeLessThan(layout.top);
  expect(layout.base).toBeLessThan(layout.height);
});

test("a statistic that is the same everywhere runs through the middle", () => {
  for (const value of [0, 1, -40, 1e-9]) {
    const [low, high] = spanOf([value, value, value]);
    expect(low).toBeLessThan(value);
    expect(high).toBeGreaterThan(value);
    expect((low + high) / 2).toBeCloseTo(value, 12);
  }
});

test("few layers are drawn large, many small, and none smaller than a pixel for each weight", () => {
  const boxes = [2, 8, 16, 64].map((count) => layOut(Array(count).fill([24, 24]), 860, EM, 1).box);
  expect(boxes).toEqual([...boxes].sort((left, right) => right - left));
  expect(boxes[0]).toBeGreaterThan(boxes[3] ?? 0);
  const { cell, picture, foot } = layOut(Array(64).fill([100, 120]), 860, EM, 1);
  expect(cell).toBeGreaterThanOrEqual(120);
  expect(foot - picture).toBeGreaterThanOrEqual(100);
});

test("on a finer screen a picture has more device pixels in the same room", () => {
  const [one, two] = [1, 2].map((ratio) => layOut(Array(4).fill([30, 30]), 860, EM, ratio));
  expect(one?.box).toBe(two?.box);
  expect(scaleOf([30, 30], 2 * (two?.box ?? 0)).x).toBeGreaterThanOrEqual(
    2 * scaleOf([30, 30], one?.box ?? 0).x,
  );
});

test("layers without pictures still have a cell to stand in", () => {
  const { cell, foot, picture } = layOut(Array(3).fill([0, 0]), 860, EM, 1);
  expect(cell).toBeGreaterThan(2 * EM);
  expect(foot).toBeGreaterThan(picture);
  expect(scaleOf([0, 0], 100)).toEqual({ x: 1, y: 1 });
});
