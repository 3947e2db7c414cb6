"""A memory of answers, bounded in bytes."""

import dataclasses
import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock, get_ident
from typing import Any, TypeVar

import numpy as np

Answer = TypeVar("Answer")

DEFAULT_MAX_BYTES = 1 << 30


class Cache:
    """Answers by key, the least recently used of which are forgotten when they take too many bytes.

    Safe to use from any thread. The lock is never held while computing.

    Parameters
    ----------
    max_bytes : int
        Answers together stay within it; one that alone is larger is given back but not kept.

    """

    def __init__(self, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._pending: dict[Hashable, tuple[Future[Any], int]] = {}
        self._nbytes = 0
        self._max_bytes = max_bytes

    @property
    def nbytes(self) -> int:
        """The bytes of all answers kept."""
        return self._nbytes

    @property
    def max_bytes(self) -> int:
        """The bound, in bytes; setting it forgets what is beyond."""
        return self._max_bytes

    @max_bytes.setter
    def max_bytes(self, max_bytes: int) -> None:
        with self._lock:
            self._max_bytes = max_bytes
            self._shrink()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Hashable, compute: Callable[[], Answer]) -> Answer:
        """Give the answer kept under `key`, or compute and keep it.

        Callers who ask for one key at the same time share one computation. An error reaches all of them and
        is not kept: the next caller computes anew.

        Raises
        ------
        RuntimeError
            If `compute` asks for its own key, which would wait for itself.

        """
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                known: Answer = self._kept[key][0]
                return known
            future, owner = self._pending.get(key, (None, 0))
            if future is None:
                mine: Future[Answer] = Future()
                self._pending[key] = (mine, get_ident())
        if future is not None:
            if owner == get_ident():
                raise RuntimeError(f"the answer to {key!r} depends on itself")
            shared: Answer = future.result()
            return shared
        return self._compute(key, compute, mine)

    def clear(self) -> None:
        """Forget every answer; what is being computed is still kept when it is done."""
        with self._lock:
            self._kept.clear()
            self._nbytes = 0

    def _compute(self, key: Hashable, compute: Callable[[], Answer], future: Future[Answer]) -> Answer:
        try:
            answer = compute()
            size = nbytes(answer)
        except BaseException as error:
            with self._lock:
                del self._pending[key]
            # KeyboardInterrupt too: whoever waits must not wait for ever.
            future.set_exception(error)
            raise
        with self._lock:
            del self._pending[key]
            if size <= self._max_bytes:
                self._kept[key] = (answer, size)
                self._nbytes += size
                self._shrink()
        future.set_result(answer)
        return answer

    def _shrink(self) -> None:
        while self._nbytes > self._max_bytes:
            _, (_, size) = self._kept.popitem(last=False)
            self._nbytes -= size


def nbytes(value: object) -> int:
    """Measure an answer in bytes: its arrays and tensors, and a little for all else."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return sum(nbytes(getattr(value, field.name)) for field in dataclasses.fields(value))
    if isinstance(value, dict):
        return sum(nbytes(key) + nbytes(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return sum(map(nbytes, value))
    # A tensor, or an answer that measures itself.
    own = getattr(value, "nbytes", None)
    return own if isinstance(own, int) else sys.getsizeof(value)


shared = Cache()
"""What all views of the process remember, so that a layer is worked out once for all of them."""
