"""Reads a large matrix in the background: for each view the reading that it asked for last."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from ._desk import workers

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._matrix_subject import MatrixSubject, Measured

log = logging.getLogger("weightwidgets")

Key = tuple[object, ...]

_SECONDS_BETWEEN_REPORTS = 0.2
# The preview reaches the screen before the reading takes both cores, and the compiler Python's lock.
_SECONDS_BEFORE = 0.25


class Cancelled(Exception):  # noqa: N818 -- it is no error, only the end
    """The reading is no longer wanted."""


class Reading:
    """The reading of one view.

    Parameters
    ----------
    report : callable
        ``report(share)``, 0 to 1, at most five times a second, on the worker's thread.
    is_current : callable
        ``is_current(subject)``: whether the weights are still those that the reading began with.
    done : callable
        Called without arguments when there is something new to show.
    """

    def __init__(
        self,
        report: Callable[[float], None],
        is_current: Callable[[MatrixSubject], bool],
        done: Callable[[], None],
    ) -> None:
        self._report = report
        self._is_current = is_current
        self._done = done
        self._lock = threading.Lock()
        self._wanted: Key | None = None
        self._result: tuple[Key, Measured | ValueError] | None = None
        self._restless: Key | None = None
        # How many workers are showing what they read: one may begin the next and be overtaken by it.
        self._showing = 0
        self._idle = threading.Event()
        self._idle.set()

    def result(self, key: Key) -> Measured | None:
        """Give what was read for this key, None before it is.

        Raises
        ------
        ValueError
            If the matrix cannot be read; it says why.
        """
        with self._lock:
            found = self._result
        if found is None or found[0] != key:
            return None
        if isinstance(found[1], ValueError):
            raise found[1]
        return found[1]

    def want(self, subject: MatrixSubject) -> None:
        """Read this matrix unless it is read already; whatever else is read is given up."""
        key = subject.measured_key
        with self._lock:
            # While a cell trains, no reading ends with the weights that it began with: one try is enough.
            if key == self._wanted or (subject.ask.live and self._restless is not None):
                return
            self._restless = None
            self._wanted = key
            self._idle.clear()
        workers().submit(self._read, key, subject)

    def cancel(self) -> None:
        """Give up what is read."""
        with self._lock:
            self._wanted = None
            self._result = None
            self._idle.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing is read; say whether that is so."""
        return self._idle.wait(timeout)

    def _read(self, key: Key, subject: MatrixSubject) -> None:
        time.sleep(_SECONDS_BEFORE)
        reported = time.monotonic()

        def on_progress(share: float) -> None:
            nonlocal reported
            if self._wanted != key:
                raise Cancelled
            if time.monotonic() - reported >= _SECONDS_BETWEEN_REPORTS:
                reported = time.monotonic()
                self._report(share)

        outcome: Measured | ValueError
        try:
            on_progress(0.0)
            outcome = subject.measure(on_progress)
        except Cancelled:
            return
        except (ValueError, TypeError, RuntimeError, MemoryError) as problem:
            log.debug("matrix not read", exc_info=True)
            outcome = ValueError(str(problem.args[0] if problem.args else problem) or type(problem).__name__)
        with self._lock:
            if self._wanted != key:
                return
            self._wanted = None
            if self._is_current(subject):
                self._result = (key, outcome)
            else:
                self._restless = key
            self._showing += 1
        try:
            self._done()
        finally:
            self._end_showing()

    def _end_showing(self) -> None:
        with self._lock:
            self._showing -= 1
            if self._wanted is None and not self._showing:
                self._idle.set()
