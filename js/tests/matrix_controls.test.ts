import { afterEach, describe, expect, test } from "vitest";
import { toBytes } from "../src/wire";
import { type MatrixPage, open, state } from "./matrix_page";

let view: MatrixPage;

afterEach(() => view.close());

const status = () => view.text(".ww-live");

test("each control asks its question", async () => {
  view = await open("small");
  const choose = (label: string, value: string) => {
    const select = view.find<HTMLSelectElement>(`select[aria-label="${label}"]`);
    select.value = value;
    select.dispatchEvent(new Event("change"));
  };
  choose("pooling", "mean");
  choose("order", "norm");
  choose("contrast", "8");
  view.find<HTMLButtonElement>('[data-control="shuffled"]').click();
  const number = view.find<HTMLInputElement>('input[type="number"]');
  number.value = "7";
  number.dispatchEvent(new Event("change"));
  expect(view.model.messages).toEqual([
    { pooling: "mean" },
    { order: "norm" },
    { contrast: 8 },
    { shuffled: true },
    { filter_index: 7 },
  ]);
});

describe("the image of a row", () => {
  const typed = () => view.find<HTMLInputElement>('input[aria-label="image shape"]');
  const select = () => view.find<HTMLSelectElement>('select[aria-label="row as image"]');
  const choose = (value: string) => {
    select().value = value;
    select().dispatchEvent(new Event("change"));
  };
  const type = (text: string) => {
    typed().value = text;
    typed().dispatchEvent(new Event("change"));
  };

  test("is offered as what fits, or none", async () => {
    view = await open("small");
    expect(view.model.get("image_shape")).toEqual([3, 4]);
    choose("0");
    expect(view.model.get("image_shape")?.reduce((sum, side) => sum * side)).toBe(12);
    choose("");
    expect(view.model.get("image_shape")).toBeNull();
  });

  test("may be typed, and what does not fit is refused in a sentence", async () => {
    view = await open("ordered");
    expect(typed().hidden).toBe(true);
    choose("other");
    expect(typed().hidden).toBe(false);
    type("5x5");
    expect(view.model.get("image_shape")).toBeNull();
    expect(status()).toBe("The product of an image shape must be 12.");
    expect(typed().getAttribute("aria-invalid")).toBe("true");
    type("2 x 6");
    expect(view.model.get("image_shape")).toEqual([2, 6]);
  });
});

test("controls show what was set in Python", async () => {
  view = await open("small");
  view.model.receive({ filter_index: 8, pooling: "mean", order: "norm", contrast: 64, shuffled: true });
  const value = (label: string) => view.find<HTMLSelectElement>(`select[aria-label="${label}"]`).value;
  expect([value("pooling"), value("order"), value("contrast")]).toEqual(["mean", "norm", "64"]);
  expect(view.find('[data-control="shuffled"]').getAttribute("aria-pressed")).toBe("true");
  const row = view.find<HTMLInputElement>('input[type="range"]');
  expect([row.value, row.min, row.max]).toEqual(["8", "0", "8"]);
});

test("what cannot be shuffled has no switch for it, and a row is called what it is", async () => {
  view = await open("small");
  expect(view.find('[data-control="shuffled"]').hidden).toBe(false);
  view.model.receive({ frame: { ...state("small").frame, can_shuffle: false, unit: toBytes("token") } });
  expect(view.find('[data-control="shuffled"]').hidden).toBe(true);
  expect(view.find('input[type="range"]').ariaLabel).toBe("token");
});

test("an image shape that is not offered is shown as it was typed", async () => {
  view = await open("small");
  const typed = view.find<HTMLInputElement>('input[aria-label="image shape"]');
  const select = view.find<HTMLSelectElement>('select[aria-label="row as image"]');
  expect([...select.options].map((option) => option.text)).toEqual([
    "none",
    "3 × 2 × 2",
    "1 × 3 × 4",
    "1 × 2 × 6",
    "other …",
  ]);
  expect([select.value, typed.value, typed.hidden]).toEqual(["other", "3 × 4", false]);
  view.model.receive({ image_shape: [1, 2, 6] });
  expect([select.value, typed.hidden]).toEqual(["2", true]);
  view.model.receive({ image_shape: null });
  expect(select.value).toBe("");
});
