import { afterEach, beforeEach, expect, test } from "vitest";
import norms from "../src/norms";
import type { NormControlsState } from "../src/state";
import { toText } from "../src/wire";
import { nextFrame, press, type Shown, show, thaw, watchListeners } from "./fake_model";
import fixture from "./fixtures/norms.json";

interface Fixture {
  before: NormControlsState;
  measured: NormControlsState;
}

const states = thaw<Fixture>(fixture);
const bytes = (text: string) => new DataView(new TextEncoder().encode(text).buffer);
let view: Shown<NormControlsState>;

beforeEach(() => {
  view = show(norms, states.measured);
});
afterEach(() => view.close());

const caption = () => view.find(".ww-caption").textContent;
const select = (label: string) => view.find<HTMLSelectElement>(`select[aria-label="${label}"]`);

function pick(label: string, value: string): void {
  select(label).value = value;
  select(label).dispatchEvent(new Event("change"));
}

test("the selected layer's norm stands there as a sentence", () => {
  expect(caption()).toBe("a: Frobenius norm 4, 4 weights. 1 layer without values.");
  view.model.receive({ kind: "rms" });
  expect(caption()).toContain("a: RMS per weight 2, 4 weights.");
  view.model.receive({ layer: bytes("meta") });
  expect(caption()).toContain("meta: no norm.");
});

test("the sentence about size goes with the kind of norm", () => {
  expect(view.find(".ww-body").textContent).toContain("square root of the number of weights");
  view.model.receive({ kind: "rms" });
  expect(view.find(".ww-body").textContent).toContain("does not grow");
});

test("every layer can be selected without a pointer, whatever its name", () => {
  const options = [...select("layer").options].map((option) => option.textContent);
  expect(options).toEqual(["a", "<img src=x>", "c", "meta"]);
  pick("layer", "1");
  expect(view.model.messages.map((message) => toText(message.layer))).toEqual(["<img src=x>"]);
  expect(view.root.querySelector("img")).toBeNull();
  expect(view.find("[role=status]").textContent).toContain("<img src=x>: Frobenius norm 0");
});

test("kind and scale are asked for in one message each", () => {
  pick("norm", "rms");
  view.find(".ww-controls button").click();
  expect(view.model.messages).toEqual([{ kind: "rms" }, { log_norms: true }]);
});

test("norms of zero are named where they have no bar", () => {
  expect(caption()).not.toContain("norm 0");
  view.model.receive({ log_norms: true });
  expect(caption()).toContain("1 layer with norm 0: no bar on a logarithmic axis.");
});

test("before anything is measured nothing is claimed", () => {
  const fresh = show(norms, states.before);
  expect(fresh.find(".ww-caption").textContent).toBe("a: no norm.");
  fresh.close();
});

test("keys pressed in the chart around it do not reach the notebook", async () => {
  const chart = document.createElement("div");
  chart.className = "ww-norms-chart";
  const figure = chart.appendChild(document.createElement("button"));
  chart.append(view.el);
  document.body.append(chart);
  const second = show(norms, states.measured);
  chart.append(second.el);
  await nextFrame();
  await nextFrame();
  const escaped: string[] = [];
  const note = (event: KeyboardEvent) => escaped.push(event.key);
  document.body.addEventListener("keydown", note);
  press(figure, "d");
  expect(escaped).toEqual([]);
  second.close();
  document.body.removeEventListener("keydown", note);
  chart.remove();
});

test("closing takes every listener and the view away", async () => {
  const listeners = watchListeners();
  const second = show(norms, states.measured);
  await nextFrame();
  second.close();
  expect(listeners.left()).toEqual([]);
  expect(second.model.listening).toBe(0);
  listeners.stop();
});
