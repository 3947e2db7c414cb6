/** Where one display looks at a matrix: its middle, and how far it is zoomed in. */

/** A weight at the deepest zoom, in CSS pixels: wide enough for all of its digits. */
export const DEEPEST = 96;
/** A whole matrix narrower or lower than this part of the room is stretched to it. */
const THIN = 0.6;

export interface Place {
  row: number;
  column: number;
}

/** Pixels of one row and of one column when the whole matrix is in sight. */
function wholeScale(rows: number, cols: number, width: number, height: number): [number, number] {
  const even = Math.min(width / cols, height / rows);
  const across = even * cols < THIN * width ? width / cols : even;
  const down = even * rows < THIN * height ? height / rows : even;
  return [Math.min(across, DEEPEST), Math.min(down, DEEPEST)];
}

const between = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

export class Camera {
  rows = 1;
  cols = 1;
  width = 1;
  height = 1;
  /** From 0, the whole matrix, to 1, the deepest zoom; rows and columns reach both ends together. */
  #zoom = 0;
  #row = 0;
  #column = 0;
  #whole: [number, number] = [1, 1];

  /** Look at another matrix, whole. */
  begin(rows: number, cols: number): void {
    [this.rows, this.cols] = [rows, cols];
    this.#fit();
    this.showWhole();
  }

  resize(width: number, height: number): void {
    [this.width, this.height] = [Math.max(1, width), Math.max(1, height)];
    this.#fit();
    this.#clamp();
  }

  get scaleX(): number {
    return this.#whole[0] ** (1 - this.#zoom) * DEEPEST ** this.#zoom;
  }

  get scaleY(): number {
    return this.#whole[1] ** (1 - this.#zoom) * DEEPEST ** this.#zoom;
  }

  get isWhole(): boolean {
    return this.#zoom === 0;
  }

  get isDeepest(): boolean {
    return this.#zoom === 1 || this.#octaves === 0;
  }

  /** Levels of rows and columns at which no pixel of a tile is smaller than one on the screen. */
  get levels(): [number, number] {
    const level = (scale: number) => Math.max(0, Math.ceil(-Math.log2(scale) - 1e-9));
    return [level(this.scaleY), level(this.scaleX)];
  }

  /** Where a place of the matrix lies, in CSS pixels from the corner of the room. */
  x(column: number): number {
    return this.width / 2 + (column - this.#column) * this.scaleX;
  }

  y(row: number): number {
    return this.height / 2 + (row - this.#row) * this.scaleY;
  }

  /** The place of the matrix at a point of the room; not whole, and maybe outside. */
  at(x: number, y: number): Place {
    return {
      row: this.#row + (y - this.height / 2) / this.scaleY,
      column: this.#column + (x - this.width / 2) / this.scaleX,
    };
  }

  /** The part of the matrix in sight: first row, row after the last, first column, column after the last. */
  get sight(): [number, number, number, number] {
    const [start, end] = [this.at(0, 0), this.at(this.width, this.height)];
    return [
      between(start.row, 0, this.rows),
      between(end.row, 0, this.rows),
      between(start.column, 0, this.cols),
      between(end.column, 0, this.cols),
    ];
  }

  panBy(x: number, y: number): void {
    this.#row += y / this.scaleY;
    this.#column += x / this.scaleX;
    this.#clamp();
  }

  /** Zoom in by octaves (out, if they are negative) and keep what is at a point where it is. */
  zoomBy(octaves: number, x = this.width / 2, y = this.height / 2): void {
    if (this.#octaves === 0) return;
    const fixed = this.at(x, y);
    this.#zoom = between(this.#zoom + octaves / this.#octaves, 0, 1);
    this.#row = fixed.row - (y - this.height / 2) / this.scaleY;
    this.#column = fixed.column - (x - this.width / 2) / this.scaleX;
    this.#clamp();
  }

  showWhole(): void {
    this.#zoom = 0;
    this.#row = this.rows / 2;
    this.#column = this.cols / 2;
  }

  /** Bring a row into sight, in the middle if it was out of it. */
  reveal(row: number): void {
    const [first, last] = this.sight;
    if (row >= Math.ceil(first) && row + 1 <= Math.floor(last)) return;
    this.#row = row + 0.5;
    this.#clamp();
  }

  /** Zoom in until a row can be read, and bring it into sight. */
  goTo(row: number, pixels: number): void {
    const missing = Math.log2(pixels / this.scaleY);
    const octavesDown = Math.log2(DEEPEST / this.#whole[1]);
    if (missing > 0 && octavesDown > 0) this.zoomBy((missing / octavesDown) * this.#octaves);
    this.reveal(row);
  }

  get #octaves(): number {
    return Math.max(...this.#whole.map((scale) => Math.log2(DEEPEST / scale)));
  }

  #fit(): void {
    this.#whole = wholeScale(this.rows, this.cols, this.width, this.height);
  }

  #clamp(): void {
    const clamped = (middle: number, size: number, seen: number) =>
      seen >= size ? size / 2 : between(middle, seen / 2, size - seen / 2);
    this.#row = clamped(this.#row, this.rows, this.height / this.scaleY);
    this.#column = clamped(this.#column, this.cols, this.width / this.scaleX);
  }
}
