/** What can be taken away from the grid: the picture in sight, and the numbers of the selected filter. */

import type { Palette } from "./canvas";
import type { Frame, GridData } from "./grid_data";
import { channelOf } from "./grid_words";

type Rows = (string | number)[][];

/** The selected filter's weights with where they are; a pooled pixel says how many weights it stands for. */
export function filterRows(data: GridData, filter: number): Rows {
  const { frame } = data;
  if (!frame) return [];
  if (frame.picture) {
    const { block_cols, cols } = frame.picture;
    const values = data.row?.filter_index === filter ? data.row.values : [];
    const rows = Array.from(values, (value, pixel) => {
      const last = Math.min((pixel + 1) * block_cols, cols) - 1;
      return [filter, pixel * block_cols, last, value];
    });
    const column = frame.axes.column;
    return [[frame.unit, `first_${column}`, `last_${column}`, "value_of_largest_magnitude"], ...rows];
  }
  return tileRows(data, frame, filter);
}

function tileRows(data: GridData, frame: Frame, filter: number): Rows {
  const tile = data.tile(data.placeOf(filter));
  const { tiles, axes } = frame;
  if (!tile || !tiles) return [];
  const pooled = tiles.block_rows * tiles.block_cols > 1;
  const value = pooled ? `largest_of_${tiles.block_rows}x${tiles.block_cols}` : "value";
  const isRowChannel = axes.row === "channel";
  const rows: Rows = [[frame.unit, "channel", "slice", "row", "column", value]];
  const count = tiles.cells * tiles.height * tiles.width * tiles.depth;
  for (let index = 0; index < count; index++) {
    const pixel = Math.floor(index / tiles.depth);
    const column = (pixel % tiles.width) * tiles.block_cols;
    const row = (Math.floor(pixel / tiles.width) % tiles.height) * tiles.block_rows;
    const cell = Math.floor(pixel / (tiles.width * tiles.height));
    const own = tiles.depth === 3 ? index % 3 : (frame.input_channel ?? Math.floor(cell / tiles.slices));
    const channel = channelOf(frame, filter, isRowChannel ? row : own);
    const at = [filter, channel, cell % tiles.slices, isRowChannel ? 0 : row, column];
    rows.push([...at, tile.values[tile.start + index] ?? 0]);
  }
  return rows;
}

/** What is in sight, side by side under the title, on the theme's surface. */
export function pictureOf(title: string, canvases: HTMLCanvasElement[], colors: Palette): HTMLCanvasElement {
  const ratio = window.devicePixelRatio || 1;
  const em = Number.parseFloat(colors.font) * ratio;
  const shown = canvases.filter((canvas) => !canvas.hidden && canvas.width > 0);
  const gap = Math.round(em);
  const top = Math.round(2.4 * em);
  const picture = document.createElement("canvas");
  picture.width = shown.reduce((sum, canvas) => sum + canvas.width + gap, gap);
  picture.height = top + Math.max(0, ...shown.map((canvas) => canvas.height)) + gap;
  const context = picture.getContext("2d");
  if (!context) return picture;
  context.fillStyle = colors.surface;
  context.fillRect(0, 0, picture.width, picture.height);
  context.fillStyle = colors.text;
  context.font = `600 ${em}px ${colors.font.slice(colors.font.indexOf(" ") + 1)}`;
  context.textBaseline = "middle";
  context.fillText(title, gap, 1.3 * em, picture.width - 2 * gap);
  let left = gap;
  for (const canvas of shown) {
    context.drawImage(canvas, left, top);
    left += canvas.width + gap;
  }
  return picture;
}
