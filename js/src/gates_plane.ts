/** The eigenvalues of the gates in the complex plane, with the unit circle. */

import { linear, type Scale, weightTicks } from "./axis";
import { emOf, fit, type Palette } from "./canvas";
import type { Spectra } from "./gates_data";

const REACH = 1.08;
/** How far from a mark the pointer may be, in CSS pixels. */
const NEAR = 14;

export interface Point {
  gate: number;
  place: number;
}

export interface Plane {
  width: number;
  height: number;
  x: Scale;
  y: Scale;
  reach: number;
}

export interface Shown {
  /** The gate in front; null for all alike. */
  front: number | null;
  zoomed: boolean;
  read: Point | null;
}

/** Both axes alike; the unit circle is in sight unless the eigenvalues alone are enlarged. */
export function planeOf(spectra: Spectra, side: number, em: number, zoomed: boolean): Plane {
  // A gate that holds NaN has no radius.
  const radius = Math.max(0, ...spectra.radii.filter(Number.isFinite));
  const reach = (zoomed && radius > 0 ? radius : Math.max(1, radius)) * REACH;
  const [left, right] = [2.9 * em, side - 0.4 * em];
  const top = 0.4 * em;
  const [x, y] = [linear(-reach, reach, left, right), linear(reach, -reach, top, top + right - left)];
  return { width: side, height: Math.ceil(top + right - left + 1.6 * em), reach, x, y };
}

/** The points that can be read: of the gate in front, or of all. */
export function points(spectra: Spectra, front: number | null): Point[] {
  return spectra.real.flatMap((real, gate) =>
    front === null || front === gate ? Array.from(real, (_, place) => ({ gate, place })) : [],
  );
}

/** The point nearest to a place; null where none is near. */
export function pointAt(
  spectra: Spectra,
  plane: Plane,
  front: number | null,
  x: number,
  y: number,
): Point | null {
  let [best, least]: [Point | null, number] = [null, NEAR];
  for (const point of points(spectra, front)) {
    const [real, imag] = [
      spectra.real[point.gate]?.[point.place] ?? 0,
      spectra.imag[point.gate]?.[point.place] ?? 0,
    ];
    const distance = Math.hypot(plane.x(real) - x, plane.y(imag) - y);
    if (distance < least) [best, least] = [point, distance];
  }
  return best;
}

/** A disc, a square, a triangle or a diamond: the gates differ in shape as well as in colour. */
export function mark(
  context: CanvasRenderingContext2D,
  gate: number,
  x: number,
  y: number,
  size: number,
): void {
  context.beginPath();
  if (gate === 0) context.arc(x, y, size, 0, 2 * Math.PI);
  else if (gate === 1) context.rect(x - 0.85 * size, y - 0.85 * size, 1.7 * size, 1.7 * size);
  else {
    const corners =
      gate === 2
        ? [
            [0, -1.2],
            [1.1, 0.8],
            [-1.1, 0.8],
          ]
        : [
            [0, -1.3],
            [1.3, 0],
            [0, 1.3],
            [-1.3, 0],
          ];
    for (const [dx = 0, dy = 0] of corners) context.lineTo(x + dx * size, y + dy * size);
    context.closePath();
  }
}

function drawAxes(context: CanvasRenderingContext2D, plane: Plane, palette: Palette, em: number): void {
  const { x, y, reach } = plane;
  const [left, right, top, base] = [x(-reach), x(reach), y(reach), y(-reach)];
  context.fillStyle = palette.line;
  context.fillRect(left, Math.round(y(0)), right - left, 1);
  context.fillRect(Math.round(x(0)), top, 1, base - top);
  context.lineWidth = 1;
  context.strokeStyle = palette.line;
  context.strokeRect(left + 0.5, top + 0.5, right - left - 1, base - top - 1);
  context.fillStyle = palette.muted;
  context.textBaseline = "middle";
  context.textAlign = "center";
  for (const tick of weightTicks(-reach, reach, x, 4))
    context.fillText(tick.label, tick.position, base + 0.8 * em);
  context.textAlign = "right";
  for (const tick of weightTicks(-reach, reach, y, 4))
    context.fillText(tick.label === "0" ? "0" : `${tick.label}i`, left - 0.25 * em, tick.position);
}

/** The unit circle, over the marks: it is what they are to be seen against. */
function drawCircle(context: CanvasRenderingContext2D, { x, y, reach }: Plane, palette: Palette): void {
  context.save();
  context.beginPath();
  context.rect(x(-reach), y(reach), x(reach) - x(-reach), y(-reach) - y(reach));
  context.clip();
  for (const [color, width] of [
    [palette.surface, 4],
    [palette.text, 1.5],
  ] as const) {
    context.strokeStyle = color;
    context.lineWidth = width;
    context.beginPath();
    context.arc(x(0), y(0), x(1) - x(0), 0, 2 * Math.PI);
    context.stroke();
  }
  context.restore();
}

/** Draw all eigenvalues; those of other gates than the one in front fade. */
export function drawPlane(
  canvas: HTMLCanvasElement,
  spectra: Spectra,
  side: number,
  palette: Palette,
  colors: readonly string[],
  { front, zoomed, read }: Shown,
): Plane {
  const em = emOf(palette);
  const plane = planeOf(spectra, side, em, zoomed);
  const { context } = fit(canvas, plane.width, plane.height);
  context.font = palette.font.replace(/^\S+/, `${0.86 * em}px`);
  drawAxes(context, plane, palette, em);
  const count = spectra.real.reduce((sum, real) => sum + real.length, 0);
  const size = (count > 2000 ? 0.14 : 0.22) * em;
  const order = spectra.real.map((_, gate) => gate).sort((a, b) => Number(a === front) - Number(b === front));
  for (const gate of order) {
    context.globalAlpha = front !== null && gate !== front ? 0.16 : 0.8;
    context.fillStyle = colors[gate] ?? palette.text;
    spectra.real[gate]?.forEach((real, place) => {
      mark(context, gate, plane.x(real), plane.y(spectra.imag[gate]?.[place] ?? 0), size);
      context.fill();
    });
  }
  context.globalAlpha = 1;
  drawCircle(context, plane, palette);
  if (read) {
    context.strokeStyle = palette.text;
    context.lineWidth = 2;
    const [real, imag] = [
      spectra.real[read.gate]?.[read.place] ?? 0,
      spectra.imag[read.gate]?.[read.place] ?? 0,
    ];
    mark(context, 0, plane.x(real), plane.y(imag), 2.2 * size);
    context.stroke();
  }
  return plane;
}
