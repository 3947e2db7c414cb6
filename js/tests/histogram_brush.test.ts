import { afterEach, expect, test } from "vitest";
import { Brush, type Selected } from "../src/histogram_brush";
import type { WeightHistogramState } from "../src/state";
import { mount } from "../src/view";
import { FakeModel, point, press } from "./fake_model";
import { conv } from "./histogram_fixture";

const BINS = 20;
/** Each bin is ten pixels wide, from the canvas's left side. */
const at = (x: number) => Math.min(Math.max(Math.floor(x / 10), 0), BINS - 1);

function opened() {
  const el = document.createElement("div");
  document.body.append(el);
  const model = new FakeModel<WeightHistogramState>(conv.state);
  const seen: { selected: (Selected | null)[]; moves: (number | null)[]; brush?: Brush } = {
    selected: [],
    moves: [],
  };
  const parts = { kind: "histogram", label: "Histogram", exports: { name: () => "" } };
  mount<WeightHistogramState>({ model, el }, parts, (host) => {
    const brush = new Brush(host, {
      count: () => BINS,
      at,
      onMove: () => seen.moves.push(brush.bin),
      onSelect: (selected) => seen.selected.push(selected),
    });
    seen.brush = brush;
    brush.canvas.width = 200;
    host.body.append(brush.canvas);
  });
  const { brush } = seen;
  if (!brush) throw new Error("the view was not built");
  return { ...seen, brush, canvas: brush.canvas };
}

afterEach(() => document.body.replaceChildren());

test("the pointer tells of the bin under it, once per bin, and of none when it leaves", () => {
  const { canvas, moves } = opened();
  for (const x of [5, 7, 15]) point(canvas, "pointermove", x, 10);
  canvas.dispatchEvent(new PointerEvent("pointerleave"));
  expect(moves).toEqual([0, 1, null]);
});

test("a drag selects from where it began, in both directions, once per bin, and outside of the bars too", () => {
  const { canvas, selected } = opened();
  point(canvas, "pointerdown", 55, 10);
  for (const x of [56, 57, 64, 65, 40, -30]) point(canvas, "pointermove", x, 10);
  point(canvas, "pointerup", -30, 10);
  expect(selected).toEqual([
    { bins: 20, first: 5, last: 6 },
    { bins: 20, first: 4, last: 5 },
    { bins: 20, first: 0, last: 5 },
  ]);
});

test("a click gives the selection up, and the hand's tremble does not make it a drag", () => {
  const { canvas, selected } = opened();
  point(canvas, "pointerdown", 55, 10);
  point(canvas, "pointermove", 57, 10);
  point(canvas, "pointerup", 57, 10);
  expect(selected).toEqual([null]);
});

test("only the first button drags, and a drag that the system takes away ends without a click", () => {
  const { canvas, selected } = opened();
  point(canvas, "pointerdown", 55, 10, { button: 2 });
  point(canvas, "pointermove", 99, 10);
  point(canvas, "pointerup", 99, 10);
  point(canvas, "pointerdown", 55, 10);
  point(canvas, "pointercancel", 0, 0);
  point(canvas, "pointermove", 99, 10);
  expect(selected).toEqual([]);
});

test("arrow keys, Home, End and page keys move the cursor within the bins", () => {
  const { canvas, brush, moves, selected } = opened();
  for (const key of ["ArrowRight", "ArrowLeft", "Home", "ArrowDown", "PageUp", "End", "ArrowUp", "PageDown"])
    expect(press(canvas, key).defaultPrevented).toBe(true);
  expect(moves).toEqual([10, 9, 0, 2, 19, 17]);
  expect(brush.bin).toBe(17);
  expect(selected).toEqual([]);
});

test("with Shift the arrow keys select from where they began; without it the next selection begins anew", () => {
  const { canvas, selected } = opened();
  press(canvas, "Home");
  press(canvas, "ArrowRight");
  press(canvas, "ArrowRight", { shiftKey: true });
  press(canvas, "ArrowRight", { shiftKey: true });
  press(canvas, "ArrowRight");
  press(canvas, "ArrowLeft", { shiftKey: true });
  expect(selected).toEqual([
    { bins: 20, first: 1, last: 2 },
    { bins: 20, first: 1, last: 3 },
    { bins: 20, first: 3, last: 4 },
  ]);
});

test("Enter and the space bar select the bin under the cursor, Escape gives it up", () => {
  const { canvas, selected } = opened();
  press(canvas, "Home");
  for (const key of ["Enter", " ", "Escape"]) press(canvas, key);
  const first = { bins: 20, first: 0, last: 0 };
  expect(selected).toEqual([first, first, null]);
});

test("keys that mean nothing here are left to the page, but not to the notebook", () => {
  const { canvas } = opened();
  const reached: string[] = [];
  const note = (event: KeyboardEvent) => reached.push(event.key);
  document.addEventListener("keydown", note);
  expect(press(canvas, "Tab").defaultPrevented).toBe(false);
  press(canvas, "d");
  document.removeEventListener("keydown", note);
  expect(reached).toEqual([]);
});

test.each(["altKey", "ctrlKey", "metaKey"])("with %s the arrows belong to the browser", (modifier) => {
  const { canvas, moves } = opened();
  expect(press(canvas, "ArrowLeft", { [modifier]: true }).defaultPrevented).toBe(false);
  expect(press(canvas, "Home", { [modifier]: true }).defaultPrevented).toBe(false);
  expect(moves).toEqual([]);
});

test("after a reset no bin is under the cursor", () => {
  const { canvas, brush } = opened();
  press(canvas, "End");
  brush.reset();
  expect(brush.bin).toBeNull();
});
