import { afterEach, expect, test, vi } from "vitest";
import type { LayerTableState } from "../src/state";
import table from "../src/table";
import { TableOrder } from "../src/table_order";
import { columnsOf } from "../src/table_row";
import { toBytes, toText } from "../src/wire";
import { nextFrame, type Shown, show, thaw } from "./fake_model";
import fixture from "./fixtures/table.json";
import "../src/table.css";

const { measured } = thaw<{ measured: LayerTableState }>(fixture);
const columns = columnsOf(["-odd <b>"], ["-odd <b>"]);

function open(sortBy: string, needed = true) {
  const onSort = vi.fn<(sortBy: string) => void>();
  const abort = new AbortController();
  const order = new TableOrder(onSort, abort.signal);
  order.show(columns, sortBy, needed);
  document.body.append(order.element);
  const [select, way] = ["select", "button"].map((tag) => order.element.querySelector<HTMLElement>(tag));
  if (!(select instanceof HTMLSelectElement) || !way) throw new Error("no select or no button");
  const choose = (key: string) => {
    select.value = key;
    select.dispatchEvent(new Event("change"));
  };
  return { onSort, abort, order, select, way, choose };
}

const openTable = (state: Partial<LayerTableState>, width: number) =>
  show<LayerTableState>(table, { ...measured, ...state }, width);
const grid = ({ find }: Shown<LayerTableState>) => find(".ww-table-scroll");
const rows = ({ root }: Shown<LayerTableState>) => [
  ...root.querySelectorAll<HTMLElement>(".ww-table-row:not([hidden])"),
];

afterEach(() => document.body.replaceChildren());

test("every column that sorts can be chosen, after model order, and labels are text", () => {
  const { select } = open("");
  expect([...select.options].map(({ text }) => text)).toEqual([
    "model order",
    ...columns.slice(0, -1).map(({ label }) => label),
  ]);
  expect(select.querySelector("b")).toBeNull();
  expect(select.getAttribute("aria-label")).toBe("sort by");
});

test("numbers begin falling, texts rising, and model order is no column", () => {
  const { choose, onSort } = open("");
  for (const key of ["frobenius", "name", ""]) choose(key);
  expect(onSort.mock.calls).toEqual([["-frobenius"], ["name"], [""]]);
});

test("the button turns the order around and says which it is", () => {
  const { order, way, select, onSort } = open("-std");
  expect([way.textContent, way.title, select.value]).toEqual(["↓ falling", "Press for rising", "std"]);
  way.click();
  order.show(columns, "std", true);
  expect([way.textContent, way.title, select.value]).toEqual(["↑ rising", "Press for falling", "std"]);
  way.click();
  expect(onSort.mock.calls).toEqual([["std"], ["-std"]]);
});

test("in model order there is nothing to turn around", () => {
  const { way } = open("");
  expect(getComputedStyle(way).display).toBe("none");
});

test("it is shown only where it is needed", () => {
  const { order } = open("name", false);
  expect(getComputedStyle(order.element).display).toBe("none");
  order.show(columns, "name", true);
  expect(getComputedStyle(order.element).display).toBe("flex");
});

test("other columns replace the choices, the same ones leave an open list alone", () => {
  const { order, select } = open("name");
  const [option] = select.options;
  order.show(columns, "-name", true);
  expect(select.options[0]).toBe(option);
  order.show(columnsOf([], []), "", true);
  expect(select.options).toHaveLength(columns.length - 1);
});

test("after the end nothing answers", () => {
  const { abort, choose, way, onSort } = open("-std");
  abort.abort();
  choose("name");
  way.click();
  expect(onSort).not.toHaveBeenCalled();
});

test("at 300 pixels every number can be sorted by and read", () => {
  const view = openTable({}, 300);
  const select = view.find<HTMLSelectElement>(".ww-table-order select");
  const first = () => view.find('[aria-rowindex="2"] .ww-table-number')?.textContent;
  const chosen = [...select.options].map(({ value, text }) => {
    select.value = value;
    select.dispatchEvent(new Event("change", { bubbles: true }));
    return [value, text, toText(view.model.get("sort_by")), first()?.split(" ")[0]];
  });
  expect(chosen).toEqual([
    ["", "model order", "", "Frobenius"],
    ["name", "name", "name", "Frobenius"],
    ["kind", "kind", "kind", "Frobenius"],
    ["shape", "shape", "-shape", "Frobenius"],
    ["parameters", "parameters", "-parameters", "parameters"],
    ["frobenius", "Frobenius", "-frobenius", "Frobenius"],
    ["rms", "RMS", "-rms", "RMS"],
    ["mean", "mean", "-mean", "mean"],
    ["std", "std", "-std", "std"],
    ["near_zero", "near zero", "-near_zero", "near"],
    ["largest", "largest", "-largest", "largest"],
  ]);
  expect(view.find(".ww-live").textContent).toBe("Sorted by largest, falling");
  expect(first()).toMatch(/^largest 1\.\d+$/);
});

test("a column that had made room comes back while it is sorted by", () => {
  const view = openTable({}, 560);
  const heads = () => [...view.root.querySelectorAll("[role=columnheader]")].map((one) => one.textContent);
  expect(view.find(".ww-table-order").hidden).toBe(false);
  expect(heads()).not.toContain("std");
  view.model.receive({ sort_by: toBytes("-std") });
  expect(heads()).toContain("std↓");
  const button = view.find(".ww-table-std .ww-table-sort");
  button.focus();
  button.click();
  expect(document.activeElement?.textContent).toBe("std↑");
  view.find(".ww-table-std .ww-table-sort").click();
  expect(heads()).not.toContain("std");
  expect(document.activeElement).toBe(grid(view));
});

test("columns make room as the table gets narrower, down to two lines a row", async () => {
  const view = openTable({}, 900);
  const heads = () => [...view.root.querySelectorAll("[role=columnheader]")].map((one) => one.textContent);
  await vi.waitFor(() => expect(heads()).toContain("std"));
  view.el.style.width = "500px";
  await vi.waitFor(() => expect(heads()).toEqual(["name", "kind", "shape", "largest", "values"]));
  view.el.style.width = "300px";
  await vi.waitFor(() => expect(heads()).toEqual(["name", "kind", "shape", "Frobenius", "values"]));
  const [row] = rows(view);
  expect(row?.getBoundingClientRect().height).toBeGreaterThan(35);
  expect(grid(view).scrollWidth).toBe(grid(view).clientWidth);
});

test.each(
  [900, 700, 480, 300, 270].flatMap((width) =>
    ["", "-parameters", "near_zero"].map((by) => [width, by] as const),
  ),
)("at %i pixels, sorted by “%s”, nothing overflows and no number is cut", async (width, sortBy) => {
  const view = openTable({ sort_by: toBytes(sortBy) }, width);
  await nextFrame();
  await nextFrame();
  expect(grid(view).scrollWidth).toBeLessThanOrEqual(grid(view).clientWidth);
  const look = ".ww-table-cell:not(.ww-table-name):not(.ww-table-kind):not(.ww-table-number)";
  for (const cell of view.root.querySelectorAll<HTMLElement>(`.ww-table-row:not([hidden]) ${look}`))
    expect(cell.scrollWidth).toBeLessThanOrEqual(cell.clientWidth + 1);
  for (const value of view.root.querySelectorAll(".ww-table-row:not([hidden]) .ww-table-label + span")) {
    const [inner, outer] = [value, value.closest(".ww-table-cell")].map((one) =>
      one?.getBoundingClientRect(),
    );
    expect(
      inner && outer && inner.width > 0 && inner.left >= outer.left && inner.right <= outer.right + 0.5,
    ).toBe(true);
  }
});

test("a table of two lines fits its place with large text, too", async () => {
  const view = openTable({ size: "large", sort_by: toBytes("-near_zero") }, 450);
  await nextFrame();
  expect(grid(view).classList.contains("ww-table-narrow")).toBe(true);
  expect(grid(view).scrollWidth).toBeLessThanOrEqual(grid(view).clientWidth);
  const { width } = view.find(".ww-table-order").getBoundingClientRect();
  const { right } = view.find(".ww-table-way").getBoundingClientRect();
  expect(right).toBeLessThanOrEqual(view.find(".ww-table-order").getBoundingClientRect().left + width);
});
