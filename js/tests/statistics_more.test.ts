import { afterEach, beforeEach, expect, test } from "vitest";
import { hintAtMore } from "../src/statistics_more";
import { type Host, h, type Shared } from "../src/view";
import "../src/statistics.css";

let abort: AbortController;
let root: HTMLElement;
let content: HTMLElement;

const hint = () => root.querySelector<HTMLElement>(".ww-statistics-more");

beforeEach(() => {
  abort = new AbortController();
  content = h("div", {}, "numbers");
  root = document.body.appendChild(h("section", { class: "ww-view ww-statistics" }, content));
  root.style.cssText = "height: 200px; overflow-y: auto";
  content.style.height = "150px";
  const listen = (target: EventTarget, type: string, listener: EventListener) =>
    target.addEventListener(type, listener, { signal: abort.signal });
  hintAtMore({ root, listen, signal: abort.signal } as unknown as Host<Shared>);
});
afterEach(() => {
  abort.abort();
  root.remove();
});

test("a pane that shows everything has no hint", async () => {
  await expect.poll(() => hint()?.hidden).toBe(true);
});

test("there is a hint while more stands below, at the lower edge, and none at the end", async () => {
  content.style.height = "600px";
  await expect.poll(() => hint()?.hidden).toBe(false);
  const [pane, place] = [root.getBoundingClientRect(), hint()?.getBoundingClientRect()];
  expect(Math.abs((place?.bottom ?? 0) - pane.bottom)).toBeLessThanOrEqual(2);
  expect(place?.height).toBeGreaterThan(16);
  root.scrollTop = 600;
  await expect.poll(() => hint()?.hidden).toBe(true);
  root.scrollTop = 0;
  await expect.poll(() => hint()?.hidden).toBe(false);
});

test("a pane that grows, or content that shrinks, takes the hint away", async () => {
  content.style.height = "400px";
  await expect.poll(() => hint()?.hidden).toBe(false);
  root.style.height = "500px";
  await expect.poll(() => hint()?.hidden).toBe(true);
  root.style.height = "200px";
  await expect.poll(() => hint()?.hidden).toBe(false);
  content.style.height = "100px";
  await expect.poll(() => hint()?.hidden).toBe(true);
});

test("the hint takes no room and catches no pointer", async () => {
  content.style.height = "600px";
  await expect.poll(() => hint()?.hidden).toBe(false);
  const withHint = root.scrollHeight;
  hint()?.remove();
  expect(root.scrollHeight).toBe(withHint);
  root.append(h("div", { class: "ww-statistics-more" }));
  expect(getComputedStyle(hint() as HTMLElement).pointerEvents).toBe("none");
});
