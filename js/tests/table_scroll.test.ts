import { afterEach, describe, expect, test } from "vitest";
import type { LayerTableState } from "../src/state";
import table from "../src/table";
import { toBytes, toText } from "../src/wire";
import { nextFrame, press, type Shown, show, thaw } from "./fake_model";
import fixture from "./fixtures/table.json";
import "../src/table.css";

type State = LayerTableState;

const { measured } = thaw<{ measured: State }>(fixture);

/** Layers "0" to `count - 1`, of which those with the same tens are a group. */
function layers(count: number): Partial<State> {
  const names = Array.from({ length: count }, (_, index) => String(index));
  const each = <T>(value: T) => names.map(() => value);
  const groups = Array.from({ length: Math.floor(count / 10) }, (_, group) => ({
    pattern: `${group}*`,
    members: Array.from({ length: 10 }, (_member, place) => 10 * group + place),
  }));
  const text = { names, groups, shown: {}, aliases: {}, values: [], columns: [] };
  const columns = {
    kinds: each("linear"),
    shapes: each("2 × 2"),
    dtypes: each("float32"),
    parameters: each(4),
  };
  return {
    rows: { text: toBytes(JSON.stringify({ ...text, ...columns })), token: 1 },
    numbers: {},
    layer: toBytes("0"),
  };
}

const open = (state: Partial<State> = {}, width = 860) =>
  show<State>(table, { ...measured, ...state }, width);
const grid = ({ find }: Shown<State>) => find(".ww-table-scroll");
const asked = ({ model }: Shown<State>) => model.messages.map(({ layer }) => layer && toText(layer));
const rows = (root: ParentNode) =>
  [...root.querySelectorAll<HTMLElement>(".ww-table-row:not([hidden])")].sort(
    (left, right) => Number(left.dataset.place) - Number(right.dataset.place),
  );

afterEach(() => document.body.replaceChildren());

test("an error while something is searched for and sorted leaves no row, and the rows come back", () => {
  const view = open({ search: toBytes("norm"), sort_by: toBytes("-parameters") });
  expect(rows(view.root)).toHaveLength(3);
  view.model.receive({ rows: {}, numbers: {}, error: toBytes("no values") });
  expect(rows(view.root)).toEqual([]);
  expect(grid(view).getAttribute("aria-rowcount")).toBe("1");
  expect(view.find(".ww-table-empty").textContent).toBe("There is no layer with weights here.");
  expect([view.find(".ww-title").textContent, view.find(".ww-error").textContent]).toEqual([
    "Layers 0",
    "no values",
  ]);
  for (const key of ["ArrowDown", "End", "PageUp", "Enter"]) press(grid(view), key);
  expect(view.model.messages).toEqual([]);
  view.model.receive({ rows: measured.rows, numbers: measured.numbers });
  expect(rows(view.root)).toHaveLength(3);
  expect(view.find(".ww-caption").textContent).toBe("590 parameters");
});

test("many groups begin folded, but for that of the selected layer, and the keys start there", () => {
  const view = open({ ...layers(40), layer: toBytes("13") });
  expect(rows(view.root)).toHaveLength(4 + 10);
  const active = document.getElementById(grid(view).getAttribute("aria-activedescendant") ?? "");
  expect(active?.querySelector(".ww-table-name")?.textContent).toBe("13");
  expect(active?.getAttribute("aria-selected")).toBe("true");
  expect(active?.getAttribute("aria-level")).toBe("2");
  press(grid(view), "ArrowLeft");
  press(grid(view), "ArrowLeft");
  expect(rows(view.root)).toHaveLength(4);
  expect(view.find(".ww-live").textContent).toBe("1* folded");
  expect(view.model.messages).toEqual([]);
});

test("with the selected layer folded away, an arrow begins at the first line", () => {
  const view = open({ ...layers(40), layer: toBytes("13") });
  rows(view.root)[1]?.click();
  expect(rows(view.root).some((row) => row.getAttribute("aria-selected") === "true")).toBe(false);
  view.model.receive({ layer: toBytes("31") });
  rows(view.root)[3]?.click();
  press(grid(view), "Home");
  const active = document.getElementById(grid(view).getAttribute("aria-activedescendant") ?? "");
  expect(active?.querySelector(".ww-table-name")?.textContent).toContain("0*");
  expect(active?.getAttribute("aria-expanded")).toBe("false");
  expect(view.model.messages).toEqual([]);
});

test("the active row is named while it has an element, and not when it is out of sight", async () => {
  const view = open(layers(9000));
  const active = () => grid(view).getAttribute("aria-activedescendant");
  const first = active();
  expect(document.getElementById(first ?? "")?.hidden).toBe(false);
  grid(view).scrollTop = 15_000;
  await nextFrame();
  await nextFrame();
  expect(active()).toBeNull();
  grid(view).scrollTop = 0;
  await nextFrame();
  await nextFrame();
  expect(active()).toBe(first);
});

test("two displays scroll on their own, select together, and mix up no element", async () => {
  const view = open(layers(9000));
  const el = document.body.appendChild(document.createElement("div"));
  const close = table.render({ model: view.model, el });
  const other = el.querySelector<HTMLElement>(".ww-table-scroll");
  grid(view).scrollTop = 5000;
  await nextFrame();
  await nextFrame();
  expect(other?.scrollTop).toBe(0);
  rows(el)[3]?.click();
  expect(asked(view)).toEqual(["2"]);
  await nextFrame();
  await nextFrame();
  for (const display of [view.root, el])
    expect(display.querySelector("[aria-selected=true] .ww-table-name")?.textContent).toBe("2");
  const ids = [...document.querySelectorAll("[id^=ww-table]")].map(({ id }) => id);
  expect(ids.length).toBeGreaterThan(40);
  expect(new Set(ids).size).toBe(ids.length);
  close();
  view.model.receive({ layer: toBytes("5") });
  expect(view.root.querySelector("[aria-selected=true] .ww-table-name")?.textContent).toBe("5");
});

test("a column's head is told as sorted, and only that one, without selecting a layer", () => {
  const view = open();
  const sorted = () =>
    [...view.root.querySelectorAll("[role=columnheader]")]
      .filter((head) => ["ascending", "descending"].includes(head.getAttribute("aria-sort") ?? ""))
      .map((head) => `${head.textContent} ${head.getAttribute("aria-sort")}`);
  expect(sorted()).toEqual([]);
  view.find(".ww-table-name .ww-table-sort").click();
  expect(sorted()).toEqual(["name↑ ascending"]);
  expect(view.find(".ww-live").textContent).toBe("Sorted by name, rising");
  view.model.receive({ sort_by: toBytes("-frobenius") });
  expect(sorted()).toEqual(["Frobenius↓ descending"]);
  view.find(".ww-table-frobenius .ww-table-sort").click();
  view.find(".ww-table-frobenius .ww-table-sort").click();
  expect([sorted(), view.find(".ww-live").textContent]).toEqual([[], "In model order"]);
  expect(asked(view).filter(Boolean)).toEqual([]);
});

test.each([860, 300])("at %i pixels no row can be seen where nothing was found", (width) => {
  const view = open({ search: toBytes("norm") }, width);
  const seen = () =>
    [...view.root.querySelectorAll(".ww-table-row")].filter(
      (row) => getComputedStyle(row).display !== "none",
    );
  expect(seen()).toHaveLength(3);
  view.model.receive({ search: toBytes("nothing") });
  expect(view.root.querySelectorAll(".ww-table-row").length).toBeGreaterThan(2);
  expect(seen()).toEqual([]);
});

test("a search begins at the top, its echo does not scroll, and after it the selected layer is in sight", async () => {
  const view = open(layers(500));
  grid(view).scrollTop = 1000;
  view.model.receive({ search: toBytes("linear") });
  expect(grid(view).scrollTop).toBe(0);
  expect(view.find(".ww-title").textContent).toBe("Layers 500");
  grid(view).scrollTop = 3000;
  view.model.receive({ search: toBytes("linear") });
  expect(grid(view).scrollTop).toBe(3000);
  view.model.receive({ search: toBytes("40") });
  expect(view.find(".ww-title").textContent).toBe("Layers 15 of 500");
  rows(view.root)[4]?.click();
  expect(asked(view).at(-1)).toBe("400");
  view.model.receive({ search: toBytes("") });
  await nextFrame();
  const row = view.find(".ww-table-row[aria-selected=true]").getBoundingClientRect();
  const sight = grid(view).getBoundingClientRect();
  expect(row.top >= sight.top && row.bottom <= sight.bottom).toBe(true);
  expect(grid(view).scrollTop).toBeGreaterThan(500);
});

const plain = (count: number) => {
  const { rows: _rows, ...more } = layers(count);
  const names = Array.from({ length: count }, (_, index) => `${index}.fc`);
  const each = <T>(value: T) => names.map(() => value);
  const columns = {
    kinds: each("linear"),
    shapes: each("2 × 2"),
    dtypes: each("float32"),
    parameters: each(4),
  };
  const text = { names, groups: [], shown: {}, aliases: {}, values: [], columns: [] };
  return {
    ...more,
    layer: toBytes("0.fc"),
    rows: { text: toBytes(JSON.stringify({ ...text, ...columns })), token: 1 },
  };
};
const settled = async () => {
  await nextFrame();
  await nextFrame();
};
const check = (view: Shown<State>, last: number) => {
  const shown = rows(view.root);
  const boxes = shown.map((row) => row.getBoundingClientRect());
  expect(boxes.length).toBeGreaterThan(5);
  for (const [place, box] of boxes.entries()) {
    expect(box.height).toBeGreaterThan(23);
    if (place > 0) expect(box.top - (boxes[place - 1]?.top ?? 0)).toBeCloseTo(box.height, 1);
  }
  expect(shown.at(-1)?.querySelector(".ww-table-name")?.textContent).toBe(`${last}.fc`);
  expect(Math.abs((boxes.at(-1)?.bottom ?? 0) - grid(view).getBoundingClientRect().bottom)).toBeLessThan(3);
};

describe("the lines stand as far apart as they are high", () => {
  test.each(
    ([860, 300] as const).flatMap((width) => (["normal", "large"] as const).map((size) => ({ width, size }))),
  )("at $width pixels and $size size, at the end of the table", async ({ width, size }) => {
    const view = open({ ...plain(40), size }, width);
    for (const top of [100_000, 200, 100_000]) {
      grid(view).scrollTop = top;
      await settled();
    }
    check(view, 39);
  });

  test("after the table was made narrow and large while scrolled to its end", async () => {
    const view = open(plain(40));
    grid(view).scrollTop = 100_000;
    await settled();
    view.el.style.width = "300px";
    view.model.receive({ size: "large" });
    await settled();
    grid(view).scrollTop = 100_000;
    await settled();
    check(view, 39);
  });

  test("after a search that found nothing", async () => {
    const view = open(plain(40), 300);
    view.model.receive({ search: toBytes("nothing") });
    expect(rows(view.root)).toEqual([]);
    view.model.receive({ search: toBytes("") });
    grid(view).scrollTop = 100_000;
    await settled();
    check(view, 39);
  });
});
