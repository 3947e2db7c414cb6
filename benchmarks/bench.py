"""One server and one browser for all that is timed in a page."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from examples.lab_server import lab_server
from tests.browser.chromium import ARGUMENTS, VARIABLE, find_chromium
from tests.browser.harness import Lab

from .watcher import settle

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playwright.sync_api import BrowserContext, ViewportSize

    from examples.lab_server import LabServer

# Tall enough that every view of the explorer is in sight: what is out of sight need not be painted.
_VIEWPORT: ViewportSize = {"width": 1400, "height": 1500}


@dataclass
class Bench:
    """Opens notebooks, and says how often to repeat.

    Attributes
    ----------
    quick : bool
        Few repetitions: a look at whether it works, no measurement.
    """

    server: LabServer
    context: BrowserContext
    quick: bool
    _open: list[Lab] = field(default_factory=list)

    @property
    def chromium(self) -> str:
        """The browser's version."""
        browser = self.context.browser
        return browser.version if browser else ""

    def repeats(self, count: int) -> int:
        """Give the number of repetitions: `count`, or a fifth of it and at least two if `quick`."""
        return max(2, count // 5) if self.quick else count

    def open(self, cells: Sequence[str], *, run: int | None = None) -> Lab:
        """Open a notebook in a page of its own, run all cells or the first `run`, and let it settle."""
        lab = Lab(self.server, self.context, self.server.state)
        self._open.append(lab)
        lab.page.bring_to_front()
        lab.open_notebook(cells, run=run is None)
        for cell in range(run or 0):
            lab.run_cell(cell)
            lab.wait_idle()
        settle(lab)
        return lab

    def close(self) -> None:
        """Close every page that is open, with its kernel."""
        for lab in self._open:
            lab.close()
        self._open.clear()


@contextmanager
def bench(*, quick: bool) -> Iterator[Bench]:
    """Start JupyterLab and Chromium for as long as the ``with`` block lasts.

    Raises
    ------
    RuntimeError
        If there is no Chromium.
    """
    chromium = find_chromium()
    if chromium is None:
        raise RuntimeError(f"no Chromium found: run `make bench`, which installs it, or set {VARIABLE}")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        notebooks, state = Path(folder, "notebooks"), Path(folder, "state")
        notebooks.mkdir()
        with lab_server(notebooks, state) as server:
            browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
            yield Bench(server, browser.new_context(viewport=_VIEWPORT), quick)
            browser.close()
