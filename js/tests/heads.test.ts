import { afterEach, beforeEach, expect, test, vi } from "vitest";
import "../src/heads.css";
import { diverging, tableColor } from "../src/color";
import heads from "../src/heads";
import { type HeadNumbers, headRows, readFrame, type Tiles } from "../src/heads_data";
import type { AttentionHeadsState } from "../src/state";
import { toBytes, toText } from "../src/wire";
import { nextFrame, pixel, point, press, type Shown, show, watchListeners } from "./fake_model";
import { states } from "./heads_fixture";

let view: Shown<AttentionHeadsState>;

beforeEach(() => {
  view = show(heads, states.q, 900);
});
afterEach(() => view.close());

const caption = () => view.find(".ww-caption").textContent;
const said = () => view.find(".ww-live[role=status]").textContent;
const grid = () => view.find(".ww-heads-grid");
const enlarged = () => view.find<HTMLCanvasElement>(".ww-heads-enlarged");
const tiles = () => [...grid().querySelectorAll<HTMLElement>("[role=option]")];
const select = (label: string) => view.find<HTMLSelectElement>(`select[aria-label="${label}"]`);
const numbers = readFrame<HeadNumbers>(states.q.frame) as HeadNumbers;

function pick(label: string, value: string): void {
  select(label).value = value;
  select(label).dispatchEvent(new Event("change"));
}

test("the block, its heads and what is left out are said", () => {
  expect(view.find(".ww-title").textContent).toBe(
    "Attention heads  <img src=x> · 4 heads of 3 · 2 key/value heads · model width 14 · separate projections",
  );
  expect(view.root.querySelector("img")).toBeNull();
  const notes = [...view.root.querySelectorAll(".ww-heads-notes li")].map((note) => note.textContent);
  expect(notes[0]).toBe("Each key/value head serves 2 query heads.");
  expect(notes.join(" ")).toContain("Biases, rotary and other positions");
  expect(view.find(".ww-heads-scale").textContent).toBe("−6 to 6, the same for all heads.");
});

test("every tile has the colours of its head's levels", () => {
  const drawn = readFrame<Tiles>(states.q.tiles) as Tiles;
  tiles().forEach((tile, head) => {
    const canvas = tile.querySelector("canvas") as HTMLCanvasElement;
    const scale = canvas.width / drawn.width;
    expect(Number.isInteger(scale)).toBe(true);
    for (const column of [0, 5, 13]) {
      const level = drawn.levels[(head * drawn.height + 1) * drawn.width + column] ?? 0;
      const color = [...tableColor(diverging, level), 255];
      expect(pixel(canvas, column * scale, scale)).toEqual(color);
    }
  });
});

test("the selected head stands there with its norms and ranks", () => {
  expect(caption()).toBe("head 0, key/value head 0: Q has Frobenius norm 12.96.");
  expect(view.find(".ww-heads-name").textContent).toBe("head 0, key/value head 0");
  const rows = [...view.root.querySelectorAll(".ww-heads-table tbody tr")].map((row) =>
    [...row.children].map((cell) => cell.textContent),
  );
  expect(rows.map(([name]) => name)).toEqual(["Q", "K", "V", "O", "QK", "OV"]);
  expect(rows[0]).toEqual(["Q", "12.96", "", ""]);
  expect(rows[4]?.slice(1).map(Number)).toEqual(
    [numbers.norms[16], numbers.ranks[0], numbers.ranks[8]].map((value) =>
      expect.closeTo(value ?? Number.NaN, 1),
    ),
  );
});

test("a click and the arrow keys select a head, one message each", () => {
  tiles()[2]?.querySelector("canvas")?.click();
  expect(view.model.messages).toEqual([{ head: 2 }]);
  expect(said()).toBe("head 2, key/value head 1: Q has Frobenius norm 25.92");
  expect(tiles().map((tile) => tile.ariaSelected)).toEqual(["false", "false", "true", "false"]);
  for (const key of ["ArrowRight", "ArrowRight", "Home", "ArrowLeft", "End"]) press(grid(), key);
  expect(view.model.messages.slice(1)).toEqual([{ head: 3 }, { head: 0 }, { head: 3 }]);
});

test("keys with Alt or Ctrl belong to the browser, and none reaches the notebook", () => {
  const outside = vi.fn();
  document.addEventListener("keydown", outside);
  for (const modifier of ["altKey", "ctrlKey", "metaKey"])
    expect(press(grid(), "ArrowRight", { [modifier]: true }).defaultPrevented).toBe(false);
  press(grid(), "d");
  document.removeEventListener("keydown", outside);
  expect(view.model.messages).toEqual([]);
  expect(outside).not.toHaveBeenCalled();
});

test("what is drawn and its order are chosen in one message each", () => {
  pick("show", "ov");
  pick("order", "norm");
  expect(view.model.messages).toEqual([{ role: "ov" }, { order: "norm" }]);
});

test("by norm the largest head stands first", () => {
  view.model.receive({ order: "norm" });
  expect(tiles()[0]?.ariaLabel).toContain("head 2,");
  expect(tiles()[0]?.textContent).toContain("2 · kv 1");
});

test("until the pictures of another role come none are drawn under its name", () => {
  view.model.receive({ role: "k" });
  expect(tiles().every((tile) => tile.querySelector("canvas")?.hidden)).toBe(true);
  expect(view.find(".ww-heads-enlarged").hidden).toBe(true);
  expect(view.find(".ww-heads-meaning").textContent).toContain("K turns");
  view.model.receive({ tiles: states.k.tiles, enlarged: states.k.enlarged });
  expect(tiles().some((tile) => tile.querySelector("canvas")?.hidden)).toBe(false);
  expect(view.find(".ww-heads-enlarged").hidden).toBe(false);
});

test("pointing at the enlarged head reads a value, and so do the arrow keys", () => {
  const canvas = view.find<HTMLCanvasElement>(".ww-heads-enlarged");
  const scale = canvas.clientWidth / 14;
  point(canvas, "pointermove", 2.5 * scale, 1.5 * scale);
  expect(caption()).toMatch(/^head 0, Q: head dimension 1, model dimension 2: −?\d$/);
  point(canvas, "pointerleave", 0, 0);
  expect(caption()).toContain("Frobenius norm");
  for (const key of ["ArrowRight", "ArrowRight", "ArrowDown", "ArrowUp", "ArrowUp"]) press(canvas, key);
  expect(said()).toMatch(/^head 0, Q: head dimension 0, model dimension 1: /);
  expect(view.model.messages).toEqual([]);
});

test("singular values are read with the pointer and with the arrow keys", () => {
  const [qk] = view.root.querySelectorAll<HTMLCanvasElement>(".ww-heads-spectrum");
  if (!qk) throw new Error("no chart");
  point(qk, "pointermove", qk.clientWidth - 10, 40);
  expect(caption()).toMatch(/^head 0, QK: singular value 3 of 3: .+; larger in \d of 4 heads$/);
  point(qk, "pointerleave", 0, 0);
  for (const key of ["ArrowRight", "ArrowRight", "ArrowLeft"]) press(qk, key);
  expect(said()).toMatch(/^head 0, QK: singular value 1 of 3/);
});

test("what was read of one head is not claimed of another, though the pointer rests", () => {
  point(enlarged(), "pointermove", 1, 1);
  expect(caption()).toMatch(/^head 0, Q: head dimension 0/);
  view.model.receive({ head: 1 });
  expect(caption()).toContain("head 1, key/value head 0: Q");
});

test("while the weights change under the pointer their new value is read", () => {
  point(enlarged(), "pointermove", 1, 1);
  const values = (states.q.enlarged as { values: { shape: number[] } }).values;
  const sevens = new Float64Array(values.shape.reduce((all, side) => all * side)).fill(7.25);
  const changed = { ...values, dtype: "float64", data: new DataView(sevens.buffer) };
  view.model.receive({ enlarged: { ...states.q.enlarged, values: changed } });
  expect(caption()).toBe("head 0, Q: head dimension 0, model dimension 0: 7.25");
});

test("an error ends the reading, and it does not come back with the heads", () => {
  press(enlarged(), "ArrowRight");
  const { frame, tiles: pictures, enlarged: large } = states.q;
  view.model.receive({ frame: {}, tiles: {}, enlarged: {}, error: toBytes("no values") });
  expect(caption()).toBe("");
  view.model.receive({ frame, tiles: pictures, enlarged: large, error: toBytes("") });
  expect(caption()).toContain("Frobenius norm 12.96");
});

test("in a dark page the charts have its colours, and weights keep theirs", async () => {
  const [chart] = view.root.querySelectorAll<HTMLCanvasElement>(".ww-heads-spectrum");
  const drawn = () => [chart, enlarged()].map((canvas) => canvas?.toDataURL());
  const light = drawn();
  document.body.setAttribute("data-jp-theme-light", "false");
  await nextFrame();
  const dark = drawn();
  document.body.removeAttribute("data-jp-theme-light");
  await nextFrame();
  expect([dark[0] === light[0], dark[1] === light[1]]).toEqual([false, true]);
  expect(drawn()[0] === light[0]).toBe(true);
});

test("two displays share the selected head, and each has its own reading", () => {
  const el = document.createElement("div");
  document.body.append(el);
  const cleanUp = heads.render({ model: view.model, el });
  const other = [...el.querySelectorAll<HTMLElement>("[role=option]")];
  other[3]?.click();
  expect(view.model.messages).toEqual([{ head: 3 }]);
  expect(tiles().map((tile) => tile.ariaSelected)).toEqual(["false", "false", "false", "true"]);
  view.model.receive({ enlarged: { ...states.q.enlarged, head: 3 } });
  point(enlarged(), "pointermove", 1, 1);
  expect(caption()).toContain("head dimension 0");
  expect(el.querySelector(".ww-caption")?.textContent).toContain("Frobenius norm");
  cleanUp();
  expect(el.childElementCount).toBe(0);
  el.remove();
  press(grid(), "Home");
  expect(tiles()[0]?.ariaSelected).toBe("true");
});

test("pictures that answer an older question are not drawn", () => {
  view.model.receive({ tiles: { ...states.q.tiles, token: 99 } });
  expect(tiles().every((tile) => tile.querySelector("canvas")?.hidden)).toBe(true);
  expect(view.find(".ww-heads-scale").textContent).toBe("");
  view.model.receive({ enlarged: { ...states.q.enlarged, head: 2 } });
  expect(enlarged().hidden).toBe(true);
});

test("keys walk in the order that is shown, and what stays selected asks nothing", () => {
  press(grid(), "Home");
  expect([view.model.messages.length, said()]).toEqual([
    0,
    "head 0, key/value head 0: Q has Frobenius norm 12.96",
  ]);
  view.model.receive({ order: "norm" });
  const shown = tiles().map((tile) => Number(/head (\d+)/.exec(tile.ariaLabel ?? "")?.[1]));
  press(grid(), "Home");
  press(grid(), "ArrowRight");
  press(grid(), "End");
  expect(view.model.messages).toEqual([shown[0], shown[1], shown[3]].map((head) => ({ head })));
});

test("a large view has larger pictures, of whole pixels still", () => {
  const before = enlarged().width;
  view.model.receive({ size: "large" });
  expect(enlarged().width).toBeGreaterThan(before);
  expect(enlarged().width % 14).toBe(0);
});

test("where the number of heads is unknown it is asked for, with those that fit", () => {
  view.close();
  view = show(heads, states.asking, 900);
  expect(view.find(".ww-error").textContent).toContain("choose it");
  expect(view.find(".ww-heads-columns").hidden).toBe(true);
  expect([...select("heads").options].map((option) => option.text)).toEqual(["choose", "2", "4", "6", "12"]);
  expect(select("heads").value).toBe("choose");
  pick("heads", "4");
  expect(view.model.messages).toEqual([{ num_heads: 4 }]);
  expect(select("heads").value).toBe("4");
});

test("a block is chosen by the name of its first layer", () => {
  expect(view.find("[data-control=heads]").hidden).toBe(true);
  view.model.receive({ layer: toBytes("elsewhere"), frame: {}, tiles: {}, enlarged: {} });
  expect([...select("block").options].map((option) => option.text)).toEqual([
    "choose a block",
    "<img src=x>",
  ]);
  pick("block", "0");
  expect(view.model.messages.map(({ layer }) => toText(layer))).toEqual(["<img src=x>.q_proj"]);
  expect(said()).toBe("<img src=x>, block 1 of 1");
});

test("an error empties it, and what comes after is shown as before", () => {
  const before = view.find(".ww-heads-columns").textContent;
  view.model.receive({ frame: {}, tiles: {}, enlarged: {}, error: toBytes("no values") });
  expect([view.find(".ww-heads-columns").hidden, tiles().length, caption()]).toEqual([true, 0, ""]);
  expect(press(grid(), "End").defaultPrevented).toBe(false);
  const { frame, tiles: pictures, enlarged } = states.q;
  view.model.receive({ frame, tiles: pictures, enlarged, error: toBytes("") });
  expect(view.find(".ww-heads-columns").textContent).toBe(before);
});

test("a product that is too large says so in the place of its pictures", () => {
  const refusal = toBytes("QK is too large");
  view.model.receive({
    role: "qk",
    tiles: { token: 1, role: toBytes("qk"), refusal, count: 0 },
    enlarged: {},
  });
  expect(view.find(".ww-heads-scale").textContent).toBe("QK is too large");
  expect(tiles().every((tile) => tile.querySelector("canvas")?.hidden)).toBe(true);
  expect(view.root.querySelectorAll(".ww-heads-spectrum").length).toBe(2);
});

test("the numbers that are copied are those of all heads", () => {
  const write = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
  for (const item of view.root.querySelectorAll<HTMLElement>(".ww-menu-item"))
    if (item.textContent === "Copy numbers") item.click();
  const lines = String(write.mock.calls[0]?.[0]).trimEnd().split("\r\n");
  write.mockRestore();
  expect(lines).toEqual(headRows(numbers).map((row) => row.join(",")));
});

test("nothing is wider than the view, however narrow or large it is", () => {
  for (const [width, size] of [
    [320, "normal"],
    [500, "large"],
    [900, "large"],
  ] as const) {
    view.close();
    view = show(heads, { ...states.q, size }, width);
    expect(view.root.scrollWidth).toBeLessThanOrEqual(view.root.clientWidth);
  }
});

test("closing takes every listener and the view away", () => {
  const listeners = watchListeners();
  const second = show(heads, states.q, 500);
  second.close();
  expect(listeners.left()).toEqual([]);
  expect(second.model.listening).toBe(0);
  listeners.stop();
});
