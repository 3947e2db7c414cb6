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

/** Paint a table of colours from left to right; level 0 belongs to no weight of a scale that is symmetric about zero. */
export function paintScale(
  context: CanvasRenderingContext2D,
  width: number,
  height: number,
  first = 1,
  table = diverging,
): void {
  for (let x = 0; x < width; x++) {
    const level = Math.round(first + (x / Math.max(1, width - 1)) * (255 - first));
    context.fillStyle = css(tableColor(table, level));
    // To the end, so that no seam shows where a column is a fraction of the screen's pixels.
    context.fillRect(x, 0, width - x, height);
  }
}

/** What is no number, by its sign, its colour and how to tell it. */
export const strays: readonly (readonly [string, Rgb, (value: number) => boolean])[] = [
  ["NaN", notANumber, Number.isNaN],
  ["∞", positiveInfinity, (value) => value === Number.POSITIVE_INFINITY],
  ["−∞", negativeInfinity, (value) => value === Number.NEGATIVE_INFINITY],
];

const flagged: readonly (Rgb | null)[] = [null, notANumber, positiveInfinity, negativeInfinity];

/** The colour of a weight by its level, and by its flag as in `analysis/filter_grid.py`; 0 is a finite number. */
export const weightColor = (level: number, flag: number): Rgb =>
  flagged[flag] ?? tableColor(diverging, level);

/** The colour of a NaN or an infinity. */
export function strayColor(value: number): Rgb {
  if (Number.isNaN(value)) return notANumber;
  return value > 0 ? positiveInfinity : negativeInfinity;
}
