import { afterEach, describe, expect, test } from "vitest";
import { type MatrixPage, open } from "./matrix_page";

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
