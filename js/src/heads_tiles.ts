/** The grid of heads: a tile for each, those that share keys and values under one bracket. */

import { formatWeight } from "./axis";
import {
  displayed,
  type HeadNumbers,
  isShared,
  normOf,
  type Order,
  type Role,
  sharedBy,
  type Tiles,
  tileOf,
} from "./heads_data";
import { drawLevels, scaleFor } from "./heads_picture";
import { headSentence } from "./heads_words";
import { h } from "./view";

/** The room for a tile's picture, in multiples of the text's size. */
const WIDTH = 9;
const HEIGHT = 5;

interface Tile {
  head: number;
  element: HTMLElement;
  canvas: HTMLCanvasElement;
  bar: HTMLElement;
  norm: HTMLElement;
}

export class TileGrid {
  readonly element = h("div", {
    class: "ww-heads-grid",
    role: "listbox",
    tabindex: "0",
    "aria-label": "Heads; arrow keys select one",
  });
  #tiles: Tile[] = [];
  #built = "";

  /** Arrange the heads anew where their number, sharing or order is another. */
  arrange(numbers: HeadNumbers, role: Role, order: Order): void {
    const shown = displayed(numbers, role, order);
    const built = JSON.stringify([shown, numbers.kv_heads, order]);
    if (built !== this.#built) {
      this.#built = built;
      this.#tiles = shown.map((head) => this.#make(numbers, head, order));
      const bracketed = order === "index" && isShared(numbers);
      this.element.replaceChildren(
        ...(bracketed ? this.#groups(numbers) : this.#tiles.map((t) => t.element)),
      );
    }
    const largest = Math.max(
      ...shown.map((head) => normOf(numbers, role, head)).filter(Number.isFinite),
      Number.MIN_VALUE,
    );
    for (const { head, element, bar, norm } of this.#tiles) {
      const size = normOf(numbers, role, head);
      bar.style.width = `${Number.isFinite(size) ? (100 * size) / largest : 0}%`;
      norm.textContent = formatWeight(size);
      element.ariaLabel = headSentence(numbers, role, head);
    }
  }

  /** Draw the pictures; without any (a product that is too large) the tiles show their norms alone. */
  draw(numbers: HeadNumbers, tiles: Tiles | null, em: number): void {
    const scale = tiles ? scaleFor(tiles, WIDTH * em, HEIGHT * em) : 1;
    for (const { head, canvas } of this.#tiles) {
      canvas.hidden = tiles === null;
      if (!tiles) continue;
      const start = tileOf(numbers, tiles, head) * tiles.height * tiles.width;
      drawLevels(canvas, tiles, start, scale);
    }
  }

  select(head: number): void {
    for (const tile of this.#tiles) {
      const selected = tile.head === head;
      tile.element.ariaSelected = String(selected);
      if (selected) this.element.setAttribute("aria-activedescendant", tile.element.id);
    }
  }

  /** Scroll the grid, not the page, until a head's tile is in sight. */
  reveal(head: number): void {
    const tile = this.#tiles.find((one) => one.head === head);
    if (!tile) return;
    const [own, around] = [tile.element.getBoundingClientRect(), this.element.getBoundingClientRect()];
    if (own.top < around.top) this.element.scrollTop += own.top - around.top;
    if (own.bottom > around.bottom) this.element.scrollTop += own.bottom - around.bottom;
  }

  empty(): void {
    this.#tiles = [];
    this.#built = "";
    this.element.replaceChildren();
    this.element.removeAttribute("aria-activedescendant");
  }

  /** The head whose tile an event came from. */
  headAt(target: EventTarget | null): number | null {
    const tile = this.#tiles.find(({ element }) => target instanceof Node && element.contains(target));
    return tile ? tile.head : null;
  }

  /** The head that a key leads to from another; null for keys that lead nowhere. */
  step(head: number, key: string): number | null {
    const from = this.#tiles.findIndex((tile) => tile.head === head);
    const last = this.#tiles.length - 1;
    if (from < 0) return null;
    const steps: Record<string, () => number> = {
      ArrowLeft: () => from - 1,
      ArrowRight: () => from + 1,
      ArrowUp: () => this.#beyond(from, -1),
      ArrowDown: () => this.#beyond(from, 1),
      Home: () => 0,
      End: () => last,
    };
    const to = steps[key]?.();
    return to === undefined ? null : (this.#tiles[Math.min(Math.max(to, 0), last)]?.head ?? null);
  }

  /** The tile above or below that stands nearest; itself where there is no further row. */
  #beyond(from: number, direction: 1 | -1): number {
    const boxes = this.#tiles.map(({ element }) => element.getBoundingClientRect());
    const own = boxes[from];
    if (!own) return from;
    const further = boxes.filter((box) => direction * (box.top - own.top) > own.height / 2);
    const nearest = Math.min(...further.map((box) => direction * box.top));
    const row = further.filter((box) => direction * box.top < nearest + own.height / 2);
    const distance = (box: DOMRect) => Math.abs(box.left - own.left);
    const best = row.reduce<DOMRect | null>(
      (chosen, box) => (chosen && distance(chosen) <= distance(box) ? chosen : box),
      null,
    );
    return best ? boxes.indexOf(best) : from;
  }

  #make(numbers: HeadNumbers, head: number, order: Order): Tile {
    const canvas = h("canvas", { "aria-hidden": "true" });
    const [bar, norm] = [h("i"), h("span", { class: "ww-heads-norm" })];
    const shared = order === "norm" && isShared(numbers) ? ` · kv ${sharedBy(numbers, head)}` : "";
    const label = h("span", { class: "ww-heads-label" }, `${head}${shared}`);
    const foot = h("span", { class: "ww-heads-foot", "aria-hidden": "true" }, label, norm);
    const track = h("span", { class: "ww-heads-track", "aria-hidden": "true" }, bar);
    const id = `ww-head-${head}-${Math.random()}`;
    const element = h("div", { class: "ww-heads-tile", role: "option", id }, canvas, foot, track);
    return { head, element, canvas, bar, norm };
  }

  #groups(numbers: HeadNumbers): HTMLElement[] {
    return Array.from({ length: numbers.kv_heads }, (_, shared) => {
      const members = this.#tiles.filter(({ head }) => sharedBy(numbers, head) === shared);
      const name = h(
        "span",
        { class: "ww-heads-bracket", "aria-hidden": "true" },
        `key/value head ${shared}`,
      );
      return h(
        "div",
        { class: "ww-heads-group", role: "group", "aria-label": `key/value head ${shared}` },
        name,
        ...members.map(({ element }) => element),
      );
    });
  }
}
