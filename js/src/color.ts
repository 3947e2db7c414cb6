/** The colour tables of `weightwidgets/color.json`, which Python's pictures use too. */

// By name, so that a view carries only the tables that it draws with.
import * as tables from "../../weightwidgets/color.json";

export type Rgb = readonly [number, number, number];

function parse(hex: string): Rgb {
  const color = Number.parseInt(hex, 16);
  return [color >> 16, (color >> 8) & 255, color & 255];
}

/** 256 entries of red, green, blue; level 128 of `diverging` is zero. */
export const diverging = Uint8Array.from(atob(tables.diverging), (part) => part.charCodeAt(0));
/** Written out, the table of greys would be a large part of a view. */
export const gray = /* @__PURE__ */ Uint8Array.from({ length: 768 }, (_, index) => index / 3);

/** Values that are no numbers have colours of their own, found in no table. */
export const notANumber = parse(tables.nan);
export const positiveInfinity = parse(tables.posinf);
export const negativeInfinity = parse(tables.neginf);
export const selected = parse(tables.selected);

/**
 * The opacity of a weight outside the selected range: the page shines through, in every theme. Hatching tells it from
 * a weight that is nearly zero, whose own colour may be that of the page.
 */
export const kept = tables.kept;
export const hatching = {
  color: parse(tables.hatch),
  opacity: tables.hatch_kept,
  step: tables.hatch_step,
};

export const css = ([red, green, blue]: Rgb): string => `rgb(${red} ${green} ${blue})`;

export function tableColor(table: Uint8Array, level: number): Rgb {
  return [table[3 * level] ?? 0, table[3 * level + 1] ?? 0, table[3 * level + 2] ?? 0];
}

/** What is no number, by its sign, its colour and how to tell it. */
export const strays: readonly (readonly [string, Rgb, (value: number) => boolean])[] = [
  ["NaN", notANumber, Number.isNaN],
  ["∞", positiveInfinity, (value) => value === Number.POSITIVE_INFINITY],
  ["−∞", negativeInfinity, (value) => value === Number.NEGATIVE_INFINITY],
];

/** The colour of a NaN or an infinity. */
export function strayColor(value: number): Rgb {
  if (Number.isNaN(value)) return notANumber;
  return value > 0 ? positiveInfinity : negativeInfinity;
}
