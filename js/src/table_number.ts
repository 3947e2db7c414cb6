/** Numbers as the layer table and the statistics write them: `number` and `share` of `pictures/_numbers.py`. */

import { formatCount } from "./axis";

const DIGITS = 4;
/** Below a thousandth a number has an exponent, so that a column of them stays narrow. */
const LEAST_POWER = -3;
const DIGITS_OF_SHARE = 3;
const LEAST_POWER_OF_SHARE = -6;
const PLAIN_BELOW_POWER = 7;

const trimmed = (text: string): string => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);

function written(value: number, digits: number, leastPower: number): string {
  if (Number.isNaN(value)) return "–";
  const sign = value < 0 ? "−" : "";
  if (!Number.isFinite(value)) return `${sign}∞`;
  if (value === 0) return "0";
  const size = Math.abs(value);
  const [mantissa = "", exponent = ""] = size.toExponential(digits - 1).split("e");
  const power = Number(exponent);
  if (power < leastPower || power >= PLAIN_BELOW_POWER) return `${sign}${trimmed(mantissa)}e${exponent}`;
  const fixed = size.toFixed(Math.max(digits - 1 - power, 0));
  return sign + (fixed.includes(".") ? trimmed(fixed) : formatCount(Number(fixed)));
}

/** A number in a table: four digits, a dash where there is none. */
export const tableNumber = (value: number): string => written(value, DIGITS, LEAST_POWER);

/** A share in a table: three digits; all is written only where it is exact. */
export function tableShare(share: number): string {
  if (Number.isNaN(share)) return "–";
  const percent = written(100 * share, DIGITS_OF_SHARE, LEAST_POWER_OF_SHARE);
  return percent === "100" && share < 1 ? "<100%" : `${percent}%`;
}
