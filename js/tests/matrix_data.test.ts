import { describe, expect, test } from "vitest";
import { type Frame, MatrixData } from "../src/matrix_data";
import { toBytes } from "../src/wire";
import { dataOf, frameOf, pagesOf, state } from "./matrix_page";

const big = (changes: Partial<Frame> = {}): Frame => ({
  ...frameOf("small"),
  token: 1,
  arrangement: 1,
  rows: 4096,
  cols: 4096,
  side: 128,
  overview: [4, 3],
  tiles_per_answer: 9,
  labelled: false,
  ...changes,
});

const ALL = [0, 4096, 0, 4096] as const;

function filled(frame: Frame, ...places: number[][]): MatrixData {
  const data = new MatrixData();
  data.takeFrame(frame);
  data.takePages(pagesOf(frame, ...places));
  return data;
}

test("what python publishes is read weight for weight", () => {
  const data = dataOf(state("small"));
  const { tile, index } = data.read([0, 0], 3, 5) ?? {};
  expect(tile?.place).toEqual([0, 0, 0, 0]);
  expect(index).toBe(3 * 12 + 5);
  expect(tile?.rows).toHaveLength(9);
  expect(tile?.labels[8]).toBe("<img src=x onerror=alert(1)>[U+202E]");
  expect(data.read([0, 0], 1, 2)?.tile.values[14]).toBeNaN();
});

test("missing tiles are asked for in sight first, the nearest to the middle before the others", () => {
  const data = filled(big());
  const wanted = data.missing([0, 0], [1000, 1400, 2000, 2500]);
  expect(wanted?.token).toBe(1);
  expect(wanted?.tiles).toHaveLength(9);
  const distance = ([, , down = 0, across = 0]: number[]) =>
    Math.hypot((down + 0.5) * 128 - 1200, (across + 0.5) * 128 - 2250);
  const distances = wanted?.tiles.map(distance) ?? [];
  expect(distances).toEqual([...distances].sort((one, other) => one - other));
  expect(wanted?.tiles.every(([rowLevel, colLevel]) => rowLevel === 0 && colLevel === 0)).toBe(true);
});

test("what is in hand is not asked for again, and the whole matrix comes last", () => {
  const frame = big();
  const data = filled(frame, [0, 0, 0, 0], [0, 0, 0, 1]);
  expect(data.missing([0, 0], [0, 128, 0, 256])?.tiles.every(([level]) => level === 4)).toBe(true);
  data.takePages(
    pagesOf(frame, ...[0, 1].flatMap((down) => [0, 1, 2, 3].map((across) => [4, 3, down, across]))),
  );
  expect(data.missing([0, 0], [0, 128, 0, 256])).toBeNull();
});

test("tiles of another frame are not taken", () => {
  const data = filled(big());
  data.takePages(pagesOf(big({ token: 2 }), [0, 0, 0, 0]));
  expect(data.drawn([0, 0], ALL)).toEqual([]);
});

describe("while sharper tiles are on their way", () => {
  const frame = big();
  const data = filled(frame, [0, 0, 0, 0], [4, 3, 0, 0], [2, 1, 0, 0]);

  test("coarser ones are drawn below", () => {
    expect(data.drawn([0, 0], [0, 10, 0, 10]).map((tile) => tile.place[0])).toEqual([4, 2, 0]);
  });

  test("none finer than the screen is drawn, or its extremes would be lost", () => {
    expect(data.drawn([2, 1], [0, 10, 0, 10]).map((tile) => tile.place[0])).toEqual([4, 2]);
    expect(data.drawn([0, 1], [0, 10, 0, 10]).map((tile) => tile.place[0])).toEqual([4, 2]);
  });

  test("none out of sight is drawn", () => {
    expect(data.drawn([0, 0], [3000, 3100, 0, 10])).toEqual([]);
    expect(data.drawn([0, 0], [128, 256, 0, 10]).map((tile) => tile.place[0])).toEqual([4, 2]);
  });

  test("the sharpest pixel is read", () => {
    const sharp = data.read([0, 0], 100, 70);
    expect(sharp?.tile.values[sharp.index]).toBe(100_070);
    const coarse = data.read([0, 0], 300, 200);
    // Blocks of 4 x 2: row 300 begins one, and so does column 200.
    expect(coarse?.tile.values[coarse.index]).toBe(300_200);
    expect(data.read([0, 0], 4000, 0)).toBeNull();
  });
});

test("tiles of the last frame are seen until new ones come, but not read", () => {
  const data = filled(big(), [0, 0, 0, 0]);
  data.takeFrame(big({ token: 2 }));
  expect(data.drawn([0, 0], ALL)).toHaveLength(1);
  expect(data.read([0, 0], 5, 5)).toBeNull();
  data.takePages(pagesOf(big({ token: 2 }), [0, 0, 0, 0]));
  expect(data.drawn([0, 0], ALL)).toHaveLength(1);
  expect(data.read([0, 0], 5, 5)?.tile.values).toHaveLength(128 * 128);
});

test("tiles of another layer or order are gone at once", () => {
  const data = filled(big(), [0, 0, 0, 0]);
  data.takeFrame(big({ token: 2, arrangement: 2 }));
  expect(data.drawn([0, 0], ALL)).toEqual([]);
});

test("the longest unseen tiles are forgotten, the whole matrix never", () => {
  const frame = big({ side: 2, rows: 512, cols: 512, overview: [8, 8] });
  const data = filled(frame, [8, 8, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]);
  data.missing([0, 0], [0, 2, 0, 2]);
  for (let down = 1; down < 240; down++) data.takePages(pagesOf(frame, [0, 0, down, 0]));
  const kept = data.drawn([0, 0], [0, 512, 0, 512]);
  expect(kept).toHaveLength(240);
  expect(kept[0]?.place).toEqual([8, 8, 0, 0]);
  expect(data.read([0, 0], 0, 2)?.tile.place).toEqual([8, 8, 0, 0]);
});

test("a row of another frame is none", () => {
  const data = dataOf(state("small"));
  expect(data.row?.filter_index).toBe(3);
  data.takeRow({ ...state("small").row, token: 5 });
  expect(data.row).toBeNull();
});

test("tiles come with the labels of their rows, or without any", () => {
  const frame = big();
  const data = filled(frame, [0, 0, 0, 0]);
  const pages = pagesOf(frame, [0, 0, 0, 1]);
  for (const tile of pages.tiles) Object.assign(tile, { labels: toBytes('["<b>a</b>", "b"]') });
  data.takePages(pages);
  expect(data.read([0, 0], 0, 0)?.tile.labels).toEqual([]);
  expect(data.read([0, 0], 0, 128)?.tile.labels).toEqual(["<b>a</b>", "b"]);
});

test("what was published before anything was asked is empty, and changes nothing", () => {
  const data = filled(big(), [0, 0, 0, 0]);
  data.takePages({});
  data.takeRow({});
  expect([data.drawn([0, 0], ALL).length, data.row]).toEqual([1, null]);
  data.takeFrame({});
  expect([data.frame, data.missing([0, 0], ALL)]).toEqual([null, null]);
  data.takePages(pagesOf(big(), [0, 0, 0, 0]));
  expect(data.drawn([0, 0], ALL)).toEqual([]);
});

test("only tiles that touch what is in sight are asked for, each once", () => {
  const data = filled(big({ tiles_per_answer: 99 }));
  const wanted = data.missing([1, 0], [255, 257, 0, 129])?.tiles.filter(([level]) => level === 1) ?? [];
  expect(wanted.map(String).sort()).toEqual(["1,0,0,0", "1,0,0,1", "1,0,1,0", "1,0,1,1"]);
  const exactly = data.missing([1, 0], [0, 256, 0, 128])?.tiles.filter(([level]) => level === 1) ?? [];
  expect(exactly).toEqual([[1, 0, 0, 0]]);
});
