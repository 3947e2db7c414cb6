/** What the grid says about one weight. */

import { exact } from "./axis";
import type { Frame, Groups, Leveled, Tiles } from "./grid_data";
import type { Spot } from "./grid_paint";

const { floor } = Math;

const COLORS = ["red", "green", "blue"];

/** "row 3", or "rows 4 to 7" where a pixel stands for a block. */
export function span(word: string, index: number, block: number, size: number): string {
  const [first, last] = [index * block, Math.min((index + 1) * block, size) - 1];
  return first >= last ? `${word} ${first}` : `${word}s ${first} to ${last}`;
}

/** The input channel that a filter's own channel number stands for, with groups counted. */
export function channelOf(frame: Frame, filter: number, channel: number): number {
  const groups = frame.groups;
  return groups ? floor(filter / groups.filters) * groups.channels + channel : channel;
}

/** Where a pixel of a tile lies among the layer's weights. */
export function position(frame: Frame, tiles: Tiles, filter: number, spot: Spot): string[] {
  const { axes } = frame;
  const parts = [`${frame.unit} ${filter}`];
  // The weights of a row of a matrix stand in lines.
  if (frame.picture) return [...parts, span(axes.column, spot.cell, tiles.block_cols, tiles.cols)];
  const chosen = frame.input_channel;
  const own = chosen ?? floor(spot.cell / tiles.slices);
  const cellNamed = axes.cell !== "" && tiles.depth === 1;
  if (cellNamed || chosen !== null) parts.push(`channel ${channelOf(frame, filter, own)}`);
  if (axes.slice) parts.push(`${axes.slice} ${frame.depth_index ?? spot.cell % tiles.slices}`);
  if (axes.row) {
    const shift = axes.row === "channel" ? channelOf(frame, filter, 0) : 0;
    parts.push(
      span(axes.row, spot.row, tiles.block_rows, tiles.rows).replace(/\d+/g, (n) => `${+n + shift}`),
    );
  }
  if (axes.column) parts.push(span(axes.column, spot.column, tiles.block_cols, tiles.cols));
  return parts;
}

/** The weight itself, or the three of a pixel in true colour. */
export function valueText(from: Leveled, start: number, depth: number): string {
  const single = from.values instanceof Float32Array;
  const numbers = Array.from(from.values.subarray(start, start + depth), (value) => exact(value, single));
  if (depth === 1) return numbers[0] ?? "";
  return numbers.map((text, part) => `${COLORS[part]} ${text}`).join(", ");
}

/** What the group of a filter is called, in words and in fewer words. */
export function groupNames({ filters, channels }: Groups, filter: number): string[] {
  const group = floor(filter / filters);
  const first = group * channels;
  const inputs = channels > 1 ? `${first}–${first + channels - 1}` : `${first}`;
  const named = `input${channels > 1 ? "s" : ""} ${inputs}`;
  return [`group ${group}: ${named}`, named, inputs];
}

/** Which input channels a filter sees, where that is not all of them. */
export const groupText = (frame: Frame, filter: number): string =>
  frame.groups ? `sees ${groupNames(frame.groups, filter)[1]}` : "";

/** One pixel of a matrix: which weights it stands for, and the largest of them. */
export function pixelText(frame: Frame, filter: number, row: number, column: number): string {
  const { picture, axes, unit } = frame;
  if (!picture) return "";
  const value = picture.values[row * picture.width + column] ?? 0;
  // In order of norm a block holds rows from all over the layer.
  const rows =
    frame.order && picture.block_rows > 1
      ? `${picture.block_rows} ${unit}s of similar norm`
      : span(unit, frame.order ? filter : row, picture.block_rows, picture.rows);
  const columns = span(axes.column, column, picture.block_cols, picture.cols);
  return `${rows}, ${columns}: ${exact(value, picture.values instanceof Float32Array)}`;
}
