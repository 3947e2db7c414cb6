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

    from playwright.sync_api import BrowserContext

ROOT = Path(__file__).parents[2]
ADDRESS = re.compile(r"JupyterLab: (http://127\.0\.0\.1:\d+/\S+)")


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
        process.stdout.read()
        assert process.wait(timeout=60) == 0


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


def test_the_first_notebook_opens_on_the_explorer(context: BrowserContext, tmp_path: Path) -> None:
    page = context.new_page()
    with demo(FIRST, tmp_path / "demo") as address:
        page.goto(address)
        page.locator(".jp-OutputArea .ww-view canvas").first.wait_for()
        assert page.get_by_text("Error displaying widget").count() == 0
        assert page.locator("[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
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
