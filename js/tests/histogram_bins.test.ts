import { expect, test } from "vitest";
import {
  accumulate,
  binEdges,
  countsOf,
  type Frame,
  type Overlay,
  overlayCells,
  total,
  unpackRanks,
} from "../src/histogram_bins";
import { decode } from "../src/wire";
import { conv, edges, expectedOf, wide } from "./histogram_fixture";

const BINS = [1, 2, 3, 7, 50, 100, 255, 256];

for (const [name, histogram] of Object.entries({ conv, wide })) {
  test.for(BINS)(`the layer and its filter have numpy's counts: ${name}, %i bins`, (bins) => {
    const frame = decode<Frame>(histogram.state.frame);
    const overlay = decode<Overlay>(histogram.state.overlay);
    const expected = expectedOf(histogram, bins);
    const cells = overlayCells(overlay, frame.cells.length);
    const ranks = unpackRanks(frame.edge_ranks, frame.cells.length);
    expect([...countsOf(accumulate(frame.cells), ranks, bins)]).toEqual(expected.counts);
    expect([...countsOf(accumulate(cells), ranks, bins)]).toEqual(expected.filter);
  });
}

test("a step between edges that needs more than 8 bits is carried", () => {
  const packed = {
    steps: Int8Array.of(0, 0, 0, 44, -44),
    carry: { index: Uint16Array.of(3, 4), step: Int32Array.of(256, -256) },
  };
  expect([...unpackRanks(packed, 1000)]).toEqual([0, 1000, 0, 800, 1000]);
});

test("the two fixtures bring a filter in both of the ways in which it travels", () => {
  expect(decode<Overlay>(conv.state.overlay).weights).toBeInstanceOf(Uint16Array);
  const overlay = decode<Overlay>(wide.state.overlay);
  expect(overlay.weights).toBeNull();
  expect(overlay.carry).not.toBeNull();
});

test.for(edges)("edges are to the last bit those of Python: $low to $high, $bins bins", (span) => {
  expect([...binEdges(span.low, span.high, span.bins, span.single)]).toEqual(span.edges);
});

test("counts in a layer of more than 2**32 weights stay exact", () => {
  const before = accumulate(Float64Array.of(2 ** 40, 1, 2 ** 41));
  expect([...before]).toEqual([0, 2 ** 40, 2 ** 40 + 1, 2 ** 40 + 1 + 2 ** 41]);
});

test("several bins hold the sum of what each holds", () => {
  expect(total([1, 2, 3, 4], 1, 2)).toBe(5);
  expect(total([1, 2, 3, 4], 3, 3)).toBe(4);
});
