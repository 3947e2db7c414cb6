/** The line that reads one weight: the one under the pointer, or under the cursor of the enlarged filter. */

import type { GridData } from "./grid_data";
import type { Field } from "./grid_field";
import { indexOf, type Spot } from "./grid_paint";
import type { Panel } from "./grid_panel";
import { pixelText, position, valueText } from "./grid_words";
import type { FilterGridState } from "./state";
import { type Host, h } from "./view";

const HINT = "Point at a weight to read it; click or press an arrow key to select another.";

export class Reader {
  readonly element = h("p", { class: "ww-grid-readout" }, HINT);
  /** The tile under the pointer. */
  hovered: number | null = null;
  /** The weight that the arrow keys have reached in the enlarged filter. */
  cursor: Spot | null = null;
  readonly #data: GridData;
  readonly #field: Field;
  readonly #panel: Panel;
  readonly #selectedPlace: () => number;
  readonly #redraw: () => void;

  constructor(
    host: Host<FilterGridState>,
    parts: { data: GridData; field: Field; panel: Panel },
    selectedPlace: () => number,
    redraw: () => void,
  ) {
    this.#data = parts.data;
    this.#field = parts.field;
    this.#panel = parts.panel;
    this.#selectedPlace = selectedPlace;
    this.#redraw = redraw;
    const { canvas } = parts.panel;
    host.listen(parts.field.canvas, "pointermove", (event) => this.#overField(event));
    host.listen(parts.field.canvas, "pointerleave", () => this.#hover(null));
    host.listen(canvas, "pointermove", (event) => {
      const { left, top } = canvas.getBoundingClientRect();
      this.#read(this.#selectedPlace(), this.#panel.hit(event.clientX - left, event.clientY - top));
    });
    host.listen(canvas, "pointerleave", () => this.#hover(null));
    host.listen(canvas, "keydown", (event) => {
      if (this.#step(event)) host.announce(this.element.textContent ?? "");
    });
    host.listen(canvas, "blur", () => this.reset());
  }

  /** Nothing is pointed at any more. */
  reset(): void {
    this.cursor = null;
    this.#hover(null);
    this.#redraw();
  }

  #hover(place: number | null): void {
    if (place === null) this.element.textContent = HINT;
    if (place === this.hovered) return;
    this.hovered = place;
    this.#redraw();
  }

  #overField(event: PointerEvent): void {
    const { frame } = this.#data;
    const pixel = this.#field.pixelAt(event);
    if (frame && pixel) {
      const filter = this.#data.filterAt(pixel.row * (frame.picture?.block_rows ?? 1));
      this.element.textContent = pixelText(frame, filter, pixel.row, pixel.column);
      return;
    }
    const hit = this.#field.tileAt(event);
    this.#hover(hit?.place ?? null);
    if (hit) this.#read(hit.place, hit.spot);
  }

  #step(event: KeyboardEvent): boolean {
    const isOurs = !event.altKey && !event.ctrlKey && !event.metaKey;
    const next = isOurs && this.#panel.step(this.cursor, event.key);
    if (!next) return false;
    event.preventDefault();
    this.cursor = next;
    this.#redraw();
    this.#read(this.#selectedPlace(), next);
    return true;
  }

  #read(place: number, spot: Spot | null): void {
    const { frame, tiles } = this.#data;
    const tile = this.#data.tile(place);
    if (!frame || !tiles || !tile || !spot) {
      this.element.textContent = HINT;
      return;
    }
    const { depth } = tiles;
    const start = tile.start + indexOf(tiles, spot) * depth;
    const where = position(frame, tiles, this.#data.filterAt(place), spot).join(", ");
    this.element.textContent = `${where}: ${valueText(tile, start, depth)}`;
  }
}
