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

test("code is copied when it arrives, and only for the one who asked", async () => {
  const write = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
  const { model, root } = open();
  model.receive({ listing: { code: toBytes("someone else asked") } });
  expect(write).not.toHaveBeenCalled();
  model.kernel = (message) => (message.code_requests ? { listing: { code: toBytes("x = 1") } } : undefined);
  button(root, "Copy code").click();
  await vi.waitFor(() => expect(write).toHaveBeenCalledWith("x = 1"));
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
