import { afterEach, beforeEach, expect, test } from "vitest";
import "../src/heads.css";
import { diverging, tableColor } from "../src/color";
import { TileGrid } from "../src/heads_tiles";
import { pixel } from "./fake_model";
import { numbersOf, tilesOf } from "./heads_fixture";

let grid: TileGrid;

beforeEach(() => {
  grid = new TileGrid();
  grid.element.style.width = "420px";
  document.body.append(grid.element);
});
afterEach(() => grid.element.remove());

const tiles = () => [...grid.element.querySelectorAll<HTMLElement>("[role=option]")];
const labels = () => tiles().map((tile) => tile.querySelector(".ww-heads-label")?.textContent);

test("heads that share keys stand under one bracket, in order", () => {
  grid.arrange(numbersOf(6, 2), "q", "index");
  const groups = [...grid.element.querySelectorAll("[role=group]")];
  expect(groups.map((group) => group.getAttribute("aria-label"))).toEqual([
    "key/value head 0",
    "key/value head 1",
  ]);
  expect(groups.map((group) => group.querySelectorAll("[role=option]").length)).toEqual([3, 3]);
  expect(labels()).toEqual(["0", "1", "2", "3", "4", "5"]);
});

test("heads with keys of their own, and heads by norm, have no brackets", () => {
  grid.arrange(numbersOf(3, 3), "q", "index");
  expect(grid.element.querySelectorAll("[role=group]").length).toBe(0);
  grid.arrange(numbersOf(4, 2), "q", "norm");
  expect(grid.element.querySelectorAll("[role=group]").length).toBe(0);
  expect(labels()).toEqual(["3 · kv 1", "2 · kv 1", "1 · kv 0", "0 · kv 0"]);
});

test("bars are as long as norms, and a head without a norm has none", () => {
  const numbers = numbersOf(4, 4);
  numbers.norms.set([1, 4, Number.NaN, 2]);
  grid.arrange(numbers, "q", "index");
  const bars = tiles().map((tile) => tile.querySelector<HTMLElement>("i")?.style.width);
  expect(bars).toEqual(["25%", "100%", "0%", "50%"]);
  expect(tiles()[1]?.ariaLabel).toBe("head 1: Q has Frobenius norm 4");
});

test("every tile shows its head's picture, and heads of a group the one that they share", () => {
  const numbers = numbersOf(4, 2);
  grid.arrange(numbers, "q", "index");
  const levels = () =>
    tiles().map((tile) => pixel(tile.querySelector("canvas") as HTMLCanvasElement, 0, 0).slice(0, 3));
  const color = (level: number) => [...tableColor(diverging, level)];
  grid.draw(numbers, tilesOf(4), 12);
  expect(levels()).toEqual([1, 11, 21, 31].map(color));
  grid.draw(numbers, tilesOf(2), 12);
  expect(levels()).toEqual([1, 1, 11, 11].map(color));
  grid.draw(numbers, null, 12);
  expect(tiles().every((tile) => tile.querySelector("canvas")?.hidden)).toBe(true);
});

test("one tile is selected, and the list points to it", () => {
  grid.arrange(numbersOf(4, 4), "q", "index");
  grid.select(2);
  expect(tiles().map((tile) => tile.ariaSelected)).toEqual(["false", "false", "true", "false"]);
  expect(grid.element.getAttribute("aria-activedescendant")).toBe(tiles()[2]?.id);
});

test("arrows step through the heads as they are shown, rows above and below included", () => {
  const numbers = numbersOf(9, 9);
  grid.arrange(numbers, "q", "index");
  grid.draw(numbers, tilesOf(9), 12);
  const tops = tiles().map((tile) => tile.offsetTop);
  const across = tops.filter((top) => top === tops[0]).length;
  expect(across).toBeGreaterThan(1);
  expect(across).toBeLessThan(9);
  expect(grid.step(0, "ArrowRight")).toBe(1);
  expect(grid.step(0, "ArrowLeft")).toBe(0);
  expect(grid.step(1, "ArrowDown")).toBe(1 + across);
  expect(grid.step(1 + across, "ArrowUp")).toBe(1);
  expect(grid.step(1, "ArrowUp")).toBe(1);
  expect([grid.step(4, "Home"), grid.step(4, "End"), grid.step(4, "a")]).toEqual([0, 8, null]);
  grid.arrange(numbers, "q", "norm");
  expect([grid.step(8, "ArrowRight"), grid.step(0, "Home")]).toEqual([7, 8]);
});

test("a tile is found from what was clicked in it", () => {
  grid.arrange(numbersOf(3, 3), "q", "index");
  expect(grid.headAt(tiles()[1]?.querySelector("i") ?? null)).toBe(1);
  expect(grid.headAt(grid.element)).toBeNull();
});

test("tiles stay the same elements while only numbers change", () => {
  grid.arrange(numbersOf(3, 3), "q", "index");
  const before = tiles();
  grid.arrange(numbersOf(3, 3), "ov", "index");
  expect(tiles()).toEqual(before);
  grid.empty();
  expect(tiles()).toEqual([]);
  expect(grid.step(0, "ArrowRight")).toBeNull();
});

test("a head out of sight is scrolled to inside of the grid", () => {
  grid.element.style.height = "80px";
  grid.element.style.overflow = "auto";
  const numbers = numbersOf(40, 40);
  grid.arrange(numbers, "q", "index");
  grid.draw(numbers, tilesOf(40), 12);
  grid.reveal(39);
  const [tile, around] = [tiles()[39], grid.element].map((one) => one?.getBoundingClientRect());
  expect(tile?.bottom).toBeLessThanOrEqual((around?.bottom ?? 0) + 1);
  grid.reveal(0);
  expect(grid.element.scrollTop).toBeLessThan(20);
});

test("many heads stand in rows of their groups, each with an id of its own", () => {
  const numbers = numbersOf(128, 8);
  grid.arrange(numbers, "q", "index");
  const groups = [...grid.element.querySelectorAll("[role=group]")];
  expect(groups.map((group) => group.querySelectorAll("[role=option]").length)).toEqual(Array(8).fill(16));
  expect(new Set(tiles().map(({ id }) => id)).size).toBe(128);
  expect(groups[7]?.querySelector(".ww-heads-label")?.textContent).toBe("112");
});

test("down from the last tile of a short row stays, and up leads to the nearest above", () => {
  const numbers = numbersOf(7, 7);
  grid.arrange(numbers, "q", "index");
  grid.draw(numbers, tilesOf(7), 12);
  const boxes = tiles().map((tile) => tile.getBoundingClientRect());
  const above = grid.step(6, "ArrowUp") as number;
  expect(boxes[above]?.top).toBeLessThan(boxes[6]?.top ?? 0);
  const inRow = boxes.filter((box) => box.top === boxes[above]?.top);
  const nearest = Math.min(...inRow.map((box) => Math.abs(box.left - (boxes[6]?.left ?? 0))));
  expect(Math.abs((boxes[above]?.left ?? 0) - (boxes[6]?.left ?? 0))).toBe(nearest);
  expect(grid.step(6, "ArrowDown")).toBe(6);
});

test("where every norm is NaN or zero no bar is drawn, and each norm is said", () => {
  const numbers = numbersOf(3, 3);
  numbers.norms.set([0, Number.NaN, Number.POSITIVE_INFINITY]);
  grid.arrange(numbers, "q", "index");
  const bars = tiles().map((tile) => tile.querySelector<HTMLElement>("i")?.style.width);
  expect(bars).toEqual(["0%", "0%", "0%"]);
  expect(tiles().map((tile) => tile.querySelector(".ww-heads-norm")?.textContent)).toEqual(["0", "NaN", "∞"]);
});

test("a tile that is in sight is not scrolled to, and a head without a tile moves nothing", () => {
  grid.element.style.height = "300px";
  grid.element.style.overflow = "auto";
  const numbers = numbersOf(40, 40);
  grid.arrange(numbers, "q", "index");
  grid.draw(numbers, tilesOf(40), 12);
  grid.reveal(39);
  const before = grid.element.scrollTop;
  expect(before).toBeGreaterThan(0);
  grid.reveal(39);
  grid.reveal(400);
  expect(grid.element.scrollTop).toBe(before);
});
