"""The large size on screen, and charts of many layers: nothing small, nothing cut, nothing squeezed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.shown import Shown, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.browser.shown import Cells

    Show = Callable[[str], Shown]

LARGE = """model, twin = ww.demo_model("edges"), ww.demo_model("edges", trained=False)
explorer = ww.WeightExplorer(model, twin=twin, size="large")
explorer"""

DEEP = """torch.manual_seed(0)
model = {f"layers.{n}.query": torch.randn(8, 8) for n in range(320)}
explorer = ww.NormChart(model, layer="layers.200.query")
explorer.wait()
display(explorer)"""

# Letters that are seen: of the page as the browser lays it out, not as the style sheets wish.
_SMALL = """root => {
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const found = [];
  while (texts.nextNode()) {
    const { currentNode: { data, parentElement: parent } } = texts;
    const size = Number.parseFloat(getComputedStyle(parent).fontSize);
    if (data.trim() && parent.checkVisibility() && size < 18) found.push(`${size} ${data}`);
  }
  return found;
}"""

# Views that are wider than their place, but for what scrolls in a box of its own.
_TOO_WIDE = """root => [root, ...root.querySelectorAll(".ww-view")]
  .filter(one => one.scrollWidth > one.clientWidth + 1)
  .map(one => `${one.className} ${one.scrollWidth} > ${one.clientWidth}`)"""


@pytest.fixture
def widen(notebook: Cells) -> Iterator[Callable[[int], None]]:
    """Make the page so wide that a cell has about so many pixels."""
    page = notebook.lab.page
    before = page.viewport_size
    assert before is not None
    yield lambda width: page.set_viewport_size({"width": width + 160, "height": 1200})
    page.set_viewport_size(before)


@pytest.mark.parametrize("width", [1400, 900, 500])
@pytest.mark.parametrize("panel", ["All histograms", "Norms"])
def test_in_a_lecture_hall_every_letter_is_large_and_no_view_too_wide(
    show: Show, widen: Callable[[int], None], panel: str, width: int
) -> None:
    widen(width)
    shown = show(LARGE)
    shown.toolbar.get_by_role("button", name=panel).click()
    drawn = shown.norm_bars if panel == "Norms" else shown.root.locator(".ww-gallery-canvas")
    drawn.last.wait_for()
    until(lambda: shown.root.evaluate(_SMALL), [])
    until(lambda: shown.root.evaluate(_TOO_WIDE), [])
    labels = shown.root.locator(".ww-explorer-label").filter(has_text="twin")
    assert labels.first.evaluate("label => getComputedStyle(label).fontSize") == "20px"


@pytest.mark.usefixtures("show")
def test_bars_of_hundreds_of_layers_scroll_to_the_selected_one(
    notebook: Cells, widen: Callable[[int], None]
) -> None:
    widen(500)
    lab = notebook.lab
    notebook.run(DEEP)
    bars = lab.page.locator(".ww-norms-scroll rect.bar")
    until(bars.count, 320 + 1 + 320)
    place = "box => [box.getBoundingClientRect().left, box.getBoundingClientRect().right]"
    left, right = lab.page.locator(".ww-norms-scroll").evaluate(place)

    def in_sight(layer: int) -> bool:
        box = bars.nth(layer).bounding_box()
        return box is not None and left <= box["x"] <= box["x"] + box["width"] <= right

    until(lambda: in_sight(200), expected=True)
    box = bars.nth(200).bounding_box()
    assert box is not None
    assert box["width"] >= 8
    lab.kernel("explorer.layer = 'layers.3.query'")
    until(lambda: in_sight(3), expected=True)
    axis = lab.page.locator(".ww-norms-bars > .bqplot").first.bounding_box()
    assert axis is not None
    assert axis["x"] < left
    # A bar in sight is selected by a click without the bars moving.
    scrolled = lab.page.locator(".ww-norms-scroll").evaluate("box => box.scrollLeft")
    bars.nth(320 + 1 + 6).click(position={"x": 3, "y": 4})
    until(lambda: lab.kernel_json("explorer.layer"), "layers.6.query")
    assert lab.page.locator(".ww-norms-scroll").evaluate("box => box.scrollLeft") == scrolled
    assert lab.page.locator(".ww-norms-chart").evaluate("one => one.scrollWidth <= one.clientWidth")
