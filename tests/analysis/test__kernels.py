"""The compiled kernels against numpy: called directly, so that small arrays reach them."""

import math
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analysis import strategies
from tests.analysis.strategies import Array
from weightwidgets.analysis import unit_norms
from weightwidgets.analysis._cells import count_by_kernel, count_cells
from weightwidgets.analysis._compiled import Kernel, compile_now
from weightwidgets.analysis._moments import add_up, add_up_by_kernel, deviate, deviate_by_kernel
from weightwidgets.analysis.histogram import bin_edges
from weightwidgets.analysis.norms import units_by_kernel

ARRAYS = strategies.with_strays(np.float32) | strategies.with_strays(np.float64)
SCALES = st.integers(-60, 0).map(lambda power: 2.0**power)


@pytest.fixture(autouse=True)
def _no_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def kernel(name: str, numbers: Array) -> Kernel:
    found = compile_now(name, numbers.dtype.name)
    assert found is not None
    return found


def repeated(numbers: Array) -> Array:
    """More than one block, and not the same in each."""
    return (
        np.concatenate([numbers, np.resize(numbers[numbers.size // 2 :], 5000)]) if numbers.size else numbers
    )


@given(ARRAYS, SCALES)
def test_the_first_pass_equals_numpys(numbers: Array, scale: float) -> None:
    for some in (numbers, repeated(numbers)):
        got, expected = add_up_by_kernel(kernel("add_up", some), some, scale), add_up(some, scale)
        assert got[:5] == expected[:5]
        assert (got.smallest, got.largest) == (expected.smallest, expected.largest)
        assert got.magnitude == pytest.approx(expected.magnitude, rel=1e-13)
        assert got.total == pytest.approx(expected.total, rel=1e-13, abs=1e-13 * expected.magnitude)


@given(ARRAYS, st.floats(-2, 2), st.floats(0, 1e-2), SCALES)
def test_the_second_pass_equals_numpys(numbers: Array, centre: float, threshold: float, scale: float) -> None:
    with np.errstate(invalid="ignore"):
        numbers = np.where(np.abs(numbers) < 1e6, numbers, np.where(np.isfinite(numbers), 1, numbers))
    for some in (numbers, repeated(numbers)):
        got = deviate_by_kernel(kernel("deviate", some), some, centre, scale, threshold)
        expected = deviate(some, centre, scale, threshold)
        assert got.near_zero == expected.near_zero
        assert got.second == pytest.approx(expected.second, rel=1e-12, abs=1e-300)
        assert got.fourth == pytest.approx(expected.fourth, rel=1e-12, abs=1e-300)
        spread = math.sqrt(expected.second * max(some.size, 1))
        assert got.first == pytest.approx(expected.first, rel=1e-12, abs=1e-13 * spread)
        bound = math.sqrt(expected.second * expected.fourth)
        assert got.third == pytest.approx(expected.third, rel=1e-12, abs=1e-13 * bound + 1e-300)


EDGES = st.one_of(
    st.tuples(st.floats(-1e300, 1e300), st.floats(-1e300, 1e300)),
    st.tuples(st.floats(-3, 3, width=32), st.floats(-3, 3, width=32)),
    st.tuples(st.floats(-1e-310, 1e-310), st.floats(-1e-310, 1e-310)),
    st.just((-float(np.finfo(np.float64).max), float(np.finfo(np.float64).max))),
).filter(lambda pair: pair[0] != pair[1])


@given(ARRAYS, EDGES, st.integers(1, 300))
def test_cells_are_counted_as_numpy_counts_them(
    numbers: Array, bounds: tuple[float, float], bins: int
) -> None:
    edges = np.unique(bin_edges(min(bounds), max(bounds), bins, np.float64))
    finite = numbers[np.isfinite(numbers)]
    own = np.unique(finite) if np.unique(finite).size > 1 else edges
    # The numbers as edges too: each of them lies on one.
    for fence in (edges, own):
        got, expected = (
            count_by_kernel(kernel("count_cells", numbers), numbers, fence),
            count_cells(numbers, fence),
        )
        assert np.array_equal(got.cells, expected.cells)
        assert got.cells.dtype == np.int64
        for name in ("below", "above", "nan", "posinf", "neginf"):
            assert getattr(got, name) == getattr(expected, name), name


@given(strategies.with_strays(np.float32), st.integers(1, 4))
def test_rows_are_measured_as_numpy_measures_them(numbers: Array, width: int) -> None:
    rows = numbers[: numbers.size // width * width].reshape(-1, width)
    got, expected = units_by_kernel(kernel("measure_rows", rows), rows), unit_norms(rows)
    if expected.non_finite:
        assert got is None
        return
    assert got is not None
    assert np.array_equal(got.linf, expected.linf)
    assert got.l1 == pytest.approx(expected.l1, rel=1e-14)
    assert got.l2 == pytest.approx(expected.l2, rel=1e-14)


def test_rows_of_float64_are_left_to_numpy_which_does_not_overflow() -> None:
    rows = np.full((2, 2), 1e200)
    assert units_by_kernel(kernel("measure_rows", rows), rows) is None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_blocks_without_a_finite_number_do_not_disturb_the_others(dtype: Any) -> None:
    numbers = np.full(3 * 2048, np.nan, dtype)
    numbers[2048:4096] = np.linspace(-1, 2, 2048)
    numbers[5000:] = -np.inf
    got, expected = add_up_by_kernel(kernel("add_up", numbers), numbers, 1.0), add_up(numbers, 1.0)
    assert got[:5] == expected[:5]
    assert got.total == pytest.approx(expected.total, rel=1e-14)
    assert (got.smallest, got.largest) == (-1, 2)
    nothing = np.full(5000, np.nan, dtype)
    assert add_up_by_kernel(kernel("add_up", nothing), nothing, 1.0) == add_up(nothing, 1.0)


def test_both_zeros_are_neither_positive_nor_negative() -> None:
    numbers = np.array([0.0, -0.0, -1.0, 5e-324])
    got = add_up_by_kernel(kernel("add_up", numbers), numbers, 1.0)
    assert (got.positive, got.negative) == (1, 1)
