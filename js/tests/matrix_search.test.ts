import { afterEach, describe, expect, test } from "vitest";
import { toBytes, toText } from "../src/wire";
import { press } from "./fake_model";
import { type MatrixPage, open, settled } from "./matrix_page";

let view: MatrixPage;

afterEach(() => view.close());

const status = () => view.text(".ww-live");

describe("the search", () => {
  const field = () => view.find<HTMLInputElement>('input[aria-label="find a label"]');
  const hits = () => [...view.root.querySelectorAll<HTMLButtonElement>(".ww-matrix-hits button")];

  async function search(text: string, labels: string[], rows: number[]): Promise<void> {
    view.model.kernel = (message) => {
      if (!message.search) return undefined;
      const data = new DataView(Uint8Array.from(rows).buffer);
      const found = { shape: [rows.length], dtype: "uint8", data };
      return { hits: { search: message.search, rows: found, labels: toBytes(JSON.stringify(labels)) } };
    };
    field().value = text;
    field().dispatchEvent(new Event("input", { bubbles: true }));
    await settled();
  }

  test("lists what the kernel found as text and takes the first with Enter", async () => {
    view = await open("small");
    await search("tok", ["<b>tok5</b>", "tok6"], [5, 6]);
    expect(toText(view.model.get("search"))).toBe("tok");
    expect(hits().map((hit) => hit.textContent)).toEqual(["<b>tok5</b> 5", "tok6 6"]);
    expect(view.root.querySelector("b")).toBeNull();
    expect(status()).toBe("2 rows found");
    press(field(), "Enter");
    expect(view.model.get("filter_index")).toBe(5);
    expect(hits()).toEqual([]);
  });

  test("is walked with arrows and left with Escape", async () => {
    view = await open("small");
    await search("tok", ["tok5", "tok6"], [5, 6]);
    field().focus();
    press(field(), "ArrowDown");
    expect(document.activeElement).toBe(hits()[0]);
    press(hits()[0] as HTMLElement, "ArrowDown");
    expect(document.activeElement).toBe(hits()[1]);
    press(hits()[1] as HTMLElement, "ArrowUp");
    press(hits()[0] as HTMLElement, "ArrowUp");
    expect(document.activeElement).toBe(field());
    press(field(), "Escape");
    expect(hits()).toEqual([]);
  });

  test("says when no label holds the text, and is absent without labels", async () => {
    view = await open("small");
    await search("zebra", [], []);
    expect(view.text(".ww-matrix-hits")).toBe("no label holds this");
    view.close();
    view = await open("ordered");
    expect(view.find(".ww-matrix-find").hidden).toBe(true);
  });
});
