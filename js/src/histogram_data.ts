/** The frames in hand, decoded once, and the questions that they answer without the kernel. */

import {
  accumulate,
  binEdges,
  countsOf,
  type Fine,
  type Frame,
  MOST_AT_HAND,
  type Overlay,
  overlayCells,
  type Selection,
  total,
  unpackRanks,
} from "./histogram_bins";
import type { Held } from "./histogram_words";
import type { WeightHistogramState } from "./state";
import { decode, isEmpty } from "./wire";

export interface Binned {
  counts: Float64Array;
  overlay: Float64Array | null;
  edges: Float64Array;
}

/** Part of the range, from 0 (its low end) to 1. */
export type Band = readonly [number, number];

function read<T>(value: unknown): T | null {
  return isEmpty(value) ? null : decode<T>(value);
}

export class HistogramData {
  frame: Frame | null = null;
  /** The filter drawn over the layer: only ever one that belongs to the frame in hand. */
  overlay: Overlay | null = null;
  selection: Selection | null = null;
  #fine: Fine | null = null;
  #ranks: Uint16Array = new Uint16Array();
  #before: Float64Array = new Float64Array(1);
  #overlayBefore: Float64Array = new Float64Array(1);

  update(
    state: Pick<WeightHistogramState, "frame" | "overlay" | "fine" | "selection">,
    changed: ReadonlySet<string>,
  ) {
    if (changed.has("frame")) {
      this.frame = read<Frame>(state.frame);
      const { cells, edge_ranks } = this.frame ?? { cells: [], edge_ranks: null };
      this.#before = accumulate(cells);
      this.#ranks = edge_ranks ? unpackRanks(edge_ranks, cells.length) : new Uint16Array();
    }
    const belongs = <T extends { token: number }>(part: T | null) =>
      part?.token === this.frame?.token ? part : null;
    if (changed.has("frame") || changed.has("overlay")) {
      this.overlay = belongs(read<Overlay>(state.overlay));
      if (this.overlay) this.#overlayBefore = accumulate(overlayCells(this.overlay, this.#before.length - 1));
    }
    this.selection = belongs(read<Selection>(state.selection));
    this.#fine = belongs(read<Fine>(state.fine));
  }

  /** How many bins can be drawn now when `bins` are asked for: those of the last answer until the next is there. */
  atHand(bins: number): number {
    return bins <= MOST_AT_HAND || this.#fine?.bins === bins ? bins : MOST_AT_HAND;
  }

  /** The histogram with `bins` bins, which must be at hand; null without a layer. */
  binned(bins: number): Binned | null {
    const { frame, overlay } = this;
    if (!frame) return null;
    const [low = 0, high = 1] = frame.range;
    const edges = binEdges(low, high, bins, frame.single);
    if (bins > MOST_AT_HAND) {
      const fine = this.#fine;
      if (!fine) return null;
      const ofFilter = overlay && fine.filter?.index === overlay.filter_index ? fine.filter.counts : null;
      return {
        edges,
        counts: Float64Array.from(fine.counts),
        overlay: ofFilter && Float64Array.from(ofFilter),
      };
    }
    return {
      edges,
      counts: countsOf(this.#before, this.#ranks, bins),
      overlay: overlay && countsOf(this.#overlayBefore, this.#ranks, bins),
    };
  }

  /** What the bins from `first` to `last` hold. */
  held({ counts, overlay, edges }: Binned, first: number, last: number): Held {
    const count = total(counts, first, last);
    const filter = overlay && this.overlay ? { overlay, of: this.overlay } : null;
    const ofFilter = filter ? total(filter.overlay, first, last) : 0;
    return {
      low: edges[first] ?? 0,
      high: edges[last + 1] ?? 0,
      count,
      share: count / (this.frame?.numel ?? 0),
      filter: filter && {
        unit: this.frame?.unit ?? "",
        index: filter.of.filter_index,
        count: ofFilter,
        share: ofFilter / filter.of.numel,
      },
    };
  }

  /** The kernel's answer about the selected range. */
  answered(): Held | null {
    if (!this.selection) return null;
    const { range, count, share, filter } = this.selection;
    return {
      low: range[0] ?? 0,
      high: range[1] ?? 0,
      count,
      share: share[0] ?? 0,
      filter: filter && {
        unit: this.frame?.unit ?? "",
        index: filter.index,
        count: filter.count,
        share: filter.share[0] ?? 0,
      },
    };
  }

  /** Where the selected range lies; a range that was given in Python may reach beyond the histogram's. */
  band(): Band | null {
    if (!this.selection || !this.frame) return null;
    const { snapped, range } = this.selection;
    if (snapped) return [snapped[1] / snapped[0], (snapped[2] + 1) / snapped[0]];
    const [low = 0, high = 1] = this.frame.range;
    const part = (value = 0) => Math.min(1, Math.max(0, (value - low) / (high - low)));
    return [part(range[0]), part(range[1])];
  }
}

/** The bins as a table: a line of names, then a line per bin. */
export function rowsOf(binned: Binned | null): (string | number)[][] {
  const { counts, overlay, edges } = binned ?? { counts: [], overlay: null, edges: [] };
  const rows = Array.from(counts, (count, bin) => [
    edges[bin] ?? 0,
    edges[bin + 1] ?? 0,
    count,
    overlay?.[bin] ?? "",
  ]);
  return [["bin_left", "bin_right", "count", "filter_count"], ...rows];
}
