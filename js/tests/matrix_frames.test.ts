import { afterEach, describe, expect, test, vi } from "vitest";
import { toBytes } from "../src/wire";
import { pixel, point, press } from "./fake_model";
import { dataOf, type MatrixPage, open, openLargeMatrix, rounds, settled, state } from "./matrix_page";

let view: MatrixPage;

afterEach(() => view.close());

const readout = () => view.text(".ww-matrix-readout");
const status = () => view.text(".ww-live");
const hash = () => view.canvas.toDataURL();

/** A row of the large matrix as the wire carries it. */
const rowOf = (token: number, filter_index: number) => ({
  token,
  filter_index,
  place: filter_index,
  label: toBytes(""),
  norm: { shape: [1], dtype: "float64", data: new DataView(Float64Array.of(2.5).buffer) },
  image: null,
});

/** First and last of "rows 4 to 7", or one place twice. */
function ends(word: string, text: string): number[] {
  const [, first, last] = new RegExp(`${word}s? (\\d+)(?: to (\\d+))?`).exec(text) ?? [];
  return [Number(first), Number(last ?? first)];
}

describe("under a pointer that rests", () => {
  test("what a zoom brings there is read, down to the single weight", async () => {
    ({ view } = await openLargeMatrix());
    view.canvas.focus();
    point(view.canvas, "pointermove", 350, 140);
    expect(readout()).toMatch(/^rows \d+ to \d+, columns \d+ to \d+: largest \d+$/);
    const { left, top } = view.canvas.getBoundingClientRect();
    for (let notch = 0; notch < 40; notch++)
      view.canvas.dispatchEvent(
        new WheelEvent("wheel", { deltaY: -100, clientX: left + 350, clientY: top + 140, cancelable: true }),
      );
    await rounds(6);
    const [, row, column, value] = /^row (\d+), column (\d+): (\d+)$/.exec(readout()) ?? [];
    expect(Number(value)).toBe(1000 * Number(row) + Number(column));
    const resting = readout();
    point(view.canvas, "pointermove", 350, 140);
    expect(readout()).toBe(resting);
  });

  test("tiles that come are read, and after it has left nothing is", async () => {
    view = await open("small", { pages: {} });
    const hint = readout();
    point(view.canvas, "pointermove", 400, 60);
    expect(readout()).toBe(hint);
    view.model.receive({ pages: state("small").pages });
    await settled();
    expect(readout()).toMatch(/^row \d “tok\d”, column \d+: /);
    point(view.canvas, "pointerleave", 0, 0);
    expect(readout()).toBe(hint);
    view.model.receive({ pages: { ...state("small").pages } });
    await settled();
    expect(readout()).toBe(hint);
  });
});

describe("a row that is selected elsewhere", () => {
  test("comes into sight when it is known where it is, and is said", async () => {
    const large = await openLargeMatrix();
    view = large.view;
    for (let step = 0; step < 5; step++) press(view.canvas, "+");
    for (let step = 0; step < 40; step++) press(view.canvas, "PageUp");
    await rounds(4);
    view.model.receive({ filter_index: 3000 });
    await settled();
    const before = hash();
    // Of another frame: nobody knows where this row is now.
    view.model.receive({ row: rowOf(large.frame.token + 1, 3000) });
    await settled();
    expect(hash() === before).toBe(true);
    view.model.receive({ row: rowOf(large.frame.token, 3000) });
    await rounds(4);
    expect(status()).toBe("row 3000, norm 2.5");
    press(view.canvas, "ArrowLeft");
    const [first = 0, last = 0] = ends("row", readout());
    expect([first <= 3000, last >= 3000]).toEqual([true, true]);
  });

  test("is not gone to when it was clicked here, where it is in sight", async () => {
    const large = await openLargeMatrix();
    view = large.view;
    for (let step = 0; step < 20; step++) press(view.canvas, "+");
    await rounds(4);
    press(view.canvas, "ArrowDown");
    await settled();
    const middle = readout();
    press(view.canvas, "Enter");
    await settled();
    const [row = 0] = ends("row", middle);
    expect(view.model.get("filter_index")).toBe(row);
    view.model.receive({ row: rowOf(large.frame.token, row) });
    await settled();
    expect([readout(), status()]).toEqual([middle, middle]);
  });
});

test("without one there is nothing but the error, and with the next all is there again", async () => {
  view = await open("small");
  const before = hash();
  view.model.receive({ frame: {}, pages: {}, row: {}, error: toBytes("no values") });
  await settled();
  expect([view.text(".ww-error"), view.text(".ww-title"), view.text(".ww-caption")]).toEqual([
    "no values",
    "",
    "",
  ]);
  expect(view.find(".ww-body").hidden).toBe(true);
  const { frame, pages, row } = state("small");
  view.model.receive({ frame, pages, row, error: toBytes("") });
  await settled();
  expect(view.find(".ww-body").hidden).toBe(false);
  expect(hash() === before).toBe(true);
});

test("a hostile name is only text, and none of it gets into a file's name", async () => {
  view = await open("small");
  const names: string[] = [];
  const click = vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (
    this: HTMLAnchorElement,
  ) {
    names.push(this.download);
  });
  view.model.receive({ frame: { ...state("small").frame, title: toBytes("../<img src=x>") } });
  expect(view.root.querySelector("img")).toBeNull();
  expect(view.text(".ww-title")).toContain("../<img src=x>");
  for (const item of view.root.querySelectorAll<HTMLElement>(".ww-menu-item"))
    if (item.textContent === "Download CSV") item.click();
  await vi.waitFor(() => expect(names).toEqual([".._img_src_x_.csv"]));
  click.mockRestore();
});

test("a question is asked once until its answer comes, and anew of another frame", async () => {
  view = await open("small", { pages: {} });
  await rounds(3);
  const wanted = () => view.model.messages.map((message) => message.wanted?.token).filter(Number.isFinite);
  expect(wanted()).toEqual([dataOf(state("small")).frame?.token]);
  view.model.receive({ frame: { ...state("small").frame, token: 77 } });
  await rounds(3);
  expect(wanted().at(-1)).toBe(77);
  expect(wanted()).toHaveLength(2);
});

test("another matrix is shown whole, new weights of the same where one is", async () => {
  const large = await openLargeMatrix();
  view = large.view;
  press(view.canvas, "+");
  await rounds(4);
  const near = hash();
  const changed = { ...view.model.get("frame"), token: large.frame.token };
  view.model.receive({ frame: changed });
  await rounds(4);
  expect(hash() === near).toBe(true);
  view.model.receive({ frame: { ...changed, title: toBytes("other") } });
  await rounds(4);
  expect(hash() === near).toBe(false);
});

test("the numbers that are copied are those in sight", async () => {
  view = await open("wide");
  const write = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
  for (const item of view.root.querySelectorAll<HTMLElement>(".ww-menu-item"))
    if (item.textContent === "Copy numbers") item.click();
  await vi.waitFor(() => expect(write).toHaveBeenCalledOnce());
  const lines = String(write.mock.calls[0]?.[0]).trimEnd().split("\r\n");
  write.mockRestore();
  const data = dataOf(state("wide"));
  expect(lines[0]).toBe("row,block_rows,column,block_columns,value");
  expect(lines).toHaveLength(1 + 9 * 12);
  lines.slice(1).forEach((line, index) => {
    const [row, , column, , value] = line.split(",").map(Number);
    const found = data.read([0, 0], row ?? -1, column ?? -1);
    expect([row, column, value]).toEqual([
      Math.floor(index / 12),
      index % 12,
      found?.tile.values[found.index],
    ]);
  });
});

test("in a dark page the sheet is dark, and weights keep their colours", async () => {
  view = await open("wide");
  const { width, height } = view.canvas;
  const corner = () => pixel(view.canvas, 1, 1);
  const middle = () => pixel(view.canvas, Math.round(width / 2) + 9, Math.round(height / 2) + 9);
  const [light, weight] = [corner(), middle()];
  document.body.style.setProperty("--jp-layout-color1", "#111418");
  document.body.setAttribute("data-jp-theme-light", "false");
  await settled();
  const dark = [corner(), middle()];
  document.body.removeAttribute("data-jp-theme-light");
  document.body.style.removeProperty("--jp-layout-color1");
  await settled();
  expect(dark).toEqual([[0x11, 0x14, 0x18, 255], weight]);
  expect(corner()).toEqual(light);
});

test("a large view draws a larger sheet, and still all of the matrix", async () => {
  view = await open("wide");
  const { height } = view.canvas.getBoundingClientRect();
  view.model.receive({ size: "large" });
  await settled();
  expect(view.canvas.getBoundingClientRect().height).toBeGreaterThan(height);
  const box = view.canvas.getBoundingClientRect();
  point(view.canvas, "pointermove", box.width - 8, box.height - 8);
  expect(readout()).toMatch(/^row 8, column 11: /);
});
