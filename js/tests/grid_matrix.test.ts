import { afterEach, expect, test } from "vitest";
import { exact } from "../src/axis";
import { diverging, selected as markColor, tableColor } from "../src/color";
import { decode } from "../src/wire";
import { pixel, point, press } from "./fake_model";
import { dataOf, frameOf, type GridPage, MARK, open } from "./grid_page";

let view: GridPage;

afterEach(() => view.close());

test("pixels of a matrix have the colours of their levels", async () => {
  view = await open("matrix", { lit: {} });
  const { picture } = frameOf(view);
  expect(picture).not.toBeNull();
  if (!picture) return;
  const ratio = window.devicePixelRatio;
  const scale = (view.canvas.width - 2 * MARK * ratio) / picture.width;
  expect(Number.isInteger(scale)).toBe(true);
  const selectedRow = Math.floor(9 / picture.block_rows);
  for (let row = 0; row < picture.height; row++) {
    // The mark of the selected row lies on the edges of its neighbours.
    if (Math.abs(row - selectedRow) < 2) continue;
    for (let column = 0; column < picture.width; column++) {
      const expected = tableColor(diverging, picture.levels[row * picture.width + column] ?? 0);
      const [x, y] = [MARK * ratio + column * scale, MARK * ratio + row * scale];
      expect(pixel(view.canvas, x, y)).toEqual([...expected, 255]);
      expect(pixel(view.canvas, x + scale - 1, y + scale - 1)).toEqual([...expected, 255]);
    }
  }
});

test("the selected row is enlarged beside the matrix, every weight in the colour of its level", async () => {
  view = await open("matrix");
  const row = decode<{ levels: Uint8Array; mask: Uint8Array }>(view.model.get("row"));
  expect(row.levels).toHaveLength(30);
  expect(view.text(".ww-grid-name")).toBe("row 9");
  const scale = view.enlarged.width / 8;
  expect(scale).toBeGreaterThanOrEqual(15);
  expect(view.enlarged.height).toBe(4 * scale);
  const seen = new Set<boolean>();
  for (const [place, level] of row.levels.entries()) {
    const isLit = (((row.mask[place >> 3] ?? 0) >> (place & 7)) & 1) === 1;
    const drawn = pixel(view.enlarged, (place % 8) * scale + 1, Math.floor(place / 8) * scale + 1);
    if (isLit) expect(drawn).toEqual([...tableColor(diverging, level), 255]);
    else expect(drawn[3]).toBeLessThan(128);
    seen.add(isLit);
  }
  expect(seen.size).toBe(2);
  // Thirty weights leave two places of four lines of eight.
  expect(pixel(view.enlarged, 7 * scale + 1, 3 * scale + 1)[3]).toBe(0);
});

test("weights of the enlarged row are read by pointer and by keys", async () => {
  view = await open("matrix");
  const row = decode<{ values: Float32Array }>(view.model.get("row"));
  const scale = view.enlarged.width / 8;
  point(view.enlarged, "pointermove", 2.5 * scale, 1.5 * scale);
  expect(view.text(".ww-grid-readout")).toBe(`row 9, input 10: ${exact(row.values[10] ?? 0, true)}`);
  press(view.enlarged, "ArrowDown");
  press(view.enlarged, "ArrowDown");
  expect(view.text(".ww-grid-readout")).toBe(`row 9, input 8: ${exact(row.values[8] ?? 0, true)}`);
});

test("a row of a matrix is selected by a click and by arrows", async () => {
  view = await open("matrix");
  const { picture } = frameOf(view);
  const scale = (view.canvas.height - 2 * MARK) / (picture?.height ?? 1);
  point(view.canvas, "click", MARK + 5, MARK + 15 * scale + 1);
  expect(view.model.get("filter_index")).toBe(15 * (picture?.block_rows ?? 0));
  press(view.field, "ArrowDown");
  expect(view.model.get("filter_index")).toBe(15 * (picture?.block_rows ?? 0) + 1);
  expect(view.text(".ww-grid-name")).toBe("row 31");
});

test("a pixel of a matrix tells its block", async () => {
  view = await open("matrix");
  point(view.canvas, "pointermove", MARK + 1, MARK + 1);
  expect(view.text(".ww-grid-readout")).toMatch(/^rows 0 to 1, inputs 0 to 2: /);
});

test("weights outside the selected range fade", async () => {
  view = await open("matrix");
  const { picture } = frameOf(view);
  const mask = dataOf(view).pictureMask();
  const scale = (view.canvas.width - 2 * MARK) / (picture?.width ?? 1);
  const seen = new Set<number>();
  for (let index = 0; picture && mask && index < picture.levels.length; index++) {
    const [row, column] = [Math.floor(index / picture.width), index % picture.width];
    if (Math.abs(row - 4) < 2) continue;
    const isLit = ((mask.bits[index >> 3] ?? 0) >> (index & 7)) & 1;
    const own = tableColor(diverging, picture.levels[index] ?? -1);
    const drawn = pixel(view.canvas, MARK + column * scale + 1, MARK + row * scale + 1);
    if (isLit) expect(drawn).toEqual([...own, 255]);
    else expect(drawn[3]).toBeLessThan(128);
    seen.add(isLit);
  }
  expect([...seen].sort()).toEqual([0, 1]);
});

test("the selected row is framed, and pointed at from the left", async () => {
  view = await open("matrix");
  const { picture } = frameOf(view);
  const scale = (view.canvas.height - 2 * MARK) / (picture?.height ?? 1);
  const [red, green, blue] = markColor;
  const at = (filter: number) => {
    const row = Math.floor(filter / (picture?.block_rows ?? 1));
    return pixel(view.canvas, 4, Math.floor(MARK + (row + 0.5) * scale));
  };
  expect(at(9)).toEqual([red, green, blue, 255]);
  expect(at(30)[3]).toBe(0);
  view.model.receive({ filter_index: 30 });
  expect(at(30)).toEqual([red, green, blue, 255]);
  expect(at(9)[3]).toBe(0);
});

test.each([
  ["ArrowDown", 10],
  ["ArrowUp", 8],
  ["ArrowRight", 10],
  ["PageDown", 19],
  ["PageUp", 0],
  ["Home", 0],
  ["End", 39],
] as const)("%s selects row %i", async (key, filter) => {
  view = await open("matrix");
  press(view.field, key);
  expect(view.model.messages).toEqual([{ filter_index: filter }]);
});

test("the norm is told when the row has come, and not before", async () => {
  view = await open("matrix");
  expect(view.text(".ww-grid-details")).toMatch(/^norm \d/);
  press(view.field, "ArrowDown");
  expect(view.text(".ww-grid-name")).toBe("row 10");
  expect(view.text(".ww-grid-details")).toBe("");
  view.model.receive({ row: { ...(view.model.get("row") as object), filter_index: 10 } });
  expect(view.text(".ww-grid-details")).toMatch(/^norm \d/);
});

test("a click beside the matrix selects nothing", async () => {
  view = await open("matrix");
  point(view.canvas, "click", 2, 2);
  point(view.canvas, "click", view.canvas.clientWidth - 2, 30);
  expect(view.model.messages).toEqual([]);
});

test("a matrix of few rows is drawn with rows high enough to point at", async () => {
  view = await open("matrix");
  const frame = view.model.get("frame") as { picture: { levels: object } & Record<string, number> };
  const few = { ...frame.picture, height: 3, rows: 3, block_rows: 1 };
  view.model.receive({ frame: { ...frame, count: 3, order: null, picture: few }, lit: {}, filter_index: 0 });
  const { picture } = frameOf(view);
  const across = (view.canvas.width - 2 * MARK) / (picture?.width ?? 1);
  const down = (view.canvas.height - 2 * MARK) / 3;
  expect(down).toBeGreaterThanOrEqual(24);
  expect(down % across).toBe(0);
  // The first row carries the mark.
  for (let column = 0; picture && column < picture.width; column++) {
    const expected = [...tableColor(diverging, picture.levels[2 * picture.width + column] ?? -1), 255];
    const left = MARK + column * across;
    expect(pixel(view.canvas, left, MARK + 2 * down)).toEqual(expected);
    expect(pixel(view.canvas, left + across - 1, MARK + 3 * down - 1)).toEqual(expected);
  }
  point(view.canvas, "click", MARK + 5, MARK + 2.5 * down);
  expect(view.model.get("filter_index")).toBe(2);
});

test("it is drawn at a whole scale at every width", async () => {
  for (const width of [320, 500, 901]) {
    view?.close();
    view = await open("matrix", {}, width);
    const { picture } = frameOf(view);
    const scale = (view.canvas.width - 2 * MARK) / (picture?.width ?? 1);
    expect(Number.isInteger(scale)).toBe(true);
    expect(view.canvas.clientWidth).toBeLessThanOrEqual(view.field.clientWidth);
  }
});
