import { afterEach, expect, test } from "vitest";
import { point, press } from "./fake_model";
import { dataOf, type GridPage, middleOf, open, squaresOf } from "./grid_page";

let view: GridPage;

afterEach(() => view.close());

test("the weight under the pointer is told with its place and all its digits", async () => {
  view = await open("grouped");
  const weight = [...squaresOf(view)].filter(({ place }) => place === 4)[11];
  if (!weight) throw new Error("filter 4 has no weight 11");
  const { x, y, tile, index } = weight;
  const ratio = window.devicePixelRatio;
  point(view.canvas, "pointermove", (x + 1) / ratio, (y + 1) / ratio);
  const value = tile.values[tile.start + index] as number;
  // Filter 4 is in the second group of three, whose channels begin at 2; weight 11 is channel 1, row 0, column 2.
  expect(view.text(".ww-grid-readout")).toMatch(/^filter 4, channel 3, row 0, column 2: /);
  expect(Math.fround(Number(view.text(".ww-grid-readout").split(": ")[1]?.replace("−", "-")))).toBe(value);
  point(view.canvas, "pointerleave", 0, 0);
  expect(view.text(".ww-grid-readout")).toMatch(/^Point at a weight/);
});

test("three weights of a coloured pixel are told", async () => {
  view = await open("rgb");
  point(view.canvas, "pointermove", ...middleOf(view, 2));
  expect(view.text(".ww-grid-readout")).toMatch(/^filter 2, row 2, column 2: red \S+, green \S+, blue \S+$/);
});

test("between tiles nothing is told", async () => {
  view = await open("rgb");
  point(view.canvas, "pointermove", 1, 1);
  expect(view.text(".ww-grid-readout")).toMatch(/^Point at a weight/);
});

test("arrow keys read the enlarged filter aloud", async () => {
  view = await open("mosaic", { filter_index: 0 });
  press(view.enlarged, "ArrowRight");
  expect(view.text(".ww-grid-readout")).toMatch(/^filter 0, channel 0, row 0, column 0: /);
  press(view.enlarged, "ArrowRight");
  press(view.enlarged, "ArrowRight");
  expect(view.text(".ww-grid-readout")).toMatch(/^filter 0, channel 1, row 0, column 0: /);
  for (let step = 0; step < 3; step++) press(view.enlarged, "ArrowDown");
  expect(view.text(".ww-grid-readout")).toMatch(/^filter 0, channel 4, row 0, column 0: /);
  expect(view.text('[role="status"]')).toBe(view.text(".ww-grid-readout"));
  press(view.enlarged, "ArrowRight");
  press(view.enlarged, "ArrowRight");
  // Channel 4 is the last, so there is nothing to its right.
  expect(view.text(".ww-grid-readout")).toMatch(/^filter 0, channel 4, row 0, column 1: /);
  expect(view.model.messages).toEqual([]);
});

test("arrows with Alt or Ctrl belong to the browser", async () => {
  view = await open("mosaic");
  for (const modifier of ["altKey", "ctrlKey", "metaKey"])
    expect(press(view.enlarged, "ArrowRight", { [modifier]: true }).defaultPrevented).toBe(false);
  expect(view.text(".ww-grid-readout")).toMatch(/^Point at a weight/);
  expect(press(view.enlarged, "ArrowRight").defaultPrevented).toBe(true);
});

test("the weight under the pointer on the enlarged filter is told, and forgotten when it leaves", async () => {
  view = await open("rgb", { filter_index: 7 });
  const scale = view.enlarged.clientWidth / 4;
  point(view.enlarged, "pointermove", 1.5 * scale, 2.5 * scale);
  const tile = dataOf(view).tile(7);
  const [red, green, blue] = [...(tile?.values.subarray(tile.start + 27, tile.start + 30) ?? [])];
  const told = view.text(".ww-grid-readout").replaceAll("−", "-");
  expect(told).toMatch(/^filter 7, row 2, column 1: red /);
  const numbers = [...told.matchAll(/(?:red|green|blue) ([^,]+)/g)].map(([, text]) =>
    Math.fround(Number(text)),
  );
  expect(numbers).toEqual([red, green, blue]);
  point(view.enlarged, "pointerleave", 0, 0);
  expect(view.text(".ww-grid-readout")).toMatch(/^Point at a weight/);
});

test("the legend has the limits, and names what is no number where there is some", async () => {
  view = await open("mosaic");
  const [low, zero, high] = [...view.find(".ww-grid-limits").children].map((part) => part.textContent);
  expect(zero).toBe("0");
  expect(low).toBe(`−${high}`);
  expect(view.text(".ww-grid-strays")).toBe("NaN−∞");
  view.close();
  view = await open("minmax");
  expect(view.text(".ww-grid-strays")).toBe("");
});

test("scope and notes stand below", async () => {
  view = await open("grouped");
  expect(view.text(".ww-caption")).toMatch(/one scale for the layer/);
  expect(view.text(".ww-caption")).toMatch(/3 groups: filters 0 to 2 see input channels 0 to 1/);
  expect(view.text(".ww-grid-details")).toMatch(/sees inputs 2–3/);
  expect(view.text(".ww-title")).toBe("0 conv2d · 9 filters of 2 × 3 × 3");
});
