/** The panel that says how one number comes about, with the Python line that gives it again. */

import type { How } from "./statistics_pages";
import { type Host, h, type Shared } from "./view";

interface Panel {
  element: HTMLElement;
  show: (how: How) => void;
}

/** Make the panel; `onClose` runs for its button, `announce` says what copying came to. */
function panel(onClose: () => void, announce: (sentence: string) => void, signal: AbortSignal): Panel {
  const subject = h("strong");
  const exact = h("span", { class: "ww-statistics-exact" });
  const close = h("button", { type: "button", class: "ww-button", "aria-label": "Close" }, "✕");
  const formula = h("p", { class: "ww-statistics-formula" });
  const meaning = h("p");
  const source = h("p", { class: "ww-statistics-source" });
  const code = h("code", { tabindex: "0", "aria-label": "Python that gives this number" });
  const copy = h("button", { type: "button", class: "ww-button" }, "Copy");
  // Every view ships its own copy of this module, and a page over plain HTTP has no `randomUUID`.
  const id = `ww-how-${Math.random().toString(36).slice(2)}`;
  const element = h(
    "section",
    { class: "ww-statistics-panel", id },
    h("header", {}, subject, exact, close),
    formula,
    meaning,
    source,
    h("div", { class: "ww-statistics-code" }, code, copy),
  );
  element.hidden = true;
  close.addEventListener("click", onClose, { signal });
  copy.addEventListener(
    "click",
    async () => {
      try {
        await navigator.clipboard.writeText(code.textContent ?? "");
        announce("Python line copied");
      } catch {
        // Clipboards are shut in some frames; a selected line can still be copied by hand.
        getSelection()?.selectAllChildren(code);
        announce("Python line selected: copy it with the keyboard");
      }
    },
    { signal },
  );
  return {
    element,
    show: (how) => {
      element.setAttribute("aria-label", `How ${how.subject} comes about`);
      subject.textContent = how.subject;
      exact.textContent = how.cell.exact;
      formula.textContent = how.cell.formula;
      meaning.textContent = how.meaning;
      source.textContent = how.source;
      code.textContent = how.cell.code;
    },
  };
}

/** Scroll as little as shows the panel, or its beginning in a pane that is lower than it. */
function bringIntoSight(element: HTMLElement, button: HTMLElement): void {
  const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
  element.scrollIntoView({ block: "nearest", behavior: isStill ? "instant" : "smooth" });
  // Not every browser focuses a button that is clicked, and Escape is heard only from within the view.
  button.focus({ preventScroll: true });
}

/** Open the panel below the block of the number that was asked for; `explain` says what there is to say. */
export function opener<T extends Shared>(
  host: Host<T>,
  blocks: readonly HTMLElement[],
  explain: (id: string) => How | undefined,
) {
  let opened: { id: string; button: HTMLElement } | null = null;
  const hide = () => {
    opened?.button.setAttribute("aria-expanded", "false");
    opened = null;
    how.element.hidden = true;
  };
  const close = () => {
    opened?.button.focus();
    hide();
  };
  const how = panel(close, host.announce, host.signal);
  const refresh = () => {
    const said = opened && explain(opened.id);
    if (said) how.show(said);
    else hide();
  };
  const open = (id: string, button: HTMLElement) => {
    const again = opened?.id === id;
    hide();
    const said = explain(id);
    const block = blocks.find((candidate) => candidate.contains(button));
    if (again || !said || !block) return;
    opened = { id, button };
    block.after(how.element);
    how.element.dataset.column = block.dataset.column ?? "";
    how.element.hidden = false;
    button.setAttribute("aria-expanded", "true");
    button.setAttribute("aria-controls", how.element.id);
    how.show(said);
    bringIntoSight(how.element, button);
    host.announce(said.cell.formula);
  };
  host.listen(host.body, "keydown", (event) => {
    if (event.key === "Escape") close();
  });
  return { open, refresh, hide };
}
