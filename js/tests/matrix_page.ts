/** The matrix in a page, with a kernel that answers from the weights themselves. */

import matrix from "../src/matrix";
import { type Frame, MatrixData, type Tile } from "../src/matrix_data";
import type { WeightMatrixState } from "../src/state";
import { decode, toBytes } from "../src/wire";
import { type Kernel, nextFrame, type Shown, show, thaw } from "./fake_model";
import fixtures from "./fixtures/matrix.json";
import "../src/matrix.css";

export type State = WeightMatrixState;
export type Name = keyof typeof fixtures;

export const state = (name: Name): State => thaw<State>(fixtures[name]);

export interface MatrixPage extends Shown<State> {
  text: (selector: string) => string;
  canvas: HTMLCanvasElement;
}

export async function settled(): Promise<void> {
  for (let frame = 0; frame < 3; frame++) await nextFrame();
}

export async function open(name: Name, changes: Partial<State> = {}, width = 860): Promise<MatrixPage> {
  const shown = show(matrix, { ...state(name), ...changes }, width);
  await settled();
  return {
    ...shown,
    text: (selector) => shown.find(selector).textContent ?? "",
    canvas: shown.find<HTMLCanvasElement>(".ww-matrix-canvas"),
  };
}

/** What the published traits say, read as the view reads them. */
export function dataOf(traits: State): MatrixData {
  const found = new MatrixData();
  found.takeFrame(traits.frame);
  found.takePages(traits.pages);
  found.takeRow(traits.row);
  return found;
}

export const frameOf = (name: Name): Frame => decode<Frame>(state(name).frame);

const wireArray = (values: Float32Array | Uint8Array | Uint32Array, dtype: string) => ({
  shape: [values.length],
  dtype,
  data: new DataView(values.buffer as ArrayBuffer),
});

/** A tile as the wire carries it, every value its own row times 1000 plus its column. */
export function wireTile(frame: Frame, place: readonly number[], height = frame.side, width = frame.side) {
  const [rowLevel = 0, colLevel = 0, down = 0, across = 0] = place;
  const rows = Uint32Array.from({ length: height }, (_, line) => (down * frame.side + line) * 2 ** rowLevel);
  const values = Float32Array.from({ length: height * width }, (_, index) => {
    const column = (across * frame.side + (index % width)) * 2 ** colLevel;
    return 1000 * (rows[Math.floor(index / width)] ?? 0) + column;
  });
  const levels = new Uint8Array(height * width).fill(128);
  return {
    place: [...place],
    rows: wireArray(rows, "uint32"),
    labels: "",
    levels: wireArray(levels, "uint8"),
    values: wireArray(values, "float32"),
    height,
    width,
    nonfinite: false,
  };
}

export const pagesOf = (frame: Frame, ...places: (readonly number[])[]) => ({
  token: frame.token,
  tiles: places.map((place) => wireTile(frame, place)),
});

export const sharpest = (data: MatrixData): Tile => {
  const [tile] = data.drawn([0, 0], [0, 1, 0, 1]).slice(-1);
  if (!tile) throw new Error("no tile is in hand");
  return tile;
};

const ofLarge = (frame: Frame) => ({
  token: frame.token,
  arrangement: 7,
  title: toBytes("large"),
  rows: frame.rows,
  cols: frame.cols,
  side: frame.side,
  overview: frame.overview,
  labelled: frame.labelled,
});

/** A matrix of 4096 x 4096 whose tiles come when they are asked for, and the places of those asked so far. */
export async function openLargeMatrix(
  changes: Partial<State> = {},
): Promise<{ view: MatrixPage; asked: number[][]; frame: Frame }> {
  const frame = { ...frameOf("small"), rows: 4096, cols: 4096, side: 128, overview: [4, 3], labelled: false };
  const asked: number[][] = [];
  const view = await open("small", { frame: state("small").frame, ...changes });
  const kernel: Kernel<State> = (message) => {
    const tiles = message.wanted?.tiles;
    if (!tiles) return undefined;
    asked.push(...tiles);
    return { pages: pagesOf(frame, ...tiles) };
  };
  view.model.kernel = kernel;
  view.model.receive({ frame: { ...state("small").frame, ...ofLarge(frame) }, pages: {}, row: {} });
  await rounds(8);
  return { view, asked, frame };
}

/** Wait for so many questions and answers. */
export async function rounds(count: number): Promise<void> {
  for (let round = 0; round < count; round++) await settled();
}
