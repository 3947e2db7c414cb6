/** The tiles of all filters in a field that scrolls; only those in sight are drawn. */

import { fit, type Palette } from "./canvas";
import { css, selected as ringColor } from "./color";
import { type Arrangement, arrange, heightOf, wholeRows } from "./grid_arrange";
import type { GridData } from "./grid_data";
import { type Spot, spotAt, tileImage } from "./grid_paint";

export interface Hit {
  place: number;
  spot: Spot;
}

/** Painted tiles are kept up to so many bytes beyond those in sight. */
const KEPT_BYTES = 24e6;

export class TileField {
  readonly canvas: HTMLCanvasElement;
  readonly #scroller: HTMLElement;
  readonly #space: HTMLElement;
  readonly #data: GridData;
  readonly #images = new Map<number, { image: ImageData; stamp: number }>();
  #arrangement: Arrangement | null = null;
  #stamp = 0;
  #width = 0;
  #zoom = 1;

  constructor(scroller: HTMLElement, space: HTMLElement, canvas: HTMLCanvasElement, data: GridData) {
    this.#scroller = scroller;
    this.#space = space;
    this.canvas = canvas;
    this.#data = data;
  }

  get cols(): number {
    return this.#arrangement?.cols ?? 1;
  }

  get rowsInSight(): number {
    const found = this.#arrangement;
    return found ? wholeRows(found, this.#scroller.clientHeight * this.#ratio) : 1;
  }

  get #ratio(): number {
    return window.devicePixelRatio || 1;
  }

  /** New weights, or another mask: tiles are painted again when they arrive, and stand as they were until then. */
  renew(): void {
    this.#stamp += 1;
  }

  /** Another layer or another way to show it: nothing painted may stay. */
  forget(): void {
    this.#images.clear();
    this.renew();
  }

  layOut(room: number, zoom: number): void {
    const { frame } = this.#data;
    if (!frame?.tiles) return;
    const ratio = this.#ratio;
    const mosaic = this.#arrangement?.mosaic;
    // Without the scroll bar first: it takes width only where not all fits.
    this.#scroller.style.overflowY = "hidden";
    let width = this.#scroller.clientWidth;
    let found = arrange(frame.tiles, frame.count, width, room, ratio, zoom);
    if (found.height > room * ratio) {
      this.#scroller.style.overflowY = "scroll";
      width = this.#scroller.clientWidth;
      found = arrange(frame.tiles, frame.count, width, room, ratio, zoom);
    }
    this.#width = width;
    this.#zoom = zoom;
    this.#arrangement = found;
    this.#space.style.height = `${found.height / ratio}px`;
    // A row cut in two is read by nobody; the rows that follow are told of below.
    const height = Math.min(found.height, heightOf(found, wholeRows(found, room * ratio)));
    this.#scroller.style.height = `${Math.min(Math.ceil(height / ratio), room)}px`;
    if (JSON.stringify(mosaic) !== JSON.stringify(found.mosaic)) this.#images.clear();
  }

  /** Draw what is in sight, with a ring around the selected tile; gives the places in sight. */
  draw(selected: number, hovered: number | null, palette: Palette): number[] {
    const { frame } = this.#data;
    const found = this.#arrangement;
    if (!frame || !found) return [];
    const ratio = this.#ratio;
    const { context } = fit(this.canvas, this.#width, this.#scroller.clientHeight);
    const offset = Math.round(this.#scroller.scrollTop * ratio);
    const first = Math.max(0, Math.floor((offset - found.margin) / found.stepY)) * found.cols;
    const lastRow = Math.floor((offset + this.canvas.height - found.margin) / found.stepY);
    const last = Math.min((lastRow + 1) * found.cols, frame.count);
    const inSight = Array.from({ length: Math.max(0, last - first) }, (_, index) => first + index);
    this.#forgetSome(inSight.length);
    context.setTransform(1, 0, 0, 1, 0, 0);
    for (const place of inSight) {
      const { x, y } = this.#corner(found, place, offset);
      const image = this.#image(place, found);
      if (image) context.putImageData(image, x, y);
      else {
        context.fillStyle = palette.line;
        context.fillRect(x, y, found.tileWidth, found.tileHeight);
      }
    }
    if (hovered !== null) this.#ring(context, found, hovered, offset, palette.muted, 1);
    this.#ring(context, found, selected, offset, css(ringColor), 2);
    return inSight;
  }

  /** How many tiles stand in the field in full, and whether more follow above or below; null where all do. */
  sight(): { tiles: number; above: boolean; below: boolean } | null {
    const found = this.#arrangement;
    const count = this.#data.frame?.count ?? 0;
    const { scrollTop, clientHeight } = this.#scroller;
    if (!found || Math.floor(found.height / this.#ratio) <= clientHeight) return null;
    const [top, bottom] = [scrollTop * this.#ratio, (scrollTop + clientHeight) * this.#ratio];
    const first = Math.ceil((top - found.margin) / found.stepY);
    const end = Math.floor((bottom - found.margin + found.stepY - found.tileHeight) / found.stepY);
    const tiles = Math.max(0, Math.min(end * found.cols, count) - Math.max(0, first) * found.cols);
    return { tiles, above: first > 0, below: end < found.rows };
  }

  /** Which tile and weight is at a place given in CSS pixels from the upper left corner of what is in sight. */
  hit(x: number, y: number): Hit | null {
    const found = this.#arrangement;
    if (!found) return null;
    const ratio = this.#ratio;
    const left = Math.floor(x * ratio) - found.margin;
    const top = Math.floor(y * ratio) + Math.round(this.#scroller.scrollTop * ratio) - found.margin;
    const [col, row] = [Math.floor(left / found.stepX), Math.floor(top / found.stepY)];
    const place = row * found.cols + col;
    if (col < 0 || row < 0 || col >= found.cols || place >= (this.#data.frame?.count ?? 0)) return null;
    const spot = spotAt(found.mosaic, left - col * found.stepX, top - row * found.stepY);
    return spot && { place, spot };
  }

  /** Scroll as little as brings the tile into sight. */
  reveal(place: number): void {
    const found = this.#arrangement;
    if (!found) return;
    const ratio = this.#ratio;
    const top = (Math.floor(place / found.cols) * found.stepY) / ratio;
    const bottom = top + (found.tileHeight + 2 * found.margin) / ratio;
    const { scrollTop, clientHeight } = this.#scroller;
    if (top < scrollTop) this.#scroller.scrollTop = top;
    else if (bottom > scrollTop + clientHeight) this.#scroller.scrollTop = bottom - clientHeight;
  }

  #corner(found: Arrangement, place: number, offset: number): { x: number; y: number } {
    return {
      x: found.margin + (place % found.cols) * found.stepX,
      y: found.margin + Math.floor(place / found.cols) * found.stepY - offset,
    };
  }

  #image(place: number, found: Arrangement): ImageData | null {
    const kept = this.#images.get(place);
    if (kept?.stamp === this.#stamp) return kept.image;
    const tile = this.#data.tile(place);
    if (!tile || !this.#data.frame) return kept?.image ?? null;
    const image = tileImage(tile, found.mosaic, this.#data.frame.color);
    this.#images.set(place, { image, stamp: this.#stamp });
    return image;
  }

  #forgetSome(inSight: number): void {
    const found = this.#arrangement;
    const bytes = 4 * (found?.tileWidth ?? 1) * (found?.tileHeight ?? 1);
    if (this.#images.size > 2 * inSight + KEPT_BYTES / bytes) this.#images.clear();
  }

  #ring(
    context: CanvasRenderingContext2D,
    found: Arrangement,
    place: number,
    offset: number,
    color: string,
    thickness: number,
  ): void {
    const { x, y } = this.#corner(found, place, offset);
    const line = Math.max(1, Math.round(thickness * this.#ratio * this.#zoom));
    context.strokeStyle = color;
    context.lineWidth = line;
    context.strokeRect(
      x - line / 2 - 1,
      y - line / 2 - 1,
      found.tileWidth + line + 2,
      found.tileHeight + line + 2,
    );
  }
}
