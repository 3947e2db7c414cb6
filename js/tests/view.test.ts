import { afterEach, expect, test, vi } from "vitest";
import { choice, type Host, h, mount, type Shared, slider, toCsv, toggle } from "../src/view";
import { toBytes } from "../src/wire";
import { FakeModel, press, watchListeners } from "./fake_model";

interface State extends Shared {
  bins: number;
  layer: string;
}

const state = (): State => ({
  error: toBytes(""),
  notice: toBytes(""),
  size: "normal",
  picture_request: 0,
  png: {},
  bins: 5,
  layer: "a",
});

function open(build: (host: Host<State>) => void = () => undefined) {
  const model = new FakeModel<State>(state());
  const el = document.createElement("div");
  document.body.append(el);
  const parts = { kind: "test", label: "A view", exports: { name: () => "name" } };
  const close = mount({ model, el }, parts, build);
  const root = el.firstElementChild as HTMLElement;
  return { model, el, root, close };
}

afterEach(() => {
  document.body.replaceChildren();
  vi.restoreAllMocks();
});

test("an update runs at once and then once per message, with what changed", () => {
  const seen: string[][] = [];
  const { model } = open((host) => host.react(["bins", "layer"], (changed) => seen.push([...changed])));
  model.receive({ bins: 6, layer: "b" });
  model.receive({ size: "large" });
  model.receive({ layer: "c" });
  expect(seen).toEqual([["bins", "layer"], ["bins", "layer"], ["layer"]]);
});

test("no key leaves the view, where it would edit the notebook", () => {
  let heard = 0;
  document.body.addEventListener("keydown", () => {
    heard += 1;
  });
  const { root } = open();
  press(root, "d");
  press(root, "d");
  expect(heard).toBe(0);
});

test("errors, notices and the large size are shown, and text stays text", () => {
  const { model, root } = open();
  model.receive({ error: toBytes("<img src=x onerror=alert(1)>"), notice: toBytes("wait"), size: "large" });
  expect(root.querySelector(".ww-error")?.textContent).toBe("<img src=x onerror=alert(1)>");
  expect(root.querySelector("img")).toBeNull();
  expect(root.querySelector(".ww-notice")?.textContent).toBe("wait");
  expect(root.classList.contains("ww-large")).toBe(true);
});

test("a question of several traits is one message", () => {
  const { model } = open((host) => host.ask({ bins: 9, layer: "z" }));
  expect(model.messages).toEqual([{ bins: 9, layer: "z" }]);
});

test("a slider gives whole numbers within its bounds, by hand or typed", () => {
  const values: number[] = [];
  const { range, number, set } = slider("bins", (value) => values.push(value), new AbortController().signal);
  set(5, 1, 10);
  number.value = "99";
  number.dispatchEvent(new Event("change"));
  range.value = "7";
  range.dispatchEvent(new Event("input"));
  number.value = "";
  number.dispatchEvent(new Event("change"));
  expect(values).toEqual([10, 7]);
  set(0, 0, 0);
  expect(range.disabled).toBe(true);
});

test("a number that is being typed stands while its old value comes in again", () => {
  const values: number[] = [];
  const { number, set } = slider("bins", (value) => values.push(value), new AbortController().signal);
  set(5, 1, 10);
  number.value = "8";
  set(5, 1, 10);
  expect(number.value).toBe("8");
  number.dispatchEvent(new Event("change"));
  expect(values).toEqual([8]);
  // Nobody took the 8, so the 5 stands.
  expect(number.value).toBe("5");
  set(6, 1, 10);
  expect(number.value).toBe("6");
});

test("a toggle asks for the other state and shows the one that it is told", () => {
  const asked: boolean[] = [];
  const { element, set } = toggle("log", (pressed) => asked.push(pressed), new AbortController().signal);
  element.click();
  set(true);
  element.click();
  expect(asked).toEqual([true, false]);
  expect(element.getAttribute("aria-pressed")).toBe("true");
});

test("a choice gives the chosen value", () => {
  const chosen: string[] = [];
  const options = [
    ["a", "First"],
    ["b", "Second"],
  ] as const;
  const { select, set } = choice(
    "order",
    options,
    (value) => chosen.push(value),
    new AbortController().signal,
  );
  set("b");
  expect(select.selectedOptions[0]?.textContent).toBe("Second");
  select.value = "a";
  select.dispatchEvent(new Event("change"));
  expect(chosen).toEqual(["a"]);
});

test("a table as CSV is quoted where needed and holds no formula", () => {
  expect(
    toCsv([
      ["name", "count"],
      ['a,"b"', 3],
      ["=HYPERLINK(1)", -2],
    ]),
  ).toBe('name,count\r\n"a,""b""",3\r\n\'=HYPERLINK(1),-2\r\n');
});

test("a number may go beyond its slider, which then rests at its end", () => {
  const values: number[] = [];
  const made = slider("bins", (value) => values.push(value), new AbortController().signal);
  made.set(300, 1, 256, 4096);
  expect([made.range.value, made.number.value]).toEqual(["256", "300"]);
  made.number.value = "4000";
  made.number.dispatchEvent(new Event("change"));
  made.number.value = "17.6";
  made.number.dispatchEvent(new Event("change"));
  made.number.value = "-3";
  made.number.dispatchEvent(new Event("change"));
  expect(values).toEqual([4000, 18, 1]);
});

test("closing takes away every node, listener and observer", () => {
  const watch = watchListeners();
  const { model, el, close } = open((host) => {
    host.follow(() => undefined);
    host.react(["bins"], () => undefined);
    host.controls.append(toggle("t", () => undefined, host.signal).element, h("span"));
  });
  close();
  expect(watch.left()).toEqual([]);
  watch.stop();
  expect(model.listening).toBe(0);
  expect(el.childElementCount).toBe(0);
});
