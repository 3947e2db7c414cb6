import { afterEach, beforeEach, expect, test } from "vitest";
import "../src/heads.css";
import { palette } from "../src/canvas";
import { diverging, tableColor } from "../src/color";
import type { Enlarged, HeadNumbers } from "../src/heads_data";
import { HeadPanel } from "../src/heads_panel";
import type { AttentionHeadsState } from "../src/state";
import { mount } from "../src/view";
import { FakeModel, pixel, point, press } from "./fake_model";
import { numbersOf, states } from "./heads_fixture";

let el: HTMLElement;
let close: () => void;
let panel: HeadPanel<AttentionHeadsState>;
let read: string[];

beforeEach(() => {
  el = document.createElement("div");
  el.style.width = "700px";
  document.body.append(el);
  read = [];
  const model = new FakeModel<AttentionHeadsState>(states.q);
  const exports = { name: () => "panel" };
  close = mount<AttentionHeadsState>({ model, el }, { kind: "heads", label: "panel", exports }, (host) => {
    panel = new HeadPanel(host, (sentence) => read.push(sentence));
    host.body.append(panel.element, panel.charts);
  });
});
afterEach(() => {
  close();
  el.remove();
});

const find = <E extends HTMLElement>(selector: string) => el.querySelector<E>(selector) as E;
const canvas = () => find<HTMLCanvasElement>(".ww-heads-enlarged");
const charts = () => [...el.querySelectorAll<HTMLCanvasElement>(".ww-heads-spectrum")];
const said = () => find(".ww-live[role=status]").textContent;
const cells = () =>
  [...el.querySelectorAll(".ww-heads-table tbody tr")].map((row) =>
    [...row.querySelectorAll("td")].map((cell) => cell.textContent),
  );

const enlarged: Enlarged = {
  token: 1,
  role: "v",
  head: 0,
  height: 2,
  width: 3,
  rows: 4,
  cols: 9,
  block_rows: 2,
  block_cols: 3,
  levels: Uint8Array.of(1, 50, 100, 128, 200, 255),
  flags: null,
  values: Float32Array.of(-3, -2, -1, 0, 2, 3),
};

const draw = (numbers: HeadNumbers, head = 0, picture: Enlarged | null = enlarged) =>
  panel.draw({ numbers, head, enlarged: picture }, palette(find("section")));

test("norms stand for all six matrices, ranks for the products alone", () => {
  draw(numbersOf(3, 3), 1);
  expect(cells()).toEqual([
    ["2", "", ""],
    ["5", "", ""],
    ["8", "", ""],
    ["11", "", ""],
    ["14", "101", "107"],
    ["17", "104", "110"],
  ]);
});

test("a head with NaN says NaN, not nothing", () => {
  const numbers = numbersOf(2, 2);
  numbers.norms[8] = Number.NaN;
  numbers.ranks[0] = Number.NaN;
  draw(numbers);
  expect(cells()[4]).toEqual(["NaN", "NaN", "104"]);
});

test("the enlarged picture has exactly the colours of its levels", () => {
  draw(numbersOf(2, 2));
  const scale = canvas().width / 3;
  expect(Number.isInteger(scale)).toBe(true);
  const colors = [...enlarged.levels].map((_, at) =>
    pixel(canvas(), (at % 3) * scale + 1, Math.floor(at / 3) * scale + 1),
  );
  expect(colors).toEqual([...enlarged.levels].map((level) => [...tableColor(diverging, level), 255]));
});

test("without a picture the numbers and the charts stand alone", () => {
  draw(numbersOf(2, 2), 0, null);
  expect(canvas().hidden).toBe(true);
  expect(press(canvas(), "ArrowRight").defaultPrevented).toBe(false);
  expect(cells()[0]).toEqual(["1", "", ""]);
  draw(numbersOf(2, 2));
  expect(canvas().hidden).toBe(false);
});

test("the cursor begins at the first entry and stays on the picture", () => {
  draw(numbersOf(2, 2));
  const walk = (...keys: string[]) => {
    for (const key of keys) press(canvas(), key);
    return said();
  };
  expect(walk("ArrowDown")).toBe("head 0, V: head dimensions 0 to 1, model dimensions 0 to 2: strongest −3");
  expect(walk("ArrowLeft", "ArrowUp")).toContain("model dimensions 0 to 2: strongest −3");
  expect(walk("ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight")).toBe(
    "head 0, V: head dimensions 2 to 3, model dimensions 6 to 8: strongest 3",
  );
  expect(press(canvas(), "Enter").defaultPrevented).toBe(false);
});

test("beside the picture nothing is read", () => {
  draw(numbersOf(2, 2));
  point(canvas(), "pointermove", 1, 1);
  expect(read.at(-1)).toContain("strongest −3");
  point(canvas(), "pointermove", -5, 1);
  expect(read.at(-1)).toBe("");
});

test("another head forgets the cursor, and the same one keeps it while weights change", () => {
  const numbers = numbersOf(2, 2);
  draw(numbers);
  press(canvas(), "ArrowRight");
  const marked = pixel(canvas(), 0, 0);
  draw(numbersOf(2, 2));
  expect(pixel(canvas(), 0, 0)).toEqual(marked);
  draw(numbers, 1, { ...enlarged, head: 1 });
  expect(pixel(canvas(), 0, 0)).toEqual([...tableColor(diverging, 1), 255]);
});

test("the charts stand side by side where there is room, else below one another", () => {
  draw(numbersOf(2, 2));
  const [first, second] = charts().map((chart) => chart.getBoundingClientRect());
  expect(first?.top).toBe(second?.top);
  el.style.width = "420px";
  draw(numbersOf(2, 2));
  const [above, below] = charts().map((chart) => chart.getBoundingClientRect());
  expect(below?.top).toBeGreaterThan(above?.top ?? 0);
  expect(below?.width).toBeGreaterThan(300);
});

test("each chart reads its own product, from its first value to its last", () => {
  const numbers = numbersOf(2, 2, [4, 2, 1]);
  numbers.ov.set([9, 8, 7]);
  draw(numbers);
  const [qk, ov] = charts();
  if (!qk || !ov) throw new Error("no charts");
  press(qk, "ArrowRight");
  expect(said()).toBe("head 0, QK: singular value 1 of 3: 4; larger in 0 of 2 heads");
  press(ov, "ArrowLeft");
  expect(said()).toBe("head 0, OV: singular value 1 of 3: 9; larger in 0 of 2 heads");
  for (let step = 0; step < 5; step++) press(ov, "ArrowRight");
  expect(said()).toBe("head 0, OV: singular value 3 of 3: 7; larger in 0 of 2 heads");
  expect(press(ov, "ArrowUp").defaultPrevented).toBe(false);
  ov.dispatchEvent(new FocusEvent("blur"));
  expect(read.at(-1)).toBe("");
});

test("where no head has singular values the charts read nothing", () => {
  draw(numbersOf(2, 2, [0, 0]));
  const [qk] = charts();
  if (!qk) throw new Error("no chart");
  expect(press(qk, "ArrowRight").defaultPrevented).toBe(false);
  point(qk, "pointermove", 30, 30);
  expect(read.at(-1)).toBe("");
});

test("keys with Alt, Ctrl or Meta are the browser's, and move no cursor", () => {
  draw(numbersOf(2, 2));
  for (const target of [canvas(), ...charts()])
    for (const modifier of ["altKey", "ctrlKey", "metaKey"])
      expect(press(target, "ArrowRight", { [modifier]: true }).defaultPrevented).toBe(false);
  expect(read).toEqual([]);
});

test("weights that change are read again where the cursor is", () => {
  draw(numbersOf(2, 2));
  press(canvas(), "ArrowRight");
  draw(numbersOf(2, 2), 0, { ...enlarged, values: Float32Array.of(-9, 0, 0, 0, 0, 0) });
  expect(read.at(-1)).toMatch(/: strongest −9$/);
  const [qk] = charts();
  press(qk as HTMLElement, "ArrowRight");
  draw(numbersOf(2, 2, [8, 1]));
  expect(read.at(-1)).toBe("head 0, QK: singular value 1 of 2: 8; larger in 0 of 2 heads");
});

test("another block forgets what was read of a head of the same number", () => {
  draw(numbersOf(2, 2));
  press(canvas(), "ArrowRight");
  draw({ ...numbersOf(2, 2), title: "next" });
  expect(read.at(-1)).toBe("");
  expect(pixel(canvas(), 0, 0)).toEqual([...tableColor(diverging, 1), 255]);
});

test("without a head nothing is read any more", () => {
  draw(numbersOf(2, 2));
  press(canvas(), "ArrowRight");
  panel.draw(null, palette(find("section")));
  expect(read.at(-1)).toBe("");
  const before = read.length;
  panel.draw(null, palette(find("section")));
  expect(read.length).toBe(before);
});

test("reading a chart ends the reading of the picture, and of the other chart", () => {
  draw(numbersOf(2, 2));
  const [qk, ov] = charts();
  if (!qk || !ov) throw new Error("no charts");
  const plain = ov.toDataURL();
  press(canvas(), "ArrowRight");
  press(ov, "ArrowRight");
  expect(pixel(canvas(), 0, 0)).toEqual([...tableColor(diverging, 1), 255]);
  expect(ov.toDataURL() === plain).toBe(false);
  press(qk, "ArrowRight");
  expect(ov.toDataURL() === plain).toBe(true);
});

test("the entry that is read is framed in the theme's two colours", () => {
  draw(numbersOf(2, 2));
  for (const key of ["ArrowRight", "ArrowRight"]) press(canvas(), key);
  const scale = canvas().width / 3;
  const { surface, text } = palette(find("section"));
  const shown = (color: string) => {
    const context = document.createElement("canvas").getContext("2d") as CanvasRenderingContext2D;
    context.fillStyle = color;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const middle = Math.floor(scale / 2);
  expect(pixel(canvas(), scale - 1, middle)).toEqual(shown(surface));
  expect(pixel(canvas(), scale - 2, middle)).toEqual(shown(text));
  expect(pixel(canvas(), scale + middle, middle)).toEqual([...tableColor(diverging, 50), 255]);
});
