/** Attention heads: a tile for each head of a block, and the selected one in full. */

import { emOf, palette } from "./canvas";
import {
  type Block,
  type Enlarged,
  type HeadNumbers,
  headRows,
  type Order,
  type Role,
  readBlocks,
  readFrame,
  type Tiles,
} from "./heads_data";
import { HeadPanel } from "./heads_panel";
import { drawLegend } from "./heads_picture";
import { TileGrid } from "./heads_tiles";
import { headSentence, meaning, ORDERS, SHOWN, scaleSentence } from "./heads_words";
import type { AttentionHeadsState } from "./state";
import { choice, type Host, h, mount, toCsv } from "./view";
import { toBytes, toText } from "./wire";

const LEGEND_WIDTH = 96;
const UNKNOWN = "choose";

class Heads {
  readonly #host: Host<AttentionHeadsState>;
  readonly #grid = new TileGrid();
  readonly #panel: HeadPanel<AttentionHeadsState>;
  readonly #meaning = h("p", { class: "ww-heads-meaning" });
  readonly #scale = h("p", { class: "ww-heads-scale" });
  readonly #scaleWords = h("span");
  readonly #notes = h("ul", { class: "ww-heads-notes" });
  readonly #shown: HTMLElement;
  readonly #block;
  readonly #count;
  readonly #role;
  readonly #order;
  #blocks: Block[] = [];
  #numbers: HeadNumbers | undefined;
  #tiles: Tiles | undefined;
  #enlarged: Enlarged | undefined;
  #read = "";

  constructor(host: Host<AttentionHeadsState>) {
    this.#host = host;
    const { signal } = host;
    this.#block = choice<string>("block", [], (place) => this.#chooseBlock(Number(place)), signal);
    this.#count = choice<string>("heads", [], (count) => this.#chooseCount(count), signal);
    this.#role = choice<Role>("show", SHOWN, (role) => host.ask({ role }), signal);
    this.#order = choice<Order>("order", ORDERS, (order) => host.ask({ order }), signal);
    this.#block.select.classList.add("ww-heads-block");
    const controls = [this.#block, this.#count, this.#role, this.#order];
    host.controls.append(...controls.map(({ element }) => element));
    this.#panel = new HeadPanel(host, (sentence) => {
      this.#read = sentence;
      this.#say();
    });
    const legend = h("canvas", { class: "ww-heads-legend", "aria-hidden": "true" });
    drawLegend(legend, LEGEND_WIDTH);
    this.#scale.append(legend, this.#scaleWords);
    const left = h("div", { class: "ww-heads-left" }, this.#meaning, this.#scale, this.#grid.element);
    left.append(this.#panel.charts);
    this.#shown = h("div", { class: "ww-heads-columns" }, left, this.#panel.element);
    host.body.append(this.#shown);
    host.caption.after(this.#notes);
    this.#listen();
    host.follow(() => this.#draw());
    host.react(
      ["blocks", "frame", "tiles", "enlarged", "layer", "head", "role", "order", "num_heads", "size"],
      (changed) => this.#update(changed),
    );
  }

  get #head(): number {
    return Math.min(this.#host.model.get("head"), Math.max((this.#numbers?.heads ?? 1) - 1, 0));
  }

  #update(changed: ReadonlySet<string>): void {
    const { model } = this.#host;
    if (changed.has("blocks")) this.#blocks = readBlocks(model.get("blocks"));
    if (changed.has("frame")) this.#numbers = readFrame<HeadNumbers>(model.get("frame"));
    if (changed.has("tiles")) this.#tiles = readFrame<Tiles>(model.get("tiles"));
    if (changed.has("enlarged")) this.#enlarged = readFrame<Enlarged>(model.get("enlarged"));
    this.#setControls();
    this.#draw();
    if (changed.has("head") || changed.has("order")) this.#grid.reveal(this.#head);
  }

  #setControls(): void {
    const { model } = this.#host;
    const place = this.#blocks.findIndex(({ layers }) => layers.includes(toText(model.get("layer"))));
    const names = this.#blocks.map(({ label }, index) => [String(index), label] as const);
    this.#block.fill(place < 0 ? [["-1", "choose a block"], ...names] : names);
    this.#block.set(String(place));
    this.#block.element.hidden = this.#blocks.length === 0;
    const choices = this.#blocks[place]?.choices ?? [];
    const chosen = model.get("num_heads");
    const counts = choices.map((count) => [String(count), String(count)] as const);
    this.#count.fill(chosen === null ? [[UNKNOWN, UNKNOWN], ...counts] : counts);
    this.#count.set(chosen === null ? UNKNOWN : String(chosen));
    this.#count.element.hidden = choices.length === 0;
    this.#role.set(model.get("role"));
    this.#order.set(model.get("order"));
  }

  #draw(): void {
    const { model, root, title } = this.#host;
    const numbers = this.#numbers;
    const name = h("span", {}, numbers ? `  ${numbers.title} · ${numbers.description}` : "");
    title.replaceChildren("Attention heads", name);
    this.#shown.hidden = !numbers;
    this.#notes.replaceChildren(...(numbers?.notes ?? []).map((note) => h("li", {}, note)));
    this.#say();
    const colors = palette(root);
    if (!numbers) {
      this.#grid.empty();
      this.#panel.draw(null, colors);
      return;
    }
    const role = model.get("role");
    // Pictures of what was asked before are not drawn under the name of what is asked now.
    const tiles = this.#tiles?.token === numbers.token && this.#tiles.role === role ? this.#tiles : null;
    const drawn = tiles && tiles.count > 0 ? tiles : null;
    this.#meaning.textContent = meaning(role);
    this.#scale.classList.toggle("ww-heads-refused", drawn === null);
    this.#scaleWords.textContent = drawn
      ? scaleSentence(drawn.limit[0] ?? 0, drawn.block_rows, drawn.block_cols)
      : (tiles?.refusal ?? "");
    this.#grid.arrange(numbers, role, model.get("order"));
    this.#grid.draw(numbers, drawn, emOf(colors));
    this.#grid.select(this.#head);
    const large = this.#enlarged;
    const isNow = large?.token === numbers.token && large.role === role && large.head === this.#head;
    this.#panel.draw({ numbers, head: this.#head, enlarged: isNow ? large : null }, colors);
  }

  #say(): void {
    const numbers = this.#numbers;
    const role = this.#host.model.get("role");
    this.#host.caption.textContent =
      this.#read || (numbers ? `${headSentence(numbers, role, this.#head)}.` : "");
  }

  #listen(): void {
    const { listen } = this.#host;
    const { element } = this.#grid;
    listen(element, "click", (event) => {
      const head = this.#grid.headAt(event.target);
      if (head !== null) this.#select(head);
    });
    listen(element, "keydown", (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      const head = this.#grid.step(this.#head, event.key);
      if (head === null) return;
      event.preventDefault();
      this.#select(head);
    });
  }

  #select(head: number): void {
    const numbers = this.#numbers;
    if (!numbers) return;
    if (head !== this.#host.model.get("head")) this.#host.ask({ head });
    this.#host.announce(headSentence(numbers, this.#host.model.get("role"), head));
  }

  #chooseBlock(place: number): void {
    const block = this.#blocks[place];
    const layer = block?.layers[0];
    if (!block || layer === undefined) return;
    this.#host.ask({ layer: toBytes(layer) });
    this.#host.announce(`${block.label}, block ${place + 1} of ${this.#blocks.length}`);
  }

  #chooseCount(count: string): void {
    if (count !== UNKNOWN) this.#host.ask({ num_heads: Number(count) });
  }

  csv(): string {
    return this.#numbers ? toCsv(headRows(this.#numbers)) : "";
  }
}

export default {
  render: (context: Parameters<typeof mount<AttentionHeadsState>>[0]) => {
    let heads: Heads | undefined;
    const exports = { name: () => "heads", csv: () => heads?.csv() ?? "" };
    return mount(context, { kind: "heads", label: "Attention heads", exports }, (host) => {
      heads = new Heads(host);
    });
  },
};
