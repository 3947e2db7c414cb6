"""What an explorer weighs: in a saved notebook, in each of its messages, and where no front end is."""

from __future__ import annotations

import base64
import io
import json
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from nbclient import NotebookClient
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.browser.shown import Cells, Shown, Wire

    Show = Callable[[str], Shown]

STATE = "application/vnd.jupyter.widget-state+json"

DEMO = """explorer = ww.WeightExplorer(ww.demo_model({name!r}))
explorer"""

LARGE = """torch.manual_seed(0)
layers = [nn.Linear(24 + index % 9, 40) for index in range(500)]
model = nn.ModuleList([nn.Conv2d(512, 512, 3), nn.Linear(2048, 2048), nn.Embedding(5000, 64), *layers])
explorer = ww.WeightExplorer(model)
explorer"""


@pytest.fixture
def saved(notebook: Cells) -> Iterator[Callable[[], dict[str, Any]]]:
    """Save the notebook with the state of its widgets, as JupyterLab's menu does, and give that."""
    lab = notebook.lab
    toggle = "app => app.commands.execute('@jupyter-widgets/jupyterlab-manager:saveWidgetState')"

    def save() -> dict[str, Any]:
        lab.page.wait_for_timeout(500)
        found: dict[str, Any] = lab.save().metadata["widgets"][STATE]["state"]
        return found

    app = lab.page.evaluate_handle("window.jupyterapp")
    app.evaluate(toggle)
    yield save
    app.evaluate(toggle)


def weight(state: dict[str, Any]) -> int:
    """Give the bytes of a state as a notebook holds it."""
    return len(json.dumps(state))


@pytest.mark.parametrize("name", ["edges", "digits"])
def test_a_saved_explorer_of_a_demo_model_takes_at_most_half_a_megabyte(
    name: str, show: Show, saved: Callable[[], dict[str, Any]]
) -> None:
    shown = show(DEMO.format(name=name))
    state = saved()
    assert any("ww-histogram" in json.dumps(model) for model in state.values())
    assert 100_000 < weight(state) <= 500_000
    output = shown.lab.save().cells[-1].outputs[-1].data
    assert output["text/plain"].startswith("WeightExplorer(")
    assert Image.open(io.BytesIO(base64.b64decode(output["image/png"]))).size[0] > 400


def test_a_picture_that_was_taken_away_is_in_no_saved_notebook(
    show: Show, saved: Callable[[], dict[str, Any]]
) -> None:
    shown = show(DEMO.format(name="edges"))
    shown.python("explorer.table.wait(30)")
    before = weight(saved())
    for view in (shown.toolbar, shown.table, shown.statistics):
        with shown.page.expect_download():
            view.locator("summary").first.click()
            view.get_by_role("button", name="Download PNG", exact=True).click()
    assert abs(weight(saved()) - before) < 1000


def test_with_everything_opened_once_it_still_takes_at_most_a_megabyte(
    show: Show, saved: Callable[[], dict[str, Any]]
) -> None:
    shown = show(DEMO.format(name="edges"))
    for panel in ("Norms", "All histograms"):
        shown.toolbar.get_by_role("button", name=panel).click()
        shown.toolbar.locator("[aria-pressed=true]").filter(has_text=panel).wait_for()
    shown.toolbar.get_by_role("button", name="Shuffle").click()
    shown.root.locator(".ww-grid canvas").last.wait_for()
    shown.lab.kernel("explorer.selected_range = (-0.1, 0.1)")
    shown.selected.wait_for()
    assert weight(saved()) <= 1_000_000


def test_no_message_about_a_large_model_is_over_a_megabyte_and_neither_is_its_state(
    show: Show, saved: Callable[[], dict[str, Any]], wire: Wire
) -> None:
    wire.clear()
    shown = show(LARGE)
    assert weight(saved()) <= 1_000_000
    layers: list[str] = shown.python("explorer.layers")
    assert len(layers) == 503
    shown.lab.kernel("for layer in explorer.layers: explorer.layer = layer")
    shown.wait_layer("502")
    table = shown.table.get_by_role("treegrid")
    for layer, key in zip(layers, ("Home", "ArrowDown", "ArrowDown"), strict=False):
        table.press(key)
        shown.wait_layer(layer)
        shown.grid.locator(".ww-grid-field").press("End")
        shown.slider(shown.histogram, "bins").press("ArrowRight")
        shown.number(shown.histogram, "bins").fill("4096")
        shown.number(shown.histogram, "bins").press("Enter")
        shown.lab.kernel("explorer.selected_range = (-0.01, 0.02)")
        shown.selected.wait_for()
        assert weight(saved()) <= 1_000_000
        shown.grid.locator(".ww-grid-field").press("Home")
    assert len(wire.received) > 1000
    assert max(wire.received) <= 1_000_000
    assert max(wire.sent) <= 10_000


def test_without_a_front_end_a_cell_holds_text_and_a_picture() -> None:
    cell = nbformat.v4.new_code_cell(
        'import weightwidgets as ww\nmodel = ww.demo_model("digits")\nww.WeightExplorer(model)'
    )
    executed = NotebookClient(
        nbformat.v4.new_notebook(cells=[cell]), timeout=60, kernel_name="python3"
    ).execute()
    data = executed.cells[0].outputs[-1].data
    assert data["text/plain"].startswith("WeightExplorer(")
    with Image.open(io.BytesIO(base64.b64decode(data["image/png"]))) as picture:
        assert min(picture.size) > 200
        colors = picture.convert("RGB").getcolors(1 << 20)
        assert colors
        assert len(colors) > 50
