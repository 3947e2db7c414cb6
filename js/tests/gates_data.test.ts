import { expect, test } from "vitest";
import {
  countOf,
  distinct,
  type Listed,
  NUMBERS,
  nearest,
  numberRows,
  readFrame,
  readListing,
  rowName,
} from "../src/gates_data";
import { read, states } from "./gates_fixture";

const layers = readListing(states.first.listing);
const { frame, shown, bars, spectra } = read(states.first);

const at = (place: number): Listed => layers[place] as Listed;

test("every layer and direction is listed, and a cell without a number", () => {
  expect(layers.map(({ module, number, reverse }) => [module, number, reverse])).toEqual([
    ["a", 0, false],
    ["a", 0, true],
    ["a", 1, false],
    ["a", 1, true],
    ["b", null, false],
  ]);
  expect(at(1).layers).toEqual(["a.weight_ih_l0_reverse", "a.weight_hh_l0_reverse"]);
  expect(readListing({})).toEqual([]);
  expect(readFrame({})).toBeUndefined();
});

test("what cannot be had gives way, the direction before the number and that before the module", () => {
  expect(nearest(layers, { ...at(1), number: 1 })).toBe(at(3));
  expect(nearest(layers, { ...at(3), module: "b" })).toBe(at(4));
  expect(nearest(layers.slice(0, 3), at(3))).toBe(at(2));
  expect(nearest([], at(0))).toBeUndefined();
});

test("each module, number and direction is offered once", () => {
  expect(distinct(layers, "module")).toEqual(["a", "b"]);
  expect(distinct(layers, "number")).toEqual([0, 1, null]);
  expect(distinct(layers, "reverse")).toEqual([false, true]);
});

test("a row is named by its gate and, of biases, by which they are", () => {
  expect(shown.gates.map((_, row) => rowName(frame, shown, row))).toEqual(["i", "f", "g", "o"]);
  const cell = read(states.cell);
  expect(cell.shown.gates.map((_, row) => rowName(cell.frame, cell.shown, row))).toEqual([
    "r · b_ih + b_hh",
    "z · b_ih + b_hh",
    "n · b_in",
    "n · b_hn",
  ]);
});

test("the counts of a row are its own, and together all its weights", () => {
  shown.gates.forEach((_, row) => {
    let sum = 0;
    for (let bin = 0; bin < bars.bins; bin++) sum += countOf(bars, row, bin);
    expect(sum).toBe(shown.rows * shown.cols);
  });
});

test("the table has every number of the view once, line by line", () => {
  const lines = numberRows(frame, shown, bars, spectra);
  expect(lines[0]).toEqual(["gate", "block", "quantity", "place", "value"]);
  expect(lines.every((line) => line.length === 5)).toBe(true);
  expect(lines.length).toBe(1 + 4 * (NUMBERS.length + 1 + bars.bins) + (bars.bins + 1) + 4 * (1 + 2 * 2));
  const found = (gate: string, quantity: string) =>
    lines.filter((line) => line[0] === gate && line[2] === quantity).map((line) => line[4]);
  expect(found("f", "spectral_radius")).toEqual([1]);
  expect(found("f", "eigenvalue_imag")).toEqual([1, -1]);
  expect(found("g", "max")).toEqual([2.25]);
  expect(found("all", "bin_edge")).toEqual([...bars.edges]);
  expect(found("o", "count")).toEqual(Array.from({ length: 8 }, (_, bin) => countOf(bars, 3, bin)));
});

test("what is not there yet has no lines", () => {
  const lines = numberRows(frame, shown, null, null);
  expect(new Set(lines.slice(1).map((line) => line[2]))).toEqual(new Set([...NUMBERS, "not_finite"]));
});

test("each line of the table stands for the gate and the quantity that it names", () => {
  const strays = [0, 7, 0, 0];
  const lines = numberRows(frame, { ...shown, strays }, null, null).slice(1);
  shown.gates.forEach((_, row) => {
    const own = lines.filter(([gate]) => gate === frame.names[row]);
    expect(own.map(([, block, quantity]) => [block, quantity])).toEqual(
      [...NUMBERS, "not_finite"].map((quantity) => ["hidden", quantity]),
    );
    expect(own.map(([, , , , value]) => value)).toEqual([
      ...shown.numbers.slice(row * NUMBERS.length, (row + 1) * NUMBERS.length),
      strays[row],
    ]);
  });
});

test("eigenvalues of gates that are still being worked out have no lines", () => {
  const some = { ...spectra, real: spectra.real.slice(0, 2), imag: spectra.imag.slice(0, 2) };
  const lines = numberRows(frame, shown, null, some).filter(
    ([, , quantity]) => quantity === "eigenvalue_real",
  );
  expect(lines.map(([gate, , , place]) => [gate, place])).toEqual([
    ["i", 0],
    ["i", 1],
    ["f", 0],
    ["f", 1],
  ]);
});
