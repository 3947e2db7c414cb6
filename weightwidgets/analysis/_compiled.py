"""When the compiled kernels are used, and on which threads.

numba takes seconds to import and to compile, once per machine. Nobody waits for that: below a million numbers
numpy is fast enough, and above it numpy answers until the kernel is compiled in the background. Either way
the counts are the same to the last one, and the sums to the last digits of float64.
"""

import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Kernel = Callable[..., Any]

_LEAST = 1_000_000
_WORKERS = 2
_LOG = logging.getLogger(__name__)
_INTEGER = {np.dtype(np.float32): np.int32, np.dtype(np.float64): np.int64}

_lock = threading.Lock()
_ready: dict[tuple[str, str], Kernel] = {}
_begun: dict[tuple[str, str], threading.Thread] = {}
_pool: list[ThreadPoolExecutor] = []


def compiled(name: str, numbers: NDArray[Any]) -> Kernel | None:
    """Give a kernel of `_kernels` for numbers of this dtype, or None while numpy has to do.

    The first call for a large array begins to compile and gives None.
    """
    if numbers.size < _LEAST:
        return None
    key = (name, numbers.dtype.name)
    kernel = _ready.get(key)
    if kernel is None:
        with _lock:
            if key not in _begun:
                # Not a daemon: the interpreter must not end in the middle of the compiler.
                _begun[key] = threading.Thread(target=compile_now, args=key, name=f"compile {name}")
                _begun[key].start()
    return kernel


def compile_now(name: str, dtype: str) -> Kernel | None:
    """Compile a kernel for a dtype and wait for it; None where numba cannot, and then numpy does for good."""
    try:
        kernel = _compile(name, np.dtype(dtype))
    except Exception:  # noqa: BLE001 - whatever is wrong with the compiler, the numbers can be had without it
        _LOG.warning("numba cannot compile %s for %s; numpy does its work", name, dtype, exc_info=True)
        return None
    _ready[name, dtype] = kernel
    return kernel


def in_parts(kernel: Kernel, *arrays: NDArray[Any]) -> Callable[..., list[Any]]:
    """Give a function that runs a kernel on equal parts of `arrays` at once, and lists the results.

    The workers are ours alone: numba's own threads abort the process when two threads of the user meet there.
    """
    ends = [arrays[0].shape[0] * part // _WORKERS for part in range(_WORKERS + 1)]
    parts = [[array[start:stop] for array in arrays] for start, stop in pairwise(ends)]

    def run(*parameters: Any) -> list[Any]:
        return list(_workers().map(lambda part: kernel(*part, *parameters), parts))

    return run


def contiguous(numbers: NDArray[Any]) -> NDArray[Any]:
    """Give numbers as the kernels take them: contiguous, and locked, which is a type of its own to numba."""
    numbers = np.ascontiguousarray(numbers).view()
    numbers.flags.writeable = False
    return numbers


def as_integers(numbers: NDArray[Any]) -> NDArray[Any]:
    """Give the bits of floats as integers of the same width."""
    return numbers.view(_INTEGER[numbers.dtype])


def bits_of(number: float, dtype: np.dtype[Any]) -> Any:
    """Give the bits of the largest number of a dtype that is not above `number`, which is not negative."""
    with np.errstate(over="ignore", under="ignore"):
        rounded = np.array([number]).astype(dtype)
        if rounded[0].astype(np.float64) > number:
            rounded = np.nextafter(rounded, dtype.type(0))
    return as_integers(rounded)[0]


def _compile(name: str, dtype: np.dtype[Any]) -> Kernel:
    from weightwidgets.analysis import _kernels

    kernel: Kernel = getattr(_kernels, name)
    example = _kernels.example(name, contiguous(np.ones(4, dtype)))
    # Where the disk is full each function fails once, on being saved, and is compiled nonetheless.
    for _ in range(len(vars(_kernels))):
        try:
            kernel(*example)
        except OSError:
            continue
        return kernel
    raise RuntimeError("the compiled functions cannot be kept")


def _workers() -> ThreadPoolExecutor:
    with _lock:
        if not _pool:
            _pool.append(ThreadPoolExecutor(_WORKERS, thread_name_prefix="weightwidgets analysis"))
        return _pool[0]


if hasattr(os, "register_at_fork"):
    # A forked child has the pool but none of its threads, and would wait for them for ever.
    os.register_at_fork(after_in_child=_pool.clear)
