import { expect, test } from "vitest";
import { explain, type LayerPage, numbersAsCsv, type UnitPage } from "../src/statistics_pages";
import { decode } from "../src/wire";
import { thaw } from "./fake_model";
import fixture from "./fixtures/statistics.json";

interface State {
  frame: Record<string, unknown>;
  unit: Record<string, unknown>;
}

const { first, dense } = thaw<{ first: State; dense: State }>(fixture);
const read = <Page>(frame: unknown) => JSON.parse(decode<{ page: string }>(frame).page) as Page;
const layer = read<LayerPage>(first.frame);
const unit = read<UnitPage>(first.unit);

test("every number of layer and filter can be explained", () => {
  for (const group of layer.groups)
    for (const { key, label, meaning, source } of group.rows) {
      const said = explain(`unit:${key}`, layer, unit);
      expect(said?.subject).toBe(`${label} of filter 1 of layer 0`);
      expect(said?.cell).toEqual(unit.cells[key]);
      expect([said?.meaning, said?.source]).toEqual([meaning, source]);
      if (key !== "bias") expect(explain(`layer:${key}`, layer, unit)?.cell).toEqual(layer.cells[key]);
    }
});

test("every ranked weight can be explained by its place", () => {
  unit.ranked.forEach((ranked, side) => {
    ranked.cells.forEach((cell, rank) => {
      const said = explain(`${side}:${rank}`, layer, unit);
      expect(said?.subject).toBe(`weight of ${ranked.places[rank]} in filter 1 of layer 0`);
      expect(said?.cell).toEqual(cell);
      expect(said?.meaning).toBe(ranked.meaning);
    });
  });
});

test("what is not there is not explained", () => {
  for (const id of ["layer:bias", "layer:nope", "unit:", "0:10", "2:0", "x"])
    expect(explain(id, layer, unit)).toBeUndefined();
});

test("a text without a formula opens nothing", () => {
  const bare = {
    ...unit,
    cells: { ...unit.cells, bias: { text: "none", exact: "", formula: "", code: "" } },
  };
  expect(explain("unit:bias", layer, bare)).toBeUndefined();
});

test("the CSV holds every number in full", () => {
  const lines = numbersAsCsv(layer, unit).trimEnd().split("\r\n");
  expect(lines[0]).toBe("group,statistic,layer,filter 1");
  const std = lines.find((line) => line.startsWith("Spread,std,"))?.split(",");
  expect(std?.slice(2).map(Number)).toEqual([Number(layer.cells.std?.exact), Number(unit.cells.std?.exact)]);
  expect(lines).toContain(`Bias,bias,,${Number(unit.cells.bias?.exact)}`);
  const ranked = unit.ranked.flatMap(({ cells }) => cells);
  expect(lines.length).toBe(1 + 14 + ranked.length);
});

test("negative numbers stay numbers in a spreadsheet", () => {
  const lowest = Number(unit.cells.min?.exact);
  expect(lowest).toBeLessThan(0);
  expect(numbersAsCsv(layer, unit)).toContain(`Spread,min,${Number(layer.cells.min?.exact)},${lowest}`);
});

test("a dense layer has rows and inputs", () => {
  const page = read<UnitPage>(dense.unit);
  expect(page.label).toBe("row 1");
  expect(page.ranked.flatMap(({ places }) => places).every((place) => place.startsWith("input "))).toBe(true);
});
