/** The lines of controls above the matrix. */

import type { Frame } from "./matrix_data";
import { buildSearch } from "./matrix_search";
import { parseShape, shapeText } from "./matrix_words";
import type { WeightMatrixState } from "./state";
import { choice, type Host, h, slider, toggle } from "./view";

const POOLINGS = [
  ["extreme", "extreme"],
  ["mean", "mean"],
] as const;
const ORDERS = [
  ["index", "index"],
  ["norm", "norm"],
] as const;
const CONTRASTS = [1, 2, 4, 8, 16, 32, 64].map((times) => [String(times), `× ${times}`] as const);
const OTHER = "other";

export interface Moves {
  zoom: (octaves: number) => void;
  whole: () => void;
}

function button(host: Host<WeightMatrixState>, text: string, label: string, onClick: () => void) {
  const made = h("button", { type: "button", class: "ww-button", "aria-label": label, title: label }, text);
  host.listen(made, "click", onClick);
  return made;
}

/** Build the controls; the returned function shows the traits as they are, for the frame in hand. */
export function buildControls(host: Host<WeightMatrixState>, moves: Moves): (frame: Frame | null) => void {
  const { model, signal } = host;
  const row = slider("row", (value) => host.ask({ filter_index: value }), signal);
  const pooling = choice("pooling", POOLINGS, (value) => host.ask({ pooling: value }), signal);
  const order = choice("order", ORDERS, (value) => host.ask({ order: value }), signal);
  const contrast = choice("contrast", CONTRASTS, (value) => host.ask({ contrast: Number(value) }), signal);
  const shuffled = toggle("shuffled", (pressed) => host.ask({ shuffled: pressed }), signal);
  const zoom = h(
    "span",
    { class: "ww-field" },
    button(host, "−", "zoom out", () => moves.zoom(-1)),
    button(host, "+", "zoom in", () => moves.zoom(1)),
    button(host, "whole", "show the whole matrix", moves.whole),
  );
  const image = buildImage(host);
  const search = buildSearch(host);
  host.controls.append(
    row.element,
    search.element,
    pooling.element,
    order.element,
    contrast.element,
    image.element,
    shuffled.element,
    zoom,
  );
  return (frame) => {
    row.set(model.get("filter_index"), 0, Math.max(0, (frame?.rows ?? 1) - 1));
    if (frame) row.rename(frame.unit);
    pooling.set(model.get("pooling"));
    order.set(model.get("order"));
    contrast.set(String(model.get("contrast")));
    shuffled.set(model.get("shuffled"));
    shuffled.element.hidden = frame?.can_shuffle === false;
    image.show(frame);
    search.show(frame);
  };
}

/** The choice of the image that a row is taken for: what fits, and a field for any other shape. */
function buildImage(host: Host<WeightMatrixState>) {
  const { model, signal } = host;
  const typed = h("input", {
    class: "ww-search ww-matrix-shape",
    "aria-label": "image shape",
    placeholder: "h x w",
  });
  const ask = (shape: number[] | null | undefined, cols: number) => {
    const product = shape?.reduce((sum, side) => sum * side, 1);
    if (shape === undefined || (product !== undefined && product !== cols))
      host.announce(`The product of an image shape must be ${cols}.`);
    typed.ariaInvalid = String(shape === undefined || (product !== undefined && product !== cols));
    if (typed.ariaInvalid === "false") host.ask({ image_shape: shape ?? null });
  };
  let cols = 0;
  let offered: number[][] = [];
  const select = choice<string>(
    "row as image",
    [],
    (value) => {
      typed.hidden = value !== OTHER;
      if (value === OTHER) typed.focus();
      else ask(value === "" ? null : (offered[Number(value)] ?? null), cols);
    },
    signal,
  );
  select.element.append(typed);
  host.listen(typed, "change", () => ask(parseShape(typed.value), cols));
  const show = (frame: Frame | null) => {
    cols = frame?.cols ?? 0;
    offered = frame ? JSON.parse(frame.offers) : [];
    const options = offered.map((shape, index) => [String(index), shapeText(shape)] as const);
    select.fill([["", "none"], ...options, [OTHER, "other …"]]);
    const shape = model.get("image_shape");
    const known = offered.findIndex((offer) => String(offer) === String(shape));
    select.set(shape === null ? "" : known < 0 ? OTHER : String(known));
    typed.hidden = select.select.value !== OTHER;
    if (shape && known < 0) typed.value = shapeText(shape);
  };
  return { element: select.element, show };
}
