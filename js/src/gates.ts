/** Recurrent gates: a row for each gate of a layer, and the eigenvalues of their hidden blocks. */

import { type Palette, palette } from "./canvas";
import {
  type Bars,
  distinct,
  type GateBlock,
  type GateFrame,
  type Listed,
  nearest,
  numberRows,
  readFrame,
  readListing,
  type ShownBlock,
  type Spectra,
} from "./gates_data";
import { GateRows } from "./gates_rows";
import { GateSpectra } from "./gates_spectra";
import { BLOCKS, scaleSentence } from "./gates_words";
import type { RecurrentGatesState } from "./state";
import { choice, type Host, h, mount, slider, toCsv } from "./view";
import { toBytes, toText } from "./wire";

const MOST_BINS = 256;
const DIRECTIONS = { false: "forward", true: "reverse" } as const;

class Gates {
  readonly #host: Host<RecurrentGatesState>;
  readonly #rows: GateRows<RecurrentGatesState>;
  readonly #spectra: GateSpectra;
  readonly #equation = h("p", { class: "ww-gates-equation" });
  readonly #forget = h("p", { class: "ww-gates-forget" });
  readonly #scale = h("p", { class: "ww-gates-scale" });
  readonly #notes = h("ul", { class: "ww-gates-notes" });
  readonly #shownPart: HTMLElement;
  readonly #module;
  readonly #number;
  readonly #direction;
  readonly #block;
  readonly #bins;
  #layers: Listed[] = [];
  #frame: GateFrame | undefined;
  #shown: ShownBlock | undefined;
  #bars: Bars | undefined;
  #found: Spectra | undefined;

  constructor(host: Host<RecurrentGatesState>) {
    this.#host = host;
    const { signal } = host;
    this.#module = choice<string>("module", [], (at) => this.#choose("module", Number(at)), signal);
    this.#number = choice<string>("layer", [], (at) => this.#choose("number", Number(at)), signal);
    this.#direction = choice<string>("direction", [], (at) => this.#choose("reverse", Number(at)), signal);
    this.#block = choice<GateBlock>("block", BLOCKS, (block) => host.ask({ block }), signal);
    this.#bins = slider("bins", (bins) => host.ask({ bins }), signal);
    this.#module.select.classList.add("ww-gates-module");
    const controls = [this.#module, this.#number, this.#direction, this.#block, this.#bins];
    host.controls.append(...controls.map(({ element }) => element));
    const say = (sentence: string) => {
      host.caption.textContent = sentence;
    };
    this.#rows = new GateRows(host, say);
    this.#spectra = new GateSpectra(host, say);
    this.#shownPart = h(
      "div",
      {},
      this.#equation,
      this.#forget,
      this.#scale,
      this.#rows.element,
      this.#spectra.element,
    );
    host.body.append(this.#shownPart);
    host.caption.after(this.#notes);
    host.follow(() => this.#draw());
    host.react(
      ["listing", "frame", "shown", "bars", "spectra", "layer", "block", "bins", "gate", "zoomed", "size"],
      (changed) => this.#update(changed),
    );
  }

  get #here(): Listed | undefined {
    const layer = toText(this.#host.model.get("layer"));
    return this.#layers.find(({ layers }) => layers.includes(layer));
  }

  #update(changed: ReadonlySet<string>): void {
    const { model } = this.#host;
    if (changed.has("listing")) this.#layers = readListing(model.get("listing"));
    if (changed.has("frame")) this.#frame = readFrame<GateFrame>(model.get("frame"));
    if (changed.has("shown")) this.#shown = readFrame<ShownBlock>(model.get("shown"));
    if (changed.has("bars")) this.#bars = readFrame<Bars>(model.get("bars"));
    if (changed.has("spectra")) this.#found = readFrame<Spectra>(model.get("spectra"));
    this.#setControls();
    this.#draw();
  }

  #setControls(): void {
    const { model } = this.#host;
    const here = this.#here;
    const modules = distinct(this.#layers, "module");
    const own = here ? this.#layers.filter(({ module }) => module === here.module) : [];
    const beside = own.filter(({ number }) => number === here?.number);
    const fill = (
      { element, fill: refill, set }: ReturnType<typeof choice<string>>,
      names: readonly string[],
      at: number,
    ) => {
      const entries = names.map((name, index) => [String(index), name] as const);
      refill(at < 0 ? [["-1", "choose"], ...entries] : entries);
      set(String(at));
      element.hidden = names.length < 2 && at >= 0;
    };
    fill(this.#module, modules, here ? modules.indexOf(here.module) : -1);
    this.#module.element.hidden ||= modules.length === 0;
    const numbers = distinct(own, "number");
    const places = here ? numbers.indexOf(here.number) : 0;
    fill(
      this.#number,
      numbers.map((number) => (number === null ? "cell" : String(number))),
      places,
    );
    const ways = distinct(beside, "reverse");
    const way = here ? ways.indexOf(here.reverse) : 0;
    fill(
      this.#direction,
      ways.map((reverse) => DIRECTIONS[`${reverse}`]),
      way,
    );
    const block = model.get("block");
    this.#block.fill(BLOCKS.filter(([name]) => name !== "bias" || here?.bias !== false || block === "bias"));
    this.#block.set(block);
    this.#bins.set(model.get("bins"), 1, MOST_BINS);
  }

  #draw(): void {
    const { model, root, title } = this.#host;
    const frame = this.#frame;
    const name = h("span", {}, frame ? `  ${frame.title} · ${frame.description}` : "");
    title.replaceChildren("Recurrent gates", name);
    this.#shownPart.hidden = !frame;
    this.#notes.replaceChildren(...(frame?.notes ?? []).map((note) => h("li", {}, note)));
    const colors: Palette = palette(root);
    if (!frame) {
      this.#rows.draw(null, colors);
      this.#host.caption.textContent = "";
      return;
    }
    this.#equation.textContent = frame.equation;
    this.#forget.textContent = frame.forget;
    // Pictures of what was asked before are not drawn under the name of what is asked now.
    const block = model.get("block");
    const isNow = (one: { token: number; block: GateBlock } | undefined) =>
      one?.token === frame.token && one.block === block;
    const [shown, bars] = [this.#shown, this.#bars];
    const drawn = shown && isNow(shown) ? { frame, shown, bars: bars && isNow(bars) ? bars : null } : null;
    this.#scale.textContent = drawn ? scaleSentence(drawn.shown) : "";
    this.#rows.draw(drawn, colors);
    this.#spectra.draw(frame, this.#found?.token === frame.token ? this.#found : null, colors);
  }

  #choose(key: "module" | "number" | "reverse", at: number): void {
    const here = this.#here ?? this.#layers[0];
    if (!here) return;
    const own = this.#layers.filter(({ module }) => module === here.module);
    const among = {
      module: this.#layers,
      number: own,
      reverse: own.filter((one) => one.number === here.number),
    };
    const value = distinct(among[key], key)[at];
    if (value === undefined) return;
    const matching = this.#layers.filter((one) => one[key] === value);
    const chosen = nearest(matching, { ...here, [key]: value });
    if (!chosen) return;
    this.#host.ask({ layer: toBytes(chosen.key) });
    const place =
      chosen.number === null ? "cell" : `layer ${chosen.number}, ${DIRECTIONS[`${chosen.reverse}`]}`;
    this.#host.announce(`${chosen.module}, ${place}`);
  }

  csv(): string {
    const [frame, shown] = [this.#frame, this.#shown];
    if (!frame || shown?.token !== frame.token) return "";
    const bars = this.#bars?.token === frame.token && this.#bars.block === shown.block ? this.#bars : null;
    const found = this.#found?.token === frame.token ? this.#found : null;
    return toCsv(numberRows(frame, shown, bars, found));
  }
}

export default {
  render: (context: Parameters<typeof mount<RecurrentGatesState>>[0]) => {
    let gates: Gates | undefined;
    const exports = { name: () => "gates", csv: () => gates?.csv() ?? "" };
    return mount(context, { kind: "gates", label: "Recurrent gates", exports }, (host) => {
      gates = new Gates(host);
    });
  },
};
