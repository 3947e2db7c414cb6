/** A norm, channel by channel: its scale, its shift and its running statistics as bars. */

import { formatShare } from "./axis";
import { deviceRatio, fit, palette } from "./canvas";
import {
  channelAt,
  type Layout,
  layOut,
  type Norm,
  type Order,
  placeAt,
  placeOf,
  readListing,
  readNorm,
  rowsOf,
} from "./channels_data";
import { drawCursor, drawMarks, drawRow } from "./channels_draw";
import { channelSentence, crowdSentence, nearSentence, THRESHOLDS } from "./channels_words";
import type { NormChannelsState } from "./state";
import { choice, type Host, h, mount, toCsv } from "./view";
import { toBytes, toText } from "./wire";

const ORDERS: readonly (readonly [Order, string])[] = [
  ["index", "channel"],
  ["scale", "magnitude of scale"],
];

const STEPS: Record<string, (page: number) => number> = {
  ArrowLeft: () => -1,
  ArrowRight: () => 1,
  PageUp: (page) => -page,
  PageDown: (page) => page,
  Home: () => Number.NEGATIVE_INFINITY,
  End: () => Number.POSITIVE_INFINITY,
};

class Channels {
  readonly #host: Host<NormChannelsState>;
  readonly #canvas = h("canvas", { class: "ww-channels-canvas", "aria-hidden": "true" });
  readonly #option = h("div", { role: "option", class: "ww-live", id: `ww-channel-${Math.random()}` });
  readonly #window = h(
    "div",
    { class: "ww-channels-window", role: "listbox", tabindex: "0", "aria-orientation": "horizontal" },
    this.#canvas,
    this.#option,
  );
  readonly #near = h("p", { class: "ww-channels-near" });
  readonly #notes = h("ul", { class: "ww-channels-notes" });
  readonly #layer;
  readonly #threshold;
  readonly #order;
  #norm: Norm | undefined;
  #layout: Layout = layOut(0, 1, 12);
  /** The channel that the pointer or the keys are at. */
  #channel: number | null = null;
  #frame = 0;

  constructor(host: Host<NormChannelsState>) {
    this.#host = host;
    const { signal } = host;
    this.#layer = choice<string>("norm", [], (layer) => host.ask({ layer: toBytes(layer) }), signal);
    const ask = (share: string) => host.ask({ threshold: Number(share) });
    this.#threshold = choice<string>("near zero", THRESHOLDS, ask, signal);
    this.#order = choice<Order>("order by", ORDERS, (order) => host.ask({ order }), signal);
    host.controls.append(this.#layer.element, this.#threshold.element, this.#order.element);
    host.body.append(this.#near, this.#window);
    host.caption.after(this.#notes);
    this.#window.setAttribute("aria-activedescendant", this.#option.id);
    this.#listen();
    host.follow(() => this.schedule());
    host.react(["listing", "frame", "layer", "order", "threshold", "size"], (changed) => {
      if (changed.has("layer")) this.#channel = null;
      if (changed.has("listing")) this.#list();
      if (changed.has("frame")) this.#readNorm();
      this.#show();
      this.#say();
      this.schedule();
    });
    signal.addEventListener("abort", () => cancelAnimationFrame(this.#frame));
  }

  get #by(): Order {
    return this.#host.model.get("order");
  }

  schedule(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#draw());
  }

  csv(): string {
    const norm = this.#norm;
    if (!norm) return "";
    const rows = rowsOf(norm).map(([row]) => row);
    const lines = Array.from(norm.scale, (_, place) => {
      const channel = channelAt(norm, this.#by, place);
      const numbers = rows.map((row) => norm[row]?.[channel] ?? Number.NaN);
      return [channel, ...numbers, Number(norm.near.has(channel))];
    });
    return toCsv([["channel", ...rows, "near_zero"], ...lines]);
  }

  #readNorm(): void {
    this.#norm = readNorm(this.#host.model.get("frame"));
    // It may have fewer channels than the one that was pointed at.
    if ((this.#channel ?? 0) >= (this.#norm?.scale.length ?? 0)) this.#channel = null;
  }

  #list(): void {
    const { names, labels } = readListing(this.#host.model.get("listing"));
    this.#layer.fill(names.map((name, index) => [name, labels[index] ?? ""] as const));
  }

  #show(): void {
    const { model, title } = this.#host;
    const norm = this.#norm;
    this.#layer.set(toText(model.get("layer")));
    this.#order.set(this.#by);
    this.#setThreshold(model.get("threshold"));
    const count = norm ? `${norm.scale.length} channels` : "";
    title.replaceChildren(norm?.title ?? "Norm", " ", h("span", {}, count));
    this.#window.hidden = !norm;
    this.#window.setAttribute("aria-label", `Channels of ${norm?.title ?? "the norm"}; arrow keys walk`);
    this.#near.textContent = norm ? nearSentence(norm) : "";
    this.#near.classList.toggle("ww-found", (norm?.near.size ?? 0) > 0);
    this.#notes.replaceChildren(...(norm?.notes ?? []).map((note) => h("li", {}, note)));
  }

  /** A share that was set in Python may be none of those offered. */
  #setThreshold(share: number): void {
    const known = THRESHOLDS.some(([value]) => Number(value) === share);
    const own = known ? [] : [[String(share), `${formatShare(share)} of the median`] as const];
    this.#threshold.fill([...THRESHOLDS, ...own]);
    this.#threshold.set(String(share));
  }

  #draw(): void {
    const norm = this.#norm;
    if (!norm) return;
    const colors = palette(this.#host.root);
    const em = Number.parseFloat(colors.font) || 12;
    const rows = rowsOf(norm);
    this.#layout = layOut(rows.length, this.#window.clientWidth, em);
    const { context } = fit(this.#canvas, this.#window.clientWidth, this.#layout.height);
    context.fillStyle = colors.surface;
    context.fillRect(0, 0, this.#window.clientWidth, this.#layout.height);
    rows.forEach((row, index) => {
      drawRow(context, norm, row, index, this.#by, this.#layout, colors, em);
    });
    drawMarks(context, norm, this.#by, this.#layout, colors, em);
    if (this.#channel !== null) {
      const place = placeOf(norm, this.#by, this.#channel);
      drawCursor(context, place, norm.scale.length, this.#layout, colors, em);
    }
    this.#say();
  }

  #listen(): void {
    const { listen } = this.#host;
    const at = (event: MouseEvent) => {
      const x = event.clientX - this.#canvas.getBoundingClientRect().left;
      const norm = this.#norm;
      const place = norm ? placeAt(this.#layout, norm.scale.length, x) : null;
      return norm && place !== null ? channelAt(norm, this.#by, place) : null;
    };
    listen(this.#canvas, "pointermove", (event) => this.#point(at(event)));
    listen(this.#canvas, "pointerleave", () => this.#point(null));
    listen(this.#window, "keydown", (event) => this.#press(event));
  }

  #point(channel: number | null): void {
    if (channel === this.#channel) return;
    this.#channel = channel;
    this.#draw();
  }

  #press(event: KeyboardEvent): void {
    const step = STEPS[event.key];
    const norm = this.#norm;
    if (!step || !norm || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const last = norm.scale.length - 1;
    const moved = step(Math.max(10, Math.ceil(last / 10)));
    const from = this.#channel === null ? -Math.sign(moved) : placeOf(norm, this.#by, this.#channel);
    const place = Math.min(Math.max(from + moved, 0), last);
    this.#point(channelAt(norm, this.#by, place));
    this.#host.announce(this.#host.caption.textContent ?? "");
  }

  #say(): void {
    const norm = this.#norm;
    const { caption } = this.#host;
    if (!norm) caption.textContent = "";
    else if (this.#channel !== null) caption.textContent = channelSentence(norm, this.#channel);
    else {
      const pixels = Math.round((this.#layout.right - this.#layout.left) * deviceRatio());
      const crowd = crowdSentence(norm.scale.length, pixels);
      caption.textContent = crowd || "Point at a channel, or walk through them by arrow keys.";
    }
    this.#option.setAttribute("aria-label", caption.textContent ?? "");
    this.#option.setAttribute("aria-selected", String(this.#channel !== null));
  }
}

export default {
  render: (context: Parameters<typeof mount<NormChannelsState>>[0]) => {
    let channels: Channels | undefined;
    // The kernel draws the picture: with its title and with what is said about the norm.
    const exports = { name: () => "channels", csv: () => channels?.csv() ?? "" };
    return mount(context, { kind: "channels", label: "Channels of a norm", exports }, (host) => {
      channels = new Channels(host);
    });
  },
};
