import { afterEach, expect, test } from "vitest";
import { buildControls } from "../src/histogram_controls";
import type { WeightHistogramState } from "../src/state";
import { mount } from "../src/view";
import { FakeModel } from "./fake_model";
import { conv } from "./histogram_fixture";

function opened(state: Partial<WeightHistogramState> = {}, filters = 8) {
  const el = document.createElement("div");
  document.body.append(el);
  const model = new FakeModel<WeightHistogramState>({
    ...conv.state,
    value_range: "full",
    bins: 50,
    ...state,
  });
  const parts = { kind: "histogram", label: "Histogram", exports: { name: () => "" } };
  let update = (_filters: number, _unit = "filter"): void => undefined;
  mount<WeightHistogramState>({ model, el }, parts, (host) => {
    const showControls = buildControls(host);
    update = (count, unit = "filter") => showControls(count, unit);
    update(filters);
  });
  const input = (label: string) => {
    const found = el.querySelector<HTMLInputElement>(`[aria-label="${label}"]`);
    if (!found) throw new Error(`no control is called ${label}`);
    return found;
  };
  const button = (text: string) => {
    const found = [...el.querySelectorAll("button")].find((one) => one.textContent === text);
    if (!found) throw new Error(`no button says ${text}`);
    return found;
  };
  return { model, input, button, update };
}

function change(control: HTMLInputElement, value: string, type: "input" | "change"): void {
  control.value = value;
  control.dispatchEvent(new Event(type));
}

afterEach(() => document.body.replaceChildren());

test("the slider offers 1 to 256 bins, the number beside it up to 4096", () => {
  const { model, input } = opened();
  expect([input("bins").min, input("bins").max]).toEqual(["1", "256"]);
  change(input("bins"), "120", "input");
  change(input("bins, as a number"), "1000", "change");
  change(input("bins, as a number"), "99999", "change");
  change(input("bins, as a number"), "0", "change");
  expect(model.messages).toEqual([{ bins: 120 }, { bins: 1000 }, { bins: 4096 }, { bins: 1 }]);
});

test("an emptied number asks for nothing", () => {
  const { model, input } = opened();
  change(input("bins, as a number"), "", "change");
  expect(model.messages).toEqual([]);
});

test("the filter slider ends at the last filter, and rests where there is one or none", () => {
  const { model, input, update } = opened({ filter_index: 5 });
  expect([input("filter").max, input("filter").value]).toEqual(["7", "5"]);
  change(input("filter"), "3", "input");
  expect(model.messages).toEqual([{ filter_index: 3 }]);
  for (const filters of [1, 0]) {
    update(filters);
    expect(input("filter").disabled).toBe(true);
  }
});

test("switches are pressed as the traits are, and ask for the opposite", () => {
  const { model, button, update } = opened({ shuffled: true });
  expect(button("shuffled").getAttribute("aria-pressed")).toBe("true");
  expect(button("log counts").getAttribute("aria-pressed")).toBe("false");
  button("shuffled").click();
  button("log counts").click();
  expect(model.messages).toEqual([{ shuffled: false }, { log_counts: true }]);
  update(8);
  expect(button("log counts").getAttribute("aria-pressed")).toBe("true");
});

test("the range is a choice of two, and one that Python gave is named with its bounds", () => {
  const { model, input, update } = opened();
  change(input("range"), "central", "change");
  expect(model.messages).toEqual([{ value_range: "central" }]);
  model.receive({ value_range: [-0.1, 0.25] });
  update(8);
  const select = input("range") as unknown as HTMLSelectElement;
  expect([...select.options].map((option) => option.text)).toEqual(["full", "central 99.9%", "−0.1 to 0.25"]);
  expect(select.selectedOptions[0]?.text).toBe("−0.1 to 0.25");
  change(input("range"), "given", "change");
  expect(model.messages).toHaveLength(1);
});
