"""One explorer on several pages, displays and themes: it stays one, reads well and lets nothing in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.browser.shown import Shown, accessible, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray
    from playwright.sync_api import Locator

    from tests.browser.shown import Cells

    Show = Callable[[str], Shown]

EDGES = """model = ww.demo_model("edges")
explorer = ww.WeightExplorer(model)
explorer"""

# One layer of every sort that has no, or hardly any, finite weight.
ODD = """explorer = ww.WeightExplorer({
    "fine": torch.tensor([[3.0, 4.0], [0.0, 0.0]]),
    "on meta": torch.empty(4, 3, device="meta"),
    "no columns": torch.empty(4, 0),
    "no rows": torch.empty(0, 4),
    "bad": torch.tensor([[float("nan"), float("inf")], [-float("inf"), float("nan")]]),
    "zero": torch.zeros(5, 2),
    "one": torch.ones(1),
})
explorer"""

META = "This tensor is on `meta`: it has a shape but no values."
NO_ROWS = "This layer has no weights to show: its shape is (0, 4)."

# What stands in the grid, in the histogram and in the statistics.
SAID = {
    "fine": ("to 4, one scale for the layer", "all 4 weights", "1.75"),
    "on meta": (META, META, META),
    "no columns": ("its shape is (4, 0)", "This layer holds no weights.", "No weight is above 0."),
    "no rows": (NO_ROWS, "This layer holds no weights.", NO_ROWS),
    "bad": ("4 weights are NaN or infinite", "In no bin: 2 NaN", "The layer has 2 NaN, 1 +∞, 1"),
    "zero": ("0 to 0, one scale for the layer", "all 10 weights", "100%"),
    "one": ("weight 0 of 1, norm 1", "the one weight of the layer", "The layer has one weight"),
}

WIDE = """torch.manual_seed(0)
model = nn.Sequential(nn.Conv2d(3, 600, 5), nn.Conv2d(600, 2, 1))
explorer = ww.WeightExplorer(model)
display(explorer, explorer)"""

HOSTILE = "<img src=x onerror=intruder=1>"

CONTROLS = {"button", "slider", "spinbutton", "combobox", "searchbox", "textbox", "listbox", "treegrid",
            "checkbox", "DisclosureTriangle", "progressbar", "region", "image"}  # fmt: skip


def test_two_displays_of_one_explorer_stay_in_step_and_scroll_apart(show: Show, notebook: Cells) -> None:
    first = show(WIDE)
    second = Shown(notebook.lab, 1)
    second.wait()
    second.grid.locator(".ww-grid-field").press("ArrowRight")
    for shown in (first, second):
        shown.wait_caption(shown.histogram, "of filter 1.")
        assert shown.slider(shown.grid, "filter").input_value() == "1"
    first.slider(first.histogram, "bins").press("ArrowRight")
    until(lambda: second.bars.get_attribute("aria-valuemax"), "51")
    top = "element => element.scrollTop"
    fields = [shown.grid.locator(".ww-grid-field") for shown in (first, second)]
    fields[0].evaluate("element => { element.scrollTop = element.scrollHeight; }")
    # A tile that arrives for the one display must not move the other.
    until(lambda: first.python("len(explorer.grid.wanted.get('pages', []))") > 0, expected=True)
    assert fields[0].evaluate(top) > 100
    assert fields[1].evaluate(top) == 0
    first.row("1").click()
    for shown in (first, second):
        shown.wait_layer("1")


def test_a_reloaded_page_brings_the_state_back(show: Show, notebook: Cells) -> None:
    shown = show(EDGES)
    shown.row("conv2").click()
    shown.wait_layer("conv2")
    shown.grid.locator(".ww-grid-field").press("End")
    shown.slider(shown.histogram, "bins").press("ArrowRight")
    shown.histogram.get_by_role("button", name="log counts").click()
    shown.grid.get_by_label("order").select_option("norm")
    until(
        lambda: shown.python("[explorer.filter_index, explorer.bins, explorer.grid.order]"), [31, 51, "norm"]
    )
    picture = shown.bars.evaluate("canvas => canvas.toDataURL()")
    notebook.lab.save()
    notebook.lab.page.reload()
    notebook.lab.wait_ready()
    shown = Shown(notebook.lab)
    shown.wait()
    shown.wait_layer("conv2")
    shown.wait_caption(shown.histogram, "of filter 31.")
    until(lambda: shown.bars.evaluate("canvas => canvas.toDataURL()"), picture)
    assert shown.grid.get_by_label("order").input_value() == "norm"
    shown.row("conv1").click()
    shown.wait_python("explorer.layer", "conv1")


def test_a_slider_of_ones_own_is_linked_to_a_view_in_the_page(show: Show) -> None:
    shown = show(
        EDGES.removesuffix("explorer")
        + """slider = ipywidgets.IntSlider(30, 1, 256, description="mine")
link = ipywidgets.jslink((slider, "value"), (explorer.histogram, "bins"))
display(explorer, slider)"""
    )
    until(lambda: shown.bars.get_attribute("aria-valuemax"), "30")
    own = shown.page.locator(".widget-slider:has-text('mine') [role=slider]").first
    for bins in (31, 32, 33):
        own.press("ArrowRight")
        until(lambda: shown.bars.get_attribute("aria-valuemax"), str(bins))
    shown.wait_python("[explorer.bins, slider.value]", [33, 33])
    shown.slider(shown.histogram, "bins").press("ArrowLeft")
    until(lambda: own.get_attribute("aria-valuenow"), "32.0")
    shown.wait_python("[explorer.bins, slider.value]", [32, 32])


def test_a_hostile_name_is_shown_as_text_everywhere(show: Show) -> None:
    shown = show(f"""torch.manual_seed(0)
model = nn.Module()
model.add_module({HOSTILE!r}, nn.Conv2d(3, 4, 3))
model.add_module("</script><script>intruder=1</script>", nn.Linear(3, 4))
explorer = ww.WeightExplorer(model)
explorer""")
    shown.wait_layer(HOSTILE)
    assert HOSTILE in shown.table.locator(".ww-table-row:visible").first.inner_text()
    assert HOSTILE in shown.statistics.locator(".ww-title").inner_text()
    shown.toolbar.get_by_role("button", name="All histograms").click()
    shown.root.get_by_role("option", name=HOSTILE).and_(shown.root.locator(".ww-gallery *")).wait_for()
    shown.toolbar.get_by_role("button", name="Norms").click()
    assert shown.root.locator(".ww-norms-layer option").first.inner_text() == HOSTILE
    shown.norm_bars.last.wait_for()
    shown.table.locator(".ww-table-row:visible").nth(1).click()
    shown.wait_layer("</script>")
    shown.toolbar.get_by_role("button", name="Copy code").click()
    shown.wait_python("explorer.toolbar.code_requests", 1)
    assert shown.root.locator("img, script").count() == 0
    assert shown.page.evaluate("window.intruder") is None
    assert shown.python("explorer.error") == ""


def test_every_odd_layer_shows_something_true_or_says_why_it_shows_nothing(show: Show) -> None:
    shown = show(ODD)
    for layer, words in [*SAID.items(), ("fine", SAID["fine"])]:
        shown.row(layer).click()
        for view, said in zip((shown.grid, shown.histogram, shown.statistics), words, strict=True):
            view.filter(has_text=said).wait_for()
    shown.toolbar.get_by_role("button", name="Norms").click()
    shown.root.locator(".ww-norms .ww-caption").filter(has_text="1 layer without values.").wait_for()
    shown.toolbar.get_by_role("button", name="All histograms").click()
    every = shown.root.locator(".ww-gallery")
    for key, said in (("Home", "fine: 4 weights"), ("ArrowRight", f"on meta: {META}")):
        every.get_by_role("listbox").press(key)
        every.locator(".ww-caption").filter(has_text=said).wait_for()


@pytest.fixture
def theme(notebook: Cells) -> Iterator[Callable[[str], None]]:
    yield notebook.lab.theme
    notebook.lab.theme("JupyterLab Light")


def contrast(text: Locator) -> float:
    """Give the contrast ratio of WCAG 2 between an element's text and what is behind it."""
    layers = text.evaluate("""element => {
      const layers = [getComputedStyle(element).color];
      for (let behind = element; behind; behind = behind.parentElement)
        layers.push(getComputedStyle(behind).backgroundColor);
      return layers;
    }""")
    seen = np.zeros(3)
    behind = seen
    # From the page's ground up to the text, each layer over what is behind it.
    for layer in reversed(layers):
        parts = np.array([float(part) for part in re.findall(r"[\d.]+", layer)])
        opacity = parts[3] if len(parts) > 3 else 1
        behind, seen = seen, opacity * parts[:3] + (1 - opacity) * seen
    lighter, darker = sorted((luminance(seen), luminance(behind)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(rgb: NDArray[np.float64]) -> float:
    share = rgb / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def test_text_has_enough_contrast_in_light_and_in_dark(show: Show, theme: Callable[[str], None]) -> None:
    shown = show(EDGES)
    drawn = []
    for name in ("JupyterLab Light", "JupyterLab Dark"):
        theme(name)
        drawn.append(shown.bars.evaluate("canvas => canvas.toDataURL()"))
        texts = [
            text
            for view in (shown.table, shown.grid, shown.histogram, shown.statistics)
            for text in (
                view.locator(".ww-title"),
                view.locator(".ww-title span"),
                view.locator(".ww-caption"),
            )
        ]
        texts += [shown.row(layer).locator("[role=gridcell]").first for layer in ("conv1", "conv2")]
        texts += [shown.toolbar.get_by_role("button", name=label) for label in ("Norms", "Reset")]
        for text in texts:
            assert contrast(text.first) >= 4.5, (name, text)
    # What is drawn follows the theme too.
    assert drawn[0] != drawn[1]


def test_every_control_has_a_name_for_those_who_hear_the_page(show: Show) -> None:
    shown = show(EDGES)
    found = accessible(shown.lab, shown.root)
    controls = [(role, name) for role, name in found if role in CONTROLS]
    assert {"button", "slider", "treegrid", "listbox", "combobox", "searchbox"} <= {
        role for role, _ in controls
    }
    assert [role for role, name in controls if not name.strip()] == []
    regions = {name for role, name in controls if role == "region"}
    assert {"Layer table", "Filter grid", "Histogram of weights", "Statistics of weights"} <= regions


def test_a_choice_is_told_in_a_live_region(show: Show) -> None:
    shown = show(EDGES)
    shown.table.get_by_role("treegrid").press("ArrowDown")
    live = shown.table.locator("[aria-live=polite]")
    live.filter(has_text="conv2, conv2d, 32").wait_for(state="attached")
    shown.wait_layer("conv2")
    shown.grid.locator(".ww-grid-field").press("ArrowRight")
    shown.grid.locator("[aria-live=polite]").filter(has_text="filter 1 of 32").wait_for(state="attached")
