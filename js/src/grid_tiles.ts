/** The tiles of all filters in a field that scrolls; only those in sight are drawn. */

import { deviceRatio, fit, type Palette } from "./canvas";
import { css, selected as ringColor } from "./color";
import { type Arrangement, arrange } from "./grid_arrange";
import { heightOf, lineAt, scrollTo, tileAt, tileBelow, tileCorner, tilesIn, wholeRows } from "./grid_blocks";
import { type GridData, perGroup } from "./grid_data";
import { type Spot, spotAt, tileImage } from "./grid_paint";
import { groupNames } from "./grid_words";

const { ceil, floor, max, min, round } = Math;

export interface Hit {
  place: number;
  spot: Spot;
}

/** Painted tiles are kept up to so many bytes beyond those in sight. */
const KEPT_BYTES = 24e6;
/** Height of the text above a group, in CSS pixels at the normal text size. */
const SMALL = 11;

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

  /** The place so many lines below one; null where there is none. */
  below(place: number, lines: number): number | null {
    return this.#arrangement && tileBelow(this.#arrangement, place, lines);
  }

  get rowsInSight(): number {
    const found = this.#arrangement;
    return found ? wholeRows(found, this.#scroller.clientHeight * deviceRatio()) : 1;
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
    const ratio = deviceRatio();
    const mosaic = this.#arrangement?.mosaic;
    // Without the scroll bar first: it takes width only where not all fits.
    this.#scroller.style.overflowY = "hidden";
    let width = this.#scroller.clientWidth;
    const count = { count: frame.count, per: perGroup(frame) };
    let found = arrange(frame.tiles, count, width, room, ratio, zoom);
    if (found.height > room * ratio) {
      this.#scroller.style.overflowY = "scroll";
      width = this.#scroller.clientWidth;
      found = arrange(frame.tiles, count, width, room, ratio, zoom);
    }
    this.#width = width;
    this.#zoom = zoom;
    this.#arrangement = found;
    this.#space.style.height = `${found.height / ratio}px`;
    // A row cut in two is read by nobody; the rows that follow are told of below.
    const height = min(found.height, heightOf(found, wholeRows(found, room * ratio)));
    this.#scroller.style.height = `${min(ceil(height / ratio), room)}px`;
    if (JSON.stringify(mosaic) !== JSON.stringify(found.mosaic)) this.#images.clear();
  }

  /** Draw what is in sight, with a ring around the selected tile; gives the places in sight. */
  draw(selected: number, hovered: number | null, palette: Palette): number[] {
    const { frame } = this.#data;
    const found = this.#arrangement;
    if (!frame || !found) return [];
    const { context } = fit(this.canvas, this.#width, this.#scroller.clientHeight);
    const offset = this.#offset;
    const end = lineAt(found, offset + this.canvas.height + found.heading) + 1;
    const inSight = tilesIn(found, lineAt(found, offset), end);
    this.#forgetSome(inSight.length);
    context.setTransform(1, 0, 0, 1, 0, 0);
    for (const place of inSight) {
      const { x, y } = tileCorner(found, place, offset);
      const image = this.#image(place, found);
      if (image) context.putImageData(image, x, y);
      else {
        context.fillStyle = palette.line;
        context.fillRect(x, y, found.tileWidth, found.tileHeight);
      }
    }
    if (found.heading) this.#nameGroups(context, found, inSight, offset, palette);
    if (hovered !== null) this.#ring(context, found, hovered, offset, palette.muted, 1);
    this.#ring(context, found, selected, offset, css(ringColor), 2);
    return inSight;
  }

  /** How many tiles stand in the field in full, and whether more follow above or below; null where all do. */
  sight(): { tiles: number; above: boolean; below: boolean } | null {
    const found = this.#arrangement;
    const { scrollTop, clientHeight } = this.#scroller;
    if (!found || floor(found.height / deviceRatio()) <= clientHeight) return null;
    const [top, bottom] = [scrollTop * deviceRatio(), (scrollTop + clientHeight) * deviceRatio()];
    const first = lineAt(found, ceil(top) - 1) + 1;
    const end = lineAt(found, bottom - found.tileHeight) + 1;
    const tiles = tilesIn(found, first, end).length;
    return { tiles, above: first > 0, below: end < found.rows };
  }

  /** Which tile and weight is at a place given in CSS pixels from the upper left corner of what is in sight. */
  hit(x: number, y: number): Hit | null {
    const found = this.#arrangement;
    if (!found) return null;
    const ratio = deviceRatio();
    const [left, top] = [floor(x * ratio), floor(y * ratio) + this.#offset];
    const place = tileAt(found, left, top);
    if (place === null) return null;
    const corner = tileCorner(found, place);
    const spot = spotAt(found.mosaic, left - corner.x, top - corner.y);
    return spot && { place, spot };
  }

  /** Scroll as little as brings the tile into sight. */
  reveal(place: number): void {
    const found = this.#arrangement;
    if (!found) return;
    const ratio = deviceRatio();
    const top = scrollTo(found, place) / ratio;
    const bottom = (tileCorner(found, place).y + found.tileHeight + found.margin) / ratio;
    const { scrollTop, clientHeight } = this.#scroller;
    if (top < scrollTop) this.#scroller.scrollTop = top;
    else if (bottom > scrollTop + clientHeight) this.#scroller.scrollTop = bottom - clientHeight;
  }

  /** How far the field is scrolled, in device pixels. */
  get #offset(): number {
    return round(this.#scroller.scrollTop * deviceRatio());
  }

  /** Above the first tile of each group which one it is, in the longest words that fit, over a line. */
  #nameGroups(
    context: CanvasRenderingContext2D,
    found: Arrangement,
    places: number[],
    offset: number,
    palette: Palette,
  ): void {
    const { frame } = this.#data;
    const width = (found.across - 1) * found.stepX + found.tileWidth;
    const unit = deviceRatio() * this.#zoom;
    context.font = palette.font.replace(/[\d.]+px/, `${SMALL * unit}px`);
    const names = (place: number) => (frame?.groups ? groupNames(frame.groups, place) : []);
    const short = names(found.count - 1).findIndex((name) => context.measureText(name).width <= width);
    for (const place of places) {
      if (place % found.per) continue;
      const { x, y } = tileCorner(found, place, offset);
      context.fillStyle = palette.line;
      context.fillRect(x, y - round(5 * unit), width, ceil(unit));
      context.fillStyle = palette.muted;
      context.fillText(names(place)[short] ?? "", x, y - round(8 * unit));
    }
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
    const { x, y } = tileCorner(found, place, offset);
    const line = max(1, round(thickness * deviceRatio() * this.#zoom));
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
