import { expect, test } from "vitest";
import { decode, isEmpty, toBytes, toText } from "../src/wire";

/** Bytes inside a larger message, beginning at an odd place. */
function inside(bytes: ArrayLike<number>): DataView {
  const message = new Uint8Array(bytes.length + 5);
  message.set(bytes, 5);
  return new DataView(message.buffer, 5, bytes.length);
}

test.each([
  ["uint8", new Uint8Array([0, 255])],
  ["uint16", new Uint16Array([1, 65535])],
  ["uint32", new Uint32Array([7, 4294967295])],
  ["int8", new Int8Array([-128, 127])],
  ["int16", new Int16Array([-32768, 3])],
  ["int32", new Int32Array([-5, 2147483647])],
  ["float32", new Float32Array([0.1, Number.NaN, Number.NEGATIVE_INFINITY])],
  ["float64", new Float64Array([0.1, -0])],
])("an array of %s arrives bit for bit wherever its bytes begin", (dtype, numbers) => {
  const data = inside(new Uint8Array(numbers.buffer));
  const { part } = decode<{ part: unknown }>({ part: { shape: [numbers.length], dtype, data } });
  expect(part).toEqual(numbers);
});

test("text inside lists and dicts is read, everything else is left as it is", () => {
  const frame = { names: [toBytes("conv1"), toBytes("αβγ <b>")], on: true, missing: null, count: 3 };
  expect(decode(frame)).toEqual({ names: ["conv1", "αβγ <b>"], on: true, missing: null, count: 3 });
});

test("text comes back as it was sent, and what is no text is empty", () => {
  expect(toText(toBytes("größer ‹›"))).toBe("größer ‹›");
  expect(toText("plain")).toBe("plain");
  expect(toText(undefined)).toBe("");
});

test("an empty dict and nothing at all are no frame", () => {
  expect([isEmpty({}), isEmpty(null), isEmpty({ count: 0 })]).toEqual([true, true, false]);
});
