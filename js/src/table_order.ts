/** The choice of an order for a table that is too narrow for all of its columns' heads. */

import { type Column, nextSort } from "./table_row";
import { choice, h } from "./view";

const MODEL_ORDER: readonly [string, string] = ["", "model order"];

export class TableOrder {
  readonly element: HTMLElement;
  readonly #choice;
  readonly #way = h("button", { type: "button", class: "ww-button ww-table-way" });
  #columns: readonly Column[] = [];
  #sortBy = "";

  constructor(onSort: (sortBy: string) => void, signal: AbortSignal) {
    this.#choice = choice("sort by", [MODEL_ORDER], (key) => onSort(this.#first(key)), signal);
    this.#way.addEventListener("click", () => onSort(turned(this.#sortBy)), { signal });
    this.element = h("div", { class: "ww-table-order" }, this.#choice.element, this.#way);
  }

  show(columns: readonly Column[], sortBy: string, needed: boolean): void {
    if (columns !== this.#columns) {
      const sortable = columns.filter(({ key }) => key);
      this.#choice.fill([MODEL_ORDER, ...sortable.map(({ key, label }) => [key, label] as const)]);
    }
    this.#columns = columns;
    this.#sortBy = sortBy;
    this.#choice.set(sortBy.replace(/^-/, ""));
    const isFalling = sortBy.startsWith("-");
    this.#way.textContent = isFalling ? "↓ falling" : "↑ rising";
    this.#way.title = `Press for ${isFalling ? "rising" : "falling"}`;
    this.#way.hidden = !sortBy;
    this.element.hidden = !needed;
  }

  /** A column that was just chosen begins as it does when its head is pressed. */
  #first(key: string): string {
    const column = this.#columns.find((one) => one.key === key);
    return column && key ? nextSort(column, "") : "";
  }
}

const turned = (sortBy: string): string => (sortBy.startsWith("-") ? sortBy.slice(1) : `-${sortBy}`);
