/** From levels to pixels: tiles, the digits in single weights, the edges with rows and columns. */

import { exact, formatWeightTo, indexTicks, type Tick } from "./axis";
import type { Palette, Sheet } from "./canvas";
import { css, diverging, selected as markColor, type Rgb, strayColor, tableColor } from "./color";
import type { Camera } from "./matrix_camera";
import type { Frame, Leveled, MatrixData, Tile } from "./matrix_data";

/** A weight of so many CSS pixels has room for digits, a row of so many for its name. */
export const READABLE = 34;
export const ROW_READABLE = 13;

/** The colour of each number, four bytes each: red, green, blue, opacity. */
export function colors(from: Leveled): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray(4 * from.levels.length);
  for (let index = 0; index < from.levels.length; index++) {
    const level = 3 * (from.levels[index] ?? 0);
    for (let part = 0; part < 3; part++) out[4 * index + part] = diverging[level + part] ?? 0;
    out[4 * index + 3] = 255;
  }
  if (!from.nonfinite) return out;
  for (const [index, value] of from.values.entries())
    if (!Number.isFinite(value)) out.set(strayColor(value), 4 * index);
  return out;
}

function colorAt(from: Leveled, index: number): Rgb {
  const value = from.values[index] ?? 0;
  return Number.isFinite(value) ? tableColor(diverging, from.levels[index] ?? 0) : strayColor(value);
}

const pictures = new WeakMap<Leveled, HTMLCanvasElement>();

/** The numbers as a picture, a pixel each; painted once. */
export function pictureOf(from: Leveled): HTMLCanvasElement {
  const known = pictures.get(from);
  if (known) return known;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [from.width, from.levels.length / from.width];
  canvas.getContext("2d")?.putImageData(new ImageData(colors(from), from.width), 0, 0);
  pictures.set(from, canvas);
  return canvas;
}

export interface Edges {
  left: number;
  top: number;
}

/** Draw what is in sight, with the selected row marked. */
export function paint(
  sheet: Sheet,
  edges: Edges,
  camera: Camera,
  data: MatrixData,
  palette: Palette,
  cursor: boolean,
): void {
  const { context } = sheet;
  const { frame } = data;
  context.fillStyle = palette.surface;
  context.fillRect(0, 0, sheet.width, sheet.height);
  if (!frame) return;
  const tiles = data.drawn(camera.levels, camera.sight);
  context.save();
  context.translate(edges.left, edges.top);
  context.beginPath();
  const [x, y] = [Math.max(0, camera.x(0)), Math.max(0, camera.y(0))];
  const [right, bottom] = [
    Math.min(camera.width, camera.x(camera.cols)),
    Math.min(camera.height, camera.y(camera.rows)),
  ];
  context.rect(x, y, right - x, bottom - y);
  context.save();
  context.clip();
  for (const tile of tiles) paintTile(context, camera, frame, tile);
  if (camera.scaleX >= READABLE && camera.scaleY >= ROW_READABLE)
    for (const tile of tiles.filter(({ place }) => place[0] + place[1] === 0))
      paintDigits(context, camera, frame, tile, palette);
  context.restore();
  context.strokeStyle = palette.line;
  context.lineWidth = 1;
  context.stroke();
  if (data.row && data.row.place !== null) paintMark(context, camera, data.row.place, right);
  if (cursor) paintCursor(context, camera, palette);
  context.restore();
  paintColumns(context, edges, camera, palette);
  paintRows(context, edges, camera, frame, tiles, palette);
}

function paintTile(context: CanvasRenderingContext2D, camera: Camera, frame: Frame, tile: Tile): void {
  const [rowLevel, colLevel, down, across] = tile.place;
  const [high, wide] = [2 ** rowLevel, 2 ** colLevel];
  const [row, column] = [down * frame.side * high, across * frame.side * wide];
  // On whole device pixels, so that neighbours leave no seam.
  const { a: ratio, e: left, f: top } = context.getTransform();
  const x = Math.round(left + camera.x(column) * ratio);
  const y = Math.round(top + camera.y(row) * ratio);
  const right = Math.round(left + camera.x(column + tile.width * wide) * ratio);
  const bottom = Math.round(top + camera.y(row + tile.height * high) * ratio);
  context.save();
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(pictureOf(tile), x, y, right - x, bottom - y);
  context.restore();
}

/** The digits that tell a weight from all others, or as many as there is room for, marked as rounded. */
export function fitting(
  value: number,
  single: boolean,
  room: number,
  measure: (text: string) => number,
): string {
  const rounded = [4, 3, 2, 1].map((digits) => `≈${formatWeightTo(digits)(value)}`);
  return [exact(value, single), ...rounded].find((text) => measure(text) <= room) ?? "";
}

const isDark = ([red, green, blue]: Rgb): boolean => 0.299 * red + 0.587 * green + 0.114 * blue < 140;

function paintDigits(
  context: CanvasRenderingContext2D,
  camera: Camera,
  frame: Frame,
  tile: Tile,
  palette: Palette,
): void {
  const [first, last, left, right] = camera.sight.map(Math.floor) as [number, number, number, number];
  const [top, start] = [tile.place[2] * frame.side, tile.place[3] * frame.side];
  const em = Math.min(11, camera.scaleY - 3);
  context.font = `${em}px ${palette.font.slice(palette.font.indexOf(" ") + 1)}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  const measure = (text: string) => context.measureText(text).width;
  for (let row = Math.max(first, top); row <= last && row < top + tile.height; row++)
    for (let column = Math.max(left, start); column <= right && column < start + tile.width; column++) {
      const index = (row - top) * tile.width + column - start;
      context.fillStyle = isDark(colorAt(tile, index)) ? "#fff" : "#000";
      const text = fitting(tile.values[index] ?? 0, frame.single, camera.scaleX - 6, measure);
      context.fillText(text, camera.x(column + 0.5), camera.y(row + 0.5));
    }
}

/** A frame around the selected row, and a pointer at its left that shows also where the row is thin. */
function paintMark(context: CanvasRenderingContext2D, camera: Camera, place: number, right: number): void {
  const [top, bottom] = [camera.y(place), camera.y(place + 1)];
  if (bottom < 0 || top > camera.height) return;
  const [left, middle] = [Math.max(0, camera.x(0)), (top + bottom) / 2];
  context.strokeStyle = css(markColor);
  context.fillStyle = css(markColor);
  context.lineWidth = 2;
  const height = Math.max(bottom - top, 1);
  if (height >= 4) context.strokeRect(left - 1, middle - height / 2, right - left + 2, height);
  context.beginPath();
  context.moveTo(left - 1, middle);
  context.lineTo(left - 7, middle - 5);
  context.lineTo(left - 7, middle + 5);
  context.fill();
}

function paintCursor(context: CanvasRenderingContext2D, camera: Camera, palette: Palette): void {
  const [x, y] = [camera.width / 2, camera.height / 2];
  for (const [color, width] of [
    [palette.surface, 4],
    [palette.text, 1.5],
  ] as const) {
    context.strokeStyle = color;
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(x - 8, y);
    context.lineTo(x + 8, y);
    context.moveTo(x, y - 8);
    context.lineTo(x, y + 8);
    context.stroke();
  }
}

function paintColumns(
  context: CanvasRenderingContext2D,
  edges: Edges,
  camera: Camera,
  palette: Palette,
): void {
  const [, , left, right] = camera.sight;
  const middle = (column: number) => camera.x(column + 0.5);
  const count = Math.max(2, Math.floor(camera.width / 90));
  context.fillStyle = palette.muted;
  context.font = palette.font;
  context.textAlign = "center";
  context.textBaseline = "alphabetic";
  for (const { position, label } of indexTicks(
    Math.ceil(left - 0.5),
    Math.floor(right - 0.5),
    middle,
    count,
  )) {
    if (position < 0 || position > camera.width) continue;
    context.fillText(label, edges.left + position, edges.top - 6);
    context.fillRect(edges.left + Math.round(position), edges.top - 4, 1, 4);
  }
}

/** The names of the rows where there is room for each, else some places along the edge. */
export function rowTicks(camera: Camera, frame: Frame, tiles: readonly Tile[]): Tick[] {
  const [first, last] = camera.sight;
  const middle = (row: number) => camera.y(row + 0.5);
  if (camera.scaleY < ROW_READABLE) {
    const count = Math.max(2, Math.floor(camera.height / 60));
    const ticks = indexTicks(Math.ceil(first - 0.5), Math.floor(last - 0.5), middle, count);
    // In the order of norms a place is not a row.
    return frame.order === "norm" ? ticks.map((tick) => ({ ...tick, label: `#${tick.label}` })) : ticks;
  }
  const sharp = tiles.filter(({ place }) => place[0] === 0);
  const found: Tick[] = [];
  for (let row = Math.floor(first); row < Math.min(last, frame.rows); row++) {
    const tile = sharp.find(({ place }) => place[2] === Math.floor(row / frame.side));
    const line = row % frame.side;
    if (!tile) continue;
    const label = tile.labels[line];
    const name = `${tile.rows[line] ?? ""}`;
    found.push({ position: middle(row), label: label === undefined ? name : `${label}  ${name}` });
  }
  return found;
}

function paintRows(
  context: CanvasRenderingContext2D,
  edges: Edges,
  camera: Camera,
  frame: Frame,
  tiles: readonly Tile[],
  palette: Palette,
): void {
  context.fillStyle = palette.muted;
  context.font = palette.font;
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const { position, label } of rowTicks(camera, frame, tiles)) {
    if (position < 0 || position > camera.height) continue;
    context.fillText(label, edges.left - 10, edges.top + position, edges.left - 12);
  }
}
