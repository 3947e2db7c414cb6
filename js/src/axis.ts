/** Linear scales, ticks and the one way in which numbers are written. */

import { ticks } from "d3-array";
import { format } from "d3-format";

const short = format(".4~g");
const whole = format(",d");
const percent = format(".3~p");
const compact = format(".3~s");

/** A weight: four significant digits, a true minus sign. */
export function formatWeight(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  return short(value);
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
  return ticks(from, to, count).map((value) => ({ position: scale(value), label: formatWeight(value) }));
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
