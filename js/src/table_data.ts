/** What stands in the layer table, and in which order: the rows, their numbers, search, sorting and groups. */

import { decode, isEmpty, type Numbers } from "./wire";

/** What is known without reading a value: the text part of the `rows` frame. */
export interface Rows {
  names: string[];
  /** Names that are not fit to be looked at as they are. */
  shown: Record<number, string>;
  kinds: string[];
  shapes: string[];
  dtypes: string[];
  parameters: number[];
  aliases: Record<number, string[]>;
  groups: { pattern: string; members: number[] }[];
  /** What the columns of `Measured.values` are called; the user's own come last. */
  values: string[];
  /** The user's own columns as they may be looked at. */
  columns: string[];
}

/** The `numbers` frame with its text part read. */
interface Measured {
  token: number;
  /** 0: not measured, 1: measured, 2: measured before the weights changed. */
  status: Numbers;
  values: Numbers;
  spark: Numbers;
  measured: number;
  total: number;
  live: boolean;
  notes: Record<number, string>;
  errors: Record<number, Record<string, string>>;
}

/** One line on screen: a layer, or (index -1) the head of a group of layers. */
export interface Line {
  index: number;
  group: number;
  open: boolean;
}

export const SPARK_BINS = 32;

export class TableData {
  rows: Rows | null = null;
  #token = -1;
  #measured: Measured | null = null;
  #places = new Map<string, number>();
  #groupOf = new Map<number, number>();
  #texts: string[] = [];

  readRows(frame: unknown): void {
    this.#places.clear();
    this.#groupOf.clear();
    this.#texts = [];
    this.rows = null;
    if (isEmpty(frame)) return;
    const { text, token } = decode<{ text: string; token: number }>(frame);
    const rows: Rows = JSON.parse(text);
    this.rows = rows;
    this.#token = token;
    for (const [index, name] of rows.names.entries()) this.#places.set(name, index);
    for (const [group, { members }] of rows.groups.entries())
      for (const index of members) this.#groupOf.set(index, group);
    this.#texts = rows.names.map((name, index) =>
      [name, ...(rows.aliases[index] ?? []), rows.kinds[index]].join("\n").toLowerCase(),
    );
  }

  readNumbers(frame: unknown): void {
    this.#measured = null;
    if (isEmpty(frame)) return;
    const { text, ...numbers } = decode<Omit<Measured, "notes" | "errors"> & { text: string }>(frame);
    this.#measured = { ...numbers, ...JSON.parse(text) };
  }

  /** Numbers of other rows than those in hand say nothing. */
  get #numbers(): Measured | null {
    return this.#measured?.token === this.#token ? this.#measured : null;
  }

  get count(): number {
    return this.rows?.names.length ?? 0;
  }

  get progress(): { measured: number; total: number; live: boolean } {
    const { measured = 0, total = this.count, live = false } = this.#numbers ?? {};
    return { measured, total, live };
  }

  placeOf(name: string): number {
    return this.#places.get(name) ?? -1;
  }

  groupOf(index: number): number {
    return this.#groupOf.get(index) ?? -1;
  }

  shown(index: number): string {
    return this.rows?.shown[index] ?? this.rows?.names[index] ?? "";
  }

  status(index: number): number {
    return this.#numbers?.status[index] ?? 0;
  }

  value(index: number, name: string): number {
    const place = this.rows?.values.indexOf(name) ?? -1;
    if (place < 0 || !this.rows) return Number.NaN;
    return this.#numbers?.values[index * this.rows.values.length + place] ?? Number.NaN;
  }

  spark(index: number): Numbers | undefined {
    return this.#numbers?.spark.subarray(index * SPARK_BINS, (index + 1) * SPARK_BINS);
  }

  note(index: number): string {
    return this.#numbers?.notes[index] ?? "";
  }

  /** What the user's own column raised for this layer. */
  problem(index: number, name: string): string | undefined {
    return this.#numbers?.errors[index]?.[name];
  }

  /** The lines of the table; groups stand in model order only, and where nothing is searched for. */
  lines(search: string, sortBy: string, open: ReadonlySet<number>): Line[] {
    const words = search.toLowerCase().split(/\s+/).filter(Boolean);
    const found = [...this.#texts.keys()].filter((index) =>
      words.every((word) => this.#texts[index]?.includes(word)),
    );
    if (sortBy) return this.#sorted(found, sortBy).map((index) => ({ index, group: -1, open: false }));
    if (words.length > 0) return found.map((index) => ({ index, group: -1, open: false }));
    return this.#grouped(open);
  }

  #grouped(open: ReadonlySet<number>): Line[] {
    const lines: Line[] = [];
    for (let index = 0; index < this.count; index++) {
      const group = this.groupOf(index);
      const members = this.rows?.groups[group]?.members;
      if (!members) lines.push({ index, group, open: false });
      if (members?.[0] !== index) continue;
      lines.push({ index: -1, group, open: open.has(group) });
      if (open.has(group)) for (const member of members) lines.push({ index: member, group, open: false });
    }
    return lines;
  }

  #sorted(found: number[], sortBy: string): number[] {
    const falling = sortBy.startsWith("-");
    const column = falling ? sortBy.slice(1) : sortBy;
    const keys = new Map(found.map((index) => [index, this.#sortKey(index, column)] as const));
    const known = found.filter((index) => !keys.get(index)?.some(Number.isNaN));
    const unknown = found.filter((index) => keys.get(index)?.some(Number.isNaN));
    known.sort((left, right) => {
      const order = compare(keys.get(left) ?? [], keys.get(right) ?? []);
      return falling ? -order : order;
    });
    return [...known, ...unknown];
  }

  #sortKey(index: number, column: string): (string | number)[] {
    const { rows } = this;
    if (!rows) return [];
    if (column === "name") return [rows.names[index]?.toLowerCase() ?? ""];
    if (column === "kind") return [rows.kinds[index] ?? ""];
    if (column === "parameters") return [rows.parameters[index] ?? 0];
    if (column === "shape") return (rows.shapes[index]?.match(/\d+/g) ?? []).map(Number);
    return [this.value(index, column)];
  }
}

function compare(left: readonly (string | number)[], right: readonly (string | number)[]): number {
  for (const [place, mine] of left.entries()) {
    const other = right[place];
    if (other === undefined || mine > other) return 1;
    if (mine < other) return -1;
  }
  return left.length - right.length;
}
