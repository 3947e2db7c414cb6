import { afterEach, expect, test, vi } from "vitest";
import { TableOrder } from "../src/table_order";
import { columnsOf } from "../src/table_row";
import "../src/table.css";

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
