/** What `tests/widgets/test_experts.py` wrote, and mixtures of any size. */

import { type Grid, type Pairs, readGrid, readPairs, readRows } from "../src/experts_data";
import type { ExpertGridState } from "../src/state";
import { toBytes } from "../src/wire";
import { nextFrame, thaw } from "./fake_model";
import fixture from "./fixtures/experts.json";

export const states = thaw<Record<"before" | "separate" | "fused", ExpertGridState>>(fixture);
export const rows = readRows(states.separate.rows);
export const grid = readGrid(states.separate.grid, rows) as Grid;
export const pairs = readPairs(states.separate.pairs, rows) as Pairs;

export async function settle(): Promise<void> {
  for (let frame = 0; frame < 3; frame++) await nextFrame();
}

const array = (values: Uint8Array | Float64Array, dtype: string) => ({
  shape: [values.length],
  dtype,
  data: new DataView(values.buffer as ArrayBuffer),
});

/** A mixture whose layers hold so many experts, a tensor for each layer; its norms are their places. */
export function mixture(counts: number[], layers: number[] = counts.map(() => 1)): ExpertGridState {
  const width = Math.max(...counts);
  const of = (layer: number, place: number) => layers[layer] === 1 && place < (counts[layer] ?? 0);
  const each = counts.flatMap((_, layer) => Array.from({ length: width }, (_, place) => [layer, place]));
  const known = Uint8Array.from(each, ([layer = 0, place = 0]) => Number(of(layer, place)));
  const norms = Float64Array.from(each, ([, place = 0], index) => (known[index] ? place : Number.NaN));
  const table = {
    values: array(norms, "float64"),
    levels: array(Uint8Array.from(known).fill(200), "uint8"),
    known: array(known, "uint8"),
    ends: array(known.some(Boolean) ? Float64Array.of(0, width - 1) : Float64Array.of(0, 0), "float64"),
  };
  const failed = layers.flatMap((state, layer) => (state === 3 ? [[layer, "of <i>two</i> sizes"]] : []));
  const content = {
    pattern: "l.*.experts.w",
    label: "l.*.experts.w",
    shape: "4 × 2",
    choices: [{ pattern: "l.*.experts.w", label: "l.*.experts.w" }],
    rows: counts.map((count, layer) => ({
      depth: String(layer),
      names: [`l.${layer}.experts.w`],
      labels: [`l.${layer}.experts.w`],
      numbers: Array.from({ length: count }, (_, place) => place),
    })),
  };
  return {
    ...states.fused,
    pattern: toBytes(content.pattern),
    layer: toBytes("l.0.experts.w"),
    expert: 0,
    rows: { text: toBytes(JSON.stringify(content)), token: 7 },
    grid: {
      norm: table,
      similarity: table,
      state: array(Uint8Array.from(layers), "uint8"),
      sentences: toBytes(JSON.stringify(Object.fromEntries(failed))),
      measured: layers.filter(Boolean).length,
      non_finite: 0,
      live: false,
      token: 7,
    },
    pairs: {},
  };
}
