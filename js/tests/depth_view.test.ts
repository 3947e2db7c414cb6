import { afterEach, expect, test, vi } from "vitest";
import { diverging, tableColor } from "../src/color";
import depth from "../src/depth";
import { heightScale, over, readSlices, type Slices, spanOf } from "../src/depth_data";
import { placeOf, STATISTICS, sentence } from "../src/depth_words";
import type { DepthViewState } from "../src/state";
import { toBytes } from "../src/wire";
import { type DepthPage, open, rows, rowsOf, settle, slices, slicesOf, states } from "./depth_page";
import { pixel, point, press, watchListeners } from "./fake_model";

let view: DepthPage;

afterEach(() => {
  view.close();
  document.body.removeAttribute("data-jp-theme-light");
});

/** A network of `count` layers in the state of `states`, 1 for each by default. */
async function openMany(count: number, side: number, layer: number, states?: number[]): Promise<Slices> {
  const { frame, rows } = rowsOf(count);
  const numbers = slicesOf(count, side, states);
  view = await open({ ...before(), rows: frame, slices: numbers, layer: toBytes(`l.${layer}.w`) });
  return readSlices(numbers, rows) as Slices;
}

const before = (): DepthViewState => ({ ...states.before, started: true });
const many = (count: number, side: number) => readSlices(slicesOf(count, side), rowsOf(count).rows) as Slices;
const stands = (selector: string) => getComputedStyle(view.find(selector)).display !== "none";
const at = (x: number, y: number) =>
  pixel(view.canvas, Math.floor(x * devicePixelRatio), Math.floor(y * devicePixelRatio));

/** The layers whose whole cell is in sight. */
function inSight(of: Slices): number[] {
  const { gutter, cell } = view.layout(of);
  const [from, to] = [view.window.scrollLeft, view.window.scrollLeft + view.window.clientWidth - gutter];
  return [...of.state.keys()].filter((index) => index * cell >= from - 1 && (index + 1) * cell <= to + 1);
}

test("the selected layer stays in sight while pictures come in and make the cells wider", async () => {
  const pending = await openMany(200, 60, 150, Array(200).fill(0));
  expect(inSight(pending)).toContain(150);
  view.model.receive({ slices: slicesOf(200, 120) });
  await settle();
  const read = many(200, 120);
  expect(view.layout(read).cell).toBeGreaterThan(view.layout(pending).cell);
  expect(inSight(read)).toContain(150);
});

test("who scrolled to other layers is left there while pictures come in", async () => {
  const pending = await openMany(200, 60, 150, Array(200).fill(0));
  view.window.scrollLeft = 40 * view.layout(pending).cell;
  await settle();
  view.model.receive({ slices: slicesOf(200, 120) });
  await settle();
  expect(inSight(many(200, 120))[0]).toBe(40);
});

test("a selection that numbers follow at once is brought into sight all the same", async () => {
  const all = await openMany(200, 60, 3);
  expect(inSight(all)).not.toContain(190);
  view.model.receive({ layer: toBytes("l.190.w") });
  view.model.receive({ slices: slicesOf(200, 60) });
  await settle();
  expect(inSight(all)).toContain(190);
  view.model.receive({ layer: toBytes("l.0.w") });
  await settle();
  expect(view.window.scrollLeft).toBe(0);
});

test("scrolled cells are drawn and read where they stand", async () => {
  const all = await openMany(200, 60, 0);
  view.window.scrollLeft = 100 * view.layout(all).cell + 7;
  await settle();
  point(view.canvas, "pointermove", view.middle(103, all), 40);
  expect(view.text(".ww-caption")).toBe("l.103.w (40 × 40): RMS 103; a pixel is 1 weight");
  expect(at(view.middle(103, all), view.layout(all).picture + 20).slice(0, 3)).toEqual([
    ...tableColor(diverging, 255),
  ]);
  point(view.canvas, "click", view.middle(101, all), 40);
  expect(view.asked()).toEqual(["l.101.w"]);
});

test("page keys go on by as many layers as stand in the window", async () => {
  const all = await openMany(200, 60, 50);
  const { gutter, cell } = view.layout(all);
  const page = Math.floor((view.window.clientWidth - gutter) / cell);
  expect(page).toBeGreaterThan(2);
  for (const key of ["PageDown", "PageDown", "PageUp"]) press(view.window, key);
  expect(view.asked()).toEqual([50 + page, 50 + 2 * page, 50 + page].map((index) => `l.${index}.w`));
});

test("keys with a modifier stay the browser's, and no key reaches the notebook", async () => {
  view = await open(states.up);
  const heard = vi.fn();
  document.addEventListener("keydown", heard);
  for (const modifier of ["ctrlKey", "altKey", "metaKey"])
    expect(press(view.window, "ArrowRight", { [modifier]: true }).defaultPrevented).toBe(false);
  press(view.window, "d");
  expect(press(view.window, "ArrowRight").defaultPrevented).toBe(true);
  document.removeEventListener("keydown", heard);
  expect(heard).not.toHaveBeenCalled();
  expect(view.asked()).toEqual(["net.layers.2.up"]);
});

test("weights that changed since are drawn pale, all others as they are", async () => {
  const all = await openMany(4, 60, 0, [1, 2, 1, 1]);
  const full = tableColor(diverging, 255);
  const middle = (index: number) => at(view.middle(index, all), view.layout(all).picture + 20).slice(0, 3);
  expect(middle(0)).toEqual([...full]);
  expect(middle(2)).toEqual([...full]);
  middle(1).forEach((part, channel) => {
    expect(Math.abs(part - ((full[channel] ?? 0) + 255) / 2)).toBeLessThanOrEqual(1);
  });
});

test("a layer that cannot be read has a dash, one that is not read yet has dots", async () => {
  const drawn = vi.spyOn(CanvasRenderingContext2D.prototype, "fillText");
  await openMany(4, 60, 1, [1, 3, 0, 0]);
  const signs = drawn.mock.calls.slice().filter(([text]) => "…–".includes(String(text)));
  drawn.mockRestore();
  expect(signs.map(([text]) => text)).toEqual(["–", "…", "…"]);
  expect(view.text(".ww-caption")).toBe("l.1.w (40 × 40): layer 1 is on <i>meta</i>");
  expect(view.root.querySelector("i")).toBeNull();
  expect(view.text(".ww-depth-progress")).toBe("2 of 4 layers read.");
});

test("where nothing repeats, only the sentence that says so stands there", async () => {
  view = await open({ ...before(), rows: {}, slices: {}, error: toBytes("No name repeats here.") });
  expect(view.text(".ww-error")).toBe("No name repeats here.");
  expect(stands(".ww-depth-window")).toBe(false);
  expect(stands(".ww-depth-scale")).toBe(false);
  expect(view.text(".ww-caption")).toBe("");
  press(view.window, "ArrowRight");
  expect(view.model.messages).toEqual([]);
  view.model.receive({ rows: states.up.rows, slices: states.up.slices, error: toBytes("") });
  await settle();
  expect(stands(".ww-depth-window") && stands(".ww-depth-scale")).toBe(true);
});

test("no scale is claimed before a layer is read", async () => {
  await openMany(4, 60, 0, [0, 3, 0, 0]);
  expect(stands(".ww-depth-scale")).toBe(false);
  view.model.receive({ slices: slicesOf(4, 60, [0, 3, 1, 0]) });
  expect(view.text(".ww-depth-scale")).toBe("±3, the largest magnitude of all these layers");
  expect(stands(".ww-depth-scale")).toBe(true);
});

test("the legend begins and ends with the colours of the scale's ends", async () => {
  view = await open(states.up);
  const legend = view.find<HTMLCanvasElement>(".ww-depth-legend");
  expect(pixel(legend, 0, 0).slice(0, 3)).toEqual([...tableColor(diverging, 1)]);
  expect(pixel(legend, legend.width - 1, 0).slice(0, 3)).toEqual([...tableColor(diverging, 255)]);
});

test("another theme is drawn at once, with the weights in the colours that they had", async () => {
  view = await open(states.up);
  const weight = () => at(view.middle(0), view.layout().picture + 3);
  const [surface, color] = [at(2, 2), weight()];
  document.body.setAttribute("data-jp-theme-light", "false");
  view.root.style.setProperty("--ww-surface", "rgb(17 17 17)");
  await settle();
  expect(surface).toEqual([255, 255, 255, 255]);
  expect(at(2, 2)).toEqual([17, 17, 17, 255]);
  expect(weight()).toEqual(color);
});

test("the drawing follows the width and the size of the letters", async () => {
  view = await open(states.up);
  const [wide, height] = [view.canvas.clientWidth, view.canvas.clientHeight];
  view.el.style.width = "500px";
  await settle();
  expect(view.canvas.clientWidth).toBe(wide - 200);
  view.el.style.width = "700px";
  view.model.receive({ size: "large" });
  await settle();
  expect(view.layout().gutter).toBe(Math.ceil(4.4 * 20));
  expect(view.canvas.clientHeight).toBe(view.layout().height);
  expect(view.canvas.clientHeight).toBeGreaterThan(height);
});

test.each([
  [320, "normal"],
  [500, "large"],
  [900, "large"],
] as const)("nothing is wider than a view of %i pixels in %s size", async (width, size) => {
  view = await open({ ...states.up, size }, width);
  expect(view.root.scrollWidth).toBeLessThanOrEqual(view.root.clientWidth);
});

test("a statistic that Python sets is drawn on an axis of its own", async () => {
  view = await open(states.up);
  view.model.receive({ statistic: "min" });
  await settle();
  const values = over(slices, placeOf("min"), 4);
  expect(Math.max(...values)).toBeLessThan(0);
  const scale = heightScale(view.layout(), spanOf(values));
  expect(at(view.middle(1), scale(values[1] ?? 0))).toEqual([0x0b, 0x62, 0xc4, 255]);
  expect(view.find<HTMLSelectElement>("select[aria-label=strip]").value).toBe("min");
  expect(view.text(".ww-caption")).toBe(sentence(rows, slices, 1, "min"));
});

test("a pattern of Python's own stands among the choices, and is the one chosen", async () => {
  view = await open({ ...states.up, pattern: toBytes("net.layers.*.u*") });
  const select = view.find<HTMLSelectElement>("select[aria-label=pattern]");
  expect(select.value).toBe("net.layers.*.u*");
  expect(select.options).toHaveLength(6);
});

test("what was pointed at among other rows is forgotten", async () => {
  view = await open(states.up);
  point(view.canvas, "pointermove", view.middle(3), 30);
  const { rows, slices, layer } = states.conv;
  view.model.receive({ rows, slices, layer });
  expect(view.text(".ww-caption")).toContain("net.layers.1.conv");
});

test("a layer of another pattern is marked nowhere", async () => {
  view = await open({ ...states.up, layer: toBytes("embed") });
  const option = view.find("[role=option]");
  expect(view.window.getAttribute("aria-activedescendant")).toBe(option.id);
  expect([option.getAttribute("aria-selected"), option.getAttribute("aria-label")]).toEqual(["false", ""]);
  const accent = [0x0b, 0x62, 0xc4, 255].join();
  const scale = heightScale(view.layout(), spanOf(over(slices, placeOf("rms"), 4)));
  over(slices, placeOf("rms"), 4).forEach((value, index) => {
    expect(at(view.middle(index), scale(value)).join()).not.toBe(accent);
  });
});

test("a click beside all layers asks for nothing, and one on the selected layer only tells it again", async () => {
  view = await open(states.up, 2000);
  point(view.canvas, "click", view.layout().gutter + 4 * view.layout().cell + 3, 40);
  expect(view.text(".ww-live[role=status]")).toBe("");
  point(view.canvas, "click", view.middle(1), 40);
  expect(view.model.messages).toEqual([]);
  expect(view.text(".ww-live[role=status]")).toBe(sentence(rows, slices, 1, "rms"));
});

test("the numbers that are copied are every statistic of every layer, in full", async () => {
  view = await open(states.up);
  const write = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
  const items = [...view.root.querySelectorAll<HTMLElement>(".ww-menu-item")];
  items.find(({ textContent }) => textContent === "Copy numbers")?.click();
  const lines = String(write.mock.calls[0]?.[0]).trimEnd().split("\r\n");
  write.mockRestore();
  expect(lines[0]).toBe(["layer", "depth", ...STATISTICS.map(([name]) => name)].join());
  expect(lines.slice(1).map((line) => line.split(","))).toEqual(
    rows.names.map((name, index) => [
      name,
      String(index),
      ...STATISTICS.map((_, place) => String(slices.values[index * STATISTICS.length + place])),
    ]),
  );
});

test("two displays of one model ask once, and select together", async () => {
  view = await open(states.before);
  const el = document.createElement("div");
  document.body.append(el);
  const close = depth.render({ model: view.model, el });
  await settle();
  expect(view.model.messages).toEqual([{ started: true }]);
  view.model.receive({ slices: states.up.slices });
  press(view.window, "End");
  expect(el.querySelector(".ww-caption")?.textContent).toBe(sentence(rows, slices, 3, "rms"));
  close();
  el.remove();
});

test("a view that is closed before it is drawn again asks for nothing, and nothing of it is left", async () => {
  const watch = watchListeners();
  view = await open(states.before);
  view.model.receive({ started: false, size: "large" });
  view.model.messages.length = 0;
  view.close();
  await settle();
  expect(view.model.messages).toEqual([]);
  expect(view.model.listening).toBe(0);
  expect(watch.left()).toEqual([]);
  watch.stop();
});
