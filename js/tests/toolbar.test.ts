import { afterEach, expect, test, vi } from "vitest";
import type { ExplorerToolbarState } from "../src/state";
import toolbar from "../src/toolbar";
import { toBytes } from "../src/wire";
import { show, thaw, watchListeners } from "./fake_model";
import fixture from "./fixtures/toolbar.json";

const open = () => show<ExplorerToolbarState>(toolbar, thaw(fixture));

afterEach(() => {
  document.body.replaceChildren();
  vi.restoreAllMocks();
});

function button(root: HTMLElement, label: string): HTMLElement {
  const found = [...root.querySelectorAll("button")].find((one) => one.textContent === label);
  if (!found) throw new Error(`no button ${label}`);
  return found;
}

test("it shows the model with its size", () => {
  expect(open().find(".ww-title").textContent).toBe("Sequential  2 layers, 138 weights");
});

test("without a twin there is nothing to compare", () => {
  const { root, find } = open();
  expect(find(".ww-toolbar-twin").hidden).toBe(true);
  expect(button(root, "Same scale").hidden).toBe(true);
});

test("a twin is named, with what only one of the two has, and can be drawn on the same scale", () => {
  const { model, root, find } = open();
  const twin = { title: toBytes("<b>Net"), layers: 1, weights: 1500, said: toBytes("Only the twin has x.") };
  model.receive({ frame: { ...model.get("frame"), twin } });
  expect(find(".ww-toolbar-twin").hidden).toBe(false);
  expect(find(".ww-toolbar-twin").textContent).toBe(
    "Twin: <b>Net  1 layer, 1,500 weights. Only the twin has x.",
  );
  const same = button(root, "Same scale");
  expect(same.hidden).toBe(false);
  same.click();
  expect(model.messages).toEqual([{ same_scale: true }]);
  expect(same.getAttribute("aria-pressed")).toBe("true");
});

test("panels and shuffle are asked for and shown as they come back", () => {
  const { model, root } = open();
  button(root, "Norms").click();
  button(root, "Shuffle").click();
  button(root, "Reset").click();
  expect(model.messages).toEqual([{ panel: "norms" }, { shuffle: true }, { resets: 1 }]);
  expect(button(root, "Norms").getAttribute("aria-pressed")).toBe("true");
  expect(button(root, "All histograms").getAttribute("aria-pressed")).toBe("false");
  button(root, "Norms").click();
  expect(model.messages.at(-1)).toEqual({ panel: "" });
});

test("a panel is offered where it says something of the selected layer", () => {
  const { model, root } = open();
  const offered = () =>
    [...root.querySelectorAll<HTMLElement>(".ww-toolbar-panels button")]
      .filter((tab) => tab.checkVisibility())
      .map((tab) => tab.textContent);
  expect(offered()).toEqual(["All histograms", "Norms"]);
  model.receive({ offers: { panels: ["heads", "depth", "norms"].map(toBytes), opened: toBytes("heads") } });
  expect(offered()).toEqual(["Heads", "Depth", "Norms"]);
  expect(button(root, "Heads").getAttribute("aria-pressed")).toBe("true");
  expect(button(root, "Depth").getAttribute("aria-pressed")).toBe("false");
});

test("code is copied when it arrives, and only for the one who asked", async () => {
  const write = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
  const { model, root } = open();
  model.receive({ listing: { code: toBytes("someone else asked") } });
  expect(write).not.toHaveBeenCalled();
  model.kernel = (message) => (message.code_requests ? { listing: { code: toBytes("x = 1") } } : undefined);
  button(root, "Copy code").click();
  await vi.waitFor(() => expect(write).toHaveBeenCalledWith("x = 1"));
});

test("the button says that it copied, then offers it again, and the same code is copied again", async () => {
  const write = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
  vi.useFakeTimers();
  const { model, root, find } = open();
  model.kernel = ({ code_requests: request = 0 }) => ({ listing: { request, code: toBytes("same") } });
  button(root, "Copy code").click();
  await vi.advanceTimersByTimeAsync(100);
  expect(find("[role=status]").textContent).toBe("Code copied");
  button(root, "Copied");
  await vi.advanceTimersByTimeAsync(1500);
  button(root, "Copy code").click();
  await vi.advanceTimersByTimeAsync(0);
  expect(write).toHaveBeenCalledTimes(2);
  expect(model.messages).toEqual([{ code_requests: 1 }, { code_requests: 2 }]);
  vi.useRealTimers();
});

test("of two displays the one whose button was pressed takes the code", async () => {
  vi.spyOn(navigator.clipboard, "writeText").mockRejectedValue(new Error("no"));
  const { model, root, find } = open();
  const el = document.body.appendChild(document.createElement("div"));
  toolbar.render({ model, el });
  model.kernel = () => ({ listing: { request: 1, code: toBytes("mine") } });
  button(root, "Copy code").click();
  await vi.waitFor(() => expect(find("pre").textContent).toBe("mine"));
  expect(document.activeElement).toBe(find("pre"));
  expect(el.querySelector("pre")?.hidden).toBe(true);
});

test("a panel is shown as open in every display, and one at a time", () => {
  const { model, root } = open();
  const el = document.body.appendChild(document.createElement("div"));
  toolbar.render({ model, el });
  button(root, "All histograms").click();
  button(el, "Norms").click();
  for (const display of [root, el]) {
    const pressed = [...display.querySelectorAll("[aria-pressed=true]")].map((one) => one.textContent);
    expect(pressed).toEqual(["Norms"]);
  }
  expect(model.messages).toEqual([{ panel: "histograms" }, { panel: "norms" }]);
});

test("a model of one layer is spoken of as such, a hostile name is text, an error keeps the line", () => {
  const { model, root, find } = open();
  const title = toBytes("<img src=x onerror=alert(1)>");
  model.receive({ frame: { title, layers: 1, weights: 25_557_032 } });
  const text = "<img src=x onerror=alert(1)>  1 layer, 25.6M weights";
  expect(find(".ww-title").textContent).toBe(text);
  expect(root.querySelector("img")).toBeNull();
  model.receive({ frame: {}, error: toBytes("gone") });
  expect([find(".ww-title").textContent, find(".ww-error").textContent]).toEqual([text, "gone"]);
});

test("where the clipboard is shut the code is shown as text", async () => {
  vi.spyOn(navigator.clipboard, "writeText").mockRejectedValue(new Error("no"));
  const { model, root, find } = open();
  model.kernel = () => ({ listing: { code: toBytes("y = <b>2</b>") } });
  button(root, "Copy code").click();
  await vi.waitFor(() => expect(find("pre").textContent).toBe("y = <b>2</b>"));
  expect(find("pre").hidden).toBe(false);
});

test("closing leaves nothing behind", () => {
  const watch = watchListeners();
  const { model, close } = open();
  close();
  expect(watch.left()).toEqual([]);
  watch.stop();
  expect(model.listening).toBe(0);
});
