/** The singular values of the products of all heads on a logarithmic axis, the selected head's in front. */

import { formatWeight, linear, type Scale } from "./axis";
import { emOf, fit, type Palette } from "./canvas";
import { type HeadNumbers, type Product, spectrumOf } from "./heads_data";

/** Values this many decades below the largest are rounding, and are drawn at the foot. */
const MOST_DECADES = 8;
const TITLES: Record<Product, string> = { qk: "QK singular values", ov: "OV singular values" };

export interface Chart {
  left: number;
  right: number;
  top: number;
  base: number;
  count: number;
  /** From singular values to CSS pixels. */
  rise: Scale;
  decades: number[];
  x: Scale;
}

/** Where the curves stand on a sheet of `width` x `height` CSS pixels; null where no head has any above zero. */
export function chartOf(
  numbers: HeadNumbers,
  product: Product,
  width: number,
  height: number,
  em: number,
): Chart | null {
  let [lowest, highest] = [Number.POSITIVE_INFINITY, 0];
  for (const value of numbers[product])
    if (value > 0 && Number.isFinite(value)) {
      lowest = Math.min(lowest, value);
      highest = Math.max(highest, value);
    }
  if (highest === 0) return null;
  const last = Math.ceil(Math.log10(highest));
  const first = Math.min(Math.max(Math.floor(Math.log10(lowest)), last - MOST_DECADES), last - 1);
  const [left, right, top, base] = [
    Math.round(3.6 * em),
    Math.round(width - 0.8 * em),
    Math.round(2 * em),
    Math.round(height - 2.7 * em),
  ];
  const climb = linear(first, last, base, top);
  const count = numbers[product].length / numbers.heads;
  const step = Math.max(1, Math.ceil((last - first) / 4));
  const decades = Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, at) => last - at * step);
  return {
    left,
    right,
    top,
    base,
    count,
    decades,
    rise: (value) => (value > 0 ? Math.min(climb(Math.log10(value)), base) : base),
    x: count > 1 ? linear(1, count, left + 0.4 * em, right - 0.4 * em) : () => (left + right) / 2,
  };
}

/** The place (from 0) of the singular value nearest to x. */
export function placeAt(chart: Chart, x: number): number {
  const share = (x - chart.x(1)) / Math.max(chart.x(chart.count) - chart.x(1), 1e-9);
  return Math.min(Math.max(Math.round(share * (chart.count - 1)), 0), chart.count - 1);
}

function drawAxes(context: CanvasRenderingContext2D, chart: Chart, palette: Palette, em: number): void {
  const { left, right, base, count } = chart;
  context.textBaseline = "middle";
  for (const decade of chart.decades) {
    const y = Math.round(chart.rise(10 ** decade));
    context.fillStyle = palette.line;
    context.fillRect(left, y, right - left, 1);
    context.fillStyle = palette.muted;
    context.textAlign = "right";
    context.fillText(formatWeight(10 ** decade), left - 0.4 * em, y);
  }
  context.textAlign = "center";
  for (const place of new Set([1, count])) {
    context.fillText(String(place), chart.x(place), base + 0.8 * em);
  }
  context.fillText("rank", (left + right) / 2, base + (count > 1 ? 0.8 : 1.9) * em);
}

function drawCurve(context: CanvasRenderingContext2D, chart: Chart, values: Float32Array): void {
  // A head with NaN or infinite weights has no singular values.
  if (!values.every(Number.isFinite)) return;
  if (values.length === 1) {
    context.fillRect(chart.x(1) - 5, chart.rise(values[0] ?? 0) - 1, 10, 2);
    return;
  }
  context.beginPath();
  values.forEach((value, place) => {
    context.lineTo(chart.x(place + 1), chart.rise(value));
  });
  context.stroke();
}

/** Draw one product's curves on a canvas of this size in CSS pixels. */
export function drawSpectra(
  canvas: HTMLCanvasElement,
  numbers: HeadNumbers,
  product: Product,
  head: number,
  [width, height]: readonly [number, number],
  palette: Palette,
  cursor: number | null,
): Chart | null {
  const em = emOf(palette);
  const { context } = fit(canvas, width, height);
  context.font = palette.font;
  context.textBaseline = "middle";
  context.textAlign = "left";
  context.fillStyle = palette.text;
  context.fillText(TITLES[product], 0.2 * em, 0.8 * em);
  const chart = chartOf(numbers, product, width, height, em);
  if (!chart) {
    context.fillStyle = palette.muted;
    context.fillText("none above zero", 0.2 * em, 2.4 * em);
    return null;
  }
  context.font = palette.font.replace(/^\S+/, `${0.86 * em}px`);
  drawAxes(context, chart, palette, em);
  context.lineWidth = 1;
  context.lineJoin = "round";
  context.strokeStyle = palette.bar;
  context.fillStyle = palette.bar;
  // Many curves over one another would become one dark mass.
  context.globalAlpha = numbers.heads > 24 ? 0.35 : 0.6;
  for (let other = 0; other < numbers.heads; other++)
    if (other !== head) drawCurve(context, chart, spectrumOf(numbers, product, other));
  context.globalAlpha = 1;
  context.lineWidth = Math.max(2, 0.17 * em);
  context.strokeStyle = palette.accent;
  context.fillStyle = palette.accent;
  const own = spectrumOf(numbers, product, head);
  drawCurve(context, chart, own);
  if (cursor !== null && Number.isFinite(own[cursor])) {
    context.fillStyle = palette.overlay;
    context.beginPath();
    context.arc(chart.x(cursor + 1), chart.rise(own[cursor] ?? 0), 0.3 * em, 0, 2 * Math.PI);
    context.fill();
  }
  return chart;
}
