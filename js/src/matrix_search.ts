/** A field that finds rows by their labels. */

import type { Frame } from "./matrix_data";
import type { WeightMatrixState } from "./state";
import { type Host, h } from "./view";
import { decode, isEmpty, type Numbers, toBytes } from "./wire";

interface Hits {
  search: string;
  rows: Numbers;
  labels: string;
}

/** The rows found, a button each; `take` gets the row that is chosen. */
class HitList {
  readonly element = h("div", { class: "ww-matrix-hits", role: "group", "aria-label": "rows found" });

  get buttons(): HTMLButtonElement[] {
    return [...this.element.querySelectorAll("button")];
  }

  close(): void {
    this.element.replaceChildren();
  }

  show(hits: Hits, listen: Host<WeightMatrixState>["listen"], take: (row: number) => void): number {
    const labels: string[] = JSON.parse(hits.labels);
    if (labels.length === 0) this.element.append(h("p", {}, "no label holds this"));
    for (const [index, label] of labels.entries()) {
      const row = hits.rows[index] ?? 0;
      const hit = h("button", { type: "button", class: "ww-menu-item" }, label, h("span", {}, ` ${row}`));
      listen(hit, "click", () => take(row));
      this.element.append(hit);
    }
    return labels.length;
  }

  /** Move the focus between the field and the rows; says whether the key was one for it. */
  walk(key: string, field: HTMLElement): boolean {
    const { buttons } = this;
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    if (key === "Escape") {
      this.close();
      field.focus();
    } else if (key === "Enter" && at < 0) buttons[0]?.click();
    else if (key === "ArrowDown") buttons[Math.min(at + 1, buttons.length - 1)]?.focus();
    else if (key === "ArrowUp") (at > 0 ? buttons[at - 1] : field)?.focus();
    else return false;
    return true;
  }
}

/** Build the field; Enter takes the first row found, arrows walk over all. */
export function buildSearch(host: Host<WeightMatrixState>) {
  const field = h("input", {
    type: "search",
    class: "ww-search",
    "aria-label": "find a label",
    placeholder: "find a label",
    autocomplete: "off",
  });
  const list = new HitList();
  const element = h("span", { class: "ww-matrix-find" }, field, list.element);
  let wanted = "";
  const take = (row: number) => {
    host.ask({ filter_index: row });
    list.close();
  };
  const show = () => {
    const published = host.model.get("hits");
    list.close();
    if (isEmpty(published) || wanted === "") return;
    const hits = decode<Hits>(published);
    if (hits.search !== wanted) return;
    const count = list.show(hits, host.listen, take);
    host.announce(`${count} ${count === 1 ? "row" : "rows"} found`);
  };
  host.listen(field, "input", () => {
    wanted = field.value;
    host.ask({ search: toBytes(wanted) });
    show();
  });
  host.listen(element, "keydown", (event) => {
    if (list.walk(event.key, field)) event.preventDefault();
  });
  host.listen(element, "focusout", (event) => {
    if (!(event.relatedTarget instanceof Node && element.contains(event.relatedTarget))) list.close();
  });
  host.react(["hits"], show);
  return {
    element,
    show: (frame: Frame | null) => {
      element.hidden = !frame?.labelled;
    },
  };
}
