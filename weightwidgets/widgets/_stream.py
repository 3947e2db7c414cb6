"""Works through all layers of a source in the background, and publishes what is done so far."""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from ._watch import watch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

    from weightwidgets.layer import Layer

    from ._desk import Desk

log = logging.getLogger("weightwidgets")

Version = tuple[object, ...]
Outcome = TypeVar("Outcome")

SECONDS_BETWEEN_PUBLISHES = 0.2
_SECONDS_AT_EXIT = 2.0


class Failure(NamedTuple):
    """Why a layer has no outcome, in a sentence."""

    sentence: str


class _Kept(NamedTuple, Generic[Outcome]):
    version: Version
    outcome: Outcome | Failure


def steady(weight: Tensor) -> Tensor:
    """Copy weights that a running cell may change, so that several passes over them see one state."""
    from weightwidgets.plain import plain

    return plain(weight).clone() if watch.cell_runs else weight


class Stream(Generic[Outcome]):
    """The outcome of one measurement for every layer of a source, worked out on the background thread.

    All streams of the process share that thread and take turns, a layer each, so that the views of a model
    fill evenly and find each other's results in the cache. Nothing runs before `start`.

    Parameters
    ----------
    source : mapping of str to Layer
        The layers, in the order in which they are measured; they may be others at the next `start`.
    desk : Desk
        Its lock is held during `publish`, never during `measure`.
    version : callable
        ``version(layer)`` tells one state of the weights from the next (`View.version`).
    measure : callable
        ``measure(layer, version)``; whatever it raises becomes the layer's `Failure`.
    publish : callable
        Called without arguments on the background thread, at most five times a second, with the desk's lock
        held, whenever there is something new: it reads `outcome`, `is_current`, `measured`, `total`, `live`.
    """

    def __init__(
        self,
        source: Mapping[str, Layer],
        desk: Desk,
        *,
        version: Callable[[Layer], Version],
        measure: Callable[[Layer, Version], Outcome],
        publish: Callable[[], None],
    ) -> None:
        self._source = source
        self._desk = desk
        self._version = version
        self._measure = measure
        self._publish = publish
        self._kept: dict[str, _Kept[Outcome]] = {}
        self._current: set[str] = set()
        self._torn: set[str] = set()
        self._names: tuple[str, ...] = ()
        self._pending: deque[str] | None = None
        self._run = 0
        self._unpublished = False
        self._started_at = 0.0
        self._published_at = float("-inf")
        self._done = threading.Event()
        self._closed = False

    def start(self) -> None:
        """Measure every layer, or again those whose version is no longer that of their outcome."""
        with self._desk.lock:
            if self._closed:
                return
            self._run += 1
            self._pending = None
            self._started_at = time.monotonic()
            self._done.clear()
        _line.join(self)

    def close(self) -> None:
        """Stop for good: the layer at hand is finished in vain, nothing is published any more."""
        with self._desk.lock:
            self._closed = True
            self._kept.clear()
            self._done.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until all is measured and published; never call it with the desk's lock held.

        Parameters
        ----------
        timeout : float, optional
            Seconds.

        Returns
        -------
        bool
            Whether the stream is done (or closed); True at once only after `start` has run to its end.
        """
        return self._done.wait(timeout)

    def measure_now(self, name: str) -> Outcome | Failure:
        """Give the outcome of one layer as it is now; measured on the calling thread if it is not known."""
        layer = self._source[name]
        version: Version = ()
        outcome: Outcome | Failure
        try:
            version = self._version(layer)
            kept = self._kept.get(name)
            if kept is not None and kept.version == version:
                return kept.outcome
            outcome = self._measure(layer, version)
        except Exception as problem:  # whatever one layer raises must not end the others
            log.debug("layer not measured", exc_info=True)
            outcome = Failure(str(problem.args[0] if problem.args else problem) or type(problem).__name__)
        with self._desk.lock:
            if not self._closed:
                self._kept[name] = _Kept(version, outcome)
        return outcome

    def outcome(self, name: str) -> Outcome | Failure | None:
        """Give the last outcome of a layer, None before there is one."""
        kept = self._kept.get(name)
        return None if kept is None else kept.outcome

    def is_current(self, name: str) -> bool:
        """Whether the layer's outcome is that of the weights as this run found them."""
        return name in self._current

    @property
    def measured(self) -> int:
        """Number of layers that this run has measured, or found unchanged."""
        return len(self._current)

    @property
    def total(self) -> int:
        """Number of layers of this run."""
        return len(self._names)

    @property
    def live(self) -> bool:
        """Whether an outcome was read while a cell ran, so that it may mix two training steps."""
        return bool(self._torn)

    def step(self) -> float | None:
        """Measure one layer and publish if it is time.

        Returns
        -------
        float or None
            When to step next (`time.monotonic`), None when there is nothing left to do.
        """
        run, name = self._next_name()
        if name is not None and name in self._source:
            before = self.outcome(name)
            after = self.measure_now(name)
            same_failure = isinstance(after, Failure) and after == before
            with self._desk.lock:
                if run == self._run:
                    self._note(name, changed=after is not before and not same_failure)
        with self._desk.lock:
            return None if self._closed else self._publish_if_due()

    def _next_name(self) -> tuple[int, str | None]:
        with self._desk.lock:
            run, listed = self._run, self._pending is not None
        names = () if listed else tuple(self._source)
        with self._desk.lock:
            if not listed and run == self._run:
                self._unpublished |= names != self._names
                self._names, self._pending = names, deque(names)
                self._current.clear()
                self._torn.intersection_update(names)
                self._kept = {name: self._kept[name] for name in names if name in self._kept}
            return self._run, self._pending.popleft() if self._pending else None

    def _note(self, name: str, *, changed: bool) -> None:
        torn = watch.cell_runs
        self._unpublished |= changed or torn != (name in self._torn)
        self._current.add(name)
        (self._torn.add if torn else self._torn.discard)(name)

    def _publish_if_due(self) -> float | None:
        now = time.monotonic()
        if self._pending is None:
            return now
        finished = not self._pending
        # A small model is published once, complete; a large one first when there is something worth a look.
        due = self._published_at + SECONDS_BETWEEN_PUBLISHES
        if not finished:
            due = max(due, self._started_at + SECONDS_BETWEEN_PUBLISHES)
        if self._unpublished and now >= due:
            self._published_at = now
            # What was published half done must be published again when it is complete.
            self._unpublished = not finished
            self._publish()
        if not finished:
            return now
        if self._unpublished:
            return due
        self._done.set()
        return None


class _Line:
    """The streams that have work, and the one thread that steps them in turn; it ends when there are none."""

    def __init__(self) -> None:
        self._due: dict[Stream[Any], float] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._over = False

    def join(self, stream: Stream[Any]) -> None:
        with self._changed:
            if self._over:
                return
            self._due[stream] = time.monotonic()
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="weightwidgets-stream", daemon=True)
                self._thread.start()
            self._changed.notify()

    def _next(self) -> Stream[Any] | None:
        with self._changed:
            while self._due:
                stream = min(self._due, key=self._due.__getitem__)
                wait = self._due[stream] - time.monotonic()
                if wait <= 0:
                    del self._due[stream]
                    return stream
                self._changed.wait(wait)
            self._thread = None
            return None

    def _work(self) -> None:
        while (stream := self._next()) is not None:
            try:
                again = stream.step()
            except Exception:  # one view that cannot publish must not stop the others
                log.warning("a view stopped measuring", exc_info=True)
                continue
            if again is not None:
                with self._changed:
                    if not self._over:
                        self._due.setdefault(stream, again)

    def end(self) -> None:
        """Wait for the layer at hand: Python aborts when it ends while torch holds a thread."""
        with self._changed:
            self._over = True
            self._due.clear()
            thread = self._thread
            self._changed.notify()
        if thread is not None:
            thread.join(_SECONDS_AT_EXIT)


_line = _Line()
atexit.register(_line.end)
