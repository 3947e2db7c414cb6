/** All rows of a matrix as one picture. */

import { deviceRatio, fit } from "./canvas";
import { css, selected as markColor } from "./color";
import type { GridData, Leveled, Tile } from "./grid_data";
import { colorize, enlarge, hatch, type Mosaic, mosaicHeight, mosaicWidth } from "./grid_paint";

const { floor, max, min, round } = Math;

/** All in CSS pixels at the normal text size. The side of a pixel is at most so large. */
const MOST = 16;
/** A matrix of few rows is drawn with higher ones, until it is about so high: else none could be pointed at. */
const LEAST_HEIGHT = 72;
const HIGHEST_ROW = 32;
/** Room left of the matrix for the mark of the selected row. */
const MARK = 9;

export interface MatrixHit {
  row: number;
  column: number;
}

export class MatrixField {
  readonly canvas: HTMLCanvasElement;
  readonly #data: GridData;
  #image: ImageData | null = null;
  #mosaic: Mosaic | null = null;
  /** How many times a row is drawn, one below the other. */
  #repeats = 1;
  #zoom = 1;

  constructor(canvas: HTMLCanvasElement, data: GridData) {
    this.canvas = canvas;
    this.#data = data;
  }

  renew(): void {
    this.#image = null;
  }

  layOut(scroller: HTMLElement, space: HTMLElement, room: number, zoom: number): void {
    const picture = this.#data.frame?.picture;
    if (!picture) return;
    this.#zoom = zoom;
    const [ratio, unit] = [deviceRatio(), deviceRatio() * zoom];
    scroller.style.overflowY = "hidden";
    const fits = min(
      ((scroller.clientWidth - 2 * this.#margin) * ratio) / picture.width,
      (room * ratio) / picture.height,
    );
    const scale = max(1, floor(min(fits, MOST * unit)));
    const wanted = Math.ceil((LEAST_HEIGHT * unit) / (picture.height * scale));
    this.#repeats = max(1, min(wanted, floor((HIGHEST_ROW * unit) / scale)));
    const [height, width] = [picture.height * this.#repeats, picture.width];
    this.#mosaic = { cells: 1, cell_rows: 1, cell_cols: 1, height, width, depth: 1, scale, gap: 0 };
    const tall = mosaicHeight(this.#mosaic) / ratio + 2 * this.#margin;
    space.style.height = `${tall}px`;
    scroller.style.height = `${tall}px`;
    this.#image = null;
  }

  draw(selected: number): void {
    const { frame } = this.#data;
    const picture = frame?.picture;
    const mosaic = this.#mosaic;
    if (!frame || !picture || !mosaic) return;
    const ratio = deviceRatio();
    const [width, height] = [mosaicWidth(mosaic), mosaicHeight(mosaic)];
    const around = 2 * this.#margin;
    const { context } = fit(this.canvas, width / ratio + around, height / ratio + around);
    this.#image ??= this.#paint(picture, mosaic, this.#data.pictureMask());
    const edge = round(this.#margin * ratio);
    const rowHeight = this.#repeats * mosaic.scale;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.putImageData(this.#image, edge, edge);
    const top = edge + floor(this.#data.placeOf(selected) / picture.block_rows) * rowHeight;
    this.#mark(context, edge, top, width, rowHeight);
  }

  /** Which pixel is at a place given in CSS pixels from the canvas' corner. */
  hit(x: number, y: number): MatrixHit | null {
    const mosaic = this.#mosaic;
    if (!mosaic) return null;
    const edge = round(this.#margin * deviceRatio());
    const column = floor((floor(x * deviceRatio()) - edge) / mosaic.scale);
    const line = floor((floor(y * deviceRatio()) - edge) / mosaic.scale);
    const inside = column >= 0 && line >= 0 && column < mosaic.width && line < mosaic.height;
    return inside ? { row: floor(line / this.#repeats), column } : null;
  }

  get #margin(): number {
    return MARK * this.#zoom;
  }

  #paint(from: Leveled, mosaic: Mosaic, mask: Tile["mask"]): ImageData {
    const rows = mosaic.height / this.#repeats;
    const once = colorize({ ...from, start: 0, mask }, rows * mosaic.width, 1, "diverging");
    const bytes = 4 * mosaic.width;
    const colors = new Uint8ClampedArray(bytes * mosaic.height);
    for (let line = 0; line < mosaic.height; line++) {
      const start = floor(line / this.#repeats) * bytes;
      colors.set(once.subarray(start, start + bytes), line * bytes);
    }
    const image = enlarge(colors, mosaic);
    return mask ? hatch(image) : image;
  }

  /** A frame around the selected row, with a pointer at its left that shows also where the row is thin. */
  #mark(context: CanvasRenderingContext2D, left: number, top: number, width: number, height: number): void {
    const ratio = deviceRatio() * this.#zoom;
    const [line, size] = [max(1, round(2 * ratio)), round(5 * ratio)];
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
}
