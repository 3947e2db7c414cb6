/** Beside the matrix: the selected row, the image that it is taken for, and the scale of the colours. */

import { formatWeight } from "./axis";
import { deviceRatio, fit, type Palette } from "./canvas";
import { css, paintScale, strays } from "./color";
import type { Frame, Row } from "./matrix_data";
import { pictureOf } from "./matrix_paint";
import { h } from "./view";

/** In multiples of the text's size. */
const [WIDTH, LEGEND_HEIGHT] = [13, 0.75];
/** A weight of a small image is at most so many CSS pixels. */
const MOST = 14;

export class Side {
  readonly #name = h("p", { class: "ww-matrix-name" });
  readonly #norm = h("p", { class: "ww-matrix-note" });
  readonly #image = h("canvas", { class: "ww-matrix-image", role: "img" });
  readonly #assumed = h("p", { class: "ww-matrix-note" });
  readonly #legend = h("canvas", { class: "ww-matrix-legend", "aria-hidden": "true" });
  readonly #low = h("span");
  readonly #high = h("span");
  readonly #strays = h("p", { class: "ww-matrix-note" });
  readonly element: HTMLElement;

  constructor() {
    const limits = h("div", { class: "ww-matrix-limits" }, this.#low, h("span", {}, "0"), this.#high);
    const chips = strays.map(([label, color]) => {
      const chip = h("i");
      chip.style.backgroundColor = css(color);
      return h("span", {}, chip, label);
    });
    this.#strays.append(...chips);
    const row = h("div", {}, this.#name, this.#norm, this.#image, this.#assumed);
    const scale = h("div", {}, this.#legend, limits, this.#strays);
    this.element = h("div", { class: "ww-matrix-side" }, row, scale);
  }

  draw(frame: Frame, row: Row | null, palette: Palette): void {
    const width = Math.round(WIDTH * Number.parseFloat(palette.font));
    this.#name.textContent = row
      ? `${frame.unit} ${row.filter_index}${row.label ? ` “${row.label}”` : ""}`
      : "";
    this.#norm.textContent = row ? `norm ${formatWeight(row.norm[0] ?? 0)}` : "";
    this.#drawImage(row, width);
    this.#drawLegend(frame, width, Math.round((LEGEND_HEIGHT * width) / WIDTH));
  }

  #drawImage(row: Row | null, width: number): void {
    const image = row?.image;
    this.#image.hidden = this.#assumed.hidden = !image;
    if (!row || !image) return;
    const ratio = deviceRatio();
    const picture = pictureOf(image);
    const scale = Math.max(1, Math.min(Math.floor((width * ratio) / picture.width), MOST * ratio));
    const gap = image.depth > 1 ? 2 * ratio : 0;
    const high = image.height * scale;
    const { context } = fit(
      this.#image,
      (picture.width * scale) / ratio,
      (high * image.depth + gap * (image.depth - 1)) / ratio,
    );
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.imageSmoothingEnabled = false;
    for (let channel = 0; channel < image.depth; channel++) {
      const [from, to] = [channel * image.height, channel * (high + gap)];
      context.drawImage(picture, 0, from, image.width, image.height, 0, to, picture.width * scale, high);
    }
    const pooled = image.block > 1 ? `, ${image.block} × ${image.block} weights a pixel` : "";
    const channels = image.depth > 1 ? ", channels below each other" : "";
    this.#assumed.textContent = `assumed ${image.shape}${channels}${pooled}`;
    this.#image.ariaLabel = `Row ${row.filter_index} as an image, ${this.#assumed.textContent}`;
  }

  #drawLegend(frame: Frame, width: number, height: number): void {
    const limit = frame.limit[0] ?? 0;
    const { context } = fit(this.#legend, width, height);
    paintScale(context, width, height);
    this.#low.textContent = formatWeight(-limit);
    this.#high.textContent = formatWeight(limit);
    this.#strays.hidden = !frame.nonfinite;
  }
}
