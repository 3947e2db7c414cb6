import { afterEach, beforeEach, expect, test } from "vitest";
import "../src/gates.css";
import gates from "../src/gates";
import type { RecurrentGatesState } from "../src/state";
import { toBytes } from "../src/wire";
import { nextFrame, point, press, type Shown, show } from "./fake_model";
import { states } from "./gates_fixture";

let view: Shown<RecurrentGatesState>;

beforeEach(() => {
  view = show(gates, states.first, 900);
});
afterEach(() => view.close());

const caption = () => view.find(".ww-caption").textContent;
const canvas = (kind: "picture" | "bars", row: number) =>
  view.root.querySelectorAll<HTMLCanvasElement>(`.ww-gates-${kind}`)[row] as HTMLCanvasElement;
const plane = () => view.find<HTMLCanvasElement>(".ww-gates-plane");

/** A published array with other numbers of the same shape. */
const filled = (array: unknown, value: number) => {
  const { shape } = array as { shape: number[] };
  const data = new DataView(new Float64Array(shape.reduce((all, side) => all * side)).fill(value).buffer);
  return { shape, dtype: "float64", data };
};

test("while the weights change under the pointer their new value is read", () => {
  const picture = canvas("picture", 1);
  point(picture, "pointermove", picture.clientWidth * 0.75, picture.clientHeight * 0.25);
  expect(caption()).toBe("f: unit 0, state 1: −1");
  const values = filled((states.first.shown as { values: unknown }).values, 0.625);
  view.model.receive({ shown: { ...states.first.shown, values } });
  expect(caption()).toBe("f: unit 0, state 1: 0.625");
});

test("while the weights change the bar under the pointer is counted again", () => {
  press(canvas("bars", 3), "ArrowLeft");
  expect(caption()).toBe("o: −4 to −3: 1 weight");
  const counts = filled((states.first.bars as { counts: unknown }).counts, 1234);
  view.model.receive({ bars: { ...states.first.bars, counts } });
  expect(caption()).toBe("o: −4 to −3: 1,234 weights");
});

test("what was read of a block is not claimed of the next one", () => {
  press(canvas("picture", 0), "ArrowRight");
  expect(caption()).toMatch(/^i: unit 0/);
  view.model.receive({ block: "bias", shown: states.bias.shown, bars: states.bias.bars });
  expect(caption()).toBe("");
});

test("what was read of a layer is not claimed of another layer of the same module", () => {
  press(canvas("picture", 2), "ArrowRight");
  const next = { ...states.first.frame, description: toBytes("LSTM · layer 1, forward") };
  view.model.receive({ frame: next });
  expect(caption()).toBe("");
});

test("a bar that is no more is not read", () => {
  for (let step = 0; step < 9; step++) press(canvas("bars", 0), "ArrowRight");
  expect(caption()).toMatch(/^i: 3 to 4: /);
  view.model.receive({ bars: { ...states.first.bars, bins: 4 } });
  expect(caption()).toBe("");
});

test("an eigenvalue that was read of other weights is not claimed of these", () => {
  press(plane(), "ArrowRight");
  expect(caption()).toBe("i: eigenvalue 1 of 2: 0 + 0.25i, magnitude 0.25");
  view.model.receive({ spectra: { ...states.first.spectra, token: 99 } });
  expect(caption()).toBe("");
});

test("an error ends the reading, and it does not come back with the gates", () => {
  press(canvas("picture", 0), "ArrowRight");
  const { frame } = states.first;
  view.model.receive({ frame: {}, error: toBytes("no values") });
  expect([view.find(".ww-error").textContent, caption()]).toEqual(["no values", ""]);
  view.model.receive({ frame, error: toBytes("") });
  expect(caption()).toBe("");
  expect(view.root.querySelectorAll(".ww-gates-row").length).toBe(4);
});

test("in a dark page the charts have its colours, and weights keep theirs", async () => {
  const drawn = () => [canvas("bars", 0), plane(), canvas("picture", 0)].map((one) => one.toDataURL());
  const light = drawn();
  document.body.setAttribute("data-jp-theme-light", "false");
  await nextFrame();
  const dark = drawn();
  document.body.removeAttribute("data-jp-theme-light");
  await nextFrame();
  expect(dark.map((one, at) => one === light[at])).toEqual([false, false, true]);
  expect(drawn().map((one, at) => one === light[at])).toEqual([true, true, true]);
});

test("two displays share the gate in front, and each has its own reading", () => {
  const el = document.createElement("div");
  document.body.append(el);
  const cleanUp = gates.render({ model: view.model, el });
  el.querySelector<HTMLButtonElement>('[data-gate="f"]')?.click();
  expect(view.find('[data-gate="f"]').getAttribute("aria-pressed")).toBe("true");
  press(plane(), "ArrowRight");
  expect(caption()).toMatch(/^f: eigenvalue 1 of 2/);
  expect(el.querySelector(".ww-caption")?.textContent).toBe("");
  cleanUp();
  expect(el.childElementCount).toBe(0);
  el.remove();
  expect(view.model.listening).toBeGreaterThan(0);
});

test("nothing is wider than the view, however narrow or large it is", () => {
  for (const [width, size] of [
    [320, "normal"],
    [500, "large"],
    [900, "large"],
  ] as const)
    for (const state of [states.first, states.bias, states.cell]) {
      view.close();
      view = show(gates, { ...state, size }, width);
      expect(view.root.scrollWidth).toBeLessThanOrEqual(view.root.clientWidth);
    }
});

test("a large view has larger pictures, of whole pixels still", () => {
  const before = canvas("picture", 0).width;
  view.model.receive({ size: "large" });
  expect(canvas("picture", 0).width).toBeGreaterThan(before);
  expect(canvas("picture", 0).width % 2).toBe(0);
});
