"""Where questions are collected, so that one message gets one answer, and where long answers run."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator


class Answering(Protocol):
    """A view as the desk sees it."""

    def answer(self) -> None:
        """Answer the question that the traits ask now."""


# One count for the process: two desks share what is remembered of one model.
_epochs = itertools.count(1)


@cache
def workers() -> ThreadPoolExecutor:
    """Give the threads that work out answers which would keep the one message thread for too long."""
    return ThreadPoolExecutor(max_workers=2, thread_name_prefix="weightwidgets")


class Desk:
    """The lock and the waiting questions of one explorer (or of one view that stands alone).

    The lock guards traits, never a computation: answers are worked out after it is released.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.epoch = 0
        self.from_browser = False
        self._depth = 0
        self._waiting: dict[Answering, None] = {}

    def renew(self) -> None:
        """Make every answer known so far old, whatever torch says of the weights."""
        self.epoch = next(_epochs)

    def want(self, view: Answering) -> None:
        """Note that a question of `view` changed; it is answered when the outermost `asking` ends."""
        self._waiting[view] = None

    @contextmanager
    def asking(self, *, from_browser: bool = False) -> Iterator[None]:
        """Change any number of traits of any views; when the outermost block ends, each view answers once."""
        due: list[Answering] = []
        self.lock.acquire()
        outermost = self._depth == 0
        if outermost:
            self.from_browser = from_browser
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if outermost:
                due, self._waiting = list(self._waiting), {}
            self.lock.release()
            for view in due:
                view.answer()
