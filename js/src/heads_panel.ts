/** The selected head: its picture enlarged, its norms and ranks, its spectra among those of the others. */

import { formatWeight } from "./axis";
import { emOf, type Palette } from "./canvas";
import { type Enlarged, type HeadNumbers, normOf, PRODUCTS, type Product, ROLES, rankOf } from "./heads_data";
import { drawLevels, markSpot, type Spot, scaleFor, spotAt } from "./heads_picture";
import { type Chart, drawSpectra, placeAt } from "./heads_spectra";
import { headName, singularSentence, valueSentence } from "./heads_words";
import { type Host, h, type Shared } from "./view";

/** Sides of the enlarged picture and the charts, in multiples of the text's size. */
const WIDTH = 25;
const HEIGHT = 14;
const CHART_HEIGHT = 13;
const STEPS: Record<string, readonly [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

interface Spectrum {
  product: Product;
  canvas: HTMLCanvasElement;
  chart: Chart | null;
}

/** A singular value, by its place from 0. */
interface Reading {
  product: Product;
  place: number;
}

const isOurs = (event: KeyboardEvent) => !(event.altKey || event.ctrlKey || event.metaKey);

/** What is shown of the selected head now. */
export interface Selected {
  numbers: HeadNumbers;
  head: number;
  enlarged: Enlarged | null;
}

/** What was read of another block, head or role means nothing here. */
const subjectOf = (selected: Selected | null): string =>
  JSON.stringify([selected?.numbers.title, selected?.head, selected?.enlarged?.role]);

/** Norms and ranks of the selected head, a row for each of its six matrices. */
function table() {
  const rows = ROLES.map((role) => {
    const cells = [h("td"), h("td"), h("td")];
    return { role, cells, element: h("tr", {}, h("th", { scope: "row" }, role.toUpperCase()), ...cells) };
  });
  const heading = ["", "norm", "effective rank", "stable rank"].map((text) =>
    h("th", { scope: "col" }, text),
  );
  const element = h(
    "table",
    { class: "ww-heads-table" },
    h("thead", {}, h("tr", {}, ...heading)),
    h("tbody", {}, ...rows.map((row) => row.element)),
  );
  const show = (numbers: HeadNumbers, head: number) => {
    for (const { role, cells } of rows) {
      const product = PRODUCTS.find((one) => one === role);
      const ranks = product
        ? (["effective", "stable"] as const).map((kind) => rankOf(numbers, kind, product, head))
        : [];
      cells.forEach((cell, column) => {
        const value = column === 0 ? normOf(numbers, role, head) : ranks[column - 1];
        cell.textContent = value === undefined ? "" : formatWeight(value);
      });
    }
  };
  return { element, show };
}

export class HeadPanel<T extends Shared> {
  readonly #host: Host<T>;
  readonly #say: (sentence: string) => void;
  readonly #name = h("h4", { class: "ww-heads-name" });
  readonly #picture = h("canvas", {
    class: "ww-heads-enlarged",
    tabindex: "0",
    role: "img",
    "aria-label": "Selected head; arrow keys read its values",
  });
  readonly #table = table();
  readonly #spectra: Spectrum[] = PRODUCTS.map((product) => ({
    product,
    canvas: h("canvas", {
      class: "ww-heads-spectrum",
      tabindex: "0",
      role: "img",
      "aria-label": `Singular values of ${product.toUpperCase()}; left and right arrow keys read them`,
    }),
    chart: null,
  }));
  readonly element = h("div", { class: "ww-heads-panel" }, this.#name, this.#picture, this.#table.element);
  readonly charts = h("div", { class: "ww-heads-charts" }, ...this.#spectra.map(({ canvas }) => canvas));
  #selected: Selected | null = null;
  #palette: Palette | null = null;
  #scale = 1;
  #spot: Spot | null = null;
  #place: Reading | null = null;

  /** `say` shows what is read in the caption; "" ends it. */
  constructor(host: Host<T>, say: (sentence: string) => void) {
    this.#host = host;
    this.#say = say;
    this.#listenToPicture();
    for (const spectrum of this.#spectra) this.#listenToChart(spectrum);
  }

  /** Show a head; what was read of another one is forgotten. */
  draw(selected: Selected | null, palette: Palette): void {
    const wasRead = this.#spot !== null || this.#place !== null;
    if (subjectOf(this.#selected) !== subjectOf(selected)) {
      this.#spot = null;
      this.#place = null;
    }
    this.#selected = selected;
    this.#palette = palette;
    if (selected) {
      this.#name.textContent = headName(selected.numbers, selected.head);
      this.#table.show(selected.numbers, selected.head);
      this.#drawPicture();
      this.#drawCharts();
    }
    // The weights that are read may be others now.
    if (wasRead) this.#tell();
  }

  /** Say what is read now. */
  #tell(): string {
    const [selected, spot, read] = [this.#selected, this.#spot, this.#place];
    let sentence = "";
    if (selected?.enlarged && spot) sentence = valueSentence(selected.enlarged, spot.row, spot.column);
    else if (selected && read)
      sentence = singularSentence(selected.numbers, read.product, selected.head, read.place);
    this.#say(sentence);
    return sentence;
  }

  /** Read an entry or a singular value, and nothing else. */
  #read(spot: Spot | null, place: Reading | null): string {
    [this.#spot, this.#place] = [spot, place];
    this.#drawPicture();
    this.#drawCharts();
    return this.#tell();
  }

  #drawPicture(): void {
    const picture = this.#selected?.enlarged;
    this.#picture.hidden = !picture;
    if (!picture || !this.#palette) return;
    const em = emOf(this.#palette);
    const room = Math.min(WIDTH * em, this.element.clientWidth || WIDTH * em);
    this.#scale = scaleFor(picture, room, HEIGHT * em);
    drawLevels(this.#picture, picture, 0, this.#scale);
    const { surface, text } = this.#palette;
    if (this.#spot) markSpot(this.#picture, this.#scale, this.#spot, [surface, text]);
  }

  #drawCharts(): void {
    const [selected, palette] = [this.#selected, this.#palette];
    if (!selected || !palette) return;
    const em = emOf(palette);
    for (const spectrum of this.#spectra) {
      const { product, canvas } = spectrum;
      const cursor = this.#place?.product === product ? this.#place.place : null;
      const size = [Math.max(spectrum.canvas.parentElement?.clientWidth ?? 0, 12 * em), CHART_HEIGHT * em];
      const width = (size[0] ?? 0) > 44 * em ? Math.floor(((size[0] ?? 0) - 1.5 * em) / 2) : (size[0] ?? 0);
      spectrum.chart = drawSpectra(
        canvas,
        selected.numbers,
        product,
        selected.head,
        [width, CHART_HEIGHT * em],
        palette,
        cursor,
      );
    }
  }

  #listenToPicture(): void {
    const { listen, announce } = this.#host;
    const read = (spot: Spot | null) => this.#read(spot, null);
    listen(this.#picture, "pointermove", (event) => {
      const picture = this.#selected?.enlarged;
      const box = this.#picture.getBoundingClientRect();
      read(picture ? spotAt(picture, this.#scale, event.clientX - box.left, event.clientY - box.top) : null);
    });
    for (const type of ["pointerleave", "blur"] as const) listen(this.#picture, type, () => read(null));
    listen(this.#picture, "keydown", (event) => {
      const [step, picture] = [STEPS[event.key], this.#selected?.enlarged];
      if (!step || !picture || !isOurs(event)) return;
      event.preventDefault();
      const from = this.#spot;
      const column = Math.min(Math.max((from?.column ?? 0) + (from ? step[0] : 0), 0), picture.width - 1);
      const row = Math.min(Math.max((from?.row ?? 0) + (from ? step[1] : 0), 0), picture.height - 1);
      announce(read({ row, column }));
    });
  }

  #listenToChart(spectrum: Spectrum): void {
    const { listen, announce } = this.#host;
    const { product, canvas } = spectrum;
    const read = (place: number | null) => this.#read(null, place === null ? null : { product, place });
    listen(canvas, "pointermove", (event) => {
      const x = event.clientX - canvas.getBoundingClientRect().left;
      read(spectrum.chart && placeAt(spectrum.chart, x));
    });
    for (const type of ["pointerleave", "blur"] as const) listen(canvas, type, () => read(null));
    listen(canvas, "keydown", (event) => {
      const step = STEPS[event.key]?.[0];
      if (!step || !spectrum.chart || !isOurs(event)) return;
      event.preventDefault();
      const from = this.#place?.product === product ? this.#place.place : null;
      const place = from === null ? 0 : Math.min(Math.max(from + step, 0), spectrum.chart.count - 1);
      announce(read(place));
    });
  }
}
