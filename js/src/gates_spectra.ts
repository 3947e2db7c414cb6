/** The eigenvalues: the plane, and beside it what each gate's spectral radius means. */

import { emOf, type Palette } from "./canvas";
import type { GateFrame, Spectra } from "./gates_data";
import { drawPlane, type Plane, type Point, pointAt, points } from "./gates_plane";
import { eigenvalueSentence, MARKS } from "./gates_words";
import type { RecurrentGatesState } from "./state";
import { type Host, h, toggle } from "./view";

/** The side of the plane, in multiples of the text's size. */
const SIDE = 28;
const ALONG: Record<string, number> = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

export class GateSpectra {
  readonly #host: Host<RecurrentGatesState>;
  readonly #say: (sentence: string) => void;
  readonly #canvas = h("canvas", { class: "ww-gates-plane", tabindex: "0", role: "img" });
  readonly #state = h("p", { class: "ww-gates-state", role: "status" });
  readonly #offer = h("button", { type: "button", class: "ww-button" }, "Work them out");
  readonly #zoom;
  readonly #list = h("div", { class: "ww-gates-radii", role: "group", "aria-label": "Gate in front" });
  readonly #cautions = h("div", { class: "ww-gates-cautions" });
  readonly element: HTMLElement;
  #buttons: HTMLButtonElement[] = [];
  #frame: GateFrame | null = null;
  #found: Spectra | null = null;
  #palette: Palette | null = null;
  #plane: Plane | null = null;
  #read: Point | null = null;

  /** `say` shows what is read in the caption; "" ends it. */
  constructor(host: Host<RecurrentGatesState>, say: (sentence: string) => void) {
    this.#host = host;
    this.#say = say;
    this.#zoom = toggle("zoom to the eigenvalues", (zoomed) => host.ask({ zoomed }), host.signal);
    const heading = h(
      "h4",
      { class: "ww-gates-heading" },
      "Eigenvalues and spectral radius of each hidden block",
    );
    const words = h(
      "div",
      { class: "ww-gates-words" },
      heading,
      this.#state,
      this.#offer,
      this.#zoom.element,
      this.#list,
      this.#cautions,
    );
    this.element = h("div", { class: "ww-gates-spectra" }, this.#canvas, words);
    host.listen(this.#offer, "click", () => host.ask({ large_eigenvalues: true }));
    this.#listen();
  }

  draw(frame: GateFrame, found: Spectra | null, palette: Palette): void {
    const isStale = this.#read !== null && this.#found?.token !== found?.token;
    this.#frame = frame;
    this.#found = found;
    this.#palette = palette;
    this.#state.textContent = found?.sentence ?? "";
    this.#offer.hidden = found?.state !== "offered";
    this.#cautions.replaceChildren(...frame.cautions.map((caution) => h("p", {}, caution)));
    this.#fillList(frame, found);
    if (isStale) this.#show(null);
    else this.#paint();
  }

  get #front(): number | null {
    const gate = this.#frame?.names.indexOf(this.#host.model.get("gate")) ?? -1;
    return gate < 0 ? null : gate;
  }

  #fillList(frame: GateFrame, found: Spectra | null): void {
    const names = frame.names.length > 1 ? [...frame.names, ""] : [...frame.names];
    if (this.#buttons.length !== names.length) {
      this.#buttons = names.map((_, at) => this.#button(at));
      this.#list.replaceChildren(...this.#buttons);
    }
    const chosen = this.#host.model.get("gate");
    names.forEach((name, gate) => {
      const button = this.#buttons[gate];
      if (!button) return;
      const sentence = name === "" ? "all gates alike" : (found?.sentences[gate] ?? "");
      const mark = h(
        "span",
        { class: "ww-gates-mark", "aria-hidden": "true" },
        name === "" ? "" : (MARKS[gate] ?? ""),
      );
      mark.style.color = `var(--ww-gate-${gate})`;
      button.replaceChildren(mark, h("b", {}, name), h("span", {}, sentence));
      button.setAttribute("aria-pressed", String(name === chosen));
      button.dataset.gate = name;
    });
    this.#list.hidden = !found || found.real.length === 0;
  }

  #button(at: number): HTMLButtonElement {
    const button = h("button", { type: "button", class: "ww-gates-radius" });
    this.#host.listen(button, "click", () => {
      const names = this.#frame?.names ?? [];
      const name = names[at] ?? "";
      const gate = name === this.#host.model.get("gate") ? "" : name;
      this.#host.ask({ gate: gate as RecurrentGatesState["gate"] });
      this.#host.announce(
        gate === "" ? "all gates alike" : `gate ${gate}: ${this.#found?.sentences[at] ?? ""}`,
      );
    });
    return button;
  }

  #paint(): void {
    const [found, palette] = [this.#found, this.#palette];
    const any = found?.real.some((real) => real.length > 0) ?? false;
    this.#canvas.hidden = !any;
    this.#zoom.element.hidden = !any;
    const zoomed = this.#host.model.get("zoomed");
    this.#zoom.set(zoomed);
    this.#plane = null;
    if (!found || !palette || !any) return;
    const style = getComputedStyle(this.#host.root);
    const colors = MARKS.map((_, gate) => style.getPropertyValue(`--ww-gate-${gate}`).trim());
    const room = this.#host.body.clientWidth || SIDE * emOf(palette);
    const side = Math.min(SIDE * emOf(palette), room);
    const front = this.#front;
    this.#canvas.ariaLabel = `Eigenvalues of ${front === null ? "all gates" : `gate ${this.#frame?.names[front] ?? ""}`} in the complex plane; arrow keys read them by magnitude`;
    this.#plane = drawPlane(this.#canvas, found, side, palette, colors, { front, zoomed, read: this.#read });
  }

  #show(point: Point | null): string {
    this.#read = point;
    this.#paint();
    const sentence =
      point && this.#frame && this.#found
        ? eigenvalueSentence(this.#frame, this.#found, point.gate, point.place)
        : "";
    this.#say(sentence);
    return sentence;
  }

  #listen(): void {
    const { listen, announce } = this.#host;
    const canvas = this.#canvas;
    listen(canvas, "pointermove", (event) => {
      const box = canvas.getBoundingClientRect();
      const [found, plane] = [this.#found, this.#plane];
      this.#show(
        found && plane
          ? pointAt(found, plane, this.#front, event.clientX - box.left, event.clientY - box.top)
          : null,
      );
    });
    for (const type of ["pointerleave", "blur"] as const) listen(canvas, type, () => this.#show(null));
    listen(canvas, "keydown", (event) => {
      const step = ALONG[event.key];
      if (step === undefined || !this.#found || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      const all = points(this.#found, this.#front);
      const read = this.#read;
      const from = read ? all.findIndex(({ gate, place }) => gate === read.gate && place === read.place) : -1;
      const to = from < 0 ? 0 : Math.min(Math.max(from + step, 0), all.length - 1);
      announce(this.#show(all[to] ?? null));
    });
  }
}
