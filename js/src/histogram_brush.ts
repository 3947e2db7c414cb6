/** The pointer and the keyboard on the bars: one bin under the cursor, and a range of bins that is selected. */

import type { WeightHistogramState } from "./state";
import { type Host, h } from "./view";

/** Closer together than this, in CSS pixels, press and release are a click. */
const CLICK = 3;

export interface Bins {
  /** How many bins are drawn. */
  count: () => number;
  /** The bin at a distance in CSS pixels from the canvas's left side, outside of the bars too. */
  at: (x: number) => number;
  /** The cursor moved. */
  onMove: () => void;
  /** Bins were selected, or, with null, the selection was given up. */
  onSelect: (selected: Selected | null) => void;
}

export interface Selected {
  bins: number;
  first: number;
  last: number;
}

export class Brush {
  readonly canvas = h("canvas", { tabindex: "0", role: "slider", class: "ww-histogram-bars" });
  /** The bin that the readout tells of. */
  bin: number | null = null;
  readonly #bins: Bins;
  #anchor: number | null = null;
  #pressedAt: number | null = null;
  #dragging = false;

  constructor(host: Host<WeightHistogramState>, bins: Bins) {
    this.#bins = bins;
    const { canvas } = this;
    host.listen(canvas, "pointermove", (event) => this.#moved(event.offsetX));
    host.listen(canvas, "pointerleave", () => this.#dragging || this.#goTo(null));
    host.listen(canvas, "pointerdown", (event) => {
      if (event.button !== 0) return;
      // A drag goes on outside of the canvas; a pointer that is gone already cannot be captured.
      if (event.isTrusted) canvas.setPointerCapture(event.pointerId);
      this.#pressedAt = event.offsetX;
    });
    host.listen(canvas, "pointerup", (event) => this.#released(event.offsetX));
    host.listen(canvas, "pointercancel", () => this.#released(null));
    host.listen(canvas, "keydown", (event) => this.#key(event));
    host.listen(canvas, "blur", () => this.#goTo(null));
  }

  get dragging(): boolean {
    return this.#dragging;
  }

  /** Forget the cursor: the bins are others now. */
  reset(): void {
    this.bin = null;
    this.#anchor = null;
  }

  #goTo(bin: number | null): void {
    if (bin === this.bin) return;
    this.bin = bin;
    this.#bins.onMove();
  }

  #moved(x: number): void {
    const bin = this.#bins.at(x);
    if (this.#pressedAt !== null && (this.#dragging || Math.abs(x - this.#pressedAt) > CLICK)) {
      if (!this.#dragging) this.#anchor = this.#bins.at(this.#pressedAt);
      const isNew = bin !== this.bin || !this.#dragging;
      this.#dragging = true;
      if (isNew) this.#selectTo(bin);
    }
    this.#goTo(bin);
  }

  #released(x: number | null): void {
    const clicked = this.#pressedAt !== null && !this.#dragging && x !== null;
    this.#pressedAt = null;
    this.#dragging = false;
    this.#anchor = null;
    if (clicked) this.#bins.onSelect(null);
  }

  #selectTo(bin: number): void {
    const anchor = this.#anchor ?? bin;
    this.#bins.onSelect({
      bins: this.#bins.count(),
      first: Math.min(anchor, bin),
      last: Math.max(anchor, bin),
    });
  }

  #key(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const last = this.#bins.count() - 1;
    const from = this.bin ?? Math.floor(last / 2);
    const page = Math.max(1, Math.round(last / 10));
    const targets: Record<string, number> = {
      ArrowLeft: from - 1,
      ArrowDown: from - 1,
      ArrowRight: from + 1,
      ArrowUp: from + 1,
      PageDown: from - page,
      PageUp: from + page,
      Home: 0,
      End: last,
      Enter: from,
      " ": from,
    };
    const target = targets[event.key];
    if (event.key === "Escape") {
      this.#anchor = null;
      this.#bins.onSelect(null);
    } else if (target === undefined) {
      return;
    } else {
      const bin = Math.min(Math.max(target, 0), last);
      const selects = event.shiftKey || event.key === "Enter" || event.key === " ";
      this.#anchor = event.shiftKey ? (this.#anchor ?? from) : null;
      if (selects) this.#selectTo(bin);
      this.#goTo(bin);
    }
    event.preventDefault();
  }
}
