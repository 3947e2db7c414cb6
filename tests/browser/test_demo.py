"""``make demo``: what it prints opens, run, with widgets that a kernel stands behind."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest

from examples.open_demo import FIRST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserContext, Page

ROOT = Path(__file__).parents[2]
NOTEBOOKS = [FIRST, *sorted(set(FIRST.parent.glob("*.ipynb")) - {FIRST})]
ADDRESS = re.compile(r"JupyterLab: (http://127\.0\.0\.1:\d+/\S+)")
WIDGET = "application/vnd.jupyter.widget-view+json"

_SCROLL_TO = "number => window.jupyterapp.shell.currentWidget.content.scrollToItem(number, 'start')"
# What is said of errors, once every view that draws has painted something or says why it has not.
_SAID = """cell => {
  if (cell.innerText.includes("Error displaying widget")) return ["Error displaying widget"];
  const views = Array.from(cell.querySelectorAll(".ww-view"));
  const said = view => view.querySelector(".ww-error")?.innerText ?? "";
  const isPainted = canvas => canvas.width * canvas.height > 0 &&
    canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some(byte => byte > 0);
  const canvases = view => Array.from(view.querySelectorAll("canvas"));
  const isDone = view => canvases(view).length === 0 || canvases(view).some(isPainted) || said(view);
  return views.length > 0 && views.every(isDone) ? views.map(said).filter(Boolean) : null;
}"""


@contextlib.contextmanager
def demo(notebook: Path, folder: Path) -> Iterator[str]:
    """Start the demo as on a machine without a screen, and give the address that it prints."""
    environment = {key: value for key, value in os.environ.items() if not key.endswith("DISPLAY")}
    process = subprocess.Popen(
        [sys.executable, "-m", "examples.open_demo", str(notebook), "--folder", str(folder)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    lines: list[str] = []
    try:
        for line in process.stdout:
            lines.append(line)
            if found := ADDRESS.match(line):
                yield found[1]
                break
        else:
            pytest.fail("no address was printed, but:\n" + "".join(lines))
    finally:
        process.send_signal(signal.SIGINT)
        lines.append(process.stdout.read())
        assert process.wait(timeout=60) == 0, "".join(lines)


def write_notebook(path: Path, *cells: str) -> Path:
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells]), path)
    return path


def test_a_notebook_opens_run_and_its_widget_is_alive(context: BrowserContext, tmp_path: Path) -> None:
    slider = "import ipywidgets\nslider = ipywidgets.IntSlider(7, description='live')\nslider"
    double = "def double(change):\n    slider.description = f'doubled {2 * change.new}'\n"
    notebook = write_notebook(
        tmp_path / "slider.ipynb", slider, double + "slider.observe(double, 'value')\nprint('watched')"
    )
    original = notebook.read_bytes()
    with demo(notebook, tmp_path / "demo") as address:
        page = context.new_page()
        page.goto(address)
        page.get_by_text("watched", exact=True).wait_for()
        page.get_by_text("live", exact=True).wait_for()
        page.locator(".widget-slider [role=slider], .noUi-handle").first.press("ArrowRight")
        page.get_by_text("doubled 16").wait_for()
        page.close()
    assert notebook.read_bytes() == original


def views_that_fail(page: Page, notebook: Path) -> dict[int, list[str]]:
    """Look at every widget of a notebook that was run, and give what is wrong by the number of its cell."""
    wrong = {}
    for number, cell in enumerate(nbformat.read(notebook, as_version=4).cells):
        if not any(WIDGET in output.get("data", ()) for output in cell.get("outputs", ())):
            continue
        # JupyterLab keeps only those cells in the page that are near to what is seen.
        page.evaluate(_SCROLL_TO, number)
        shown = page.locator(f".jp-Cell[data-windowed-list-index='{number}']")
        said = page.wait_for_function(_SAID, arg=shown.element_handle()).json_value()
        if said:
            wrong[number] = said
    return wrong


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=[notebook.stem for notebook in NOTEBOOKS])
def test_every_widget_of_an_example_is_shown_without_an_error(
    notebook: Path, context: BrowserContext, tmp_path: Path
) -> None:
    page = context.new_page()
    with demo(notebook, tmp_path / "demo") as address:
        page.goto(address)
        page.locator(".jp-OutputArea .ww-view canvas").first.wait_for()
        run = tmp_path / "demo/notebooks" / notebook.name
        assert views_that_fail(page, run) == {}
        outputs = [
            output for cell in nbformat.read(run, as_version=4).cells for output in cell.get("outputs", ())
        ]
        assert [output.text for output in outputs if output.get("name") == "stderr"] == []
    page.close()


def test_a_view_without_an_answer_would_be_noticed(context: BrowserContext, tmp_path: Path) -> None:
    made = "import torch, weightwidgets as ww\nww.FilterGrid({0})"
    notebook = write_notebook(
        tmp_path / "views.ipynb",
        made.format("torch.nn.Conv2d(3, 4, 3)"),
        made.format("torch.nn.Conv2d(3, 4, 3, device='meta')"),
    )
    page = context.new_page()
    with demo(notebook, tmp_path / "demo") as address:
        page.goto(address)
        page.locator(".jp-OutputArea .ww-view canvas").first.wait_for()
        (wrong,) = views_that_fail(page, tmp_path / "demo/notebooks/views.ipynb").items()
    assert wrong[0] == 1
    assert "meta" in wrong[1][0]
    page.close()


def test_a_cell_that_fails_ends_the_demo_with_a_sentence(tmp_path: Path) -> None:
    notebook = write_notebook(tmp_path / "broken.ipynb", "1 / 0", "print('not reached')")
    command = [sys.executable, "-m", "examples.open_demo", str(notebook), "--folder", str(tmp_path / "demo")]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 1
    assert "a cell of broken.ipynb failed" in ended.stderr
    kept = nbformat.read(tmp_path / "demo/notebooks/broken.ipynb", as_version=4)
    assert [len(cell.outputs) for cell in kept.cells] == [1, 0]
    assert kept.cells[0].outputs[0].ename == "ZeroDivisionError"
