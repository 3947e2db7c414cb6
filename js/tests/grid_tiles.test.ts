import { afterEach, expect, test, vi } from "vitest";
import { diverging, gray, negativeInfinity, notANumber, tableColor } from "../src/color";
import grid from "../src/grid";
import { tileBelow, tileCorner } from "../src/grid_blocks";
import { decode } from "../src/wire";
import { nextFrame, pixel, point, press } from "./fake_model";
import { arrangementOf, dataOf, frameOf, type GridPage, middleOf, open, squaresOf, state } from "./grid_page";

let view: GridPage;

afterEach(() => view.close());

test.each(["rgb", "minmax", "mosaic", "grouped", "images", "strip", "ordered", "volume"] as const)(
  "pixels of %s have the colours of their levels at every corner of every weight",
  async (name) => {
    view = await open(name);
    const drawn = view.canvas;
    let seen = 0;
    for (const { x, y, size, index, tile } of squaresOf(view)) {
      const { depth } = arrangementOf(view).tiles;
      const { color } = arrangementOf(view).frame;
      const level = tile.levels[tile.start + index] ?? -1;
      const value = tile.values[tile.start + index] ?? 0;
      let expected: readonly number[] = tableColor(color === "gray" ? gray : diverging, level);
      if (depth === 3) expected = [...tile.levels.subarray(tile.start + 3 * index).subarray(0, 3)];
      if (Number.isNaN(value)) expected = notANumber;
      if (value === Number.NEGATIVE_INFINITY) expected = negativeInfinity;
      expect(pixel(drawn, x, y)).toEqual([...expected, 255]);
      expect(pixel(drawn, x + size - 1, y + size - 1)).toEqual([...expected, 255]);
      seen += 1;
    }
    expect(seen).toBeGreaterThan(40);
  },
);

test("pixels outside the selected range fade", async () => {
  view = await open("lit");
  const seen = new Set<boolean>();
  const { color } = arrangementOf(view).frame;
  for (const { x, y, index, tile } of squaresOf(view)) {
    const value = tile.values[tile.start + index] ?? 0;
    const isLit = value >= 0.5 && value < 9;
    const level = tile.levels[tile.start + index] ?? -1;
    let own = tableColor(color === "gray" ? gray : diverging, level);
    if (Number.isNaN(value)) own = notANumber;
    if (value === Number.NEGATIVE_INFINITY) own = negativeInfinity;
    if (isLit) expect(pixel(view.canvas, x, y)).toEqual([...own, 255]);
    else expect(pixel(view.canvas, x, y)[3]).toBeLessThan(128);
    seen.add(isLit);
  }
  expect(seen.size).toBe(2);
});

test("pixels of the enlarged filter are those of the selected one", async () => {
  view = await open("rgb", { filter_index: 7 });
  const tile = dataOf(view).tile(7);
  const drawn = view.enlarged;
  const scale = drawn.width / 4;
  expect(Number.isInteger(scale)).toBe(true);
  for (let index = 0; index < 16; index++) {
    const levels = [...(tile?.levels.subarray(tile.start + 3 * index).subarray(0, 3) ?? [])];
    const [x, y] = [(index % 4) * scale, Math.floor(index / 4) * scale];
    expect(pixel(drawn, x, y)).toEqual([...levels, 255]);
  }
});

test("what comes into sight is asked for, two pages at a time, until all is there", async () => {
  view = await open("paged");
  view.field.scrollTop = 400;
  view.field.dispatchEvent(new Event("scroll"));
  const { token } = frameOf(view);
  const first = view.model.messages.at(-1)?.wanted;
  expect(first).toMatchObject({ token, sheet: 0 });
  expect(first?.pages?.length).toBe(2);
  const { saves } = view.model;
  view.field.dispatchEvent(new Event("scroll"));
  expect(view.model.saves).toBe(saves);
});

test("a question that another display's took the place of is asked again, until both have their answer", async () => {
  view = await open("paged");
  view.field.scrollTop = 400;
  view.field.dispatchEvent(new Event("scroll"));
  const mine = view.model.messages.at(-1)?.wanted;
  const { token } = frameOf(view);
  const theirs = { token, pages: [12], sheet: 0 };
  const asked = view.model.messages.length;
  view.model.receive({ wanted: theirs, pages: { token, pages: [] } });
  const count = view.model.messages.length;
  expect(view.model.messages.slice(asked)).toEqual([{ wanted: mine }]);
  const raw = (state("paged").pages as { pages: object[] }).pages[0];
  const answer = (mine?.pages ?? []).map((page) => ({ ...raw, page }));
  view.model.receive({ wanted: theirs, pages: { token, pages: answer } });
  for (const { wanted } of view.model.messages.slice(count))
    expect(wanted?.pages?.some((page) => mine?.pages?.includes(page))).toBe(false);
});

test("two displays of one model show the same selection, each at its own width", async () => {
  view = await open("rgb");
  const el = document.createElement("div");
  el.style.width = "400px";
  document.body.append(el);
  const close = grid.render({ model: view.model, el });
  await nextFrame();
  await nextFrame();
  point(view.canvas, "click", ...middleOf(view, 8));
  const [here, there] = [view.el, el].map((one) => one.querySelector<HTMLCanvasElement>(".ww-grid-enlarged"));
  expect(el.querySelector(".ww-grid-name")?.textContent).toBe("filter 8");
  expect(there?.toDataURL()).toBe(here?.toDataURL());
  expect(el.querySelector(".ww-grid-canvas")?.clientWidth).toBeLessThan(view.canvas.clientWidth);
  expect(view.model.messages).toEqual([{ filter_index: 8 }]);
  const listening = view.model.listening;
  close();
  el.remove();
  expect(view.model.listening).toBe(listening / 2);
  press(view.field, "ArrowLeft");
  expect(view.text(".ww-grid-name")).toBe("filter 7");
});

test("an answer is drawn and the next pages are asked for", async () => {
  view = await open("paged");
  view.field.scrollTop = 400;
  view.field.dispatchEvent(new Event("scroll"));
  const [page] = decode<{ pages: object[] }>(view.model.get("pages")).pages;
  expect(page).toBeDefined();
  const asked = view.model.messages.at(-1)?.wanted?.pages ?? [];
  const raw = (state("paged").pages as { pages: object[] }).pages[0];
  const { token } = frameOf(view);
  view.model.receive({ pages: { token, pages: asked.map((number) => ({ ...raw, page: number })) } });
  const next = view.model.messages.at(-1)?.wanted?.pages ?? [];
  expect(next.some((number) => asked.includes(number))).toBe(false);
});

test("the selected filter is scrolled into sight and its tile is there at once", async () => {
  view = await open("paged");
  expect(view.field.scrollTop).toBeGreaterThan(0);
  expect(view.text(".ww-grid-name")).toBe("filter 150");
  expect(view.text(".ww-grid-details")).toMatch(/^norm \d/);
  view.model.receive({ filter_index: 0 });
  expect(view.field.scrollTop).toBe(0);
});

test("only what is in sight is drawn", async () => {
  view = await open("paged");
  expect(view.find(".ww-grid-space").clientHeight).toBeGreaterThan(view.field.clientHeight * 2);
  expect(view.canvas.clientHeight).toBe(view.field.clientHeight);
});

test("tiles that wait for new weights stay as they were", async () => {
  view = await open("rgb");
  const before = pixel(view.canvas, ...(middleOf(view, 3).map(Math.round) as [number, number]));
  const frame = { ...(view.model.get("frame") as object), token: 1 };
  view.model.receive({ frame });
  expect(pixel(view.canvas, ...(middleOf(view, 3).map(Math.round) as [number, number]))).toEqual(before);
  expect(before[3]).toBe(255);
});

test.each([1.25, 2, 3])("weights stay whole device pixels at a ratio of %f", async (ratio) => {
  vi.spyOn(window, "devicePixelRatio", "get").mockReturnValue(ratio);
  view = await open("mosaic");
  for (const { x, y, size, index, tile } of squaresOf(view)) {
    const value = tile.values[tile.start + index] ?? 0;
    if (!Number.isFinite(value)) continue;
    const expected = [...tableColor(diverging, tile.levels[tile.start + index] ?? 0), 255];
    expect(pixel(view.canvas, x, y)).toEqual(expected);
    expect(pixel(view.canvas, x + size - 1, y + size - 1)).toEqual(expected);
  }
  expect(view.canvas.width).toBe(Math.round(view.field.clientWidth * ratio));
  vi.restoreAllMocks();
});

test("a field that is scrolled draws the same tiles further up", async () => {
  view = await open("paged");
  const top = view.field.scrollTop;
  const square = squaresOf(view).find(({ place }) => place === 150);
  if (!square) throw new Error("filter 150 is not in hand");
  const level = square.tile.levels[square.tile.start] ?? -1;
  const expected = [...tableColor(diverging, level), 255];
  expect(pixel(view.canvas, square.x, square.y - Math.round(top))).toEqual(expected);
  view.field.scrollTop = top + 7;
  view.field.dispatchEvent(new Event("scroll"));
  expect(pixel(view.canvas, square.x, square.y - Math.round(top) - 7)).toEqual(expected);
});

test("rows stand in the field whole, and it is told that others follow above or below", async () => {
  view = await open("paged");
  const { stepY, tileHeight, margin, across: cols, frame, rows } = arrangementOf(view);
  const inSight = (view.field.clientHeight - 2 * margin + stepY - tileHeight) / stepY;
  expect(Number.isInteger(inSight)).toBe(true);
  const scrollTo = (top: number) => {
    view.field.scrollTop = top;
    view.field.dispatchEvent(new Event("scroll"));
    return view.text(".ww-grid-more");
  };
  const said = (tiles: number) => `${tiles} of ${frame.count} filters in sight: scroll for the others`;
  expect(scrollTo(0)).toBe(`▼ ${said(inSight * cols)}`);
  expect(scrollTo(stepY)).toBe(`▲▼ ${said(inSight * cols)}`);
  expect(scrollTo(Math.round(1.5 * stepY))).toBe(`▲▼ ${said((inSight - 1) * cols)}`);
  const last = frame.count - (rows - inSight) * cols;
  expect(scrollTo(1e6)).toBe(`▲ ${said(last)}`);
  view.close();
  view = await open("rgb");
  expect(view.find(".ww-grid-more").hidden).toBe(true);
});

test("a page of keys goes as far as there are whole rows in sight", async () => {
  view = await open("paged", { filter_index: 0 });
  const { stepY, tileHeight, margin, across: cols } = arrangementOf(view);
  press(view.field, "PageDown");
  const inSight = (view.field.clientHeight - 2 * margin + stepY - tileHeight) / stepY;
  expect(view.model.get("filter_index")).toBe(inSight * cols);
});

test("another width arranges the tiles anew", async () => {
  view = await open("rgb");
  const before = view.canvas.width;
  view.el.style.width = "400px";
  await nextFrame();
  await nextFrame();
  expect(view.canvas.width).toBeLessThan(before);
  const square = squaresOf(view).at(-1);
  expect(square?.place).toBe(9);
  const levels = square?.tile.levels.subarray(square.tile.start + 3 * square.index).subarray(0, 3) ?? [];
  expect(pixel(view.canvas, square?.x ?? 0, square?.y ?? 0)).toEqual([...levels, 255]);
});

test("a mask that comes later is drawn over the tiles in hand", async () => {
  view = await open("mosaic");
  const [square] = squaresOf(view);
  if (!square) throw new Error("no tile is in hand");
  const own = pixel(view.canvas, square.x, square.y);
  const { token } = frameOf(view);
  const none = { shape: [30], dtype: "uint8", data: new DataView(new ArrayBuffer(30)) };
  view.model.receive({ lit: { token, first: 0, masks: [none] } });
  expect(pixel(view.canvas, square.x, square.y)[3]).toBeLessThan(128);
  view.model.receive({ lit: { token, first: 0, masks: null } });
  expect(pixel(view.canvas, square.x, square.y)).toEqual(own);
});

test("a mask of another frame is left aside", async () => {
  view = await open("mosaic");
  const [square] = squaresOf(view);
  const none = { shape: [30], dtype: "uint8", data: new DataView(new ArrayBuffer(30)) };
  view.model.receive({ lit: { token: 1, first: 0, masks: [none] } });
  expect(pixel(view.canvas, square?.x ?? 0, square?.y ?? 0)[3]).toBe(255);
});

/** Whether any pixel of a rectangle is drawn on. */
function isDrawn(x: number, y: number, width: number, height: number): boolean {
  const data = view.canvas.getContext("2d")?.getImageData(x, y, width, height).data ?? [];
  return data.some((part, index) => index % 4 === 3 && part > 0);
}

test("filters of a group stand together under its name and a line", async () => {
  view = await open("grouped");
  const found = arrangementOf(view);
  expect([found.per, found.count]).toEqual([3, 9]);
  const inside = (found.across - 1) * found.stepX + found.tileWidth;
  for (const place of [0, 3, 6]) {
    const { x, y } = tileCorner(found, place);
    expect(isDrawn(x, y - found.heading, inside, found.heading - 6)).toBe(true);
    const line = pixel(view.canvas, x + inside - 1, y - 5);
    expect(line[3]).toBeGreaterThan(0);
    expect(pixel(view.canvas, x, y - 5)).toEqual(line);
  }
  expect(view.text(".ww-grid-details")).toMatch(/sees inputs 2–3$/);
});

test("in the order of the norm no group is named", async () => {
  view = await open("grouped");
  const frame = view.model.get("frame") as object;
  const order = {
    shape: [9],
    dtype: "uint8",
    data: new DataView(Uint8Array.from({ length: 9 }, (_, at) => at).buffer),
  };
  view.model.receive({ frame: { ...frame, order } });
  const found = arrangementOf(view);
  expect([found.per, found.heading]).toEqual([9, 0]);
});

test("arrow keys go down to the next group, and a click there selects", async () => {
  view = await open("grouped", { filter_index: 1 }, 300);
  const found = arrangementOf(view);
  press(view.field, "ArrowDown");
  expect(view.model.get("filter_index")).toBe(tileBelow(found, 1, 1));
  const { x, y } = tileCorner(found, 8);
  point(view.canvas, "click", x + 1, y + 1);
  expect(view.model.get("filter_index")).toBe(8);
  point(view.canvas, "click", x + 1, y - 5);
  expect(view.model.get("filter_index")).toBe(8);
});
