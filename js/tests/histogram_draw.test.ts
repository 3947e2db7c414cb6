import { expect, test, vi } from "vitest";
import type { Palette } from "../src/canvas";
import { barColumns, barHeights, draw, type Plot, plotOf, type Scene, titled } from "../src/histogram_draw";
import { pixel } from "./fake_model";

const [WIDTH, HEIGHT] = [600, 250];
const BAR = [10, 20, 30, 255];
const colors: Palette = {
  text: "rgb(1 1 1)",
  muted: "rgb(2 2 2)",
  line: "rgb(3 3 3)",
  surface: "rgb(255 255 255)",
  accent: "rgb(0 0 200)",
  bar: "rgb(10 20 30)",
  overlay: "rgb(200 0 0)",
  band: "rgb(0 0 200 / 0.2)",
  font: "12px sans-serif",
};

function scene(counts: number[], more: Partial<Scene> = {}): Scene {
  const base = { low: 1, high: 2, overlay: null, overlayLabel: "", log: false, bin: null, band: null };
  return { ...base, counts: Float64Array.from(counts), ...more };
}

function drawn(given: Scene): { canvas: HTMLCanvasElement; plot: Plot; crowded: boolean } {
  const canvas = document.createElement("canvas");
  return { canvas, ...draw(canvas, WIDTH, HEIGHT, given, colors) };
}

/** How many pixels from the bottom up each column of the plot has the colour of bars. */
function columnHeights(canvas: HTMLCanvasElement, plot: Plot): number[] {
  const { left, right, bottom } = plot;
  const context = canvas.getContext("2d");
  const data = context?.getImageData(left, 0, right - left, bottom).data ?? [];
  return Array.from({ length: right - left }, (_, column) => {
    let height = 0;
    const at = (y: number) => 4 * ((bottom - 1 - y) * (right - left) + column);
    while (height < bottom && BAR.every((part, index) => data[at(height) + index] === part)) height++;
    return height;
  });
}

test("in a lecture hall lines are as thick as the letters are large", () => {
  const lines = [12, 20].map((size) => {
    const canvas = document.createElement("canvas");
    const given = scene([4, 0, 0, 1], { low: -1, high: 1, band: [0.25, 0.75] });
    const { plot } = draw(canvas, WIDTH, HEIGHT, given, { ...colors, font: `${size}px sans-serif` });
    const data = canvas.getContext("2d")?.getImageData(plot.left, plot.top, plot.right - plot.left, 1).data;
    const drawn = Array.from({ length: plot.right - plot.left }, (_, x) =>
      [0, 0, 200, 255].every((part, place) => data?.[4 * x + place] === part),
    );
    return [plot.line, drawn.filter(Boolean).length];
  });
  // The band has a line on either side.
  expect(lines).toEqual([
    [1, 2],
    [2, 4],
  ]);
});

/** The same numbers in every run. */
function someCounts(bins: number, seed: number): number[] {
  return Array.from({ length: bins }, (_, bin) => (bin * 7919 + seed * 104729) % 977);
}

test.for([1, 2, 7, 50, 255, 256])(
  "%i bars are as high as their counts within a pixel, without seams",
  (bins) => {
    for (const seed of [1, 2, 3]) {
      const counts = someCounts(bins, seed);
      const { canvas, plot } = drawn(scene(counts));
      const heights = columnHeights(canvas, plot);
      const most = Math.max(...counts);
      const x = barColumns(plot, bins);
      expect([x[0], x[bins]]).toEqual([plot.left, plot.right]);
      counts.forEach((count, bin) => {
        const expected = most > 0 ? (count / most) * (plot.bottom - plot.top) : 0;
        for (let column = x[bin] ?? 0; column < (x[bin + 1] ?? 0); column++)
          expect(Math.abs((heights[column - plot.left] ?? -9) - expected)).toBeLessThanOrEqual(1);
      });
    }
  },
);

test("with more bins than columns each column shows the highest of its bins", () => {
  const counts = someCounts(4096, 5);
  const { canvas, plot, crowded } = drawn(scene(counts));
  expect(crowded).toBe(true);
  const columns = plot.right - plot.left;
  const full = plot.bottom - plot.top;
  const highest = new Array<number>(columns).fill(0);
  counts.forEach((count, bin) => {
    const column = Math.floor((bin * columns) / counts.length);
    highest[column] = Math.max(highest[column] ?? 0, count);
  });
  const most = Math.max(...counts);
  columnHeights(canvas, plot).forEach((height, column) => {
    expect(Math.abs(height - ((highest[column] ?? 0) / most) * full)).toBeLessThanOrEqual(1);
  });
  expect(drawn(scene([1, 2])).crowded).toBe(false);
});

test("a single weight is seen beside a million, and an empty bin is empty", () => {
  const { canvas, plot } = drawn(scene([1_000_000, 1, 0]));
  const heights = columnHeights(canvas, plot);
  const x = barColumns(plot, 3);
  expect(heights[(x[1] ?? 0) - plot.left + 5]).toBe(1);
  expect(heights[(x[2] ?? 0) - plot.left + 5]).toBe(0);
});

test.each([false, true])(
  "bins that are all empty have no bar and no number that is none (log: %s)",
  (log) => {
    const write = vi.spyOn(CanvasRenderingContext2D.prototype, "fillText");
    const { canvas, plot } = drawn(scene([0, 0, 0], { log, overlay: Float64Array.of(0, 0, 0) }));
    const texts = write.mock.calls.map(([text]) => text);
    expect(write.mock.calls.flatMap(([, x, y]) => [x, y]).every(Number.isFinite)).toBe(true);
    write.mockRestore();
    expect(Math.max(...columnHeights(canvas, plot))).toBe(0);
    expect(texts).toContain("weight value");
    expect(texts.filter((text) => /NaN|∞/.test(text))).toEqual([]);
  },
);

test("a logarithmic axis begins at one half: equal factors are equal steps", () => {
  const plot = plotOf(WIDTH, HEIGHT, 1, 12);
  const full = plot.bottom - plot.top;
  const heights = [...barHeights(Float64Array.of(0, 1, 10, 100, 5e5), 5e5, plot, true)];
  expect(heights[0]).toBe(0);
  expect(heights[4]).toBe(full);
  const [, one = 0, ten = 0, hundred = 0] = heights;
  expect(one).toBe(Math.round((full * Math.log(2)) / Math.log(1e6)));
  expect(Math.abs(hundred - ten - (ten - one))).toBeLessThanOrEqual(1);
});

test("the outline's upper side stands at the filter's count on an axis of its own", () => {
  const { canvas, plot } = drawn(scene([100, 100], { overlay: Float64Array.of(1, 4) }));
  const full = plot.bottom - plot.top;
  const x = barColumns(plot, 2);
  const middle = Math.round(((x[0] ?? 0) + (x[1] ?? 0)) / 2);
  expect(pixel(canvas, middle, plot.bottom - Math.round(full / 4))).toEqual([200, 0, 0, 255]);
  expect(pixel(canvas, middle + full, plot.top)).toEqual([200, 0, 0, 255]);
});

test("the marked bin and the selected band stand where their bins are", () => {
  const { canvas, plot } = drawn(scene([4, 4, 4, 4], { bin: 2, band: [0.25, 0.5] }));
  const x = barColumns(plot, 4);
  const y = plot.bottom - 3;
  expect(pixel(canvas, (x[2] ?? 0) + 3, y)).toEqual([0, 0, 200, 255]);
  expect(pixel(canvas, (x[3] ?? 0) + 3, y)).toEqual(BAR);
  expect(pixel(canvas, x[1] ?? 0, y)).toEqual([0, 0, 200, 255]);
  expect(pixel(canvas, (x[1] ?? 0) - 1, y)).toEqual(BAR);
  expect(pixel(canvas, (x[2] ?? 0) - 1, y)).toEqual([0, 0, 200, 255]);
  expect(pixel(canvas, (x[1] ?? 0) + 9, y)).not.toEqual(BAR);
});

test("a line marks zero where zero is in the range, and only there", () => {
  const column = ({ canvas, plot }: ReturnType<typeof drawn>, x: number) =>
    Array.from({ length: plot.bottom - plot.top }, (_, y) => pixel(canvas, x, plot.top + y)[3] ?? 0);
  const around = drawn(scene([0, 0], { low: -1, high: 3 }));
  const zero = Math.round(around.plot.left + (around.plot.right - around.plot.left) / 4);
  expect(Math.max(...column(around, zero))).toBeGreaterThan(0);
  expect(Math.max(...column(drawn(scene([0, 0])), zero))).toBe(0);
});

test("bars stand on whole device pixels at any resolution", () => {
  for (const ratio of [1, 1.25, 1.5, 2, 3]) {
    const plot = plotOf(601, 250, ratio, 12);
    for (const length of [plot.left, plot.right, plot.top, plot.bottom]) expect(length % 1).toBe(0);
    const x = barColumns(plot, 77);
    expect([...x].every((place, bin) => bin === 0 || place >= (x[bin - 1] ?? 0))).toBe(true);
  }
});

test("the picture that is taken away has the title above the bars, on the theme's surface", () => {
  const { canvas } = drawn(scene([1, 2]));
  const picture = titled(canvas, "conv1", colors);
  expect(picture.width).toBe(canvas.width);
  const band = picture.height - canvas.height;
  expect(band).toBe(26);
  expect(pixel(picture, WIDTH - 1, 1)).toEqual([255, 255, 255, 255]);
  const title = picture.getContext("2d")?.getImageData(0, 0, 60, band).data ?? [];
  expect(Math.min(...title.filter((_, index) => index % 4 === 0))).toBeLessThan(100);
});
