import { expect, test } from "vitest";
import {
  displayed,
  type Enlarged,
  type HeadNumbers,
  headRows,
  isShared,
  normOf,
  ROLES,
  rankOf,
  readBlocks,
  readFrame,
  sharedBy,
  spectrumOf,
  type Tiles,
  tileOf,
} from "../src/heads_data";
import { numbersOf, states, tilesOf } from "./heads_fixture";

const numbers = readFrame<HeadNumbers>(states.q.frame) as HeadNumbers;

test("the blocks and the heads are those that Python listed", () => {
  expect(readBlocks(states.q.blocks)).toEqual([
    {
      label: "<img src=x>",
      layers: ["q_proj", "k_proj", "v_proj", "o_proj"].map((part) => `<img src=x>.${part}`),
      choices: [],
    },
  ]);
  expect(readBlocks(states.asking.blocks)[0]?.choices).toEqual([2, 4, 6, 12]);
  expect([numbers.heads, numbers.kv_heads, numbers.norms.length, numbers.qk.length]).toEqual([4, 2, 24, 12]);
});

test("an empty frame is none", () => {
  expect(readFrame({})).toBeUndefined();
  expect(readBlocks({})).toEqual([]);
});

test("norms and ranks are read from their rows", () => {
  const made = numbersOf(3, 3);
  expect(ROLES.map((role) => normOf(made, role, 1))).toEqual([2, 5, 8, 11, 14, 17]);
  expect(rankOf(made, "effective", "qk", 2)).toBe(102);
  expect(rankOf(made, "effective", "ov", 0)).toBe(103);
  expect(rankOf(made, "stable", "qk", 0)).toBe(106);
  expect(rankOf(made, "stable", "ov", 1)).toBe(110);
  expect(normOf(made, "q", 17)).not.toBeNaN();
  expect(normOf(made, "ov", 3)).toBeNaN();
});

test("a head's singular values descend and have the norm of its product", () => {
  for (const product of ["qk", "ov"] as const)
    for (let head = 0; head < numbers.heads; head++) {
      const values = [...spectrumOf(numbers, product, head)];
      expect(values).toEqual([...values].sort((left, right) => right - left));
      expect(Math.hypot(...values)).toBeCloseTo(normOf(numbers, product, head), 2);
    }
});

test("heads of a group share one key and value head", () => {
  expect([0, 1, 2, 3].map((head) => sharedBy(numbers, head))).toEqual([0, 0, 1, 1]);
  expect([isShared(numbers), isShared(numbersOf(3, 3))]).toEqual([true, false]);
  const keys = readFrame<Tiles>(states.k.tiles) as Tiles;
  expect(keys.count).toBe(2);
  expect([0, 1, 2, 3].map((head) => tileOf(numbers, keys, head))).toEqual([0, 0, 1, 1]);
  expect([0, 1, 2].map((head) => tileOf(numbersOf(3, 1), tilesOf(3), head))).toEqual([0, 1, 2]);
});

test("ordered by norm the largest head comes first and one without a norm last", () => {
  expect(displayed(numbers, "q", "index")).toEqual([0, 1, 2, 3]);
  expect(displayed(numbers, "q", "norm")[0]).toBe(2);
  const made = numbersOf(4, 4);
  made.norms.set([5, Number.NaN, 5, 9]);
  expect(displayed(made, "q", "norm")).toEqual([3, 0, 2, 1]);
});

test("the enlarged picture is of the selected head and of the role", () => {
  const enlarged = readFrame<Enlarged>(states.k.enlarged) as Enlarged;
  expect([enlarged.role, enlarged.head, enlarged.rows, enlarged.cols]).toEqual(["k", 0, 3, 14]);
  expect(enlarged.values.length).toBe(enlarged.height * enlarged.width);
});

test("the table of numbers has a line for each head and a column for each singular value", () => {
  const [heading, ...rows] = headRows(numbers);
  expect(heading?.slice(0, 3)).toEqual(["head", "kv_head", "q_norm"]);
  expect(heading?.slice(-6)).toEqual(
    ["qk", "ov"].flatMap((product) => [1, 2, 3].map((rank) => `${product}_singular_value_${rank}`)),
  );
  expect(rows.length).toBe(4);
  rows.forEach((row, head) => {
    expect(row.length).toBe(heading?.length);
    expect(row.slice(0, 3)).toEqual([head, Math.floor(head / 2), normOf(numbers, "q", head)]);
    expect(row.slice(-3).map(Number)).toEqual(
      [...spectrumOf(numbers, "ov", head)].map((value) => expect.closeTo(value, 4)),
    );
  });
});

test("every column of the table holds what its heading says", () => {
  const made = numbersOf(3, 1, [2.5, 0.25]);
  made.ov.set([1 / 3, 0.1], 2);
  const [heading, , second] = headRows(made) as [string[], unknown[], (string | number)[]];
  const cell = (name: string) => second[heading.indexOf(name)];
  expect([cell("head"), cell("kv_head")]).toEqual([1, 0]);
  expect(ROLES.map((role) => cell(`${role}_norm`))).toEqual([2, 5, 8, 11, 14, 17]);
  expect([cell("qk_effective_rank"), cell("qk_stable_rank")]).toEqual([101, 107]);
  expect([cell("ov_effective_rank"), cell("ov_stable_rank")]).toEqual([104, 110]);
  expect([cell("qk_singular_value_1"), cell("qk_singular_value_2")]).toEqual([2.5, 0.25]);
  // Seven digits of a float32, not the seventeen of its conversion.
  expect([cell("ov_singular_value_1"), cell("ov_singular_value_2")]).toEqual([0.3333333, 0.1]);
});

test("heads are ordered by the norm of the role that is shown", () => {
  const made = numbersOf(3, 3);
  made.norms.set([1, 2, 3], 0);
  made.norms.set([3, 1, 2], 3);
  expect(displayed(made, "q", "norm")).toEqual([2, 1, 0]);
  expect(displayed(made, "k", "norm")).toEqual([0, 2, 1]);
});
