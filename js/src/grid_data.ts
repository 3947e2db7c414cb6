/** What Python published for the grid: the frame, the pages in hand, the mask of the selected range. */

import { decode, isEmpty, type Numbers } from "./wire";

const { ceil, floor } = Math;

export interface Tiles {
  page_size: number;
  sheet_pages: number;
  cells: number;
  cell_rows: number;
  cell_cols: number;
  height: number;
  width: number;
  depth: number;
  slices: number;
  block_rows: number;
  block_cols: number;
  rows: number;
  cols: number;
}

/** Levels with the exact weights behind them; `nonfinite` says whether to look for NaN and infinities. */
export interface Leveled {
  levels: Uint8Array;
  values: Float32Array | Float64Array;
  nonfinite: boolean;
}

export interface Picture extends Leveled {
  height: number;
  width: number;
  rows: number;
  cols: number;
  block_rows: number;
  block_cols: number;
}

/** Filters of one group of a convolution, and the input channels that they see. */
export interface Groups {
  filters: number;
  channels: number;
}

export interface Frame {
  token: number;
  mode: "tiles" | "matrix";
  title: string;
  description: string;
  unit: string;
  color: "rgb" | "diverging" | "gray";
  scope: string;
  /** Whether several layers have one scale of colours. */
  shares_scale: boolean;
  notes: string[];
  axes: { cell: string; slice: string; row: string; column: string };
  count: number;
  order: Numbers | null;
  limit: Float64Array;
  channels: number;
  input_channel: number | null;
  /** Slices of a 3-d kernel to choose from (0: none), and the only one shown. */
  depths: number;
  depth_index: number | null;
  groups: Groups | null;
  images: string | null;
  tiles: Tiles | null;
  picture: Picture | null;
}

interface Page extends Leveled {
  page: number;
  limits: Float64Array;
  norms: Float64Array;
}

export interface Row extends Leveled {
  token: number;
  filter_index: number;
  norm: Float64Array;
  block_cols: number;
  /** Which of its pixels are in the selected range. */
  mask: Uint8Array | null;
}

interface Lit {
  token: number;
  first: number;
  masks: Uint8Array[] | null;
  /** What fades. */
  said: string;
}

/** One tile of a page: `start` is where it begins in the page's arrays. */
export interface Tile extends Leveled {
  start: number;
  norm: number;
  low: number;
  high: number;
  /** Which pixels are in the selected range, and where the tile begins among them; null where none is selected. */
  mask: { bits: Uint8Array; start: number } | null;
}

const PAGES_PER_QUESTION = 2;
/** A row of a matrix is enlarged in lines of at least so many weights. */
const LEAST_LINE = 8;
/** Above this many pages (some 30 MB) the oldest are forgotten; they can be asked for again. */
const MOST_PAGES = 250;

export class GridData {
  frame: Frame | null = null;
  row: Row | null = null;
  #pages = new Map<number, Page>();
  #lit: Lit | null = null;
  #places: Uint32Array | null = null;
  #line: Tiles | null = null;

  /** How a tile is laid out: of a matrix, the row that is enlarged. */
  get tiles(): Tiles | null {
    return this.frame?.tiles ?? this.#line;
  }

  takeFrame(value: unknown): void {
    const frame = isEmpty(value) ? null : decode<Frame>(value);
    if (frame?.token !== this.frame?.token) this.#pages.clear();
    this.frame = frame;
    this.#places = null;
    if (frame?.order) {
      this.#places = new Uint32Array(frame.count);
      for (const [place, filter] of frame.order.entries()) this.#places[filter] = place;
    }
  }

  /** Keep what belongs to the frame; another view of the same model may have asked for more. */
  takePages(value: unknown): void {
    const { token, pages = [] } = isEmpty(value) ? {} : decode<{ token?: number; pages?: Page[] }>(value);
    if (token !== this.frame?.token) return;
    for (const page of pages) this.#pages.set(page.page, page);
    for (const oldest of this.#pages.keys()) {
      if (this.#pages.size <= MOST_PAGES) break;
      this.#pages.delete(oldest);
    }
  }

  takeLit(value: unknown): void {
    const lit = isEmpty(value) ? null : decode<Lit>(value);
    this.#lit = lit?.token === this.frame?.token ? lit : null;
  }

  takeRow(value: unknown): void {
    const row = isEmpty(value) ? null : decode<Row>(value);
    this.row = row?.token === this.frame?.token ? row : null;
    this.#line = this.row && lined(this.row, this.frame?.picture?.cols ?? 0);
  }

  /** Whether weights outside the selected range are drawn faint. */
  get isLit(): boolean {
    return this.#lit?.masks != null;
  }

  /** The sentences below the picture. */
  get words(): string[] {
    const { frame } = this;
    return frame ? [frame.scope, this.#lit?.said ?? "", ...frame.notes].filter(Boolean) : [];
  }

  filterAt(place: number): number {
    return this.frame?.order ? (this.frame.order[place] ?? 0) : place;
  }

  placeOf(filter: number): number {
    return this.#places ? (this.#places[filter] ?? 0) : filter;
  }

  tile(place: number): Tile | null {
    const tiles = this.frame?.tiles;
    if (!tiles) return this.#rowTile(place);
    const number = floor(place / tiles.page_size);
    const page = this.#pages.get(number);
    if (!page) return null;
    const index = place - number * tiles.page_size;
    const pixels = tiles.cells * tiles.height * tiles.width;
    const bits = this.#maskOf(number);
    return {
      levels: page.levels,
      values: page.values,
      nonfinite: page.nonfinite,
      start: index * pixels * tiles.depth,
      norm: page.norms[index] ?? 0,
      low: page.limits[2 * index] ?? 0,
      high: page.limits[2 * index + 1] ?? 0,
      mask: bits && { bits, start: index * pixels },
    };
  }

  /** The L2 norm of a filter: NaN where no weight is finite, null while its tile or row is not in hand. */
  normOf(filter: number): number | null {
    return this.tile(this.placeOf(filter))?.norm ?? null;
  }

  /** The mask of a whole matrix. */
  pictureMask(): Tile["mask"] {
    const bits = this.#lit?.masks?.[0];
    return bits ? { bits, start: 0 } : null;
  }

  /** The question for what is not in hand of the tiles that must be seen; null when all is. */
  missing(places: Iterable<number>): { token: number; pages: number[]; sheet: number } | null {
    const { token, tiles } = this.frame ?? {};
    if (token === undefined || !tiles) return null;
    const needed = new Set<number>();
    let sheet: number | null = null;
    for (const place of places) {
      const page = floor(place / tiles.page_size);
      if (!this.#pages.has(page)) needed.add(page);
      if (sheet === null && this.isLit && !this.#maskOf(page)) sheet = floor(page / tiles.sheet_pages);
    }
    if (needed.size === 0 && sheet === null) return null;
    const kept = floor((this.#lit?.first ?? 0) / tiles.sheet_pages);
    return { token, pages: [...needed].slice(0, PAGES_PER_QUESTION), sheet: sheet ?? kept };
  }

  #rowTile(place: number): Tile | null {
    const { row, frame } = this;
    if (row?.filter_index !== this.filterAt(place)) return null;
    const high = frame?.limit[0] ?? 0;
    const mask = row.mask && { bits: row.mask, start: 0 };
    return { ...row, start: 0, norm: row.norm[0] ?? 0, low: -high, high, mask };
  }

  #maskOf(page: number): Uint8Array | null {
    const lit = this.#lit;
    return lit?.masks?.[page - lit.first] ?? null;
  }
}

/** How many tiles stand together: the filters of a group in the order of the layer, else all. */
export function perGroup({ groups, order, count }: Frame): number {
  return groups && !order && groups.filters > 1 ? groups.filters : count;
}

/** A row in lines, one below the other; in those of a picture where it can be read as one. */
function lined({ levels, block_cols }: Row, cols: number): Tiles {
  const cells = levels.length;
  const side = Math.sqrt(cells);
  const isSquare = block_cols === 1 && Number.isInteger(side) && side > LEAST_LINE;
  const line = isSquare ? side : Math.max(LEAST_LINE, 2 ** ceil(Math.log2(side)));
  const cell_cols = Math.min(cells, line);
  const one = {
    height: 1,
    width: 1,
    depth: 1,
    slices: 1,
    rows: 1,
    block_rows: 1,
    page_size: 1,
    sheet_pages: 1,
  };
  return { ...one, cells, cell_cols, cell_rows: ceil(cells / cell_cols), block_cols, cols };
}
