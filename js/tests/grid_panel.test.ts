import { afterEach, beforeEach, expect, test } from "vitest";
import { palette } from "../src/canvas";
import { diverging, gray, tableColor } from "../src/color";
import { Panel } from "../src/grid_panel";
import { nextFrame, pixel } from "./fake_model";
import { arrangementOf, dataOf, frameOf, type GridPage, type Name, open } from "./grid_page";

let view: GridPage;

afterEach(() => view.close());

const legend = () => view.find<HTMLCanvasElement>(".ww-grid-legend");
const limits = () => [...view.find(".ww-grid-limits").children].map((part) => part.textContent);

test.each([
  ["mosaic", diverging, 1],
  ["rgb", gray, 1],
  ["minmax", gray, 0],
] as const)("the legend of %s runs over the levels in use", async (name, table, first) => {
  view = await open(name);
  const drawn = legend();
  expect(pixel(drawn, 0, 4)).toEqual([...tableColor(table, first), 255]);
  expect(pixel(drawn, drawn.width - 1, 4)).toEqual([...tableColor(table, 255), 255]);
});

test("a scale that is symmetric about zero is labelled with it, a stretched one is not", async () => {
  view = await open("rgb");
  const [low, zero, high] = limits();
  expect([low, zero]).toEqual([`−${high}`, "0"]);
  view.close();
  view = await open("minmax");
  const tile = dataOf(view).tile(4);
  const shown = limits().map((text) => Number(text?.replace("−", "-")));
  expect(limits()[1]).toBe("");
  expect(shown[0]).toBeCloseTo(tile?.low ?? 0, 3);
  expect(shown[2]).toBeCloseTo(tile?.high ?? 0, 3);
});

test.each([300, 480, 860])(
  "the ends and the zero stand under those of the scale, at %i pixels",
  async (width) => {
    view = await open("rgb", {}, width);
    const [low, zero, high] = [...view.find(".ww-grid-limits").children];
    const box = (element: Element | undefined) => {
      const range = document.createRange();
      range.selectNodeContents(element as Element);
      return range.getBoundingClientRect();
    };
    for (const [short, long] of [
      ["−1", "−0.0001235"],
      ["−0.5", "0.5"],
    ]) {
      if (low) low.textContent = long ?? "";
      if (high) high.textContent = short ?? "";
      const scale = legend().getBoundingClientRect();
      expect(Math.abs(box(low).left - scale.left)).toBeLessThan(1.5);
      expect(Math.abs(box(high).right - scale.right)).toBeLessThan(1.5);
      expect(Math.abs((box(zero).left + box(zero).right - scale.left - scale.right) / 2)).toBeLessThan(1.5);
    }
  },
);

test("a filter without a finite weight has no scale and no norm until another is selected", async () => {
  view = await open("matrix");
  const row = view.model.get("row") as Record<string, unknown>;
  const frame = view.model.get("frame") as Record<string, unknown>;
  const number = (value: number) => ({
    shape: [1],
    dtype: "float64",
    data: new DataView(Float64Array.of(value).buffer),
  });
  const isShown = () =>
    [".ww-grid-legend", ".ww-grid-limits"].map((part) => view.find(part).checkVisibility());
  expect(isShown()).toEqual([true, true]);
  expect(view.text(".ww-grid-details")).toMatch(/^norm \d/);
  view.model.receive({
    row: { ...row, norm: number(Number.NaN) },
    frame: { ...frame, limit: number(Number.NaN) },
  });
  await nextFrame();
  expect(isShown()).toEqual([false, false]);
  expect(view.text(".ww-grid-details")).toBe("no finite weight");
  expect(view.root.outerHTML).toContain("of 40, no finite weight");
  view.model.receive({ row: { ...row, norm: number(0) }, frame: { ...frame, limit: number(0) } });
  await nextFrame();
  expect(isShown()).toEqual([true, true]);
  expect(limits()).toEqual(["0", "", "0"]);
  expect(view.text(".ww-grid-details")).toBe("norm 0");
});

test("a layer without tiles after one with them leaves nothing to point at", async () => {
  view = await open("rgb");
  panel.layOut(dataOf(view).tiles, 500, palette(view.root));
  panel.draw(frameOf(view), dataOf(view).tile(0), ["", ""], null, palette(view.root));
  expect(panel.hit(1, 1)).toEqual({ cell: 0, row: 0, column: 0 });
  panel.layOut(null, 500, palette(view.root));
  expect(panel.hit(1, 1)).toBeNull();
});

test("the limits are those of the selected filter where each has its own scale", async () => {
  view = await open("minmax");
  const before = limits();
  view.model.receive({ filter_index: 5 });
  expect(limits()).not.toEqual(before);
});

test("the legend of a matrix has the limits of the layer", async () => {
  view = await open("matrix");
  const limit = frameOf(view).limit[0] ?? 0;
  expect(Number(limits()[2])).toBeCloseTo(limit, 3);
  expect(view.enlarged.hidden).toBe(false);
});

test.each(["rgb", "mosaic", "grouped", "strip", "images"] as Name[])(
  "the enlarged filter of %s is clearly larger than its tile, and leaves the field its place",
  async (name) => {
    for (const width of [860, 480]) {
      view?.close();
      view = await open(name, {}, width);
      const { tileWidth, tileHeight } = arrangementOf(view);
      const { clientWidth, clientHeight } = view.enlarged;
      expect(clientWidth).toBeGreaterThanOrEqual(1.6 * tileWidth);
      expect(clientHeight).toBeGreaterThanOrEqual(1.6 * tileHeight);
      expect(clientWidth).toBeLessThanOrEqual(0.44 * width);
      expect(view.root.scrollWidth).toBeLessThanOrEqual(view.root.clientWidth);
    }
  },
);

test("the weight that the arrow keys have reached is outlined until the focus leaves", async () => {
  view = await open("rgb");
  const plain = view.enlarged.toDataURL();
  view.enlarged.focus();
  view.enlarged.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true }));
  expect(view.enlarged.toDataURL()).not.toBe(plain);
  view.enlarged.blur();
  expect(view.enlarged.toDataURL()).toBe(plain);
  expect(view.text(".ww-grid-readout")).toMatch(/^Point at a weight/);
});

test("another filter is enlarged without the cursor of the last", async () => {
  view = await open("rgb");
  const plain = view.enlarged.toDataURL();
  view.enlarged.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true }));
  view.model.receive({ filter_index: 1 });
  view.model.receive({ filter_index: 0 });
  expect(view.enlarged.toDataURL()).toBe(plain);
});

let panel: Panel;

beforeEach(() => {
  panel = new Panel();
});

test("before anything is drawn there is nothing to reach", async () => {
  view = await open("mosaic");
  expect(panel.step(null, "ArrowDown")).toBeNull();
  expect(panel.hit(1, 1)).toBeNull();
});

test("the cursor walks over every weight and stays within the mosaic", async () => {
  view = await open("mosaic");
  // Five cells of 3 x 2 weights in two rows of three: the sixth place is empty.
  panel.layOut(dataOf(view).tiles, 500, palette(view.root));
  panel.draw(frameOf(view), dataOf(view).tile(0), ["", ""], null, palette(view.root));
  const start = panel.step(null, "ArrowRight");
  expect(start).toEqual({ cell: 0, row: 0, column: 0 });
  const reached = new Map([[JSON.stringify(start), start]]);
  for (const from of reached.values())
    for (const key of ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]) {
      const next = panel.step(from, key);
      reached.set(JSON.stringify(next), next);
    }
  expect(reached.size).toBe(5 * 3 * 2);
  expect([...reached.values()].every((spot) => spot && spot.cell < 5)).toBe(true);
  for (const key of ["ArrowLeft", "ArrowUp"])
    expect(panel.step({ cell: 0, row: 0, column: 0 }, key)).toEqual({ cell: 0, row: 0, column: 0 });
  expect(panel.step(start, "Enter")).toBeNull();
});
