import { expect, test } from "vitest";
import {
  barEdges,
  channelAt,
  layOut,
  type Norm,
  placeAt,
  placeOf,
  readListing,
  readNorm,
  rowsOf,
  spanOf,
} from "../src/channels_data";
import { channelSentence, crowdSentence, nearSentence, THRESHOLDS } from "../src/channels_words";
import { toBytes } from "../src/wire";

const EM = 12;

const norm: Norm = {
  title: "bn",
  scale: Float64Array.of(2, -0.05, 1, Number.NaN),
  shift: Float64Array.of(0, 0.5, -1, 1),
  running_mean: null,
  running_var: null,
  order: Uint8Array.of(1, 2, 0, 3),
  near: new Set([1]),
  median: 1,
  threshold: 0.1,
  notes: [],
};

/** An array as Python writes it. */
function wired(numbers: number[]) {
  const values = Float64Array.from(numbers);
  return { shape: [numbers.length], dtype: "float64", data: new DataView(values.buffer) };
}

test("an empty frame stands for nothing to draw", () => {
  expect(readNorm({})).toBeUndefined();
  expect(readListing({})).toEqual({ names: [], labels: [] });
});

test("a frame is read with its sets, its sentences and its single numbers", () => {
  const read = readNorm({
    title: toBytes("ln"),
    scale: wired([1, 0, 3]),
    shift: null,
    running_mean: null,
    running_var: null,
    order: wired([1, 0, 2]),
    near_zero: wired([1]),
    median: wired([1]),
    limit: wired([0.1]),
    threshold: wired([0.1]),
    notes: toBytes(JSON.stringify(["one", "two"])),
  });
  expect(read?.title).toBe("ln");
  expect([...(read?.near ?? [])]).toEqual([1]);
  expect([read?.median, read?.threshold]).toEqual([1, 0.1]);
  expect(read?.notes).toEqual(["one", "two"]);
  expect(read && rowsOf(read).map(([row]) => row)).toEqual(["scale"]);
});

test("the norms to choose from keep their names beside what is shown of them", () => {
  const [names, labels] = [["a\u202e"], ["a[U+202E]"]].map((part) => toBytes(JSON.stringify(part)));
  expect(readListing({ names, labels })).toEqual({ names: ["a\u202e"], labels: ["a[U+202E]"] });
});

test("a place and its channel lead to each other in both orders", () => {
  for (const order of ["index", "scale"] as const)
    for (let place = 0; place < 4; place++)
      expect(placeOf(norm, order, channelAt(norm, order, place))).toBe(place);
  expect([0, 1, 2, 3].map((place) => channelAt(norm, "scale", place))).toEqual([1, 2, 0, 3]);
});

test("a channel is told with every number that it has", () => {
  expect(channelSentence(norm, 0)).toBe("channel 0: scale 2, shift 0");
  expect(channelSentence(norm, 1)).toBe("channel 1: scale −0.05, shift 0.5; near zero");
  expect(channelSentence(norm, 3)).toBe("channel 3: scale NaN, shift 1");
  const batch = { ...norm, running_mean: norm.shift, running_var: norm.shift };
  expect(channelSentence(batch, 2)).toBe(
    "channel 2: scale 1, shift −1, running mean −1, running variance −1",
  );
});

test("near zero is said with its threshold, its median and the channels", () => {
  expect(nearSentence(norm)).toBe("Near zero, within 10% of the median magnitude 1: 1 of 4 channels (1).");
  const none = { ...norm, near: new Set<number>() };
  expect(nearSentence(none)).toBe("Near zero, within 10% of the median magnitude 1: 0 of 4 channels.");
});

test("thresholds rise, and are shares of the median", () => {
  const shares = THRESHOLDS.map(([share]) => Number(share));
  expect(shares).toEqual([...shares].sort((left, right) => left - right));
  expect(shares.every((share) => share > 0 && share <= 1)).toBe(true);
  expect(THRESHOLDS.map(([, label]) => label)).toContain("10% of the median");
});

test("charts stand below one another and fill the width", () => {
  const one = layOut(1, 500, EM);
  const four = layOut(4, 500, EM);
  expect(four.height).toBe(4 * one.height);
  expect(one.top + one.plot).toBeLessThan(one.step);
  expect(one.right).toBeGreaterThan(480);
  expect(layOut(1, 0, EM).right).toBeGreaterThan(0);
  expect(layOut(1, 500, 20).plot).toBeGreaterThan(one.plot);
});

test("the place under the pointer is the bar that is drawn there", () => {
  const plan = layOut(1, 333, EM);
  const edges = barEdges(plan, 7, 1);
  for (let place = 0; place < 7; place++) {
    const middle = ((edges[place] ?? 0) + (edges[place + 1] ?? 0)) / 2;
    expect(placeAt(plan, 7, middle)).toBe(place);
  }
  expect(placeAt(plan, 7, plan.right + 1)).toBeNull();
  expect(placeAt(plan, 0, plan.left)).toBeNull();
});

test("an axis spans all finite numbers and zero", () => {
  expect(spanOf(norm.scale)).toEqual([-0.05, 2]);
  expect(spanOf(Float64Array.of(Number.POSITIVE_INFINITY))).toEqual([0, 1]);
});

test("that bars overlap is said only where they do", () => {
  expect(crowdSentence(240, 240)).toBe("");
  expect(crowdSentence(241, 240)).toMatch(/^241 channels on 240 pixels/);
});
