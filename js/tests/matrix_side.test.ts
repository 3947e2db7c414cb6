import { expect, test } from "vitest";
import { formatWeight } from "../src/axis";
import { palette } from "../src/canvas";
import { diverging, notANumber, positiveInfinity, tableColor } from "../src/color";
import type { Row } from "../src/matrix_data";
import { colors } from "../src/matrix_paint";
import { Side } from "../src/matrix_side";
import { pixel } from "./fake_model";
import { dataOf, frameOf, state } from "./matrix_page";

const row = (): Row => {
  const found = dataOf(state("small")).row;
  if (!found) throw new Error("no row is in hand");
  return found;
};

function drawn(changes: Partial<Row> | null, frame = frameOf("small")): Side {
  const side = new Side();
  document.body.append(side.element);
  side.draw(frame, changes && { ...row(), ...changes }, {
    ...palette(document.body),
    font: "12px sans-serif",
  });
  side.element.remove();
  return side;
}

const canvas = (side: Side, name: string) => {
  const found = side.element.querySelector<HTMLCanvasElement>(`.ww-matrix-${name}`);
  if (!found) throw new Error(`there is no ${name}`);
  return found;
};

test("every weight of the image is a square in its colour", () => {
  const image = row().image;
  if (!image) throw new Error("the row has no image");
  const picture = canvas(drawn({}), "image");
  const scale = picture.width / 4;
  const painted = colors(image);
  for (let index = 0; index < 12; index++) {
    const [x, y] = [(index % 4) + 0.5, Math.floor(index / 4) + 0.5];
    expect(pixel(picture, Math.floor(x * scale), Math.floor(y * scale))).toEqual([
      ...painted.slice(4 * index, 4 * index + 4),
    ]);
  }
});

test("channels stand below each other with a gap, and what is pooled says so", () => {
  const levels = Uint8Array.from([1, 255, 128, 1, 255, 128]);
  const values = Float32Array.from([-1, 1, 0, -1, 1, 0]);
  const image = {
    levels,
    values,
    height: 1,
    width: 2,
    nonfinite: false,
    depth: 3,
    block: 4,
    shape: "3 × 4 × 8",
  };
  const side = drawn({ image });
  const picture = canvas(side, "image");
  const scale = picture.width / 2;
  const gap = (picture.height - 3 * scale) / 2;
  expect(gap).toBe(2 * window.devicePixelRatio);
  for (let channel = 0; channel < 3; channel++)
    for (let column = 0; column < 2; column++) {
      const [x, y] = [(column + 0.5) * scale, channel * (scale + gap) + scale / 2];
      const level = levels[2 * channel + column] ?? 0;
      expect(pixel(picture, Math.floor(x), Math.floor(y))).toEqual([...tableColor(diverging, level), 255]);
    }
  expect(side.element.textContent).toContain(
    "assumed 3 × 4 × 8, channels below each other, 4 × 4 weights a pixel",
  );
  expect(picture.getAttribute("aria-label")).toContain("Row 3 as an image, assumed 3 × 4 × 8");
});

test("without a row or an image only the scale is left", () => {
  expect(canvas(drawn({ image: null }), "image").hidden).toBe(true);
  const side = drawn(null);
  expect(canvas(side, "image").hidden).toBe(true);
  expect(side.element.querySelector(".ww-matrix-name")?.textContent).toBe("");
});

test("the scale runs over every level from the lower limit to the upper", () => {
  const side = drawn({});
  const legend = canvas(side, "legend");
  expect(pixel(legend, 0, 2)).toEqual([...tableColor(diverging, 1), 255]);
  expect(pixel(legend, legend.width - 1, 2)).toEqual([...tableColor(diverging, 255), 255]);
  const limit = formatWeight(frameOf("small").limit[0] ?? 0);
  expect(side.element.querySelector(".ww-matrix-limits")?.textContent).toBe(`−${limit}0${limit}`);
});

test("a label is written as text", () => {
  const side = drawn({ label: "<b>bold</b>" });
  expect(side.element.querySelector(".ww-matrix-name")?.textContent).toBe("row 3 “<b>bold</b>”");
  expect(side.element.querySelector("b")).toBeNull();
});

test("weights of an image that are no numbers have their own colours", () => {
  const image = {
    levels: Uint8Array.from([128, 128]),
    values: Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY),
    height: 1,
    width: 2,
    nonfinite: true,
    depth: 1,
    block: 1,
    shape: "1 × 2",
  };
  const picture = canvas(drawn({ image }), "image");
  expect(pixel(picture, 1, 1)).toEqual([...notANumber, 255]);
  expect(pixel(picture, picture.width - 1, 1)).toEqual([...positiveInfinity, 255]);
});

test("an image that is wider than its room has a pixel for each weight, and none is left out", () => {
  const levels = Uint8Array.from({ length: 400 }, (_, place) => 1 + (place % 255));
  const image = {
    levels,
    values: new Float32Array(400),
    height: 1,
    width: 400,
    nonfinite: false,
    depth: 1,
    block: 1,
    shape: "1 × 400",
  };
  const picture = canvas(drawn({ image }), "image");
  expect(picture.width).toBe(400);
  for (const x of [0, 1, 254, 399])
    expect(pixel(picture, x, 0)).toEqual([...tableColor(diverging, levels[x] ?? 0), 255]);
});

test("the row's norm is said, and strays only where there are any", () => {
  const side = drawn({ norm: Float64Array.of(12.345) });
  const notes = () => [...side.element.querySelectorAll<HTMLElement>(".ww-matrix-note")];
  expect(notes()[0]?.textContent).toBe("norm 12.35");
  expect(notes().at(-1)?.hidden).toBe(false);
  const without = drawn({}, { ...frameOf("small"), nonfinite: false });
  expect([...without.element.querySelectorAll<HTMLElement>(".ww-matrix-note")].at(-1)?.hidden).toBe(true);
});
