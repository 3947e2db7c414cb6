"""One JupyterLab server and one Chromium for all browser tests; a page and a kernel of its own for each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from examples.lab_server import lab_server
from tests.browser.chromium import ARGUMENTS, VARIABLE, find_chromium
from tests.browser.harness import Lab
from tests.browser.shown import Cells, Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, BrowserContext

    from examples.lab_server import LabServer
    from tests.browser.shown import Shown

SCREENSHOTS = Path(__file__).parents[2] / "screenshots"

IMPORTS = """
import ipywidgets, numpy as np, torch
from torch import nn
import weightwidgets as ww
"""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    with lab_server(tmp_path_factory.mktemp("notebooks"), tmp_path_factory.mktemp("state")) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find_chromium()
    assert path, f"no Chromium found: run `make test`, which installs it, or set {VARIABLE}"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def context(browser: Browser) -> BrowserContext:
    # One context: JupyterLab's own code is then read from the cache after the first page.
    return browser.new_context(viewport={"width": 1280, "height": 900})


@pytest.fixture
def lab(server: LabServer, context: BrowserContext) -> Iterator[Lab]:
    """A JupyterLab page; the test fails if it asked another machine for anything or an exception escaped."""
    held = Lab(server, context, SCREENSHOTS)
    yield held
    held.close()
    assert held.foreign_requests == [], "the page asked another machine"
    assert held.page_errors == [], "an exception escaped in the page"


@pytest.fixture(scope="module")
def shared_lab(server: LabServer, context: BrowserContext) -> Iterator[Lab]:
    """A page that all tests of a module share; not together with `lab`, which ends every kernel."""
    held = Lab(server, context, SCREENSHOTS)
    yield held
    held.close()


@pytest.fixture(scope="module")
def wire(shared_lab: Lab) -> Wire:
    """The lengths of the messages of the shared page."""
    return Wire(shared_lab)


@pytest.fixture(scope="module")
def notebook(shared_lab: Lab, wire: Wire) -> Cells:  # noqa: ARG001 -- it must listen before the page opens
    """A notebook with everything imported and one cell in which each test of a module shows its own."""
    return Cells(shared_lab, IMPORTS)


@pytest.fixture
def show(notebook: Cells) -> Iterator[Callable[[str], Shown]]:
    """Show an explorer in the shared notebook; the test fails as it does with `lab`."""
    lab = notebook.lab
    yield notebook.show
    foreign, problems = [*lab.foreign_requests], [*lab.page_errors]
    lab.foreign_requests.clear()
    lab.page_errors.clear()
    notebook.close()
    assert foreign == [], "the page asked another machine"
    assert problems == [], "an exception escaped in the page"
