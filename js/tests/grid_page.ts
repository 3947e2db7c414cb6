/** The grid in a page, and the geometry in which it draws, worked out anew. */

import grid from "../src/grid";
import { arrange } from "../src/grid_arrange";
import { tileCorner } from "../src/grid_blocks";
import { type Frame, GridData, perGroup, type Tile, type Tiles } from "../src/grid_data";
import { cornerOf } from "../src/grid_paint";
import type { FilterGridState } from "../src/state";
import { decode } from "../src/wire";
import { nextFrame, type Shown, show, thaw } from "./fake_model";
import fixtures from "./fixtures/grid.json";
import "../src/grid.css";

export type State = FilterGridState;
export type Name = keyof typeof fixtures;

/** Room at the edges of a matrix for the mark of the selected row, in CSS pixels. */
export const MARK = 9;
/** Height of the field at the normal text size. */
const ROOM = 348;

export const state = (name: Name): State => thaw<State>(fixtures[name]);

export interface GridPage extends Shown<State> {
  text: (selector: string) => string;
  canvas: HTMLCanvasElement;
  field: HTMLElement;
  enlarged: HTMLCanvasElement;
}

export async function open(name: Name, changes: Partial<State> = {}, width = 860): Promise<GridPage> {
  const shown = show(grid, { ...state(name), ...changes }, width);
  await nextFrame();
  await nextFrame();
  return {
    ...shown,
    text: (selector) => shown.find(selector).textContent ?? "",
    canvas: shown.find<HTMLCanvasElement>(".ww-grid-canvas"),
    field: shown.find(".ww-grid-field"),
    enlarged: shown.find<HTMLCanvasElement>(".ww-grid-enlarged"),
  };
}

export const frameOf = (page: GridPage): Frame => decode<Frame>(page.model.get("frame"));

/** What the published traits say, read as the view reads them. */
export function dataOf(page: GridPage): GridData {
  const found = new GridData();
  found.takeFrame(page.model.get("frame"));
  found.takePages(page.model.get("pages"));
  found.takeLit(page.model.get("lit"));
  found.takeRow(page.model.get("row"));
  return found;
}

export function arrangementOf(page: GridPage) {
  const frame = frameOf(page);
  const tiles = frame.tiles as Tiles;
  const ratio = window.devicePixelRatio;
  const count = { count: frame.count, per: perGroup(frame) };
  return { frame, tiles, ...arrange(tiles, count, page.field.clientWidth, ROOM, ratio, 1) };
}

export interface Square {
  /** Upper left device pixel on the canvas that is not scrolled. */
  x: number;
  y: number;
  size: number;
  /** Which weight of the tile. */
  index: number;
  place: number;
  tile: Tile;
}

/** Every weight in hand with the square in which it is drawn. */
export function squaresOf(page: GridPage): Square[] {
  const found = arrangementOf(page);
  const { tiles, frame, mosaic } = found;
  const known = dataOf(page);
  const squares: Square[] = [];
  for (let place = 0; place < frame.count; place++) {
    const tile = known.tile(place);
    const corner = tileCorner(found, place);
    for (let index = 0; tile && index < tiles.cells * tiles.height * tiles.width; index++) {
      const [column, row] = [index % tiles.width, Math.floor(index / tiles.width) % tiles.height];
      const cell = Math.floor(index / (tiles.width * tiles.height));
      const { x, y } = cornerOf(mosaic, { cell, row, column });
      squares.push({ x: corner.x + x, y: corner.y + y, size: mosaic.scale, index, place, tile });
    }
  }
  return squares;
}

/** The middle of a tile in CSS pixels on the canvas, as far as it is scrolled. */
export function middleOf(page: GridPage, place: number): [number, number] {
  const found = arrangementOf(page);
  const ratio = window.devicePixelRatio;
  const { x, y } = tileCorner(found, place);
  const [middleX, middleY] = [x + Math.floor(found.tileWidth / 2), y + Math.floor(found.tileHeight / 2)];
  return [middleX / ratio, middleY / ratio - page.field.scrollTop];
}
