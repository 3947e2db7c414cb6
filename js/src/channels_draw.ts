/** Draws one row of a norm's numbers as bars from zero, a bar for each channel. */

import { linear, weightTicks } from "./axis";
import type { Palette } from "./canvas";
import { barEdges, channelAt, type Layout, type Norm, type Order, type Row, spanOf } from "./channels_data";
import { css, strayColor } from "./color";

/** A line as thin as goes with text of that size. */
const hairline = (em: number): number => Math.max(1, Math.round(em / 12));

/** Displayed places, those of channels near zero last: neighbours must not cover what is pointed out. */
function inDrawingOrder(norm: Norm, order: Order): number[] {
  const places = Array.from(norm.scale, (_, place) => place);
  const isNear = (place: number) => norm.near.has(channelAt(norm, order, place));
  return [...places.filter((place) => !isNear(place)), ...places.filter(isNear)];
}

function drawBars(
  context: CanvasRenderingContext2D,
  norm: Norm,
  values: Float64Array,
  order: Order,
  layout: Layout,
  upper: number,
  colors: Palette,
): void {
  const ratio = context.getTransform().a;
  const edges = barEdges(layout, values.length, ratio);
  const [low, high] = spanOf(values);
  const top = Math.round((upper + layout.top) * ratio);
  const base = Math.round((upper + layout.top + layout.plot) * ratio);
  const y = linear(low, high, base, top);
  const zero = Math.round(y(0));
  context.save();
  context.setTransform(1, 0, 0, 1, 0, 0);
  for (const place of inDrawingOrder(norm, order)) {
    const channel = channelAt(norm, order, place);
    const value = values[channel] ?? Number.NaN;
    const [from = 0, to = 0] = [edges[place], edges[place + 1]];
    const width = Math.max(1, to - from - (to - from >= 4 ? 1 : 0));
    if (!Number.isFinite(value)) {
      context.fillStyle = css(strayColor(value));
      context.fillRect(from, top, width, base - top);
      continue;
    }
    context.fillStyle = norm.near.has(channel) ? colors.overlay : colors.bar;
    const end = Math.round(y(value));
    // A bar of a number that is not zero is never invisible.
    const height = Math.max(Math.abs(end - zero), value === 0 ? 0 : 1);
    context.fillRect(from, value < 0 ? zero : zero - height, width, height);
  }
  context.restore();
}

function drawAxis(
  context: CanvasRenderingContext2D,
  label: string,
  values: Float64Array,
  layout: Layout,
  upper: number,
  colors: Palette,
  em: number,
): void {
  const [low, high] = spanOf(values);
  const [top, base] = [upper + layout.top, upper + layout.top + layout.plot];
  context.font = colors.font.replace(/^\S+/, `${0.92 * em}px`);
  context.textBaseline = "middle";
  for (const { position, label: written } of weightTicks(low, high, linear(low, high, base, top), 3)) {
    context.fillStyle = colors.line;
    context.fillRect(layout.left, Math.round(position), layout.right - layout.left, hairline(em));
    context.fillStyle = colors.muted;
    context.textAlign = "right";
    context.fillText(written, layout.left - 0.5 * em, position);
  }
  context.fillStyle = colors.text;
  context.textAlign = "left";
  context.font = colors.font;
  context.fillText(label, layout.left, upper + 0.75 * em);
}

/** Draw a row of numbers, the `index`-th chart from above. */
export function drawRow(
  context: CanvasRenderingContext2D,
  norm: Norm,
  [row, label]: readonly [Row, string],
  index: number,
  order: Order,
  layout: Layout,
  colors: Palette,
  em: number,
): void {
  const values = norm[row];
  if (!values) return;
  const upper = index * layout.step;
  drawAxis(context, label, values, layout, upper, colors, em);
  drawBars(context, norm, values, order, layout, upper, colors);
}

/** Point at the channels near zero from below the scale's chart. */
export function drawMarks(
  context: CanvasRenderingContext2D,
  norm: Norm,
  order: Order,
  layout: Layout,
  colors: Palette,
  em: number,
): void {
  const count = norm.scale.length;
  const x = linear(0, count, layout.left, layout.right);
  const tip = layout.top + layout.plot + 0.15 * em;
  context.fillStyle = colors.overlay;
  for (let place = 0; place < count; place++) {
    if (!norm.near.has(channelAt(norm, order, place))) continue;
    const middle = x(place + 0.5);
    context.beginPath();
    context.moveTo(middle, tip);
    context.lineTo(middle - 0.35 * em, tip + 0.6 * em);
    context.lineTo(middle + 0.35 * em, tip + 0.6 * em);
    context.fill();
  }
}

/** Frame the column of one place through all charts. */
export function drawCursor(
  context: CanvasRenderingContext2D,
  place: number,
  count: number,
  layout: Layout,
  colors: Palette,
  em: number,
): void {
  const x = linear(0, count, layout.left, layout.right);
  context.strokeStyle = colors.accent;
  context.lineWidth = hairline(em);
  const width = Math.max(x(place + 1) - x(place), 2);
  context.strokeRect(x(place) - 0.5, 0.5, width, layout.height - 1);
}
