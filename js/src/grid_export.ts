/** What can be taken away from the grid: the picture in sight, and the numbers of the selected filter. */

import { deviceRatio, type Palette } from "./canvas";
import type { Frame, GridData } from "./grid_data";
import { channelOf } from "./grid_words";
import { h } from "./view";

const { floor, round } = Math;

type Rows = (string | number)[][];

/** The selected filter's weights with where they are; a pooled pixel says how many weights it stands for. */
export function filterRows(data: GridData, filter: number): Rows {
  const { frame } = data;
  if (!frame) return [];
  if (frame.picture) {
    const { cols } = frame.picture;
    const { filter_index, values = [], block_cols = 1 } = data.row ?? {};
    const rows = Array.from(filter_index === filter ? values : [], (value, pixel) => {
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
  const slice = (at: string | number) => (axes.slice ? [at] : []);
  const rows: Rows = [[frame.unit, "channel", ...slice(axes.slice), "row", "column", value]];
  const count = tiles.cells * tiles.height * tiles.width * tiles.depth;
  for (let index = 0; index < count; index++) {
    const pixel = floor(index / tiles.depth);
    const column = (pixel % tiles.width) * tiles.block_cols;
    const row = (floor(pixel / tiles.width) % tiles.height) * tiles.block_rows;
    const cell = floor(pixel / (tiles.width * tiles.height));
    const own = tiles.depth === 3 ? index % 3 : (frame.input_channel ?? floor(cell / tiles.slices));
    const channel = channelOf(frame, filter, isRowChannel ? row : own);
    const at = [
      filter,
      channel,
      ...slice(frame.depth_index ?? cell % tiles.slices),
      isRowChannel ? 0 : row,
      column,
    ];
    rows.push([...at, tile.values[tile.start + index] ?? 0]);
  }
  return rows;
}

/** The scale of colours with its ends in words, and what it means. */
export interface Key {
  /** Hidden where there is no scale. */
  canvas: HTMLCanvasElement;
  low: string | null;
  high: string | null;
  words: string;
}

/** What is in sight, side by side under the title, on the theme's surface; below it what the colours mean. */
export function pictureOf(
  title: string,
  canvases: HTMLCanvasElement[],
  key: Key,
  colors: Palette,
): HTMLCanvasElement {
  const ratio = deviceRatio();
  const em = Number.parseFloat(colors.font) * ratio;
  const shown = canvases.filter((canvas) => !canvas.hidden && canvas.width > 0);
  const gap = round(em);
  const top = round(2.4 * em);
  const picture = h("canvas");
  picture.width = shown.reduce((sum, canvas) => sum + canvas.width + gap, gap);
  const below = top + Math.max(0, ...shown.map((canvas) => canvas.height)) + 2 * gap;
  const context = picture.getContext("2d");
  if (!context) return picture;
  const font = colors.font.slice(colors.font.indexOf(" ") + 1);
  context.font = `${em}px ${font}`;
  const lines = wrapped(context, key.words, picture.width - 2 * gap);
  // To size a canvas is to forget its font.
  picture.height = below + (1.5 * lines.length + 1) * gap;
  context.fillStyle = colors.surface;
  context.fillRect(0, 0, picture.width, picture.height);
  context.fillStyle = colors.text;
  context.font = `600 ${em}px ${font}`;
  context.textBaseline = "middle";
  context.fillText(title, gap, 1.3 * em, picture.width - 2 * gap);
  context.font = `${em}px ${font}`;
  let left = gap;
  for (const canvas of shown) {
    context.drawImage(canvas, left, top);
    left += canvas.width + gap;
  }
  if (!key.canvas.hidden) {
    context.drawImage(key.canvas, gap, below - key.canvas.height);
    context.fillText(`${key.low} – ${key.high}`, key.canvas.width + 2 * gap, below - key.canvas.height / 2);
  }
  for (const [row, line] of lines.entries()) context.fillText(line, gap, below + (1.5 * row + 1) * gap);
  return picture;
}

function wrapped(context: CanvasRenderingContext2D, words: string, room: number): string[] {
  const lines: string[] = [];
  for (const word of words.split(" ")) {
    const longer = `${lines.at(-1) ?? ""} ${word}`.trim();
    if (lines.length > 0 && context.measureText(longer).width <= room) lines.splice(-1, 1, longer);
    else lines.push(word);
  }
  return lines;
}
