/** The frames that `tests/widgets/test_heads.py` wrote, and heads made up for a single test. */

import type { HeadNumbers, Tiles } from "../src/heads_data";
import type { AttentionHeadsState } from "../src/state";
import { thaw } from "./fake_model";
import fixture from "./fixtures/heads.json";

interface Fixture {
  q: AttentionHeadsState;
  k: AttentionHeadsState;
  asking: AttentionHeadsState;
}

export const states = thaw<Fixture>(fixture);

/** Heads whose singular values are `spectrum`, shared as said, with norms 1, 2, 3, ... */
export function numbersOf(heads: number, kv_heads: number, spectrum: number[] = [2, 1]): HeadNumbers {
  const repeat = (count: number) => Array.from({ length: count }, () => spectrum).flat();
  return {
    token: 1,
    title: "block",
    description: "",
    notes: [],
    heads,
    kv_heads,
    norms: Float64Array.from({ length: 6 * heads }, (_, at) => 1 + at),
    ranks: Float64Array.from({ length: 4 * heads }, (_, at) => 100 + at),
    qk: Float32Array.from(repeat(heads)),
    ov: Float32Array.from(repeat(heads)),
  };
}

/** Pictures of 1 x 2 entries, a level for each head. */
export function tilesOf(count: number): Tiles {
  return {
    token: 1,
    role: "q",
    refusal: "",
    count,
    height: 1,
    width: 2,
    block_rows: 1,
    block_cols: 1,
    limit: Float64Array.of(3),
    levels: Uint8Array.from({ length: 2 * count }, (_, at) => 10 * (at >> 1) + 1),
    flags: null,
  };
}
