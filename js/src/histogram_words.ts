/** The sentences of the histogram. */

import { digitsFor, formatCount, formatShare, formatWeightTo } from "./axis";
import type { Frame, Overlay } from "./histogram_bins";

const many = (count: number, one: string, several: string): string =>
  `${formatCount(count)} ${count === 1 ? one : several}`;

export const weights = (count: number): string => many(count, "weight", "weights");

/** What the outline counts; in a layer whose every row is one weight, such as a norm, the row is the weight. */
function subjectOf({ unit }: Frame, { numel, filter_index }: Overlay): string {
  const name = `${unit} ${filter_index}`;
  if (numel === 1) return unit === "weight" ? `${name} alone` : `the one weight of ${name}`;
  return `the ${weights(numel)} of ${name}`;
}

/** What is drawn, whose axis is whose, and every weight that is not in the bars. */
export function captionOf(frame: Frame, overlay: Overlay | null, crowded: boolean): string {
  if (frame.numel === 0) return ["This layer holds no weights.", ...frame.notes].join(" ");
  const all = frame.numel === 1 ? "the one weight" : `all ${weights(frame.numel)}`;
  const drawn = [`Grey bars, left axis: ${all} of the layer.`];
  if (overlay) {
    const which =
      overlay.seed === null ? "" : `, after all weights of the layer were shuffled (seed ${overlay.seed})`;
    drawn.push(`Orange outline, right axis: ${subjectOf(frame, overlay)}${which}.`);
  }
  const { below, above, nan, posinf, neginf } = frame;
  if (below + above > 0) {
    const share = formatShare((below + above) / frame.numel);
    drawn.push(
      `Outside of this range: ${formatCount(below)} below and ${formatCount(above)} above (${share}).`,
    );
  }
  const others = [
    [nan, "NaN"],
    [posinf, "+∞"],
    [neginf, "−∞"],
  ] as const;
  const said = others.filter(([count]) => count > 0).map(([count, name]) => `${formatCount(count)} ${name}`);
  if (said.length > 0) drawn.push(`In no bin: ${said.join(", ")}.`);
  if (crowded) drawn.push("There are more bins than columns of pixels: each column shows its highest bin.");
  return [...drawn, ...new Set([...frame.notes, ...(overlay?.notes ?? [])])].join(" ");
}

export interface Held {
  low: number;
  high: number;
  count: number;
  /** Of all weights of the layer. */
  share: number;
  filter: { unit: string; index: number; count: number; share: number } | null;
}

/** A bin or a selected range, and what it holds. */
export function heldBy({ low, high, count, share, filter }: Held): string {
  const written = formatWeightTo(digitsFor(high - low, Math.max(Math.abs(low), Math.abs(high))));
  const layer = `${written(low)} to ${written(high)}: ${weights(count)}, ${formatShare(share)}`;
  if (!filter) return layer;
  return `${layer} · ${filter.unit} ${filter.index}: ${formatCount(filter.count)}, ${formatShare(filter.share)}`;
}
