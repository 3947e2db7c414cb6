import { expect, test, vi } from "vitest";
import { deviceRatio, fit as fitSheet, follow, palette } from "../src/canvas";
import "../src/view.css";
import { nextFrame } from "./fake_model";

test("a sheet has the screen's own pixels and draws in CSS pixels", () => {
  const { canvas, context } = fitSheet(document.createElement("canvas"), 120, 40);
  expect([canvas.width, canvas.height]).toEqual([120 * devicePixelRatio, 40 * devicePixelRatio]);
  expect(canvas.style.width).toBe("120px");
  context.fillRect(119, 39, 1, 1);
  const last = context.getImageData(canvas.width - 1, canvas.height - 1, 1, 1).data;
  expect(last[3]).toBe(255);
});

test("a screen that tells no ratio has one device pixel to a CSS pixel", () => {
  expect(deviceRatio()).toBe(window.devicePixelRatio);
  const told = vi.spyOn(window, "devicePixelRatio", "get");
  expect([2.5, 0].map((ratio) => told.mockReturnValue(ratio) && deviceRatio())).toEqual([2.5, 1]);
  told.mockRestore();
});

test("fitting again clears what was drawn", () => {
  const sheet = fitSheet(document.createElement("canvas"), 10, 10);
  sheet.context.fillRect(0, 0, 10, 10);
  const again = fitSheet(sheet.canvas, 10, 10);
  expect(again.context.getImageData(5, 5, 1, 1).data[3]).toBe(0);
});

function stage(): HTMLElement {
  const root = document.createElement("section");
  root.className = "ww-view";
  document.body.append(root);
  return root;
}

test("the palette has a colour for every part, in light and in dark", () => {
  const root = stage();
  const light = palette(root);
  document.body.setAttribute("data-jp-theme-light", "false");
  const dark = palette(root);
  document.body.removeAttribute("data-jp-theme-light");
  root.remove();
  for (const part of [...Object.values(light), ...Object.values(dark)]) expect(part).not.toBe("");
  expect(dark.accent).not.toBe(light.accent);
});

test("a new theme and a new width redraw until the view is gone", async () => {
  const root = stage();
  const abort = new AbortController();
  let redraws = 0;
  follow(root, abort.signal, () => {
    redraws += 1;
  });
  await nextFrame();
  document.body.setAttribute("data-jp-theme-name", "Another");
  await nextFrame();
  expect(redraws).toBe(1);
  root.style.width = "300px";
  await nextFrame();
  await nextFrame();
  expect(redraws).toBe(2);
  abort.abort();
  document.body.removeAttribute("data-jp-theme-name");
  root.style.width = "200px";
  await nextFrame();
  await nextFrame();
  expect(redraws).toBe(2);
  root.remove();
});

test("a view that was hidden while the theme changed is drawn again when it is shown", async () => {
  const root = stage();
  const abort = new AbortController();
  const widths: number[] = [];
  follow(root, abort.signal, () => widths.push(root.clientWidth));
  const shown = root.clientWidth;
  // A resize observer speaks once after it began; only later changes are what it really sees.
  await nextFrame();
  await nextFrame();
  root.style.display = "none";
  document.body.setAttribute("data-jp-theme-name", "Another");
  await Promise.resolve();
  root.style.display = "";
  await nextFrame();
  await nextFrame();
  expect(widths).toEqual([shown]);
  abort.abort();
  document.body.removeAttribute("data-jp-theme-name");
  root.remove();
});
