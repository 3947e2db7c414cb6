import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from weightwidgets.analysis import histogram_table
from weightwidgets.analysis._cache import Cache, nbytes


def zeros(count: int) -> Callable[[], Any]:
    return lambda: np.zeros(count, np.uint8)


def test_an_answer_is_computed_once_and_given_again() -> None:
    cache = Cache()
    answers = iter([["first"], ["second"]])
    first = cache.get("key", lambda: next(answers))
    assert first == ["first"]
    assert cache.get("key", lambda: next(answers)) is first


def test_none_is_an_answer_like_any_other() -> None:
    cache = Cache()
    calls: list[int] = []
    for _ in range(2):
        assert cache.get("key", lambda: calls.append(1)) is None
    assert len(calls) == 1


def test_the_least_recently_used_answer_is_forgotten_first() -> None:
    cache = Cache(max_bytes=30)
    first = cache.get("first", zeros(10))
    second = cache.get("second", zeros(10))
    cache.get("third", zeros(10))
    assert cache.get("first", zeros(10)) is first
    cache.get("fourth", zeros(10))
    assert cache.get("first", zeros(10)) is first
    assert cache.get("second", zeros(10)) is not second


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 40)), max_size=60), st.integers(0, 100))
def test_the_answers_never_take_more_than_the_bound(asks: list[tuple[int, int]], bound: int) -> None:
    cache = Cache(max_bytes=bound)
    for key, size in asks:
        assert cache.get((key, size), zeros(size)).size == size
        assert cache.nbytes <= bound
        assert cache.nbytes == sum(kept[1] for kept in cache._kept.values())
    cache.clear()
    assert (cache.nbytes, len(cache)) == (0, 0)


def test_an_answer_larger_than_the_bound_is_given_but_not_kept() -> None:
    cache = Cache(max_bytes=10)
    small = cache.get("small", zeros(8))
    assert cache.get("large", zeros(11)).size == 11
    assert len(cache) == 1
    assert cache.get("small", zeros(8)) is small


def test_a_lower_bound_forgets_at_once() -> None:
    cache = Cache()
    assert cache.max_bytes == 1 << 30
    for key in range(10):
        cache.get(key, zeros(10))
    cache.max_bytes = 25
    assert (cache.nbytes, len(cache), cache.max_bytes) == (20, 2, 25)


def test_callers_of_one_key_at_once_share_one_computation() -> None:
    cache = Cache()
    begun, release = threading.Event(), threading.Event()
    calls: list[int] = []

    def compute() -> object:
        calls.append(1)
        begun.set()
        assert release.wait(10)
        return object()

    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(cache.get, "key", compute)
        assert begun.wait(10)
        others = [pool.submit(cache.get, "key", compute) for _ in range(7)]
        release.set()
        assert {id(other.result(10)) for other in others} == {id(first.result(10))}
    assert len(calls) == 1


def test_a_long_computation_does_not_hold_up_another_key() -> None:
    cache = Cache()
    begun, release = threading.Event(), threading.Event()

    def slow() -> str:
        begun.set()
        assert release.wait(10)
        return "slow"

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(cache.get, "slow", slow)
        assert begun.wait(10)
        assert cache.get("fast", lambda: "fast") == "fast"
        assert not waiting.done()
        release.set()
        assert waiting.result(10) == "slow"


def test_an_error_reaches_everyone_who_waits_and_is_not_kept() -> None:
    cache = Cache()
    begun, release = threading.Event(), threading.Event()

    def fail() -> None:
        begun.set()
        assert release.wait(10)
        raise ValueError("no values")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cache.get, "key", fail)
        assert begun.wait(10)
        second = pool.submit(cache.get, "key", fail)
        release.set()
        for waiting in (first, second):
            with pytest.raises(ValueError, match="no values"):
                waiting.result(10)
    assert len(cache) == 0
    assert cache.get("key", lambda: 1) == 1


def test_an_interrupt_leaves_nobody_waiting() -> None:
    cache = Cache()

    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.get("key", interrupt)
    assert cache.get("key", lambda: 2) == 2


def test_an_answer_may_ask_for_another_but_not_for_itself() -> None:
    cache = Cache()
    assert cache.get("outer", lambda: cache.get("inner", lambda: 3) + 1) == 4
    with pytest.raises(RuntimeError, match="depends on itself"):
        cache.get("loop", lambda: cache.get("loop", lambda: 0))


def test_an_answer_is_measured_by_its_arrays() -> None:
    @dataclass
    class Answer:
        numbers: Any
        parts: Any

    array = np.zeros((3, 4))
    assert nbytes(array) == 96
    assert nbytes(torch.zeros(5)) == 20
    assert nbytes(Answer(array, [torch.zeros(5), (array, array)])) == 96 + 20 + 192
    assert nbytes({"": array}) == nbytes("") + 96
    table = histogram_table(np.arange(100.0))
    arrays = table.edges.nbytes + table.edge_ranks.nbytes + table.cells.nbytes
    assert arrays < nbytes(table) < arrays + 1000
