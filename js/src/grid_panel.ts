/** The selected filter once more, enlarged, with the scale of its colours. */

import { formatWeight } from "./axis";
import { deviceRatio, fit, type Palette } from "./canvas";
import { css, diverging, gray, paintScale, strays } from "./color";
import { enlargedScale, mosaicOf } from "./grid_arrange";
import type { Frame, Leveled, Tile, Tiles } from "./grid_data";
import type { Key } from "./grid_export";
import { cornerOf, type Mosaic, mosaicHeight, mosaicWidth, type Spot, spotAt, tileImage } from "./grid_paint";
import { h } from "./view";

const { floor, round } = Math;

/** Of the scale of colours, in multiples of the text's height. */
const [LEGEND_WIDTH, LEGEND_HEIGHT] = [12, 0.75];
/** The part of the view's width that the enlarged filter may take. */
const PART = 0.44;
/** The text's height at the normal size. */
const TEXT = 12;

export class Panel {
  readonly canvas = h("canvas", {
    class: "ww-grid-enlarged",
    tabindex: "0",
    role: "img",
    "aria-label": "Selected filter; arrow keys read its weights",
  });
  readonly #legend = h("canvas", { class: "ww-grid-legend", "aria-hidden": "true" });
  readonly #low = h("span");
  readonly #middle = h("span");
  readonly #high = h("span");
  readonly #limits = h("div", { class: "ww-grid-limits" }, this.#low, this.#middle, this.#high);
  readonly #strays = h("p", { class: "ww-grid-strays" });
  readonly #name = h("p", { class: "ww-grid-name" });
  readonly #details = h("p", { class: "ww-grid-details" });
  readonly element: HTMLElement;
  #mosaic: Mosaic | null = null;
  /** What the scale was drawn for: from filter to filter it is mostly the same. */
  #drawn = "";

  constructor() {
    const words = h("div", {}, this.#name, this.#details, this.#legend, this.#limits, this.#strays);
    this.element = h("div", { class: "ww-grid-panel" }, this.canvas, words);
  }

  /** Make room for a tile enlarged; what stands beside it gets the rest of `width` CSS pixels. */
  layOut(tiles: Tiles | null, width: number, palette: Palette): void {
    const ratio = deviceRatio();
    const zoom = Number.parseFloat(palette.font) / TEXT;
    this.#mosaic = tiles ? mosaicOf(tiles, enlargedScale(tiles, PART * width, ratio, zoom), ratio) : null;
    const taken = this.#mosaic ? mosaicWidth(this.#mosaic) / ratio : 0;
    this.element.style.setProperty("--ww-enlarged", `${taken}px`);
  }

  /** Show `tile` (null: none is in hand) with its name and details, and where the cursor is. */
  draw(
    frame: Frame,
    tile: Tile | null,
    words: [string, string],
    cursor: Spot | null,
    palette: Palette,
  ): void {
    const em = Number.parseFloat(palette.font);
    const ratio = deviceRatio();
    [this.#name.textContent, this.#details.textContent] = words;
    this.canvas.hidden = tile === null;
    const mosaic = this.#mosaic;
    if (tile && mosaic) {
      const { context } = fit(this.canvas, mosaicWidth(mosaic) / ratio, mosaicHeight(mosaic) / ratio);
      context.putImageData(tileImage(tile, mosaic, frame.color), 0, 0);
      if (cursor) outline(context, mosaic, cursor, palette);
    }
    this.#drawLegend(frame, tile, em);
  }

  /** The scale of colours, for the picture that is taken away. */
  get key(): Omit<Key, "words"> {
    return { canvas: this.#legend, low: this.#low.textContent, high: this.#high.textContent };
  }

  /** Which weight is at a place given in CSS pixels from the canvas' corner. */
  hit(x: number, y: number): Spot | null {
    const ratio = deviceRatio();
    return this.#mosaic && spotAt(this.#mosaic, floor(x * ratio), floor(y * ratio));
  }

  /** Move a cursor over the weights; at an edge it stays. */
  step(cursor: Spot | null, key: string): Spot | null {
    const mosaic = this.#mosaic;
    const [right, down] =
      { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key] ?? [];
    if (!mosaic || right === undefined || down === undefined) return null;
    const { cells, cell_cols, width, height } = mosaic;
    const from = cursor ?? { cell: 0, row: 0, column: 0 };
    if (!cursor) return from;
    const x = (from.cell % cell_cols) * width + from.column + right;
    const y = floor(from.cell / cell_cols) * height + from.row + down;
    const cell = floor(y / height) * cell_cols + floor(x / width);
    const inside = x >= 0 && y >= 0 && x < cell_cols * width && cell < cells;
    return inside ? { cell, row: y % height, column: x % width } : from;
  }

  #drawLegend(frame: Frame, tile: Tile | null, em: number): void {
    const limit = frame.limit[0] ?? 0;
    const [low, high] = tile ? [tile.low, tile.high] : [-limit, limit];
    const [width, height] = [round(LEGEND_WIDTH * em), round(LEGEND_HEIGHT * em)];
    // Where no weight is finite there is no scale.
    this.#legend.hidden = this.#limits.hidden = Number.isNaN(low);
    const symmetric = high === -low;
    const drawn = [frame.color, symmetric, width, deviceRatio()].join();
    if (drawn !== this.#drawn) {
      this.#drawn = drawn;
      const table = frame.color === "diverging" ? diverging : gray;
      paintScale(fit(this.#legend, width, height).context, width, height, symmetric ? 1 : 0, table);
    }
    this.#low.textContent = formatWeight(low);
    this.#middle.textContent = symmetric && high !== 0 ? "0" : "";
    this.#high.textContent = formatWeight(high);
    const from: Leveled | null = frame.picture ?? tile;
    const values = from?.nonfinite ? [...from.values] : [];
    const chips = strays
      .filter(([, , is]) => values.some(is))
      .map(([label, color]) => {
        const chip = h("i");
        chip.style.backgroundColor = css(color);
        return h("span", {}, chip, label);
      });
    this.#strays.replaceChildren(...chips);
  }
}

function outline(context: CanvasRenderingContext2D, mosaic: Mosaic, spot: Spot, palette: Palette): void {
  const { x, y } = cornerOf(mosaic, spot);
  context.setTransform(1, 0, 0, 1, 0, 0);
  for (const [color, inset] of [
    [palette.text, 0.5],
    [palette.surface, 1.5],
  ] as const) {
    context.strokeStyle = color;
    context.lineWidth = 1;
    context.strokeRect(x + inset, y + inset, mosaic.scale - 2 * inset, mosaic.scale - 2 * inset);
  }
}
