import { afterEach, describe, expect, test, vi } from "vitest";
import { diverging, gray, negativeInfinity, notANumber, tableColor } from "../src/color";
import grid from "../src/grid";
import { arrange } from "../src/grid_arrange";
import { type Frame, GridData, type Tiles } from "../src/grid_data";
import { cornerOf, FAINT } from "../src/grid_paint";
import type { FilterGridState } from "../src/state";
import { decode } from "../src/wire";
import { nextFrame, pixel, point, press, type Shown, show, thaw, watchListeners } from "./fake_model";
import fixtures from "./fixtures/grid.json";
import "../src/view.css";

type State = FilterGridState;
type Name = keyof typeof fixtures;

const MARK = 9;

let view: Shown<State>;

afterEach(() => view.close());

const state = (name: Name) => thaw<State>(fixtures[name]);

async function open(name: Name, changes: Partial<State> = {}, width = 860): Promise<Shown<State>> {
  view = show(grid, { ...state(name), ...changes }, width);
  await nextFrame();
  await nextFrame();
  return view;
}

const canvas = () => view.find<HTMLCanvasElement>(".ww-grid-canvas");
const field = () => view.find(".ww-grid-field");
const enlarged = () => view.find<HTMLCanvasElement>(".ww-grid-enlarged");
const readout = () => view.find(".ww-grid-readout").textContent ?? "";
const live = () => view.find('[role="status"]').textContent ?? "";
const text = (selector: string) => view.find(selector).textContent ?? "";

/** The geometry in which the view draws, worked out anew. */
function arrangement() {
  const frame = decode<Frame>(view.model.get("frame"));
  const tiles = frame.tiles as Tiles;
  return {
    frame,
    tiles,
    ...arrange(tiles, frame.count, field().clientWidth, 300, window.devicePixelRatio, 1),
  };
}

function data(): GridData {
  const found = new GridData();
  found.takeFrame(view.model.get("frame"));
  found.takePages(view.model.get("pages"));
  found.takeLit(view.model.get("lit"));
  return found;
}

/** Every weight in sight with the pixel in the middle of its square. */
function* squares() {
  const { tiles, frame, cols, stepX, stepY, margin, mosaic } = arrangement();
  const known = data();
  for (let place = 0; place < frame.count; place++) {
    const tile = known.tile(place);
    const [left, top] = [margin + (place % cols) * stepX, margin + Math.floor(place / cols) * stepY];
    for (let index = 0; tile && index < tiles.cells * tiles.height * tiles.width; index++) {
      const [column, row] = [index % tiles.width, Math.floor(index / tiles.width) % tiles.height];
      const cell = Math.floor(index / (tiles.width * tiles.height));
      const corner = cornerOf(mosaic, { cell, row, column });
      yield { x: left + corner.x, y: top + corner.y, size: mosaic.scale, index, place, tile };
    }
  }
}

function middleOf(place: number): [number, number] {
  const { cols, stepX, stepY, margin, tileWidth, tileHeight } = arrangement();
  const ratio = window.devicePixelRatio;
  const x = margin + (place % cols) * stepX + Math.floor(tileWidth / 2);
  const y = margin + Math.floor(place / cols) * stepY + Math.floor(tileHeight / 2) - field().scrollTop;
  return [x / ratio, y / ratio];
}

describe("pixels", () => {
  test.each(["rgb", "minmax", "mosaic", "grouped", "images", "strip", "ordered"] as const)(
    "of %s have the colours of their levels at every corner of every weight",
    async (name) => {
      await open(name);
      const drawn = canvas();
      let seen = 0;
      for (const { x, y, size, index, tile } of squares()) {
        const { depth } = arrangement().tiles;
        const { color } = arrangement().frame;
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

  test("outside the selected range they fade", async () => {
    await open("lit");
    const opacities = new Set<number>();
    for (const { x, y, index, tile } of squares()) {
      const value = tile.values[tile.start + index] ?? 0;
      const opacity = pixel(canvas(), x, y)[3] ?? -1;
      expect(opacity).toBe(value >= 0.5 && value < 9 ? 255 : FAINT);
      opacities.add(opacity);
    }
    expect(opacities.size).toBe(2);
  });

  test("of a matrix have the colours of their levels", async () => {
    await open("matrix", { lit: {} });
    const { picture } = decode<Frame>(view.model.get("frame"));
    expect(picture).not.toBeNull();
    if (!picture) return;
    const ratio = window.devicePixelRatio;
    const scale = (canvas().width - 2 * MARK * ratio) / picture.width;
    expect(Number.isInteger(scale)).toBe(true);
    const selectedRow = Math.floor(9 / picture.block_rows);
    for (let row = 0; row < picture.height; row++) {
      // The mark of the selected row lies on the edges of its neighbours.
      if (Math.abs(row - selectedRow) < 2) continue;
      for (let column = 0; column < picture.width; column++) {
        const expected = tableColor(diverging, picture.levels[row * picture.width + column] ?? 0);
        const [x, y] = [MARK * ratio + column * scale, MARK * ratio + row * scale];
        expect(pixel(canvas(), x, y)).toEqual([...expected, 255]);
        expect(pixel(canvas(), x + scale - 1, y + scale - 1)).toEqual([...expected, 255]);
      }
    }
  });

  test("of the selected row of a matrix are those of its own weights", async () => {
    await open("matrix");
    const row = decode<{ levels: Uint8Array }>(view.model.get("row"));
    const strip = view.find<HTMLCanvasElement>(".ww-grid-strip");
    const scale = (strip.width - 2 * MARK) / row.levels.length;
    for (const [column, level] of row.levels.entries())
      for (const y of [0, strip.height - 1])
        expect(pixel(strip, MARK + column * scale, y)).toEqual([...tableColor(diverging, level), 255]);
  });

  test("of the enlarged filter are those of the selected one", async () => {
    await open("rgb", { filter_index: 7 });
    const tile = data().tile(7);
    const drawn = enlarged();
    const scale = drawn.width / 4;
    expect(Number.isInteger(scale)).toBe(true);
    for (let index = 0; index < 16; index++) {
      const levels = [...(tile?.levels.subarray(tile.start + 3 * index).subarray(0, 3) ?? [])];
      const [x, y] = [(index % 4) * scale, Math.floor(index / 4) * scale];
      expect(pixel(drawn, x, y)).toEqual([...levels, 255]);
    }
  });
});

describe("selecting", () => {
  test("a click selects the tile and draws it enlarged at once", async () => {
    await open("rgb");
    const before = enlarged().toDataURL();
    point(canvas(), "click", ...middleOf(6));
    expect(view.model.messages).toEqual([{ filter_index: 6 }]);
    expect(enlarged().toDataURL()).not.toBe(before);
    expect(text(".ww-grid-name")).toBe("filter 6");
    expect(live()).toMatch(/^conv filter 6 of 10, norm \d/);
  });

  test("the selected tile has a ring, and only that one", async () => {
    await open("rgb");
    const { margin, stepX, tileHeight } = arrangement();
    const ring = (place: number) =>
      pixel(canvas(), margin + place * stepX - 2, margin + Math.floor(tileHeight / 2));
    expect([ring(0)[3], ring(1)[3]]).toEqual([255, 0]);
    press(field(), "ArrowRight");
    expect([ring(0)[3], ring(1)[3]]).toEqual([0, 255]);
  });

  test.each([
    ["ArrowRight", 4],
    ["ArrowLeft", 2],
    ["Home", 0],
    ["End", 9],
  ] as const)("%s selects filter %i", async (key, filter) => {
    await open("rgb", { filter_index: 3 });
    const event = press(field(), key);
    expect(event.defaultPrevented).toBe(true);
    expect(view.model.get("filter_index")).toBe(filter);
  });

  test("keys of the notebook and those with Ctrl are left alone", async () => {
    await open("rgb");
    for (const event of [press(field(), "d"), press(field(), "ArrowRight", { ctrlKey: true })])
      expect(event.defaultPrevented).toBe(false);
    expect(view.model.messages).toEqual([]);
  });

  test("arrows move in displayed order while the index stays that of the layer", async () => {
    await open("ordered");
    const order = [...(decode<Frame>(view.model.get("frame")).order ?? [])];
    view.model.receive({ filter_index: order[0] as number });
    press(field(), "ArrowRight");
    expect(view.model.get("filter_index")).toBe(order[1]);
    press(field(), "End");
    expect(view.model.get("filter_index")).toBe(order[6]);
  });

  test("the slider and its number select", async () => {
    await open("rgb");
    const range = view.find<HTMLInputElement>('input[type="range"]');
    expect([range.min, range.max]).toEqual(["0", "9"]);
    range.value = "5";
    range.dispatchEvent(new Event("input", { bubbles: true }));
    expect(view.model.messages).toEqual([{ filter_index: 5 }]);
  });

  test("a row of a matrix is selected by a click and by arrows", async () => {
    await open("matrix");
    const { picture } = decode<Frame>(view.model.get("frame"));
    const scale = (canvas().height - 2 * MARK) / (picture?.height ?? 1);
    point(canvas(), "click", MARK + 5, MARK + 15 * scale + 1);
    expect(view.model.get("filter_index")).toBe(15 * (picture?.block_rows ?? 0));
    press(field(), "ArrowDown");
    expect(view.model.get("filter_index")).toBe(15 * (picture?.block_rows ?? 0) + 1);
    expect(text(".ww-grid-name")).toBe("row 31");
  });

  test("what a screen reader is told follows the selection", async () => {
    await open("rgb");
    press(field(), "ArrowRight");
    const option = view.find('[role="option"]');
    expect(field().getAttribute("role")).toBe("listbox");
    expect(field().getAttribute("aria-activedescendant")).toBe(option.id);
    expect(option.getAttribute("aria-posinset")).toBe("2");
    expect(option.getAttribute("aria-setsize")).toBe("10");
    expect(option.textContent).toMatch(/^conv filter 1 of 10, norm /);
  });
});

describe("reading", () => {
  test("the weight under the pointer is told with its place and all its digits", async () => {
    await open("grouped");
    const weight = [...squares()].filter(({ place }) => place === 4)[11];
    if (!weight) throw new Error("filter 4 has no weight 11");
    const { x, y, tile, index } = weight;
    const ratio = window.devicePixelRatio;
    point(canvas(), "pointermove", (x + 1) / ratio, (y + 1) / ratio);
    const value = tile.values[tile.start + index] as number;
    // Filter 4 is in the second group of three, whose channels begin at 2; weight 11 is channel 1, row 0, column 2.
    expect(readout()).toMatch(/^filter 4, channel 3, row 0, column 2: /);
    expect(Math.fround(Number(readout().split(": ")[1]?.replace("−", "-")))).toBe(value);
    point(canvas(), "pointerleave", 0, 0);
    expect(readout()).toMatch(/^Point at a weight/);
  });

  test("three weights of a coloured pixel are told", async () => {
    await open("rgb");
    point(canvas(), "pointermove", ...middleOf(2));
    expect(readout()).toMatch(/^filter 2, row 2, column 2: red \S+, green \S+, blue \S+$/);
  });

  test("between tiles nothing is told", async () => {
    await open("rgb");
    point(canvas(), "pointermove", 1, 1);
    expect(readout()).toMatch(/^Point at a weight/);
  });

  test("a pixel of a matrix tells its block", async () => {
    await open("matrix");
    point(canvas(), "pointermove", MARK + 1, MARK + 1);
    expect(readout()).toMatch(/^rows 0 to 1, inputs 0 to 2: /);
  });

  test("arrow keys read the enlarged filter aloud", async () => {
    await open("mosaic", { filter_index: 0 });
    press(enlarged(), "ArrowRight");
    expect(readout()).toMatch(/^filter 0, channel 0, row 0, column 0: /);
    press(enlarged(), "ArrowRight");
    press(enlarged(), "ArrowRight");
    expect(readout()).toMatch(/^filter 0, channel 1, row 0, column 0: /);
    for (let step = 0; step < 3; step++) press(enlarged(), "ArrowDown");
    expect(readout()).toMatch(/^filter 0, channel 4, row 0, column 0: /);
    expect(live()).toBe(readout());
    press(enlarged(), "ArrowRight");
    press(enlarged(), "ArrowRight");
    // Channel 4 is the last, so there is nothing to its right.
    expect(readout()).toMatch(/^filter 0, channel 4, row 0, column 1: /);
    expect(view.model.messages).toEqual([]);
  });

  test("the legend has the limits, and names what is no number where there is some", async () => {
    await open("mosaic");
    const [low, zero, high] = [...view.find(".ww-grid-limits").children].map((part) => part.textContent);
    expect(zero).toBe("0");
    expect(low).toBe(`−${high}`);
    expect(text(".ww-grid-strays")).toBe("NaN−∞");
    view.close();
    await open("minmax");
    expect(text(".ww-grid-strays")).toBe("");
  });

  test("scope and notes stand below", async () => {
    await open("grouped");
    expect(text(".ww-caption")).toMatch(/one scale for the layer/);
    expect(text(".ww-caption")).toMatch(/3 groups: filters 0 to 2 see input channels 0 to 1/);
    expect(text(".ww-grid-details")).toMatch(/sees input channels 2 to 3/);
    expect(text(".ww-title")).toBe("0 conv2d · 9 filters of 2 × 3 × 3");
  });
});

describe("choosing", () => {
  const choose = (label: string, value: string) => {
    const select = view.find<HTMLSelectElement>(`select[aria-label="${label}"]`);
    select.value = value;
    select.dispatchEvent(new Event("change", { bubbles: true }));
  };

  test("channel, scale and order are asked of the kernel", async () => {
    await open("mosaic");
    choose("channel", "3");
    choose("channel", "all");
    choose("scale", "minmax");
    choose("order", "norm");
    expect(view.model.messages).toEqual([
      { input_channel: 3 },
      { input_channel: null },
      { color_scope: "minmax" },
      { order: "norm" },
    ]);
  });

  test("pictures are offered where rows can be read as such", async () => {
    await open("images");
    const button = [...view.root.querySelectorAll<HTMLButtonElement>("button")].find(
      ({ textContent }) => textContent === "as images",
    );
    expect(button?.hidden).toBe(false);
    expect(button?.getAttribute("aria-pressed")).toBe("true");
    button?.click();
    expect(view.model.messages).toEqual([{ as_images: false }]);
  });

  test("what makes no sense for a layer is hidden", async () => {
    await open("matrix");
    const shown = (label: string) =>
      view.find(`select[aria-label="${label}"]`).getBoundingClientRect().width > 0;
    expect([shown("channel"), shown("scale"), shown("order")]).toEqual([false, false, true]);
  });
});

describe("pages", () => {
  test("what comes into sight is asked for, two pages at a time, until all is there", async () => {
    await open("paged");
    field().scrollTop = 400;
    field().dispatchEvent(new Event("scroll"));
    const { token } = decode<Frame>(view.model.get("frame"));
    const first = view.model.messages.at(-1)?.wanted;
    expect(first).toMatchObject({ token, sheet: 0 });
    expect(first?.pages?.length).toBe(2);
    const count = view.model.messages.length;
    field().dispatchEvent(new Event("scroll"));
    expect(view.model.messages.length).toBe(count);
    // An answer to another view of this model leaves the question open: it is asked again.
    view.model.receive({ pages: { ...state("paged").pages } });
    expect(view.model.messages.length).toBe(count + 1);
    expect(view.model.messages.at(-1)?.wanted).toEqual(first);
  });

  test("an answer is drawn and the next pages are asked for", async () => {
    await open("paged");
    field().scrollTop = 400;
    field().dispatchEvent(new Event("scroll"));
    const [page] = decode<{ pages: object[] }>(view.model.get("pages")).pages;
    expect(page).toBeDefined();
    const asked = view.model.messages.at(-1)?.wanted?.pages ?? [];
    const raw = (state("paged").pages as { pages: object[] }).pages[0];
    const { token } = decode<Frame>(view.model.get("frame"));
    view.model.receive({ pages: { token, pages: asked.map((number) => ({ ...raw, page: number })) } });
    const next = view.model.messages.at(-1)?.wanted?.pages ?? [];
    expect(next.some((number) => asked.includes(number))).toBe(false);
  });

  test("the selected filter is scrolled into sight and its tile is there at once", async () => {
    await open("paged");
    expect(field().scrollTop).toBeGreaterThan(0);
    expect(text(".ww-grid-name")).toBe("filter 150");
    expect(text(".ww-grid-details")).toMatch(/^norm \d/);
    view.model.receive({ filter_index: 0 });
    expect(field().scrollTop).toBe(0);
  });

  test("only what is in sight is drawn", async () => {
    await open("paged");
    expect(view.find(".ww-grid-space").clientHeight).toBeGreaterThan(field().clientHeight * 2);
    expect(canvas().clientHeight).toBe(field().clientHeight);
  });

  test("tiles that wait for new weights stay as they were", async () => {
    await open("rgb");
    const before = pixel(canvas(), ...(middleOf(3).map(Math.round) as [number, number]));
    const frame = { ...(view.model.get("frame") as object), token: 1 };
    view.model.receive({ frame });
    expect(pixel(canvas(), ...(middleOf(3).map(Math.round) as [number, number]))).toEqual(before);
    expect(before[3]).toBe(255);
  });
});

describe("the view as a whole", () => {
  test("another layer takes the place of the first", async () => {
    await open("rgb");
    view.model.receive(state("mosaic"));
    expect(text(".ww-title")).toMatch(/^deep conv2d/);
    expect(view.find<HTMLSelectElement>('select[aria-label="channel"]').options.length).toBe(6);
    view.model.receive(state("matrix"));
    expect(enlarged().hidden).toBe(true);
    expect(view.find(".ww-grid-strip").hidden).toBe(false);
    view.model.receive(state("rgb"));
    expect(enlarged().hidden).toBe(false);
    expect(view.find(".ww-grid-strip").hidden).toBe(true);
  });

  test("an error empties it", async () => {
    await open("rgb");
    const error = new DataView(new TextEncoder().encode("no values").buffer as ArrayBuffer);
    view.model.receive({ frame: {}, pages: {}, lit: {}, row: {}, error });
    expect(text(".ww-error")).toBe("no values");
    expect(view.find(".ww-body").hidden).toBe(true);
    expect(text(".ww-title")).toBe("");
  });

  test("it fits into 320 pixels and grows for a lecture hall", async () => {
    await open("rgb", {}, 320);
    expect(view.root.scrollWidth).toBeLessThanOrEqual(view.root.clientWidth);
    const small = enlarged().clientWidth;
    view.close();
    await open("rgb", { size: "large" });
    expect(view.root.classList.contains("ww-large")).toBe(true);
    expect(small).toBeGreaterThan(100);
  });

  test.each([
    ["rgb", 1 + 3 * 16, "filter,channel,slice,row,column,value"],
    ["mosaic", 1 + 5 * 6, "filter,channel,slice,row,column,value"],
    ["strip", 1 + 12, "filter,channel,slice,row,column,value"],
    ["matrix", 1 + 10, "row,first_input,last_input,value_of_largest_magnitude"],
  ] as const)("the numbers of the selected filter of %s can be copied", async (name, lines, head) => {
    await open(name);
    const write = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
    for (const button of view.root.querySelectorAll<HTMLButtonElement>(".ww-menu-item"))
      if (button.textContent === "Copy numbers") button.click();
    const rows = (write.mock.calls[0]?.[0] ?? "").trim().split("\r\n");
    write.mockRestore();
    expect(rows.length).toBe(lines);
    expect(rows[0]).toBe(head);
    const known = data();
    const tile = known.tile(known.placeOf(view.model.get("filter_index")));
    if (tile) expect(Number(rows[1]?.split(",").at(-1))).toBe(tile.values[tile.start]);
  });

  test("closing takes every listener and node away", async () => {
    const watch = watchListeners();
    await open("rgb");
    point(canvas(), "pointermove", ...middleOf(2));
    view.close();
    expect(watch.left()).toEqual([]);
    watch.stop();
    expect(view.model.listening).toBe(0);
    expect(view.el.childElementCount).toBe(0);
  });

  test("no name meets the HTML parser", async () => {
    await open("rgb");
    const name = "<img src=x onerror=window.hacked=1>";
    const title = new DataView(new TextEncoder().encode(name).buffer as ArrayBuffer);
    view.model.receive({ frame: { ...(view.model.get("frame") as object), title } });
    expect(text(".ww-title")).toContain(name);
    expect(view.root.querySelector("img")).toBeNull();
  });
});
