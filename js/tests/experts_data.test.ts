import { expect, test } from "vitest";
import {
  type Grid,
  nameOf,
  type Pairs,
  pairIndex,
  pairSheet,
  type Rows,
  readGrid,
  readPairs,
  readRows,
  selectedIn,
  widthOf,
} from "../src/experts_data";
import { cellSentence, pairSentence, pairsTitle, progress, scaleSentence } from "../src/experts_words";
import { toBytes } from "../src/wire";

const rows: Rows = {
  pattern: "l.*.experts.*",
  label: "l.*.experts.*",
  shape: "2 × 2",
  choices: [],
  rows: [
    { depth: "0", names: ["a", "b", "c"], labels: ["a", "b", "c"], numbers: [0, 1, 4] },
    { depth: "1", names: ["d", "e"], labels: ["d", "e"], numbers: [0, 1] },
    { depth: "2", names: ["f"], labels: ["f"], numbers: [0, 1, 2] },
  ],
  token: 7,
};

const table = (values: number[]) => ({
  values: Float64Array.from(values),
  levels: Uint8Array.from(values, () => 128),
  known: Uint8Array.from(values, (value) => Number(!Number.isNaN(value))),
  ends: Float64Array.of(1, 9),
});

const grid: Grid = {
  norm: table([1, 2, 3, 4, 5, Number.NaN, 7, 8, 9]),
  similarity: table([0.5, -0.25, 0, 1, 1, Number.NaN, 0, 0, Number.NaN]),
  state: Uint8Array.of(1, 2, 0),
  sentences: {},
  measured: 1,
  non_finite: 0,
  live: false,
  token: 7,
};

const pairs: Pairs = {
  place: 0,
  count: 3,
  cosines: Float32Array.of(0.5, Number.NaN, -0.25),
  levels: Uint8Array.of(255, 128, 64),
  limit: 0.5,
};

test("an empty frame stands for nothing to draw", () => {
  expect(readRows({}).rows).toEqual([]);
  expect(readGrid({}, rows)).toBeUndefined();
  expect(readPairs({}, rows)).toBeUndefined();
  expect(widthOf(readRows({}))).toBe(0);
});

test("rows come as one text with their token", () => {
  const { token, ...content } = rows;
  expect(readRows({ text: toBytes(JSON.stringify(content)), token })).toEqual(rows);
});

test("the widest layer decides how many columns there are", () => {
  expect(widthOf(rows)).toBe(3);
});

test("an expert has a tensor of its own, or its place in the one of all", () => {
  const [own, , fused] = rows.rows;
  expect([0, 1, 2].map((place) => own && nameOf(own, place))).toEqual(["a", "b", "c"]);
  expect([0, 1, 2].map((place) => fused && nameOf(fused, place))).toEqual(["f", "f", "f"]);
});

test("the selected expert is found by its tensor, and in a fused one by its place", () => {
  expect(selectedIn(rows, "c", 0)).toEqual({ row: 0, place: 2 });
  expect(selectedIn(rows, "d", 2)).toEqual({ row: 1, place: 0 });
  expect(selectedIn(rows, "f", 1)).toEqual({ row: 2, place: 1 });
  expect(selectedIn(rows, "f", 9)).toEqual({ row: 2, place: 2 });
  expect(selectedIn(rows, "elsewhere", 0)).toBeNull();
});

test("every pair of experts has its own place, whichever comes first", () => {
  for (const count of [2, 3, 8, 128]) {
    const seen = new Set<number>();
    for (let row = 0; row < count; row++)
      for (let column = row + 1; column < count; column++) {
        seen.add(pairIndex(count, row, column));
        expect(pairIndex(count, column, row)).toBe(pairIndex(count, row, column));
      }
    expect(seen.size).toBe((count * (count - 1)) / 2);
    expect(Math.max(...seen)).toBe(seen.size - 1);
  }
});

test("a pair without a cosine, and an expert with itself, have no colour", () => {
  const { known, levels } = pairSheet(pairs);
  expect([...known]).toEqual([0, 1, 0, 1, 0, 1, 0, 1, 0]);
  expect([...levels]).toEqual([0, 255, 128, 255, 0, 64, 128, 64, 0]);
});

test("an expert is told by its name, its number and both measures", () => {
  expect(cellSentence(rows, grid, { row: 0, place: 2 })).toBe(
    "c, expert 4: norm 3, mean cosine similarity to the other experts 0",
  );
  expect(cellSentence(rows, grid, { row: 0, place: 1 })).toContain("experts −0.25");
  expect(cellSentence(rows, grid, { row: 1, place: 2 })).toBe("layer 1 has no such expert");
  expect(cellSentence(rows, grid, { row: 2, place: 2 })).toBe("f, expert 2: not read yet");
  expect(cellSentence(rows, undefined, { row: 0, place: 0 })).toBe("a, expert 0: not read yet");
  expect(cellSentence(rows, grid, { row: 9, place: 0 })).toBe("");
});

test("two experts are told by their numbers, not by their places", () => {
  expect(pairSentence(rows, pairs, { row: 0, place: 1 })).toBe("experts 0 and 1: cosine similarity 0.5");
  expect(pairSentence(rows, pairs, { row: 2, place: 1 })).toBe("experts 4 and 1: cosine similarity −0.25");
  expect(pairSentence(rows, pairs, { row: 2, place: 0 })).toBe("experts 4 and 0: cosine similarity none");
  expect(pairSentence(rows, pairs, { row: 2, place: 2 })).toBe("expert 4 compared with itself");
});

test("the scales say which numbers their colours stand for", () => {
  expect(scaleSentence(grid, "norm")).toBe("1 to 9: lowest to highest norm; a row per layer");
  expect(scaleSentence(grid, "similarity")).toBe(
    "±9: mean cosine to the others of the layer; a row per layer",
  );
  expect(pairsTitle(rows, pairs, 0)).toBe("Experts of layer 0 two by two: cosine ±0.5");
  expect(pairsTitle(rows, undefined, 0)).toBe("");
  expect(pairsTitle(rows, undefined, 9)).toBe("");
});

test("what is not read yet, not finite or torn is said", () => {
  expect(progress(rows, undefined)).toBe("0 of 3 layers read.");
  expect(progress(rows, grid)).toBe("1 of 3 layers read.");
  expect(progress(rows, { ...grid, measured: 3 })).toBe("");
  const told = progress(rows, { ...grid, measured: 3, non_finite: 1200, live: true });
  expect(told).toContain("left out as if they were 0: 1,200.");
  expect(told).toContain("two training steps");
});
