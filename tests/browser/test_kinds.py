"""Layers with a meaning of their own in a real notebook: gates, heads, a matrix, blocks over depth, norms."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.browser.drawn import pixels
from tests.browser.shown import Shown, focused, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Locator

    from tests.browser.shown import Cells

    Show = Callable[[str], Shown]

LSTM = """model = ww.demo_model("lstm")
explorer = ww.WeightExplorer(model, layer="lstm.weight_hh_l0")
explorer"""

TRANSFORMER = """model = ww.demo_model("transformer")
explorer = ww.WeightExplorer(model)
explorer"""

NORMS = """model = ww.demo_model("transformer")
norms = ww.NormChannels(model, layer="layers.1.norm2")
norms"""

MINUS = "\N{MINUS SIGN}"
Q_PROJ = "layers.0.attention.q_proj"


@pytest.fixture(autouse=True)
def _quiet_console(notebook: Cells) -> Iterator[None]:
    notebook.lab.console_errors.clear()
    yield
    assert notebook.lab.console_errors == [], "the page wrote errors to its console"


def number(text: str) -> float:
    return float(text.replace(MINUS, "-").replace(",", ""))


def assert_keys_stay(shown: Shown, target: Locator, view: str) -> None:
    """Press what would delete, cut or add cells if a key left the view."""
    cells = shown.page.locator(".jp-Notebook .jp-Cell")
    before = cells.count()
    target.focus()
    assert focused(shown.lab).startswith(f"ww-{view} ")
    for key in ("d", "d", "x", "a", "b"):
        shown.page.keyboard.press(key)
    assert cells.count() == before
    assert target.is_visible()


def told(view: Locator, expected: str) -> re.Match[str]:
    """Wait until the words under a view match, and give the match."""
    caption = view.locator(".ww-caption")
    until(lambda: bool(re.search(expected, caption.inner_text())), expected=True)
    found = re.search(expected, caption.inner_text())
    assert found
    return found


def test_gates_open_by_themselves_for_a_recurrent_layer_and_close_for_a_dense_one(show: Show) -> None:
    shown = show(LSTM)
    gates = shown.root.locator(".ww-gates")
    rows = gates.locator(".ww-gates-row")
    until(rows.count, 4)
    assert rows.locator(".ww-gates-name b").all_inner_texts() == ["i", "f", "g", "o"]
    button = shown.toolbar.get_by_role("button", name="Gates")
    assert button.get_attribute("aria-pressed") == "true"
    hidden = "model.lstm.weight_hh_l0.detach().double().reshape(4, 96, 96)"
    means = shown.python(f"{hidden}.mean((1, 2)).tolist()")
    read = [number(rows.nth(gate).locator("dd").first.inner_text()) for gate in range(4)]
    assert read == pytest.approx(means, rel=1e-3)
    # The radius of each gate's hidden block, worked out by numpy.
    radii = shown.python(f"[float(np.abs(np.linalg.eigvals(gate)).max()) for gate in {hidden}.numpy()]")
    words = gates.locator(".ww-gates-radius span:last-child")
    until(lambda: [":" in text for text in words.all_inner_texts()], [True] * 4 + [False])
    shares = [number(text.split(":")[0]) for text in words.all_inner_texts()[:4]]
    assert shares == pytest.approx(radii, rel=1e-3)
    assert_keys_stay(shown, rows.first.locator(".ww-gates-picture"), "gates")
    assert_keys_stay(shown, gates.locator(".ww-gates-plane"), "gates")
    shown.row("head").click()
    shown.wait_layer("head")
    until(gates.count, 0)
    assert button.is_hidden()
    shown.row("lstm.weight_ih_l1").click()
    until(rows.count, 4)
    gates.locator(".ww-title").filter(has_text="layer 1, forward").wait_for()


def test_one_head_is_selected_by_pointer_key_and_python(show: Show) -> None:
    shown = show(TRANSFORMER)
    heads = shown.root.locator(".ww-heads")
    tiles = heads.locator(".ww-heads-tile")
    tiles.first.wait_for()
    count = tiles.count()
    weight = f"model.get_submodule({Q_PROJ!r}).weight.detach().double()"
    norms = np.linalg.norm(shown.python(f"{weight}.reshape({count}, -1).tolist()"), axis=1)
    last = count - 1
    tiles.nth(last).click()
    found = told(heads, rf"^head {last}(?:, key/value head \d+)?: Q has Frobenius norm (\S+)\.$")
    assert number(found[1]) == pytest.approx(norms[last], rel=1e-3)
    assert tiles.nth(last).get_attribute("aria-selected") == "true"
    shown.wait_python("explorer.heads.head", last)
    assert_keys_stay(shown, heads.get_by_role("listbox"), "heads")
    shown.page.keyboard.press("Home")
    told(heads, r"^head 0\b")
    shown.wait_python("explorer.heads.head", 0)
    before = pixels(heads.locator(".ww-heads-enlarged"))
    shown.lab.kernel("explorer.heads.head = 1")
    found = told(heads, r"^head 1\b.*norm (\S+)\.$")
    assert number(found[1]) == pytest.approx(norms[1], rel=1e-3)
    until(lambda: np.array_equal(pixels(heads.locator(".ww-heads-enlarged")), before), expected=False)


def test_deep_zoom_ends_at_single_weights_with_their_very_values(show: Show) -> None:
    shown = show(TRANSFORMER)
    shown.toolbar.get_by_role("button", name="Deep zoom").click()
    matrix = shown.root.locator(".ww-matrix")
    canvas = matrix.locator(".ww-matrix-canvas")
    matrix.locator(".ww-title").filter(has_text=Q_PROJ).wait_for()
    assert shown.root.locator(".ww-heads").count() == 0
    weight = f"model.get_submodule('{Q_PROJ}').weight.detach()"
    readout = matrix.locator(".ww-matrix-readout")

    def read() -> tuple[int, int, str]:
        found = re.fullmatch(r"row (\d+), column (\d+): (\S+)", readout.inner_text())
        assert found, readout.inner_text()
        row, column = int(found[1]), int(found[2])
        # The very float32, digit for digit, not one near to it.
        assert np.float32(number(found[3])) == np.float32(shown.python(f"{weight}[{row}, {column}].item()"))
        return row, column, found[3]

    canvas.scroll_into_view_if_needed()
    whole = pixels(canvas)
    canvas.focus()
    for _ in range(12):
        shown.page.keyboard.press("+")
    until(lambda: np.array_equal(pixels(canvas), whole), expected=False)
    at = read()
    shown.page.keyboard.press("ArrowRight")
    until(lambda: readout.inner_text().startswith(f"row {at[0]}, column {at[1]}:"), expected=False)
    assert read()[0] == at[0]
    shown.page.keyboard.press("Enter")
    shown.wait_python("explorer.filter_index", at[0])
    shown.page.keyboard.press("Home")
    box = canvas.bounding_box()
    assert box is not None
    x, y = box["x"] + 0.6 * box["width"], box["y"] + 0.3 * box["height"]
    shown.page.mouse.move(x, y)
    until(lambda: readout.inner_text().startswith("row "), expected=True)
    far = read()
    for _ in range(20):
        shown.page.mouse.wheel(0, -100)
    until(lambda: np.array_equal(pixels(canvas), whole), expected=False)
    # As large as they get, weights are wide enough for their digits.
    shown.page.mouse.move(x + 1, y)
    under = read()
    assert abs(under[0] - far[0]) + abs(under[1] - far[1]) <= 6
    shown.page.mouse.move(x + 70, y, steps=10)
    assert under[1] <= read()[1] <= under[1] + 1
    assert_keys_stay(shown, canvas, "matrix")


def test_depth_shows_every_block_and_a_click_selects_its_layer(show: Show) -> None:
    shown = show(TRANSFORMER)
    shown.toolbar.get_by_role("button", name="Depth").click()
    depth = shown.root.locator(".ww-depth")
    cells = depth.get_by_role("listbox")
    depth.locator(".ww-title").filter(has_text="4 layers").wait_for()
    until(lambda: depth.locator(".ww-depth-progress").inner_text(), "")
    depth.get_by_label("strip").select_option("l2")
    names = [Q_PROJ.replace("0", str(block), 1) for block in range(4)]
    norms = shown.python(f"[float(model.get_submodule(n).weight.double().norm()) for n in {names}]")
    cells.focus()
    for name, norm, key in zip(names, norms, ["Home", *["ArrowRight"] * 3], strict=True):
        shown.page.keyboard.press(key)
        found = told(depth, rf"{re.escape(name)} .*L2 norm \(Frobenius\) ([\d.]+)")
        assert number(found[1]) == pytest.approx(norm, rel=1e-3)
    assert_keys_stay(shown, cells, "depth")
    canvas = depth.locator(".ww-depth-canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    for x in range(20, int(box["width"]), 20):
        canvas.hover(position={"x": x, "y": 60})
        if names[2] in depth.locator(".ww-caption").inner_text():
            canvas.click(position={"x": x, "y": 60})
            break
    shown.wait_layer(names[2])
    shown.wait_python("explorer.layer", names[2])
    assert shown.row(names[2]).get_attribute("aria-selected") == "true"


@pytest.mark.usefixtures("show")
def test_the_channels_of_a_norm_are_read_one_by_one(notebook: Cells) -> None:
    notebook.close()
    notebook.run(NORMS)
    lab = notebook.lab
    channels = lab.page.locator(".ww-channels")
    channels.locator(".ww-title").filter(has_text="64 channels").wait_for()
    scales = lab.kernel_json("model.layers[1].norm2.weight.detach().double().tolist()")
    window = channels.get_by_role("listbox")
    window.focus()
    for key, channel in (("Home", 0), ("ArrowRight", 1), ("End", 63), ("ArrowLeft", 62)):
        lab.page.keyboard.press(key)
        found = told(channels, rf"^channel {channel}: scale ([^,;]+)")
        assert number(found[1]) == pytest.approx(scales[channel], rel=1e-3)
    shown = Shown(lab)
    assert_keys_stay(shown, window, "channels")
    channels.get_by_label("order by").select_option("scale")
    until(lambda: lab.kernel_json("norms.order"), "scale")
    window.focus()
    lab.page.keyboard.press("Home")
    told(channels, rf"^channel {int(np.argmin(np.abs(scales)))}: scale ")
