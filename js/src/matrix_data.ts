/** What Python published for the matrix: the frame, the tiles in hand, the selected row. */

import { decode, isEmpty, type Numbers } from "./wire";

export interface Frame {
  token: number;
  arrangement: number;
  title: string;
  description: string;
  unit: string;
  scope: string;
  notes: string[];
  rows: number;
  cols: number;
  side: number;
  tiles_per_answer: number;
  overview: number[];
  limit: Float64Array;
  pooling: "extreme" | "mean";
  order: "index" | "norm";
  single: boolean;
  preview: boolean;
  nonfinite: boolean;
  labelled: boolean;
  can_shuffle: boolean;
  offers: string;
}

/** Levels with the exact numbers behind them; `nonfinite` says whether to look for NaN and infinities. */
export interface Leveled {
  levels: Uint8Array;
  values: Float32Array | Float64Array;
  height: number;
  width: number;
  nonfinite: boolean;
}

interface WireTile extends Leveled {
  /** Level of its rows, level of its columns, place down, place across. */
  place: [number, number, number, number];
  /** The row of the layer that each line shows; the middle one where it shows several. */
  rows: Numbers;
  labels: string;
}

export interface Tile extends Leveled {
  place: WireTile["place"];
  rows: Numbers;
  labels: string[];
}

export interface Row {
  token: number;
  filter_index: number;
  place: number | null;
  label: string;
  norm: Float64Array;
  image: (Leveled & { depth: number; block: number; shape: string }) | null;
}

/** A pixel of a tile: which of its lines, and where among its numbers. */
export interface Pixel {
  tile: Tile;
  line: number;
  index: number;
}

/** Some 30 MB of tiles; older ones are forgotten and can be asked for again. */
const MOST_TILES = 240;

const keyOf = (place: readonly number[]): string => place.join(" ");

export class MatrixData {
  frame: Frame | null = null;
  row: Row | null = null;
  #tiles = new Map<string, Tile>();
  /** Tiles of the last frame of the same arrangement: what is seen until the new ones come. */
  #old = new Map<string, Tile>();

  takeFrame(value: unknown): void {
    const frame = isEmpty(value) ? null : decode<Frame>(value);
    if (frame?.token !== this.frame?.token) {
      const isSame = frame !== null && frame.arrangement === this.frame?.arrangement;
      // What was not replaced yet when the frame changed again is still better than nothing.
      this.#old = isSame ? new Map([...this.#old, ...this.#tiles]) : new Map();
      this.#tiles = new Map();
    }
    this.frame = frame;
  }

  /** Keep what belongs to the frame; another display of the same view may have asked for more. */
  takePages(value: unknown): void {
    if (isEmpty(value)) return;
    const { token, tiles } = decode<{ token: number; tiles: WireTile[] }>(value);
    if (token !== this.frame?.token) return;
    for (const tile of tiles) {
      const labels: string[] = tile.labels === "" ? [] : JSON.parse(tile.labels);
      this.#tiles.set(keyOf(tile.place), { ...tile, labels });
      this.#old.delete(keyOf(tile.place));
    }
    const forget = this.#tiles.size - MOST_TILES;
    const oldest = [...this.#tiles].filter(([, tile]) => !this.#isOverview(tile)).slice(0, forget);
    if (forget > 0) for (const [key] of oldest) this.#tiles.delete(key);
  }

  takeRow(value: unknown): void {
    const row = isEmpty(value) ? null : decode<Row>(value);
    this.row = row?.token === this.frame?.token ? row : null;
  }

  /** The tiles in sight that are in hand and not finer than the screen, the coarsest first, old below new. */
  drawn(levels: readonly [number, number], sight: readonly number[]): Tile[] {
    const fineness = (tile: Tile) => -tile.place[0] - tile.place[1];
    return [...this.#old.values(), ...this.#tiles.values()]
      .filter(({ place }) => place[0] >= levels[0] && place[1] >= levels[1] && this.#isInSight(place, sight))
      .sort((one, other) => fineness(one) - fineness(other));
  }

  /** The sharpest pixel of this frame in hand at a place of the matrix. */
  read(levels: readonly [number, number], row: number, column: number): Pixel | null {
    const side = this.frame?.side ?? 1;
    const tiles = this.drawn(levels, [row, row + 1, column, column + 1]);
    const tile = tiles.filter((one) => this.#tiles.get(keyOf(one.place)) === one).at(-1);
    if (!tile) return null;
    const [rowLevel, colLevel, down, across] = tile.place;
    const line = Math.floor(row / 2 ** rowLevel) - down * side;
    const pixel = Math.floor(column / 2 ** colLevel) - across * side;
    return { tile, line, index: line * tile.width + pixel };
  }

  /** The question for tiles that are in sight and not in hand, nearest to the middle first; null if none. */
  missing(
    levels: readonly [number, number],
    sight: readonly number[],
  ): { token: number; tiles: number[][] } | null {
    const { frame } = this;
    if (!frame) return null;
    const overview = frame.overview as [number, number];
    const places = [
      ...this.#placesInSight(levels, sight),
      ...this.#placesInSight(overview, [0, frame.rows, 0, frame.cols]),
    ];
    const wanted = places.filter((place) => !this.#tiles.has(keyOf(place)));
    for (const place of places) this.#renew(keyOf(place));
    if (wanted.length === 0) return null;
    return { token: frame.token, tiles: wanted.slice(0, frame.tiles_per_answer) };
  }

  #renew(key: string): void {
    const tile = this.#tiles.get(key);
    if (!tile) return;
    this.#tiles.delete(key);
    this.#tiles.set(key, tile);
  }

  #isOverview(tile: Tile): boolean {
    return tile.place[0] === this.frame?.overview[0] && tile.place[1] === this.frame.overview[1];
  }

  #isInSight([rowLevel, colLevel, down, across]: Tile["place"], sight: readonly number[]): boolean {
    const [first = 0, last = 0, left = 0, right = 0] = sight;
    const side = this.frame?.side ?? 1;
    const [high, wide] = [side * 2 ** rowLevel, side * 2 ** colLevel];
    return (
      down * high < last && (down + 1) * high > first && across * wide < right && (across + 1) * wide > left
    );
  }

  #placesInSight([rowLevel, colLevel]: readonly [number, number], sight: readonly number[]): Tile["place"][] {
    const [first = 0, last = 0, left = 0, right = 0] = sight;
    const side = this.frame?.side ?? 1;
    const [high, wide] = [side * 2 ** rowLevel, side * 2 ** colLevel];
    const places: Tile["place"][] = [];
    for (let down = Math.floor(first / high); down * high < last; down++)
      for (let across = Math.floor(left / wide); across * wide < right; across++)
        places.push([rowLevel, colLevel, down, across]);
    const [middleRow, middleCol] = [(first + last) / 2 / high - 0.5, (left + right) / 2 / wide - 0.5];
    const distance = (place: Tile["place"]) => Math.hypot(place[2] - middleRow, place[3] - middleCol);
    return places.sort((one, other) => distance(one) - distance(other));
  }
}
