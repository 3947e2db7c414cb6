import { afterEach, beforeEach, expect, test, vi } from "vitest";
import norms from "../src/norms";
import { type Norms, readNorms, readRows } from "../src/norms_words";
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

test("an error empties it, and what comes after is shown as before", () => {
  const before = caption();
  view.model.receive({ rows: {}, numbers: {}, error: bytes("no values") });
  expect([caption(), select("layer").options.length]).toEqual(["", 0]);
  expect(view.find(".ww-error").textContent).toBe("no values");
  view.model.receive({ rows: states.measured.rows, numbers: states.measured.numbers, error: bytes("") });
  expect(caption()).toBe(before);
  expect(select("layer").selectedOptions[0]?.textContent).toBe("a");
});

test("the controls follow what Python or another display chose, and ask for nothing", () => {
  view.model.receive({ kind: "rms", log_norms: true, layer: bytes("c") });
  expect([select("norm").value, select("layer").selectedOptions[0]?.textContent]).toEqual(["rms", "c"]);
  expect(view.find(".ww-controls button").getAttribute("aria-pressed")).toBe("true");
  expect(caption()).toContain("c: RMS per weight 1.291, 3 weights.");
  view.model.receive({ layer: bytes("gone") });
  expect(select("layer").selectedIndex).toBe(-1);
  expect(caption()).not.toContain("c: ");
  expect(view.model.messages).toEqual([]);
});

test("an open list of layers is not filled again by new numbers", () => {
  const [option] = select("layer").options;
  view.model.receive({ numbers: { ...states.measured.numbers } });
  expect(select("layer").options[0]).toBe(option);
});

test("the norms are downloaded as they were measured", async () => {
  const made = vi.spyOn(URL, "createObjectURL");
  const click = vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(() => undefined);
  const items = [...view.root.querySelectorAll<HTMLElement>(".ww-menu-item")];
  items.find(({ textContent }) => textContent === "Download CSV")?.click();
  expect(click).toHaveBeenCalledOnce();
  const [file] = made.mock.calls[0] ?? [];
  vi.restoreAllMocks();
  const lines = file instanceof Blob ? (await file.text()).trimEnd().split("\r\n") : [];
  const { frobenius, rms } = readNorms(states.measured.numbers, readRows(states.measured.rows)) as Norms;
  expect(lines[3]).toBe(`c,${frobenius[2]},${rms[2]},3`);
  expect(lines).toHaveLength(5);
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

test("the selected bar is scrolled into sight, and one in sight stays where it is", async () => {
  const chart = document.createElement("div");
  chart.className = "ww-norms-chart";
  const scroller = chart.appendChild(document.createElement("div"));
  scroller.className = "ww-norms-scroll";
  scroller.style.cssText = "width: 200px; overflow-x: auto";
  const second = show(norms, { ...states.measured, layer: bytes("meta") });
  chart.append(second.el);
  document.body.append(chart);
  for (let frame = 0; frame < 3; frame++) await nextFrame();
  // Only now the bars come.
  const bars = scroller.appendChild(document.createElement("div"));
  bars.style.cssText = "width: 2000px; height: 50px";
  for (let frame = 0; frame < 3; frame++) await nextFrame();
  const seen = (position: number) => {
    const middle = ((position + 0.5) / 4) * 2000;
    return scroller.scrollLeft < middle && middle < scroller.scrollLeft + 200;
  };
  expect([seen(3), scroller.tabIndex]).toEqual([true, 0]);
  second.model.receive({ layer: bytes("c") });
  expect(seen(2)).toBe(true);
  bars.style.width = "210px";
  scroller.scrollLeft = 7;
  second.model.receive({ layer: bytes("<img src=x>") });
  expect(scroller.scrollLeft).toBe(7);
  second.close();
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
