import { afterEach, expect, test, vi } from "vitest";
import type { LayerTableState } from "../src/state";
import table from "../src/table";
import { toBytes, toText } from "../src/wire";
import { nextFrame, press, show, thaw, watchListeners } from "./fake_model";
import fixture from "./fixtures/table.json";
import "../src/table.css";

type State = LayerTableState;
type Open = ReturnType<typeof open>;

const states = thaw<{ measured: State; unmeasured: State }>(fixture);

const open = (state: Partial<State> = {}, width = 860) =>
  show<State>(table, { ...states.measured, ...state }, width);

afterEach(() => {
  document.body.replaceChildren();
  vi.restoreAllMocks();
});

const grid = ({ find }: Open) => find(".ww-table-scroll");
const rows = ({ root }: Open) =>
  [...root.querySelectorAll<HTMLElement>(".ww-table-row:not([hidden])")].sort(
    (left, right) => Number(left.dataset.place) - Number(right.dataset.place),
  );
const names = (view: Open) => rows(view).map((row) => row.querySelector(".ww-table-name")?.textContent ?? "");
const selected = ({ root }: Open) =>
  root.querySelector<HTMLElement>(".ww-table-row[aria-selected=true] .ww-table-name")?.textContent;
const asked = ({ model }: Open) => model.messages.map((message) => message.layer && toText(message.layer));

/** Many layers in few frames: names, one group per part, numbers for none. */
function many(count: number): Partial<State> {
  const names = Array.from({ length: count }, (_, index) => `layer${index}`);
  const each = <T>(value: T) => names.map(() => value);
  const content = {
    names,
    shown: {},
    kinds: each("linear"),
    shapes: each("2 × 2"),
    dtypes: each("float32"),
    parameters: each(4),
    aliases: {},
    groups: [],
    values: ["nan"],
    columns: [],
  };
  return {
    rows: { text: toBytes(JSON.stringify(content)), token: 1 },
    numbers: {},
    layer: toBytes("layer0"),
  };
}

test("a small table shows every layer, its groups unfolded", () => {
  const view = open();
  expect(names(view)).toEqual([
    "0",
    "▾*.0×3",
    "1.0",
    "2.0",
    "3.0",
    "▾*.1×3",
    "1.1",
    "2.1",
    "3.1",
    "4also tied1 NaN",
  ]);
  expect(selected(view)).toBe("2.0");
  expect(view.find(".ww-title").textContent).toBe("Layers 8");
  expect(grid(view).getAttribute("aria-rowcount")).toBe("11");
});

test("before anything is measured everything else stands there, with the progress", () => {
  const view = open(states.unmeasured);
  expect(names(view)).toHaveLength(10);
  expect(view.find(".ww-caption").textContent).toBe("0 of 8 layers measured");
  expect(view.find(".ww-table-progress").hidden).toBe(false);
});

test("when the last layer is measured the progress goes and the end is announced", () => {
  const view = open(states.unmeasured);
  view.model.receive({ numbers: states.measured.numbers });
  expect(view.find(".ww-table-progress").hidden).toBe(true);
  expect(view.find(".ww-caption").textContent).toBe("590 parameters");
  expect(view.find(".ww-live").textContent).toBe("All 8 layers measured");
});

test("what was read while a cell ran says so", () => {
  const view = open({ numbers: { ...states.measured.numbers, live: true } });
  expect(view.find(".ww-caption").textContent).toContain("may mix two training steps");
});

test("measuring is asked for once, after the first paint", async () => {
  const view = open({ started: false });
  expect(view.model.messages).toEqual([]);
  await nextFrame();
  await vi.waitFor(() => expect(view.model.messages).toEqual([{ started: true }]));
  const again = open({ started: true });
  await nextFrame();
  await nextFrame();
  expect(again.model.messages).toEqual([]);
});

test("a view that is closed before the first paint asks for nothing", async () => {
  const view = open({ started: false });
  view.close();
  await nextFrame();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(view.model.messages).toEqual([]);
});

test("a click selects the layer, and a click on a group folds it", () => {
  const view = open();
  rows(view)[0]?.click();
  expect(asked(view)).toEqual(["0"]);
  expect(selected(view)).toBe("0");
  expect(view.find(".ww-live").textContent).toBe("0, conv2d, 4 × 3 × 3 × 3");
  rows(view)[1]?.click();
  expect(names(view)).toEqual(["0", "▸*.0×3", "▾*.1×3", "1.1", "2.1", "3.1", "4also tied1 NaN"]);
  expect(asked(view)).toEqual(["0"]);
});

test("arrows, Home and End move through layers and groups", () => {
  const view = open({ layer: toBytes("0") });
  const keys = ["ArrowDown", "ArrowDown", "ArrowDown", "End", "ArrowDown", "ArrowUp", "Home", "ArrowUp"];
  for (const key of keys) expect(press(grid(view), key).defaultPrevented).toBe(true);
  expect(asked(view)).toEqual(["1.0", "2.0", "4", "3.1", "0"]);
});

test("on a group's head, keys fold and unfold, and the head is the active row", () => {
  const view = open({ layer: toBytes("0") });
  press(grid(view), "ArrowDown");
  const head = rows(view)[1];
  expect(grid(view).getAttribute("aria-activedescendant")).toBe(head?.id);
  press(grid(view), "ArrowLeft");
  expect(names(view)).toHaveLength(7);
  press(grid(view), "ArrowLeft");
  expect(names(view)).toHaveLength(7);
  press(grid(view), "ArrowRight");
  expect(names(view)).toHaveLength(10);
  press(grid(view), "Enter");
  expect(names(view)).toHaveLength(7);
  press(grid(view), " ");
  press(grid(view), "ArrowRight");
  expect(asked(view)).toEqual(["1.0"]);
  press(grid(view), "ArrowLeft");
  expect(grid(view).getAttribute("aria-activedescendant")).toBe(rows(view)[1]?.id);
});

test("keys that mean nothing here are left to the browser, but never reach the notebook", () => {
  const view = open();
  const outside = vi.fn();
  document.body.addEventListener("keydown", outside);
  expect(press(grid(view), "d").defaultPrevented).toBe(false);
  expect(press(grid(view), "ArrowDown", { ctrlKey: true }).defaultPrevented).toBe(false);
  expect(press(view.find(".ww-search"), "End").defaultPrevented).toBe(false);
  document.body.removeEventListener("keydown", outside);
  expect(outside).not.toHaveBeenCalled();
});

test("typing searches, and says so when nothing is found", () => {
  const view = open();
  const search = view.find<HTMLInputElement>(".ww-search");
  const type = (text: string) => {
    search.value = text;
    search.dispatchEvent(new Event("input", { bubbles: true }));
  };
  type("norm");
  expect(names(view)).toEqual(["1.1", "2.1", "3.1"]);
  expect(toText(view.model.messages.at(-1)?.search)).toBe("norm");
  expect(view.find(".ww-live").textContent).toBe("3 of 8 layers shown");
  expect(view.find(".ww-title").textContent).toBe("Layers 3 of 8");
  type("<b>");
  expect(names(view)).toEqual([]);
  expect(view.find(".ww-table-empty").textContent).toBe("No layer has “<b>” in its name or kind.");
  view.model.receive({ search: toBytes("conv2d") });
  expect(search.value).toBe("conv2d");
  expect(names(view)).toEqual(["0", "1.0", "2.0", "3.0"]);
  view.model.receive({ search: toBytes(" ") });
  expect(view.find(".ww-title").textContent).toBe("Layers 8");
});

test("a press on a column's head sorts, falling, rising, and back to model order", () => {
  const view = open();
  const press = () =>
    [...view.root.querySelectorAll<HTMLElement>(".ww-table-sort")]
      .find((one) => one.textContent?.startsWith("parameters"))
      ?.click();
  const orders = [0, 1, 2].map(() => {
    press();
    return toText(view.model.get("sort_by"));
  });
  expect(orders).toEqual(["-parameters", "parameters", ""]);
  press();
  expect(names(view).slice(0, 3)).toEqual(["1.0", "2.0", "3.0"]);
  expect(view.find("[aria-sort=descending]").textContent).toBe("parameters↓");
  expect(view.find(".ww-live").textContent).toBe("Sorted by parameters, falling");
});

test("the head that was pressed by key keeps the focus", () => {
  const view = open();
  const button = view.find(".ww-table-frobenius .ww-table-sort");
  button.focus();
  button.click();
  expect(document.activeElement?.textContent).toBe("Frobenius↓");
});

test("ten thousand layers have few elements, and scrolling shows the others", async () => {
  const view = open(many(10_000));
  expect(rows(view).length).toBeLessThan(40);
  grid(view).scrollTop = 5000 * 24;
  await nextFrame();
  await vi.waitFor(() => expect(names(view)).toContain("layer5000"));
  expect(rows(view).length).toBeLessThan(40);
  expect(grid(view).getAttribute("aria-rowcount")).toBe("10001");
  const row = rows(view).find((one) => one.textContent?.startsWith("layer5000"));
  expect(row?.getAttribute("aria-rowindex")).toBe("5002");
});

test("PageDown and PageUp move by what is in sight", () => {
  const view = open(many(200));
  const page = Math.floor((grid(view).clientHeight - view.find(".ww-table-head").offsetHeight) / 24) - 1;
  press(grid(view), "PageDown");
  press(grid(view), "PageDown");
  press(grid(view), "PageUp");
  expect(asked(view)).toEqual([`layer${page}`, `layer${2 * page}`, `layer${page}`]);
});

test("selecting from Python scrolls there and unfolds the group", async () => {
  const view = open(many(500));
  view.model.receive({ layer: toBytes("layer400") });
  await nextFrame();
  expect(selected(view)).toBe("layer400");
  const row = rows(view).find((one) => one.getAttribute("aria-selected") === "true");
  const [inner, outer] = [row?.getBoundingClientRect(), grid(view).getBoundingClientRect()];
  expect(inner && inner.top >= outer.top && inner.bottom <= outer.bottom + 1).toBe(true);
  const folded = open();
  rows(folded)[1]?.click();
  folded.model.receive({ layer: toBytes("3.0") });
  expect(selected(folded)).toBe("3.0");
});

test("the kernel's echo of a selection does not scroll back to it", async () => {
  const view = open(many(500));
  grid(view).scrollTop = 3000;
  view.model.receive({ layer: toBytes("layer0") });
  await nextFrame();
  expect(grid(view).scrollTop).toBe(3000);
});

test("the numbers can be copied, all of them, whatever is searched for", async () => {
  const write = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
  const view = open({ search: toBytes("norm") });
  [...view.root.querySelectorAll("button")].find((one) => one.textContent === "Copy numbers")?.click();
  await vi.waitFor(() => expect(write).toHaveBeenCalled());
  const lines = String(write.mock.calls[0]?.[0]).trimEnd().split("\r\n");
  expect(lines).toHaveLength(9);
  expect(lines[0]).toBe(
    "name,kind,shape,dtype,parameters,frobenius,rms,mean,std,min,max,near_zero,nan,inf,largest,aliases,note",
  );
  expect(lines[8]?.startsWith("4,linear,2 × 4,float32,10,")).toBe(true);
  expect(lines[8]?.endsWith(",tied,")).toBe(true);
  expect(lines[3]?.split(",")[14]).toBe("");
});

test("a model without layers says so", () => {
  const view = open({ rows: {}, numbers: {} });
  expect(view.find(".ww-table-empty").textContent).toBe("There is no layer with weights here.");
});

test("closing leaves nothing behind", async () => {
  const watch = watchListeners();
  const view = open();
  await nextFrame();
  view.close();
  expect(watch.left()).toEqual([]);
  watch.stop();
  expect(view.model.listening).toBe(0);
  expect(document.querySelector(".ww-view")).toBeNull();
});
