/** The matrix in a page, with a kernel that answers from the weights themselves. */

import matrix from "../src/matrix";
import { type Frame, MatrixData, type Tile } from "../src/matrix_data";
import type { WeightMatrixState } from "../src/state";
import { decode } from "../src/wire";
import { nextFrame, type Shown, show, thaw } from "./fake_model";
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
