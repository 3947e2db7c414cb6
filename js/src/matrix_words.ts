/** What the matrix says about a weight, a block of weights, a row. */

import { exact, formatWeight } from "./axis";
import type { Camera } from "./matrix_camera";
import type { Frame, MatrixData, Pixel, Row } from "./matrix_data";

export const HINT =
  "Drag to pan; + and − (or the wheel, in the focused view or with Ctrl) zoom; click selects a row.";

/** "row 3", or "rows 4 to 7" where a pixel stands for several. */
export function span(word: string, index: number, level: number, size: number): string {
  const [first, last] = [index * 2 ** level, Math.min((index + 1) * 2 ** level, size) - 1];
  return first >= last ? `${word} ${first}` : `${word}s ${first} to ${last}`;
}

function rowsText(frame: Frame, { tile, line }: Pixel): string {
  const level = tile.place[0];
  const index = tile.place[2] * frame.side + line;
  if (level === 0) {
    const label = tile.labels[line];
    return `${frame.unit} ${tile.rows[line]}${label === undefined ? "" : ` “${label}”`}`;
  }
  if (frame.order === "index") return span(frame.unit, index, level, frame.rows);
  const first = index * 2 ** level;
  return `${Math.min(2 ** level, frame.rows - first)} ${frame.unit}s of similar norm`;
}

/** What a pixel shows: one weight exactly, or which weights it stands for and how. */
export function pixelText(frame: Frame, pixel: Pixel): string {
  const { place, values } = pixel.tile;
  const value = exact(values[pixel.index] ?? 0, values instanceof Float32Array);
  const column = place[3] * frame.side + (pixel.index % pixel.tile.width);
  const where = `${rowsText(frame, pixel)}, ${span("column", column, place[1], frame.cols)}`;
  if (place[0] + place[1] === 0) return `${where}: ${value}`;
  const how = frame.pooling === "mean" ? "mean" : "largest";
  return `${where}: ${how} ${value}${frame.preview ? " (preview)" : ""}`;
}

/** The selected row in a sentence. */
export function rowText(frame: Frame, row: Row): string {
  const label = row.label ? ` “${row.label}”` : "";
  return `${frame.unit} ${row.filter_index}${label}, norm ${formatWeight(row.norm[0] ?? 0)}`;
}

/** An image's shape as it is typed: "28x28", "3 x 32 x 32"; null for none, undefined for nonsense. */
export function parseShape(text: string): number[] | null | undefined {
  if (text.trim() === "") return null;
  const parts = text
    .trim()
    .split(/\s*[x×,*]\s*|\s+/)
    .map(Number);
  const isShape =
    (parts.length === 2 || parts.length === 3) && parts.every((n) => Number.isInteger(n) && n > 0);
  return isShape ? parts : undefined;
}

export const shapeText = (shape: readonly number[]): string => shape.join(" × ");

/** The numbers in sight, a line each: where they stand, and which block they stand for. */
export function numbersInSight(frame: Frame, data: MatrixData, camera: Camera): (string | number)[][] {
  const [first, last, left, right] = camera.sight;
  const levels = camera.levels;
  const [high, wide] = [2 ** levels[0], 2 ** levels[1]];
  const value = high * wide > 1 ? frame.pooling : "value";
  const found: (string | number)[][] = [[frame.unit, "block_rows", "column", "block_columns", value]];
  for (let row = Math.floor(first / high) * high; row < last; row += high)
    for (let column = Math.floor(left / wide) * wide; column < right; column += wide) {
      const pixel = data.read(levels, row, column);
      // What is still coarser than the screen is not what is asked for.
      if (!pixel || pixel.tile.place[0] !== levels[0] || pixel.tile.place[1] !== levels[1]) continue;
      const rows = Math.min(high, frame.rows - row);
      const columns = Math.min(wide, frame.cols - column);
      const name = levels[0] === 0 ? (pixel.tile.rows[pixel.line] ?? row) : row;
      found.push([name, rows, column, columns, pixel.tile.values[pixel.index] ?? 0]);
    }
  return found;
}
