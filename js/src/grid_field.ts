/** The field of tiles or the matrix: one list of filters to look at, click, and walk through by keys. */

import type { Palette } from "./canvas";
import { moved } from "./grid_arrange";
import type { GridData } from "./grid_data";
import { MatrixField, type MatrixHit } from "./grid_matrix";
import { type Hit, TileField } from "./grid_tiles";
import { h } from "./view";

/** Heights in multiples of the text's, which is so many CSS pixels at the normal size. */
const ROOM = 29;
const MATRIX_ROOM = 26;
const TEXT = 12;

export class Field {
  readonly canvas = h("canvas", { class: "ww-grid-canvas", "aria-hidden": "true" });
  readonly scroller = h("div", { class: "ww-grid-field", role: "listbox", tabindex: "0" });
  readonly element: HTMLElement;
  readonly #space = h("div", { class: "ww-grid-space" }, this.canvas);
  /** Stands for the one option that a screen reader needs to know of thousands. */
  readonly #option = h("div", { class: "ww-live", role: "option", "aria-selected": "true" });
  /** Not every screen shows a scroll bar. */
  readonly #more = h("p", { class: "ww-grid-more", "aria-hidden": "true" });
  readonly #data: GridData;
  readonly #tiles: TileField;
  readonly #matrix: MatrixField;

  constructor(data: GridData) {
    this.#data = data;
    this.#tiles = new TileField(this.scroller, this.#space, this.canvas, data);
    this.#matrix = new MatrixField(this.canvas, data);
    this.#option.id = `ww-option-${Math.random().toString(36).slice(2)}`;
    this.scroller.setAttribute("aria-activedescendant", this.#option.id);
    this.scroller.append(this.#space, this.#option);
    this.element = h("div", {}, this.scroller, this.#more);
  }

  get #isMatrix(): boolean {
    return this.#data.frame?.mode === "matrix";
  }

  /** Other weights or another mask of the same layer. */
  renew(): void {
    this.#tiles.renew();
    this.#matrix.renew();
  }

  /** Another layer, or another order: from the top, with nothing painted. */
  restart(): void {
    this.#tiles.forget();
    this.scroller.scrollTop = 0;
    const { frame } = this.#data;
    this.scroller.setAttribute("aria-label", frame ? `${frame.unit}s of ${frame.title}` : "");
    this.#option.setAttribute("aria-setsize", String(frame?.count ?? 0));
  }

  layOut(colors: Palette): void {
    const em = Number.parseFloat(colors.font);
    if (this.#isMatrix) this.#matrix.layOut(this.scroller, this.#space, MATRIX_ROOM * em, em / TEXT);
    else this.#tiles.layOut(ROOM * em, em / TEXT);
  }

  /** Draw what is in sight; gives the places of the tiles there. */
  draw(selected: number, name: string, hovered: number | null, colors: Palette): number[] {
    const place = this.#data.placeOf(selected);
    this.#option.textContent = name;
    this.#option.setAttribute("aria-posinset", String(place + 1));
    this.#tellOfMore();
    if (!this.#isMatrix) return this.#tiles.draw(place, hovered, colors);
    this.#matrix.draw(selected);
    return [];
  }

  reveal(place: number): void {
    if (!this.#isMatrix) this.#tiles.reveal(place);
  }

  tileAt(event: MouseEvent): Hit | null {
    const { x, y } = this.#inCanvas(event);
    return this.#isMatrix ? null : this.#tiles.hit(x, y);
  }

  pixelAt(event: MouseEvent): MatrixHit | null {
    const { x, y } = this.#inCanvas(event);
    return this.#isMatrix ? this.#matrix.hit(x, y) : null;
  }

  /** The displayed place of the filter at the pointer. */
  placeAt(event: MouseEvent): number | null {
    const pixel = this.pixelAt(event);
    if (pixel) return pixel.row * (this.#data.frame?.picture?.block_rows ?? 1);
    return this.tileAt(event)?.place ?? null;
  }

  /** The displayed place that a key leads to; null for a key that is none of ours. */
  placeAfter(event: KeyboardEvent, place: number): number | null {
    if (event.ctrlKey || event.metaKey || event.altKey) return null;
    const count = this.#data.frame?.count ?? 0;
    const line = (to: number) => (to >= 0 && to < count ? to : null);
    const below = (lines: number) => (this.#isMatrix ? line(place + lines) : this.#tiles.below(place, lines));
    const page = this.#isMatrix ? Math.max(10, Math.ceil(count / 20)) : this.#tiles.rowsInSight;
    return moved(event.key, place, count, below, page);
  }

  #tellOfMore(): void {
    const sight = this.#isMatrix ? null : this.#tiles.sight();
    const { count = 0, unit = "" } = this.#data.frame ?? {};
    this.#more.hidden = sight === null;
    if (!sight) return;
    const arrows = `${sight.above ? "▲" : ""}${sight.below ? "▼" : ""}`;
    this.#more.textContent = `${arrows} ${sight.tiles} of ${count} ${unit}s in sight: scroll for the others`;
  }

  #inCanvas(event: MouseEvent): { x: number; y: number } {
    const { left, top } = this.canvas.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }
}
