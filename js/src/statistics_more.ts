/** Says that the strip goes on below where it stands in a pane that is lower than it, as in the explorer. */

import { type Host, h, type Shared } from "./view";

/** Less than this, in CSS pixels, is the view's own margin. */
const SPARE = 12;

/** Put a hint at the lower edge of the view while there is more below it. */
export function hintAtMore<T extends Shared>({ root, listen, signal }: Host<T>): void {
  const parts = [root, ...root.children];
  // What a screen reader reads does not end at the edge of a pane.
  const hint = h("div", { class: "ww-statistics-more", "aria-hidden": "true" }, "▼ more");
  root.append(hint);
  const look = () => {
    hint.hidden = root.scrollHeight - root.clientHeight - root.scrollTop <= SPARE;
  };
  listen(root, "scroll", look, { passive: true });
  // The pane is as high as what stands beside it; the strip grows as numbers are explained in it.
  const size = new ResizeObserver(look);
  for (const part of parts) size.observe(part);
  signal.addEventListener("abort", () => size.disconnect());
}
