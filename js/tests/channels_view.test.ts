import { afterEach, expect, test, vi } from "vitest";
import "../src/channels.css";
import channels from "../src/channels";
import { layOut, type Norm, readNorm, rowsOf } from "../src/channels_data";
import { channelSentence, crowdSentence, nearSentence } from "../src/channels_words";
import type { NormChannelsState } from "../src/state";
import { toBytes, toText } from "../src/wire";
import { nextFrame, pixel, point, press, type Shown, show, thaw, watchListeners } from "./fake_model";
import fixture from "./fixtures/channels.json";

const EM = 12;
const states = thaw<Record<"batch" | "hostile" | "odd", NormChannelsState>>(fixture);
const norm = readNorm(states.batch.frame) as Norm;
const HINT = "Point at a channel, or walk through them by arrow keys.";

let view: Shown<NormChannelsState>;

async function settle(): Promise<void> {
  for (let frame = 0; frame < 3; frame++) await nextFrame();
}

async function open(state: NormChannelsState, width = 700): Promise<void> {
  view = show(channels, state, width);
  await settle();
}

afterEach(() => {
  view.close();
  document.body.removeAttribute("data-jp-theme-light");
});

const canvas = () => view.find<HTMLCanvasElement>(".ww-channels-canvas");
const scroller = () => view.find(".ww-channels-window");
const text = (selector: string) => view.find(selector).textContent;
const layout = (rows = 4, em = EM) => layOut(rows, scroller().clientWidth, em);
const at = (x: number, y: number) =>
  pixel(canvas(), Math.floor(x * devicePixelRatio), Math.floor(y * devicePixelRatio));

/** The middle of a displayed place among `count`, in CSS pixels. */
const middle = (place: number, count = 12) =>
  layout().left + ((place + 0.5) / count) * (layout().right - layout().left);

/** The frame of a norm as Python sends it. */
function frameOf(scale: number[], near: number[] = []): NormChannelsState["frame"] {
  const array = (values: Float64Array) => ({
    shape: [values.length],
    dtype: "float64",
    data: new DataView(values.buffer as ArrayBuffer),
  });
  const order = [...scale.keys()].sort((a, b) => Math.abs(scale[a] ?? 0) - Math.abs(scale[b] ?? 0));
  return {
    title: toBytes("ln"),
    scale: array(Float64Array.from(scale)),
    shift: null,
    running_mean: null,
    running_var: null,
    order: array(Float64Array.from(order)),
    near_zero: array(Float64Array.from(near)),
    median: array(Float64Array.of(1)),
    limit: array(Float64Array.of(0.1)),
    threshold: array(Float64Array.of(0.1)),
    notes: toBytes("[]"),
  };
}

test("a channel that the next norm does not have is not spoken of", async () => {
  await open(states.batch);
  point(canvas(), "pointermove", middle(11), 20);
  expect(text(".ww-caption")).toBe(channelSentence(norm, 11));
  view.model.receive({ frame: states.hostile.frame });
  expect(text(".ww-caption")).toBe(HINT);
  expect(view.find("[role=option]").getAttribute("aria-selected")).toBe("false");
  press(scroller(), "ArrowRight");
  expect(text(".ww-caption")).toMatch(/^channel 0: scale 1, shift 0$/);
});

test("a channel that is still there is read anew when the weights change", async () => {
  await open({ ...states.batch, frame: frameOf([1, 2, 3]) });
  press(scroller(), "End");
  expect(text(".ww-caption")).toBe("channel 2: scale 3");
  view.model.receive({ frame: frameOf([1, 2, -0.01], [2]) });
  expect(text(".ww-caption")).toBe("channel 2: scale −0.01; near zero");
  expect(view.find(".ww-channels-near").classList.contains("ww-found")).toBe(true);
});

test("another norm is read from its beginning", async () => {
  await open(states.batch);
  for (const key of ["ArrowRight", "ArrowRight", "ArrowRight"]) press(scroller(), key);
  view.model.receive({ layer: states.hostile.layer, frame: states.hostile.frame });
  expect(text(".ww-caption")).toBe(HINT);
  expect(view.find<HTMLSelectElement>("select[aria-label=norm]").value).toBe("<i>");
});

test.each([
  ["PageDown", 9],
  ["End", 11],
  ["Home", 0],
  ["PageUp", 0],
  ["ArrowLeft", 0],
])("from nowhere, %s leads to channel %i", async (key, channel) => {
  await open(states.batch);
  expect(press(scroller(), key).defaultPrevented).toBe(true);
  expect(text(".ww-live[role=status]")).toBe(channelSentence(norm, channel));
});

test("a page is ten channels, or a tenth of all", async () => {
  await open({ ...states.batch, frame: frameOf(Array.from({ length: 501 }, (_, index) => index)) });
  for (const key of ["Home", "PageDown", "PageDown", "PageUp"]) press(scroller(), key);
  expect(text(".ww-caption")).toBe("channel 50: scale 50");
  view.model.receive({ frame: frameOf(Array.from({ length: 60 }, (_, index) => index)) });
  press(scroller(), "PageUp");
  expect(text(".ww-caption")).toBe("channel 40: scale 40");
});

test("keys walk along the order that is shown, and keep their channel when it changes", async () => {
  await open({ ...states.batch, order: "scale" });
  const walked: string[] = [];
  for (let step = 0; step < 3; step++) {
    press(scroller(), "ArrowRight");
    walked.push(text(".ww-caption") ?? "");
  }
  expect(walked).toEqual([...norm.order.slice(0, 3)].map((channel) => channelSentence(norm, channel)));
  view.model.receive({ order: "index" });
  expect(text(".ww-caption")).toBe(walked[2]);
  press(scroller(), "ArrowLeft");
  expect(text(".ww-caption")).toBe(channelSentence(norm, (norm.order[2] ?? 0) - 1));
});

test("keys with a modifier stay the browser's, and no key reaches the notebook", async () => {
  await open(states.batch);
  const heard = vi.fn();
  document.addEventListener("keydown", heard);
  for (const modifier of ["ctrlKey", "altKey", "metaKey"])
    expect(press(scroller(), "ArrowRight", { [modifier]: true }).defaultPrevented).toBe(false);
  expect(press(scroller(), "d").defaultPrevented).toBe(false);
  document.removeEventListener("keydown", heard);
  expect(heard).not.toHaveBeenCalled();
  expect(text(".ww-caption")).toBe(HINT);
});

test("the channel that is read is framed through all charts, and no longer when the pointer leaves", async () => {
  await open(states.batch);
  const accent = [0x0b, 0x62, 0xc4];
  const edge = Math.round(middle(4) - (layout().right - layout().left) / 24);
  const framed = () => {
    const { data } = canvas()
      .getContext("2d")
      ?.getImageData(
        Math.floor((edge - 2) * devicePixelRatio),
        0,
        Math.ceil(4 * devicePixelRatio),
        canvas().height,
      ) ?? { data: [] };
    const rows = new Set<number>();
    for (let place = 0; place < data.length; place += 4) {
      // Between two columns of pixels the line is half of each.
      const blue = (data[place + 2] ?? 0) - (data[place] ?? 0);
      if (blue > ((accent[2] ?? 0) - (accent[0] ?? 0)) / 3) rows.add(Math.floor(place / 4 / 4));
    }
    return rows.size / canvas().height;
  };
  expect(framed()).toBe(0);
  point(canvas(), "pointermove", middle(4), 20);
  expect(framed()).toBeGreaterThan(0.9);
  point(canvas(), "pointerleave", 0, 0);
  expect(framed()).toBe(0);
});

test("beside the bars no channel is read", async () => {
  await open(states.batch);
  for (const x of [layout().left - 2, layout().right + 2]) {
    point(canvas(), "pointermove", middle(3), 20);
    expect(text(".ww-caption")).toContain("channel 3");
    point(canvas(), "pointermove", x, 20);
    expect(text(".ww-caption")).toBe(HINT);
  }
});

test.each([0.07, 0.29, 0.57])("a share of %f that Python set is offered as it is written", async (share) => {
  await open({ ...states.batch, threshold: share });
  const select = view.find<HTMLSelectElement>("select[aria-label='near zero']");
  expect(select.selectedOptions[0]?.text).toBe(`${Math.round(100 * share)}% of the median`);
  expect(select.value).toBe(String(share));
  view.model.receive({ threshold: 0.5 });
  expect([...select.options].map(({ value }) => value)).toEqual(["0.01", "0.05", "0.1", "0.25", "0.5"]);
});

test("more channels than pixels are said, and each can still be read", async () => {
  await open({ ...states.batch, frame: frameOf(Array.from({ length: 4096 }, (_, index) => index)) });
  const pixels = Math.round((layout(1).right - layout(1).left) * devicePixelRatio);
  expect(text(".ww-caption")).toBe(crowdSentence(4096, pixels));
  press(scroller(), "End");
  press(scroller(), "ArrowLeft");
  expect(text(".ww-caption")).toBe("channel 4094: scale 4094");
});

test("one channel near zero among thousands is seen", async () => {
  const scale = Array<number>(4096).fill(1);
  scale[2048] = 0.001;
  await open({ ...states.batch, frame: frameOf(scale, [2048]) });
  const column = Math.floor(middle(2048, 4096) * devicePixelRatio);
  const base = Math.round((layout(1).top + layout(1).plot) * devicePixelRatio);
  const colors = [-1, 0, 1].map((aside) => pixel(canvas(), column + aside, base - 1).join());
  expect(colors).toContain("194,65,12,255");
  expect(text(".ww-channels-near")).toContain("1 of 4,096 channels (2048)");
});

test("another theme is drawn at once", async () => {
  await open(states.batch);
  const base = layout().top + layout().plot - 2;
  expect(at(middle(0), base)).toEqual([0x8a, 0x97, 0xa6, 255]);
  document.body.setAttribute("data-jp-theme-light", "false");
  view.root.style.setProperty("--ww-surface", "rgb(17 17 17)");
  await settle();
  expect(at(middle(0), base)).toEqual([0x7d, 0x88, 0x96, 255]);
  expect(at(2, 2)).toEqual([17, 17, 17, 255]);
});

test("the drawing follows the width and the size of the letters", async () => {
  await open(states.batch);
  const wide = canvas().clientWidth;
  view.el.style.width = "500px";
  await settle();
  expect(canvas().clientWidth).toBe(wide - 200);
  point(canvas(), "pointermove", middle(10), 20);
  expect(text(".ww-caption")).toBe(channelSentence(norm, 10));
  view.model.receive({ size: "large" });
  await settle();
  expect(canvas().clientHeight).toBe(layout(4, 20).height);
});

test.each([
  [320, "normal"],
  [500, "large"],
  [900, "large"],
] as const)("nothing is wider than a view of %i pixels in %s size", async (width, size) => {
  await open({ ...states.batch, size }, width);
  expect(view.root.scrollWidth).toBeLessThanOrEqual(view.root.clientWidth);
});

test("a layer that is no norm is told by a sentence, and its norms stay to choose from", async () => {
  await open({ ...states.batch, frame: {}, error: toBytes("This layer is no norm.") });
  expect(text(".ww-error")).toBe("This layer is no norm.");
  expect([text(".ww-title"), text(".ww-channels-near"), text(".ww-channels-notes")]).toEqual([
    "Norm ",
    "",
    "",
  ]);
  expect(getComputedStyle(scroller()).display).toBe("none");
  expect(press(scroller(), "ArrowRight").defaultPrevented).toBe(false);
  view.model.receive({ frame: states.batch.frame, error: toBytes("") });
  await settle();
  expect(text(".ww-title")).toBe("bn 12 channels");
  expect(at(middle(0), layout().top + layout().plot - 2)).toEqual([0x8a, 0x97, 0xa6, 255]);
});

test("a model without norms offers none", async () => {
  const listing = { names: toBytes("[]"), labels: toBytes("[]") };
  await open({ ...states.batch, listing, frame: {} });
  expect(view.find<HTMLSelectElement>("select[aria-label=norm]").options).toHaveLength(0);
  view.model.receive({ listing: {} });
  expect(view.find<HTMLSelectElement>("select[aria-label=norm]").options).toHaveLength(0);
});

test.each(["index", "scale"] as const)("the numbers that are copied stand by %s, in full", async (order) => {
  await open({ ...states.batch, order });
  const write = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
  const items = [...view.root.querySelectorAll<HTMLElement>(".ww-menu-item")];
  items.find(({ textContent }) => textContent === "Copy numbers")?.click();
  const [head, ...lines] = String(write.mock.calls[0]?.[0]).trimEnd().split("\r\n");
  write.mockRestore();
  expect(head).toBe("channel,scale,shift,running_mean,running_var,near_zero");
  const shown = order === "scale" ? [...norm.order] : [...norm.scale.keys()];
  expect(lines).toEqual(
    shown.map((channel) =>
      [channel, ...rowsOf(norm).map(([row]) => norm[row]?.[channel]), norm.near.has(channel) ? 1 : 0].join(),
    ),
  );
});

test("two displays of one model show the same norm, each with its own pointer", async () => {
  await open(states.batch);
  const el = document.createElement("div");
  document.body.append(el);
  const close = channels.render({ model: view.model, el });
  point(canvas(), "pointermove", middle(7), 20);
  expect(el.querySelector(".ww-caption")?.textContent).not.toBe(text(".ww-caption"));
  const select = el.querySelector<HTMLSelectElement>("select[aria-label=norm]");
  if (select) select.value = "odd";
  select?.dispatchEvent(new Event("change"));
  expect(view.model.messages.map(({ layer }) => toText(layer))).toEqual(["odd"]);
  expect(view.find<HTMLSelectElement>("select[aria-label=norm]").value).toBe("odd");
  expect(el.querySelector(".ww-channels-near")?.textContent).toBe(nearSentence(norm));
  close();
  el.remove();
});

test("a view that is closed before it is drawn draws nothing more, and nothing of it is left", async () => {
  const watch = watchListeners();
  await open(states.batch);
  const drawn = canvas().toDataURL();
  const sheet = canvas();
  view.model.receive({ frame: states.odd.frame });
  view.close();
  await settle();
  expect(sheet.toDataURL()).toBe(drawn);
  expect(view.model.listening).toBe(0);
  expect(watch.left()).toEqual([]);
  watch.stop();
});
