import { afterEach, beforeEach, expect, test } from "vitest";
import { cautionList, heading, type NumberCell, numberCell, rove, settle } from "../src/statistics_blocks";
import { h } from "../src/view";
import { press } from "./fake_model";

const abort = new AbortController();
let block: HTMLElement;
let cells: NumberCell[][];
let opened: HTMLElement[];

const known = (text: string) => ({ text, exact: text, formula: "f", code: "c" });
const button = (row: number, column: number) =>
  cells[row]?.[column]?.element.querySelector("button") as HTMLElement;

/** Three rows of two numbers; the layer has none in the last. */
beforeEach(() => {
  opened = [];
  cells = [0, 1, 2].map(() => [0, 1].map(() => numberCell((target) => opened.push(target), abort.signal)));
  const rows = cells.map((pair, row) =>
    h("tr", {}, h("th", {}, `row ${row}`), ...pair.map((cell) => cell.element)),
  );
  block = document.body.appendChild(h("div", {}, h("table", {}, h("tbody", {}, ...rows))));
  cells.forEach((pair, row) => {
    pair.forEach((cell, column) => {
      cell.set(row === 2 && column === 0 ? undefined : known(`${row}${column}`));
    });
  });
  rove(block, abort.signal);
  settle(block);
});
afterEach(() => block.remove());

const stops = () =>
  [...block.querySelectorAll<HTMLButtonElement>("button")].filter(({ tabIndex }) => tabIndex === 0);

test("a number is a button that opens, a text is none", () => {
  button(0, 1).click();
  expect(opened).toEqual([button(0, 1)]);
  const cell = numberCell(() => undefined, abort.signal);
  cell.set({ text: "none", exact: "", formula: "", code: "" });
  expect(cell.element.querySelector("button")?.hidden).toBe(true);
  expect(cell.element.textContent).toBe("none");
  cell.set(undefined);
  expect(cell.element.textContent).toBe("");
});

test("a block is one tab stop, wherever the focus went last", () => {
  expect(stops()).toEqual([button(0, 0)]);
  button(1, 1).focus();
  expect(stops()).toEqual([button(1, 1)]);
});

test("arrows stay in their row and column and stop at the ends", () => {
  const walk = (from: HTMLElement, key: string) => {
    from.focus();
    press(from, key);
    return document.activeElement;
  };
  expect(walk(button(0, 1), "ArrowDown")).toBe(button(1, 1));
  expect(walk(button(1, 0), "ArrowDown")).toBe(button(1, 0));
  expect(walk(button(1, 1), "ArrowLeft")).toBe(button(1, 0));
  expect(walk(button(2, 1), "ArrowLeft")).toBe(button(2, 1));
  expect(walk(button(1, 1), "ArrowRight")).toBe(button(1, 1));
  expect(walk(button(0, 0), "ArrowUp")).toBe(button(0, 0));
  expect(walk(button(0, 1), "End")).toBe(button(2, 1));
  expect(walk(button(2, 1), "Home")).toBe(button(0, 1));
  expect(walk(button(0, 1), "x")).toBe(button(0, 1));
});

test("arrows with Alt or Ctrl belong to the browser", () => {
  button(0, 0).focus();
  for (const modifier of ["altKey", "ctrlKey", "metaKey"])
    expect(press(button(0, 0), "ArrowDown", { [modifier]: true }).defaultPrevented).toBe(false);
  expect(document.activeElement).toBe(button(0, 0));
});

test("a key that moved the focus does not scroll the page", () => {
  button(0, 1).focus();
  expect(press(button(0, 1), "ArrowDown").defaultPrevented).toBe(true);
  expect(press(button(2, 1), "ArrowDown").defaultPrevented).toBe(false);
});

test("rows that are hidden are passed over, and the tab stop leaves them", () => {
  button(1, 1).focus();
  const row = button(1, 1).closest("tr") as HTMLTableRowElement;
  row.hidden = true;
  settle(block);
  expect(stops()).toEqual([button(0, 0)]);
  button(0, 1).focus();
  press(button(0, 1), "ArrowDown");
  expect(document.activeElement).toBe(button(2, 1));
});

test("cautions are a list that is hidden when there are none", () => {
  const list = cautionList();
  list.set(["one", "<b>two</b>"]);
  expect([...list.element.children].map((item) => item.textContent)).toEqual(["one", "<b>two</b>"]);
  expect(list.element.hidden).toBe(false);
  list.set([]);
  expect(list.element.hidden).toBe(true);
});

test("a heading names its columns for those who listen to the table", () => {
  const head = heading("Spread", [h("span", {}, "layer"), h("span", {}, "filter 3")]);
  const names = [...head.querySelectorAll("th")].map((cell) => [
    cell.getAttribute("scope"),
    cell.textContent,
  ]);
  expect(names).toEqual([
    ["col", "Spread"],
    ["col", "layer"],
    ["col", "filter 3"],
  ]);
});
