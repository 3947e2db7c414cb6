/** Draws one layer's column: its depth, its picture, its point of the strip; and the strip's axis. */

import { type Scale, weightTicks } from "./axis";
import type { Palette } from "./canvas";
import { weightColor } from "./color";
import { GAP, type Layout, type Slices, scaleOf, sizeOf } from "./depth_data";

export interface Marks {
  selected: boolean;
  hovered: boolean;
}

/** A line as thin as goes with text of that size. */
export const hairline = (em: number): number => Math.max(1, Math.round(em / 12));

/** The pictures of all layers, each pixel one pixel; drawn once for each frame. */
export class Sheets {
  readonly #made = new Map<number, HTMLCanvasElement>();
  #slices: Slices | undefined;

  renew(slices: Slices | undefined): void {
    this.#slices = slices;
    this.#made.clear();
  }

  of(index: number): HTMLCanvasElement | null {
    const known = this.#made.get(index);
    if (known || !this.#slices) return known ?? null;
    const [height, width] = sizeOf(this.#slices, index);
    if (height * width === 0) return null;
    const sheet = document.createElement("canvas");
    sheet.width = width;
    sheet.height = height;
    sheet.getContext("2d")?.putImageData(paint(this.#slices, index), 0, 0);
    this.#made.set(index, sheet);
    return sheet;
  }
}

/** The colour of each pixel; gaps stay transparent. */
export function paint(slices: Slices, index: number): ImageData {
  const [height, width] = sizeOf(slices, index);
  const image = new ImageData(width, height);
  const start = slices.starts[index] ?? 0;
  for (let pixel = 0; pixel < height * width; pixel++) {
    const flag = slices.flags[start + pixel] ?? 0;
    if (flag === GAP) continue;
    const color = weightColor(slices.levels[start + pixel] ?? 0, flag);
    image.data.set([...color, 255], 4 * pixel);
  }
  return image;
}

/** Draw the cell that begins at `x`, but for the line of the strip; `instead` stands where there is no picture. */
export function drawCell(
  context: CanvasRenderingContext2D,
  x: number,
  layout: Layout,
  { depth, sheet, instead }: { depth: string; sheet: HTMLCanvasElement | null; instead: string },
  colors: Palette,
  em: number,
  marks: Marks,
): void {
  const middle = x + layout.cell / 2;
  if (marks.selected || marks.hovered) {
    context.strokeStyle = marks.selected ? colors.accent : colors.line;
    context.lineWidth = hairline(em) * (marks.selected ? 2 : 1);
    context.strokeRect(x + 1.5, 1.5, layout.cell - 3, layout.height - 3);
  }
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = marks.selected ? colors.accent : colors.text;
  context.font = marks.selected ? `600 ${colors.font}` : colors.font;
  context.fillText(depth, middle, layout.picture / 2 + 0.1 * em, layout.cell - 4);
  context.font = colors.font;
  if (!sheet) {
    context.fillStyle = colors.muted;
    context.fillText(instead, middle, (layout.picture + layout.foot) / 2);
    return;
  }
  const ratio = context.getTransform().a;
  const scale = scaleOf([sheet.height, sheet.width], layout.box * ratio);
  const [width, height] = [sheet.width * scale.x, sheet.height * scale.y];
  const [left, top] = [Math.round(middle * ratio - width / 2), Math.round(layout.picture * ratio)];
  context.save();
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(sheet, left, top, width, height);
  context.restore();
}

/** Draw the statistic from one layer to the next; a layer without a number leaves a gap. */
export function drawStrip(
  context: CanvasRenderingContext2D,
  points: readonly { x: number; value: number; selected: boolean }[],
  scale: Scale,
  colors: Palette,
  em: number,
): void {
  context.strokeStyle = colors.bar;
  context.lineWidth = 1.5 * hairline(em);
  context.beginPath();
  let drawing = false;
  for (const { x, value } of points) {
    if (!Number.isFinite(value)) {
      drawing = false;
      continue;
    }
    if (drawing) context.lineTo(x, scale(value));
    else context.moveTo(x, scale(value));
    drawing = true;
  }
  context.stroke();
  for (const { x, value, selected } of points) {
    if (!Number.isFinite(value)) continue;
    context.fillStyle = selected ? colors.accent : colors.bar;
    context.beginPath();
    context.arc(x, scale(value), (selected ? 0.36 : 0.26) * em, 0, 2 * Math.PI);
    context.fill();
  }
}

/** Draw the gridlines across the window. */
export function drawGrid(
  context: CanvasRenderingContext2D,
  layout: Layout,
  width: number,
  span: readonly [number, number],
  scale: Scale,
  colors: Palette,
  em: number,
): void {
  context.fillStyle = colors.line;
  for (const { position } of weightTicks(...span, scale, 4))
    context.fillRect(layout.gutter, Math.round(position), width - layout.gutter, hairline(em));
}

/** Draw the axis at the left, over what scrolls. */
export function drawAxis(
  context: CanvasRenderingContext2D,
  layout: Layout,
  title: string,
  span: readonly [number, number],
  scale: Scale,
  colors: Palette,
  em: number,
): void {
  context.fillStyle = colors.surface;
  context.fillRect(0, 0, layout.gutter, layout.height);
  context.font = colors.font.replace(/^\S+/, `${0.92 * em}px`);
  context.fillStyle = colors.muted;
  context.textBaseline = "middle";
  context.textAlign = "left";
  context.fillText(title, 0, layout.top - 1.2 * em);
  context.textAlign = "right";
  for (const { position, label } of weightTicks(...span, scale, 4))
    context.fillText(label, layout.gutter - 0.5 * em, position);
}
