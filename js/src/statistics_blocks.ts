/** The tables of the statistics strip: numbers as buttons, one tab stop per block, arrows within. */

import type { Cell } from "./statistics_pages";
import { h } from "./view";

export interface NumberCell {
  element: HTMLTableCellElement;
  set: (cell: Cell | undefined) => void;
}

/** A number that opens how it comes about; what has no formula stands there as plain text. */
export function numberCell(onOpen: (button: HTMLElement) => void, signal: AbortSignal): NumberCell {
  const button = h("button", {
    type: "button",
    class: "ww-statistics-number",
    tabindex: "-1",
    "aria-expanded": "false",
  });
  const text = h("span");
  button.addEventListener("click", () => onOpen(button), { signal });
  return {
    element: h("td", {}, button, text),
    set: (cell) => {
      const opens = Boolean(cell?.formula);
      button.hidden = !opens;
      button.textContent = opens ? (cell?.text ?? "") : "";
      text.textContent = opens ? "" : (cell?.text ?? "");
    },
  };
}

/** A heading with the names of its number columns. */
export function heading(label: string, columns: readonly HTMLElement[]): HTMLTableSectionElement {
  const cells = columns.map((column) => h("th", { scope: "col" }, column));
  return h("thead", {}, h("tr", {}, h("th", { scope: "col" }, label), ...cells));
}

/** Sentences beside the numbers that they are about. */
export function cautionList(): { element: HTMLUListElement; set: (cautions: readonly string[]) => void } {
  const element = h("ul", { class: "ww-statistics-cautions", "aria-label": "Cautions" });
  return {
    element,
    set: (cautions) => {
      element.replaceChildren(...cautions.map((caution) => h("li", {}, caution)));
      element.hidden = cautions.length === 0;
    },
  };
}

const numbers = (within: HTMLElement) => [
  ...within.querySelectorAll<HTMLButtonElement>("tr:not([hidden]) .ww-statistics-number:not([hidden])"),
];

/** Keep one number of the block within reach of the Tab key, also when rows came or went. */
export function settle(block: HTMLElement): void {
  const all = numbers(block);
  const current = all.find((button) => button.tabIndex === 0) ?? all[0];
  for (const button of block.querySelectorAll<HTMLButtonElement>(".ww-statistics-number"))
    button.tabIndex = button === current ? 0 : -1;
}

function neighbour(block: HTMLElement, from: HTMLButtonElement, key: string): HTMLButtonElement | undefined {
  const all = numbers(block);
  const row = (button: HTMLButtonElement) => button.closest("tr");
  const column = (button: HTMLButtonElement) => button.closest("td")?.cellIndex ?? 0;
  const index = all.indexOf(from);
  const same = (button: HTMLButtonElement) => column(button) === column(from);
  switch (key) {
    case "ArrowDown":
      return all.slice(index + 1).find(same);
    case "ArrowUp":
      return all.slice(0, index).filter(same).at(-1);
    case "ArrowRight":
      return all.slice(index + 1).find((button) => row(button) === row(from));
    case "ArrowLeft":
      return all
        .slice(0, index)
        .filter((button) => row(button) === row(from))
        .at(-1);
    case "Home":
      return all.find(same);
    case "End":
      return all.filter(same).at(-1);
    default:
      return undefined;
  }
}

/** Let arrows, Home and End move among the numbers of a block. */
export function rove(block: HTMLElement, signal: AbortSignal): void {
  block.addEventListener(
    "keydown",
    (event) => {
      if (!(event.target instanceof HTMLButtonElement)) return;
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      const next = neighbour(block, event.target, event.key);
      if (!next) return;
      event.preventDefault();
      next.focus();
    },
    { signal },
  );
  block.addEventListener(
    "focusin",
    ({ target }) => {
      if (!(target instanceof HTMLButtonElement)) return;
      for (const button of numbers(block)) button.tabIndex = button === target ? 0 : -1;
    },
    { signal },
  );
}
