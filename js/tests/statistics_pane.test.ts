/** The statistics strip as a pane that scrolls, the name of its layer, and of what it saves. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { WeightStatisticsState } from "../src/state";
import statistics from "../src/statistics";
import "../src/statistics.css";
import "../src/toolbar.css";
import { h } from "../src/view";
import { toBytes } from "../src/wire";
import { type Shown, show, thaw } from "./fake_model";
import fixture from "./fixtures/statistics.json";

interface Fixture {
  first: WeightStatisticsState;
  filter: Partial<WeightStatisticsState>;
  dense: WeightStatisticsState;
}

const states = thaw<Fixture>(fixture);
const page = (frame: Record<string, unknown>) => JSON.parse(new TextDecoder().decode(frame.page as DataView));

let view: Shown<WeightStatisticsState>;

beforeEach(() => {
  view = show(statistics, states.first);
});
afterEach(() => {
  view.close();
  vi.restoreAllMocks();
  document.body.replaceChildren();
});

/** Stand the view where the explorer has it at 900 px: beside the pictures, as high as they leave room for. */
function inExplorer(): HTMLElement {
  const box = (name: string, ...children: HTMLElement[]) =>
    h("div", { class: `ww-explorer-${name}` }, ...children);
  const explorer = h("div", { class: "ww-explorer" }, box("columns", box("statistics", view.root)));
  explorer.style.cssText = "width: 900px; font-size: 12px; container-type: inline-size";
  document.body.append(explorer);
  return view.root;
}

test("in the explorer the title stays whole, and nothing shows through it, while the numbers scroll", () => {
  const pane = inExplorer();
  const head = view.find(".ww-head");
  view.find(".ww-statistics-number").click();
  pane.scrollTop = 0;
  const before = head.getBoundingClientRect();
  expect(pane.scrollHeight).toBeGreaterThan(pane.clientHeight + 100);
  for (const top of [40, 90, pane.scrollHeight]) {
    pane.scrollTop = top;
    const now = head.getBoundingClientRect();
    expect([now.top, now.height]).toEqual([before.top, before.height]);
    const title = view.find(".ww-title").getBoundingClientRect();
    const hit = document.elementFromPoint(title.left + 3, title.top + title.height / 2);
    expect(head.contains(hit)).toBe(true);
  }
  expect(getComputedStyle(head).backgroundColor).toMatch(/^rgb\(/);
  expect(before.top - pane.getBoundingClientRect().top).toBeLessThanOrEqual(1);
  expect(before.width).toBeGreaterThanOrEqual(pane.clientWidth);
});

test("what is scrolled into sight does not come to lie under the title", () => {
  const pane = inExplorer();
  pane.scrollTop = pane.scrollHeight;
  view.find(".ww-statistics-number").scrollIntoView({ block: "nearest", behavior: "instant" });
  const under = view.find(".ww-head").getBoundingClientRect().bottom;
  expect(view.find(".ww-statistics-number").getBoundingClientRect().top).toBeGreaterThanOrEqual(under - 1);
});

test("a layer without a page is named in the title, with marks for what cannot be seen", () => {
  view.model.receive({ frame: {}, unit: {}, layer: toBytes("lazy\u202e<b>"), error: toBytes("gone") });
  expect(view.find(".ww-title").textContent).toBe("lazy\ufffd<b>");
  view.model.receive({ layer: toBytes("other") });
  expect(view.find(".ww-title").textContent).toBe("other");
});

test("another layer and a reset begin at the top, new numbers of the same layer stay where they are", () => {
  view.root.style.cssText = "height: 120px; overflow-y: auto";
  view.root.scrollTop = 60;
  view.model.receive({ frame: { ...states.first.frame }, ...states.filter });
  expect(view.root.scrollTop).toBe(60);
  view.model.receive({ resets: 1 });
  expect(view.root.scrollTop).toBe(0);
  view.root.scrollTop = 60;
  expect(view.root.scrollTop).toBe(60);
  view.model.receive(states.dense);
  expect(view.root.scrollTop).toBe(0);
});

test("what is downloaded is called after the layer", async () => {
  const names: string[] = [];
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
    names.push(this.download);
  });
  const download = () => {
    view.find(".ww-menu-button").click();
    [...view.root.querySelectorAll<HTMLElement>(".ww-menu-item")]
      .find((item) => item.textContent === "Download CSV")
      ?.click();
  };
  download();
  const named = JSON.stringify({ ...page(states.first.frame), name: "features.0 / a" });
  view.model.receive({ frame: { ...states.first.frame, page: toBytes(named) } });
  download();
  await expect.poll(() => names).toEqual(["statistics_of_0.csv", "statistics_of_features.0_a.csv"]);
});
