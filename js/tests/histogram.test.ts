import { afterEach, expect, test } from "vitest";
import "../src/histogram.css";
import view from "../src/histogram";
import { binEdges, type Frame } from "../src/histogram_bins";
import { barColumns, plotOf } from "../src/histogram_draw";
import type { WeightHistogramState } from "../src/state";
import { decode, toBytes } from "../src/wire";
import { FakeModel, nextFrame, pixel, point, press, type Shown, show, watchListeners } from "./fake_model";
import { conv, expectedOf, wide } from "./histogram_fixture";

type State = WeightHistogramState;
const open: Shown<State>[] = [];

function shown(state: Partial<State> = {}, width?: number): Shown<State> {
  const made = show<State>(view, { ...conv.state, ...state }, width);
  open.push(made);
  return made;
}

afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

const canvasOf = (one: Shown<State>) => one.find<HTMLCanvasElement>("canvas");
const readouts = (one: Shown<State>) =>
  [...one.root.querySelectorAll(".ww-histogram-readout")].map((line) => line.textContent ?? "");

/** The bars of the canvas as text: the image itself would fill a screen when it differs. */
const pictureOf = (one: Shown<State>) => canvasOf(one).toDataURL();

/** Pixels of a column in the colour of bars or, mixed, of what is drawn over them. */
function coloredHeight(one: Shown<State>, bin: number, bins: number): number {
  const canvas = canvasOf(one);
  const ratio = window.devicePixelRatio;
  const plot = plotOf(canvas.width / ratio, canvas.height / ratio, ratio, 12);
  const x = barColumns(plot, bins);
  const column = Math.floor(((x[bin] ?? 0) + (x[bin + 1] ?? 0)) / 2);
  let height = 0;
  while (
    plot.bottom - 1 - height >= plot.top &&
    (pixel(canvas, column, plot.bottom - 1 - height)[3] ?? 0) > 250
  )
    height++;
  return height / (plot.bottom - plot.top);
}

test("the bars of every bin count are those that Python counted", () => {
  const one = shown({ overlay: {}, selection: {} });
  for (const bins of [3, 7, 50]) {
    one.model.set("bins", bins);
    const { counts } = expectedOf(conv, bins);
    const most = Math.max(...counts);
    counts.forEach((count, bin) => {
      // One pixel of about 190.
      expect(Math.abs(coloredHeight(one, bin, bins) - count / most)).toBeLessThan(0.0075);
    });
  }
});

test("a bin step is painted before its message is sent, and sends that alone", () => {
  const one = shown();
  const before = pictureOf(one);
  let atSave = "";
  one.model.kernel = () => {
    atSave = pictureOf(one);
    return undefined;
  };
  const slider = one.find<HTMLInputElement>('input[aria-label="bins"]');
  slider.value = "77";
  slider.dispatchEvent(new Event("input"));
  expect(one.model.messages).toEqual([{ bins: 77 }]);
  expect(atSave).not.toBe(before);
  expect(pictureOf(one)).toBe(atSave);
  expect(canvasOf(one).getAttribute("aria-valuemax")).toBe("77");
});

test("beyond 256 bins the last picture stays, labelled, until the kernel has counted", () => {
  const one = show<State>(view, { ...wide.state, fine: {} });
  open.push(one);
  expect(readouts(one)[0]).toContain("300 bins are being counted; meanwhile 256.");
  one.model.receive({ fine: wide.state.fine });
  expect(readouts(one)[0]).not.toContain("being counted");
  expect(canvasOf(one).getAttribute("aria-valuemax")).toBe("300");
});

test("a filter of another layer's frame is not drawn over this one", () => {
  const one = shown();
  expect(one.find(".ww-caption").textContent).toContain("filter 5");
  one.model.receive({ overlay: { ...conv.state.overlay, token: 8 } });
  expect(one.find(".ww-caption").textContent).not.toContain("filter");
});

test("what Python selected is told and drawn until Escape gives it up at once", () => {
  const one = shown();
  const banded = pictureOf(one);
  expect(readouts(one)[1]).toMatch(/^Selected: 0 to 0\.1: \d+ weights, [\d.]+% · filter 5: \d+, [\d.]+%$/);
  press(canvasOf(one), "Escape");
  expect(one.model.messages).toEqual([{ brush: [] }]);
  expect(readouts(one)[1]).toBe("");
  expect(pictureOf(one)).not.toBe(banded);
  expect(one.find(".ww-live").textContent).toBe("Nothing is selected.");
  one.model.receive({ selection: {} });
  expect(readouts(one)[1]).toBe("");
});

test("what Python selected since can be given up and selected again, each with a message", () => {
  const one = shown({ selection: {}, bins: 50 });
  const canvas = canvasOf(one);
  const select = () => {
    press(canvas, "Home");
    press(canvas, "ArrowRight", { shiftKey: true });
  };
  const brush = [7, 50, 0, 1];
  select();
  press(canvas, "Escape");
  one.model.receive({ selection: conv.state.selection });
  press(canvas, "Escape");
  expect(one.model.messages).toEqual([{ brush }, { brush: [] }, { brush: [] }]);
  select();
  one.model.receive({ selection: conv.state.selection });
  one.model.receive({ selection: {} });
  select();
  expect(one.model.messages.slice(3)).toEqual([{ brush }, { brush }]);
  expect(readouts(one)[1]).toMatch(/^Selected: /);
});

test("Escape with nothing selected asks for nothing", () => {
  const one = shown({ selection: {} });
  press(canvasOf(one), "Escape");
  expect(one.model.messages).toEqual([]);
});

test("dragging selects whole bins, tells their sum at once, and the kernel's answer replaces it", () => {
  const one = shown({ selection: {}, bins: 50 });
  const canvas = canvasOf(one);
  const plot = plotOf(canvas.clientWidth, canvas.clientHeight, 1, 12);
  const x = barColumns(plot, 50);
  const middle = (bin: number) => ((x[bin] ?? 0) + (x[bin + 1] ?? 0)) / 2;
  point(canvas, "pointerdown", middle(12), 100);
  point(canvas, "pointermove", middle(20), 100);
  point(canvas, "pointermove", middle(20) + 1, 100);
  point(canvas, "pointerup", middle(20), 100);
  expect(one.model.messages).toEqual([{ brush: [7, 50, 12, 20] }]);
  const { counts, filter } = expectedOf(conv, 50);
  const sum = (of: number[]) => of.slice(12, 21).reduce((left, right) => left + right, 0);
  expect(readouts(one)[1]).toContain(`: ${sum(counts)} weights,`);
  expect(readouts(one)[1]).toContain(`filter 5: ${sum(filter)},`);
  one.model.receive({ selection: conv.state.selection });
  expect(readouts(one)[1]).toMatch(/^Selected: 0 to 0\.1/);
});

test("the numbers that are taken away are the bins on the screen", () => {
  const one = shown({ bins: 7 });
  const rows = csvOf(one);
  const { counts, filter, edges } = expectedOf(conv, 7);
  expect(rows[0]).toBe("bin_left,bin_right,count,filter_count");
  expect(rows.slice(1, -1)).toEqual(
    counts.map((count, bin) => [edges[bin], edges[bin + 1], count, filter[bin]].join(",")),
  );
});

function csvOf(one: Shown<State>): string[] {
  const copied: string[] = [];
  const clipboard = { writeText: async (text: string) => void copied.push(text) };
  const own = Object.getOwnPropertyDescriptor(navigator, "clipboard");
  Object.defineProperty(navigator, "clipboard", { value: clipboard, configurable: true });
  try {
    const items = [...one.root.querySelectorAll<HTMLButtonElement>(".ww-menu-item")];
    items.find((item) => item.textContent === "Copy numbers")?.click();
  } finally {
    if (own) Object.defineProperty(navigator, "clipboard", own);
    else Reflect.deleteProperty(navigator, "clipboard");
  }
  return (copied[0] ?? "").split("\r\n");
}

test("edges on the screen are those of numpy, also in single precision", () => {
  const { edges } = expectedOf(conv, 50);
  const [low = 0, high = 0] = [edges[0], edges.at(-1)];
  expect([...binEdges(low, high, 50, true)]).toEqual(edges);
});

test("a layer of nothing but NaN has empty bins, and its weights are accounted for", () => {
  const frame = decode<Frame>(conv.state.frame);
  const none = {
    shape: [frame.cells.length],
    dtype: "uint8",
    data: new DataView(new ArrayBuffer(frame.cells.length)),
  };
  const lost = { cells: none, numel: 9, nan: 9, posinf: 0, neginf: 0, below: 0, above: 0 };
  const one = shown({
    frame: { ...conv.state.frame, ...lost },
    overlay: {},
    selection: {},
    log_counts: true,
  });
  expect(one.find(".ww-caption").textContent).toContain("In no bin: 9 NaN.");
  press(canvasOf(one), "Home");
  expect(readouts(one)[0]).toMatch(/: 0 weights, 0%$/);
  expect(csvOf(one).slice(1, -1)).toHaveLength(one.model.get("bins"));
  expect(csvOf(one)[1]).toMatch(/,0,$/);
});

test("a hostile name is text, in the title and in the name of a file", () => {
  const title = toBytes("<img src=x onerror=alert(1)>");
  const one = shown({ frame: { ...conv.state.frame, title } });
  expect(one.find(".ww-title").textContent).toContain("<img src=x onerror=alert(1)>");
  expect(one.root.querySelector("img")).toBeNull();
});

test("without a frame there are no bars, and an error says why", () => {
  const one = shown();
  one.model.receive({ frame: {}, overlay: {}, selection: {}, fine: {}, error: toBytes("it is on `meta`") });
  expect(getComputedStyle(canvasOf(one)).display).toBe("none");
  expect(readouts(one)).toEqual(["", ""]);
  expect(one.find(".ww-error").textContent).toBe("it is on `meta`");
  press(canvasOf(one), "ArrowRight", { shiftKey: true });
  expect(one.model.messages).toEqual([]);
});

test("the drawing follows the width, the theme and the size", async () => {
  const one = shown({}, 500);
  const canvas = canvasOf(one);
  const narrow = canvas.clientWidth;
  expect(narrow).toBeLessThanOrEqual(500);
  one.el.style.width = "800px";
  await nextFrame();
  await nextFrame();
  expect(canvas.clientWidth).toBe(narrow + 300);
  const light = pictureOf(one);
  document.body.setAttribute("data-jp-theme-light", "false");
  one.root.style.setProperty("--ww-bar", "rgb(9 9 9)");
  await nextFrame();
  document.body.removeAttribute("data-jp-theme-light");
  expect(pictureOf(one)).not.toBe(light);
  const height = canvas.clientHeight;
  one.root.style.fontSize = "20px";
  one.model.receive({ size: "large" });
  expect(canvas.clientHeight).toBe((height * 20) / 12);
});

test("a view that was built outside of the page is drawn in the theme's colours when it gets there", async () => {
  const model = new FakeModel<State>({ ...conv.state, overlay: {}, selection: {} });
  const el = document.createElement("div");
  const close = view.render({ model, el });
  document.body.append(el);
  model.set("bins", 7);
  const canvas = el.querySelector("canvas");
  const colors = canvas?.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
  const bar = [0x8a, 0x97, 0xa6, 255];
  const bars = Array.from({ length: colors.length / 4 }, (_, place) =>
    bar.every((part, index) => colors[4 * place + index] === part),
  );
  expect(bars.filter(Boolean).length).toBeGreaterThan(1000);
  close();
  el.remove();
});

test("a change of theme while the view is hidden is drawn, at the width that it had", async () => {
  const one = shown();
  const [light, width] = [pictureOf(one), canvasOf(one).clientWidth];
  one.el.style.display = "none";
  one.root.style.setProperty("--ww-bar", "rgb(9 9 9)");
  document.body.setAttribute("data-jp-theme-light", "false");
  await Promise.resolve();
  document.body.removeAttribute("data-jp-theme-light");
  one.el.style.display = "";
  await expect.poll(() => pictureOf(one)).not.toBe(light);
  expect(canvasOf(one).clientWidth).toBe(width);
});

test("two displays of one model draw the same", () => {
  const [left, right] = [shown(), shown()];
  for (const one of [left, right]) one.model.set("bins", 33);
  expect(pictureOf(left)).toBe(pictureOf(right));
});

test("closing takes every listener, observer and node away, and a late message draws nothing", () => {
  const watch = watchListeners();
  try {
    const one = show<State>(view, conv.state);
    const canvas = canvasOf(one);
    one.close();
    expect(watch.left()).toEqual([]);
    expect(one.model.listening).toBe(0);
    expect(one.el.children).toHaveLength(0);
    const last = canvas.toDataURL();
    one.model.receive({ bins: 3 });
    press(canvas, "Escape");
    expect(canvas.toDataURL()).toBe(last);
    expect(one.model.messages).toEqual([]);
  } finally {
    watch.stop();
  }
});

test("no empty line stands under the bars, and pointing at them moves nothing", () => {
  const one = shown({ selection: {} });
  const height = () => one.root.getBoundingClientRect().height;
  const [first, second] = [...one.root.querySelectorAll(".ww-histogram-readout")].map(
    (line) => line.getBoundingClientRect().height,
  );
  expect(first).toBeGreaterThan(12);
  expect(second).toBe(0);
  const before = height();
  point(canvasOf(one), "pointermove", 200, 60);
  expect(readouts(one)[0]).toMatch(/^Bin \d+ of/);
  expect(height()).toBe(before);
});
