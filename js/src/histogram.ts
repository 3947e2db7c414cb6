/** The histogram of a layer with the selected filter over it; every bin count is drawn from the frame in hand. */

import type { AnyModel } from "@anywidget/types";
import { type Palette, palette } from "./canvas";
import { Brush, type Selected } from "./histogram_brush";
import { buildControls } from "./histogram_controls";
import { type Band, type Binned, HistogramData, rowsOf } from "./histogram_data";
import { draw, type Plot, type Scene, titled } from "./histogram_draw";
import { Readout } from "./histogram_readout";
import { captionOf, type Held, weights } from "./histogram_words";
import type { WeightHistogramState } from "./state";
import { type Host, h, mount, toCsv } from "./view";

type State = WeightHistogramState;

const WATCHED = ["frame", "overlay", "fine", "selection", "bins", "log_counts", "size"] as const;
const CONTROLLED = ["frame", "bins", "filter_index", "value_range", "log_counts", "shuffled"] as const;
/** Height in multiples of the text's. */
const HEIGHT = 18;

class HistogramView {
  readonly #host: Host<State>;
  readonly #data = new HistogramData();
  readonly #brush: Brush;
  readonly #readout: Readout;
  #colors: Palette;
  #plot: Plot | null = null;
  #crowded = false;
  #width = 0;
  #binned: Binned | null = null;
  /** What was selected or given up here, drawn until the kernel has answered. */
  #pending: { selected: Selected | null } | null = null;

  constructor(host: Host<State>) {
    this.#host = host;
    this.#colors = palette(host.root);
    this.#brush = new Brush(host, {
      count: () => this.#binned?.counts.length ?? 1,
      at: (x) => this.#binAt(x),
      onMove: () => this.redraw(),
      onSelect: (selected) => this.#select(selected),
    });
    this.#readout = new Readout(this.#brush.canvas);
    host.body.append(this.#brush.canvas, this.#readout.cursor, this.#readout.selected);
    host.react(WATCHED, (changed) => this.#changed(changed));
    const showControls = buildControls(host);
    host.react(CONTROLLED, () =>
      showControls(this.#data.frame?.filters ?? 0, this.#data.frame?.unit ?? "filter"),
    );
    host.follow(() => {
      this.#colors = palette(host.root);
      this.#measure();
      this.redraw();
    });
  }

  /** Asked at every step for its width, the page would be laid out anew each time, which takes as long as drawing. */
  #measure(): void {
    // The notebook hides its cells while it changes its theme, and shows them again without a word.
    this.#width = this.#host.body.clientWidth || this.#width;
  }

  redraw(): void {
    const { canvas } = this.#brush;
    if (this.#width === 0) this.#measure();
    const width = this.#width;
    const scene = this.#scene();
    canvas.hidden = scene === null;
    if (scene && width > 0) {
      // A view that is built before its place in the page is known has no theme yet.
      if (this.#colors.font.trim() === "") this.#colors = palette(this.#host.root);
      const height = Math.round(HEIGHT * Number.parseFloat(this.#colors.font));
      const { plot, crowded } = draw(canvas, width, height, scene, this.#colors);
      this.#plot = plot;
      if (crowded !== this.#crowded) {
        this.#crowded = crowded;
        this.#caption();
      }
    }
    this.#read();
  }

  csv(): string {
    return toCsv(rowsOf(this.#binned));
  }

  /** The bars with their title above them. */
  picture(): HTMLCanvasElement {
    return titled(this.#brush.canvas, this.#host.title.textContent ?? "", this.#colors);
  }

  fileName(): string {
    return `histogram of ${this.#data.frame?.title ?? "nothing"}`.replace(/[^\w.-]+/g, "_");
  }

  #changed(changed: ReadonlySet<string>): void {
    const { model, root } = this.#host;
    this.#data.update(this.#frames(), changed);
    if (changed.has("size")) {
      this.#colors = palette(root);
      this.#measure();
    }
    if (changed.has("frame") || changed.has("bins")) this.#brush.reset();
    if (changed.has("frame") || (changed.has("selection") && !this.#brush.dragging)) this.#pending = null;
    const bins = model.get("bins");
    this.#binned = this.#data.binned(this.#data.atHand(bins));
    if (changed.has("frame") || changed.has("overlay")) this.#caption();
    this.redraw();
  }

  #frames(): Pick<State, "frame" | "overlay" | "fine" | "selection"> {
    const { model } = this.#host;
    return {
      frame: model.get("frame"),
      overlay: model.get("overlay"),
      fine: model.get("fine"),
      selection: model.get("selection"),
    };
  }

  #caption(): void {
    const { frame, overlay } = this.#data;
    const { title, caption } = this.#host;
    title.textContent = frame?.title ?? "";
    caption.textContent = frame ? captionOf(frame, overlay, this.#crowded) : "";
    if (!frame) return;
    const seed = overlay?.seed ?? null;
    const shuffled = seed === null ? "" : `, shuffled with seed ${seed}`;
    title.append(h("span", {}, ` · ${weights(frame.numel)}${shuffled}`));
  }

  #scene(): Scene | null {
    const { frame, overlay } = this.#data;
    if (!frame || !this.#binned) return null;
    return {
      low: frame.range[0] ?? 0,
      high: frame.range[1] ?? 1,
      counts: this.#binned.counts,
      overlay: this.#binned.overlay,
      overlayLabel: `${frame.unit} ${overlay?.filter_index ?? 0}: count`,
      log: this.#host.model.get("log_counts"),
      bin: this.#brush.bin,
      band: this.#band(),
    };
  }

  #band(): Band | null {
    if (!this.#pending) return this.#data.band();
    const { selected } = this.#pending;
    return selected && [selected.first / selected.bins, (selected.last + 1) / selected.bins];
  }

  #binAt(x: number): number {
    const bins = this.#binned?.counts.length ?? 1;
    if (!this.#plot) return 0;
    const { left, right, ratio } = this.#plot;
    const bin = Math.floor((bins * (x * ratio - left)) / (right - left));
    return Math.min(Math.max(bin, 0), bins - 1);
  }

  #select(selected: Selected | null): void {
    const { frame } = this.#data;
    if (!frame || (!selected && !this.#band())) return;
    this.#pending = { selected };
    // Python may have selected since: asked for again, the same bins must be a change, or nothing is sent.
    this.#host.model.set("brush", null);
    this.#host.ask({ brush: selected ? [frame.token, selected.bins, selected.first, selected.last] : [] });
    this.redraw();
    this.#host.announce(this.#readout.selected.textContent || "Nothing is selected.");
  }

  #read(): void {
    const binned = this.#binned;
    if (!binned) {
      this.#readout.clear();
      return;
    }
    const { bin } = this.#brush;
    this.#readout.show({
      bins: binned.counts.length,
      asked: this.#host.model.get("bins"),
      bin,
      held: bin === null ? null : this.#data.held(binned, bin, bin),
      selected: this.#selection(),
    });
  }

  #selection(): Held | null {
    if (!this.#pending) return this.#data.answered();
    const { selected } = this.#pending;
    const binned = selected && this.#data.binned(this.#data.atHand(selected.bins));
    return binned ? this.#data.held(binned, selected.first, selected.last) : null;
  }
}

function render({ model, el }: { model: AnyModel<State>; el: HTMLElement }): () => void {
  const made: { view?: HistogramView } = {};
  const exports = {
    name: () => made.view?.fileName() ?? "",
    canvas: () => made.view?.picture() ?? document.createElement("canvas"),
    csv: () => made.view?.csv() ?? "",
  };
  return mount({ model, el }, { kind: "histogram", label: "Histogram of weights", exports }, (host) => {
    made.view = new HistogramView(host);
  });
}

export default { render };
