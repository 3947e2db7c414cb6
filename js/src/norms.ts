/** The controls above the bars of the norms; the bars themselves are bqplot's. */

import {
  KINDS,
  type Norms,
  normsAsCsv,
  type Rows,
  readNorms,
  readRows,
  remarks,
  SENTENCES,
  sentence,
} from "./norms_words";
import type { NormControlsState } from "./state";
import { choice, type Host, mount, toggle } from "./view";
import { toBytes, toText } from "./wire";

/** The figure below is not ours, but a key pressed in it must not reach the notebook either. */
function tend(host: Host<NormControlsState>, reveal: () => void): void {
  // It comes after the controls, and takes its size when it comes; `reveal` then finds it.
  const sizes = new ResizeObserver(reveal);
  // The view is built before it hangs in the chart.
  const later = requestAnimationFrame(() => {
    const chart = host.root.closest(".ww-norms-chart");
    if (!chart) return;
    host.listen(chart, "keydown", (event) => event.stopPropagation());
    sizes.observe(chart);
  });
  host.signal.addEventListener("abort", () => {
    cancelAnimationFrame(later);
    sizes.disconnect();
  });
}

/** Scroll the bars no further than it takes to see the one at `position` of `count`. */
function scrollTo(scroller: HTMLElement, position: number, count: number): void {
  const step = scroller.scrollWidth / Math.max(count, 1);
  const middle = (position + 0.5) * step;
  const { scrollLeft, clientWidth } = scroller;
  if (middle - step < scrollLeft || middle + step > scrollLeft + clientWidth)
    scroller.scrollLeft = middle - clientWidth / 2;
}

/** Build the controls; the returned function writes all norms as CSV. */
function build(host: Host<NormControlsState>): () => string {
  const { model, signal } = host;
  let rows: Rows = { names: [], labels: [], token: 0 };
  let norms: Norms | undefined;

  const position = () => rows.names.indexOf(toText(model.get("layer")));
  const selected = () => sentence(position(), model.get("kind"), norms, rows);
  const choose = (index: string) => {
    host.ask({ layer: toBytes(rows.names[Number(index)] ?? "") });
    host.announce(selected());
  };
  const kind = choice("norm", KINDS, (chosen) => host.ask({ kind: chosen }), signal);
  const log = toggle("Logarithmic", (pressed) => host.ask({ log_norms: pressed }), signal);
  const layer = choice<string>("layer", [], choose, signal);
  layer.select.classList.add("ww-norms-layer");
  host.title.textContent = "Norms";
  host.controls.append(kind.element, log.element, layer.element);

  const reveal = () => {
    const scroller = host.root.closest(".ww-norms-chart")?.querySelector<HTMLElement>(".ww-norms-scroll");
    if (!scroller) return;
    // What scrolls must be reached by keys too.
    scroller.tabIndex = 0;
    scroller.setAttribute("role", "region");
    scroller.setAttribute("aria-label", "A bar for each layer");
    if (position() >= 0) scrollTo(scroller, position(), rows.names.length);
  };
  host.react(["rows", "numbers", "layer", "kind", "log_norms"], (changed) => {
    if (changed.has("rows")) {
      rows = readRows(model.get("rows"));
      layer.fill(rows.labels.map((label, index) => [String(index), label] as const));
    }
    norms = readNorms(model.get("numbers"), rows);
    const [shown, logarithmic] = [model.get("kind"), model.get("log_norms")];
    kind.set(shown);
    log.set(logarithmic);
    layer.set(String(position()));
    const remarked = norms ? remarks(norms, rows, shown, logarithmic) : [];
    host.body.textContent = SENTENCES[shown];
    host.caption.textContent = [selected(), ...remarked].join(" ");
    if (changed.has("layer")) reveal();
  });
  tend(host, reveal);
  return () => normsAsCsv(rows, norms);
}

export default {
  render: (context: Parameters<typeof mount<NormControlsState>>[0]) => {
    let csv = () => "";
    const exports = { name: () => "norms", csv: () => csv() };
    return mount(context, { kind: "norms", label: "Norms of all layers", exports }, (host) => {
      csv = build(host);
    });
  },
};
