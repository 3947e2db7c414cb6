import { expect, test } from "vitest";
import {
  barSentence,
  eigenvalueSentence,
  scaleSentence,
  strayWords,
  valueSentence,
} from "../src/gates_words";
import { read, states } from "./gates_fixture";

const { frame, shown, bars, spectra } = read(states.first);

test("a value is told with the unit that holds it and the state it reads", () => {
  expect(valueSentence(frame, shown, 1, 0, 1)).toBe("f: unit 0, state 1: −1");
  expect(valueSentence(frame, { ...shown, block: "input" }, 3, 1, 0)).toBe("o: unit 1, input 0: 4");
});

test("a bias is told by its unit alone", () => {
  const bias = read(states.bias);
  expect(valueSentence(bias.frame, bias.shown, 0, 0, 1)).toMatch(/^i · b_ih \+ b_hh: unit 1: −?[\d.]+$/);
});

test("a pixel that stands for several weights says which, and that it is their strongest", () => {
  const pooled = { ...shown, height: 1, width: 2, block_rows: 2, block_cols: 3, rows: 2, cols: 5 };
  expect(valueSentence(frame, pooled, 0, 0, 1)).toMatch(/^i: units 0 to 1, states 3 to 4: strongest /);
  expect(scaleSentence(pooled)).toBe(
    "All gates on one scale, −4 to 4. A pixel is the strongest of 2 x 3 weights.",
  );
  expect(scaleSentence({ ...pooled, block: "bias", block_rows: 1 })).toContain("strongest of 1 x 3 biases.");
  expect(scaleSentence(shown)).toBe("All gates on one scale, −4 to 4.");
});

test("a bar is told with its edges and its count, one in the singular", () => {
  expect(barSentence(frame, shown, bars, 0, 4)).toBe("i: 0 to 1: 3 weights");
  expect(barSentence(frame, shown, bars, 3, 7)).toBe("o: 3 to 4: 1 weight");
  const bias = read(states.bias);
  expect(barSentence(bias.frame, bias.shown, bias.bars, 0, 0)).toMatch(/biases$|bias$/);
});

test("an eigenvalue is told with its parts, its magnitude and its place", () => {
  expect(eigenvalueSentence(frame, spectra, 2, 0)).toBe("g: eigenvalue 1 of 2: 0 + 2.25i, magnitude 2.25");
  expect(eigenvalueSentence(frame, spectra, 2, 1)).toBe("g: eigenvalue 2 of 2: 0 − 2.25i, magnitude 2.25");
  const real = { ...spectra, real: [Float64Array.of(-0.5)], imag: [Float64Array.of(0)] };
  expect(eigenvalueSentence(frame, real, 0, 0)).toBe("i: eigenvalue 1 of 1: −0.5, magnitude 0.5");
});

test("numbers that are left out are said, none is not", () => {
  expect(strayWords(0)).toBe("");
  expect(strayWords(1200)).toBe("1,200 NaN or infinite, left out");
});

test("an eigenvalue that is real has no imaginary part, and NaN is said as such", () => {
  const one = { ...spectra, real: [Float64Array.of(0, Number.NaN)], imag: [Float64Array.of(-0, 0)] };
  expect(eigenvalueSentence(frame, one, 0, 0)).toBe("i: eigenvalue 1 of 2: 0, magnitude 0");
  expect(eigenvalueSentence(frame, one, 0, 1)).toBe("i: eigenvalue 2 of 2: NaN, magnitude NaN");
});

test("the scale of gates without a weight above zero is zero", () => {
  expect(scaleSentence({ ...shown, limit: Float64Array.of(0) })).toMatch(
    /^All gates on one scale, −?0 to 0\.$/,
  );
});
