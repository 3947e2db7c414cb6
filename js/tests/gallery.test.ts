import { afterEach, beforeEach, expect, test, vi } from "vitest";
import "../src/gallery.css";
import gallery from "../src/gallery";
import { layout, readBars, readRows } from "../src/gallery_data";
import { barEdges, barHeights, plotOf } from "../src/gallery_draw";
import type { LayerHistogramsState } from "../src/state";
import { toBytes, toText } from "../src/wire";
import { nextFrame, pixel, point, press, type Shown, show, thaw, watchListeners } from "./fake_model";
import fixture from "./fixtures/gallery.json";

interface Fixture {
  before: LayerHistogramsState;
  own: LayerHistogramsState;
  shared: LayerHistogramsState;
}

const EM = 12;
const BAR = [0x8a, 0x97, 0xa6, 255];
const states = thaw<Fixture>(fixture);
const rows = readRows(states.own.rows);
const bars = readBars(states.own.bars, rows) as NonNullable<ReturnType<typeof readBars>>;

let view: Shown<LayerHistogramsState>;

beforeEach(async () => {
  view = show(gallery, states.own, 700);
  await nextFrame();
  await nextFrame();
});
afterEach(() => view.close());

const canvas = () => view.find<HTMLCanvasElement>(".ww-gallery-canvas");
const scroller = () => view.find(".ww-gallery-window");
const caption = () => view.find(".ww-caption").textContent;

const asked = () => view.model.messages.map((message) => toText(message.layer));

/** Many layers, none of them counted. */
function layersOf(count: number): Pick<LayerHistogramsState, "rows" | "bars" | "layer"> {
  const names = Array.from({ length: count }, (_, index) => `layer.${index}`);
  const text = toBytes(JSON.stringify(names));
  return { rows: { names: text, labels: text, token: 1 }, bars: {}, layer: toBytes("layer.0") };
}

/** Where the plot of a layer stands on the canvas, unscrolled. */
function plot(index: number) {
  const { columns, cellWidth, cellHeight } = layout(rows.names.length, scroller().clientWidth, EM);
  const place = { x: (index % columns) * cellWidth, y: Math.floor(index / columns) * cellHeight };
  return plotOf({ ...place, width: cellWidth, height: cellHeight }, EM);
}

const same = (left: number[], right: number[]) => left.every((part, index) => part === right[index]);

/** Height in device pixels of what is drawn in a colour above the middle of a bin. */
function drawnHeight(index: number, bin: number, color = BAR): number {
  const edges = barEdges(plot(index), bars.bins, devicePixelRatio);
  const x = Math.floor(((edges[bin] ?? 0) + (edges[bin + 1] ?? 0)) / 2);
  const { y, height } = plot(index);
  let drawn = 0;
  for (let line = Math.round(y * devicePixelRatio); line < (y + height) * devicePixelRatio; line++)
    if (same(pixel(canvas(), x, line), color)) drawn += 1;
  return drawn;
}

test("every bar is as high as its count, to a pixel", () => {
  for (const index of [1, 3]) {
    const counts = [...bars.counts.subarray(index * bars.bins, (index + 1) * bars.bins)];
    const heights = barHeights(counts, plot(index), devicePixelRatio);
    counts.forEach((count, bin) => {
      const exact = (count / Math.max(...counts)) * plot(index).height * devicePixelRatio;
      expect(Math.abs((heights[bin] ?? 0) - exact)).toBeLessThanOrEqual(count > 0 ? 1 : 0);
      expect(drawnHeight(index, bin)).toBe(heights[bin]);
    });
  }
});

test("a layer's range and counts are those that Python measured", () => {
  expect(rows.names).toEqual(["a", "b", "c", "<img src=x>", "meta", "gaps"]);
  expect([...bars.counts.subarray(0, 8)]).toEqual([2, 1, 1, 1, 1, 1, 1, 2]);
  expect([...bars.ranges.subarray(0, 4)]).toEqual([0, 9, -4, 3]);
});

test("the selected layer is marked and described", () => {
  expect(caption()).toBe("a: 10 weights, drawn from 0 to 9");
  expect(drawnHeight(0, 0)).toBe(0);
  const option = view.find("[role=option]");
  expect(option.getAttribute("aria-label")).toBe("a: 10 weights, drawn from 0 to 9");
  expect(scroller().getAttribute("aria-activedescendant")).toBe(option.id);
});

test("a click selects the layer under the pointer in one message", () => {
  const { x, y } = plot(3);
  point(canvas(), "click", x + 3, y + 3);
  expect(view.model.messages.map((message) => toText(message.layer))).toEqual(["<img src=x>"]);
  expect(view.find(".ww-live[role=status]").textContent).toContain("<img src=x>: 64 weights");
  expect(view.root.querySelector("img")).toBeNull();
});

test("arrows, Home and End select, and stay within the layers", () => {
  const { columns } = layout(rows.names.length, scroller().clientWidth, EM);
  for (const key of ["ArrowRight", "ArrowDown", "Home", "ArrowLeft", "End", "ArrowRight"])
    press(scroller(), key);
  const selected = view.model.messages.map((message) => rows.names.indexOf(toText(message.layer)));
  expect(selected).toEqual([1, Math.min(1 + columns, 5), 0, 5]);
});

test("pointing at a bin says its range, count and share", () => {
  const at = plot(1);
  point(canvas(), "pointermove", at.x + 1.5 * (at.width / bars.bins), at.y + 5);
  expect(caption()).toBe("b: −3.125 to −2.25: 1 weight, 12.5%");
  point(canvas(), "pointerleave", 0, 0);
  expect(caption()).toBe("a: 10 weights, drawn from 0 to 9");
});

test("Shift and arrows walk through the bins of the selected layer", () => {
  press(scroller(), "ArrowRight", { shiftKey: true });
  expect(caption()).toBe("a: 0 to 1.125: 2 weights, 20%");
  press(scroller(), "ArrowRight", { shiftKey: true });
  expect(caption()).toBe("a: 1.125 to 2.25: 1 weight, 10%");
  press(scroller(), "ArrowLeft", { shiftKey: true });
  press(scroller(), "ArrowLeft", { shiftKey: true });
  expect(caption()).toBe("a: 0 to 1.125: 2 weights, 20%");
  expect(view.model.messages).toEqual([]);
});

test("weights that are left out and layers without values are said", () => {
  view.model.receive({ layer: new DataView(new TextEncoder().encode("gaps").buffer) });
  expect(caption()).toBe("gaps: 2 weights, drawn from 0 to 1; 2 NaN or infinite left out");
  view.model.receive({ layer: new DataView(new TextEncoder().encode("meta").buffer) });
  expect(caption()).toContain("meta: This tensor is on `meta`");
});

test("a shared range is asked for, and drawn when it comes", async () => {
  view.find(".ww-controls button").click();
  expect(view.model.messages).toEqual([{ shared_range: true }]);
  view.model.receive({ bars: states.shared.bars });
  await nextFrame();
  await nextFrame();
  expect(caption()).toBe("a: 10 weights, drawn from −4 to 3969");
});

test("measuring starts with the first painted frame, not before", async () => {
  const fresh = show(gallery, states.before, 700);
  expect(fresh.model.messages).toEqual([]);
  await nextFrame();
  await nextFrame();
  expect(fresh.model.messages).toEqual([{ started: true }]);
  expect(fresh.find(".ww-gallery-progress").textContent).toBe("0 of 6 layers counted.");
  expect(fresh.find(".ww-caption").textContent).toBe("a: not counted yet");
  fresh.model.receive({ bars: states.own.bars });
  expect(fresh.find(".ww-gallery-progress").textContent).toBe("");
  fresh.close();
});

test("counts of other rows than those shown are not drawn", () => {
  expect(readBars(states.own.bars, { ...rows, token: rows.token + 1 })).toBeUndefined();
});

test("an error empties it, also under the pointer, and the layers come back", async () => {
  const { x, y } = plot(3);
  point(canvas(), "pointermove", x + 3, y + 3);
  expect(caption()).toMatch(/^<img src=x>: 0 to /);
  view.model.receive({ rows: {}, bars: {}, error: toBytes("no values") });
  await nextFrame();
  await nextFrame();
  expect([caption(), view.find(".ww-gallery-progress").textContent]).toEqual(["", ""]);
  expect(view.find("[role=option]").getAttribute("aria-selected")).toBe("false");
  expect(scroller().clientHeight).toBe(0);
  expect(press(scroller(), "End").defaultPrevented).toBe(false);
  expect(view.model.messages).toEqual([]);
  view.model.receive({ rows: states.own.rows, bars: states.own.bars, error: toBytes("") });
  await nextFrame();
  await nextFrame();
  expect(caption()).toBe("a: 10 weights, drawn from 0 to 9");
  expect(drawnHeight(1, 0)).toBeGreaterThan(10);
});

test("an explorer with more bins than there is room for is told how many there are here", () => {
  const said = () => view.find(".ww-gallery-progress").textContent;
  expect(said()).toBe("");
  view.model.receive({ bars: { ...states.own.bars, bins: 256, wanted: 256 } });
  expect(said()).toBe("At most 256 bins here.");
});

test("the bin that is read stays while weights change, and goes with other bins", () => {
  press(scroller(), "ArrowRight", { shiftKey: true });
  press(scroller(), "ArrowRight", { shiftKey: true });
  view.model.receive({ bars: { ...states.own.bars } });
  expect(caption()).toBe("a: 1.125 to 2.25: 1 weight, 10%");
  view.model.receive({ bars: { ...states.own.bars, bins: 4 } });
  expect(caption()).toMatch(/^a: \d+ weights, drawn from 0 to 9$/);
});

test("keys with Alt or Ctrl belong to the browser", () => {
  for (const modifier of ["altKey", "ctrlKey", "metaKey"])
    expect(press(scroller(), "ArrowRight", { [modifier]: true }).defaultPrevented).toBe(false);
  expect(view.model.messages).toEqual([]);
});

test("PageDown and PageUp move by the lines in sight", async () => {
  view.close();
  view = show(gallery, { ...states.own, ...layersOf(60) }, 700);
  await nextFrame();
  await nextFrame();
  const { columns, cellHeight } = layout(60, scroller().clientWidth, EM);
  const page = columns * Math.floor(scroller().clientHeight / cellHeight);
  for (const key of ["PageDown", "PageDown", "PageUp", "PageUp", "PageUp"]) press(scroller(), key);
  expect(page).toBeGreaterThan(columns);
  expect(asked()).toEqual([page, 2 * page, page, 0].map((place) => `layer.${place}`));
});

test("the echo of a selection changes nothing, and another display's selection is shown", async () => {
  press(scroller(), "ArrowRight");
  view.model.receive({ layer: toBytes("b") });
  expect(asked()).toEqual(["b"]);
  view.model.receive({ layer: toBytes("c") });
  await nextFrame();
  expect(caption()).toMatch(/^c: 5 weights/);
  expect(view.find("[role=option]").getAttribute("aria-label")).toMatch(/^c: 5 weights/);
  expect(asked()).toEqual(["b"]);
});

test("at 320 pixels the cells stand in one column, and at large size they are larger", async () => {
  view.close();
  view = show(gallery, states.own, 320);
  await nextFrame();
  await nextFrame();
  press(scroller(), "ArrowDown");
  expect(asked()).toEqual(["b"]);
  expect(view.root.scrollWidth).toBeLessThanOrEqual(view.root.clientWidth);
  const height = view.find(".ww-gallery-spacer").clientHeight;
  view.model.receive({ size: "large" });
  await nextFrame();
  await nextFrame();
  expect(view.find(".ww-gallery-spacer").clientHeight).toBeGreaterThan(height);
  expect(canvas().clientWidth).toBe(scroller().clientWidth);
});

test("the numbers that are copied are every count of every layer that is counted", () => {
  const write = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
  for (const item of view.root.querySelectorAll<HTMLElement>(".ww-menu-item"))
    if (item.textContent === "Copy numbers") item.click();
  const lines = String(write.mock.calls[0]?.[0]).trimEnd().split("\r\n");
  write.mockRestore();
  expect(lines[0]).toBe("layer,from,to,bin,count");
  const expected = ["a", "b", "c", "<img src=x>", "gaps"].flatMap((name) => {
    const index = rows.names.indexOf(name);
    const counts = [...bars.counts.subarray(index * bars.bins, (index + 1) * bars.bins)];
    const range = bars.ranges.subarray(2 * index, 2 * index + 2);
    return counts.map((count, bin) => [name, ...range, bin, count].join(","));
  });
  expect(lines.slice(1)).toEqual(expected);
});

test("the canvas is as large as the window, however many layers there are", async () => {
  view.model.receive(layersOf(500));
  await nextFrame();
  await nextFrame();
  expect(canvas().height).toBeLessThan(700 * devicePixelRatio);
  press(scroller(), "End");
  expect(toText(view.model.messages.at(-1)?.layer)).toBe("layer.499");
  await nextFrame();
  await nextFrame();
  expect(scroller().scrollTop).toBeGreaterThan(5000);
});

test("closing takes every listener and the view away", async () => {
  const listeners = watchListeners();
  const second = show(gallery, states.own, 500);
  await nextFrame();
  second.close();
  expect(listeners.left()).toEqual([]);
  expect(second.model.listening).toBe(0);
  listeners.stop();
});
