import { afterEach, beforeEach, expect, test, vi } from "vitest";
import "../src/gates.css";
import gates from "../src/gates";
import type { RecurrentGatesState } from "../src/state";
import { toBytes, toText } from "../src/wire";
import { point, press, type Shown, show, watchListeners } from "./fake_model";
import { read, states } from "./gates_fixture";

let view: Shown<RecurrentGatesState>;

beforeEach(() => {
  view = show(gates, states.first, 900);
});
afterEach(() => view.close());

const caption = () => view.find(".ww-caption").textContent;
const said = () => view.find(".ww-live[role=status]").textContent;
const rows = () => [...view.root.querySelectorAll<HTMLElement>(".ww-gates-row")];
const field = (label: string) => view.find(`[data-control="${label}"]`);
const select = (label: string) => view.find<HTMLSelectElement>(`select[aria-label="${label}"]`);
const radius = (gate: string) => view.find<HTMLButtonElement>(`.ww-gates-radius[data-gate="${gate}"]`);
const options = (label: string) => [...select(label).options].map((option) => option.textContent);
const layers = () => view.model.messages.map(({ layer }) => toText(layer));

function pick(label: string, value: string): void {
  select(label).value = value;
  select(label).dispatchEvent(new Event("change"));
}

test("the gates stand below one another with their letters, roles and numbers", () => {
  expect(view.find(".ww-title").textContent).toBe(
    "Recurrent gates  a · LSTM · layer 0, forward · input 3 · hidden 2",
  );
  expect(rows().map((row) => row.querySelector("b")?.textContent)).toEqual(["i", "f", "g", "o"]);
  expect(rows()[1]?.textContent).toContain("forget gatehow much of the cell is keptbias ");
  expect([...(rows()[3]?.querySelectorAll("dd") ?? [])].map((cell) => cell.textContent)).toEqual([
    "0",
    "2.828",
    "2.828",
    "−4",
    "4",
  ]);
  expect(view.find(".ww-gates-scale").textContent).toBe("All gates on one scale, −4 to 4.");
  expect(view.find(".ww-gates-forget").textContent).toContain("torch starts this bias around 0");
});

test("module, layer, direction and block are chosen in one message each", () => {
  expect([options("module"), options("layer"), options("direction")]).toEqual([
    ["a", "b"],
    ["0", "1"],
    ["forward", "reverse"],
  ]);
  pick("direction", "1");
  pick("layer", "1");
  pick("module", "1");
  expect(layers()).toEqual(["a.weight_ih_l0_reverse", "a.weight_ih_l1_reverse", "b.weight_ih"]);
  expect(said()).toBe("b, cell");
  pick("block", "input");
  expect(view.model.messages.at(-1)).toEqual({ block: "input" });
});

test("what leaves no choice is not offered", () => {
  view.model.receive(states.cell);
  expect([field("layer").hidden, field("direction").hidden, field("module").hidden]).toEqual([
    true,
    true,
    false,
  ]);
});

test("another module keeps the layer and the direction where it has them", () => {
  view.model.receive({ layer: toBytes("a.weight_hh_l1_reverse") });
  expect([select("layer").value, select("direction").value]).toEqual(["1", "1"]);
  pick("layer", "0");
  expect(layers()).toEqual(["a.weight_ih_l0_reverse"]);
});

test("biases are no choice where there are none", () => {
  const none = {
    layers: new TextEncoder().encode(
      toText(states.first.listing.layers).replaceAll('"bias": true', '"bias": false'),
    ),
  };
  view.model.receive({ listing: { layers: new DataView(none.layers.buffer as ArrayBuffer) } });
  expect(options("block")).toEqual(["hidden W_hh", "input W_ih"]);
});

test("the number of bins is asked of the kernel", () => {
  const slider = view.find<HTMLInputElement>('input[aria-label="bins"]');
  expect([slider.value, slider.max]).toEqual(["8", "256"]);
  slider.value = "20";
  slider.dispatchEvent(new Event("input"));
  expect(view.model.messages).toEqual([{ bins: 20 }]);
});

test("pictures of what was asked before are not drawn under the name of what is asked now", () => {
  view.model.receive({ block: "bias" });
  expect(rows()).toEqual([]);
  view.model.receive({ shown: states.bias.shown });
  expect(rows().map((row) => row.querySelector(".ww-gates-name span")?.textContent)).toEqual(
    Array(4).fill("b_ih + b_hh"),
  );
  expect(rows()[0]?.querySelector<HTMLElement>(".ww-gates-bars")?.hidden).toBe(true);
  view.model.receive({ bars: states.bias.bars });
  expect(rows()[0]?.querySelector<HTMLElement>(".ww-gates-bars")?.hidden).toBe(false);
  view.model.receive({ frame: states.cell.frame });
  expect(rows()).toEqual([]);
});

test("the two biases of a GRU's n are rows of one gate", () => {
  view.model.receive(states.cell);
  expect(rows().map((row) => row.querySelector(".ww-gates-name")?.textContent)).toEqual([
    "rb_ih + b_hh",
    "zb_ih + b_hh",
    "nb_in",
    "nb_hn",
  ]);
  expect(view.find(".ww-gates-notes").textContent).toContain("r scales b_hn alone");
  expect(getComputedStyle(view.find(".ww-gates-forget")).display).toBe("none");
});

test("the pointer and the arrow keys read a picture", () => {
  const picture = rows()[1]?.querySelector<HTMLCanvasElement>(".ww-gates-picture") as HTMLCanvasElement;
  const box = picture.getBoundingClientRect();
  point(picture, "pointermove", box.width * 0.75, box.height * 0.25);
  expect(caption()).toBe("f: unit 0, state 1: −1");
  point(picture, "pointerleave", 0, 0);
  expect(caption()).toBe("");
  for (const key of ["ArrowRight", "ArrowRight", "ArrowDown", "ArrowDown", "ArrowLeft"]) press(picture, key);
  expect(said()).toBe("f: unit 1, state 0: 1");
  expect(view.model.messages).toEqual([]);
});

test("the pointer and the arrow keys read a histogram", () => {
  const bars = rows()[3]?.querySelector<HTMLCanvasElement>(".ww-gates-bars") as HTMLCanvasElement;
  const width = bars.getBoundingClientRect().width;
  point(bars, "pointermove", width - 8, 20);
  expect(caption()).toBe("o: 3 to 4: 1 weight");
  bars.dispatchEvent(new FocusEvent("blur"));
  press(bars, "ArrowLeft");
  expect(said()).toBe("o: −4 to −3: 1 weight");
  press(bars, "ArrowRight");
  expect(said()).toBe("o: −3 to −2: 0 weights");
});

test("a gate is brought to the front and let go by its button", () => {
  radius("g").click();
  expect(view.model.messages).toEqual([{ gate: "g" }]);
  expect(radius("g").getAttribute("aria-pressed")).toBe("true");
  expect(said()).toBe("gate g: 2.25: in the long run a state grows 2.25-fold a step; alone it explodes");
  radius("g").click();
  expect(view.model.messages.at(-1)).toEqual({ gate: "" });
  expect(radius("").getAttribute("aria-pressed")).toBe("true");
});

test("the arrow keys read the eigenvalues of the gate in front, else of all", () => {
  const plane = view.find<HTMLCanvasElement>(".ww-gates-plane");
  expect(plane.ariaLabel).toContain("all gates");
  press(plane, "ArrowRight");
  expect(said()).toBe("i: eigenvalue 1 of 2: 0 + 0.25i, magnitude 0.25");
  view.model.receive({ gate: "o" });
  plane.dispatchEvent(new FocusEvent("blur"));
  for (const _ of [1, 2, 3]) press(plane, "ArrowDown");
  expect(said()).toBe("o: eigenvalue 2 of 2: 0 − 4i, magnitude 4");
  press(plane, "ArrowUp");
  expect(caption()).toBe("o: eigenvalue 1 of 2: 0 + 4i, magnitude 4");
});

test("the pointer reads the nearest eigenvalue", () => {
  const plane = view.find<HTMLCanvasElement>(".ww-gates-plane");
  const { width } = plane.getBoundingClientRect();
  let found = "";
  for (let y = 0; y < width && !found.startsWith("o"); y += 2) {
    point(plane, "pointermove", (2.9 * 12 + width - 0.4 * 12) / 2, y);
    found = caption() ?? "";
  }
  expect(found).toBe("o: eigenvalue 1 of 2: 0 + 4i, magnitude 4");
});

test("eigenvalues that are not there yet are announced, offered or refused", () => {
  const { token } = states.first.frame as { token: number };
  const waiting = (state: string, sentence: string) => ({
    spectra: {
      token,
      state: toBytes(state),
      sentence: toBytes(sentence),
      real: [],
      imag: [],
      sentences: [],
      radii: { shape: [0], dtype: "float64", data: new DataView(new ArrayBuffer(0)) },
    },
  });
  const offer = () => view.find<HTMLButtonElement>(".ww-gates-words > .ww-button");
  view.model.receive(waiting("working", "Eigenvalues of gate f, 2 of 4, are being worked out."));
  expect(view.find(".ww-gates-state").textContent).toContain("gate f, 2 of 4");
  expect([offer().hidden, view.find(".ww-gates-plane").hidden, view.find(".ww-gates-radii").hidden]).toEqual([
    true,
    true,
    true,
  ]);
  view.model.receive(waiting("offered", "minutes"));
  expect(offer().hidden).toBe(false);
  offer().click();
  expect(view.model.messages).toEqual([{ large_eigenvalues: true }]);
  view.model.receive(waiting("refused", "too large"));
  expect(offer().hidden).toBe(true);
});

test("keys with Alt or Ctrl belong to the browser, and none reaches the notebook", () => {
  const outside = vi.fn();
  document.addEventListener("keydown", outside);
  for (const selector of [".ww-gates-picture", ".ww-gates-bars", ".ww-gates-plane"])
    for (const modifier of ["altKey", "ctrlKey", "metaKey"])
      expect(press(view.find(selector), "ArrowRight", { [modifier]: true }).defaultPrevented).toBe(false);
  press(view.find(".ww-gates-plane"), "d");
  document.removeEventListener("keydown", outside);
  expect(outside).not.toHaveBeenCalled();
  expect(caption()).toBe("");
});

test("an error leaves nothing drawn but the choice of a layer", () => {
  view.model.receive({
    error: toBytes("no"),
    frame: {},
    shown: {},
    bars: {},
    spectra: {},
    layer: toBytes("head"),
  });
  expect(view.find(".ww-error").textContent).toBe("no");
  expect(rows().every((row) => row.offsetParent === null)).toBe(true);
  expect(options("module")).toEqual(["choose", "a", "b"]);
  expect(read(states.first).frame.names.length).toBe(4);
});

test("a hostile name is only text", () => {
  view.model.receive({ frame: { ...states.first.frame, title: toBytes("<img src=x>") } });
  expect(view.root.querySelector("img")).toBeNull();
  expect(view.find(".ww-title").textContent).toContain("<img src=x>");
});

test("the numbers are copied as one table", async () => {
  const write = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
  const item = [...view.root.querySelectorAll<HTMLButtonElement>(".ww-menu-item")].find(
    ({ textContent }) => textContent === "Copy numbers",
  );
  item?.click();
  await vi.waitFor(() => expect(write).toHaveBeenCalledOnce());
  const lines = (write.mock.calls[0]?.[0] ?? "").trim().split("\r\n");
  expect(lines[0]).toBe("gate,block,quantity,place,value");
  expect(lines).toContain("g,hidden,spectral_radius,,2.25");
  write.mockRestore();
});

test("nothing is left behind", () => {
  view.close();
  const watched = watchListeners();
  view = show(gates, states.first, 500);
  view.close();
  expect(watched.left()).toEqual([]);
  watched.stop();
  expect(view.model.listening).toBe(0);
});
