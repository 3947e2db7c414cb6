import { afterEach, beforeEach, describe, expect, test } from "vitest";
import matrix from "../src/matrix";
import { point, press, watchListeners } from "./fake_model";
import { frameOf, type MatrixPage, open, openLargeMatrix, type State, settled, state } from "./matrix_page";

let view: MatrixPage;

afterEach(() => view.close());

async function openLarge(changes: Partial<State> = {}): Promise<number[][]> {
  const made = await openLargeMatrix(changes);
  view = made.view;
  return made.asked;
}

const readout = () => view.text(".ww-matrix-readout");
const status = () => view.text(".ww-live");

test("the words say what is shown, and what the colours mean", async () => {
  view = await open("small");
  expect(view.text(".ww-title")).toContain("w linear");
  expect(view.text(".ww-caption")).toContain("Some weights are NaN or infinite.");
  const limit = frameOf("small").limit[0] ?? 0;
  const [low, zero, high] = [...view.find(".ww-matrix-limits").children].map((part) => part.textContent);
  expect([low, zero]).toEqual([`−${high}`, "0"]);
  expect(Number(high)).toBeCloseTo(limit, 3);
  expect(view.text(".ww-matrix-side")).toContain("∞");
});

test("strays are explained only where there are any", async () => {
  view = await open("ordered");
  const notes = [...view.root.querySelectorAll<HTMLElement>(".ww-matrix-side .ww-matrix-note")];
  expect(notes.at(-1)?.hidden).toBe(true);
});

describe("tiles", () => {
  test("are asked for until all that is in sight is there, at most as many as one message may carry", async () => {
    const asked = await openLarge();
    const finest = Math.min(...asked.map(([level = 0]) => level));
    expect(asked.length).toBe(new Set(asked.map(String)).size);
    expect(view.model.messages.every(({ wanted }) => (wanted?.tiles?.length ?? 0) <= 9)).toBe(true);
    // 4096 rows in some 380 pixels: sixteen to one.
    expect(finest).toBe(4);
    const before = asked.length;
    await settled();
    expect(asked.length).toBe(before);
  });

  test("of single weights are asked for at the deepest zoom, and then read", async () => {
    const asked = await openLarge();
    for (let step = 0; step < 20; step++) press(view.canvas, "+");
    for (let round = 0; round < 4; round++) await settled();
    expect(asked.at(-1)?.slice(0, 2)).toEqual([0, 0]);
    press(view.canvas, "ArrowRight");
    await settled();
    const [, row, column, value] = /row (\d+).*, column (\d+): (.+)/.exec(readout()) ?? [];
    expect(Number(value)).toBe(1000 * Number(row) + Number(column));
    expect(status()).toContain("column");
  });

  test("a step back asks for nothing that is still in hand", async () => {
    const asked = await openLarge();
    press(view.canvas, "+");
    for (let round = 0; round < 4; round++) await settled();
    const before = asked.length;
    press(view.canvas, "-");
    await settled();
    expect(asked.length).toBe(before);
  });
});

const drawn = async () => {
  await settled();
  return view.canvas.toDataURL();
};

describe("keys and buttons", () => {
  beforeEach(async () => {
    await openLarge();
  });

  test("Home shows the whole matrix again", async () => {
    const whole = await drawn();
    press(view.canvas, "+");
    press(view.canvas, "ArrowDown");
    expect(await drawn()).not.toBe(whole);
    press(view.canvas, "Home");
    point(view.canvas, "pointermove", 300, 200);
    expect(await drawn()).toBe(whole);
  });

  test("buttons do what keys do", async () => {
    const whole = await drawn();
    const button = (label: string) => view.find<HTMLButtonElement>(`button[aria-label="${label}"]`);
    button("zoom in").click();
    const near = await drawn();
    expect(near).not.toBe(whole);
    button("zoom out").click();
    expect(await drawn()).toBe(whole);
    button("zoom in").click();
    button("show the whole matrix").click();
    expect(await drawn()).toBe(whole);
  });

  test("keys with Ctrl belong to the browser, and none leaves the view", () => {
    const seen: string[] = [];
    const listen = (event: KeyboardEvent) => seen.push(event.key);
    document.body.addEventListener("keydown", listen);
    expect(press(view.canvas, "+", { ctrlKey: true }).defaultPrevented).toBe(false);
    expect(press(view.canvas, "ArrowLeft").defaultPrevented).toBe(true);
    press(view.canvas, "d");
    document.body.removeEventListener("keydown", listen);
    expect(seen).toEqual([]);
  });
});

describe("the pointer", () => {
  beforeEach(async () => {
    await openLarge();
  });

  test("a drag pans and selects nothing", async () => {
    press(view.canvas, "+");
    press(view.canvas, "+");
    point(view.canvas, "pointermove", 300, 200);
    const before = readout();
    const saves = view.model.messages.filter((message) => "filter_index" in message).length;
    point(view.canvas, "pointerdown", 300, 200);
    point(view.canvas, "pointermove", 250, 150);
    point(view.canvas, "pointerup", 250, 150);
    point(view.canvas, "pointermove", 250, 150);
    // What was under the pointer has come along.
    expect(readout()).toBe(before);
    expect(view.model.messages.filter((message) => "filter_index" in message).length).toBe(saves);
  });

  test("two fingers zoom about the middle between them", async () => {
    const finger = (id: number, type: string, x: number) =>
      point(view.canvas, type, x, 200, { pointerId: id });
    const whole = await drawn();
    finger(1, "pointerdown", 300);
    finger(2, "pointerdown", 340);
    finger(2, "pointermove", 420);
    finger(1, "pointermove", 260);
    finger(1, "pointerup", 260);
    finger(2, "pointerup", 420);
    expect(await drawn()).not.toBe(whole);
    press(view.canvas, "-");
    press(view.canvas, "-");
    press(view.canvas, "-");
    point(view.canvas, "pointermove", 300, 200);
    expect(await drawn()).toBe(whole);
  });

  test("the wheel zooms in the focused view or with Ctrl, and else belongs to the page", async () => {
    const wheel = (options: WheelEventInit) => {
      const event = new WheelEvent("wheel", { deltaY: -100, bubbles: true, cancelable: true, ...options });
      view.canvas.dispatchEvent(event);
      return event.defaultPrevented;
    };
    view.canvas.blur();
    expect(wheel({})).toBe(false);
    expect(wheel({ ctrlKey: true })).toBe(true);
    view.canvas.focus();
    expect(wheel({})).toBe(true);
  });
});

describe("rows", () => {
  test("a click selects the row under the pointer, in whatever order", async () => {
    view = await open("ordered");
    point(view.canvas, "pointermove", 400, 60);
    const [, row] = /row (\d+)/.exec(readout()) ?? [];
    point(view.canvas, "pointerdown", 400, 60);
    point(view.canvas, "pointerup", 400, 60);
    expect(view.model.get("filter_index")).toBe(Number(row));
  });

  test("Enter selects the row in the middle", async () => {
    view = await open("small");
    press(view.canvas, "Enter");
    expect(view.model.get("filter_index")).toBe(4);
  });

  test("the selected row is named and shown as the image that it is taken for", async () => {
    view = await open("small");
    expect(view.text(".ww-matrix-name")).toBe("row 3 “tok3”");
    expect(view.text(".ww-matrix-side")).toContain("assumed 3 × 4");
    const image = view.find<HTMLCanvasElement>(".ww-matrix-image");
    expect(image.width / image.height).toBeCloseTo(4 / 3, 6);
    view.close();
    view = await open("ordered");
    expect(view.find<HTMLCanvasElement>(".ww-matrix-image").hidden).toBe(true);
  });
});

test("while a large matrix is read the view says so, and how far it is", async () => {
  view = await open("small");
  expect(view.find(".ww-matrix-reading").hidden).toBe(true);
  const share = { shape: [1], dtype: "float64", data: new DataView(Float64Array.of(0.42).buffer) };
  view.model.receive({ frame: { ...state("small").frame, token: 5, preview: true }, progress: { share } });
  expect(view.find(".ww-matrix-reading").hidden).toBe(false);
  expect(view.text(".ww-matrix-reading")).toBe("preview; reading all 108 weights: 42 %");
  expect(view.find<HTMLProgressElement>("progress").value).toBeCloseTo(0.42, 9);
});

test("two displays of one view keep their own places and take each other's tiles", async () => {
  const asked = await openLarge();
  const el = document.createElement("div");
  el.style.width = "860px";
  document.body.append(el);
  const cleanUp = matrix.render({ model: view.model, el });
  for (let round = 0; round < 8; round++) await settled();
  const other = el.querySelector<HTMLCanvasElement>(".ww-matrix-canvas");
  const [before, count] = [other?.toDataURL(), asked.length];
  press(view.canvas, "+");
  for (let round = 0; round < 4; round++) await settled();
  expect(asked.length).toBeGreaterThan(count);
  expect(other?.toDataURL()).toBe(before);
  const again = asked.length;
  press(other as HTMLElement, "+");
  for (let round = 0; round < 4; round++) await settled();
  expect(other?.toDataURL()).not.toBe(before);
  expect(asked.length).toBe(again);
  cleanUp();
  el.remove();
});

test("nothing is left behind", async () => {
  const watch = watchListeners();
  view = await open("small");
  const { model } = view;
  press(view.canvas, "+");
  await settled();
  view.close();
  expect(watch.left()).toEqual([]);
  expect(model.listening).toBe(0);
  watch.stop();
});

test("a narrow view still shows its matrix and its words", async () => {
  view = await open("small", {}, 400);
  expect(view.canvas.clientWidth).toBeLessThanOrEqual(400);
  expect(view.root.scrollWidth).toBeLessThanOrEqual(view.root.clientWidth);
});
