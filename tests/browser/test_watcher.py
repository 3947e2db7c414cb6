"""The watcher of the benchmarks sees each change, the last one too, and every picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Error

from benchmarks.starts import PAINTED
from benchmarks.watcher import Watcher, first_paint, settle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import BrowserContext, Page

    from tests.browser.harness import Lab

PAGE = """
<input type="range" min="0" max="200" value="0"><button>press</button>
<canvas width="40" height="20"></canvas><p>0</p>
<script>
const [input, button, canvas, text] = ["input", "button", "canvas", "p"].map(s => document.querySelector(s));
const paint = number => {
  const context = canvas.getContext("2d");
  context.fillStyle = `rgb(${number} 0 0)`;
  context.fillRect(0, 0, 40, 20);
};
const frames = (count, then) => count ? requestAnimationFrame(() => frames(count - 1, then)) : then();
</script>
"""

BUSY = """
import threading, time
def work():
    end = time.process_time() + 1
    while time.process_time() < end: sum(range(1000))
threading.Thread(target=work).start()
"""


@pytest.fixture
def show(context: BrowserContext) -> Iterator[Callable[[str], Page]]:
    """Give a function that opens the page with a handler of its own."""
    page = context.new_page()

    def shown(handler: str) -> Page:
        page.set_content(f"{PAGE}<script>{handler}</script>")
        return page

    yield shown
    page.close()


def test_each_watched_element_is_timed_to_its_own_last_change(show: Callable[[str], Page]) -> None:
    page = show("""input.oninput = () => {
      paint(input.value);
      frames(10, () => {
        text.textContent = "first";
        frames(8, () => { text.textContent += input.value; });
      });
    };""")
    watcher = Watcher(page, "slide", "input", ["canvas", "p"])
    drawn, written = watcher.step()
    assert 0 < drawn < written
    assert page.input_value("input") == "1"
    assert page.inner_text("p") == "first1"


@pytest.mark.parametrize("lifted", [False, True])
def test_the_last_change_is_found_also_when_it_comes_late(
    show: Callable[[str], Page], *, lifted: bool
) -> None:
    page = show("""input.oninput = () => {
      setTimeout(() => { text.innerHTML = '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">'; }, 60);
      setTimeout(() => paint(input.value), 150);
    };""")
    watcher = Watcher(page, "slide", "input", ["img", "canvas"], lifted=lifted)
    loaded, drawn = watcher.step()
    assert 0 < loaded < drawn


def test_a_page_that_stirs_without_rest_is_looked_at_all_the_same(show: Callable[[str], Page]) -> None:
    page = show("""input.oninput = () => {
      let beats = 0;
      const beat = setInterval(() => { input.dataset.beat = beats += 1; }, 1);
      setTimeout(() => { clearInterval(beat); text.textContent = "late"; }, 300);
    };""")
    (written,) = Watcher(page, "slide", "input", ["p"], lifted=True).step()
    assert written > 0
    assert page.inner_text("p") == "late"


def test_the_watchers_own_dot_does_not_stir_the_page(show: Callable[[str], Page]) -> None:
    page = show("""new MutationObserver(() => { document.documentElement.lang = "stirred"; })
      .observe(document.body, {subtree: true, childList: true, attributes: true});""")
    Watcher(page, "fill", "canvas", ["canvas"], lifted=True).step()
    assert page.evaluate("document.documentElement.lang") == ""
    page.evaluate("() => { text.lang = 'en'; }")
    assert page.evaluate("document.documentElement.lang") == "stirred"


def test_a_key_is_pressed_on_its_target(show: Callable[[str], Page]) -> None:
    page = show("button.onkeydown = event => { text.textContent += event.key; };")
    watcher = Watcher(page, "ArrowDown", "button", ["p"])
    watcher.step()
    watcher.step("ArrowUp")
    assert page.inner_text("p") == "0ArrowDownArrowUp"


def test_a_step_that_changes_nothing_is_an_error_and_no_time(show: Callable[[str], Page]) -> None:
    page = show("")
    watcher = Watcher(page, "slide", "input", ["canvas"])
    page.evaluate(
        "() => { const now = performance.now.bind(performance); performance.now = () => 300 * now(); }"
    )
    with pytest.raises(Error, match="no change in canvas"):
        watcher.step()


def test_a_target_that_is_not_there_is_an_error(show: Callable[[str], Page]) -> None:
    with pytest.raises(Error, match="there is no #missing"):
        Watcher(show(""), "slide", "#missing", ["canvas"]).step()


@pytest.mark.parametrize(("painted_every", "pictures"), [(1, 60), (3, 20)])
def test_a_drag_counts_every_picture_once(
    show: Callable[[str], Page], painted_every: int, pictures: int
) -> None:
    page = show(f"input.oninput = () => input.value % {painted_every} || paint(input.value);")
    assert Watcher(page, "slide", "input", ["canvas"]).drag().pictures == pictures


def test_a_drag_sees_pictures_that_come_after_its_last_step(show: Callable[[str], Page]) -> None:
    page = show("input.oninput = () => { const { value } = input; frames(5, () => paint(value)); };")
    assert Watcher(page, "slide", "input", ["canvas"]).drag().pictures == 60


def test_the_slider_begins_again_at_its_end(show: Callable[[str], Page]) -> None:
    page = show("input.oninput = () => paint(input.value); input.value = 200;")
    Watcher(page, "slide", "input", ["canvas"]).step()
    assert page.input_value("input") == "0"


def test_the_empty_canvas_is_of_the_size_of_the_watched_one(show: Callable[[str], Page]) -> None:
    page = show("")
    watcher = Watcher(page, "slide", "input", ["canvas"])
    assert watcher.empty_step() > 0
    assert watcher.empty_drag().pictures == 60
    assert page.evaluate(
        "(({width, height}) => [width, height])(document.querySelector('#benchmark-empty'))"
    ) == [
        40,
        20,
    ]


def test_first_paint_is_when_every_view_shows_something(lab: Lab) -> None:
    lab.open_notebook(["import weightwidgets as ww", "ww.WeightExplorer(ww.demo_model('digits'))"], run=False)
    lab.run_cell(0)
    assert first_paint(lab, 1, PAINTED) > 0
    for selector in PAINTED:
        assert lab.page.locator(selector).is_visible()


def test_settling_waits_for_what_the_kernel_does_in_the_background(lab: Lab) -> None:
    lab.open_notebook([BUSY])
    settle(lab)
    assert lab.kernel_json("[t.name for t in threading.enumerate() if 'work' in t.name]") == []
