import { afterEach, beforeEach, expect, test } from "vitest";
import "../src/gates.css";
import { palette } from "../src/canvas";
import { diverging, tableColor } from "../src/color";
import { GateRows } from "../src/gates_rows";
import { type Host, mount, type Shared } from "../src/view";
import { FakeModel, pixel, point, press } from "./fake_model";
import { type Read, read, states } from "./gates_fixture";

interface Stage {
  rows: GateRows<Shared>;
  host: Host<Shared>;
  said: string[];
  close: () => void;
}

const shared: Shared = {
  error: new DataView(new ArrayBuffer(0)),
  notice: new DataView(new ArrayBuffer(0)),
  size: "normal",
  picture_request: 0,
  png: {},
};

function stage(): Stage {
  const el = document.createElement("div");
  el.style.width = "900px";
  document.body.append(el);
  const said: string[] = [];
  let made: Pick<Stage, "rows" | "host"> | undefined;
  const close = mount(
    { model: new FakeModel(shared), el },
    { kind: "gates", label: "x", exports: { name: () => "x" } },
    (host) => {
      const rows = new GateRows(host, (sentence) => said.push(sentence));
      host.body.append(rows.element);
      made = { rows, host };
    },
  );
  if (!made) throw new Error("the view mounted nothing");
  return {
    ...made,
    said,
    close: () => {
      close();
      el.remove();
    },
  };
}

let on: Stage;
const first = read(states.first);

beforeEach(() => {
  on = stage();
});
afterEach(() => on.close());

const show = ({ frame, shown, bars }: Read) => on.rows.draw({ frame, shown, bars }, palette(on.host.root));
const sections = () => [...on.rows.element.querySelectorAll<HTMLElement>(".ww-gates-row")];
const canvas = (row: number, kind: "picture" | "bars") =>
  sections()[row]?.querySelector<HTMLCanvasElement>(`.ww-gates-${kind}`) as HTMLCanvasElement;

test("a row is a section with a name of its own, and so are its pictures", () => {
  show(first);
  expect(sections().map((section) => section.ariaLabel)).toEqual([
    "gate i, input gate",
    "gate f, forget gate",
    "gate g, cell candidate",
    "gate o, output gate",
  ]);
  expect(canvas(1, "picture").ariaLabel).toBe("Gate f: 2 x 2 numbers; arrow keys read them");
  expect(canvas(1, "bars").ariaLabel).toContain("Histogram of gate f");
});

test("each picture shows its own gate's weights on the one scale", () => {
  show(first);
  sections().forEach((_, row) => {
    const picture = canvas(row, "picture");
    const side = picture.width / 2;
    expect(Number.isInteger(side)).toBe(true);
    for (const [entry, x, y] of [
      [1, side, 0],
      [2, 0, side],
    ] as const) {
      const level = first.shown.levels[4 * row + entry] ?? 0;
      expect(pixel(picture, x + 1, y + 1)).toEqual([...tableColor(diverging, level), 255]);
    }
  });
});

test("rows come and go with the block, and none is left without one", () => {
  show(first);
  show(read(states.cell));
  expect(sections().length).toBe(4);
  on.rows.draw(null, palette(on.host.root));
  expect(sections()).toEqual([]);
});

test("the bias stands in a gate's row unless biases are what is shown", () => {
  show(first);
  const bias = () => sections()[0]?.querySelector(".ww-gates-bias")?.textContent;
  expect(bias()).toBe(first.frame.biases[0]);
  expect(bias()).toMatch(/^bias −?[\d.]+ ± [\d.]+$/);
  show(read(states.bias));
  expect(bias()).toBe("");
});

test("what is not finite is said in the row that holds it alone", () => {
  show({ ...first, shown: { ...first.shown, strays: [0, 3, 0, 0] } });
  const told = sections().map((section) => section.querySelector(".ww-gates-strays")?.textContent);
  expect(told).toEqual(["", "3 NaN or infinite, left out", "", ""]);
});

test("reading one picture ends the reading of another", () => {
  show(first);
  const before = canvas(0, "picture").toDataURL();
  press(canvas(0, "picture"), "ArrowRight");
  expect(canvas(0, "picture").toDataURL()).not.toBe(before);
  press(canvas(2, "picture"), "ArrowRight");
  expect(canvas(0, "picture").toDataURL()).toBe(before);
  expect(on.said.at(-1)).toMatch(/^g: unit 0, state 0/);
});

test("the reading starts at the first entry and stays within the last", () => {
  show(first);
  for (const key of ["ArrowUp", "ArrowUp", "ArrowLeft"]) press(canvas(3, "picture"), key);
  expect(on.said.at(-1)).toMatch(/^o: unit 0, state 0/);
  for (let step = 0; step < 5; step++) press(canvas(3, "picture"), "ArrowDown");
  expect(on.said.at(-1)).toMatch(/^o: unit 1, state 0/);
  expect(press(canvas(3, "picture"), "Enter").defaultPrevented).toBe(false);
});

test("a bar is marked while it is read", () => {
  show(first);
  const before = canvas(1, "bars").toDataURL();
  const { width } = canvas(1, "bars").getBoundingClientRect();
  point(canvas(1, "bars"), "pointermove", width / 2 + 8, 30);
  expect(on.said.at(-1)).toBe("f: 0 to 1: 2 weights");
  expect(canvas(1, "bars").toDataURL()).not.toBe(before);
  point(canvas(1, "bars"), "pointerleave", 0, 0);
  expect(canvas(1, "bars").toDataURL()).toBe(before);
  expect(on.said.at(-1)).toBe("");
});

test("what was read of another block is forgotten, what was read of the same one stays", () => {
  show(first);
  press(canvas(1, "picture"), "ArrowRight");
  const marked = canvas(1, "picture").toDataURL();
  show(first);
  expect(canvas(1, "picture").toDataURL()).toBe(marked);
  show(read(states.bias));
  show(first);
  expect(canvas(1, "picture").toDataURL()).not.toBe(marked);
});

test("without counts the histogram is hidden and cannot be read", () => {
  on.rows.draw({ ...first, bars: null }, palette(on.host.root));
  expect(canvas(0, "bars").hidden).toBe(true);
  expect(press(canvas(0, "bars"), "ArrowRight").defaultPrevented).toBe(false);
});

test("hostile names of gates and roles are only text", () => {
  const frame = { ...first.frame, names: ["<b>", "f", "g", "o"], roles: ["<img src=x>", "", "", ""] };
  show({ ...first, frame });
  expect(on.rows.element.querySelector("img")).toBeNull();
  expect(sections()[0]?.ariaLabel).toBe("gate <b>, <img src=x>");
});

test("every row's numbers are its own", () => {
  show(first);
  sections().forEach((section, row) => {
    const told = [...section.querySelectorAll("dd")].map((cell) =>
      Number(cell.textContent?.replace("−", "-")),
    );
    const own = [...first.shown.numbers].slice(5 * row, 5 * row + 5);
    expect(told).toEqual(own.map((value) => expect.closeTo(value, 3)));
  });
});
