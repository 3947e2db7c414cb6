/** What there is to say about a norm and about one of its channels. */

import { formatCount, formatShare, formatWeight } from "./axis";
import { type Norm, rowsOf } from "./channels_data";

/** More channels than these are counted, not listed. */
const MOST_LISTED = 24;

export const THRESHOLDS: readonly (readonly [string, string])[] = [0.01, 0.05, 0.1, 0.25, 0.5].map(
  (share) => [String(share), `${formatShare(share)} of the median`],
);

export function channelSentence(norm: Norm, channel: number): string {
  const parts = rowsOf(norm).map(([row, label]) => `${label} ${formatWeight(norm[row]?.[channel] ?? 0)}`);
  return `channel ${channel}: ${parts.join(", ")}${norm.near.has(channel) ? "; near zero" : ""}`;
}

/** How many channels are near zero, which, and what that means. */
export function nearSentence(norm: Norm): string {
  const near = [...norm.near];
  const told =
    `Near zero, within ${formatShare(norm.threshold)} of the median magnitude ${formatWeight(norm.median)}: ` +
    `${formatCount(near.length)} of ${formatCount(norm.scale.length)} channels`;
  if (near.length === 0) return `${told}.`;
  const more = near.length - MOST_LISTED;
  const rest = more > 0 ? ` and ${formatCount(more)} more` : "";
  return `${told} (${near.slice(0, MOST_LISTED).join(", ")}${rest}).`;
}

/** Where many channels share a pixel, the bars alone do not show each of them. */
export function crowdSentence(channels: number, pixels: number): string {
  if (channels <= pixels) return "";
  return `${formatCount(channels)} channels on ${formatCount(pixels)} pixels: bars of neighbours overlap.`;
}
