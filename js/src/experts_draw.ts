/** Draws a sheet of cells with its labels, and the legend of its colours. */

import { fit, type Palette } from "./canvas";
import { css, diverging, paintScale, tableColor } from "./color";
import type { Layout, Selected, Sheet } from "./experts_data";

/** Labels so far apart that they can be read, on round numbers. */
export function labelStep(cell: number, room: number): number {
  let step = 1;
  for (const factor of [2, 2.5, 2, 2, 2.5, 2, 2, 2.5, 2]) {
    if (step * cell >= room) break;
    step *= factor;
  }
  return Math.round(step);
}

function drawLabels(
  context: CanvasRenderingContext2D,
  layout: Layout,
  across: readonly string[],
  down: readonly string[],
  colors: Palette,
  em: number,
): void {
  context.font = colors.font.replace(/^\S+/, `${0.92 * em}px`);
  context.fillStyle = colors.muted;
  context.textBaseline = "middle";
  context.textAlign = "center";
  const widest = Math.max(...across.map((label) => context.measureText(label).width), 0);
  for (let place = 0; place < across.length; place += labelStep(layout.cellWidth, widest + 0.6 * em)) {
    const middle = layout.left + (place + 0.5) * layout.cellWidth;
    context.fillText(across[place] ?? "", middle, layout.top - 0.75 * em);
  }
  context.textAlign = "right";
  for (let row = 0; row < down.length; row += labelStep(layout.cellHeight, 1.15 * em)) {
    const middle = layout.top + (row + 0.5) * layout.cellHeight;
    context.fillText(down[row] ?? "", layout.left - 0.5 * em, middle, layout.left - 0.6 * em);
  }
}

function frame(
  context: CanvasRenderingContext2D,
  layout: Layout,
  { row, place }: Selected,
  color: string,
  width: number,
): void {
  const [x, y] = [layout.left + place * layout.cellWidth, layout.top + row * layout.cellHeight];
  context.strokeStyle = color;
  context.lineWidth = width;
  context.strokeRect(x - width / 2, y - width / 2, layout.cellWidth + width, layout.cellHeight + width);
}

/** Draw the cells; those without a number stay as the page is. */
export function drawSheet(
  canvas: HTMLCanvasElement,
  sheet: Sheet,
  layout: Layout,
  labels: { across: readonly string[]; down: readonly string[] },
  marks: { selected: Selected | null; hovered: Selected | null; pale: (row: number) => boolean },
  colors: Palette,
  em: number,
): void {
  const { context } = fit(canvas, layout.width, layout.height);
  context.fillStyle = colors.surface;
  context.fillRect(0, 0, layout.width, layout.height);
  const ratio = context.getTransform().a;
  const [width, height] = [layout.cellWidth, layout.cellHeight].map((size) => Math.round(size * ratio));
  const [left, top] = [layout.left, layout.top].map((size) => Math.round(size * ratio));
  context.save();
  context.setTransform(1, 0, 0, 1, 0, 0);
  for (let row = 0; row < sheet.height; row++) {
    // Weights that changed since are drawn pale until they are read again.
    context.globalAlpha = marks.pale(row) ? 0.5 : 1;
    for (let place = 0; place < sheet.width; place++) {
      const at = row * sheet.width + place;
      if (!sheet.known[at]) continue;
      context.fillStyle = css(tableColor(diverging, sheet.levels[at] ?? 0));
      const [x, y] = [(left ?? 0) + place * (width ?? 1), (top ?? 0) + row * (height ?? 1)];
      context.fillRect(x, y, width ?? 1, height ?? 1);
    }
  }
  context.restore();
  drawLabels(context, layout, labels.across, labels.down, colors, em);
  const thick = Math.max(1, Math.round(em / 8));
  if (marks.hovered) frame(context, layout, marks.hovered, colors.text, 1);
  if (marks.selected) frame(context, layout, marks.selected, colors.accent, 2 * thick);
}

const LEGEND = 128;

/** The colours from `first`, the level of the lower end, to the upper end of the table. */
export function drawLegend(canvas: HTMLCanvasElement, first: number): void {
  canvas.width = LEGEND;
  canvas.height = 1;
  const context = canvas.getContext("2d");
  if (context) paintScale(context, LEGEND, 1, first);
}
