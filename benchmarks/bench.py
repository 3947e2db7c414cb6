"""One server, and one browser at a time, for all that is timed in a page."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from examples.lab_server import lab_server
from tests.browser.chromium import ARGUMENTS, VARIABLE, find_chromium
from tests.browser.harness import Lab

from .watcher import Watcher, settle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from playwright.sync_api import Browser, BrowserContext, ViewportSize

    from examples.lab_server import LabServer

# Tall enough that every view of the explorer is in sight: what is out of sight need not be painted.
_VIEWPORT: ViewportSize = {"width": 1400, "height": 1500}

_LIFTED = "--disable-frame-rate-limit"
# Half a frame at 60 Hz: an empty frame takes much less where the rate is lifted, and twice as much where not.
_LIFTED_MILLISECONDS = 8


@dataclass
class Bench:
    """Opens notebooks, and says how often to repeat.

    Attributes
    ----------
    server : LabServer
        The JupyterLab that serves the notebooks.
    launch : callable
        Starts a Chromium with more arguments on its command line.
    quick : bool
        Few repetitions: a look at whether it works, no measurement.
    is_lifted : bool
        Whether the browser that runs shows frames as fast as it makes them, see `lifted`.
    """

    server: LabServer
    launch: Callable[[Sequence[str]], Browser]
    quick: bool
    is_lifted: bool = field(default=False, init=False)
    _open: list[Lab] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self._start()

    @property
    def chromium(self) -> str:
        """The browser's version."""
        return self._browser.version

    def repeats(self, count: int) -> int:
        """Give the number of repetitions: `count`, or a fifth of it and at least two if `quick`."""
        return max(2, count // 5) if self.quick else count

    def open(self, cells: Sequence[str], *, run: int | None = None) -> Lab:
        """Open a notebook in a page of its own, run all cells or the first `run`, and let it settle."""
        lab = Lab(self.server, self._context, self.server.state)
        self._open.append(lab)
        lab.page.bring_to_front()
        lab.open_notebook(cells, run=run is None)
        for cell in range(run or 0):
            lab.run_cell(cell)
            lab.wait_idle()
        settle(lab)
        return lab

    @contextmanager
    def lifted(self) -> Iterator[None]:
        """Use a browser that shows frames as fast as it makes them, for as long as the ``with`` block lasts.

        Every page that is open is closed, before and after.

        Raises
        ------
        RuntimeError
            If this Chromium keeps to the display's rate in spite of being told not to.
        """
        self._restart(_LIFTED)
        self.is_lifted = True
        try:
            _expect_lifted(self._context)
            yield
        finally:
            self.is_lifted = False
            self._restart()

    def settle(self) -> None:
        """Wait until no kernel computes anything any more."""
        for lab in self._open:
            settle(lab)

    def close(self) -> None:
        """Close every page that is open, with its kernel."""
        for lab in self._open:
            lab.close()
        self._open.clear()

    def end(self) -> None:
        """Close every page and the browser."""
        self.close()
        self._browser.close()

    def _restart(self, *arguments: str) -> None:
        self.end()
        self._start(*arguments)

    def _start(self, *arguments: str) -> None:
        self._browser = self.launch(arguments)
        self._context: BrowserContext = self._browser.new_context(viewport=_VIEWPORT)


def _expect_lifted(context: BrowserContext) -> None:
    with context.new_page() as page:
        watcher = Watcher(page, "fill", "canvas", ["canvas"], lifted=True)
        empty = median(watcher.empty_step() for _ in range(9))
    if empty > _LIFTED_MILLISECONDS:
        raise RuntimeError(f"this Chromium keeps to the display's rate: an empty frame took {empty:.1f} ms")


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

        def launch(arguments: Sequence[str]) -> Browser:
            return playwright.chromium.launch(executable_path=chromium, args=[*ARGUMENTS, *arguments])

        notebooks, state = Path(folder, "notebooks"), Path(folder, "state")
        notebooks.mkdir()
        with lab_server(notebooks, state) as server:
            running = Bench(server, launch, quick)
            yield running
            running.end()
