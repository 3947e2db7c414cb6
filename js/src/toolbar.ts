/** The explorer's own line: model, shuffle, panels, reset, and the code that reproduces the view. */

import { formatCompact } from "./axis";
import type { ExplorerToolbarState } from "./state";
import { type Host, h, mount, toggle } from "./view";
import { decode, isEmpty } from "./wire";

interface Outline {
  title: string;
  layers: number;
  weights: number;
}

interface Frame extends Outline {
  /** Which layers only one of the two has is said in words. */
  twin: (Outline & { said: string }) | null;
}

const sizeOf = ({ layers, weights }: Outline): string =>
  `${layers} ${layers === 1 ? "layer" : "layers"}, ${formatCompact(weights)} weights`;

/** Which panels there are for the selected layer. */
interface Offers {
  panels: string[];
  opened: string;
}

const PANELS = [
  ["gates", "Gates", "The gates of this recurrent layer, and the eigenvalues of its states"],
  ["heads", "Heads", "The heads of this attention block"],
  ["channels", "Channels", "Scale and shift of each channel of this norm"],
  ["experts", "Experts", "All experts of this mixture, layer by layer"],
  ["matrix", "Deep zoom", "This matrix, down to single weights"],
  ["depth", "Depth", "All layers of this name, from the first to the last"],
  ["histograms", "All histograms", "The histogram of every layer"],
  ["norms", "Norms", "The norm of every layer"],
] as const;

/** The button that hands out the code: to the clipboard, or as text where the clipboard is shut. */
function codeButton({ model, ...host }: Host<ExplorerToolbarState>) {
  const button = h("button", { type: "button", class: "ww-button" }, "Copy code");
  button.title = "Copy the Python that reproduces this view";
  const listing = h("pre", { class: "ww-toolbar-code", tabindex: "0", "aria-label": "Python of this view" });
  listing.hidden = true;
  let asked = false;
  host.listen(button, "click", () => {
    asked = true;
    host.ask({ code_requests: model.get("code_requests") + 1 });
  });
  const handOut = async (text: string) => {
    try {
      await navigator.clipboard.writeText(text);
      host.announce("Code copied");
      button.textContent = "Copied";
      setTimeout(() => {
        button.textContent = "Copy code";
      }, 1500);
    } catch {
      listing.hidden = false;
      listing.textContent = text;
      listing.focus();
    }
  };
  host.react(["listing"], () => {
    // Two displays share one model: only the one that asked takes the code.
    if (asked) void handOut(decode<{ code: string }>(model.get("listing")).code);
    asked = false;
  });
  return { button, listing };
}

function build(host: Host<ExplorerToolbarState>): void {
  const { model, signal } = host;
  const shuffle = toggle("Shuffle", (shuffled) => host.ask({ shuffle: shuffled }), signal);
  shuffle.element.title = "Show beside each picture the same weights in random order (seed 0)";
  const same = toggle("Same scale", (same_scale) => host.ask({ same_scale }), signal);
  same.element.title = "Draw filters, histogram and norms of model and twin on one scale";
  const reset = h("button", { type: "button", class: "ww-button" }, "Reset");
  reset.title = "Back to the first view";
  host.listen(reset, "click", () => host.ask({ resets: model.get("resets") + 1 }));
  const tabs = PANELS.map(([panel, label, title]) => {
    const tab = toggle(label, (opened) => host.ask({ panel: opened ? panel : "" }), signal);
    tab.element.title = title;
    return { panel, ...tab };
  });
  const group = h("div", { class: "ww-toolbar-panels", role: "group", "aria-label": "Panel below" });
  group.append(...tabs.map((tab) => tab.element));
  const code = codeButton(host);
  host.controls.append(shuffle.element, same.element, group, reset, code.button);
  const twin = h("p", { class: "ww-toolbar-twin" });
  host.body.append(twin, code.listing);

  host.react(["shuffle", "same_scale"], () => {
    shuffle.set(model.get("shuffle"));
    same.set(model.get("same_scale"));
  });
  host.react(["offers", "panel"], () => {
    if (isEmpty(model.get("offers"))) return;
    const { panels, opened } = decode<Offers>(model.get("offers"));
    const chosen = model.get("panel");
    // What was clicked is shown at once; what opens by itself the kernel says.
    const open = chosen === "" || panels.includes(chosen) ? chosen : opened;
    for (const tab of tabs) {
      tab.element.hidden = !panels.includes(tab.panel);
      tab.set(tab.panel === open);
    }
  });
  host.react(["frame"], () => {
    if (isEmpty(model.get("frame"))) return;
    const frame = decode<Frame>(model.get("frame"));
    host.title.replaceChildren(frame.title, h("span", {}, `  ${sizeOf(frame)}`));
    twin.hidden = !frame.twin;
    same.element.hidden = !frame.twin;
    if (!frame.twin) return;
    const { title, said } = frame.twin;
    twin.replaceChildren("Twin: ", h("strong", {}, title), `  ${sizeOf(frame.twin)}. ${said}`);
  });
}

export default {
  render: (context: Parameters<typeof mount<ExplorerToolbarState>>[0]) =>
    mount(context, { kind: "toolbar", label: "Weight explorer", exports: { name: () => "weights" } }, build),
};
