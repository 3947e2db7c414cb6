import { expect, test } from "vitest";
import {
  countTicks,
  decadeTicks,
  digitsFor,
  formatCompact,
  formatCount,
  formatShare,
  formatWeight,
  indexTicks,
  linear,
  weightTicks,
} from "../src/axis";

test("a weight has four significant digits, a true minus, and names for what is no number", () => {
  expect([0.0123456, -2, 0, 1e-9].map(formatWeight)).toEqual(["0.01235", "−2", "0", "1e-9"]);
  expect([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map(formatWeight)).toEqual([
    "NaN",
    "∞",
    "−∞",
  ]);
});

test("counts are whole with separators, short on an axis", () => {
  expect(formatCount(1234567)).toBe("1,234,567");
  expect([9999, 25000, 134000000].map(formatCompact)).toEqual(["9,999", "25k", "134M"]);
});

test("a share is a percentage, and a dash where there is none", () => {
  expect([0.1234, 1, Number.NaN].map(formatShare)).toEqual(["12.3%", "100%", "–"]);
});

test("a linear scale meets both ends, and a range of one point stays where it starts", () => {
  const scale = linear(-1, 3, 100, 300);
  expect([scale(-1), scale(1), scale(3)]).toEqual([100, 200, 300]);
  expect(linear(2, 2, 10, 20)(2)).toBe(10);
});

test("ticks stand where the scale puts their value", () => {
  const scale = linear(-1, 1, 0, 200);
  expect(weightTicks(-1, 1, scale, 2)).toEqual([
    { position: 0, label: "−1" },
    { position: 100, label: "0" },
    { position: 200, label: "1" },
  ]);
});

test("a count axis has no fractional ticks", () => {
  const labels = countTicks(2, linear(0, 2, 0, 1), 8).map((tick) => tick.label);
  expect(labels).toEqual(["0", "1", "2"]);
});

test("a logarithmic count axis has its decades up to the highest count", () => {
  expect(decadeTicks(2500, (value) => value).map((tick) => tick.label)).toEqual(["1", "10", "100", "1,000"]);
});

test("an axis of nothing has no decades, and begins at zero", () => {
  expect(decadeTicks(0, (value) => value)).toEqual([]);
  expect(decadeTicks(1, (value) => value).map((tick) => tick.label)).toEqual(["1"]);
  expect(countTicks(1, linear(0, 1, 0, 1), 4).map((tick) => tick.label)).toEqual(["0", "1"]);
});

test("the labels of a narrow range can be told apart", () => {
  const scale = linear(1, 1.000002, 0, 400);
  expect(weightTicks(1, 1.000002, scale, 4).map((tick) => tick.label)).toEqual([
    "1",
    "1.0000005",
    "1.000001",
    "1.0000015",
    "1.000002",
  ]);
  expect([digitsFor(0.5, 1), digitsFor(1e-6, 1), digitsFor(1e-300, 1), digitsFor(0, 0)]).toEqual([
    4, 7, 17, 4,
  ]);
});

test("places along an axis that begins anywhere are whole and written in full", () => {
  const marks = indexTicks(99_990, 100_012, linear(99_990, 100_012, 0, 220), 4);
  expect(marks.map(({ label }) => label)).toEqual(["99,990", "99,995", "100,000", "100,005", "100,010"]);
  expect(marks.map(({ position }) => position)).toEqual([0, 50, 100, 150, 200]);
  expect(indexTicks(3, 4, (value) => value, 10).map(({ label }) => label)).toEqual(["3", "4"]);
});
