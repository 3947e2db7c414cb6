import { afterEach, beforeEach, expect, test } from "vitest";
import { diverging, positiveInfinity, tableColor } from "../src/color";
import depth from "../src/depth";
import {
  heightScale,
  layOut,
  over,
  readRows,
  readSlices,
  type Slices,
  scaleOf,
  sizeOf,
  spanOf,
} from "../src/depth_data";
import { paint } from "../src/depth_draw";
import { labelOf, placeOf, STATISTICS, sentence, written } from "../src/depth_words";
import type { DepthViewState } from "../src/state";
import { toBytes, toText } from "../src/wire";
import { type DepthPage, EM, open, rows, settle, slices, states } from "./depth_page";
import { pixel, point, press, show, watchListeners } from "./fake_model";

let view: DepthPage;

async function reopen(state: DepthViewState): Promise<void> {
  view.close();
  view = await open(state);
}

beforeEach(async () => {
  view = await open(states.up);
});
afterEach(() => view.close());

const canvas = () => view.canvas;
const scroller = () => view.window;
const caption = () => view.text(".ww-caption");
const asked = () => view.asked();
const layout = (of?: Slices, count?: number) => view.layout(of, count);
const middle = (index: number) => view.middle(index);

test("every weight is a square of its colour on the scale that all layers share", () => {
  const ratio = devicePixelRatio;
  for (let index = 0; index < 4; index++) {
    const [height, width] = sizeOf(slices, index);
    const { x, y } = scaleOf([height, width], layout().box * ratio);
    const left = Math.round(middle(index) * ratio - (width * x) / 2);
    const top = Math.round(layout().picture * ratio);
    for (const [row, column] of [
      [0, 0],
      [3, 5],
      [8, 0],
    ] as const) {
      const at = (slices.starts[index] ?? 0) + row * width + column;
      const flag = slices.flags[at] ?? 0;
      const color = flag ? positiveInfinity : tableColor(diverging, slices.levels[at] ?? 0);
      for (const corner of [0, 1]) {
        const [px, py] = [left + column * x + corner * (x - 1), top + row * y + corner * (y - 1)];
        expect(pixel(canvas(), px, py).slice(0, 3)).toEqual([...color]);
      }
    }
  }
});

test("the statistic of each layer stands as high as its value", () => {
  const values = over(slices, placeOf("rms"), 4);
  expect(values[0]).toBeCloseTo(0.9, 0);
  const scale = heightScale(layout(), spanOf(values));
  values.forEach((value, index) => {
    const [x, y] = [middle(index), scale(value)].map((part) => Math.round(part * devicePixelRatio));
    const color = pixel(canvas(), x ?? 0, y ?? 0);
    expect(color).toEqual(index === 1 ? [0x0b, 0x62, 0xc4, 255] : [0x8a, 0x97, 0xa6, 255]);
  });
});

test("the order of the statistics is that in which Python sends them", () => {
  expect(STATISTICS).toHaveLength(slices.values.length / 4);
  expect(over(slices, placeOf("numel"), 4)).toEqual([54, 54, 54, 54]);
  expect(over(slices, placeOf("posinf"), 4)).toEqual([0, 1, 0, 0]);
  expect(over(slices, placeOf("near_zero"), 4).every((share) => share >= 0 && share <= 1)).toBe(true);
  expect(Math.max(...over(slices, placeOf("linf"), 4))).toBe(slices.limit);
});

test("the selected layer is described, and another when it is pointed at", () => {
  const told = sentence(rows, slices, 1, "rms");
  expect(told).toContain("net.layers.1.up (9 × 6): RMS ");
  expect(caption()).toBe(told);
  expect(view.find("[role=option]").getAttribute("aria-label")).toBe(told);
  point(canvas(), "pointermove", middle(3), 30);
  expect(caption()).toBe(sentence(rows, slices, 3, "rms"));
  point(canvas(), "pointerleave", 0, 0);
  expect(caption()).toBe(told);
  expect(view.find(".ww-depth-scale").textContent).toContain("the largest magnitude of all these layers");
});

test("a click selects the layer of that column in one message", () => {
  point(canvas(), "click", middle(2), 40);
  point(canvas(), "click", 3, 40);
  expect(asked()).toEqual(["net.layers.2.up"]);
  expect(view.find(".ww-live[role=status]").textContent).toContain("net.layers.2.up");
});

test("arrows, Home and End select, and stay within the layers", () => {
  for (const key of ["ArrowRight", "End", "ArrowRight", "Home", "ArrowLeft"]) press(scroller(), key);
  expect(asked()).toEqual([2, 3, 0].map((block) => `net.layers.${block}.up`));
  view.model.receive({ layer: toBytes("embed") });
  press(scroller(), "ArrowRight");
  expect(asked().at(-1)).toBe("net.layers.0.up");
  expect(press(scroller(), "x").defaultPrevented).toBe(false);
});

test("another statistic is drawn from the frame in hand", async () => {
  const select = view.find<HTMLSelectElement>("select[aria-label=strip]");
  expect([...select.options].map(({ value }) => value)).toEqual(STATISTICS.map(([name]) => name));
  select.value = "kurtosis";
  select.dispatchEvent(new Event("change"));
  await settle();
  expect(view.model.messages).toEqual([{ statistic: "kurtosis" }]);
  expect(caption()).toContain(labelOf("kurtosis"));
});

test("a pattern is chosen among those that repeat", async () => {
  const select = view.find<HTMLSelectElement>("select[aria-label=pattern]");
  const labels = [...select.options].map(({ text }) => text);
  expect(labels).toEqual([
    "of the selected layer",
    "net.layers.*.norm (4)",
    "net.layers.*.up (4)",
    "net.layers.*.conv (4)",
    "<b>.*.x (3)",
  ]);
  select.value = "net.layers.*.conv";
  select.dispatchEvent(new Event("change"));
  expect(view.model.messages.map(({ pattern }) => toText(pattern))).toEqual(["net.layers.*.conv"]);
  const { rows, slices, layer } = states.conv;
  view.model.receive({ rows, slices, layer });
  await settle();
  expect(view.find(".ww-title").textContent).toBe("net.layers.*.conv 4 layers");
});

test("gaps between kernels stay transparent", () => {
  const conv = readSlices(states.conv.slices, readRows(states.conv.rows)) as Slices;
  const image = paint(conv, 0);
  const [height, width] = sizeOf(conv, 0);
  expect([height, width]).toEqual([15, 7]);
  for (let column = 0; column < width; column++) expect(image.data[4 * (3 * width + column) + 3]).toBe(0);
  expect(image.data[3]).toBe(255);
});

test("numbers of other rows are not drawn under these names", async () => {
  view.model.receive({ rows: states.conv.rows });
  await settle();
  expect(view.find(".ww-depth-progress").textContent).toBe("0 of 4 layers read.");
  expect(caption()).toBe("");
  point(canvas(), "pointermove", layout().gutter + 5, 30);
  expect(caption()).toBe("net.layers.0.conv (4 × 2 × 3 × 3): not read yet");
});

test("it asks for the reading when it is first painted, and says how far it is", async () => {
  await reopen(states.before);
  expect(view.model.messages).toEqual([{ started: true }]);
  expect(view.find(".ww-depth-progress").textContent).toBe("0 of 4 layers read.");
});

test("a hostile pattern stays text", async () => {
  await reopen(states.hostile);
  expect(view.find(".ww-title").textContent).toBe("<b>.*.x 3 layers");
  expect(view.root.querySelector("b")).toBeNull();
});

test("a row of layers that is too wide scrolls, tells so, and brings the selected layer into sight", async () => {
  const names = Array.from({ length: 200 }, (_, index) => `l.${index}.w`);
  const text = toBytes(
    JSON.stringify({
      ...rows,
      names,
      labels: names,
      depths: names.map((_, at) => String(at)),
      shapes: names,
    }),
  );
  view.model.receive({ rows: { text, token: 5 }, slices: {}, layer: toBytes("l.150.w") });
  await settle();
  expect(scroller().scrollWidth).toBeGreaterThan(200 * 30);
  const { cell } = layout({ ...slices, sizes: new Uint8Array(400) }, 200);
  const left = 150 * cell - scroller().scrollLeft;
  expect(left).toBeGreaterThanOrEqual(0);
  expect(left).toBeLessThan(700);
  expect(view.find(".ww-depth-more").textContent).toMatch(/^◀▶ \d+ of 200 layers in sight: scroll$/);
});

test("an axis holds zero unless all values are far from it", () => {
  expect(spanOf([1, 4])).toEqual([0, 4]);
  expect(spanOf([3, 4])).toEqual([3, 4]);
  expect(spanOf([-4, -1])).toEqual([-4, 0]);
  expect(spanOf([-1, 2, Number.NaN])).toEqual([-1, 2]);
  expect(spanOf([2, 2])).toEqual([1, 3]);
  expect(spanOf([Number.NaN])).toEqual([0, 1]);
});

test("pictures are whole device pixels, and a vector is wide enough to be seen", () => {
  expect(scaleOf([64, 64], 130)).toEqual({ x: 2, y: 2 });
  expect(scaleOf([64, 1], 192)).toEqual({ x: 48, y: 3 });
  expect(scaleOf([1, 64], 192)).toEqual({ x: 3, y: 48 });
  expect(scaleOf([200, 200], 100)).toEqual({ x: 1, y: 1 });
  const wide = layOut(Array(4).fill([96, 32]), 860, EM, 1);
  expect(wide.box).toBeGreaterThanOrEqual(192);
  expect(wide.gutter + 4 * wide.cell).toBeLessThanOrEqual(860);
  expect(layOut(Array(400).fill([32, 32]), 860, EM, 1).cell).toBeGreaterThanOrEqual(32);
});

test("shares, counts and weights are written as such", () => {
  expect(written("near_zero", 0.25)).toBe("25%");
  expect(written("numel", 12345)).toBe("12,345");
  expect(written("mean", -0.123456)).toBe("−0.1235");
  expect(written("mean", Number.NaN)).toBe("none");
});

test("the numbers can be taken away, and nothing is left behind", async () => {
  const items = [...view.root.querySelectorAll(".ww-menu-item")].map(({ textContent }) => textContent);
  expect(items).toEqual(["Copy picture", "Download PNG", "Copy numbers", "Download CSV"]);
  const watch = watchListeners();
  const other = show(depth, states.up);
  await settle();
  other.close();
  expect(watch.left()).toEqual([]);
  watch.stop();
});
