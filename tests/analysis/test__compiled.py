import math
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any

import numpy as np
import pytest
import torch

from weightwidgets.analysis import _compiled, _kernels, histogram, histogram_table, summary, unit_norms
from weightwidgets.analysis._compiled import bits_of, compile_now, compiled, contiguous, in_parts

NAMES = ("add_up", "deviate", "count_cells", "measure_rows")


@pytest.fixture
def from_one_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every array is large, and nothing is compiled yet."""
    monkeypatch.setattr(_compiled, "_LEAST", 1)
    monkeypatch.setattr(_compiled, "_ready", {})
    monkeypatch.setattr(_compiled, "_begun", {})
    yield
    for thread in _compiled._begun.values():
        thread.join()


def test_numpy_answers_for_small_arrays_and_nothing_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_compiled, "_begun", {})
    assert compiled("add_up", np.zeros(999_999, np.float32)) is None
    assert _compiled._begun == {}


@pytest.mark.usefixtures("from_one_up")
def test_numpy_answers_while_the_kernel_is_compiled_and_then_the_kernel_does() -> None:
    weight = torch.randn(64, 50, generator=torch.Generator().manual_seed(0))
    weight[3, 4] = math.nan
    before = summary(weight), histogram_table(weight), unit_norms(weight)
    assert set(_compiled._begun) == {(name, "float32") for name in NAMES}
    for thread in list(_compiled._begun.values()):
        thread.join()
    assert set(_compiled._ready) == {(name, "float32") for name in NAMES}
    after = summary(weight), histogram_table(weight), unit_norms(weight)
    assert vars(after[0]) == pytest.approx(vars(before[0]), rel=1e-12)
    assert np.array_equal(after[1].cells, before[1].cells)
    assert after[2].l2 == pytest.approx(before[2].l2, rel=1e-14)


@pytest.mark.usefixtures("from_one_up")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16], ids=str)
def test_many_threads_at_once_get_the_same_answers(dtype: torch.dtype) -> None:
    weight = torch.randn(5000, generator=torch.Generator().manual_seed(1)).to(dtype)
    counts = histogram(weight, 77).counts
    start = threading.Barrier(8)

    def ask(_: int) -> Any:
        start.wait(30)
        return [(summary(weight).l2, histogram(weight, 77).counts.tolist()) for _ in range(5)]

    with ThreadPoolExecutor(8) as pool:
        answers = [answer for batch in pool.map(ask, range(8)) for answer in batch]
    assert all(found == counts.tolist() for _, found in answers)
    assert [l2 for l2, _ in answers] == pytest.approx([weight.double().norm().item()] * 40, rel=1e-12)


@pytest.mark.usefixtures("from_one_up")
def test_a_kernel_that_cannot_be_compiled_leaves_the_work_to_numpy(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> None:
        raise TypeError("unknown CPU")

    monkeypatch.setattr(_kernels, "add_up", broken)
    weight = np.arange(10.0)
    for _ in range(2):
        assert summary(weight).mean == 4.5
        for thread in list(_compiled._begun.values()):
            thread.join()
    assert ("add_up", "float64") not in _compiled._ready
    assert [record.getMessage() for record in caplog.records] == [
        "numba cannot compile add_up for float64; numpy does its work"
    ]


def test_a_full_disk_costs_the_cache_and_not_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    left = [OSError("No space left on device")] * 3

    def reluctant(*_: Any) -> str:
        if left:
            raise left.pop()
        return "compiled"

    monkeypatch.setattr(_kernels, "add_up", reluctant)
    assert compile_now("add_up", "float32") is reluctant
    assert left == []
    monkeypatch.delitem(_compiled._ready, ("add_up", "float32"))


def test_a_function_without_a_place_on_disk_is_compiled_without_one() -> None:
    scope: dict[str, Any] = {}
    exec("def double(number):\n    return 2 * number", scope)  # noqa: S102 - a function without a file
    assert _kernels.jit()(scope["double"])(21) == 42


def test_where_nothing_can_be_written_the_kernels_are_compiled_all_the_same() -> None:
    program = (
        "import numba.core.caching as caching\n"
        "caching.CacheImpl._locator_classes = []\n"
        "from weightwidgets.analysis._compiled import compile_now\n"
        "kernel = compile_now('measure_rows', 'float32')\n"
        "assert kernel is not None\n"
        "assert 'NullCache' in type(kernel._cache).__name__, kernel._cache\n"
        "print('compiled')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=os.environ,
    )
    assert (done.stdout, done.returncode) == ("compiled\n", 0), done.stderr


def test_importing_the_analyses_imports_neither_torch_nor_numba() -> None:
    program = (
        "import sys, weightwidgets.analysis as analysis\n"
        "assert not {'torch', 'numba'} & set(sys.modules)\n"
        "analysis.summary, analysis.histogram_table, analysis.distribution\n"
        "assert 'numba' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_has_workers_of_its_own() -> None:
    def double(part: Any) -> int:
        return int(part.sum()) * 2

    assert sum(in_parts(double, np.arange(10))()) == 90
    with warnings.catch_warnings():
        # Python warns of any fork in a process with threads; that is what is tried here.
        warnings.simplefilter("ignore")
        child = os.fork()
    if child == 0:
        os._exit(0 if sum(in_parts(double, np.arange(10))()) == 90 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("size", [0, 1, 2, 3, 1001])
def test_the_parts_are_the_whole(size: int) -> None:
    numbers = np.arange(size)
    parts = in_parts(lambda one, two, factor: (one.tolist(), (two * factor).tolist()), numbers, numbers)(3)
    assert list(chain.from_iterable(part[0] for part in parts)) == numbers.tolist()
    assert list(chain.from_iterable(part[1] for part in parts)) == (numbers * 3).tolist()


def test_an_error_in_a_worker_reaches_the_caller() -> None:
    def fail(_: Any) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        in_parts(fail, np.arange(4))()


def test_kernels_get_contiguous_numbers_that_they_cannot_write() -> None:
    numbers = np.arange(10.0)[::2]
    got = contiguous(numbers)
    assert got.flags.c_contiguous
    assert not got.flags.writeable
    assert numbers.flags.writeable
    assert np.array_equal(got, numbers)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_bits_of_a_bound_are_those_of_the_largest_number_within_it(dtype: Any) -> None:
    for bound in (0.0, 1e-3, 0.1, 1.0, 1e-46, 1e300, math.inf):
        got = np.array([bits_of(bound, np.dtype(dtype))]).view(dtype)[0]
        assert float(got) <= bound
        with np.errstate(over="ignore"):
            assert bound == math.inf or float(np.nextafter(got, dtype(np.inf))) > bound
