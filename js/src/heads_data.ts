/** The frames of the attention heads, and in which order heads are shown. */

import { decode, isEmpty } from "./wire";

/** As in `analysis/heads.py`. */
export const ROLES = ["q", "k", "v", "o", "qk", "ov"] as const;
export type Role = (typeof ROLES)[number];
export const PRODUCTS = ["qk", "ov"] as const;
export type Product = (typeof PRODUCTS)[number];
export type Order = "index" | "norm";

export interface Block {
  label: string;
  layers: string[];
  /** Numbers of heads to choose from, where the model states none. */
  choices: number[];
}

export interface HeadNumbers {
  token: number;
  title: string;
  description: string;
  notes: string[];
  heads: number;
  kv_heads: number;
  /** Six rows, one for each role. */
  norms: Float64Array;
  /** Four rows: the effective ranks of QK and OV, then their stable ranks. */
  ranks: Float64Array;
  qk: Float32Array;
  ov: Float32Array;
}

export interface Tiles {
  token: number;
  role: Role;
  refusal: string;
  /** Pictures: one for each head, or for each key/value head. */
  count: number;
  height: number;
  width: number;
  block_rows: number;
  block_cols: number;
  limit: Float64Array;
  levels: Uint8Array;
  flags: Uint8Array | null;
}

export interface Enlarged {
  token: number;
  role: Role;
  head: number;
  height: number;
  width: number;
  rows: number;
  cols: number;
  block_rows: number;
  block_cols: number;
  levels: Uint8Array;
  flags: Uint8Array | null;
  values: Float32Array | Float64Array;
}

export function readBlocks(frame: Record<string, unknown>): Block[] {
  return isEmpty(frame) ? [] : JSON.parse(decode<{ blocks: string }>(frame).blocks);
}

export function readFrame<Frame>(frame: Record<string, unknown>): Frame | undefined {
  return isEmpty(frame) ? undefined : decode<Frame>(frame);
}

export const normOf = (numbers: HeadNumbers, role: Role, head: number): number =>
  numbers.norms[ROLES.indexOf(role) * numbers.heads + head] ?? Number.NaN;

/** "effective" or "stable" rank of a product. */
export function rankOf(
  numbers: HeadNumbers,
  kind: "effective" | "stable",
  product: Product,
  head: number,
): number {
  const row = (kind === "effective" ? 0 : 2) + PRODUCTS.indexOf(product);
  return numbers.ranks[row * numbers.heads + head] ?? Number.NaN;
}

export function spectrumOf(numbers: HeadNumbers, product: Product, head: number): Float32Array {
  const all = numbers[product];
  const count = all.length / numbers.heads;
  return all.subarray(head * count, (head + 1) * count);
}

/** The key/value head that a head uses. */
export const sharedBy = (numbers: HeadNumbers, head: number): number =>
  Math.floor((head * numbers.kv_heads) / numbers.heads);

/** Whether several heads share their keys and values. */
export const isShared = (numbers: HeadNumbers): boolean => numbers.kv_heads < numbers.heads;

/** Where a head's picture lies among the tiles. */
export const tileOf = (numbers: HeadNumbers, tiles: Tiles, head: number): number =>
  Math.floor((head * tiles.count) / numbers.heads);

/** The heads as they are shown: norms descend, those without one come last. */
export function displayed(numbers: HeadNumbers, role: Role, order: Order): number[] {
  const heads = Array.from({ length: numbers.heads }, (_, head) => head);
  if (order === "index") return heads;
  const size = (head: number) => {
    const norm = normOf(numbers, role, head);
    return Number.isNaN(norm) ? -1 : norm;
  };
  return heads.sort((left, right) => size(right) - size(left) || left - right);
}

/** A line for each head: its norms, its ranks and its singular values. */
export function headRows(numbers: HeadNumbers): (string | number)[][] {
  const values = (product: Product) =>
    Array.from(spectrumOf(numbers, product, 0), (_, place) => `${product}_singular_value_${place + 1}`);
  const ranks = PRODUCTS.flatMap((product) => [`${product}_effective_rank`, `${product}_stable_rank`]);
  const heading = ["head", "kv_head", ...ROLES.map((role) => `${role}_norm`), ...ranks];
  const rows = Array.from({ length: numbers.heads }, (_, head) => [
    head,
    sharedBy(numbers, head),
    ...ROLES.map((role) => normOf(numbers, role, head)),
    ...PRODUCTS.flatMap((product) => [
      rankOf(numbers, "effective", product, head),
      rankOf(numbers, "stable", product, head),
    ]),
    // They travel with seven digits: more would be the noise of the conversion.
    ...PRODUCTS.flatMap((product) =>
      Array.from(spectrumOf(numbers, product, head), (value) => Number(value.toPrecision(7))),
    ),
  ]);
  return [[...heading, ...values("qk"), ...values("ov")], ...rows];
}
