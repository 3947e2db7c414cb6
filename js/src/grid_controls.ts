/** The line of controls above the grid. */

import type { Frame } from "./grid_data";
import type { FilterGridState } from "./state";
import { choice, type Host, slider, toggle } from "./view";

const ALL = "all";
const scopesOf = (unit: string) =>
  [
    ["filter", `per ${unit}`],
    ["layer", "per layer"],
    ["minmax", "min–max (moves zero)"],
  ] as const;
const ORDERS = [
  ["index", "index"],
  ["norm", "norm"],
] as const;

/** The slider stands for one slice of a 3-d kernel; the toggle for all of them side by side. */
function depthControls({ model, signal, ask }: Host<FilterGridState>) {
  let last = 0;
  const one = slider("depth", (value) => ask({ depth_index: value }), signal);
  const all = toggle("all depths", (pressed) => ask({ depth_index: pressed ? null : last }), signal);
  const show = (slices: number) => {
    const chosen = model.get("depth_index");
    const deepest = Math.max(0, slices - 1);
    one.element.hidden = all.element.hidden = slices < 2;
    last = Math.min(chosen ?? last, deepest);
    one.set(last, 0, deepest);
    all.set(chosen === null);
  };
  return { parts: [one, all], show };
}

/** Build the controls; the returned function shows the traits as they are, for the frame in hand. */
export function buildControls(host: Host<FilterGridState>): (frame: Frame | null) => void {
  const { model, signal } = host;
  const filter = slider("filter", (value) => host.ask({ filter_index: value }), signal);
  const channel = choice<string>(
    "channel",
    [],
    (value) => host.ask({ input_channel: value === ALL ? null : Number(value) }),
    signal,
  );
  const depth = depthControls(host);
  const scope = choice("scale", scopesOf("filter"), (value) => host.ask({ color_scope: value }), signal);
  const order = choice("order", ORDERS, (value) => host.ask({ order: value }), signal);
  const images = toggle("as images", (pressed) => host.ask({ as_images: pressed }), signal);
  const robust = toggle("robust colours", (pressed) => host.ask({ robust_colors: pressed }), signal);
  robust.element.title = "The scale ends where 99.9 % of the weights do";
  for (const { element } of [filter, channel, ...depth.parts, scope, robust, order, images])
    host.controls.append(element);
  let listed = -1;
  let named = "filter";
  return (frame) => {
    filter.set(model.get("filter_index"), 0, Math.max(0, (frame?.count ?? 1) - 1));
    const unit = frame?.unit ?? named;
    if (unit !== named) {
      filter.rename(unit);
      scope.fill(scopesOf(unit));
      named = unit;
    }
    const channels = frame?.channels ?? 0;
    if (channels !== listed) {
      const numbers = Array.from(
        { length: channels },
        (_, number) => [String(number), String(number)] as const,
      );
      channel.fill([[ALL, ALL], ...numbers]);
      listed = channels;
    }
    channel.element.hidden = channels < 2;
    channel.set(String(model.get("input_channel") ?? ALL));
    depth.show(frame?.depths ?? 0);
    const isMatrix = frame?.mode === "matrix";
    scope.element.hidden = isMatrix || frame?.shares_scale === true;
    robust.element.hidden = !isMatrix;
    robust.set(model.get("robust_colors"));
    scope.set(model.get("color_scope"));
    order.set(model.get("order"));
    images.element.hidden = !frame?.images;
    images.element.title = frame?.images ?? "";
    images.set(model.get("as_images"));
  };
}
