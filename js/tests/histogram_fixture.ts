/** The histograms that `tests/widgets/test_histogram.py` wrote for these tests. */

import type { WeightHistogramState } from "../src/state";
import { thaw } from "./fake_model";
import fixture from "./fixtures/histogram.json";

export interface Expected {
  counts: number[];
  filter: number[];
  edges: number[];
}

export interface Case {
  state: WeightHistogramState;
  expected: Record<string, Expected>;
}

const bytes: unknown = fixture;
const read = thaw<{ conv: Case; wide: Case; edges: Edges[] }>(bytes);

interface Edges {
  low: number;
  high: number;
  bins: number;
  single: boolean;
  edges: number[];
}

/** A float32 convolution with NaN and infinities, its central range, filter 5, and a selected range. */
export const conv = read.conv;
/** A float64 matrix with 40 000 weights per row, most of row 1 equal, at 300 bins. */
export const wide = read.wide;
export const edges = read.edges;

export function expectedOf({ expected }: Case, bins: number): Expected {
  const found = expected[String(bins)];
  if (!found) throw new Error(`the fixture has no ${bins} bins`);
  return found;
}
