"""Pictures out of the browser: each menu gives a PNG, drawn by the view or by the kernel."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from tests.browser.shown import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator

    from tests.browser.shown import Shown

    Show = Callable[[str], Shown]

EDGES = """explorer = ww.WeightExplorer(ww.demo_model("edges"), filter_index=3)
explorer.selected_range = (-0.1, 0.0)
explorer"""

# Each menu's view, the name of the file, and what Python itself draws of it.
DRAWN_BY_THE_KERNEL = {
    "table": ("layers", "explorer.table"),
    "statistics": ("statistics_of_conv1", "explorer.statistics"),
    "norms": ("norms", "explorer.norms"),
    "toolbar": ("weights", "explorer"),
}


def choose(view: Locator, label: str) -> None:
    view.locator("summary").first.click()
    view.get_by_role("button", name=label, exact=True).click()


def download(shown: Shown, view: Locator) -> tuple[str, Image.Image]:
    with shown.page.expect_download() as downloading:
        choose(view, "Download PNG")
    image = Image.open(downloading.value.path())
    image.load()
    return downloading.value.suggested_filename, image


@pytest.mark.parametrize("name", DRAWN_BY_THE_KERNEL)
def test_what_the_kernel_draws_is_downloaded_pixel_for_pixel(name: str, show: Show) -> None:
    shown = show(EDGES)
    stem, drawn = DRAWN_BY_THE_KERNEL[name]
    if name == "norms":
        shown.toolbar.get_by_role("button", name="Norms").click()
    view = shown.root.locator(f".ww-view.ww-{name}")
    view.wait_for()
    # Until all is measured the next picture is another one.
    shown.python("explorer.table.wait(30)")
    if name == "norms":
        shown.python("explorer.norms.wait(30)")
    found, image = download(shown, view)
    assert found == f"{stem}.png"
    size, digest = shown.python(
        "(lambda image: [image.size, __import__('hashlib').sha256(image.tobytes()).hexdigest()])"
        f"({drawn}.drawn())"
    )
    assert list(image.size) == size
    assert hashlib.sha256(image.convert("RGB").tobytes()).hexdigest() == digest
    until(lambda: view.get_by_role("status").inner_text(), "Download PNG: done")


def test_what_the_browser_draws_is_downloaded_as_it_is_seen(show: Show) -> None:
    shown = show(EDGES)
    for view, canvas in ((shown.grid, shown.tiles), (shown.histogram, shown.bars)):
        _, image = download(shown, view)
        box = canvas.bounding_box()
        assert box is not None
        assert image.width >= box["width"] - 1
        assert image.height >= box["height"]
        assert len(image.convert("RGB").getcolors(1 << 20) or []) > 10


def test_a_picture_of_the_kernel_is_copied_within_the_click(show: Show) -> None:
    shown = show(EDGES)
    shown.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    choose(shown.statistics, "Copy picture")
    until(lambda: shown.statistics.get_by_role("status").inner_text(), "Copy picture: done")
    size = shown.page.evaluate(
        """async () => {
          const [item] = await navigator.clipboard.read();
          const picture = await createImageBitmap(await item.getType("image/png"));
          return [picture.width, picture.height];
        }"""
    )
    assert size == shown.python("list(explorer.statistics.drawn().size)")
