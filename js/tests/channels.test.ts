import { afterEach, beforeEach, expect, test } from "vitest";
import "../src/channels.css";
import channels from "../src/channels";
import {
  barEdges,
  channelAt,
  layOut,
  type Norm,
  placeAt,
  placeOf,
  type Row,
  readListing,
  readNorm,
  rowsOf,
  spanOf,
} from "../src/channels_data";
import { channelSentence, crowdSentence, nearSentence } from "../src/channels_words";
import { notANumber } from "../src/color";
import type { NormChannelsState } from "../src/state";
import { toText } from "../src/wire";
import { nextFrame, pixel, point, press, type Shown, show, thaw, watchListeners } from "./fake_model";
import fixture from "./fixtures/channels.json";

const EM = 12;
const BAR = [0x8a, 0x97, 0xa6, 255];
const NEAR = [0xc2, 0x41, 0x0c, 255];
const states = thaw<Record<"batch" | "hostile" | "odd", NormChannelsState>>(fixture);
const norm = readNorm(states.batch.frame) as Norm;

let view: Shown<NormChannelsState>;

const settle = async () => {
  await nextFrame();
  await nextFrame();
};

beforeEach(async () => {
  view = show(channels, states.batch, 700);
  await settle();
});
afterEach(() => view.close());

const canvas = () => view.find<HTMLCanvasElement>(".ww-channels-canvas");
const scroller = () => view.find(".ww-channels-window");
const caption = () => view.find(".ww-caption").textContent;
const layout = (rows = 4) => layOut(rows, scroller().clientWidth, EM);
const middle = (place: number) =>
  layout().left + ((place + 0.5) / norm.scale.length) * (layout().right - layout().left);
const same = (left: number[], right: number[]) => left.every((part, index) => part === right[index]);

/** Device pixels of a colour in the middle of a bar of one chart. */
function drawnHeight(chart: number, place: number, color: number[]): number {
  const ratio = devicePixelRatio;
  const edges = barEdges(layout(), norm.scale.length, ratio);
  const x = Math.floor(((edges[place] ?? 0) + (edges[place + 1] ?? 0)) / 2);
  const top = Math.round((chart * layout().step + layout().top) * ratio);
  let drawn = 0;
  for (let y = top - 1; y <= top + layout().plot * ratio; y++)
    if (same(pixel(canvas(), x, y), color)) drawn += 1;
  return drawn;
}

test("every bar is as high as its number, in all four charts", () => {
  const rows = rowsOf(norm);
  expect(rows.map(([row]) => row)).toEqual(["scale", "shift", "running_mean", "running_var"]);
  rows.forEach(([row], chart) => {
    const values = norm[row as Row] as Float64Array;
    const [low, high] = spanOf(values);
    values.forEach((value, channel) => {
      const exact = (Math.abs(value) / (high - low)) * layout().plot * devicePixelRatio;
      const color = norm.near.has(channel) ? NEAR : BAR;
      const least = value === 0 ? 0 : 1;
      expect(Math.abs(drawnHeight(chart, channel, color) - Math.max(exact, least))).toBeLessThanOrEqual(1);
    });
  });
});

test("channels near zero are pointed out by count and index", () => {
  expect(view.find(".ww-channels-near").textContent).toBe(nearSentence(norm));
  expect(nearSentence(norm)).toMatch(
    /^Near zero, within 10% of the median magnitude 0\.8: 2 of 12 channels \(3, 7\)\.$/,
  );
  const below = Math.round((layout().top + layout().plot + 0.5 * EM) * devicePixelRatio);
  const marked = norm.scale.map((_, place) =>
    Number(same(pixel(canvas(), Math.round(middle(place) * devicePixelRatio), below), NEAR)),
  );
  expect([...marked]).toEqual([0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0]);
  const crowd = { ...norm, near: new Set(Array.from({ length: 30 }, (_, index) => index)) };
  expect(nearSentence(crowd)).toContain("22, 23 and 6 more");
});

test("by scale the channels stand in the order of their magnitude", async () => {
  const select = view.find<HTMLSelectElement>("select[aria-label='order by']");
  select.value = "scale";
  select.dispatchEvent(new Event("change"));
  await settle();
  expect(view.model.messages).toEqual([{ order: "scale" }]);
  const magnitudes = Array.from(norm.scale, (_, place) =>
    Math.abs(norm.scale[channelAt(norm, "scale", place)] ?? 0),
  );
  expect(magnitudes).toEqual([...magnitudes].sort((left, right) => left - right));
  for (let channel = 0; channel < 12; channel++)
    expect(channelAt(norm, "scale", placeOf(norm, "scale", channel))).toBe(channel);
  point(canvas(), "pointermove", middle(0), 20);
  expect(caption()).toBe(channelSentence(norm, 3));
});

test("a channel is read by pointing at it, and by arrow keys", () => {
  point(canvas(), "pointermove", middle(7), 20);
  expect(caption()).toBe(
    "channel 7: scale −0.02, shift 0.2727, running mean 7, running variance 1; near zero",
  );
  point(canvas(), "pointerleave", 0, 0);
  expect(caption()).toContain("arrow keys");
  for (const key of ["ArrowRight", "ArrowRight", "ArrowLeft", "ArrowLeft"]) press(scroller(), key);
  expect(caption()).toBe(channelSentence(norm, 0));
  press(scroller(), "End");
  expect(view.find(".ww-live[role=status]").textContent).toBe(channelSentence(norm, 11));
  expect(view.find("[role=option]").getAttribute("aria-label")).toBe(channelSentence(norm, 11));
  expect(view.model.messages).toEqual([]);
});

test("another norm and another threshold are asked for", () => {
  const layer = view.find<HTMLSelectElement>("select[aria-label=norm]");
  expect([...layer.options].map(({ text }) => text)).toEqual(["bn", "<i>", "odd"]);
  layer.value = "odd";
  layer.dispatchEvent(new Event("change"));
  const near = view.find<HTMLSelectElement>("select[aria-label='near zero']");
  near.value = "0.25";
  near.dispatchEvent(new Event("change"));
  const [first, second] = view.model.messages;
  expect(toText(first?.layer)).toBe("odd");
  expect(second).toEqual({ threshold: 0.25 });
  view.model.receive({ threshold: 0.33 });
  expect(near.selectedOptions[0]?.text).toBe("33% of the median");
});

test("a norm without statistics has two charts, and a hostile name stays text", async () => {
  view.close();
  view = show(channels, states.hostile, 700);
  await settle();
  expect(view.find(".ww-title").textContent).toBe("<i> 5 channels");
  expect(view.root.querySelector("i")).toBeNull();
  expect(canvas().height).toBe(Math.round(layout(2).height * devicePixelRatio));
  expect(view.find(".ww-channels-near").classList.contains("ww-found")).toBe(false);
  expect(readListing(states.hostile.listing).names).toEqual(["bn", "<i>", "odd"]);
});

test("what is no number has its own colour over the whole chart", async () => {
  view.close();
  view = show(channels, states.odd, 700);
  await settle();
  const { left, right, step, top, plot } = layout(2);
  const x = Math.round((left + (1.5 / 4) * (right - left)) * devicePixelRatio);
  for (const share of [0.1, 0.9]) {
    const y = Math.round((step + top + share * plot) * devicePixelRatio);
    expect(pixel(canvas(), x, y).slice(0, 3)).toEqual([...notANumber]);
  }
  expect(view.find(".ww-channels-notes").textContent).toContain("NaN or infinite among scale and shift: 1.");
});

test("an error leaves the choice of norms and draws nothing", () => {
  view.model.receive({ frame: {} });
  expect(scroller().hidden).toBe(true);
  expect(caption()).toBe("");
  expect(view.find<HTMLSelectElement>("select[aria-label=norm]").options).toHaveLength(3);
});

test("places and edges cover the plot without gaps, also where channels outnumber pixels", () => {
  const plan = layOut(1, 300, EM);
  const edges = barEdges(plan, 4096, 1);
  expect(edges).toHaveLength(4097);
  expect(new Set(edges).size).toBe(plan.right - plan.left + 1);
  expect(placeAt(plan, 4096, plan.left)).toBe(0);
  expect(placeAt(plan, 4096, plan.right - 0.01)).toBe(4095);
  expect(placeAt(plan, 4096, plan.left - 1)).toBeNull();
  expect(crowdSentence(4096, 240)).toBe("4,096 channels on 240 pixels: bars of neighbours overlap.");
  expect(crowdSentence(64, 240)).toBe("");
});

test("zero stands on every axis", () => {
  expect(spanOf(Float64Array.of(2, 3))).toEqual([0, 3]);
  expect(spanOf(Float64Array.of(-2, Number.NaN))).toEqual([-2, 0]);
  expect(spanOf(Float64Array.of(0, 0))).toEqual([0, 1]);
});

test("nothing is left behind", async () => {
  const watch = watchListeners();
  const other = show(channels, states.batch);
  await settle();
  other.close();
  expect(watch.left()).toEqual([]);
  watch.stop();
});
