import { afterEach, beforeEach, expect, test } from "vitest";
import "../src/experts.css";
import { diverging, tableColor } from "../src/color";
import experts from "../src/experts";
import {
  cellAt,
  layOut,
  type Measure,
  nameOf,
  pairIndex,
  pairSheet,
  type Rows,
  readPairs,
  readRows,
  selectedIn,
  sheetOf,
  widthOf,
} from "../src/experts_data";
import { labelStep } from "../src/experts_draw";
import { cellSentence, pairSentence, pairsTitle, progress, scaleSentence } from "../src/experts_words";
import type { ExpertGridState } from "../src/state";
import { toBytes, toText } from "../src/wire";
import { grid, pairs, rows, settle, states } from "./experts_page";
import { pixel, point, press, type Shown, show, watchListeners } from "./fake_model";

const EM = 12;
let view: Shown<ExpertGridState>;

async function open(state: ExpertGridState, width = 800): Promise<void> {
  view = show(experts, state, width);
  await settle();
}

beforeEach(() => open(states.separate));
afterEach(() => view.close());

const canvases = () => [...view.root.querySelectorAll<HTMLCanvasElement>(".ww-experts-canvas")];
const all = () => canvases()[0] as HTMLCanvasElement;
const two = () => canvases()[1] as HTMLCanvasElement;
const listbox = () => view.find("[role=listbox]");
const caption = () => view.find(".ww-caption").textContent;
const asked = () => view.model.messages.map(({ layer, expert }) => [toText(layer), expert]);

function layout(of: Rows = rows, square = false) {
  const room = view.find(".ww-body").clientWidth;
  const size = { height: of.rows.length, width: widthOf(of) };
  if (!square) return layOut(size, room, EM, devicePixelRatio, false);
  return layOut({ height: 4, width: 4 }, Math.min(room, 30 * EM), EM, devicePixelRatio, true);
}

/** The middle of a cell, in CSS pixels. */
function middle(row: number, place: number, square = false): [number, number] {
  const { left, top, cellWidth, cellHeight } = layout(rows, square);
  return [left + (place + 0.5) * cellWidth, top + (row + 0.5) * cellHeight];
}

const colorAt = (canvas: HTMLCanvasElement, [x, y]: [number, number]) =>
  pixel(canvas, Math.round(x * devicePixelRatio), Math.round(y * devicePixelRatio)).slice(0, 3);

test.each<Measure>(["norm", "similarity"])(
  "every expert's cell has the colour of its %s",
  async (measure) => {
    view.model.receive({ measure });
    await settle();
    const { levels, values } = grid[measure];
    expect(values).toHaveLength(12);
    for (let row = 0; row < 3; row++)
      for (let place = 0; place < 4; place++) {
        const color = tableColor(diverging, levels[row * 4 + place] ?? 0);
        expect(colorAt(all(), middle(row, place))).toEqual([...color]);
      }
    expect(view.find(".ww-experts-words").textContent).toBe(scaleSentence(grid, measure));
  },
);

test("two by two, both halves mirror each other and the diagonal is empty", () => {
  const sheet = pairSheet(pairs);
  for (let row = 0; row < 4; row++)
    for (let place = 0; place < 4; place++) {
      expect(sheet.levels[row * 4 + place]).toBe(sheet.levels[place * 4 + row]);
      expect(sheet.known[row * 4 + place]).toBe(Number(row !== place));
      if (row === place) continue;
      const color = tableColor(diverging, pairs.levels[pairIndex(4, row, place)] ?? 0);
      expect(colorAt(two(), middle(row, place, true))).toEqual([...color]);
    }
  expect(colorAt(two(), middle(0, 0, true))).toEqual([255, 255, 255]);
});

test("pairs stand in the order in which Python sends those above the diagonal", () => {
  const order: number[] = [];
  for (let row = 0; row < 5; row++)
    for (let column = row + 1; column < 5; column++) order.push(pairIndex(5, row, column));
  expect(order).toEqual(Array.from({ length: 10 }, (_, index) => index));
  expect(pairIndex(5, 3, 1)).toBe(pairIndex(5, 1, 3));
});

test("the mean of an expert's cosines is the number that its cell shows", () => {
  for (let place = 0; place < 4; place++) {
    const others = [0, 1, 2, 3].filter((other) => other !== place);
    const cosines = others.map((other) => pairs.cosines[pairIndex(4, place, other)] ?? 0);
    const mean = cosines.reduce((sum, cosine) => sum + cosine, 0) / 3;
    expect(grid.similarity.values[pairs.place * 4 + place]).toBeCloseTo(mean, 6);
  }
});

test("the selected expert is described, another when it is pointed at, and two of them", () => {
  const told = cellSentence(rows, grid, { row: 1, place: 2 });
  expect(told).toMatch(/^net\.layers\.1\.mlp\.experts\.2\.up, expert 2: norm [\d.]+, mean cosine similarity/);
  expect(caption()).toBe(told);
  expect(view.find("[role=option]").getAttribute("aria-label")).toBe(told);
  point(all(), "pointermove", ...middle(0, 3));
  expect(caption()).toBe(cellSentence(rows, grid, { row: 0, place: 3 }));
  point(all(), "pointerleave", 0, 0);
  point(two(), "pointermove", ...middle(1, 3, true));
  expect(caption()).toBe(pairSentence(rows, pairs, { row: 1, place: 3 }));
  expect(caption()).toMatch(/^experts 1 and 3: cosine similarity −?[\d.]+$/);
  point(two(), "pointermove", ...middle(2, 2, true));
  expect(caption()).toBe("expert 2 compared with itself");
});

test("a click selects the tensor and the expert in one message", () => {
  point(all(), "click", ...middle(2, 0));
  point(two(), "click", ...middle(0, 3, true));
  point(all(), "click", 1, 1);
  expect(asked()).toEqual([
    ["net.layers.2.mlp.experts.0.up", 0],
    ["net.layers.1.mlp.experts.3.up", 3],
  ]);
  expect(view.find(".ww-live[role=status]").textContent).toContain("experts.3.up");
});

test("arrows, Home and End walk, and stay within the layers and the experts", () => {
  for (const key of ["ArrowDown", "ArrowDown", "End", "ArrowRight", "PageUp", "Home"]) press(listbox(), key);
  const places = asked()
    .filter(([layer]) => layer)
    .map(([layer]) => layer);
  expect(places).toEqual(
    ["2.mlp.experts.2", "2.mlp.experts.3", "0.mlp.experts.3", "0.mlp.experts.0"].map(
      (part) => `net.layers.${part}.up`,
    ),
  );
});

test("fused experts share a name and differ by their place", async () => {
  view.close();
  await open(states.fused);
  const own = readRows(states.fused.rows);
  expect(own.rows.map(({ names, numbers }) => [names.length, numbers.length])).toEqual([
    [1, 5],
    [1, 5],
  ]);
  const [first] = own.rows;
  expect(first && nameOf(first, 4)).toBe("l.0.experts.w");
  expect(selectedIn(own, "l.1.experts.w", 3)).toEqual({ row: 1, place: 3 });
  press(listbox(), "ArrowRight");
  expect(view.model.messages.at(-1)).toEqual({ expert: 1 });
  const select = view.find<HTMLSelectElement>("select[aria-label=pattern]");
  expect([...select.options].map(({ text }) => text)).toEqual(["<u>.*.experts.w", "l.*.experts.w"]);
  expect(view.root.querySelector("u")).toBeNull();
});

test("another pattern and another measure are asked for", () => {
  const pattern = view.find<HTMLSelectElement>("select[aria-label=pattern]");
  pattern.value = "net.layers.*.mlp.experts.*.down";
  pattern.dispatchEvent(new Event("change"));
  const measure = view.find<HTMLSelectElement>("select[aria-label=show]");
  measure.value = "similarity";
  measure.dispatchEvent(new Event("change"));
  const [first, second] = view.model.messages;
  expect(toText(first?.pattern)).toBe("net.layers.*.mlp.experts.*.down");
  expect(second).toEqual({ measure: "similarity" });
});

test("it asks for the reading when it is first painted, and says how far it is", async () => {
  view.close();
  await open(states.before);
  expect(view.model.messages).toEqual([{ started: true }]);
  expect(view.find(".ww-experts-progress").textContent).toBe("0 of 3 layers read.");
  expect(caption()).toBe("net.layers.1.mlp.experts.2.up, expert 2: not read yet");
  expect(progress(rows, { ...grid, non_finite: 2, live: true })).toMatch(
    /^NaN or infinite .*: 2\. Read while/,
  );
});

test("numbers of other rows are not drawn under these names", async () => {
  const other = { ...states.separate.rows, token: 1 };
  view.model.receive({ rows: other });
  await settle();
  expect(caption()).toContain("not read yet");
  expect(two().parentElement?.hidden).toBe(true);
  expect(readPairs(states.separate.pairs, { ...rows, token: 1 })).toBeUndefined();
});

test("what cannot be compared, or is too much, is said", () => {
  const failed = { ...grid, state: Uint8Array.of(1, 3, 1), sentences: { 1: "of two sizes" } };
  expect(cellSentence(rows, failed, { row: 1, place: 0 })).toMatch(/expert 0: of two sizes$/);
  const numbers = Array.from({ length: 700 }, (_, index) => index);
  const crowd = { ...rows, rows: [{ depth: "0", names: ["a"], labels: ["a"], numbers }] };
  expect(pairsTitle(crowd, undefined, 0)).toBe("layer 0 has 700 experts: drawn two by two up to 600.");
  expect(pairsTitle(rows, pairs, 1)).toMatch(/^Experts of layer 1 two by two: cosine ±[\d.]+$/);
  expect(cellSentence(crowd, undefined, { row: 0, place: 900 })).toBe("layer 0 has no such expert");
});

test("without a selection in this pattern the keys begin at the first expert", () => {
  view.model.receive({ layer: toBytes("net.layers.0.mlp.experts.0.down") });
  expect(caption()).toBe("");
  press(listbox(), "ArrowRight");
  expect(asked()).toEqual([["net.layers.0.mlp.experts.1.up", 1]]);
});

test("cells are whole device pixels, and as many as fit", () => {
  for (const ratio of [1, 1.5, 2]) {
    const { cellWidth, cellHeight } = layOut({ height: 9, width: 40 }, 500, EM, ratio, false);
    expect(cellWidth * ratio).toBe(Math.round(cellWidth * ratio));
    expect(cellHeight * ratio).toBe(Math.round(cellHeight * ratio));
  }
  const plan = layOut({ height: 2, width: 512 }, 400, EM, 1, false);
  expect(plan.cellWidth).toBe(3);
  expect(cellAt(plan, { height: 2, width: 512 }, plan.left + 3 * 511 + 1, plan.top + 1)).toEqual({
    row: 0,
    place: 511,
  });
  expect(cellAt(plan, { height: 2, width: 512 }, plan.left - 1, plan.top)).toBeNull();
  expect(sheetOf(rows, grid.norm)).toMatchObject({ height: 3, width: 4 });
});

test("labels keep a distance on round numbers", () => {
  expect([
    labelStep(20, 15),
    labelStep(10, 15),
    labelStep(6, 25),
    labelStep(3, 25),
    labelStep(1, 25),
  ]).toEqual([1, 2, 5, 10, 50]);
});

test("nothing is left behind", async () => {
  const watch = watchListeners();
  const other = show(experts, states.separate);
  await settle();
  other.close();
  expect(watch.left()).toEqual([]);
  watch.stop();
});
