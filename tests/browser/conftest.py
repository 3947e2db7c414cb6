"""One JupyterLab server and one Chromium for all browser tests; a page and a kernel of its own for each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from examples.lab_server import lab_server
from tests.browser.chromium import ARGUMENTS, VARIABLE, find_chromium
from tests.browser.harness import Lab

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext

    from examples.lab_server import LabServer

SCREENSHOTS = Path(__file__).parents[2] / "screenshots"


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
