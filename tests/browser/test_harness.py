"""The harness itself, on a widget of three lines: what the other browser tests stand on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.browser.harness import Lab

COUNTER = """
import anywidget, threading, time, traitlets

class Counter(anywidget.AnyWidget):
    _esm = '''
    function render({ model, el }) {
      const button = document.createElement("button");
      button.className = "counter";
      const show = () => { button.textContent = `${model.get("count")}, doubled ${model.get("doubled")}`; };
      button.onclick = () => { model.set("count", model.get("count") + 1); model.save_changes(); };
      model.on("change", show);
      show();
      el.append(button);
    }
    export default { render };
    '''
    count = traitlets.Int(0).tag(sync=True)
    doubled = traitlets.Int(0).tag(sync=True)
    threads = set()

    def __init__(self):
        super().__init__()
        # weightwidgets does the same to its own widgets: the front end's choice of a shell stands.
        self.comm._reply_subshell_for = lambda data, default: default

    @traitlets.observe("count")
    def _double(self, change):
        self.threads.add(threading.current_thread() is threading.main_thread())
        self.doubled = 2 * change.new

counter = Counter()
counter
"""


def test_a_click_reaches_python_and_its_answer_reaches_the_page(lab: Lab) -> None:
    page = lab.open_notebook([COUNTER])
    button = page.locator(".counter")
    button.click()
    page.get_by_text("1, doubled 2").wait_for()
    button.click()
    page.get_by_text("2, doubled 4").wait_for()
    assert lab.kernel_json("[counter.count, counter.doubled]") == [2, 4]


def test_a_click_is_answered_while_a_cell_runs(lab: Lab) -> None:
    busy = "running = True\nwhile running: time.sleep(0.01)\nended = True"
    page = lab.open_notebook([COUNTER, "ended = False", busy], run=False)
    lab.run_cell(0)
    page.locator(".counter").wait_for()
    lab.run_cell(1)
    lab.wait_idle()
    lab.run_cell(2)
    page.wait_for_timeout(200)
    page.locator(".counter").click()
    page.get_by_text("1, doubled 2").wait_for()
    assert lab.kernel_json("[counter.count, ended, list(counter.threads)]", aside=True) == [1, False, [False]]
    lab.kernel("running = False", aside=True)
    lab.wait_idle()
    assert lab.kernel_json("ended") is True


def test_a_cell_that_raises_fails_the_test_with_its_traceback(lab: Lab) -> None:
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        lab.open_notebook(["1 / 0"])


def test_code_that_raises_in_the_kernel_fails_the_test_with_its_traceback(lab: Lab) -> None:
    lab.open_notebook(["x = 1"])
    with pytest.raises(AssertionError, match="NameError"):
        lab.kernel("nowhere")


def test_the_theme_changes_under_an_open_page(lab: Lab) -> None:
    page = lab.open_notebook(["1"])
    assert page.evaluate("document.body.dataset.jpThemeLight") == "true"
    lab.theme("JupyterLab Dark")
    assert page.evaluate("document.body.dataset.jpThemeLight") == "false"


def test_a_new_page_starts_in_the_light_theme_with_one_kernel(lab: Lab) -> None:
    page = lab.open_notebook(["1"])
    assert page.evaluate("document.body.dataset.jpThemeLight") == "true"
    assert len(lab.server.request("GET", "kernels")) == 1


def test_a_request_to_another_machine_is_noted(lab: Lab) -> None:
    page = lab.open_notebook(["1"])
    page.evaluate("fetch('http://example.invalid/x').catch(() => null)")
    assert lab.foreign_requests == ["http://example.invalid/x"]
    lab.foreign_requests.clear()


def test_a_saved_notebook_is_read_back_with_its_outputs(lab: Lab) -> None:
    lab.open_notebook(["40 + 2"])
    assert lab.save().cells[0].outputs[0].data["text/plain"] == "42"
    assert lab.screenshot("harness").stat().st_size > 10_000


def test_a_reloaded_page_finds_its_kernel_and_its_widget_again(lab: Lab) -> None:
    page = lab.open_notebook([COUNTER])
    page.locator(".counter").click()
    page.get_by_text("1, doubled 2").wait_for()
    lab.save()
    page.reload()
    lab.wait_ready()
    page.locator(".counter").click()
    page.get_by_text("2, doubled 4").wait_for()
    assert lab.kernel_json("counter.count") == 2


def test_an_exception_that_nobody_catches_in_the_page_is_noted(lab: Lab) -> None:
    page = lab.open_notebook(["1"])
    page.evaluate("setTimeout(() => { throw new Error('lost'); })")
    page.wait_for_timeout(100)
    assert lab.page_errors == ["lost"]
    lab.page_errors.clear()
