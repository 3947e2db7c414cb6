import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { opener } from "../src/statistics_how";
import type { How } from "../src/statistics_pages";
import { type Host, h, type Shared } from "../src/view";
import { press } from "./fake_model";

const how = (name: string): How => ({
  subject: `std of ${name}`,
  cell: { text: "1.2", exact: "1.25", formula: `√1.5625 = 1.25 ${name}`, code: `code(${name})` },
  meaning: "meaning",
  source: "source",
});

let abort: AbortController;
let body: HTMLElement;
let blocks: HTMLElement[];
let said: string[];
let known: Record<string, How | undefined>;
let panel: ReturnType<typeof opener>;

const button = (block: number) => blocks[block]?.querySelector("button") as HTMLButtonElement;
const element = () => body.querySelector<HTMLElement>(".ww-statistics-panel");
const text = (selector: string) => element()?.querySelector(selector)?.textContent;

beforeEach(() => {
  abort = new AbortController();
  body = document.body.appendChild(h("div"));
  blocks = [0, 1].map((column) =>
    body.appendChild(h("div", { "data-column": String(column) }, h("button", {}, "number"))),
  );
  said = [];
  known = { a: how("a"), b: how("b") };
  const host = {
    body,
    signal: abort.signal,
    announce: (sentence: string) => said.push(sentence),
    listen: (target: EventTarget, type: string, listener: (event: never) => void) =>
      target.addEventListener(type, listener as EventListener, { signal: abort.signal }),
  };
  panel = opener(host as unknown as Host<Shared>, blocks, (id) => known[id]);
});
afterEach(() => {
  abort.abort();
  body.remove();
});

test("the panel opens right after its block and says everything", () => {
  panel.open("a", button(1));
  expect(blocks[1]?.nextElementSibling).toBe(element());
  expect(element()?.dataset.column).toBe("1");
  expect(element()?.getAttribute("aria-label")).toBe("How std of a comes about");
  expect([text("strong"), text(".ww-statistics-exact")]).toEqual(["std of a", "1.25"]);
  expect(text(".ww-statistics-formula")).toBe("√1.5625 = 1.25 a");
  expect([text(".ww-statistics-source"), text("code")]).toEqual(["source", "code(a)"]);
  expect(said).toEqual(["√1.5625 = 1.25 a"]);
});

test("another number takes the panel over, the same number closes it", () => {
  panel.open("a", button(0));
  panel.open("b", button(1));
  expect(button(0).getAttribute("aria-expanded")).toBe("false");
  expect(button(1).getAttribute("aria-expanded")).toBe("true");
  expect(text("code")).toBe("code(b)");
  panel.open("b", button(1));
  expect(element()?.hidden).toBe(true);
});

test("nothing opens for what cannot be explained", () => {
  panel.open("nope", button(0));
  expect(element()).toBeNull();
});

test("an open panel shows the numbers of the moment, and hides when they are gone", () => {
  panel.open("a", button(0));
  button(1).focus();
  known.a = how("another");
  panel.refresh();
  expect(text("code")).toBe("code(another)");
  known.a = undefined;
  panel.refresh();
  expect(element()?.hidden).toBe(true);
  expect(document.activeElement).toBe(button(1));
});

test("Escape and the close button give the focus back", () => {
  for (const close of [
    () => press(element() as HTMLElement, "Escape"),
    () => element()?.querySelector<HTMLButtonElement>("header button")?.click(),
  ]) {
    panel.open("a", button(0));
    element()?.querySelector<HTMLElement>("code")?.focus();
    close();
    expect(element()?.hidden).toBe(true);
    expect(document.activeElement).toBe(button(0));
  }
});

test("the Python line is copied, or selected where copying is not allowed", async () => {
  const write = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValueOnce(undefined);
  panel.open("a", button(0));
  const copy = element()?.querySelector<HTMLButtonElement>(".ww-statistics-code button");
  copy?.click();
  await vi.waitFor(() => expect(said.at(-1)).toBe("Python line copied"));
  expect(write).toHaveBeenCalledWith("code(a)");
  write.mockRejectedValueOnce(new Error("not allowed"));
  copy?.click();
  await vi.waitFor(() => expect(said.at(-1)).toContain("selected"));
  expect(getSelection()?.toString()).toBe("code(a)");
  write.mockRestore();
});

describe("in a pane that scrolls", () => {
  beforeEach(() => {
    body.style.cssText = "height: 200px; overflow-y: auto";
    for (const block of blocks) block.style.height = "190px";
  });
  afterEach(() => vi.restoreAllMocks());

  const isInSight = () => {
    const [pane, place] = [body.getBoundingClientRect(), element()?.getBoundingClientRect()];
    return place !== undefined && place.top >= pane.top - 1 && place.bottom <= pane.bottom + 1;
  };

  test("an opened panel is scrolled into sight, and the focus stays with its number", async () => {
    panel.open("a", button(0));
    expect(document.activeElement).toBe(button(0));
    await expect.poll(isInSight).toBe(true);
    expect(body.scrollTop).toBeGreaterThan(0);
  });

  test("a reader who wants no motion gets there at once", () => {
    vi.spyOn(window, "matchMedia").mockReturnValue({ matches: true } as MediaQueryList);
    panel.open("b", button(1));
    expect(window.matchMedia).toHaveBeenCalledWith("(prefers-reduced-motion: reduce)");
    expect(isInSight()).toBe(true);
  });

  test("a panel that is in sight already moves nothing", async () => {
    for (const block of blocks) block.style.height = "20px";
    body.style.height = "600px";
    panel.open("a", button(0));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(body.scrollTop).toBe(0);
    expect(isInSight()).toBe(true);
  });
});
