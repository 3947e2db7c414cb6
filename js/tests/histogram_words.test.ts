import { expect, test } from "vitest";
import type { Frame, Overlay } from "../src/histogram_bins";
import { captionOf, heldBy, weights } from "../src/histogram_words";

const frame: Frame = {
  token: 1,
  title: "conv1",
  numel: 1000,
  range: Float64Array.of(-1, 1),
  single: true,
  cells: new Uint8Array(1),
  edge_ranks: { steps: new Int8Array(2), carry: null },
  below: 0,
  above: 0,
  nan: 0,
  posinf: 0,
  neginf: 0,
  unit: "filter",
  filters: 8,
  notes: [],
};
const overlay: Overlay = {
  token: 1,
  filter_index: 12,
  numel: 27,
  seed: null,
  weights: null,
  cells: null,
  carry: null,
  notes: [],
};

test("the caption says whose axis is whose", () => {
  expect(captionOf(frame, overlay, false)).toBe(
    "Grey bars, left axis: all 1,000 weights of the layer. Orange outline, right axis: the 27 weights of filter 12.",
  );
  expect(captionOf(frame, null, false)).not.toContain("right axis");
});

test.each([
  ["weight", "right axis: weight 12 alone."],
  ["row", "right axis: the one weight of row 12."],
])("a single weight is not counted, in a layer of %ss", (unit, said) => {
  expect(captionOf({ ...frame, unit }, { ...overlay, numel: 1 }, false)).toContain(said);
});

test("every weight that is not in the bars is accounted for", () => {
  const said = captionOf({ ...frame, below: 3, above: 2, nan: 1, neginf: 4 }, null, false);
  expect(said).toContain("Outside of this range: 3 below and 2 above (0.5%).");
  expect(said).toContain("In no bin: 1 NaN, 4 −∞.");
});

test("a shuffled filter, a crowded plot and notes are told, each note once", () => {
  const note = "Read while a cell was running.";
  const said = captionOf({ ...frame, notes: [note] }, { ...overlay, seed: 0, notes: [note] }, true);
  expect(said).toContain("filter 12, after all weights of the layer were shuffled (seed 0).");
  expect(said).toContain("each column shows its highest bin");
  expect(said.split(note)).toHaveLength(2);
});

test("a layer of no weight or of one is spoken of as such", () => {
  expect(captionOf({ ...frame, numel: 0, notes: ["A note."] }, overlay, false)).toBe(
    "This layer holds no weights. A note.",
  );
  expect(captionOf({ ...frame, numel: 1 }, null, false)).toContain("the one weight of the layer");
  expect([weights(1), weights(12345)]).toEqual(["1 weight", "12,345 weights"]);
});

test("a bin tells its range, its count and its share, of the layer and of the filter", () => {
  const held = {
    low: -0.05,
    high: 0.1,
    count: 512,
    share: 0.512,
    filter: { unit: "filter", index: 3, count: 2, share: 0.25 },
  };
  expect(heldBy(held)).toBe("−0.05 to 0.1: 512 weights, 51.2% · filter 3: 2, 25%");
  const ofRow = heldBy({ ...held, filter: { ...held.filter, unit: "row" } });
  expect(ofRow).toBe("−0.05 to 0.1: 512 weights, 51.2% · row 3: 2, 25%");
  expect(heldBy({ ...held, filter: null })).toBe("−0.05 to 0.1: 512 weights, 51.2%");
});

test("the two ends of a narrow bin can be told apart", () => {
  const held = { low: 1, high: 1.0000002, count: 1, share: 1, filter: null };
  expect(heldBy(held)).toBe("1 to 1.0000002: 1 weight, 100%");
});

test("the caption calls a filter what the kernel calls it", () => {
  expect(captionOf({ ...frame, unit: "row" }, overlay, false)).toContain("the 27 weights of row 12.");
});
