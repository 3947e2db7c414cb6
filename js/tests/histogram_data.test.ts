import { expect, test } from "vitest";
import { HistogramData, rowsOf } from "../src/histogram_data";
import type { WeightHistogramState } from "../src/state";
import { conv, expectedOf, wide } from "./histogram_fixture";

const ALL = new Set(["frame", "overlay", "fine", "selection"]);

function data(state: WeightHistogramState): HistogramData {
  const made = new HistogramData();
  made.update(state, ALL);
  return made;
}

const sum = (counts: number[]) => counts.reduce((left, right) => left + right, 0);

test("up to 256 bins are at hand, and beyond only those that the kernel counted", () => {
  const made = data(wide.state);
  expect([1, 256, 300, 301].map((bins) => made.atHand(bins))).toEqual([1, 256, 300, 256]);
  const { counts, filter } = expectedOf(wide, 300);
  const binned = made.binned(300);
  expect([...(binned?.counts ?? [])]).toEqual(counts);
  expect([...(binned?.overlay ?? [])]).toEqual(filter);
});

test("parts of another frame are kept out until theirs arrives", () => {
  const late = { ...conv.state, frame: { ...conv.state.frame, token: 8 } };
  const made = data(late);
  expect([made.overlay, made.selection, made.band()]).toEqual([null, null, null]);
  expect(made.binned(50)?.overlay).toBeNull();
  made.update(conv.state, new Set(["frame"]));
  expect(made.overlay?.filter_index).toBe(5);
  expect(made.selection).not.toBeNull();
});

test("a finer count of another filter is not drawn as this one's", () => {
  const fine = { ...wide.state.fine, filter: { ...(wide.state.fine.filter as object), index: 0 } };
  expect(data({ ...wide.state, fine }).binned(300)?.overlay).toBeNull();
});

test("some bins hold what the sum of their counts says, of the layer and of the filter", () => {
  const made = data(conv.state);
  const binned = made.binned(7);
  if (!binned) throw new Error("the fixture holds a frame");
  const { counts, filter, edges } = expectedOf(conv, 7);
  const held = made.held(binned, 2, 4);
  expect([held.low, held.high]).toEqual([edges[2], edges[5]]);
  expect(held.count).toBe(sum(counts.slice(2, 5)));
  expect(held.share).toBe(held.count / 600);
  expect(held.filter).toEqual({
    unit: "filter",
    index: 5,
    count: sum(filter.slice(2, 5)),
    share: sum(filter.slice(2, 5)) / 75,
  });
});

test("the kernel's answer about the selected range is handed on as it is", () => {
  const answer = data(conv.state).answered();
  expect([answer?.low, answer?.high]).toEqual([0, 0.1]);
  expect(answer?.share).toBe((answer?.count ?? 0) / 600);
  expect(data({ ...conv.state, selection: {} }).answered()).toBeNull();
});

test("the band lies on the bins that were selected, or where the range is, cut to the plot", () => {
  const with_ = (part: Record<string, unknown>) =>
    data({ ...conv.state, selection: { ...conv.state.selection, ...part } });
  expect(with_({ snapped: [50, 10, 19] }).band()).toEqual([0.2, 0.4]);
  const made = data(conv.state);
  const [low = 0, high = 0] = made.frame?.range ?? [];
  expect(made.band()?.[0]).toBeCloseTo((0 - low) / (high - low), 12);
  const bytes = new DataView(Float64Array.of(-9, 9).buffer);
  expect(with_({ range: { shape: [2], dtype: "float64", data: bytes } }).band()).toEqual([0, 1]);
});

test("without a frame there is nothing", () => {
  const made = data({ ...conv.state, frame: {} });
  expect([made.binned(50), made.overlay, made.band()]).toEqual([null, null, null]);
});

test("the table of bins has a line per bin, and no filter where there is none", () => {
  const { counts, filter, edges } = expectedOf(conv, 3);
  const [names, ...rows] = rowsOf(data(conv.state).binned(3));
  expect(names).toEqual(["bin_left", "bin_right", "count", "filter_count"]);
  expect(rows).toEqual(counts.map((count, bin) => [edges[bin], edges[bin + 1], count, filter[bin]]));
  const alone = rowsOf(data({ ...conv.state, overlay: {} }).binned(3)).slice(1);
  expect(alone.map((row) => row[3])).toEqual(["", "", ""]);
  expect(rowsOf(null)).toHaveLength(1);
});
