import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Input } from "../src/matrix_input";
import { point, press } from "./fake_model";

let canvas: HTMLCanvasElement;
let calls: [string, ...number[]][];
const abort = new AbortController();
const EDGES = { left: 50, top: 20 };

beforeEach(() => {
  canvas = document.createElement("canvas");
  canvas.tabIndex = 0;
  document.body.append(canvas);
  calls = [];
  const note =
    (name: string) =>
    (...given: (number | undefined)[]) => {
      calls.push([name, ...given.map((value) => Math.round((value ?? Number.NaN) * 1000) / 1000)]);
    };
  const actions = {
    pan: note("pan"),
    zoom: note("zoom"),
    whole: note("whole"),
    hover: (at: { x: number; y: number } | null) => note("hover")(...(at ? [at.x, at.y] : [])),
    select: note("select"),
    keyed: note("keyed"),
    selectMiddle: note("selectMiddle"),
    size: () => ({ width: 800, height: 400 }),
  };
  new Input(
    canvas,
    () => EDGES,
    actions,
    (target, type, listener, options = {}) =>
      target.addEventListener(type, listener as EventListener, { ...options, signal: abort.signal }),
  );
});

afterEach(() => canvas.remove());

describe("keys", () => {
  test.each([
    ["ArrowLeft", ["pan", -100, 0]],
    ["ArrowRight", ["pan", 100, 0]],
    ["ArrowUp", ["pan", 0, -50]],
    ["ArrowDown", ["pan", 0, 50]],
    ["PageUp", ["pan", 0, -400]],
    ["PageDown", ["pan", 0, 400]],
    ["+", ["zoom", 1]],
    ["=", ["zoom", 1]],
    ["-", ["zoom", -1]],
    ["Home", ["whole"]],
  ])("%s moves the view, which then reads its middle", (key, call) => {
    expect(press(canvas, key).defaultPrevented).toBe(true);
    expect(calls).toEqual([call, ["keyed"]]);
  });

  test("Shift pans by a whole view", () => {
    press(canvas, "ArrowRight", { shiftKey: true });
    expect(calls[0]).toEqual(["pan", 800, 0]);
  });

  test.each(["Enter", " "])("%j selects the row in the middle", (key) => {
    press(canvas, key);
    expect(calls).toEqual([["selectMiddle"]]);
  });

  test("a press puts the focus on the view, so that its keys are heard", () => {
    expect(document.activeElement).not.toBe(canvas);
    point(canvas, "pointerdown", 60, 30);
    expect(document.activeElement).toBe(canvas);
  });

  test.each(["ctrlKey", "altKey", "metaKey"])("with %s they are the browser's", (modifier) => {
    expect(press(canvas, "+", { [modifier]: true }).defaultPrevented).toBe(false);
    expect(press(canvas, "q").defaultPrevented).toBe(false);
    expect(calls).toEqual([]);
  });
});

describe("the pointer", () => {
  test("reads from the corner of the room, inside of the edges", () => {
    point(canvas, "pointermove", 60, 25);
    point(canvas, "pointerleave", 60, 25);
    expect(calls).toEqual([["hover", 10, 5], ["hover"]]);
  });

  test("that hardly moves clicks, and one that moves drags", () => {
    point(canvas, "pointerdown", 60, 30);
    point(canvas, "pointermove", 61, 31);
    point(canvas, "pointerup", 61, 31);
    expect(calls).toEqual([
      ["hover", 11, 11],
      ["select", 11, 11],
    ]);
    calls.length = 0;
    point(canvas, "pointerdown", 60, 30);
    point(canvas, "pointermove", 80, 20);
    point(canvas, "pointerup", 80, 20);
    expect(calls).toEqual([
      ["pan", -20, 10],
      ["hover", 30, 0],
    ]);
  });

  test("of another button than the first does nothing", () => {
    point(canvas, "pointerdown", 60, 30, { button: 2 });
    point(canvas, "pointerup", 60, 30, { button: 2 });
    expect(calls).toEqual([]);
  });
});

describe("fingers", () => {
  test("a finger that is taken away by the system drags no more", () => {
    point(canvas, "pointerdown", 60, 30);
    point(canvas, "pointercancel", 60, 30);
    point(canvas, "pointermove", 90, 30);
    expect(calls).toEqual([["hover", 40, 10]]);
  });

  test("fingers twice as far apart are one octave, about the middle between them", () => {
    point(canvas, "pointerdown", 60, 30, { pointerId: 1 });
    point(canvas, "pointerdown", 80, 30, { pointerId: 2 });
    point(canvas, "pointermove", 100, 30, { pointerId: 2 });
    expect(calls).toEqual([
      ["zoom", 1, 30, 10],
      ["pan", -10, 0],
      ["hover", 50, 10],
    ]);
    point(canvas, "pointerup", 100, 30, { pointerId: 2 });
    point(canvas, "pointerup", 60, 30, { pointerId: 1 });
    expect(calls.filter(([name]) => name === "select")).toEqual([]);
  });

  test("in one place have no distance to zoom by", () => {
    point(canvas, "pointerdown", 60, 30, { pointerId: 1 });
    point(canvas, "pointerdown", 60, 30, { pointerId: 2 });
    point(canvas, "pointermove", 90, 30, { pointerId: 2 });
    expect(calls.map(([name]) => name)).toEqual(["pan", "hover"]);
  });
});

describe("a mouse", () => {
  test("a double click zooms in there, with Shift out", () => {
    const twice = (shiftKey: boolean) => {
      const { left, top } = canvas.getBoundingClientRect();
      canvas.dispatchEvent(new MouseEvent("dblclick", { clientX: left + 70, clientY: top + 40, shiftKey }));
    };
    twice(false);
    twice(true);
    expect(calls).toEqual([
      ["zoom", 1, 20, 20],
      ["zoom", -1, 20, 20],
    ]);
  });
});

describe("the wheel", () => {
  const wheel = (options: WheelEventInit) => {
    const { left, top } = canvas.getBoundingClientRect();
    const event = new WheelEvent("wheel", {
      clientX: left + 70,
      clientY: top + 40,
      cancelable: true,
      ...options,
    });
    canvas.dispatchEvent(event);
    return event.defaultPrevented;
  };

  test("belongs to the page until the view has the focus", () => {
    expect(wheel({ deltaY: 100 })).toBe(false);
    expect(calls).toEqual([]);
    canvas.focus();
    expect(wheel({ deltaY: 100 })).toBe(true);
    expect(calls).toEqual([["zoom", -0.5, 20, 20]]);
  });

  test("zooms out as far as it zoomed in, where the pointer is", () => {
    canvas.focus();
    wheel({ deltaY: -100 });
    wheel({ deltaY: 100 });
    expect(calls).toEqual([
      ["zoom", 0.5, 20, 20],
      ["zoom", -0.5, 20, 20],
    ]);
  });

  test("with Ctrl zooms at once, half an octave a notch, and a pinch as far as the fingers", () => {
    wheel({ deltaY: -100, ctrlKey: true });
    wheel({ deltaY: -10, ctrlKey: true });
    wheel({ deltaY: 3, deltaMode: WheelEvent.DOM_DELTA_LINE, ctrlKey: true });
    expect(calls.map(([, octaves]) => octaves)).toEqual([0.5, 0.2, -0.495]);
  });
});
