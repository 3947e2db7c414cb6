import { expect, test } from "vitest";
import {
  type Norms,
  normsAsCsv,
  type Rows,
  readNorms,
  readRows,
  remarks,
  sentence,
} from "../src/norms_words";
import { thaw } from "./fake_model";
import fixture from "./fixtures/norms.json";

interface State {
  rows: Record<string, unknown>;
  numbers: Record<string, unknown>;
}

const { before, measured } = thaw<{ before: State; measured: State }>(fixture);
const rows = readRows(measured.rows);
const norms = readNorms(measured.numbers, rows) as Norms;

const made = (changes: Partial<Norms>): Norms => ({ ...norms, ...changes });

test("names come as they were given, labels as they may be shown", () => {
  expect(rows.names).toEqual(["a", "<img src=x>", "c", "meta"]);
  expect(rows.labels).toEqual(rows.names);
  expect(readRows({})).toEqual({ names: [], labels: [], token: 0 });
});

test("the norms are those that Python measured", () => {
  expect([...norms.frobenius.subarray(0, 2), ...norms.rms.subarray(0, 2)]).toEqual([4, 0, 2, 0]);
  expect(norms.frobenius[2]).toBeCloseTo(Math.sqrt(5), 14);
  expect(norms.rms[2]).toBeCloseTo(Math.sqrt(5 / 3), 14);
  expect([norms.frobenius[3], norms.rms[3]]).toEqual([Number.NaN, Number.NaN]);
  expect([...norms.weights]).toEqual([4, 9, 3, 0]);
});

test("norms of other rows, or none, are not shown", () => {
  expect(readNorms(before.numbers, rows)).toBeUndefined();
  expect(readNorms(measured.numbers, { ...rows, token: rows.token + 1 })).toBeUndefined();
});

test("a layer's norm is a sentence", () => {
  expect(sentence(0, "frobenius", norms, rows)).toBe("a: Frobenius norm 4, 4 weights.");
  expect(sentence(2, "rms", norms, rows)).toBe("c: RMS per weight 1.291, 3 weights.");
  expect(sentence(0, "rms", made({ weights: Uint8Array.of(1) }), rows)).toBe(
    "a: RMS per weight 2, 1 weight.",
  );
});

test("what is not known is not made up", () => {
  expect(sentence(3, "frobenius", norms, rows)).toBe("meta: no norm.");
  expect(sentence(0, "frobenius", undefined, rows)).toBe("a: no norm.");
  expect(sentence(-1, "frobenius", norms, rows)).toBe("");
  expect(sentence(4, "frobenius", norms, rows)).toBe("");
});

test("layers without a bar are counted, zeros only where the axis has none", () => {
  expect(remarks(norms, rows, "frobenius", false)).toEqual(["1 layer without values."]);
  expect(remarks(norms, rows, "frobenius", true)).toEqual([
    "1 layer without values.",
    "1 layer with norm 0: no bar on a logarithmic axis.",
  ]);
  const zeros = made({ rms: Float64Array.of(0, 0, 1, 1), failed: 0 });
  expect(remarks(zeros, rows, "rms", true)).toEqual(["2 layers with norm 0: no bar on a logarithmic axis."]);
  expect(remarks(zeros, rows, "rms", false)).toEqual([]);
});

test("progress and a running cell are said", () => {
  const said = remarks(made({ measured: 1, failed: 0, live: true }), rows, "rms", false);
  expect(said).toEqual([
    "1 of 4 layers measured.",
    "Read while a cell was running: it may mix two training steps.",
  ]);
});

test("the CSV has a row for every layer, in full precision", () => {
  const lines = normsAsCsv(rows, norms).trimEnd().split("\r\n");
  expect(lines).toEqual([
    "layer,frobenius,rms,weights",
    "a,4,2,4",
    "<img src=x>,0,0,9",
    `c,${norms.frobenius[2]},${norms.rms[2]},3`,
    "meta,NaN,NaN,0",
  ]);
});

test("a name that looks like a formula is none in a spreadsheet", () => {
  const hostile: Rows = { names: ["=1+1", 'a"b,c'], labels: ["=1+1", 'a"b,c'], token: 0 };
  const lines = normsAsCsv(hostile, undefined).trimEnd().split("\r\n");
  expect(lines.slice(1)).toEqual(["'=1+1,NaN,NaN,0", '"a""b,c",NaN,NaN,0']);
});
