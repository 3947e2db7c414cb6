"""Times, inside the page, from an input event to the frame that has the last pixel which it changed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.sync_api import Page

    from tests.browser.harness import Lab

_SCRIPT = Path(__file__).with_suffix(".js")
_EMPTY = "#benchmark-empty"
_QUIET_LOOKS = 12
# Where frames come at the display's rate every one is looked at; where it is lifted, about as many a second.
_REST_MILLISECONDS = 16
STEPS_PER_DRAG = 60
_SETTLE_SECONDS = 180


class Drag(NamedTuple):
    """Sixty steps, one an animation frame.

    Attributes
    ----------
    pictures : int
        How many different pictures were seen.
    seconds : float
        From the first step to the frame of the last.
    """

    pictures: int
    seconds: float


class Watcher:
    """The poller in one page: what it acts on, and what it watches.

    Parameters
    ----------
    page : playwright.sync_api.Page
        The page; it must be in front whenever something is timed, or it gets no frames.
    act : str
        ``"slide"`` moves a native slider by one; any other is the name of a key, pressed on `target`.
    target : str
        CSS selector of the element that is acted on.
    watched : sequence of str
        CSS selectors of what changes, each timed by itself.
    lifted : bool
        Frames are not held to the display's rate. One is then looked at as soon as something stirs in the
        page, else after a rest; otherwise every frame is.
    """

    def __init__(
        self, page: Page, act: str, target: str, watched: Sequence[str], *, lifted: bool = False
    ) -> None:
        self._page = page
        self._act = act
        self._target = target
        self._watched = list(watched)
        self._rest = _REST_MILLISECONDS if lifted else 0
        page.evaluate(_SCRIPT.read_text(encoding="utf-8"))

    def step(self, act: str | None = None) -> list[float]:
        """Act once (by `act` instead of the usual act, where it is given) and wait until all is still.

        Returns
        -------
        list of float
            Milliseconds until the last change of each of ``watched``.

        Raises
        ------
        playwright.sync_api.Error
            If one of them did not change within a minute.
        """
        return self._step(act or self._act, self._target, self._watched)

    def empty_step(self) -> float:
        """Time the least that can be: filling a canvas of the same size that nobody computes anything for."""
        self._make_empty()
        return self._step("fill", _EMPTY, [_EMPTY])[0]

    def drag(self) -> Drag:
        """Act sixty times, once an animation frame, and count the pictures of the first of ``watched``."""
        return self._drag(self._act, self._target, self._watched[0])

    def empty_drag(self) -> Drag:
        """Fill the empty canvas sixty times, once an animation frame."""
        self._make_empty()
        return self._drag("fill", _EMPTY, _EMPTY)

    def _make_empty(self) -> None:
        if self._page.query_selector(_EMPTY) is None:
            self._page.evaluate("watched => benchmark.addEmpty(watched)", self._watched[0])

    def _step(self, act: str, target: str, watched: list[str]) -> list[float]:
        self._page.bring_to_front()
        script = "argument => benchmark.step(...argument)"
        argument = [act, target, watched, _QUIET_LOOKS, self._rest]
        return [float(t) for t in self._page.evaluate(script, argument)]

    def _drag(self, act: str, target: str, watched: str) -> Drag:
        self._page.bring_to_front()
        script = "argument => benchmark.drag(...argument)"
        argument = [act, target, watched, STEPS_PER_DRAG, _QUIET_LOOKS]
        pictures, elapsed = self._page.evaluate(script, argument)
        return Drag(int(pictures), float(elapsed) / 1000)


def first_paint(lab: Lab, cell: int, watched: Sequence[str]) -> float:
    """Run a cell and time until everything watched shows something.

    Parameters
    ----------
    lab : Lab
        An open notebook whose earlier cells have run.
    cell : int
        The number of the cell, from 0.
    watched : sequence of str
        CSS selectors of what the cell shows.

    Returns
    -------
    float
        Milliseconds from the command to run the cell.
    """
    lab.page.bring_to_front()
    lab.page.evaluate(_SCRIPT.read_text(encoding="utf-8"))
    start = lab.page.evaluate("benchmark.now()")
    lab.run_cell(cell)
    script = "([watched, start]) => benchmark.appear(watched, start)"
    return float(lab.page.evaluate(script, [list(watched), start]))


def settle(lab: Lab) -> None:
    """Wait until the kernel computes nothing any more, also in the background.

    Raises
    ------
    TimeoutError
        If it still computes after three minutes.
    """
    lab.wait_idle()
    deadline = time.monotonic() + _SETTLE_SECONDS
    used = -1.0
    while time.monotonic() < deadline:
        before, used = used, float(lab.kernel_json("__import__('time').process_time()"))
        # Asking takes a few milliseconds of the kernel's own.
        if before >= 0 and used - before < 0.03:
            return
        time.sleep(0.3)
    raise TimeoutError(f"the kernel still computes after {_SETTLE_SECONDS} s")
