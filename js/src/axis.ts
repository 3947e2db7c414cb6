/** Linear scales, ticks and the one way in which numbers are written. */

import { ticks } from "d3-array";
import { format } from "d3-format";

const short = /* @__PURE__ */ format(".4~g");
const whole = /* @__PURE__ */ format(",d");
const percent = /* @__PURE__ */ format(".3~p");
const compact = /* @__PURE__ */ format(".3~s");

/** A weight: `digits` significant digits, a true minus sign. */
export function formatWeightTo(digits: number): (value: number) => string {
  const finite = digits === 4 ? short : format(`.${digits}~g`);
  return (value) => {
    if (Number.isNaN(value)) return "NaN";
    if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
    return finite(value);
  };
}

/** A weight: four significant digits, a true minus sign. */
export const formatWeight = (value: number): string => formatWeightTo(4)(value);

/** How many digits, at least four, tell numbers apart that lie `step` from each other, none beyond `largest`. */
export function digitsFor(step: number, largest: number): number {
  const needed = Math.ceil(Math.log10(largest / Math.abs(step))) + 1;
  return Number.isFinite(needed) ? Math.min(Math.max(needed, 4), 17) : 4;
}

export const formatCount = (count: number): string => whole(count);
export const formatCompact = (count: number): string => (count < 10000 ? whole(count) : compact(count));
export const formatShare = (share: number): string => (Number.isFinite(share) ? percent(share) : "–");

export type Scale = (value: number) => number;

export function linear(from: number, to: number, start: number, end: number): Scale {
  const slope = to === from ? 0 : (end - start) / (to - from);
  return (value) => start + (value - from) * slope;
}

export interface Tick {
  position: number;
  label: string;
}

export function weightTicks(from: number, to: number, scale: Scale, count: number): Tick[] {
  const values = ticks(from, to, count);
  const [first = 0, second = first] = values;
  const written = formatWeightTo(digitsFor(second - first, Math.max(Math.abs(from), Math.abs(to))));
  return values.map((value) => ({ position: scale(value), label: written(value) }));
}

/** Counts never get fractional ticks. */
export function countTicks(highest: number, scale: Scale, count: number): Tick[] {
  return ticks(0, highest, count)
    .filter(Number.isInteger)
    .map((value) => ({ position: scale(value), label: formatCompact(value) }));
}

/** Decades for a logarithmic count axis whose zero stands for "no weight here". */
export function decadeTicks(highest: number, scale: Scale): Tick[] {
  const found: Tick[] = [];
  for (let decade = 1; decade <= highest; decade *= 10)
    found.push({ position: scale(decade), label: formatCompact(decade) });
  return found;
}

/** Nine digits tell every float32 from its neighbours. */
const DIGITS_OF_FLOAT32 = 9;

/** The shortest digits that stand for this weight alone. */
export function exact(value: number, single: boolean): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  let text = String(value);
  for (let digits = 1; single && digits <= DIGITS_OF_FLOAT32; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) !== value) continue;
    text = String(short);
    break;
  }
  return Object.is(value, -0) ? "−0" : text.replace("-", "−");
}

/** Whole numbers along an axis that begins anywhere. */
export function indexTicks(from: number, to: number, scale: Scale, count: number): Tick[] {
  return ticks(from, to, count)
    .filter(Number.isInteger)
    .map((value) => ({ position: scale(value), label: formatCount(value) }));
}
