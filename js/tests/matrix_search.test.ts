import { afterEach, expect, test } from "vitest";
import { toBytes, toText } from "../src/wire";
import { press } from "./fake_model";
import { type MatrixPage, open, settled } from "./matrix_page";

let view: MatrixPage;

afterEach(() => view.close());

const status = () => view.text(".ww-live");

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

test("the search lists what the kernel found as text and takes the first with Enter", async () => {
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

test("the search is walked with arrows and left with Escape", async () => {
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

test("the search says when no label holds the text, and is absent without labels", async () => {
  view = await open("small");
  await search("zebra", [], []);
  expect(view.text(".ww-matrix-hits")).toBe("no label holds this");
  view.close();
  view = await open("ordered");
  expect(view.find(".ww-matrix-find").hidden).toBe(true);
});

test("the search takes the row that is clicked, and asks nothing more", async () => {
  view = await open("small");
  await search("tok", ["tok5", "tok6"], [5, 6]);
  const before = view.model.messages.length;
  hits()[1]?.click();
  expect(view.model.messages.slice(before)).toEqual([{ filter_index: 6 }]);
  expect(hits()).toEqual([]);
});

test("the search shows no rows that were found for another text", async () => {
  view = await open("small");
  await search("tok", ["tok5"], [5]);
  expect(status()).toBe("1 row found");
  view.model.kernel = () => undefined;
  field().value = "toke";
  field().dispatchEvent(new Event("input", { bubbles: true }));
  expect(hits()).toEqual([]);
  const late = { ...(view.model.get("hits") as object), search: toBytes("to") };
  view.model.receive({ hits: late });
  expect(hits()).toEqual([]);
  press(field(), "Enter");
  expect(view.model.messages.some((message) => "filter_index" in message)).toBe(false);
});

test("the search is closed when the focus leaves it, and an empty text finds nothing", async () => {
  view = await open("small");
  await search("tok", ["tok5"], [5]);
  hits()[0]?.focus();
  expect(hits()).toHaveLength(1);
  view.canvas.focus();
  expect(hits()).toEqual([]);
  await search("", ["tok5"], [5]);
  expect(hits()).toEqual([]);
});

test("the search goes to the row that it found, near enough for its label", async () => {
  view = await open("small");
  await search("tok", ["tok5"], [5]);
  field().focus();
  const before = view.canvas.toDataURL();
  press(field(), "Enter");
  const row = { ...(view.model.get("row") as object), filter_index: 5, place: 5, label: toBytes("tok5") };
  view.model.receive({ row });
  await settled();
  expect(status()).toMatch(/^row 5 “tok5”, norm /);
  expect(view.canvas.toDataURL() === before).toBe(false);
});
