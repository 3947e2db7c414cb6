/** All rows of a matrix as one picture, and the selected row once more below it. */

import { fit } from "./canvas";
import { css, selected as markColor } from "./color";
import type { GridData, Leveled, Tile } from "./grid_data";
import { colorize, enlarge, type Mosaic, mosaicHeight, mosaicWidth } from "./grid_paint";

/** The side of a pixel in CSS pixels is at most so large. */
const MOST = 16;
/** Room left of the matrix for the mark of the selected row. */
const MARK = 9;
const STRIP_HEIGHT = 14;

export interface MatrixHit {
  row: number;
  column: number;
}

export class MatrixField {
  readonly canvas: HTMLCanvasElement;
  readonly strip: HTMLCanvasElement;
  readonly #data: GridData;
  #image: ImageData | null = null;
  #mosaic: Mosaic | null = null;

  constructor(canvas: HTMLCanvasElement, strip: HTMLCanvasElement, data: GridData) {
    this.canvas = canvas;
    this.strip = strip;
    this.#data = data;
  }

  renew(): void {
    this.#image = null;
  }

  layOut(scroller: HTMLElement, space: HTMLElement, room: number): void {
    const picture = this.#data.frame?.picture;
    if (!picture) return;
    const ratio = this.#ratio;
    scroller.style.overflowY = "hidden";
    const fits = Math.min(
      ((scroller.clientWidth - 2 * MARK) * ratio) / picture.width,
      (room * ratio) / picture.height,
    );
    const scale = Math.max(1, Math.floor(Math.min(fits, MOST * ratio)));
    const { height, width } = picture;
    this.#mosaic = { cells: 1, cell_rows: 1, cell_cols: 1, height, width, depth: 1, scale, gap: 0 };
    const tall = mosaicHeight(this.#mosaic) / ratio + 2 * MARK;
    space.style.height = `${tall}px`;
    scroller.style.height = `${tall}px`;
    this.#image = null;
  }

  draw(selected: number): void {
    const { frame } = this.#data;
    const picture = frame?.picture;
    const mosaic = this.#mosaic;
    if (!frame || !picture || !mosaic) return;
    const ratio = this.#ratio;
    const [width, height] = [mosaicWidth(mosaic), mosaicHeight(mosaic)];
    const { context } = fit(this.canvas, width / ratio + 2 * MARK, height / ratio + 2 * MARK);
    this.#image ??= this.#paint(picture, mosaic, this.#data.pictureMask());
    const edge = Math.round(MARK * ratio);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.putImageData(this.#image, edge, edge);
    const top = edge + Math.floor(this.#data.placeOf(selected) / picture.block_rows) * mosaic.scale;
    this.#mark(context, edge, top, width, mosaic.scale);
    this.#drawStrip(mosaic);
  }

  /** Which pixel is at a place given in CSS pixels from the canvas' corner. */
  hit(x: number, y: number): MatrixHit | null {
    const mosaic = this.#mosaic;
    if (!mosaic) return null;
    const edge = Math.round(MARK * this.#ratio);
    const column = Math.floor((Math.floor(x * this.#ratio) - edge) / mosaic.scale);
    const row = Math.floor((Math.floor(y * this.#ratio) - edge) / mosaic.scale);
    const inside = column >= 0 && row >= 0 && column < mosaic.width && row < mosaic.height;
    return inside ? { row, column } : null;
  }

  get #ratio(): number {
    return window.devicePixelRatio || 1;
  }

  #paint(from: Leveled, mosaic: Mosaic, mask: Tile["mask"]): ImageData {
    return enlarge(
      colorize({ ...from, start: 0, mask }, mosaic.height * mosaic.width, 1, "diverging"),
      mosaic,
    );
  }

  /** A frame around the selected row, with a pointer at its left that shows also where the row is thin. */
  #mark(context: CanvasRenderingContext2D, left: number, top: number, width: number, height: number): void {
    const ratio = this.#ratio;
    const [line, size] = [Math.max(1, Math.round(2 * ratio)), Math.round(5 * ratio)];
    context.strokeStyle = css(markColor);
    context.fillStyle = css(markColor);
    context.lineWidth = line;
    context.strokeRect(left - line / 2, top - line / 2, width + line, height + line);
    context.beginPath();
    context.moveTo(left - line, top + height / 2);
    context.lineTo(left - line - size, top + height / 2 - size);
    context.lineTo(left - line - size, top + height / 2 + size);
    context.fill();
  }

  #drawStrip(mosaic: Mosaic): void {
    const { row } = this.#data;
    const ratio = this.#ratio;
    const { context } = fit(this.strip, mosaicWidth(mosaic) / ratio + 2 * MARK, STRIP_HEIGHT);
    if (!row) return;
    const line: Mosaic = { ...mosaic, height: 1 };
    const image = this.#paint(row, line, null);
    const lines = Math.round(STRIP_HEIGHT * ratio);
    for (let top = 0; top < lines; top += image.height)
      context.putImageData(image, Math.round(MARK * ratio), top, 0, 0, image.width, lines - top);
  }
}
