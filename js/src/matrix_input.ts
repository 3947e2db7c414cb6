/** Pointer, wheel and keys over the matrix, turned into moves of the camera. */

import type { Edges } from "./matrix_paint";

export interface Actions {
  pan: (x: number, y: number) => void;
  zoom: (octaves: number, x?: number, y?: number) => void;
  whole: () => void;
  /** Read what is at a point of the room; null: nothing is pointed at. */
  hover: (point: { x: number; y: number } | null) => void;
  select: (x: number, y: number) => void;
  /** A key moved the view: what is in its middle is read. */
  keyed: () => void;
  selectMiddle: () => void;
  size: () => { width: number; height: number };
}

type Listen = <K extends keyof HTMLElementEventMap>(
  target: EventTarget,
  type: K,
  listener: (event: HTMLElementEventMap[K]) => void,
  options?: AddEventListenerOptions,
) => void;

/** A press that moved further than this is no click. */
const STILL = 4;
/** One notch of a wheel, in the pixels that browsers report for it. */
const NOTCH = 100;
const LINE = 33;
const STEP = 1 / 8;

const ARROWS: Record<string, readonly [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export class Input {
  readonly #canvas: HTMLCanvasElement;
  readonly #edges: () => Edges;
  readonly #actions: Actions;
  readonly #down = new Map<number, { x: number; y: number }>();
  #moved = 0;

  constructor(canvas: HTMLCanvasElement, edges: () => Edges, actions: Actions, listen: Listen) {
    this.#canvas = canvas;
    this.#edges = edges;
    this.#actions = actions;
    listen(canvas, "pointerdown", (event) => this.#press(event));
    listen(canvas, "pointermove", (event) => this.#move(event));
    listen(canvas, "pointerup", (event) => this.#release(event));
    listen(canvas, "pointercancel", (event) => this.#down.delete(event.pointerId));
    listen(canvas, "pointerleave", () => actions.hover(null));
    listen(canvas, "dblclick", (event) => {
      const { x, y } = this.#point(event);
      actions.zoom(event.shiftKey ? -1 : 1, x, y);
    });
    listen(canvas, "wheel", (event) => this.#wheel(event), { passive: false });
    listen(canvas, "keydown", (event) => {
      if (this.#key(event)) event.preventDefault();
    });
  }

  #point(event: MouseEvent): { x: number; y: number } {
    const { left, top } = this.#canvas.getBoundingClientRect();
    const edges = this.#edges();
    return { x: event.clientX - left - edges.left, y: event.clientY - top - edges.top };
  }

  #press(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.#canvas.focus({ preventScroll: true });
    // A pointer that a test made up cannot be captured.
    if (event.isTrusted) this.#canvas.setPointerCapture(event.pointerId);
    if (this.#down.size === 0) this.#moved = 0;
    this.#down.set(event.pointerId, this.#point(event));
    event.preventDefault();
  }

  #move(event: PointerEvent): void {
    const now = this.#point(event);
    const before = this.#down.get(event.pointerId);
    if (!before) {
      this.#actions.hover(now);
      return;
    }
    const [x, y] = [before.x - now.x, before.y - now.y];
    this.#moved += Math.hypot(x, y);
    const other = [...this.#down].find(([id]) => id !== event.pointerId)?.[1];
    if (other) this.#pinch(before, now, other);
    // Two fingers move the middle between them, half as far as each.
    if (this.#moved > STILL) this.#actions.pan(other ? x / 2 : x, other ? y / 2 : y);
    this.#down.set(event.pointerId, now);
    this.#actions.hover(now);
  }

  #pinch(
    before: { x: number; y: number },
    now: { x: number; y: number },
    other: { x: number; y: number },
  ): void {
    const apart = (point: { x: number; y: number }) => Math.hypot(point.x - other.x, point.y - other.y);
    const [from, to] = [apart(before), apart(now)];
    if (from > 0 && to > 0)
      this.#actions.zoom(Math.log2(to / from), (now.x + other.x) / 2, (now.y + other.y) / 2);
  }

  #release(event: PointerEvent): void {
    const wasDown = this.#down.delete(event.pointerId);
    if (!wasDown || this.#down.size > 0 || this.#moved > STILL) return;
    const { x, y } = this.#point(event);
    this.#actions.select(x, y);
  }

  /** The page scrolls over a view that is not in use; a pinch on a touch pad comes as a wheel with Ctrl. */
  #wheel(event: WheelEvent): void {
    if (!event.ctrlKey && document.activeElement !== this.#canvas) return;
    event.preventDefault();
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * LINE : event.deltaY;
    const { x, y } = this.#point(event);
    // A pinch reports small numbers: the logarithm of the factor in hundredths.
    const octaves = event.ctrlKey && Math.abs(pixels) < NOTCH / 2 ? pixels / 50 : pixels / (2 * NOTCH);
    this.#actions.zoom(-octaves, x, y);
  }

  #key(event: KeyboardEvent): boolean {
    if (event.altKey || event.ctrlKey || event.metaKey) return false;
    const { width, height } = this.#actions.size();
    const part = event.shiftKey ? 1 : STEP;
    const arrow = ARROWS[event.key];
    if (arrow) this.#actions.pan(arrow[0] * part * width, arrow[1] * part * height);
    else if (event.key === "PageUp" || event.key === "PageDown")
      this.#actions.pan(0, event.key === "PageUp" ? -height : height);
    else if (event.key === "+" || event.key === "=") this.#actions.zoom(1);
    else if (event.key === "-") this.#actions.zoom(-1);
    else if (event.key === "Home") this.#actions.whole();
    else if (event.key === "Enter" || event.key === " ") {
      this.#actions.selectMiddle();
      return true;
    } else return false;
    this.#actions.keyed();
    return true;
  }
}
