import { afterEach, beforeEach, expect, test } from "vitest";
import "../src/gates.css";
import { palette } from "../src/canvas";
import type { Spectra } from "../src/gates_data";
import { GateSpectra } from "../src/gates_spectra";
import type { RecurrentGatesState } from "../src/state";
import { type Host, mount } from "../src/view";
import { FakeModel, press } from "./fake_model";
import { read, states } from "./gates_fixture";

const { frame, spectra } = read(states.first);

let host: Host<RecurrentGatesState>;
let shown: GateSpectra;
let said: string[];
let model: FakeModel<RecurrentGatesState>;
let close: () => void;

beforeEach(() => {
  const el = document.createElement("div");
  el.style.width = "900px";
  document.body.append(el);
  said = [];
  model = new FakeModel(states.first);
  const end = mount<RecurrentGatesState>(
    { model, el },
    { kind: "gates", label: "x", exports: { name: () => "x" } },
    (made) => {
      host = made;
      shown = new GateSpectra(made, (sentence) => said.push(sentence));
      made.body.append(shown.element);
    },
  );
  close = () => {
    end();
    el.remove();
  };
  draw(spectra);
});
afterEach(() => close());

const draw = (found: Spectra | null, of = frame) => shown.draw(of, found, palette(host.root));
/** The plane as a short text: the image itself would fill a screen when it differs. */
function picture(): string {
  let hash = 0;
  for (const character of plane().toDataURL()) hash = (hash * 31 + character.charCodeAt(0)) | 0;
  return String(hash);
}
const plane = () => shown.element.querySelector<HTMLCanvasElement>(".ww-gates-plane") as HTMLCanvasElement;
const buttons = () => [...shown.element.querySelectorAll<HTMLButtonElement>(".ww-gates-radius")];
const list = () => shown.element.querySelector<HTMLElement>(".ww-gates-radii") as HTMLElement;

test("every gate has a line with its mark, its letter and what its radius means", () => {
  expect(buttons().map((button) => button.textContent)).toEqual([
    "●i0.25: in the long run a state shrinks to 25% a step; alone it vanishes",
    "■f1: a state nearly keeps its size",
    "▲g2.25: in the long run a state grows 2.25-fold a step; alone it explodes",
    "◆o4: in the long run a state grows 4-fold a step; alone it explodes",
    "all gates alike",
  ]);
  expect(buttons().map((button) => button.getAttribute("aria-pressed"))).toEqual([
    "false",
    "false",
    "false",
    "false",
    "true",
  ]);
});

test("what the eigenvalues do not tell is said beside them", () => {
  expect(shown.element.querySelector(".ww-gates-cautions")?.textContent).toContain(
    "a radius above 1 does not say that the network explodes",
  );
});

test("gates that are not worked out yet have a letter and no sentence", () => {
  draw({
    ...spectra,
    state: "working",
    sentence: "gate f",
    real: spectra.real.slice(0, 1),
    sentences: spectra.sentences.slice(0, 1),
  });
  expect(
    buttons()
      .map((button) => button.textContent?.length ?? 0)
      .slice(1, 4),
  ).toEqual([2, 2, 2]);
  expect(shown.element.querySelector(".ww-gates-state")?.textContent).toBe("gate f");
  expect(plane().hidden).toBe(false);
});

test("without any eigenvalue there is no plane, and no key is taken", () => {
  draw(null);
  expect([plane().hidden, list().hidden]).toEqual([true, true]);
  expect(press(plane(), "ArrowRight").defaultPrevented).toBe(false);
  const none = spectra.real.map(() => new Float64Array());
  draw({ ...spectra, real: none, imag: none });
  expect([plane().hidden, list().hidden]).toEqual([true, false]);
});

test("an RNN's only gate has no others to be told from", () => {
  const one = { ...spectra, real: spectra.real.slice(0, 1), radii: spectra.radii.slice(0, 1) };
  draw(one, { ...frame, names: ["h"] });
  expect(buttons().length).toBe(1);
  draw(spectra);
  expect(buttons().length).toBe(5);
});

test("the plane says what it shows, and a gate in front fades the others", () => {
  const all = picture();
  expect(plane().ariaLabel).toContain("Eigenvalues of all gates");
  model.set("gate", "f");
  draw(spectra);
  expect(plane().ariaLabel).toContain("Eigenvalues of gate f");
  expect(picture()).not.toBe(all);
  model.set("gate", "");
  draw(spectra);
  expect(picture()).toBe(all);
});

test("the keys go through the eigenvalues from the largest of a gate, and stay within the last", () => {
  for (let step = 0; step < 20; step++) press(plane(), "ArrowRight");
  expect(said.at(-1)).toBe("o: eigenvalue 2 of 2: 0 − 4i, magnitude 4");
  for (let step = 0; step < 20; step++) press(plane(), "ArrowLeft");
  expect(said.at(-1)).toBe("i: eigenvalue 1 of 2: 0 + 0.25i, magnitude 0.25");
});

test("what is read is ringed until the reading ends or other weights come", () => {
  const plain = picture();
  press(plane(), "ArrowRight");
  expect(picture()).not.toBe(plain);
  plane().dispatchEvent(new FocusEvent("blur"));
  expect([picture(), said.at(-1)]).toEqual([plain, ""]);
  press(plane(), "ArrowRight");
  draw({ ...spectra, token: 99 });
  expect(picture()).toBe(plain);
});

test("the plane is square in its units and no wider than its room", () => {
  expect(plane().clientWidth).toBeLessThanOrEqual(host.body.clientWidth);
  host.root.style.width = "220px";
  draw(spectra);
  expect(plane().clientWidth).toBeLessThanOrEqual(220);
});

test("the plane is zoomed to the eigenvalues and back by its button", () => {
  const small = { ...spectra, radii: Float64Array.of(0.5, 0.1, 0.1, 0.1) };
  draw(small);
  const before = picture();
  const button = shown.element.querySelector<HTMLButtonElement>("[data-control]") as HTMLButtonElement;
  button.click();
  expect(model.messages).toEqual([{ zoomed: true }]);
  draw(small);
  expect(button.getAttribute("aria-pressed")).toBe("true");
  expect(picture()).not.toBe(before);
  button.click();
  draw(small);
  expect(picture()).toBe(before);
  draw(null);
  expect(button.hidden).toBe(true);
});

test("the offer is made only where it is one, and what is refused says why", () => {
  const offer = () => shown.element.querySelector<HTMLButtonElement>(".ww-gates-words > .ww-button");
  const none = { ...spectra, real: [], imag: [], sentences: [], radii: new Float64Array() };
  for (const state of ["done", "working", "offered", "refused"] as const) {
    draw({ ...none, state, sentence: `it is ${state}` });
    expect(offer()?.hidden).toBe(state !== "offered");
    expect(shown.element.querySelector(".ww-gates-state")?.textContent).toBe(`it is ${state}`);
  }
});

test("other weights end the reading in words too, once", () => {
  press(plane(), "ArrowRight");
  const before = said.length;
  draw({ ...spectra, token: 98 });
  expect(said.slice(before)).toEqual([""]);
  draw({ ...spectra, token: 97 });
  expect(said.length).toBe(before + 1);
});

test("keys with Alt, Ctrl or Meta are the browser's, and other keys nobody's", () => {
  for (const modifier of ["altKey", "ctrlKey", "metaKey"])
    expect(press(plane(), "ArrowRight", { [modifier]: true }).defaultPrevented).toBe(false);
  expect(press(plane(), "Enter").defaultPrevented).toBe(false);
  expect(said).toEqual([]);
});

test("hostile words of the kernel are only text", () => {
  draw(
    { ...spectra, sentence: "<img src=x>", sentences: spectra.sentences.map(() => "<b>bold</b>") },
    { ...frame, cautions: ["<img src=y>"] },
  );
  expect(shown.element.querySelectorAll("img, b b").length).toBe(0);
  expect(buttons()[0]?.textContent).toBe("●i<b>bold</b>");
});
