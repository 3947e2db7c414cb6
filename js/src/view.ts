/** What every view has: a frame of HTML, a menu, one change event, keys kept from the notebook, a live region. */

import type { AnyModel } from "@anywidget/types";
import { follow } from "./canvas";
import { takeaways } from "./view_export";
import { toText } from "./wire";

/** The traits of `widgets/_base.py` that this module itself reads. */
export interface Shared {
  error: DataView;
  notice: DataView;
  size: "normal" | "large";
  picture_request: number;
  png: Record<string, unknown>;
}

export interface Exports {
  /** File name without its ending. */
  name: () => string;
  /** The picture as the view has drawn it; without it the kernel draws one. */
  canvas?: () => HTMLCanvasElement;
  csv?: () => string;
}

export interface Host<T extends Shared> {
  model: AnyModel<T>;
  root: HTMLElement;
  title: HTMLElement;
  controls: HTMLElement;
  body: HTMLElement;
  caption: HTMLElement;
  signal: AbortSignal;
  /** Run `update` now and after each message, with the traits that it changed. */
  react: (watched: readonly (keyof T & string)[], update: (changed: ReadonlySet<string>) => void) => void;
  /** Run `redraw` when the theme or the width changes. */
  follow: (redraw: () => void) => void;
  /** Set traits as one message. */
  ask: (question: Partial<T>) => void;
  announce: (sentence: string) => void;
  listen: <K extends keyof HTMLElementEventMap>(
    target: EventTarget,
    type: K,
    listener: (event: HTMLElementEventMap[K]) => void,
    options?: AddEventListenerOptions,
  ) => void;
}

type Children = (Node | string)[];

/** An element with text-safe children: strings become text nodes. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string> = {},
  ...children: Children
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** A labelled switch, drawn as a small button that is pressed or not. */
export function toggle(label: string, onChange: (pressed: boolean) => void, signal: AbortSignal) {
  const attributes = { type: "button", class: "ww-button", "aria-pressed": "false", "data-control": label };
  const button = h("button", attributes, label);
  const set = (pressed: boolean) => button.setAttribute("aria-pressed", String(pressed));
  button.addEventListener("click", () => onChange(button.getAttribute("aria-pressed") !== "true"), {
    signal,
  });
  return { element: button, set };
}

/** A labelled choice among named values. */
export function choice<V extends string>(
  label: string,
  options: readonly (readonly [V, string])[],
  onChange: (value: V) => void,
  signal: AbortSignal,
) {
  const select = h("select", { "aria-label": label, class: "ww-select" });
  const fill = (entries: readonly (readonly [V, string])[]) =>
    select.replaceChildren(...entries.map(([value, text]) => h("option", { value }, text)));
  fill(options);
  select.addEventListener("change", () => onChange(select.value as V), { signal });
  const set = (value: V) => {
    select.value = value;
  };
  return {
    element: h("label", { class: "ww-field", "data-control": label }, h("span", {}, label), select),
    select,
    set,
    fill,
  };
}

/** A labelled slider and its number, both editable; the number may go up to `most`, beyond the slider. */
export function slider(label: string, onInput: (value: number) => void, signal: AbortSignal) {
  const range = h("input", { type: "range", class: "ww-range", step: "1" });
  const number = h("input", { type: "number", class: "ww-number", step: "1" });
  const words = h("span");
  const rename = (name: string) => {
    words.textContent = name;
    range.ariaLabel = name;
    number.ariaLabel = `${name}, as a number`;
  };
  rename(label);
  const send = (input: HTMLInputElement) => {
    const value = Math.round(Number(input.value));
    const [low, high] = [Number(input.min), Number(input.max)];
    if (input.value !== "" && Number.isFinite(value)) onInput(Math.min(Math.max(value, low), high));
  };
  let stands = Number.NaN;
  range.addEventListener("input", () => send(range), { signal });
  number.addEventListener(
    "change",
    () => {
      send(number);
      number.value = String(stands);
    },
    { signal },
  );
  const set = (value: number, low: number, high: number, most = high) => {
    for (const input of [range, number]) {
      input.min = String(low);
      input.max = String(Math.max(low, input === number ? most : high));
      // While a model trains, frame after frame comes in: half a number that was typed must stand.
      if (value !== stands || input === range) input.value = String(value);
      input.disabled = high <= low;
    }
    stands = value;
  };
  return {
    element: h("label", { class: "ww-field", "data-control": label }, words, range, number),
    range,
    number,
    set,
    rename,
  };
}

function menu<T extends Shared>(host: Host<T>, exports: Exports): HTMLElement {
  const summary = h(
    "summary",
    { class: "ww-button ww-menu-button", "aria-label": "Copy or download", title: "Copy or download" },
    "⋯",
  );
  const details = h("details", { class: "ww-menu" }, summary);
  const list = h("div", { class: "ww-menu-list", role: "group" });
  const problem = h("p", { class: "ww-menu-problem" });
  for (const [label, action] of takeaways(host, exports)) {
    const button = h("button", { type: "button", class: "ww-menu-item" }, label);
    host.listen(button, "click", async () => {
      details.open = false;
      problem.textContent = "";
      summary.focus();
      try {
        await action();
        host.announce(`${label}: done`);
      } catch (reason) {
        const why = reason instanceof Error ? reason.message : "not allowed";
        problem.textContent = `${label} did not work here: ${why}`;
        host.announce(problem.textContent);
        details.open = true;
      }
    });
    list.append(button);
  }
  host.listen(details, "keydown", (event) => {
    if (event.key !== "Escape") return;
    details.open = false;
    summary.focus();
  });
  host.listen(details, "focusout", (event) => {
    if (!(event.relatedTarget instanceof Node && details.contains(event.relatedTarget))) details.open = false;
  });
  list.append(problem);
  details.append(list);
  return details;
}

/** The cells of a table as CSV: quoted where needed, and never a formula in a spreadsheet. */
export function toCsv(rows: readonly (readonly (string | number)[])[]): string {
  const cell = (value: string | number) => {
    if (typeof value === "number") return String(value);
    const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return `${rows.map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}

interface Parts {
  kind: string;
  label: string;
  exports: Exports;
}

interface Skeleton {
  root: HTMLElement;
  head: HTMLElement;
  title: HTMLElement;
  controls: HTMLElement;
  body: HTMLElement;
  caption: HTMLElement;
  error: HTMLElement;
  notice: HTMLElement;
  live: HTMLElement;
}

function skeleton(kind: string, label: string): Skeleton {
  const root = h("section", { class: `ww-view ww-${kind}`, "aria-label": label });
  const title = h("h3", { class: "ww-title" });
  const controls = h("div", { class: "ww-controls" });
  const body = h("div", { class: "ww-body" });
  const caption = h("p", { class: "ww-caption" });
  const error = h("p", { class: "ww-error", role: "alert" });
  const notice = h("p", { class: "ww-notice" });
  const live = h("p", { class: "ww-live", role: "status", "aria-live": "polite" });
  const head = h("header", { class: "ww-head" }, title, controls);
  root.append(head, error, notice, body, caption, live);
  return { root, head, title, controls, body, caption, error, notice, live };
}

function reaction<T extends Shared>(model: AnyModel<T>, signal: AbortSignal): Host<T>["react"] {
  return (watched, update) => {
    const read = () => new Map(watched.map((name) => [name, model.get(name)] as const));
    let seen = read();
    const onChange = () => {
      const now = read();
      const changed = new Set(watched.filter((name) => now.get(name) !== seen.get(name)));
      seen = now;
      if (changed.size > 0) update(changed);
    };
    model.on("change", onChange);
    signal.addEventListener("abort", () => model.off("change", onChange));
    update(new Set(watched));
  };
}

/** Build a view inside `el`; the returned function takes every listener and node away again. */
export function mount<T extends Shared>(
  { model, el }: { model: AnyModel<T>; el: HTMLElement },
  { kind, label, exports }: Parts,
  build: (host: Host<T>) => void,
): () => void {
  const abort = new AbortController();
  const { signal } = abort;
  const parts = skeleton(kind, label);
  const { root } = parts;
  const host: Host<T> = {
    ...parts,
    model,
    signal,
    react: reaction(model, signal),
    follow: (redraw) => follow(root, signal, redraw),
    ask: (question) => {
      for (const [name, value] of Object.entries(question)) model.set(name as keyof T, value as T[keyof T]);
      model.save_changes();
    },
    announce: (sentence) => {
      parts.live.textContent = sentence;
    },
    listen: (target, type, listener, options = {}) =>
      target.addEventListener(type, listener as EventListener, { ...options, signal }),
  };

  // The notebook acts on single keys ("d d" deletes the cell), so none may leave the view.
  host.listen(root, "keydown", (event) => event.stopPropagation());
  host.react(["error", "notice", "size"], () => {
    parts.error.textContent = toText(model.get("error"));
    parts.notice.textContent = toText(model.get("notice"));
    root.classList.toggle("ww-large", model.get("size") === "large");
  });
  // In the page first: a view that draws at once needs its width and the theme's colours.
  el.append(root);
  build(host);
  parts.head.append(menu(host, exports));
  return () => {
    abort.abort();
    root.remove();
  };
}
