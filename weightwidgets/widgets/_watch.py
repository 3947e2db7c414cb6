"""Notices that weights changed: after each executed cell, and a few times a second while one runs."""

from __future__ import annotations

import logging
import threading
import weakref
from typing import Any, Protocol

from ._desk import workers

log = logging.getLogger("weightwidgets")

_LOOKS_PER_SECOND = 5


class Watched(Protocol):
    """A view as the watch sees it."""

    def look(self, *, cell_ended: bool) -> None:
        """Redraw if what is shown is no longer what the weights are."""


class _Watch:
    """One for the process: it holds views weakly and IPython's hooks only while there are any."""

    def __init__(self) -> None:
        self._views: weakref.WeakSet[Watched] = weakref.WeakSet()
        self._events: Any = None
        self._running = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def cell_runs(self) -> bool:
        """Whether a cell is being executed now, so that weights may change while they are read."""
        return self._running.is_set()

    def add(self, view: Watched) -> None:
        with self._lock:
            self._views.add(view)
            if self._events is not None:
                return
            events = _ipython_events()
            if events is None:
                return
            events.register("pre_run_cell", self._cell_started)
            events.register("post_run_cell", self._cell_ended)
            self._events = events
            # The first view is made by a cell, whose start nobody was there to see.
            self._start()

    def discard(self, view: Watched) -> None:
        with self._lock:
            self._views.discard(view)
            if self._views or self._events is None:
                return
            self._events.unregister("pre_run_cell", self._cell_started)
            self._events.unregister("post_run_cell", self._cell_ended)
            self._events = None
            self._running.clear()

    def _cell_started(self, *_: object) -> None:
        with self._lock:
            self._start()

    def _start(self) -> None:
        self._running.set()
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._look_on, name="weightwidgets-watch", daemon=True)
            self._thread.start()

    def _cell_ended(self, *_: object) -> None:
        self._running.clear()
        workers().submit(self._look, cell_ended=True)

    def _look_on(self) -> None:
        pause = threading.Event()
        while True:
            pause.wait(1 / _LOOKS_PER_SECOND)
            with self._lock:
                if not self._running.is_set():
                    self._thread = None
                    return
            self._look(cell_ended=False)

    def _look(self, *, cell_ended: bool) -> None:
        # `add` may change the set from another thread while it is read.
        with self._lock:
            views = list(self._views)
        for view in views:
            _look_at(view, cell_ended=cell_ended)


def _look_at(view: Watched, *, cell_ended: bool) -> None:
    try:
        view.look(cell_ended=cell_ended)
    except Exception:  # one view that cannot look must not blind the others
        log.warning("a view could not be checked for new weights", exc_info=True)


def _ipython_events() -> Any:
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    shell = get_ipython()
    return None if shell is None else shell.events


watch = _Watch()
