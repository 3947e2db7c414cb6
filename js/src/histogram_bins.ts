/** From the cells of a frame to the bins on the screen: adding integers, and the edges as numpy has them. */

import type { Numbers } from "./wire";

/** Up to here every bin count lies in the frame in hand. */
export const MOST_AT_HAND = 256;
/** Beyond it the kernel counts, up to here. */
export const MOST_BINS = 4096;
const OUTSIDE = 65535;

/** From edge to edge of a bin count, by how much its place differs more from that of edges which lie evenly. */
export interface PackedRanks {
  steps: Int8Array;
  /** What a step lacks because 8 bits are too few. */
  carry: { index: Numbers; step: Numbers } | null;
}

/** What `WeightHistogram.frame` holds. */
export interface Frame {
  token: number;
  title: string;
  numel: number;
  /** Lowest and highest edge. */
  range: Float64Array;
  /** Whether the edges are float32. */
  single: boolean;
  /** Weights between neighbouring distinct edges. */
  cells: Numbers;
  /** For each bin count from 1 to 256, the place of each of its edges among the distinct ones, as `unpackRanks` reads it. */
  edge_ranks: PackedRanks;
  below: number;
  above: number;
  nan: number;
  posinf: number;
  neginf: number;
  filters: number;
  /** What one of its filters is called. */
  unit: string;
  notes: string[];
}

/** What `WeightHistogram.overlay` holds: the cell of each weight, or how many weights each cell holds. */
export interface Overlay {
  token: number;
  filter_index: number;
  numel: number;
  /** The seed with which the layer's weights were shuffled before the filter was taken; null: they were not. */
  seed: number | null;
  weights: Uint16Array | null;
  cells: Numbers | null;
  /** What a count in `cells` lacks because its dtype is too small. */
  carry: { index: Numbers; count: Numbers } | null;
  notes: string[];
}

/** What `WeightHistogram.selection` holds. */
export interface Selection {
  token: number;
  range: Float64Array;
  /** The bin count and the first and last bin that were selected, if bins were. */
  snapped: [number, number, number] | null;
  count: number;
  share: Float64Array;
  filter: { index: number; count: number; share: Float64Array } | null;
}

/** What `WeightHistogram.fine` holds: counts of more bins than the frame answers. */
export interface Fine {
  token: number;
  bins: number;
  counts: Numbers;
  filter: { index: number; counts: Numbers } | null;
}

/** `before[i]`: how many weights lie below distinct edge `i`; the last one is all of them. */
export function accumulate(cells: ArrayLike<number>): Float64Array {
  const before = new Float64Array(cells.length + 1);
  let sum = 0;
  for (let index = 0; index < cells.length; index++) {
    sum += cells[index] ?? 0;
    before[index + 1] = sum;
  }
  return before;
}

/** The place of each edge of 1 to 256 bins among the distinct edges, between which there are so many cells. */
export function unpackRanks({ steps, carry }: PackedRanks, cells: number): Uint16Array {
  const exact = Int32Array.from(steps);
  carry?.index.forEach((place, index) => {
    exact[place] = (exact[place] ?? 0) + (carry.step[index] ?? 0);
  });
  const ranks = new Uint16Array(exact.length);
  for (let bins = 1, place = 0; place < ranks.length; bins++) {
    let more = 0;
    for (let edge = 0; edge <= bins; edge++, place++) {
      more += exact[place] ?? 0;
      ranks[place] = Math.floor((edge * cells) / bins) + more;
    }
  }
  return ranks;
}

/** The overlay's count per cell, `length` cells as in the frame it belongs to. */
export function overlayCells(overlay: Overlay, length: number): Float64Array {
  const cells = new Float64Array(length);
  if (overlay.weights) {
    for (const cell of overlay.weights) if (cell !== OUTSIDE) cells[cell] = (cells[cell] ?? 0) + 1;
    return cells;
  }
  if (overlay.cells) cells.set(overlay.cells);
  const { index, count } = overlay.carry ?? { index: [], count: [] };
  for (let place = 0; place < index.length; place++) {
    const cell = index[place] ?? 0;
    cells[cell] = (cells[cell] ?? 0) + (count[place] ?? 0);
  }
  return cells;
}

/** The counts of `bins` bins, as differences of what lies below their edges. */
export function countsOf(before: Float64Array, ranks: Uint16Array, bins: number): Float64Array {
  const counts = new Float64Array(bins);
  const start = ((bins - 1) * (bins + 2)) / 2;
  let below = before[ranks[start] ?? 0] ?? 0;
  for (let bin = 0; bin < bins; bin++) {
    const next = before[ranks[start + bin + 1] ?? 0] ?? 0;
    counts[bin] = next - below;
    below = next;
  }
  return counts;
}

/** The edges of `bins` equal bins, to the last bit those of `analysis.histogram.bin_edges`. */
export function binEdges(low: number, high: number, bins: number, single: boolean): Float64Array {
  const edges = single ? singleEdges(low, high, bins) : null;
  if (edges) return edges;
  const plain = spaced(low, high, bins, 1);
  if (increases(plain)) return plain;
  return spaced(low, high, bins, Math.max(Math.abs(low), Math.abs(high)) > 1 ? 0.5 : 2 ** 1000);
}

function singleEdges(low: number, high: number, bins: number): Float64Array | null {
  const step = Math.fround(Math.fround(high - low) / bins);
  const edges = Float64Array.from({ length: bins + 1 }, (_, index) =>
    Math.fround(Math.fround(index * step) + low),
  );
  edges[bins] = high;
  return increases(edges) ? edges : null;
}

function spaced(low: number, high: number, bins: number, scale: number): Float64Array {
  const [start, end] = [low * scale, high * scale];
  const step = (end - start) / bins;
  const edges = Float64Array.from({ length: bins + 1 }, (_, index) => (index * step + start) / scale);
  edges[0] = low;
  edges[bins] = high;
  return edges;
}

function increases(edges: Float64Array): boolean {
  return edges.every((edge, index) => index === 0 || edge > (edges[index - 1] ?? edge));
}

export function total(counts: ArrayLike<number>, first: number, last: number): number {
  let sum = 0;
  for (let index = first; index <= last; index++) sum += counts[index] ?? 0;
  return sum;
}
