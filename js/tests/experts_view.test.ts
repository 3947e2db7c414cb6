import { afterEach, expect, test, vi } from "vitest";
import "../src/experts.css";
import { diverging, tableColor } from "../src/color";
import experts from "../src/experts";
import { layOut, nameOf, readGrid, readRows } from "../src/experts_data";
import { cellSentence, pairSentence } from "../src/experts_words";
import type { ExpertGridState } from "../src/state";
import { toBytes, toText } from "../src/wire";
import { grid, mixture, pairs, rows, settle, states } from "./experts_page";
import { pixel, point, press, type Shown, show, watchListeners } from "./fake_model";

const ACCENT = [0x0b, 0x62, 0xc4];
const WHITE = [255, 255, 255];
let view: Shown<ExpertGridState>;

async function open(state: ExpertGridState, width = 800): Promise<void> {
  view = show(experts, state, width);
  await settle();
}

afterEach(() => {
  view.close();
  document.body.removeAttribute("data-jp-theme-light");
});

const canvases = () => [...view.root.querySelectorAll<HTMLCanvasElement>(".ww-experts-canvas")];
const all = () => canvases()[0] as HTMLCanvasElement;
const two = () => canvases()[1] as HTMLCanvasElement;
const listbox = () => view.find("[role=listbox]");
const text = (selector: string) => view.find(selector).textContent;
const em = () => Number.parseFloat(getComputedStyle(view.root).fontSize);
const stands = (element: Element | null) => element !== null && getComputedStyle(element).display !== "none";
const legends = () => [...view.root.querySelectorAll<HTMLCanvasElement>(".ww-experts-legend")];
const asked = () => view.model.messages.map(({ layer, expert }) => [toText(layer), expert]);

function layout(height = 3, width = 4) {
  return layOut({ height, width }, view.find(".ww-body").clientWidth, em(), devicePixelRatio, false);
}

function square() {
  const room = Math.min(view.find(".ww-body").clientWidth, 30 * em());
  return layOut({ height: 4, width: 4 }, room, em(), devicePixelRatio, true);
}

function middle(row: number, place: number, plan = layout()): [number, number] {
  return [plan.left + (place + 0.5) * plan.cellWidth, plan.top + (row + 0.5) * plan.cellHeight];
}

const colorAt = (canvas: HTMLCanvasElement, [x, y]: [number, number]) =>
  pixel(canvas, Math.floor(x * devicePixelRatio), Math.floor(y * devicePixelRatio)).slice(0, 3);

/** Just beside a cell, where the frame of the selected one is drawn. */
function edge(row: number, place: number, plan = layout()): [number, number] {
  const [x] = middle(row, place, plan);
  return [x, plan.top + row * plan.cellHeight - 1];
}

test("the selected expert is framed on both sheets, and the frame follows it", async () => {
  await open(states.separate);
  expect(colorAt(all(), edge(1, 2))).toEqual(ACCENT);
  expect(colorAt(two(), edge(2, 2, square()))).toEqual(ACCENT);
  press(listbox(), "ArrowUp");
  await settle();
  expect(colorAt(all(), edge(0, 2))).toEqual(ACCENT);
  expect(colorAt(all(), edge(1, 2))).not.toEqual(ACCENT);
  // Two by two it is still layer 1, until the kernel has answered.
  expect(colorAt(two(), edge(2, 2, square()))).not.toEqual(ACCENT);
});

test("a layer with fewer experts has no cells beyond them, none of which can be selected", async () => {
  await open(mixture([5, 3]));
  const plan = layout(2, 5);
  expect(colorAt(all(), middle(1, 2, plan))).toEqual([...tableColor(diverging, 200)]);
  expect(colorAt(all(), middle(1, 3, plan))).toEqual(WHITE);
  point(all(), "pointermove", ...middle(1, 4, plan));
  expect(text(".ww-caption")).toBe("layer 1 has no such expert");
  for (const place of [3, 4]) point(all(), "click", ...middle(1, place, plan));
  expect(view.model.messages).toEqual([]);
  for (const key of ["End", "ArrowDown"]) press(listbox(), key);
  expect(asked()).toEqual([
    ["", 4],
    ["l.1.experts.w", 2],
  ]);
});

test("page keys go on by ten layers and stop at the ends", async () => {
  await open(mixture(Array(25).fill(4)));
  for (const key of ["PageDown", "PageDown", "PageDown", "PageUp"]) press(listbox(), key);
  expect(asked().map(([layer]) => layer)).toEqual([10, 20, 24, 14].map((row) => `l.${row}.experts.w`));
});

test("keys with a modifier stay the browser's, and no key reaches the notebook", async () => {
  await open(states.separate);
  const heard = vi.fn();
  document.addEventListener("keydown", heard);
  for (const modifier of ["ctrlKey", "altKey", "metaKey"])
    expect(press(listbox(), "ArrowRight", { [modifier]: true }).defaultPrevented).toBe(false);
  expect(press(listbox(), "d").defaultPrevented).toBe(false);
  document.removeEventListener("keydown", heard);
  expect(heard).not.toHaveBeenCalled();
  expect(view.model.messages).toEqual([]);
});

test("many layers of many experts scroll, and the selected one is brought into sight", async () => {
  const many = mixture(Array(80).fill(400));
  await open({ ...many, layer: toBytes("l.70.experts.w"), expert: 390 });
  const plan = layout(80, 400);
  const seen = (row: number, place: number) => {
    const [x, y] = middle(row, place, plan);
    const { scrollLeft, scrollTop, clientWidth, clientHeight } = listbox();
    return x > scrollLeft && x < scrollLeft + clientWidth && y > scrollTop && y < scrollTop + clientHeight;
  };
  expect(plan.width).toBeGreaterThan(listbox().clientWidth);
  expect([seen(70, 390), seen(0, 0)]).toEqual([true, false]);
  press(listbox(), "Home");
  await settle();
  expect([seen(70, 0), seen(70, 390)]).toEqual([true, false]);
  // Numbers that come in before the next drawing do not take that back.
  view.model.receive({ layer: toBytes("l.2.experts.w") });
  view.model.receive({ grid: { ...many.grid } });
  await settle();
  expect(seen(2, 0)).toBe(true);
});

test("scrolled cells are read where they stand", async () => {
  await open(mixture(Array(80).fill(400)));
  listbox().scrollLeft = 500;
  listbox().scrollTop = 300;
  point(all(), "pointermove", ...middle(60, 300, layout(80, 400)));
  expect(text(".ww-caption")).toMatch(/^l\.60\.experts\.w, expert 300: norm 300/);
});

test("a layer that cannot be compared says why, and claims no colour", async () => {
  await open({ ...mixture([4, 4], [1, 3]), layer: toBytes("l.1.experts.w") });
  expect(text(".ww-caption")).toBe("l.1.experts.w, expert 0: of <i>two</i> sizes");
  expect(view.root.querySelector("i")).toBeNull();
  expect(colorAt(all(), middle(1, 2, layout(2, 4)))).toEqual(WHITE);
  expect(text(".ww-experts-progress")).toBe("");
});

test("no scale is claimed before an expert is read", async () => {
  await open(mixture([4, 4], [0, 3]));
  expect([text(".ww-experts-words"), stands(legends()[0] ?? null)]).toEqual(["", false]);
  view.model.receive({ grid: mixture([4, 4], [0, 1]).grid });
  expect(text(".ww-experts-words")).toBe("0 to 3: lowest to highest norm; a row per layer");
  expect(stands(legends()[0] ?? null)).toBe(true);
});

test("a mixture of which no two experts can be compared has one sheet", async () => {
  await open(mixture([4]));
  const shown = () => [two().parentElement, legends()[1] ?? null].map(stands);
  expect(shown()).toEqual([false, false]);
  const { rows, grid, pairs } = states.separate;
  view.model.receive({ rows, grid, pairs });
  await settle();
  expect(shown()).toEqual([true, true]);
});

test("more experts than are compared are said in the place of the picture", async () => {
  await open(mixture([601]));
  const [, words] = [...view.root.querySelectorAll(".ww-experts-words")];
  expect(words?.textContent).toBe("layer 0 has 601 experts: drawn two by two up to 600.");
});

test("where no experts are recognised, only the sentence that says so stands there", async () => {
  await open({ ...states.before, started: true, rows: {}, error: toBytes("No experts are recognised.") });
  expect(text(".ww-error")).toBe("No experts are recognised.");
  expect(stands(view.find(".ww-experts-columns"))).toBe(false);
  expect(press(listbox(), "ArrowRight").defaultPrevented).toBe(false);
  expect(view.model.messages).toEqual([]);
  const { rows, grid, pairs } = states.separate;
  view.model.receive({ rows, grid, pairs, error: toBytes("") });
  await settle();
  expect(stands(view.find(".ww-experts-columns"))).toBe(true);
  const color = tableColor(diverging, readGrid(grid, readRows(rows))?.norm.levels[0] ?? 0);
  expect(colorAt(all(), middle(0, 0))).toEqual([...color]);
});

test("the legends are those of their scales", async () => {
  await open(states.separate);
  const ends = () => legends().map((legend) => pixel(legend, 0, 0).slice(0, 3));
  const [zero, low] = [128, 1].map((level) => [...tableColor(diverging, level)]);
  expect(ends()).toEqual([zero, low]);
  view.model.receive({ measure: "similarity" });
  await settle();
  expect(ends()).toEqual([low, low]);
});

test("another theme is drawn at once, with the cells in the colours that they had", async () => {
  await open(states.separate);
  const cell = colorAt(all(), middle(0, 1));
  document.body.setAttribute("data-jp-theme-light", "false");
  view.root.style.setProperty("--ww-surface", "rgb(17 17 17)");
  await settle();
  for (const canvas of canvases()) expect(pixel(canvas, 1, 1).slice(0, 3)).toEqual([17, 17, 17]);
  expect(colorAt(two(), middle(0, 0, square()))).toEqual([17, 17, 17]);
  expect(colorAt(all(), middle(0, 1))).toEqual(cell);
  expect(colorAt(all(), edge(1, 2))).toEqual([0x6c, 0xb0, 0xff]);
});

test.each([
  [320, "normal"],
  [500, "large"],
  [900, "large"],
] as const)("in a view of %i pixels and %s size cells are where they are drawn", async (width, size) => {
  await open({ ...states.separate, size }, width);
  expect(view.root.scrollWidth).toBeLessThanOrEqual(view.root.clientWidth);
  expect(em()).toBe(size === "large" ? 20 : 12);
  point(all(), "pointermove", ...middle(2, 3));
  expect(text(".ww-caption")).toBe(cellSentence(rows, grid, { row: 2, place: 3 }));
  const color = tableColor(diverging, grid.norm.levels[11] ?? 0);
  expect(colorAt(all(), middle(2, 3))).toEqual([...color]);
});

test("the pointer is forgotten on a sheet whose numbers are replaced", async () => {
  await open(states.separate);
  point(two(), "pointermove", ...middle(0, 1, square()));
  expect(text(".ww-caption")).toBe(pairSentence(rows, pairs, { row: 0, place: 1 }));
  view.model.receive({ pairs: { ...states.separate.pairs } });
  expect(text(".ww-caption")).toBe(cellSentence(rows, grid, { row: 1, place: 2 }));
});

test("the selected expert is not asked for again, only told", async () => {
  await open(states.separate);
  point(all(), "click", ...middle(1, 2));
  expect(view.model.messages).toEqual([]);
  expect(text(".ww-live[role=status]")).toBe(cellSentence(rows, grid, { row: 1, place: 2 }));
});

test("the numbers that are copied are those of every expert, in full", async () => {
  await open(states.separate);
  const write = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
  const items = [...view.root.querySelectorAll<HTMLElement>(".ww-menu-item")];
  items.find(({ textContent }) => textContent === "Copy numbers")?.click();
  const [head, ...lines] = String(write.mock.calls[0]?.[0]).trimEnd().split("\r\n");
  write.mockRestore();
  expect(head).toBe("tensor,layer,expert,norm,mean_cosine_similarity");
  const values = (at: number) => [grid.norm.values[at], grid.similarity.values[at]].map(String);
  expect(lines).toEqual(
    rows.rows.flatMap((row, layer) =>
      row.numbers.map((number, place) =>
        [nameOf(row, place), row.depth, number, ...values(4 * layer + place)].join(),
      ),
    ),
  );
});

test("two displays of one model ask once, and select together", async () => {
  await open(states.before);
  const el = document.createElement("div");
  document.body.append(el);
  const close = experts.render({ model: view.model, el });
  await settle();
  expect(view.model.messages).toEqual([{ started: true }]);
  view.model.receive({ grid: states.separate.grid });
  press(listbox(), "End");
  expect(el.querySelector(".ww-caption")?.textContent).toBe(cellSentence(rows, grid, { row: 1, place: 3 }));
  close();
  el.remove();
});

test("a view that is closed before it is drawn again asks for nothing, and nothing of it is left", async () => {
  const watch = watchListeners();
  await open(states.before);
  view.model.receive({ started: false, size: "large" });
  view.model.messages.length = 0;
  view.close();
  await settle();
  expect(view.model.messages).toEqual([]);
  expect(view.model.listening).toBe(0);
  expect(watch.left()).toEqual([]);
  watch.stop();
});
