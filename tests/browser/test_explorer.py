"""The explorer in a real notebook: one selection, by pointer, by key and in Python."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.browser.drawn import pixels
from tests.browser.shown import Shown, focused, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import FloatRect, Locator

    from tests.browser.shown import Cells, Wire

    Show = Callable[[str], Shown]

EDGES = """model = ww.demo_model("edges")
explorer = ww.WeightExplorer(model)
explorer"""

TWINS = """model, twin = (ww.demo_model("edges", trained=trained) for trained in (True, False))
explorer = ww.WeightExplorer(model, twin=twin)
explorer"""

MINUS = "\N{MINUS SIGN}"

# As in EDGES; the kernel's own histogram would be no independent witness.
CONV1 = "model.conv1.weight.detach().numpy()"


@pytest.mark.usefixtures("show")
def test_three_lines_show_the_whole_app(notebook: Cells) -> None:
    notebook.close()
    notebook.run('import weightwidgets as ww\nmodel = ww.demo_model("edges")\nww.WeightExplorer(model)')
    shown = Shown(notebook.lab)
    shown.wait()
    assert shown.toolbar.locator(".ww-title").inner_text().startswith("EdgesNet 4 layers")
    assert shown.table.locator(".ww-table-row:visible").count() == 4
    shown.wait_layer("conv1")
    assert "the 243 weights of filter 0" in shown.caption(shown.histogram)
    assert shown.statistics.get_by_text("excess kurtosis").is_visible()
    assert notebook.lab.page.get_by_text("Error displaying widget").count() == 0


def test_beside_the_pictures_the_statistics_are_as_high_as_there_is_room(show: Show) -> None:
    shown = show(EDGES)
    pictures, numbers = shown.histogram.bounding_box(), shown.statistics.bounding_box()
    assert pictures is not None
    assert numbers is not None
    assert numbers["x"] < pictures["x"]
    assert numbers["height"] > 250
    assert abs(numbers["y"] + numbers["height"] - pictures["y"] - pictures["height"]) < 2


def test_a_click_on_a_layer_leads_every_view_and_python(show: Show) -> None:
    shown = show(EDGES)
    for layer, weights in (("conv3", "13,824"), ("head", "144"), ("conv2", "51,200")):
        shown.row(layer).click()
        shown.wait_layer(layer)
        shown.wait_caption(shown.histogram, f"all {weights} weights")
        shown.statistics.locator(".ww-title").filter(has_text=layer).wait_for()
        assert shown.row(layer).get_attribute("aria-selected") == "true"
        shown.wait_python("[explorer.layer, explorer.histogram.layer, explorer.grid.layer]", [layer] * 3)


def test_a_layer_set_in_python_is_followed_by_every_view(show: Show) -> None:
    shown = show(EDGES)
    shown.lab.kernel("explorer.layer, explorer.filter_index = 'conv2', 30")
    shown.wait_layer("conv2")
    shown.wait_caption(shown.histogram, "of filter 30.")
    assert shown.row("conv2").get_attribute("aria-selected") == "true"
    assert shown.slider(shown.grid, "filter").input_value() == "30"


def test_a_bin_step_is_drawn_at_once_and_asks_the_kernel_nothing(show: Show, wire: Wire) -> None:
    shown = show(EDGES)
    slider = shown.slider(shown.histogram, "bins")
    slider.focus()
    answers = "[view._generation for view in (explorer.histogram, explorer.grid, explorer.statistics)]"
    before = shown.python(answers)
    wire.clear()
    # Event and drawing are one task of the page: no message of a kernel can come in between.
    drawn_at_once = """(slider, bars) => {
      const before = bars.toDataURL();
      slider.value = String(Number(slider.value) + 1);
      slider.dispatchEvent(new Event("input"));
      return bars.toDataURL() !== before;
    }"""
    assert slider.evaluate(drawn_at_once, shown.bars.element_handle())
    for bins in range(52, 72):
        shown.page.keyboard.press("ArrowRight")
        assert shown.bars.get_attribute("aria-valuemax") == str(bins)
    shown.wait_python("explorer.bins", 71)
    assert shown.python(answers) == before
    # Nothing but echoes of one number came back.
    assert max(wire.received, default=0) < 3000


def test_more_than_256_bins_are_counted_by_the_kernel(show: Show) -> None:
    shown = show(EDGES)
    number = shown.number(shown.histogram, "bins")
    number.fill("1000")
    number.press("Enter")
    until(lambda: shown.bars.get_attribute("aria-valuemax"), "1000")
    shown.wait_python("explorer.bins", 1000)


def test_arrow_keys_walk_the_filters_of_grid_histogram_statistics_and_python(show: Show) -> None:
    shown = show(EDGES)
    shown.grid.locator(".ww-grid-field").focus()
    for key, index in (("ArrowRight", 1), ("ArrowRight", 2), ("End", 63), ("ArrowLeft", 62), ("Home", 0)):
        shown.page.keyboard.press(key)
        shown.grid.locator(".ww-grid-name").filter(has_text=re.compile(f"^filter {index}$")).wait_for()
        shown.wait_caption(shown.histogram, f"of filter {index}.")
        shown.wait_python("explorer.filter_index", index)
    shown.slider(shown.grid, "filter").press("ArrowRight")
    shown.wait_caption(shown.histogram, "of filter 1.")
    shown.grid.locator(".ww-grid-name").filter(has_text=re.compile("^filter 1$")).wait_for()


def test_a_click_on_a_tile_selects_the_filter_that_the_pointer_reads(show: Show) -> None:
    shown = show(EDGES)
    shown.tiles.scroll_into_view_if_needed()
    shown.tiles.hover(position={"x": 150, "y": 60})
    read = shown.grid.locator(".ww-grid-readout").inner_text().replace(MINUS, "-")
    found = re.match(r"filter (\d+), row (\d+), column (\d+): red (.*), green (.*), blue (.*)", read)
    assert found, read
    index, row, column = map(int, found.groups()[:3])
    values = [np.float32(text) for text in found.groups()[3:]]
    assert values == [np.float32(w) for w in shown.python(f"{CONV1}[{index}, :, {row}, {column}].tolist()")]
    shown.tiles.click(position={"x": 150, "y": 60})
    shown.wait_python("explorer.filter_index", index)
    assert index > 0


def test_dragging_over_bars_selects_the_weights_between_two_edges(show: Show) -> None:
    shown = show(EDGES)
    shown.bars.scroll_into_view_if_needed()
    box = shown.bars.bounding_box()
    assert box is not None
    height = box["y"] + box["height"] / 2
    unselected = pixels(shown.tiles)
    shown.page.mouse.move(box["x"] + 0.55 * box["width"], height)
    shown.page.mouse.down()
    shown.page.mouse.move(box["x"] + 0.6 * box["width"], height, steps=3)
    shown.page.mouse.move(box["x"] + 0.65 * box["width"], height, steps=3)
    shown.page.mouse.up()
    shown.page.mouse.move(5, 5)
    until(lambda: shown.python("explorer.selected_range is not None"), expected=True)
    low, high = shown.python("explorer.selected_range")
    edges = shown.python(f"np.histogram({CONV1}, 50)[1].astype(float).tolist()")
    assert low in edges
    assert high in edges
    assert low < high
    count = shown.python(f"int((({CONV1} >= {low}) & ({CONV1} < {high})).sum())")
    told = shown.selected.inner_text()
    assert f"{count:,} weights, {100 * count / 15552:.3g}%" in told
    assert shown.python("[len(explorer.selection()), float(explorer.selection()['value'].min())]")[0] == count
    until(lambda: np.array_equal(pixels(shown.tiles), unselected), expected=False)
    shown.bars.press("Escape")
    shown.wait_python("explorer.selected_range", None)
    until(lambda: np.array_equal(pixels(shown.tiles), unselected), expected=True)


def tab_to(shown: Shown, wanted: str) -> None:
    for _ in range(40):
        if focused(shown.lab).startswith(wanted):
            return
        shown.page.keyboard.press("Tab")
    pytest.fail(f"Tab never reaches {wanted!r}; it is at {focused(shown.lab)!r}")


def test_everything_is_reached_with_the_keyboard_alone(show: Show) -> None:
    shown = show(EDGES)
    press = shown.page.keyboard.press
    shown.toolbar.get_by_role("button", name="Shuffle").focus()
    tab_to(shown, "ww-table treegrid")
    press("ArrowDown")
    shown.wait_layer("conv2")
    press("End")
    shown.wait_layer("head")
    press("Home")
    shown.wait_layer("conv1")
    tab_to(shown, "ww-grid listbox")
    press("End")
    shown.wait_caption(shown.histogram, "of filter 63.")
    tab_to(shown, "ww-grid img")
    press("ArrowRight")
    press("ArrowDown")
    assert shown.grid.locator(".ww-grid-readout").inner_text().startswith("filter 63, row 1, column 0")
    tab_to(shown, "ww-histogram range bins")
    press("ArrowLeft")
    tab_to(shown, "ww-histogram slider")
    press("Home")
    press("Shift+ArrowRight")
    shown.selected.wait_for()
    tab_to(shown, "ww-statistics button")
    press("Enter")
    shown.statistics.get_by_text("model").last.wait_for()
    edges = shown.python(f"np.histogram({CONV1}, 49)[1].astype(float).tolist()")
    assert shown.python("[explorer.layer, explorer.filter_index, explorer.bins]") == ["conv1", 63, 49]
    assert shown.python("explorer.selected_range") == [edges[0], edges[2]]


@pytest.mark.parametrize("view", ["table", "grid", "histogram", "statistics", "toolbar"])
def test_keys_inside_a_view_never_reach_the_notebook(view: str, show: Show) -> None:
    shown = show(EDGES)
    cells = shown.page.locator(".jp-Notebook .jp-Cell").count()
    target = {
        "table": shown.table.get_by_role("treegrid"),
        "grid": shown.grid.locator(".ww-grid-field"),
        "histogram": shown.bars,
        "statistics": shown.statistics.locator("tbody button").first,
        "toolbar": shown.toolbar.get_by_role("button", name="Reset"),
    }[view]
    target.focus()
    assert focused(shown.lab).startswith(f"ww-{view} ")
    for key in ("d", "d", "x", "a", "b"):
        shown.page.keyboard.press(key)
    assert shown.page.locator(".jp-Notebook .jp-Cell").count() == cells
    assert shown.bars.is_visible()


def test_shuffle_shows_the_layer_again_in_random_order_beside_it(show: Show) -> None:
    shown = show(EDGES)
    shuffle = shown.toolbar.get_by_role("button", name="Shuffle")
    shuffle.click()
    both = shown.root.locator(".ww-grid")
    until(both.count, 2)
    both.nth(1).locator(".ww-caption").filter(has_text="shuffled within the layer (seed 0)").wait_for()
    assert shuffle.get_attribute("aria-pressed") == "true"
    both.nth(1).locator(".ww-grid-field").press("End")
    shown.wait_caption(shown.histogram, "of filter 63.")
    shuffle.click()
    until(both.count, 1)


def test_one_selection_moves_the_model_its_twin_and_the_shuffles_of_both(show: Show) -> None:
    shown = show(TWINS)
    shown.toolbar.get_by_role("button", name="Shuffle").click()
    grids, histograms = shown.root.locator(".ww-grid"), shown.root.locator(".ww-histogram")
    until(grids.count, 4)
    assert labels(shown, "pictures") == ["model", "model shuffled", "twin", "twin shuffled"]
    # Two by two, each picture beside its own shuffle.
    places = [box for box in boxes(grids) if box["width"] > 200]
    assert [round(box["y"]) for box in places[::2]] == [round(box["y"]) for box in places[1::2]]
    assert len({round(box["y"]) for box in places}) == len({round(box["x"]) for box in places}) == 2
    grids.nth(3).locator(".ww-grid-field").press("End")
    for place in range(4):
        shown.wait_caption(histograms.nth(place), "of filter 63")
        grids.nth(place).locator(".ww-grid-name").filter(has_text=re.compile("^filter 63$")).wait_for()
    for place in range(2):
        shown.statistics.nth(place).get_by_text("filter 63").first.wait_for()
    assert labels(shown, "statistics") == ["model", "twin"]
    shown.wait_python("explorer.filter_index", 63)
    shown.row("conv2").click()
    for view in (grids, histograms):
        for place in range(4):
            view.nth(place).locator(".ww-title").filter(has_text="conv2").wait_for()


def labels(shown: Shown, part: str) -> list[str]:
    return shown.root.locator(f".ww-explorer-{part} .ww-explorer-label:visible").all_inner_texts()


def test_twins_are_drawn_over_one_range_on_request(show: Show) -> None:
    shown = show(TWINS)
    until(shown.root.locator(".ww-histogram").count, 2)
    twin = shown.root.locator(".ww-histogram").nth(1)
    same = shown.toolbar.get_by_role("button", name="Same scale")
    low, low_of_twin = shown.python("[float(net.conv1.weight.min()) for net in (model, twin)]")
    assert low < low_of_twin
    words = "One range of values for all that is compared."
    assert first_bin(twin)[0] == pytest.approx(low_of_twin, rel=1e-3)
    same.click()
    shown.wait_caption(twin, words)
    start, count = first_bin(twin)
    assert start == pytest.approx(low, rel=1e-3)
    assert count == 0
    same.click()
    until(lambda: words in shown.caption(twin), expected=False)
    assert first_bin(twin)[0] == pytest.approx(low_of_twin, rel=1e-3)


def first_bin(histogram: Locator) -> tuple[float, int]:
    """Read the lower end of the first bin, and how many weights it holds."""
    histogram.locator(".ww-histogram-bars").press("Home")
    read = histogram.locator(".ww-histogram-readout").first.inner_text().replace(MINUS, "-")
    found = re.match(r"Bin 1 of 50: (\S+) to \S+: ([\d,]+) weight", read)
    assert found, read
    return float(found[1]), int(found[2].replace(",", ""))


def test_a_click_on_a_bar_of_the_norms_selects_its_layer(show: Show) -> None:
    shown = show(EDGES)
    shown.toolbar.get_by_role("button", name="Norms").click()
    rectangles = shown.norm_bars
    until(rectangles.count, 4 + 1 + 4)
    norms = shown.python("[float(p.norm()) for n, p in model.named_parameters() if 'weight' in n]")
    until(lambda: [box["height"] > 2 for box in boxes(rectangles)], [True] * 9)
    heights = np.array([box["height"] for box in boxes(rectangles)[:4]])
    assert np.abs(heights / heights.max() - np.array(norms) / max(norms)).max() < 2 / heights.max()
    # Far above the bar, near the top of the chart.
    rectangles.nth(5 + 2).click(position={"x": 5, "y": 4})
    shown.wait_layer("conv3")
    shown.wait_python("explorer.layer", "conv3")


def boxes(found: Locator) -> list[FloatRect]:
    return [box for place in range(found.count()) if (box := found.nth(place).bounding_box())]


def test_a_click_on_one_of_all_histograms_selects_its_layer(show: Show) -> None:
    shown = show(EDGES)
    shown.toolbar.get_by_role("button", name="All histograms").click()
    every = shown.root.locator(".ww-gallery [role=listbox]")
    every.press("End")
    shown.wait_layer("head")
    every.click(position={"x": 30, "y": 30})
    shown.wait_layer("conv1")
    shown.wait_python("explorer.layer", "conv1")
    shown.toolbar.get_by_role("button", name="All histograms").click()
    until(shown.root.locator(".ww-gallery").count, 0)


def test_reset_goes_back_to_the_first_view(show: Show) -> None:
    shown = show(EDGES)
    shown.row("conv3").click()
    shown.slider(shown.histogram, "bins").press("End")
    shown.histogram.get_by_role("button", name="log counts").click()
    shown.toolbar.get_by_role("button", name="Norms").click()
    shown.wait_python("[explorer.layer, explorer.bins, explorer.toolbar.panel]", ["conv3", 256, "norms"])
    shown.toolbar.get_by_role("button", name="Reset").click()
    shown.wait_layer("conv1")
    until(lambda: shown.slider(shown.histogram, "bins").input_value(), "50")
    assert shown.histogram.get_by_role("button", name="log counts").get_attribute("aria-pressed") == "false"
    until(shown.root.locator(".bqplot").count, 0)
