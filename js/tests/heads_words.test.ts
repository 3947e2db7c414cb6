import { expect, test } from "vitest";
import type { Enlarged } from "../src/heads_data";
import {
  headName,
  headSentence,
  meaning,
  SHOWN,
  scaleSentence,
  singularSentence,
  valueSentence,
} from "../src/heads_words";
import { numbersOf } from "./heads_fixture";

const picture: Enlarged = {
  token: 1,
  role: "qk",
  head: 3,
  height: 2,
  width: 3,
  rows: 2,
  cols: 3,
  block_rows: 1,
  block_cols: 1,
  levels: new Uint8Array(6),
  flags: null,
  values: Float64Array.of(1, 2, 3, -4, 5, Number.NaN),
};

test("a head is named with the key head that it shares", () => {
  expect(headName(numbersOf(4, 2), 3)).toBe("head 3, key/value head 1");
  expect(headName(numbersOf(4, 4), 3)).toBe("head 3");
  expect(headSentence(numbersOf(4, 4), "ov", 0)).toBe("head 0: OV has Frobenius norm 21");
});

test("a value is said with where it is", () => {
  expect(valueSentence(picture, 1, 0)).toBe("head 3, QK: asking dimension 1, attended dimension 0: −4");
  expect(valueSentence(picture, 1, 2)).toMatch(/: NaN$/);
});

test("a pooled value is said with the block that it is the strongest of, cut at the edge", () => {
  const pooled: Enlarged = { ...picture, role: "v", rows: 7, cols: 8, block_rows: 4, block_cols: 3 };
  expect(valueSentence(pooled, 1, 2)).toBe(
    "head 3, V: head dimensions 4 to 6, model dimensions 6 to 7: strongest NaN",
  );
});

test("a singular value is said with its rank among the head's and among the heads", () => {
  const numbers = numbersOf(3, 3);
  numbers.qk.set([2, 1, 4, 0.5, 3, 0.25]);
  expect(singularSentence(numbers, "qk", 0, 0)).toBe(
    "head 0, QK: singular value 1 of 2: 2; larger in 2 of 3 heads",
  );
  expect(singularSentence(numbers, "qk", 0, 1)).toContain("singular value 2 of 2: 1; larger in 0 of 3");
  numbers.qk.fill(Number.NaN, 0, 2);
  expect(singularSentence(numbers, "qk", 0, 0)).toBe("head 0, QK: no singular values");
});

test("the scale says its ends and what a pixel is", () => {
  expect(scaleSentence(0.5, 1, 1)).toBe("−0.5 to 0.5, the same for all heads.");
  expect(scaleSentence(2, 2, 8)).toBe(
    "−2 to 2, the same for all heads. A pixel is the strongest of 2 x 8 entries.",
  );
});

test("every role has a meaning, and names its rows and columns", () => {
  for (const [role] of SHOWN) expect(meaning(role)).toMatch(/: rows are .+s, columns .+s\.$/);
});

test("what is not finite is said as such", () => {
  const numbers = numbersOf(2, 1);
  numbers.norms[0] = Number.POSITIVE_INFINITY;
  numbers.norms[1] = Number.NaN;
  expect([0, 1].map((head) => headSentence(numbers, "q", head))).toEqual([
    "head 0, key/value head 0: Q has Frobenius norm ∞",
    "head 1, key/value head 0: Q has Frobenius norm NaN",
  ]);
});

test("a head with NaN is larger than none, and none is larger than it", () => {
  const numbers = numbersOf(3, 3);
  numbers.ov.fill(Number.NaN, 2, 4);
  expect(singularSentence(numbers, "ov", 0, 0)).toContain("larger in 0 of 3 heads");
  expect(singularSentence(numbers, "ov", 1, 0)).toBe("head 1, OV: no singular values");
});

test("every role is offered once, under a name of its own", () => {
  expect(SHOWN.map(([role]) => role)).toEqual(["q", "k", "v", "o", "qk", "ov"]);
  expect(new Set(SHOWN.map(([role]) => meaning(role))).size).toBe(6);
});
