import { afterEach, expect, test } from "vitest";
import { toBytes } from "../src/wire";
import { pixel, point, press, watchListeners } from "./fake_model";
import { arrangementOf, frameOf, type GridPage, middleOf, open, state } from "./grid_page";

let view: GridPage;

afterEach(() => view.close());

test("a click selects the tile and draws it enlarged at once", async () => {
  view = await open("rgb");
  const before = view.enlarged.toDataURL();
  point(view.canvas, "click", ...middleOf(view, 6));
  expect(view.model.messages).toEqual([{ filter_index: 6 }]);
  expect(view.enlarged.toDataURL()).not.toBe(before);
  expect(view.text(".ww-grid-name")).toBe("filter 6");
  expect(view.text('[role="status"]')).toMatch(/^conv filter 6 of 10, norm \d/);
});

test("the selected tile has a ring, and only that one", async () => {
  view = await open("rgb");
  const { margin, stepX, tileHeight } = arrangementOf(view);
  const ring = (place: number) =>
    pixel(view.canvas, margin + place * stepX - 2, margin + Math.floor(tileHeight / 2));
  expect([ring(0)[3], ring(1)[3]]).toEqual([255, 0]);
  press(view.field, "ArrowRight");
  expect([ring(0)[3], ring(1)[3]]).toEqual([0, 255]);
});

test.each([
  ["ArrowRight", 4],
  ["ArrowLeft", 2],
  ["Home", 0],
  ["End", 9],
] as const)("%s selects filter %i", async (key, filter) => {
  view = await open("rgb", { filter_index: 3 });
  const event = press(view.field, key);
  expect(event.defaultPrevented).toBe(true);
  expect(view.model.get("filter_index")).toBe(filter);
});

test("keys of the notebook and those with Ctrl are left alone", async () => {
  view = await open("rgb");
  for (const event of [press(view.field, "d"), press(view.field, "ArrowRight", { ctrlKey: true })])
    expect(event.defaultPrevented).toBe(false);
  expect(view.model.messages).toEqual([]);
});

test("arrows move in displayed order while the index stays that of the layer", async () => {
  view = await open("ordered");
  const order = [...(frameOf(view).order ?? [])];
  view.model.receive({ filter_index: order[0] as number });
  press(view.field, "ArrowRight");
  expect(view.model.get("filter_index")).toBe(order[1]);
  press(view.field, "End");
  expect(view.model.get("filter_index")).toBe(order[6]);
});

test("the slider and its number select", async () => {
  view = await open("rgb");
  const range = view.find<HTMLInputElement>('input[type="range"]');
  expect([range.min, range.max]).toEqual(["0", "9"]);
  range.value = "5";
  range.dispatchEvent(new Event("input", { bubbles: true }));
  expect(view.model.messages).toEqual([{ filter_index: 5 }]);
});

test("what a screen reader is told follows the selection", async () => {
  view = await open("rgb");
  press(view.field, "ArrowRight");
  const option = view.find('[role="option"]');
  expect(view.field.getAttribute("role")).toBe("listbox");
  expect(view.field.getAttribute("aria-activedescendant")).toBe(option.id);
  expect(option.getAttribute("aria-posinset")).toBe("2");
  expect(option.getAttribute("aria-setsize")).toBe("10");
  expect(option.textContent).toMatch(/^conv filter 1 of 10, norm /);
});

const choose = (label: string, value: string) => {
  const select = view.find<HTMLSelectElement>(`select[aria-label="${label}"]`);
  select.value = value;
  select.dispatchEvent(new Event("change", { bubbles: true }));
};

test("channel, scale and order are asked of the kernel", async () => {
  view = await open("mosaic");
  choose("channel", "3");
  choose("channel", "all");
  choose("scale", "minmax");
  choose("order", "norm");
  expect(view.model.messages).toEqual([
    { input_channel: 3 },
    { input_channel: null },
    { color_scope: "minmax" },
    { order: "norm" },
  ]);
});

test("pictures are offered where rows can be read as such", async () => {
  view = await open("images");
  const button = [...view.root.querySelectorAll<HTMLButtonElement>("button")].find(
    ({ textContent }) => textContent === "as images",
  );
  expect(button?.hidden).toBe(false);
  expect(button?.getAttribute("aria-pressed")).toBe("true");
  button?.click();
  expect(view.model.messages).toEqual([{ as_images: false }]);
});

test("what makes no sense for a layer is hidden", async () => {
  view = await open("matrix");
  const shown = (label: string) =>
    view.find(`select[aria-label="${label}"]`).getBoundingClientRect().width > 0;
  expect([shown("channel"), shown("scale"), shown("order")]).toEqual([false, false, true]);
});

test("another layer takes the place of the first", async () => {
  view = await open("rgb");
  view.model.receive(state("mosaic"));
  expect(view.text(".ww-title")).toMatch(/^deep conv2d/);
  expect(view.find<HTMLSelectElement>('select[aria-label="channel"]').options.length).toBe(6);
  view.model.receive(state("matrix"));
  expect(view.enlarged.height).toBe(view.enlarged.width / 2);
  view.model.receive(state("rgb"));
  expect(view.enlarged.hidden).toBe(false);
  expect(view.enlarged.height).toBe(view.enlarged.width);
});

test("what fades is told below, and no longer when nothing does", async () => {
  view = await open("matrix");
  expect(view.text(".ww-caption")).toMatch(
    /one scale for the layer\. Faded: weights outside 2 to 9\. A block stays bright if any of its weights is inside\. /,
  );
  const lit = view.model.get("lit");
  view.model.receive({ lit: { ...lit, masks: null, said: "" } });
  expect(view.text(".ww-caption")).not.toMatch(/Faded| {2}/);
});

test("an error empties it", async () => {
  view = await open("rgb");
  const error = new DataView(new TextEncoder().encode("no values").buffer as ArrayBuffer);
  view.model.receive({ frame: {}, pages: {}, lit: {}, row: {}, error });
  expect(view.text(".ww-error")).toBe("no values");
  expect(view.find(".ww-body").hidden).toBe(true);
  expect(view.text(".ww-title")).toBe("");
});

test("after an error nothing answers to keys, and what comes back is drawn as before", async () => {
  view = await open("rgb");
  const before = [view.canvas.toDataURL(), view.enlarged.toDataURL()];
  view.model.receive({ frame: {}, pages: {}, lit: {}, row: {} });
  press(view.enlarged, "ArrowRight");
  point(view.canvas, "click", 20, 20);
  expect(view.model.messages).toEqual([]);
  const { frame, pages, lit, row } = state("rgb");
  view.model.receive({ frame, pages, lit, row });
  expect([view.canvas.toDataURL() === before[0], view.enlarged.toDataURL() === before[1]]).toEqual([
    true,
    true,
  ]);
  expect(view.text(".ww-grid-name")).toBe("filter 0");
});

test("a layer that lost filters shows its last one, and asks for nothing", async () => {
  view = await open("rgb", { filter_index: 9 });
  view.model.receive({ frame: { ...view.model.get("frame"), count: 4, description: toBytes("4 filters") } });
  expect(view.text(".ww-grid-name")).toBe("filter 3");
  expect(view.find('[role="option"]').getAttribute("aria-setsize")).toBe("4");
  expect(view.find('[role="option"]').getAttribute("aria-posinset")).toBe("4");
  expect(view.model.messages).toEqual([]);
});

test("it fits into 320 pixels and grows for a lecture hall", async () => {
  view = await open("rgb", {}, 320);
  expect(view.root.scrollWidth).toBeLessThanOrEqual(view.root.clientWidth);
  expect(view.enlarged.clientWidth).toBeGreaterThan(100);
  view.close();
  view = await open("rgb");
  const small = view.enlarged.clientWidth;
  const legend = view.find(".ww-grid-legend").clientHeight;
  view.close();
  view = await open("rgb", { size: "large" });
  expect(view.enlarged.clientWidth / small).toBeGreaterThan(1.6);
  expect(view.find(".ww-grid-legend").clientHeight / legend).toBeCloseTo(20 / 12, 1);
});

test("closing takes every listener and node away", async () => {
  const watch = watchListeners();
  view = await open("rgb");
  point(view.canvas, "pointermove", ...middleOf(view, 2));
  view.close();
  expect(watch.left()).toEqual([]);
  watch.stop();
  expect(view.model.listening).toBe(0);
  expect(view.el.childElementCount).toBe(0);
});

test("no name meets the HTML parser", async () => {
  view = await open("rgb");
  const name = "<img src=x onerror=window.hacked=1>";
  const title = new DataView(new TextEncoder().encode(name).buffer as ArrayBuffer);
  view.model.receive({ frame: { ...(view.model.get("frame") as object), title } });
  expect(view.text(".ww-title")).toContain(name);
  expect(view.root.querySelector("img")).toBeNull();
});
