import { afterEach, beforeEach, expect, test } from "vitest";
import type { WeightStatisticsState } from "../src/state";
import statistics from "../src/statistics";
import "../src/statistics.css";
import { toBytes } from "../src/wire";
import { press, type Shown, show, thaw, watchListeners } from "./fake_model";
import fixture from "./fixtures/statistics.json";

interface Fixture {
  first: WeightStatisticsState;
  filter: Partial<WeightStatisticsState>;
  dense: WeightStatisticsState;
}

interface Cell {
  text: string;
  exact: string;
  formula: string;
  code: string;
}

const states = thaw<Fixture>(fixture);
const page = (frame: Record<string, unknown>) => JSON.parse(new TextDecoder().decode(frame.page as DataView));

let view: Shown<WeightStatisticsState>;

beforeEach(() => {
  view = show(statistics, states.first);
});
afterEach(() => view.close());

/** The text of every row of statistics: label, layer, filter. */
function rows(): string[][] {
  const blocks = [...view.root.querySelectorAll(".ww-statistics-block")].slice(0, 2);
  return blocks.flatMap((block) =>
    [...block.querySelectorAll("tbody tr")].map((row) =>
      [...row.children].map((cell) => cell.textContent ?? ""),
    ),
  );
}

function button(row: string, column: number): HTMLButtonElement {
  for (const line of view.root.querySelectorAll("tbody tr"))
    if (line.children[0]?.textContent === row) {
      const found = line.children[column]?.querySelector("button");
      if (found) return found;
    }
  throw new Error(`no number in row ${row}`);
}

const panel = () => view.find(".ww-statistics-panel");
const panelText = (selector: string) => panel().querySelector(selector)?.textContent;

test("every number of the frame stands in its row, the layer's beside the filter's", () => {
  const layer = page(states.first.frame);
  const unit = page(states.first.unit);
  const expected = layer.groups.flatMap((group: { rows: { key: string; label: string }[] }) =>
    group.rows.map(({ key, label }) => [label, layer.cells[key]?.text ?? "", unit.cells[key].text]),
  );
  expect(rows()).toEqual(expected);
  expect(rows().length).toBe(14);
});

test("the strongest inputs are ranked with their places in full and bars of their length", () => {
  const unit = page(states.first.unit);
  unit.ranked.forEach((ranked: { places: string[]; lengths: number[]; cells: Cell[] }, side: number) => {
    const lines = view.root.querySelectorAll<HTMLElement>(
      `[data-column="${side + 2}"] tbody tr:not([hidden])`,
    );
    expect([...lines].map((line) => line.querySelector("th")?.title)).toEqual(ranked.places);
    expect([...lines].map((line) => line.querySelector("button")?.textContent)).toEqual(
      ranked.cells.map((cell) => cell.text),
    );
    const bars = [...lines].map((line) => line.querySelector("th")?.style.getPropertyValue("--length"));
    expect(bars.map(Number)).toEqual(ranked.lengths);
  });
});

test("cautions stand beside the numbers that they are about", () => {
  const texts = [...view.root.querySelectorAll(".ww-statistics-cautions li")].map((item) => item.textContent);
  const layer = page(states.first.frame);
  const unit = page(states.first.unit);
  const size = view.root.querySelectorAll(".ww-statistics-block")[0]?.querySelectorAll("ul")[1];
  expect(size?.textContent).toContain("registered right after");
  expect(texts).toContain(unit.cautions.Shape[0]);
  expect(texts.length).toBe(
    layer.groups.flatMap((group: { cautions: string[] }) => group.cautions).length +
      Object.values<string[]>(unit.cautions).flat().length,
  );
});

test("a number opens its formula, meaning, source and Python line, and closes again", () => {
  const unit = page(states.first.unit);
  const std = button("std", 2);
  expect(view.root.querySelector(".ww-statistics-panel")).toBeNull();
  std.click();
  expect(panel().hidden).toBe(false);
  expect(std.getAttribute("aria-expanded")).toBe("true");
  expect(std.getAttribute("aria-controls")).toBe(panel().id);
  expect(panelText(".ww-statistics-formula")).toBe(unit.cells.std.formula);
  expect(panelText(".ww-statistics-exact")).toBe(unit.cells.std.exact);
  expect(panelText("code")).toBe(unit.cells.std.code);
  expect(panelText("strong")).toBe("std of filter 1 of layer 0");
  expect(view.find(".ww-live").textContent).toBe(unit.cells.std.formula);
  std.click();
  expect(panel().hidden).toBe(true);
  expect(std.getAttribute("aria-expanded")).toBe("false");
});

test("only one panel is open, below the block of its number", () => {
  button("std", 2).click();
  expect(panel().dataset.column).toBe("0");
  const ranked = view.root.querySelector<HTMLButtonElement>('[data-column="3"] .ww-statistics-number');
  ranked?.click();
  expect(panel().dataset.column).toBe("3");
  expect(view.root.querySelectorAll('[aria-expanded="true"]').length).toBe(1);
  expect(panelText("code")).toBe(page(states.first.unit).ranked[1].cells[0].code);
});

test("Escape closes the panel and gives the focus back to the number", () => {
  const std = button("std", 1);
  std.click();
  const close = panel().querySelector<HTMLButtonElement>("header button");
  close?.focus();
  press(close as HTMLElement, "Escape");
  expect(panel().hidden).toBe(true);
  expect(document.activeElement).toBe(std);
});

test("an open panel follows the filter", () => {
  button("max", 2).click();
  view.model.receive(states.filter);
  const unit = page(states.filter.unit as Record<string, unknown>);
  expect(panelText("code")).toBe(unit.cells.max.code);
  expect(panelText(".ww-statistics-exact")).toBe(unit.cells.max.exact);
  expect(view.find(".ww-live").textContent).toBe("filter 3, 4 in the layer");
});

test("a reset of the explorer closes the panel in every display, though no number changed", () => {
  const el = document.body.appendChild(document.createElement("div"));
  const close = statistics.render({ model: view.model, el });
  for (const root of [view.root, el]) root.querySelector<HTMLElement>(".ww-statistics-number")?.click();
  const isOpen = () =>
    [view.root, el].map((root) => root.querySelector<HTMLElement>(".ww-statistics-panel")?.hidden === false);
  expect(isOpen()).toEqual([true, true]);
  view.model.receive({ resets: 1 });
  expect(isOpen()).toEqual([false, false]);
  expect(view.root.querySelector('[aria-expanded="true"]')).toBeNull();
  button("std", 1).click();
  expect(isOpen()).toEqual([true, false]);
  close();
  el.remove();
});

test("without a frame nothing but the error is shown", () => {
  button("bias", 2).click();
  expect(panel().hidden).toBe(false);
  view.model.receive({ frame: {}, unit: {}, error: new DataView(new TextEncoder().encode("gone").buffer) });
  expect(view.find(".ww-statistics-grid").hidden).toBe(true);
  expect(view.find(".ww-error").textContent).toBe("gone");
});

test("an open panel is gone with a frame that is gone, and its number opens it anew", () => {
  button("std", 1).click();
  view.model.receive({ frame: {}, unit: {}, error: toBytes("gone") });
  expect(panel().getBoundingClientRect().height).toBe(0);
  expect(view.find<HTMLInputElement>('input[type="range"]').disabled).toBe(true);
  view.model.receive({ ...states.dense, error: toBytes("") });
  expect(view.find(".ww-statistics-grid").hidden).toBe(false);
  expect(panelText("code")).toBe(page(states.dense.frame).cells.std.code);
  expect(view.find<HTMLInputElement>('input[type="range"]').max).toBe("1");
});

test("the panel of a rank that another layer does not have closes", () => {
  const last = [...view.root.querySelectorAll<HTMLElement>('[data-column="2"] .ww-statistics-number')].at(-1);
  last?.click();
  expect(panel().hidden).toBe(false);
  view.model.receive(states.dense);
  expect(panel().hidden).toBe(true);
  expect(last?.getAttribute("aria-expanded")).toBe("false");
  expect(last?.closest("tr")?.hidden).toBe(true);
});

test("where no weight excites, a sentence stands instead of the ranking", () => {
  const unit = page(states.first.unit);
  const [exciting, inhibiting] = unit.ranked;
  const none = { ...exciting, empty: "No weight is positive.", cells: [], places: [] };
  const ranked = { ...unit, ranked: [none, inhibiting], ranked_caution: "Features, not pixels." };
  view.model.receive({ unit: { page: toBytes(JSON.stringify(ranked)) } });
  const block = view.find('[data-column="2"]');
  expect(block.querySelector(".ww-statistics-empty")?.textContent).toBe("No weight is positive.");
  expect(block.querySelectorAll("tbody tr:not([hidden])").length).toBe(0);
  expect(block.querySelector("ul")?.hidden).toBe(true);
  view.model.receive({ unit: { page: toBytes(JSON.stringify({ ...ranked, ranked: unit.ranked })) } });
  expect(block.querySelector("ul")?.textContent).toBe("Features, not pixels.");
  expect(block.querySelectorAll("tbody tr:not([hidden])").length).toBe(exciting.cells.length);
});

test("two displays open their own panel and follow one filter", () => {
  const el = document.body.appendChild(document.createElement("div"));
  const close = statistics.render({ model: view.model, el });
  button("std", 2).click();
  expect(el.querySelector(".ww-statistics-panel")).toBeNull();
  el.querySelector<HTMLElement>(".ww-statistics-number")?.click();
  expect(el.querySelector(".ww-statistics-panel")?.id).not.toBe(panel().id);
  view.model.receive(states.filter);
  const heads = [...el.querySelectorAll("thead")].map((head) => head.textContent);
  expect(heads.some((head) => head?.includes("filter 3"))).toBe(true);
  expect(panelText("strong")).toBe("std of filter 3 of layer 0");
  close();
  el.remove();
});

test("another layer replaces names, numbers and rankings in the same rows", () => {
  const row = view.root.querySelector("tbody tr");
  view.model.receive(states.dense);
  expect(view.root.querySelector("tbody tr")).toBe(row);
  const layer = page(states.dense.frame);
  expect(rows()[0]?.[1]).toBe(layer.cells.mean.text);
  expect(view.find(".ww-title").textContent).toContain(layer.outline);
  const shown = view.root.querySelectorAll('[data-column="2"] tbody tr:not([hidden])').length;
  expect(shown).toBe(page(states.dense.unit).ranked[0].cells.length);
});

test("the filter slider asks for a filter in one message", () => {
  const range = view.find<HTMLInputElement>('input[type="range"]');
  expect([range.min, range.max, range.value]).toEqual(["0", "3", "1"]);
  range.value = "2";
  range.dispatchEvent(new Event("input"));
  expect(view.model.messages).toEqual([{ filter_index: 2 }]);
});

test("the slider of a dense layer is called as its numbers are", () => {
  const range = view.find<HTMLInputElement>('input[type="range"]');
  expect(range.ariaLabel).toBe("filter");
  view.model.receive(states.dense);
  expect(page(states.dense.unit).label).toMatch(/^row \d+$/);
  expect(range.ariaLabel).toBe("row");
  expect(range.closest("label")?.textContent).toBe("row");
  expect(view.find('input[type="number"]').ariaLabel).toBe("row, as a number");
});

test("each block is one tab stop, and arrows move within it", () => {
  for (const block of view.root.querySelectorAll(".ww-statistics-block"))
    expect(block.querySelectorAll('.ww-statistics-number[tabindex="0"]').length).toBe(1);
  const mean = button("mean", 1);
  mean.focus();
  press(mean, "ArrowDown");
  expect(document.activeElement).toBe(button("std", 1));
  press(button("std", 1), "ArrowRight");
  expect(document.activeElement).toBe(button("std", 2));
  press(button("std", 2), "ArrowUp");
  expect(document.activeElement).toBe(button("mean", 2));
  press(button("mean", 2), "End");
  expect(document.activeElement).toBe(button("L∞", 2));
  press(button("L∞", 2), "Home");
  press(button("mean", 2), "ArrowLeft");
  expect(document.activeElement).toBe(mean);
  expect(mean.tabIndex).toBe(0);
});

test("a hostile name stays text", () => {
  const encoded = JSON.stringify({ ...page(states.first.frame), name: "<img src=x onerror=alert(1)>" });
  const bytes = new TextEncoder().encode(encoded);
  view.model.receive({ frame: { filters: 4, page: new DataView(bytes.buffer) } });
  button("mean", 1).click();
  expect(view.find(".ww-title").textContent).toContain("<img src=x");
  expect(view.root.querySelector("img")).toBeNull();
});

test("closing takes every listener and the view away", () => {
  const listeners = watchListeners();
  const second = show(statistics, states.first);
  second.find<HTMLButtonElement>(".ww-statistics-number").click();
  second.close();
  expect(listeners.left()).toEqual([]);
  expect(second.model.listening).toBe(0);
  expect(second.root.isConnected).toBe(false);
  listeners.stop();
});

/** The places of the words and numbers in sight, as the browser laid them out. */
function wordsInSight(within: HTMLElement): DOMRect[] {
  const texts = document.createTreeWalker(within, NodeFilter.SHOW_TEXT);
  const places: DOMRect[] = [];
  while (texts.nextNode()) {
    const range = document.createRange();
    range.selectNodeContents(texts.currentNode);
    for (const place of range.getClientRects()) if (place.width > 0) places.push(place);
  }
  return places;
}

const overlap = (one: DOMRect, other: DOMRect) =>
  one.left < other.right - 0.5 &&
  other.left < one.right - 0.5 &&
  one.top < other.bottom - 2 &&
  other.top < one.bottom - 2;

test.each(
  ["normal", "large"].flatMap((size) =>
    [270, 320, 400, 450, 560, 760, 900, 1200].map((width) => [size, width] as const),
  ),
)("at %s size and %i pixels no number touches another or leaves its block", (size, width) => {
  view.el.style.width = `${width}px`;
  view.model.receive({ size: size as "normal" | "large" });
  const grid = view.find(".ww-statistics-grid");
  const places = wordsInSight(grid);
  expect(places.length).toBeGreaterThan(60);
  for (const [index, place] of places.entries())
    for (const other of places.slice(index + 1)) expect(overlap(place, other)).toBe(false);
  for (const block of grid.querySelectorAll<HTMLElement>(".ww-statistics-block")) {
    const inside = block.getBoundingClientRect();
    for (const place of wordsInSight(block)) {
      expect(place.left).toBeGreaterThanOrEqual(inside.left - 0.5);
      expect(place.right).toBeLessThanOrEqual(inside.right + 0.5);
    }
  }
});
