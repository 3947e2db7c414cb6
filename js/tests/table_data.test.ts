import { expect, test } from "vitest";
import { type Line, SPARK_BINS, TableData } from "../src/table_data";
import { toBytes } from "../src/wire";
import { thaw } from "./fake_model";
import fixture from "./fixtures/table.json";

interface Frames {
  rows: unknown;
  numbers: unknown;
}

const frames = thaw<{ measured: Frames; unmeasured: Frames }>(fixture);

function read({ rows, numbers }: Frames): TableData {
  const data = new TableData();
  data.readRows(rows);
  data.readNumbers(numbers);
  return data;
}

const measured = () => read(frames.measured);
const shown = (lines: Line[]) =>
  lines.map(({ index, group, open }) => (index < 0 ? `${open ? "-" : "+"}${group}` : String(index)));

test("what stands there at once is known before anything is measured", () => {
  const data = read(frames.unmeasured);
  expect(data.count).toBe(8);
  expect(data.rows?.names).toEqual(["0", "1.0", "1.1", "2.0", "2.1", "3.0", "3.1", "4"]);
  expect(data.progress).toEqual({ measured: 0, total: 8, live: false });
  expect(data.status(0)).toBe(0);
  expect(data.value(0, "frobenius")).toBeNaN();
  expect(data.spark(0)).toBeUndefined();
});

test("numbers are found by row and name", () => {
  const data = measured();
  expect(data.progress).toEqual({ measured: 8, total: 8, live: false });
  expect(data.value(0, "max")).toBe(-data.value(0, "min"));
  expect(data.value(0, "largest")).toBe(data.value(0, "max"));
  expect(data.value(7, "nan")).toBe(1);
  expect(data.value(0, "nothing of the kind")).toBeNaN();
  expect(data.problem(2, "largest")).toBe("ValueError: not for norms");
  expect(data.problem(0, "largest")).toBeUndefined();
  expect(data.spark(1)?.length).toBe(SPARK_BINS);
  expect(Math.max(...(data.spark(1) ?? []))).toBe(255);
});

test("numbers of other rows say nothing", () => {
  const data = measured();
  data.readNumbers({ ...(frames.measured.numbers as object), token: 1 });
  expect(data.status(0)).toBe(0);
  expect(data.progress.measured).toBe(0);
});

test("without frames there is nothing, and nothing fails", () => {
  const data = read({ rows: {}, numbers: {} });
  expect(data.count).toBe(0);
  expect(data.lines("", "", new Set())).toEqual([]);
  expect(data.lines("a", "-name", new Set())).toEqual([]);
});

test("after rows that went away nothing is found, searched for or sorted", () => {
  const data = measured();
  expect(data.lines("norm", "", new Set())).toHaveLength(3);
  data.readRows({});
  for (const [search, sortBy] of [
    ["", ""],
    ["norm", ""],
    ["", "-parameters"],
  ] as const)
    expect(data.lines(search, sortBy, new Set([0, 1]))).toEqual([]);
  expect([data.count, data.placeOf("0"), data.groupOf(1)]).toEqual([0, -1, -1]);
});

test("layers are found by name, and only by it", () => {
  const data = measured();
  expect(data.placeOf("2.0")).toBe(3);
  expect(data.placeOf("tied")).toBe(-1);
  expect(data.shown(3)).toBe("2.0");
});

test("groups stand where their first member stood, and fold", () => {
  const data = measured();
  expect(shown(data.lines("", "", new Set()))).toEqual(["0", "+0", "+1", "7"]);
  expect(shown(data.lines("", "", new Set([1])))).toEqual(["0", "+0", "-1", "2", "4", "6", "7"]);
  expect(data.groupOf(4)).toBe(1);
  expect(data.groupOf(0)).toBe(-1);
});

test("every word searched for must occur in name, alias or kind", () => {
  const data = measured();
  const found = (search: string) => shown(data.lines(search, "", new Set()));
  expect(found("NORM")).toEqual(["2", "4", "6"]);
  expect(found("norm 3")).toEqual(["6"]);
  expect(found("tied")).toEqual(["7"]);
  expect(found("nothing")).toEqual([]);
  expect(found("  ")).toEqual(["0", "+0", "+1", "7"]);
});

test.each(["name", "kind", "shape", "parameters", "frobenius", "std", "largest"])(
  "sorting by %s falls in the opposite order of rising, and keeps every row",
  (column) => {
    const data = measured();
    const key = (index: number) => {
      if (column === "name") return data.rows?.names[index] ?? "";
      if (column === "kind") return data.rows?.kinds[index] ?? "";
      if (column === "parameters") return data.rows?.parameters[index] ?? 0;
      if (column === "shape") return Number.parseInt(data.rows?.shapes[index] ?? "0", 10);
      return data.value(index, column);
    };
    const order = (sortBy: string) => data.lines("", sortBy, new Set()).map(({ index }) => index);
    for (const [sortBy, sign] of [
      [column, 1],
      [`-${column}`, -1],
    ] as const) {
      const known = order(sortBy)
        .map(key)
        .filter((one) => !Number.isNaN(one));
      for (const [place, one] of known.slice(1).entries()) {
        const before = known[place] ?? one;
        expect(sign > 0 ? before <= one : before >= one).toBe(true);
      }
      expect([...order(sortBy)].sort((left, right) => left - right)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    }
  },
);

test("rows without a number come last whichever way they are sorted", () => {
  const data = measured();
  const last = (sortBy: string) =>
    data
      .lines("", sortBy, new Set())
      .slice(-4)
      .map(({ index }) => index);
  expect(last("largest")).toEqual([2, 4, 6, 7]);
  expect(last("-largest")).toEqual([2, 4, 6, 7]);
});

test("shapes are sorted as numbers, not as text", () => {
  const data = new TableData();
  const names = ["a", "b", "c"];
  const content = {
    names,
    shown: {},
    kinds: ["linear", "linear", "linear"],
    shapes: ["10 × 2", "9 × 30", "9"],
    dtypes: ["float32", "float32", "float32"],
    parameters: [20, 270, 9],
    aliases: {},
    groups: [],
    values: [],
    columns: [],
  };
  data.readRows({ text: toBytes(JSON.stringify(content)), token: 3 });
  expect(shown(data.lines("", "shape", new Set()))).toEqual(["2", "1", "0"]);
});

test("ten thousand layers are searched, grouped and sorted", () => {
  const data = new TableData();
  const names = Array.from({ length: 10_000 }, (_, index) => `layers.${index}.q_proj`);
  const each = <T>(value: T) => names.map(() => value);
  const content = {
    names,
    shown: {},
    kinds: each("linear"),
    shapes: each("2 × 2"),
    dtypes: each("float32"),
    parameters: names.map((_, index) => (index * 7919) % 10_007),
    aliases: {},
    groups: [{ pattern: "layers.*.q_proj", members: names.map((_, index) => index) }],
    values: [],
    columns: [],
  };
  data.readRows({ text: toBytes(JSON.stringify(content)), token: 0 });
  expect(data.lines("", "", new Set())).toHaveLength(1);
  expect(data.lines("layers.99", "", new Set())).toHaveLength(111);
  const [first] = data.lines("", "-parameters", new Set());
  expect(data.rows?.parameters[first?.index ?? -1]).toBe(Math.max(...content.parameters));
});
