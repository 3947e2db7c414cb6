/** Two lines under the bars, what is under the cursor and what is selected, and the same for a screen reader. */

import { formatCount } from "./axis";
import { type Held, heldBy } from "./histogram_words";
import { h } from "./view";

const HINT = "Drag over bars, or Shift with arrow keys, selects weights; Escape clears.";

export interface Reading {
  /** How many bins are drawn, and how many are asked for. */
  bins: number;
  asked: number;
  bin: number | null;
  held: Held | null;
  selected: Held | null;
}

export class Readout {
  readonly cursor = h("p", { class: "ww-histogram-readout" });
  readonly selected = h("p", { class: "ww-histogram-readout" });
  readonly #slider: HTMLElement;

  /** `slider` is the element whose ARIA values say where the cursor is. */
  constructor(slider: HTMLElement) {
    this.#slider = slider;
  }

  show({ bins, asked, bin, held, selected }: Reading): void {
    const where = bin === null || !held ? null : `Bin ${bin + 1} of ${formatCount(bins)}: ${heldBy(held)}`;
    const waiting = `${formatCount(asked)} bins are being counted; meanwhile ${bins}. `;
    this.cursor.textContent = `${asked === bins ? "" : waiting}${where ?? HINT}`;
    this.cursor.classList.toggle("ww-histogram-hint", where === null);
    this.selected.textContent = selected ? `Selected: ${heldBy(selected)}` : "";
    const values = {
      label: "bins of the histogram",
      valuemin: 1,
      valuemax: bins,
      valuenow: (bin ?? 0) + 1,
      valuetext: where ?? "no bin chosen",
    };
    for (const [name, value] of Object.entries(values))
      this.#slider.setAttribute(`aria-${name}`, String(value));
  }

  clear(): void {
    this.cursor.textContent = "";
    this.selected.textContent = "";
  }
}
