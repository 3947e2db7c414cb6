import { expect, test } from "vitest";
import { palette } from "../src/canvas";
import { drawPlane, mark, planeOf, pointAt, points } from "../src/gates_plane";
import { pixel } from "./fake_model";
import { read, states } from "./gates_fixture";

const { spectra } = read(states.first);
const colors = ["#ff0000", "#00ff00", "#0000ff", "#ff00ff"];
const ALL = { front: null, zoomed: false, read: null };
const inks = {
  ...palette(document.body),
  font: "12px sans-serif",
  surface: "#ffffff",
  line: "#ffffff",
  muted: "#888888",
  text: "#000000",
};

test("both axes are alike, and unit circle and all eigenvalues are in sight", () => {
  const plane = planeOf(spectra, 336, 12, false);
  expect(plane.x(1) - plane.x(0)).toBeCloseTo(plane.y(0) - plane.y(1), 9);
  expect(plane.reach).toBeCloseTo(4 * 1.08, 9);
  const small = planeOf({ ...spectra, radii: Float64Array.of(0.1, Number.NaN, 0.2, 0.05) }, 336, 12, false);
  expect(small.reach).toBeCloseTo(1.08, 9);
});

test("zoomed, the plane ends with the eigenvalues; where all are 0 there is nothing to zoom to", () => {
  const small = { ...spectra, radii: Float64Array.of(0.1, Number.NaN, 0.2, 0.05) };
  expect(planeOf(small, 336, 12, true).reach).toBeCloseTo(0.2 * 1.08, 9);
  expect(planeOf({ ...spectra, radii: Float64Array.of(0) }, 336, 12, true).reach).toBeCloseTo(1.08, 9);
});

test("all points can be read, or those of the gate in front", () => {
  expect(points(spectra, null).length).toBe(8);
  expect(points(spectra, 2)).toEqual([
    { gate: 2, place: 0 },
    { gate: 2, place: 1 },
  ]);
});

test("the nearest point is found where it is near enough", () => {
  const plane = planeOf(spectra, 336, 12, false);
  expect(pointAt(spectra, plane, null, plane.x(0) + 3, plane.y(-2.25) - 2)).toEqual({ gate: 2, place: 1 });
  expect(pointAt(spectra, plane, null, plane.x(2), plane.y(0))).toBeNull();
  expect(pointAt(spectra, plane, 0, plane.x(0), plane.y(-2.25))).toBeNull();
});

test("every eigenvalue is marked where it is, in the colour of its gate", () => {
  const canvas = document.createElement("canvas");
  const plane = drawPlane(canvas, spectra, 336, inks, colors, ALL);
  for (const [gate, height] of [
    [0, 0.25],
    [2, 2.25],
    [3, 4],
  ] as const)
    for (const sign of [1, -1]) {
      const found = pixel(canvas, Math.round(plane.x(0)), Math.round(plane.y(sign * height)));
      const wanted = { 0: [255, 0, 0], 2: [0, 0, 255], 3: [255, 0, 255] }[gate];
      wanted.forEach((value, channel) => {
        expect(Math.abs((found[channel] ?? 0) - value)).toBeLessThan(70);
      });
    }
});

test("the unit circle stands over the marks", () => {
  const canvas = document.createElement("canvas");
  const plane = drawPlane(canvas, spectra, 336, inks, colors, ALL);
  const [x, y] = [plane.x(Math.SQRT1_2), plane.y(Math.SQRT1_2)];
  let darkest = 255;
  for (const dx of [-1, 0, 1])
    for (const dy of [-1, 0, 1]) {
      const [red = 255, , , alpha = 0] = pixel(canvas, Math.round(x) + dx, Math.round(y) + dy);
      if (alpha > 200) darkest = Math.min(darkest, red);
    }
  expect(darkest).toBeLessThan(120);
});

test("a gate in front fades the others, and what is read is ringed", () => {
  const [all, front, ringed] = [0, 1, 2].map(() => document.createElement("canvas")) as [
    HTMLCanvasElement,
    HTMLCanvasElement,
    HTMLCanvasElement,
  ];
  const plane = drawPlane(all, spectra, 336, inks, colors, ALL);
  drawPlane(front, spectra, 336, inks, colors, { ...ALL, front: 3 });
  drawPlane(ringed, spectra, 336, inks, colors, { ...ALL, front: 3, read: { gate: 3, place: 0 } });
  const at = (canvas: HTMLCanvasElement, height: number) =>
    pixel(canvas, Math.round(plane.x(0)), Math.round(plane.y(height)))[1] ?? 0;
  expect(at(front, 2.25)).toBeGreaterThan(180);
  expect(at(all, 2.25)).toBeLessThan(100);
  expect(at(front, 4)).toBeLessThan(100);
  expect(ringed.toDataURL()).not.toBe(front.toDataURL());
});

test("a gate without eigenvalues has no mark and no point", () => {
  const none = {
    ...spectra,
    real: [new Float64Array(), ...spectra.real.slice(1)],
    imag: [new Float64Array(), ...spectra.imag.slice(1)],
  };
  expect(points(none, null).length).toBe(6);
  const canvas = document.createElement("canvas");
  const plane = drawPlane(canvas, none, 336, inks, colors, ALL);
  expect(pointAt(none, plane, null, plane.x(0), plane.y(0.25))).toBeNull();
});

test("an enlarged unit circle stays within the axes", () => {
  const canvas = document.createElement("canvas");
  const plane = drawPlane(
    canvas,
    { ...spectra, radii: Float64Array.of(0.8), real: [Float64Array.of(0.8)], imag: [Float64Array.of(0)] },
    336,
    inks,
    colors,
    { ...ALL, zoomed: true },
  );
  const left = Math.floor(plane.x(-plane.reach));
  for (let y = 0; y < plane.y(-plane.reach); y += 3) {
    const [red = 255, , , alpha = 0] = pixel(canvas, left - 2, y);
    expect(alpha > 200 && red < 60).toBe(false);
  }
});

test("the marks of the gates differ in shape, not in colour alone", () => {
  const shapes = [0, 1, 2, 3].map((gate) => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [40, 40];
    const context = canvas.getContext("2d") as CanvasRenderingContext2D;
    mark(context, gate, 20, 20, 12);
    context.fill();
    const inside = (x: number, y: number) => (pixel(canvas, x, y)[3] ?? 0) > 128;
    return [inside(20, 20), inside(29, 11), inside(20, 7), inside(31, 28)];
  });
  expect(shapes).toEqual([
    [true, false, false, false],
    [true, true, false, false],
    [true, false, true, true],
    [true, false, true, false],
  ]);
});

test("of two near points the nearer is read, and with none in sight nothing", () => {
  const close = {
    ...spectra,
    real: [Float64Array.of(1, 1.1)],
    imag: [Float64Array.of(0, 0)],
    radii: Float64Array.of(1.1),
  };
  const plane = planeOf(close, 336, 12, false);
  expect(pointAt(close, plane, null, plane.x(1.04), plane.y(0))).toEqual({ gate: 0, place: 0 });
  expect(pointAt(close, plane, null, plane.x(1.06), plane.y(0))).toEqual({ gate: 0, place: 1 });
  expect(pointAt({ ...close, real: [], imag: [] }, plane, null, plane.x(1), plane.y(0))).toBeNull();
});

test("what is read is ringed where it is, and nowhere else", () => {
  const [plain, ringed] = [document.createElement("canvas"), document.createElement("canvas")];
  const plane = drawPlane(plain, spectra, 336, inks, colors, ALL);
  drawPlane(ringed, spectra, 336, inks, colors, { ...ALL, read: { gate: 3, place: 1 } });
  const changed: number[] = [];
  const context = [plain, ringed].map((one) =>
    one.getContext("2d")?.getImageData(0, 0, one.width, one.height),
  );
  const [before, after] = context.map((image) => image?.data ?? new Uint8ClampedArray());
  for (let at = 0; at < (before?.length ?? 0); at += 4)
    if (before?.[at] !== after?.[at] || before?.[at + 3] !== after?.[at + 3]) changed.push(at / 4);
  expect(changed.length).toBeGreaterThan(20);
  for (const at of changed) {
    const [x, y] = [(at % plain.width) / devicePixelRatio, Math.floor(at / plain.width) / devicePixelRatio];
    expect(Math.hypot(x - plane.x(0), y - plane.y(-4))).toBeLessThan(9);
  }
});
