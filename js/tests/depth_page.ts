/** The depth view in a page, with what `tests/widgets/test_depth.py` wrote for it. */

import depth from "../src/depth";
import { type Layout, layOut, type Rows, readRows, readSlices, type Slices, sizeOf } from "../src/depth_data";
import { STATISTICS } from "../src/depth_words";
import type { DepthViewState } from "../src/state";
import { toBytes, toText } from "../src/wire";
import { nextFrame, type Shown, show, thaw } from "./fake_model";
import fixture from "./fixtures/depth.json";
import "../src/depth.css";

export const EM = 12;
export const states = thaw<Record<"before" | "up" | "conv" | "hostile", DepthViewState>>(fixture);
export const rows = readRows(states.up.rows);
export const slices = readSlices(states.up.slices, rows) as Slices;

export interface DepthPage extends Shown<DepthViewState> {
  canvas: HTMLCanvasElement;
  /** What scrolls. */
  window: HTMLElement;
  text: (selector: string) => string;
  /** The layers that were asked for. */
  asked: () => string[];
  layout: (of?: Slices, count?: number) => Layout;
  /** The middle of a layer's cell in CSS pixels, as it is scrolled. */
  middle: (index: number, of?: Slices) => number;
}

export async function settle(): Promise<void> {
  for (let frame = 0; frame < 3; frame++) await nextFrame();
}

export async function open(state: DepthViewState, width = 700): Promise<DepthPage> {
  const shown = show(depth, state, width);
  await settle();
  const window = shown.find(".ww-depth-window");
  const layout = (of = slices, count = of.state.length) => {
    const sizes = Array.from({ length: count }, (_, index) => sizeOf(of, index));
    const em = Number.parseFloat(getComputedStyle(shown.root).fontSize);
    return layOut(sizes, window.clientWidth, em, devicePixelRatio);
  };
  return {
    ...shown,
    window,
    canvas: shown.find<HTMLCanvasElement>(".ww-depth-canvas"),
    text: (selector) => shown.find(selector).textContent ?? "",
    asked: () => shown.model.messages.map((message) => toText(message.layer)).filter(Boolean),
    layout,
    middle: (index, of) => layout(of).gutter + (index + 0.5) * layout(of).cell - window.scrollLeft,
  };
}

/** The rows of a network of `count` layers, as Python sends them. */
export function rowsOf(count: number): { frame: DepthViewState["rows"]; rows: Rows } {
  const names = Array.from({ length: count }, (_, index) => `l.${index}.w`);
  const content = {
    pattern: "l.*.w",
    label: "l.*.w",
    choices: [{ pattern: "l.*.w", label: "l.*.w", count }],
    names,
    labels: names,
    depths: names.map((_, index) => String(index)),
    shapes: names.map(() => "40 × 40"),
  };
  return { frame: { text: toBytes(JSON.stringify(content)), token: 9 }, rows: { ...content, token: 9 } };
}

const array = (values: Uint8Array | Float64Array | Int32Array, dtype: string) => ({
  shape: [values.length],
  dtype,
  data: new DataView(values.buffer as ArrayBuffer),
});

/** The numbers of those layers: squares of `side` pixels, the first `measured` of them read, all statistics `index`. */
export function slicesOf(count: number, side: number, states: number[] = Array(count).fill(1)) {
  const read = states.map((state) => state === 1 || state === 2);
  const pixels = read.filter(Boolean).length * side * side;
  const each = STATISTICS.length;
  const values = Float64Array.from({ length: count * each }, (_, at) =>
    read[Math.floor(at / each)] ? Math.floor(at / each) : Number.NaN,
  );
  const sizes = Int32Array.from({ length: 2 * count }, (_, at) => (read[at >> 1] ? side : 0));
  const sentences = Object.fromEntries(
    states.flatMap((state, index) => (state === 3 ? [[index, `layer ${index} is on <i>meta</i>`]] : [])),
  );
  return {
    values: array(values, "float64"),
    state: array(Uint8Array.from(states), "uint8"),
    sizes: array(sizes, "int32"),
    levels: array(new Uint8Array(pixels).fill(255), "uint8"),
    flags: array(new Uint8Array(pixels), "uint8"),
    limit: array(Float64Array.of(count - 1), "float64"),
    measured: states.filter((state) => state === 1 || state === 3).length,
    live: false,
    text: toBytes(JSON.stringify({ sentences, blocks: read.map((known) => (known ? "1 weight" : "")) })),
    token: 9,
  };
}
