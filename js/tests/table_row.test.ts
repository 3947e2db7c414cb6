import { expect, test } from "vitest";
import { palette } from "../src/canvas";
import { TableData } from "../src/table_data";
import {
  ariaSort,
  columnsOf,
  columnsThatFit,
  drawSpark,
  flawsOf,
  headOf,
  isNarrow,
  leastWidth,
  nextSort,
  RowElement,
  textOf,
} from "../src/table_row";
import { thaw } from "./fake_model";
import fixture from "./fixtures/table.json";

const columns = columnsOf(["mine"], ["mine"]);
const named = (key: string) => {
  const column = columns.find((one) => one.key === key);
  if (!column) throw new Error(`no column ${key}`);
  return column;
};
const colors = { ...palette(document.body), bar: "#8a97a6", font: "12px sans-serif" };

function read(part: "measured" | "unmeasured"): TableData {
  const frames = thaw<Record<string, { rows: unknown; numbers: unknown }>>(fixture)[part];
  const data = new TableData();
  data.readRows(frames?.rows);
  data.readNumbers(frames?.numbers);
  return data;
}

const show = (index: number, group = -1, part: "measured" | "unmeasured" = "measured") => {
  const row = new RowElement(columnsOf(["largest"], ["largest"]));
  row.show({ index, group, open: false }, read(part), colors);
  const cell = (look: string) => row.element.querySelector<HTMLElement>(`.ww-table-${look}`);
  return { element: row.element, cell };
};

test("a number's column falls first, a text's rises, and the third press is model order", () => {
  const press = (key: string) => {
    const seen = [];
    for (let sortBy = nextSort(named(key), ""); sortBy; sortBy = nextSort(named(key), sortBy))
      seen.push(sortBy);
    return seen;
  };
  expect(press("frobenius")).toEqual(["-frobenius", "frobenius"]);
  expect(press("name")).toEqual(["name", "-name"]);
  expect(nextSort(named("mine"), "-name")).toBe("-mine");
});

test("the head says how each column is sorted", () => {
  expect(ariaSort(named("std"), "-std")).toBe("descending");
  expect(ariaSort(named("std"), "std")).toBe("ascending");
  expect(ariaSort(named("std"), "name")).toBe("none");
  const head = headOf(columns, "-std");
  const sorted = head.querySelector("[aria-sort=descending]");
  expect(sorted?.textContent).toBe("std↓");
  expect(head.querySelectorAll("button")).toHaveLength(columns.length - 1);
});

test("columns make room from the least to the most telling, and the user's own stay", () => {
  const keys = (width: number, sortBy = "") =>
    columnsThatFit(columns, width, sortBy).map(({ key, look }) => key || look);
  const all = ["name", "kind", "shape", "parameters", "frobenius", "rms", "mean", "std", "near_zero"];
  expect(keys(100)).toEqual([...all, "mine", "spark"]);
  expect(keys(71)).not.toContain("mean");
  expect(keys(60)).not.toContain("std");
  expect(keys(43)).toEqual(["name", "kind", "shape", "mine", "spark"]);
  expect(keys(20)).toEqual(["name", "kind", "shape", "frobenius", "spark"]);
  for (let width = 39; width < 100; width++) {
    const fitting = columnsThatFit(columnsOf([], []), width, "");
    expect(fitting.map(({ look }) => look)).toEqual(
      expect.arrayContaining(["name", "kind", "shape", "frobenius", "spark"]),
    );
    const taken = fitting.reduce((sum, one) => sum + one.width + 0.8, 0.6);
    expect(taken <= width || fitting.length === 5).toBe(true);
  }
  // The barest table needs no sideways scrolling, and each of the user's own columns adds to what it needs.
  expect(leastWidth(columnsThatFit(columnsOf([], []), 39, ""))).toBeLessThanOrEqual(39);
  expect(leastWidth(columns) - leastWidth(columnsOf([], []))).toBeCloseTo(6.6);
  expect([isNarrow(38), isNarrow(39)]).toEqual([true, false]);
});

test.each(["parameters", "frobenius", "rms", "mean", "std", "near_zero", "mine"])(
  "sorted by %s, its numbers stand there at every width, and one line needs no sideways scrolling",
  (key) => {
    for (let width = 20; width < 100; width++) {
      const fitting = columnsThatFit(columns, width, `-${key}`);
      expect(fitting.filter((one) => one.key === key)).toHaveLength(1);
      expect(fitting.at(-1)?.look).toBe("spark");
      if (isNarrow(width)) {
        expect(fitting.map(({ labelled }) => labelled)).toEqual([false, false, false, true, false]);
        expect(fitting[3]?.key).toBe(key);
      } else expect(fitting.some(({ labelled }) => labelled)).toBe(false);
      if (key !== "mine" && !isNarrow(width))
        expect(leastWidth(columnsThatFit(columnsOf([], []), width, key))).toBeLessThanOrEqual(width);
    }
  },
);

test("sorted by a text, two lines show the usual number", () => {
  for (const sortBy of ["", "name", "-kind", "shape"])
    expect(columnsThatFit(columns, 25, sortBy)[3]?.key).toBe("frobenius");
});

test("a number in the second line says what it is, also for a group and where it failed", () => {
  const cells = (sortBy: string) => {
    const row = new RowElement(columnsThatFit(columnsOf(["largest"], ["largest"]), 25, sortBy));
    const number = () => row.element.querySelector<HTMLElement>(".ww-table-number");
    const shown = (index: number, group = -1) => {
      row.show({ index, group, open: false }, read("measured"), colors);
      return [number()?.textContent, number()?.title];
    };
    return shown;
  };
  expect(cells("-parameters")(0)).toEqual(["parameters 112", "parameters: 112"]);
  expect(cells("-parameters")(-1, 0)).toEqual(["parameters 444", ""]);
  expect(cells("")(-1, 0)).toEqual(["", ""]);
  expect(cells("largest")(2)).toEqual(["largest error", "ValueError: not for norms"]);
  expect(cells("mean")(0)[0]).toBe("mean 0");
});

test("a row shows its layer in words and numbers", () => {
  const { cell, element } = show(0);
  expect(cell("name")?.textContent).toBe("0");
  expect(cell("kind")?.textContent).toBe("conv2d");
  expect(cell("shape")?.textContent).toBe("4 × 3 × 3 × 3");
  expect(cell("parameters")?.textContent).toBe("112");
  expect(cell("mean")?.textContent).toBe("0");
  expect(element.getAttribute("aria-level")).toBe("1");
});

test("what is not measured yet is three dots, never a zero", () => {
  const { cell } = show(0, -1, "unmeasured");
  for (const look of ["frobenius", "rms", "mean", "std", "near_zero", "own"])
    expect(cell(look)?.textContent).toBe("…");
});

test("a column of the user's own that failed says so in its cell", () => {
  const { cell } = show(2);
  expect(cell("own")?.textContent).toBe("error");
  expect(cell("own")?.title).toBe("ValueError: not for norms");
  expect(cell("own")?.classList.contains("ww-table-problem")).toBe(true);
});

test("values that are no numbers are told in words, beside other names of the layer", () => {
  const { cell } = show(7);
  expect(flawsOf(7, read("measured"))).toBe("1 NaN");
  expect(flawsOf(0, read("measured"))).toBe("");
  expect(cell("name")?.textContent).toBe("4also tied1 NaN");
  expect(cell("name")?.title).toContain("also tied");
});

test("a group shows its pattern, how many layers it holds and what they have in common", () => {
  const { cell, element } = show(-1, 0);
  expect(cell("name")?.textContent).toBe("▸*.0×3");
  expect(cell("kind")?.textContent).toBe("conv2d");
  expect(cell("shape")?.textContent).toBe("4 × 4 × 3 × 3");
  expect(cell("parameters")?.textContent).toBe("444");
  expect(cell("frobenius")?.textContent).toBe("");
  expect(element.getAttribute("aria-expanded")).toBe("false");
});

test("an element shows one line after another without a trace of the last", () => {
  const row = new RowElement(columnsOf(["largest"], ["largest"]));
  const data = read("measured");
  for (const index of [-1, 2, 7]) row.show({ index, group: index < 0 ? 0 : -1, open: true }, data, colors);
  const fresh = show(7).element;
  expect(row.element.textContent).toBe(fresh.textContent);
  expect(row.element.className).toBe(fresh.className);
  expect(row.element.hasAttribute("aria-expanded")).toBe(false);
});

test("markup in a name is text", () => {
  const data = read("measured");
  if (data.rows) data.rows.names[0] = "a.<img src=x onerror=alert(1)>";
  const row = new RowElement(columns);
  row.show({ index: 0, group: -1, open: false }, data, colors);
  expect(row.element.querySelector("img")).toBeNull();
  expect(row.element.textContent).toContain("<img src=x onerror=alert(1)>");
});

test("all numbers of a column are written by one rule, and fit into it", () => {
  const data = read("measured");
  const wide = [0.000_023_2, -0.000_712_345, -0.002_403_3, -0.008_47, -123_456_789, 0.1234, -1.5, Number.NaN];
  const texts = wide.map((value) => {
    data.value = (_index, name) => (name === "mean" ? value : 0);
    return textOf("mean", 0, data);
  });
  expect(texts).toEqual([
    "2.32e-5",
    "−7.123e-4",
    "−0.002403",
    "−0.00847",
    "−1.235e+8",
    "0.1234",
    "−1.5",
    "–",
  ]);
  const pen = document.createElement("canvas").getContext("2d");
  if (!pen) throw new Error("this browser gives no 2D canvas");
  pen.font = "100px system-ui, sans-serif";
  const widest = Math.max(...texts.map((text) => pen.measureText(text).width / 100));
  expect(named("mean").width).toBeGreaterThanOrEqual(widest);
});

test("bars are as high as their counts, and the smallest count still shows", () => {
  const canvas = document.createElement("canvas");
  const heights = new Uint8Array(32);
  heights.set([255, 128, 1, 0]);
  drawSpark(canvas, heights, colors);
  const ratio = window.devicePixelRatio;
  const height = Math.round(1.25 * 12);
  const context = canvas.getContext("2d");
  const drawn = (bin: number) => {
    const x = Math.floor((2 * bin + 0.5) * ratio);
    const column = context?.getImageData(x, 0, 1, canvas.height).data ?? [];
    return column.filter((_, place) => place % 4 === 3).filter((alpha) => alpha > 0).length / ratio;
  };
  expect([0, 1, 2, 3].map(drawn)).toEqual([height, Math.round((128 / 255) * height), 1, 0]);
});
