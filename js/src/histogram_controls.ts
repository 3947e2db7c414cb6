/** The line of controls above the bars. */

import { formatWeight } from "./axis";
import { MOST_AT_HAND, MOST_BINS } from "./histogram_bins";
import type { WeightHistogramState } from "./state";
import { choice, type Host, slider, toggle } from "./view";

type RangeName = "full" | "central" | "given";

const NAMED: readonly (readonly [RangeName, string])[] = [
  ["full", "full"],
  ["central", "central 99.9%"],
];

/** Build the controls; the returned function shows the traits as they are, for a layer of `filters` filters, each called `unit`. */
export function buildControls(host: Host<WeightHistogramState>): (filters: number, unit: string) => void {
  const { model, signal } = host;
  const bins = slider("bins", (value) => host.ask({ bins: value }), signal);
  const filter = slider("filter", (value) => host.ask({ filter_index: value }), signal);
  const range = choice<RangeName>(
    "range",
    NAMED,
    (value) => value !== "given" && host.ask({ value_range: value }),
    signal,
  );
  const log = toggle("log counts", (pressed) => host.ask({ log_counts: pressed }), signal);
  const shuffled = toggle("shuffled", (pressed) => host.ask({ shuffled: pressed }), signal);
  const line = [bins.element, filter.element, range.element, log.element, shuffled.element];
  host.controls.append(...line);
  let shown: WeightHistogramState["value_range"] | null = null;
  return (filters, unit) => {
    filter.rename(unit);
    bins.set(model.get("bins"), 1, MOST_AT_HAND, MOST_BINS);
    filter.set(model.get("filter_index"), 0, Math.max(0, filters - 1));
    log.set(model.get("log_counts"));
    shuffled.set(model.get("shuffled"));
    const given = model.get("value_range");
    // Filling a list again would close it under the reader's hand.
    if (given === shown) return;
    shown = given;
    const isNamed = typeof given === "string";
    range.fill(isNamed ? NAMED : [...NAMED, ["given", given.map(formatWeight).join(" to ")]]);
    range.set(isNamed ? given : "given");
  };
}
