import { expect, test } from "vitest";
import { tableNumber, tableShare } from "../src/table_number";
import written from "./fixtures/table_number.json";

const asNumber = (value: number | string) => Number(value);

test("numbers are written as Python writes them in the statistics", () => {
  expect(written.numbers.length).toBeGreaterThan(500);
  for (const [value, text] of written.numbers as [number | string, string][])
    expect([value, tableNumber(asNumber(value))]).toEqual([value, text]);
});

test("shares are written as Python writes them in the statistics", () => {
  expect(written.shares.length).toBeGreaterThan(100);
  for (const [value, text] of written.shares as [number | string, string][])
    expect([value, tableShare(asNumber(value))]).toEqual([value, text]);
});

test("below a thousandth every number has an exponent, and none above it", () => {
  expect([9.9994e-4, 9.99996e-4, 0.001, 0.0012355].map(tableNumber)).toEqual([
    "9.999e-4",
    "0.001",
    "0.001",
    "0.001236",
  ]);
  expect([12_345.6, 9_999_499.4, 12_345_678].map(tableNumber)).toEqual(["12,346", "9,999,499", "1.235e+7"]);
});

test("all is written only where it is exact, and a dash where there is nothing", () => {
  expect([1, 0.999_999, 0, Number.NaN].map(tableShare)).toEqual(["100%", "<100%", "0%", "–"]);
});
