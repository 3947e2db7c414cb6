import { beforeEach, expect, test } from "vitest";
import type { Palette } from "../src/canvas";
import { fit } from "../src/canvas";
import { type Layout, layOut, type Norm, type Order } from "../src/channels_data";
import { drawCursor, drawMarks, drawRow } from "../src/channels_draw";
import { negativeInfinity, notANumber } from "../src/color";
import { pixel } from "./fake_model";

const EM = 12;
const WIDTH = 420;
const COLORS: Palette = {
  text: "#111111",
  muted: "#222222",
  line: "#dddddd",
  surface: "#ffffff",
  accent: "#0000ff",
  bar: "#ff0000",
  overlay: "#00ff00",
  band: "#00ffff",
  font: `${EM}px sans-serif`,
};
const RED = [255, 0, 0, 255];
const GREEN = [0, 255, 0, 255];
const WHITE = [255, 255, 255, 255];

function normOf(scale: number[], near: number[] = [], shift: number[] | null = null): Norm {
  const places = scale.map((_, place) => place);
  const order = places.sort((a, b) => Math.abs(scale[a] ?? 0) - Math.abs(scale[b] ?? 0));
  return {
    title: "norm",
    scale: Float64Array.from(scale),
    shift: shift && Float64Array.from(shift),
    running_mean: null,
    running_var: null,
    order: Uint8Array.from(order),
    near: new Set(near),
    median: 1,
    threshold: 0.1,
    notes: [],
  };
}

let canvas: HTMLCanvasElement;
let context: CanvasRenderingContext2D;
let layout: Layout;

beforeEach(() => {
  canvas = document.createElement("canvas");
  layout = layOut(2, WIDTH, EM);
  context = fit(canvas, WIDTH, layout.height).context;
  context.fillStyle = COLORS.surface;
  context.fillRect(0, 0, WIDTH, layout.height);
});

function draw(norm: Norm, order: Order = "index", row: "scale" | "shift" = "scale", index = 0): void {
  drawRow(context, norm, [row, row], index, order, layout, COLORS, EM);
}

const middle = (place: number, count: number) =>
  layout.left + ((place + 0.5) / count) * (layout.right - layout.left);

/** A pixel of a bar, `share` of the plot's height above its base. */
function above(place: number, count: number, share: number, index = 0): number[] {
  const y = index * layout.step + layout.top + layout.plot * (1 - share);
  const ratio = devicePixelRatio;
  return pixel(canvas, Math.round(middle(place, count) * ratio), Math.round(y * ratio));
}

test("bars begin at zero and end at their numbers", () => {
  draw(normOf([1, 2, 4]));
  expect([0.05, 0.2, 0.3, 0.9].map((share) => above(0, 3, share))).toEqual([RED, RED, WHITE, WHITE]);
  expect([0.05, 0.45, 0.55].map((share) => above(1, 3, share))).toEqual([RED, RED, WHITE]);
  expect([0.05, 0.95].map((share) => above(2, 3, share))).toEqual([RED, RED]);
});

test("negative numbers hang from zero", () => {
  draw(normOf([-1, 1]));
  expect([0.1, 0.4, 0.6, 0.9].map((share) => above(0, 2, share))).toEqual([RED, RED, WHITE, WHITE]);
  expect([0.1, 0.4, 0.6, 0.9].map((share) => above(1, 2, share))).toEqual([WHITE, WHITE, RED, RED]);
});

test("a number that is not zero is never invisible, and zero has no bar", () => {
  draw(normOf([1000, 0.001, 0]));
  const found = [1, 2].map((place) => {
    const heights = Array.from({ length: 6 }, (_, line) => {
      const y = layout.top + layout.plot + 1 - line;
      return pixel(canvas, Math.round(middle(place, 3) * devicePixelRatio), Math.round(y * devicePixelRatio));
    });
    return heights.filter((color) => color.join() === RED.join()).length;
  });
  expect(found).toEqual([1, 0]);
});

test("by scale the bars rise", () => {
  draw(normOf([4, 1, 2]), "scale");
  expect(above(0, 3, 0.3)).toEqual(WHITE);
  expect(above(1, 3, 0.4)).toEqual(RED);
  expect(above(1, 3, 0.6)).toEqual(WHITE);
  expect(above(2, 3, 0.9)).toEqual(RED);
});

test("channels near zero have another colour in every row", () => {
  const norm = normOf([4, 0.3, 4], [1], [2, 2, 2]);
  draw(norm);
  draw(norm, "index", "shift", 1);
  expect(above(1, 3, 0.03)).toEqual(GREEN);
  expect(above(1, 3, 0.5, 1)).toEqual(GREEN);
  expect(above(0, 3, 0.5, 1)).toEqual(RED);
});

test("a row that the norm does not have is not drawn", () => {
  draw(normOf([1, 2]), "index", "shift", 1);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  expect(data.every((part) => part === 255)).toBe(true);
});

test("what is not finite fills its column in its own colour", () => {
  draw(normOf([1, Number.NaN, Number.NEGATIVE_INFINITY]));
  for (const share of [0.1, 0.9]) {
    expect(above(1, 3, share).slice(0, 3)).toEqual([...notANumber]);
    expect(above(2, 3, share).slice(0, 3)).toEqual([...negativeInfinity]);
  }
});

test("a channel near zero shows among thousands that share its pixel", () => {
  const scale = Array.from({ length: 4000 }, (_, channel) => (channel === 2000 ? 0.05 : 1));
  draw({ ...normOf(scale, [2000]), order: Uint16Array.from(scale.keys()) });
  const x = Math.floor((layout.left + (layout.right - layout.left) / 2) * devicePixelRatio);
  const base = Math.round((layout.top + layout.plot) * devicePixelRatio) - 1;
  const around = [-1, 0, 1].map((step) => pixel(canvas, x + step, base).join());
  expect(around).toContain(GREEN.join());
});

test("marks stand below the channels near zero, in the order that is shown", () => {
  const norm = normOf([4, 0.1, 4, 4], [1]);
  const y = Math.round((layout.top + layout.plot + 0.55 * EM) * devicePixelRatio);
  const marked = () =>
    [0, 1, 2, 3].map(
      (place) => pixel(canvas, Math.round(middle(place, 4) * devicePixelRatio), y).join() === GREEN.join(),
    );
  drawMarks(context, norm, "index", layout, COLORS, EM);
  expect(marked()).toEqual([false, true, false, false]);
  drawMarks(context, norm, "scale", layout, COLORS, EM);
  expect(marked()).toEqual([true, true, false, false]);
});

test("the cursor frames its channel through all charts", () => {
  drawCursor(context, 1, 4, layout, COLORS, EM);
  const left = layout.left + (layout.right - layout.left) / 4;
  const columns = [-1, 0].map((step) => Math.floor(left * devicePixelRatio) + step);
  for (const y of [10, layout.height / 2, layout.height - 10]) {
    const found = columns.map((x) => pixel(canvas, x, Math.round(y * devicePixelRatio)));
    expect(found.some(([red = 255, , blue = 0]) => red < 160 && blue === 255)).toBe(true);
  }
});
