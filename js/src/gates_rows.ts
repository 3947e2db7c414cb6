/** A row for each gate: its letter and role, its picture, its histogram, its numbers. */

import { formatWeight } from "./axis";
import { emOf, type Palette } from "./canvas";
import { type Bars, type GateFrame, NUMBERS, type ShownBlock } from "./gates_data";
import { binAt, drawBars, drawBlock, type Place, placeAt, plotOf, stretch } from "./gates_draw";
import { barSentence, strayWords, valueSentence } from "./gates_words";
import { type Host, h, type Shared } from "./view";

/** The room for a picture and the height of a histogram, in multiples of the text's size. */
const WIDTH = 16;
const HEIGHT = 8;

const STEPS: Record<string, readonly [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

interface Row {
  element: HTMLElement;
  name: HTMLElement;
  label: HTMLElement;
  role: HTMLElement;
  meaning: HTMLElement;
  bias: HTMLElement;
  picture: HTMLCanvasElement;
  bars: HTMLCanvasElement;
  values: HTMLElement[];
  strays: HTMLElement;
}

export interface Drawn {
  frame: GateFrame;
  shown: ShownBlock;
  bars: Bars | null;
}

interface Read {
  row: number;
  place: Place | null;
  bin: number | null;
}

/** What was read of another layer or block means nothing here. */
const subjectOf = (drawn: Drawn | null): string =>
  JSON.stringify([drawn?.frame.title, drawn?.frame.description, drawn?.shown.block]);

const between = (value: number, last: number): number => Math.min(Math.max(value, 0), last);

export class GateRows<T extends Shared> {
  readonly element = h("div", { class: "ww-gates-rows" });
  readonly #host: Host<T>;
  readonly #say: (sentence: string) => void;
  #rows: Row[] = [];
  #drawn: Drawn | null = null;
  #palette: Palette | null = null;
  #read: Read | null = null;

  /** `say` shows what is read in the caption; "" ends it. */
  constructor(host: Host<T>, say: (sentence: string) => void) {
    this.#host = host;
    this.#say = say;
  }

  draw(drawn: Drawn | null, palette: Palette): void {
    const read = this.#read;
    const isGone = (read?.bin ?? -1) >= (drawn?.bars?.bins ?? 0);
    if (subjectOf(this.#drawn) !== subjectOf(drawn) || isGone) this.#read = null;
    this.#drawn = drawn;
    this.#palette = palette;
    const count = drawn?.shown.gates.length ?? 0;
    if (this.#rows.length !== count) {
      this.#rows = Array.from({ length: count }, (_, row) => this.#make(row));
      this.element.replaceChildren(...this.#rows.map(({ element }) => element));
    }
    for (let row = 0; row < count; row++) {
      this.#write(row);
      this.#paint(row);
    }
    // The weights that are read may be others now.
    if (read) this.#tell();
  }

  #make(row: number): Row {
    const words = {
      name: h("b"),
      label: h("span"),
      role: h("span"),
      meaning: h("span", { class: "ww-gates-meaning" }),
      bias: h("span", { class: "ww-gates-bias", title: "mean ± standard deviation of the biases" }),
    };
    const title = h("h4", { class: "ww-gates-name" }, words.name, words.label);
    const about = h("div", { class: "ww-gates-about" }, title, words.role, words.meaning, words.bias);
    const picture = h("canvas", { class: "ww-gates-picture", tabindex: "0", role: "img" });
    const bars = h("canvas", { class: "ww-gates-bars", tabindex: "0", role: "img" });
    const values = NUMBERS.map(() => h("dd"));
    const pairs = NUMBERS.flatMap((name, column) => [h("dt", {}, name), values[column] ?? ""]);
    const strays = h("p", { class: "ww-gates-strays" });
    const numbers = h("div", { class: "ww-gates-numbers" }, h("dl", {}, ...pairs), strays);
    const box = h("div", { class: "ww-gates-box" }, picture);
    const element = h(
      "section",
      { class: "ww-gates-row" },
      about,
      box,
      h("div", { class: "ww-gates-chart" }, bars),
      numbers,
    );
    this.#listenToPicture(picture, row);
    this.#listenToBars(bars, row);
    return { element, ...words, picture, bars, values, strays };
  }

  #write(row: number): void {
    const [made, drawn] = [this.#rows[row], this.#drawn];
    if (!made || !drawn) return;
    const { frame, shown } = drawn;
    const gate = shown.gates[row] ?? 0;
    const name = frame.names[gate] ?? "";
    made.element.style.setProperty("--ww-gate", `var(--ww-gate-${gate})`);
    made.element.ariaLabel = `gate ${name}, ${frame.roles[gate] ?? ""}`;
    made.name.textContent = name;
    made.label.textContent = shown.labels[row] ?? "";
    made.role.textContent = frame.roles[gate] ?? "";
    made.meaning.textContent = frame.meanings[gate] ?? "";
    made.bias.textContent = (shown.block === "bias" ? "" : frame.biases[gate]) ?? "";
    made.picture.ariaLabel = `Gate ${name}: ${shown.rows} x ${shown.cols} numbers; arrow keys read them`;
    made.bars.ariaLabel = `Histogram of gate ${name}; left and right arrow keys read its bars`;
    made.values.forEach((cell, column) => {
      cell.textContent = formatWeight(shown.numbers[row * NUMBERS.length + column] ?? Number.NaN);
    });
    made.strays.textContent = strayWords(shown.strays[row] ?? 0);
  }

  #paint(row: number): void {
    const [made, drawn, palette] = [this.#rows[row], this.#drawn, this.#palette];
    if (!made || !drawn || !palette) return;
    const em = emOf(palette);
    const read = this.#read?.row === row ? this.#read : null;
    drawBlock(made.picture, drawn.shown, row, this.#scale(), palette, read?.place ?? null);
    made.bars.hidden = drawn.bars === null;
    if (drawn.bars)
      drawBars(made.bars, drawn.bars, row, [this.#width(made, em), HEIGHT * em], palette, read?.bin ?? null);
  }

  #scale(): readonly [number, number] {
    const em = this.#palette ? emOf(this.#palette) : 12;
    const room = Math.min(WIDTH * em, this.element.clientWidth || WIDTH * em);
    return this.#drawn ? stretch(this.#drawn.shown, room, HEIGHT * em) : [1, 1];
  }

  #width(made: Row, em: number): number {
    return Math.max(made.bars.parentElement?.clientWidth ?? 0, 10 * em);
  }

  #show(read: Read | null): string {
    const before = this.#read;
    this.#read = read;
    for (const one of [before, read]) if (one) this.#paint(one.row);
    return this.#tell();
  }

  /** Say what is read now. */
  #tell(): string {
    const [read, drawn] = [this.#read, this.#drawn];
    let sentence = "";
    if (read && drawn) {
      const { frame, shown, bars } = drawn;
      if (read.place) sentence = valueSentence(frame, shown, read.row, read.place.line, read.place.column);
      else if (read.bin !== null && bars) sentence = barSentence(frame, shown, bars, read.row, read.bin);
    }
    this.#say(sentence);
    return sentence;
  }

  #listenToPicture(canvas: HTMLCanvasElement, row: number): void {
    const { listen, announce } = this.#host;
    const at = (place: Place | null) => this.#show(place && { row, place, bin: null });
    listen(canvas, "pointermove", (event) => {
      const box = canvas.getBoundingClientRect();
      const shown = this.#drawn?.shown;
      at(shown ? placeAt(shown, this.#scale(), event.clientX - box.left, event.clientY - box.top) : null);
    });
    for (const type of ["pointerleave", "blur"] as const) listen(canvas, type, () => at(null));
    listen(canvas, "keydown", (event) => {
      const [step, shown] = [STEPS[event.key], this.#drawn?.shown];
      if (!step || !shown || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      const from = this.#read?.row === row ? this.#read.place : null;
      const line = from ? between(from.line + step[1], shown.height - 1) : 0;
      const column = from ? between(from.column + step[0], shown.width - 1) : 0;
      announce(at({ line, column }));
    });
  }

  #listenToBars(canvas: HTMLCanvasElement, row: number): void {
    const { listen, announce } = this.#host;
    const at = (bin: number | null) => this.#show(bin === null ? null : { row, place: null, bin });
    listen(canvas, "pointermove", (event) => {
      const [bars, palette] = [this.#drawn?.bars, this.#palette];
      const box = canvas.getBoundingClientRect();
      at(
        bars && palette
          ? binAt(plotOf(box.width, box.height, emOf(palette)), bars.bins, event.clientX - box.left)
          : null,
      );
    });
    for (const type of ["pointerleave", "blur"] as const) listen(canvas, type, () => at(null));
    listen(canvas, "keydown", (event) => {
      const [step, bars] = [STEPS[event.key]?.[0], this.#drawn?.bars];
      if (!step || !bars || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      const from = this.#read?.row === row ? this.#read.bin : null;
      announce(at(from === null ? 0 : between(from + step, bars.bins - 1)));
    });
  }
}
