/** A widget model without a kernel, the state that Python wrote for it, and a watch over what a view leaves behind. */

import type { AnyModel } from "@anywidget/types";

type Callback = (...given: never[]) => void;

/** What the kernel would publish in answer to the traits that one message carries. */
export type Kernel<T> = (message: Partial<T>) => Partial<T> | undefined;

function same(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true;
  // As in a notebook: what is set again with equal contents is no change.
  return isPlain(left) && isPlain(right) && JSON.stringify(left) === JSON.stringify(right);
}

/** Whether it is a list or a dict without bytes; those of two messages differ in where they begin. */
function isPlain(value: unknown): boolean {
  if (value === null || typeof value !== "object") return false;
  const bytes = JSON.stringify(value, (_, part) => (part instanceof DataView ? "bytes" : part));
  return bytes === JSON.stringify(value);
}

/** Behaves as a notebook's model does: `set` tells the view at once, `save_changes` sends one message. */
export class FakeModel<T extends object> implements AnyModel<T> {
  /** Every message of `save_changes`, oldest first; one without changes is not sent. */
  readonly messages: Partial<T>[] = [];
  /** How often `save_changes` was called, also when there was nothing to send. */
  saves = 0;
  kernel: Kernel<T> = () => undefined;
  readonly #state: T;
  readonly #callbacks = new Map<string, Set<Callback>>();
  #unsent: Partial<T> = {};

  constructor(state: T) {
    this.#state = { ...state };
  }

  get<K extends keyof T>(key: K): T[K] {
    return this.#state[key];
  }

  set<K extends keyof T>(key: K, value: T[K]): void {
    if (same(this.#state[key], value)) return;
    this.#unsent[key] = value;
    this.#change({ [key]: value } as unknown as Partial<T>);
  }

  save_changes(): void {
    this.saves += 1;
    const message = this.#unsent;
    if (Object.keys(message).length === 0) return;
    this.#unsent = {};
    this.messages.push(message);
    const answer = this.kernel(message);
    if (answer) this.receive(answer);
  }

  /** A message of the kernel: all its traits are set before the one `change` event. */
  receive(message: Partial<T>): void {
    this.#change(message);
  }

  on(event: string, callback: Callback): void {
    const callbacks = this.#callbacks.get(event) ?? new Set();
    this.#callbacks.set(event, callbacks.add(callback));
  }

  off(event?: string | null, callback?: Callback | null): void {
    for (const [name, callbacks] of this.#callbacks) {
      if (event && event !== name) continue;
      if (callback) callbacks.delete(callback);
      else callbacks.clear();
    }
  }

  /** How many callbacks still listen to this model. */
  get listening(): number {
    return [...this.#callbacks.values()].reduce((sum, callbacks) => sum + callbacks.size, 0);
  }

  send(): never {
    throw new Error("our views speak through traits, never through messages of their own");
  }

  get widget_manager(): never {
    throw new Error("our views never ask for another widget");
  }

  #change(message: Partial<T>): void {
    const changed = (Object.keys(message) as (keyof T & string)[]).filter(
      (name) => !same(this.#state[name], message[name]),
    );
    Object.assign(this.#state, Object.fromEntries(changed.map((name) => [name, message[name]])));
    for (const name of changed) this.#emit(`change:${name}`);
    if (changed.length > 0) this.#emit("change");
  }

  #emit(event: string): void {
    for (const callback of [...(this.#callbacks.get(event) ?? [])]) callback();
  }
}

/** Read the state in a fixture that `tests/widgets/fixture.py` wrote: `{"base64": ...}` stands for bytes. */
export function thaw<T>(fixture: unknown): T {
  return walk(fixture) as T;
}

function walk(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(walk);
  if (value === null || typeof value !== "object") return value;
  if ("base64" in value && typeof value.base64 === "string") return toView(value.base64);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, walk(part)]));
}

/** Bytes arrive inside a larger message, at an odd place where no typed array may begin. */
function toView(base64: string): DataView {
  const text = atob(base64);
  const message = new Uint8Array(text.length + 3);
  for (let index = 0; index < text.length; index++) message[index + 3] = text.charCodeAt(index);
  return new DataView(message.buffer, 3, text.length);
}

/** A view as an anywidget module's default export gives it. */
interface Module<T extends object> {
  render: (props: { model: AnyModel<T>; el: HTMLElement }) => () => void;
}

export interface Shown<T extends object> {
  model: FakeModel<T>;
  el: HTMLElement;
  /** The view's own section. */
  root: HTMLElement;
  /** The first element inside the view that matches; a test fails here when there is none. */
  find: <E extends HTMLElement = HTMLElement>(selector: string) => E;
  close: () => void;
}

/** Render a view in the page, `width` CSS pixels wide. */
export function show<T extends object>(module: Module<T>, state: T, width = 860): Shown<T> {
  const model = new FakeModel<T>(state);
  const el = document.createElement("div");
  el.style.width = `${width}px`;
  document.body.append(el);
  const cleanUp = module.render({ model, el });
  const root = el.querySelector<HTMLElement>("section.ww-view");
  if (!root) throw new Error("the view mounted nothing");
  return {
    model,
    el,
    root,
    find: <E extends HTMLElement>(selector: string) => {
      const found = root.querySelector<E>(selector);
      if (!found) throw new Error(`nothing in the view matches ${selector}`);
      return found;
    },
    close: () => {
      cleanUp();
      el.remove();
    },
  };
}

export function press(target: EventTarget, key: string, options: KeyboardEventInit = {}): KeyboardEvent {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...options });
  target.dispatchEvent(event);
  return event;
}

/** A pointer event at a place given in CSS pixels from the target's upper left corner. */
export function point(
  target: HTMLElement,
  type: string,
  x: number,
  y: number,
  options: PointerEventInit = {},
): void {
  const { left, top } = target.getBoundingClientRect();
  const place = { clientX: left + x, clientY: top + y, pointerId: 1, isPrimary: true, button: 0 };
  target.dispatchEvent(new PointerEvent(type, { bubbles: true, cancelable: true, ...place, ...options }));
}

export const nextFrame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));

/** Red, green, blue and alpha of one device pixel. */
export function pixel(canvas: HTMLCanvasElement, x: number, y: number): number[] {
  const context = canvas.getContext("2d");
  if (!context) throw new Error("this browser gives no 2D canvas");
  return [...context.getImageData(x, y, 1, 1).data];
}

interface Kept {
  target: EventTarget;
  type: string;
  listener: unknown;
  gone: () => boolean;
}

const OBSERVERS = ["MutationObserver", "ResizeObserver", "IntersectionObserver"] as const;

/**
 * Watch every listener and observer added from now on.
 *
 * `left()` names those that nobody took away, by `removeEventListener`, by an aborted signal or by `disconnect`;
 * `stop()` puts the page's own functions back.
 */
export function watchListeners(): { left: () => string[]; stop: () => void } {
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  let kept: Kept[] = [];
  EventTarget.prototype.addEventListener = function (type, listener, options) {
    const signal = typeof options === "object" ? options.signal : undefined;
    kept.push({ target: this, type, listener, gone: () => signal?.aborted ?? false });
    addEventListener.call(this, type, listener, options);
  };
  EventTarget.prototype.removeEventListener = function (type, listener, options) {
    kept = kept.filter((one) => one.target !== this || one.type !== type || one.listener !== listener);
    removeEventListener.call(this, type, listener, options);
  };
  const observing = new Map<object, string>();
  const restore = OBSERVERS.map((name) => {
    const { observe, disconnect } = window[name].prototype;
    window[name].prototype.observe = function (this: object, ...given: [never, never]) {
      observing.set(this, name);
      observe.apply(this as never, given);
    };
    window[name].prototype.disconnect = function (this: object) {
      observing.delete(this);
      disconnect.call(this as never);
    };
    return () => Object.assign(window[name].prototype, { observe, disconnect });
  });
  return {
    left: () => {
      // A signal's own abort listener goes with the signal.
      const waiting = kept.filter((one) => !one.gone() && !(one.target instanceof AbortSignal));
      return [...waiting.map((one) => `${one.target.constructor.name} ${one.type}`), ...observing.values()];
    },
    stop: () => {
      Object.assign(EventTarget.prototype, { addEventListener, removeEventListener });
      for (const put of restore) put();
    },
  };
}
