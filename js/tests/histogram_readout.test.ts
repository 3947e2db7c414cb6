import { expect, test } from "vitest";
import { type Reading, Readout } from "../src/histogram_readout";

const held = { low: 0, high: 0.5, count: 3, share: 0.3, filter: null };
const reading: Reading = { bins: 50, asked: 50, bin: null, held: null, selected: null };

function told(given: Partial<Reading>) {
  const slider = document.createElement("canvas");
  const readout = new Readout(slider);
  readout.show({ ...reading, ...given });
  const aria = (name: string) => slider.getAttribute(`aria-${name}`);
  return { readout, cursor: readout.cursor.textContent, selected: readout.selected.textContent, aria };
}

test("with nothing under the cursor the line says how to select", () => {
  const { cursor, aria } = told({});
  expect(cursor).toContain("Drag over bars");
  expect([aria("valuemin"), aria("valuemax"), aria("valuetext")]).toEqual(["1", "50", "no bin chosen"]);
});

test("the bin under the cursor is read out, also to a screen reader", () => {
  const { cursor, aria } = told({ bin: 11, held });
  expect(cursor).toBe("Bin 12 of 50: 0 to 0.5: 3 weights, 30%");
  expect([aria("valuenow"), aria("valuetext")]).toEqual(["12", cursor]);
});

test("what is selected has a line of its own", () => {
  expect(told({ selected: held }).selected).toBe("Selected: 0 to 0.5: 3 weights, 30%");
  expect(told({}).selected).toBe("");
});

test("bins that are not counted yet are announced, and those on the screen named", () => {
  expect(told({ bins: 256, asked: 1000 }).cursor).toMatch(/^1,000 bins are being counted; meanwhile 256\. /);
});

test("nothing is left to read when there is no histogram", () => {
  const { readout } = told({ bin: 1, held, selected: held });
  readout.clear();
  expect([readout.cursor.textContent, readout.selected.textContent]).toEqual(["", ""]);
});
