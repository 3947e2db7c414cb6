/** Reads what `weightwidgets/wire.py` wrote: arrays become typed arrays, bytes become text. */

export type Numbers =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Float32Array
  | Float64Array;

const ARRAYS = {
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

interface WireArray {
  shape: number[];
  dtype: keyof typeof ARRAYS;
  data: DataView;
}

function isWireArray(value: object): value is WireArray {
  return "dtype" in value && "data" in value && "shape" in value;
}

/** The buffer may begin at any byte of a larger message, so it is copied to where typed arrays may look. */
function toNumbers(wire: WireArray): Numbers {
  const { buffer, byteOffset, byteLength } = wire.data;
  return new ARRAYS[wire.dtype](buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer);
}

export function toText(bytes: unknown): string {
  if (typeof bytes === "string") return bytes;
  return bytes instanceof DataView ? new TextDecoder().decode(bytes) : "";
}

export function toBytes(text: string): DataView {
  return new DataView(new TextEncoder().encode(text).buffer as ArrayBuffer);
}

/** A frame as the view uses it; the shape `T` is the view's own description of its frame. */
export function decode<T>(value: unknown): T {
  return walk(value) as T;
}

function walk(value: unknown): unknown {
  if (value instanceof DataView) return toText(value);
  if (Array.isArray(value)) return value.map(walk);
  if (value === null || typeof value !== "object") return value;
  if (isWireArray(value)) return toNumbers(value);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, walk(part)]));
}

/** An empty dict stands for "nothing to draw yet". */
export function isEmpty(frame: unknown): boolean {
  return frame === null || typeof frame !== "object" || Object.keys(frame).length === 0;
}
