import { afterEach, expect, test } from "vitest";
import { type GridPage, open, state } from "./grid_page";

let view: GridPage;

afterEach(() => view.close());

const select = (label: string) => view.find<HTMLSelectElement>(`select[aria-label="${label}"]`);
const inputs = (label = "filter") => [
  ...view.root.querySelectorAll<HTMLInputElement>(`[data-control="${label}"] input`),
];

test("they show the traits as they are, also when Python changes them", async () => {
  view = await open("minmax");
  expect([select("channel").value, select("scale").value, select("order").value]).toEqual([
    "1",
    "minmax",
    "index",
  ]);
  expect(inputs().map(({ value }) => value)).toEqual(["4", "4"]);
  view.model.receive({ input_channel: null, color_scope: "filter", order: "norm", filter_index: 2 });
  expect([select("channel").value, select("scale").value, select("order").value]).toEqual([
    "all",
    "filter",
    "norm",
  ]);
  expect(inputs().map(({ value }) => value)).toEqual(["2", "2"]);
});

test("every channel can be chosen, and all of them", async () => {
  view = await open("mosaic");
  expect([...select("channel").options].map(({ value }) => value)).toEqual(["all", "0", "1", "2", "3", "4"]);
});

test("a scale that is shared with another model leaves nothing to choose", async () => {
  view = await open("minmax");
  const field = select("scale").closest<HTMLElement>(".ww-field");
  expect(field?.hidden).toBe(false);
  view.model.receive({ frame: { ...view.model.get("frame"), shares_scale: true } });
  expect(field?.hidden).toBe(true);
});

test("the scale that moves zero says so", async () => {
  view = await open("rgb");
  expect([...select("scale").options].find(({ value }) => value === "minmax")?.textContent).toMatch(
    /moves zero/,
  );
});

test.each([
  ["normal", 860],
  ["large", 860],
  ["normal", 330],
] as const)("at %s size in %i pixels the chosen scale is read in full", async (size, width) => {
  view = await open("rgb", { color_scope: "minmax", size });
  view.el.style.width = `${width}px`;
  const scale = select("scale");
  const { left, right } = scale.getBoundingClientRect();
  const asLongAsNeeded = scale.cloneNode(true) as HTMLSelectElement;
  asLongAsNeeded.style.cssText = "position: absolute; max-width: none; width: max-content";
  scale.after(asLongAsNeeded);
  expect(right - left).toBeGreaterThanOrEqual(asLongAsNeeded.getBoundingClientRect().width - 0.5);
  expect(right).toBeLessThanOrEqual(view.root.getBoundingClientRect().right);
});

test("slider and scale call a row of a dense layer a row, and a filter a filter again", async () => {
  view = await open("images");
  const words = () => [inputs()[0]?.ariaLabel, select("scale").options[0]?.textContent];
  expect(words()).toEqual(["row", "per row"]);
  expect(select("scale").value).toBe(view.model.get("color_scope"));
  view.model.receive(state("rgb"));
  expect(words()).toEqual(["filter", "per filter"]);
});

test("a number beyond the last filter becomes the last", async () => {
  view = await open("rgb");
  const [, number] = inputs();
  if (!number) throw new Error("there is no number");
  number.value = "99";
  number.dispatchEvent(new Event("change", { bubbles: true }));
  expect(view.model.messages).toEqual([{ filter_index: 9 }]);
});

test("one filter leaves nothing to slide", async () => {
  view = await open("rgb");
  view.model.receive({ ...state("rgb"), frame: { ...(state("rgb").frame as object), count: 1 } });
  expect(inputs().every(({ disabled }) => disabled)).toBe(true);
});

test("every control has a name for a screen reader", async () => {
  view = await open("images");
  for (const control of view.root.querySelectorAll("input, select"))
    expect(control.getAttribute("aria-label")).toBeTruthy();
});

test("robust colours are offered for a matrix alone", async () => {
  view = await open("matrix");
  const button = view.find<HTMLButtonElement>('[data-control="robust colours"]');
  expect([button.hidden, button.getAttribute("aria-pressed")]).toEqual([false, "false"]);
  button.click();
  expect(view.model.get("robust_colors")).toBe(true);
  view.model.receive({ robust_colors: true });
  expect(button.getAttribute("aria-pressed")).toBe("true");
  view.model.receive(state("rgb"));
  expect(button.hidden).toBe(true);
});

const allDepths = () => {
  const found = [...view.root.querySelectorAll("button")].find((one) => one.textContent === "all depths");
  if (!found) throw new Error("there is no such button");
  return found;
};
const depths = () => inputs("depth").map(({ value, min, max }) => [value, min, max]);
const isShown = (element: HTMLElement | null | undefined) =>
  getComputedStyle(element ?? view.root).display !== "none";

test("the depth of a 3-d convolution has a slider from the first slice to the last", async () => {
  view = await open("volume");
  expect(depths()).toEqual([
    ["2", "0", "2"],
    ["2", "0", "2"],
  ]);
  expect(allDepths().ariaPressed).toBe("false");
  const [range] = inputs("depth");
  if (range) range.value = "1";
  range?.dispatchEvent(new Event("input"));
  expect(view.model.messages).toEqual([{ depth_index: 1 }]);
});

test("all depths are chosen by a press, and another one brings back the slice that was", async () => {
  view = await open("volume");
  allDepths().click();
  allDepths().click();
  expect(view.model.messages).toEqual([{ depth_index: null }, { depth_index: 2 }]);
  view.model.receive({ depth_index: null });
  expect(allDepths().ariaPressed).toBe("true");
  expect(depths()[0]?.[0]).toBe("2");
});

test("what has no depth has no control of it", async () => {
  view = await open("volume");
  expect([isShown(inputs("depth")[0]?.closest("label")), isShown(allDepths())]).toEqual([true, true]);
  view.model.receive({ frame: { ...(view.model.get("frame") as object), depths: 0 } });
  expect([isShown(inputs("depth")[0]?.closest("label")), isShown(allDepths())]).toEqual([false, false]);
});
