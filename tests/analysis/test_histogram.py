import math
import warnings
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.analysis import strategies
from tests.analysis.strategies import Array
from weightwidgets.analysis import Histogram, histogram
from weightwidgets.analysis.histogram import bin_count, bin_edges

BINS = st.integers(1, 300) | st.sampled_from([1000, 4096])
BOUNDS = st.tuples(st.floats(-50, 50, width=32), st.floats(-50, 50, width=32)).map(sorted).map(tuple)


@pytest.fixture(autouse=True)
def _no_warnings() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def by_definition(numbers: Array, edges: Array) -> list[int]:
    """Half-open bins, the last that has a width closed, one comparison at a time."""
    numbers = numbers.astype(np.float64)
    wide = [i for i, (lo, hi) in enumerate(pairwise(edges.tolist())) if lo < hi]
    return [
        int(i in wide and ((numbers >= lo) & ((numbers < hi) | (i == wide[-1]) & (numbers == hi))).sum())
        for i, (lo, hi) in enumerate(pairwise(edges.tolist()))
    ]


def numpy_answer(numbers: Array, bins: int, value_range: Any = None) -> tuple[Array, Array] | None:
    """What numpy.histogram says, or None where it refuses, warns, or returns edges that are no edges."""
    if value_range is not None:
        value_range = tuple(numbers.dtype.type(bound) for bound in value_range)
    try:
        counts, edges = np.histogram(numbers, bins, range=value_range)
    except (ValueError, RuntimeWarning, IndexError):
        return None
    return counts, edges


def identity(histogram: Histogram) -> int:
    outside = histogram.below + histogram.above + histogram.nan + histogram.posinf + histogram.neginf
    return int(histogram.counts.sum()) + outside


@given(strategies.arrays(np.float32) | strategies.arrays(np.float64), BINS)
def test_counts_and_edges_equal_numpys_wherever_numpy_answers(numbers: Array, bins: int) -> None:
    got = histogram(torch.from_numpy(numbers), bins)
    expected = numpy_answer(numbers, bins)
    constant = numbers.size > 0 and numbers.min() == numbers.max() and abs(numbers[0]) > 1
    if expected is not None and not constant:
        # Of an empty float32 array numpy divides the integers 0 and 1, in float64.
        assert numbers.size == 0 or np.array_equal(got.bin_edges, expected[1])
        assert got.bin_edges.dtype == numbers.dtype
        # Bins narrower than the smallest normal number: numpy's counts there contradict numpy's own edges.
        if expected[1][-1] - expected[1][0] > bins * np.finfo(numbers.dtype).tiny:
            assert np.array_equal(got.counts, expected[0])
    assert identity(got) == numbers.size


@given(strategies.arrays(np.float32) | strategies.arrays(np.float64), BINS, BOUNDS)
def test_counts_in_a_given_range_equal_numpys(numbers: Array, bins: int, bounds: tuple[float, float]) -> None:
    got = histogram(numbers, bins, bounds)
    expected = numpy_answer(numbers, bins, bounds)
    if expected is not None and (bounds[0] < bounds[1] or abs(bounds[0]) <= 1):
        assert np.array_equal(got.bin_edges, expected[1])
        if bounds[1] - bounds[0] > bins * np.finfo(numbers.dtype).tiny or bounds[0] == bounds[1]:
            assert np.array_equal(got.counts, expected[0])
    assert got.below == (numbers < got.bin_edges[0]).sum()
    assert got.above == (numbers > got.bin_edges[-1]).sum()
    assert identity(got) == numbers.size


@given(strategies.small_tensors(), BINS)
def test_small_dtypes_count_as_numpy_does_on_their_float64_values(weight: torch.Tensor, bins: int) -> None:
    numbers = weight.to(torch.float64).numpy()
    got = histogram(weight, bins)
    expected = numpy_answer(numbers, bins)
    if expected is not None and not (numbers.size and numbers.min() == numbers.max() and abs(numbers[0]) > 1):
        assert np.array_equal(got.bin_edges, expected[1])
        assert np.array_equal(got.counts, expected[0])
    assert got.bin_edges.dtype == np.float64


@given(strategies.with_strays(np.float32) | strategies.with_strays(np.float64), BINS)
def test_every_weight_is_counted_once_by_comparison_with_the_edges(numbers: Array, bins: int) -> None:
    got = histogram(numbers, bins)
    assert got.counts.tolist() == by_definition(numbers, got.bin_edges)
    assert (got.nan, got.posinf, got.neginf) == (
        np.isnan(numbers).sum(),
        (numbers == np.inf).sum(),
        (numbers == -np.inf).sum(),
    )
    assert (got.below, got.above) == (0, 0)
    assert identity(got) == numbers.size


@given(
    st.tuples(
        st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False)
    )
    .map(sorted)
    .filter(lambda pair: pair[0] < pair[1]),
    BINS,
)
def test_edges_run_from_bound_to_bound_without_a_step_back(pair: list[float], bins: int) -> None:
    lo, hi = pair
    edges = bin_edges(lo, hi, bins, np.float64)
    assert edges[0] == lo
    assert edges[-1] == hi
    assert edges.size == bins + 1
    assert (edges[:-1] <= edges[1:]).all()


def test_float32_edges_that_would_collapse_are_float64() -> None:
    numbers = np.array([1, np.nextafter(np.float32(1), np.float32(2))], np.float32)
    got = histogram(numbers, 50)
    assert got.bin_edges.dtype == np.float64
    assert (np.diff(got.bin_edges) > 0).all()
    assert (got.counts[0], got.counts[-1], got.counts.sum()) == (1, 1, 2)


def test_a_float32_range_too_wide_for_float32_is_divided_in_float64() -> None:
    got = histogram(np.array([-3e38, 0, 3e38], np.float32), 4)
    assert got.counts.tolist() == [1, 0, 1, 1]
    assert got.bin_edges.dtype == np.float64


def test_the_whole_of_float64_can_be_divided() -> None:
    largest = float(np.finfo(np.float64).max)
    got = histogram(np.array([-largest, -1.0, 1.0, largest]), 2)
    assert got.counts.tolist() == [2, 2]
    assert got.bin_edges.tolist() == [-largest, 0, largest]
    assert histogram(np.array([-largest, -1.0, 1.0, largest]), 3).counts.tolist() == [1, 2, 1]


def test_neighbouring_float64_numbers_leave_bins_without_width_empty() -> None:
    numbers = np.array([1, np.nextafter(1, 2), np.nextafter(1, 2)])
    got = histogram(numbers, 5)
    assert got.counts.sum() == 3
    assert all(
        count == 0 for count, width in zip(got.counts, np.diff(got.bin_edges), strict=True) if width == 0
    )


@pytest.mark.parametrize("constant", [0.0, 0.25, -1.0, 3.0, -1e30, 65504.0, 3e38, 1.5e308])
def test_a_constant_lies_in_bins_around_it(constant: float) -> None:
    for dtype in (np.float32, np.float64):
        if constant > float(np.finfo(dtype).max):
            continue
        numbers = np.full(7, constant, dtype)
        got = histogram(numbers, 3)
        half = max(0.5, abs(float(numbers[0])) / 2)
        # At 1.5e308 the upper edge stops at the largest float64, so that the constant is not in the middle.
        assert got.counts.tolist() == ([0, 7, 0] if constant < 1e308 else [0, 0, 7])
        assert got.bin_edges[0] == pytest.approx(float(numbers[0]) - half, rel=1e-6)
        assert got.bin_edges[-1] == pytest.approx(
            min(float(numbers[0]) + half, float(np.finfo(np.float64).max)), rel=1e-6
        )


@pytest.mark.parametrize("numbers", [[], [math.nan], [math.inf, -math.inf]], ids=str)
def test_without_a_finite_weight_the_bins_are_empty_over_zero_to_one(numbers: list[float]) -> None:
    got = histogram(np.array(numbers, np.float32), 4)
    assert got.bin_edges.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert got.counts.tolist() == [0, 0, 0, 0]
    assert identity(got) == len(numbers)


def test_the_central_range_leaves_out_the_outermost_thousandth() -> None:
    numbers = np.random.default_rng(0).normal(size=20_000).astype(np.float32)
    got = histogram(numbers, 10, "central")
    lo, hi = np.quantile(numbers.astype(np.float64), [0.0005, 0.9995]).astype(np.float32)
    assert (got.bin_edges[0], got.bin_edges[-1]) == (lo, hi)
    assert (got.below, got.above) == ((numbers < lo).sum(), (numbers > hi).sum())
    assert got.below + got.above == 20
    assert identity(got) == 20_000


def test_a_range_is_rounded_to_the_dtype_of_the_weights() -> None:
    weight = torch.tensor([0.1, 0.2, 0.3], dtype=torch.float16)
    got = histogram(weight, 2, (0.1, 0.3))
    assert (got.bin_edges[0], got.bin_edges[-1]) == (np.float16(0.1), np.float16(0.3))
    assert (got.below, got.above) == (0, 0)


def test_the_histogram_does_not_depend_on_layout_or_gradient() -> None:
    weight = torch.nn.Parameter(torch.randn(6, 5, generator=torch.Generator().manual_seed(0)))
    plain = histogram(weight.detach().numpy().copy(), 7)
    for other in (weight, weight.T, weight.detach().to_sparse(), weight.detach().flip(0)):
        assert np.array_equal(histogram(other, 7).counts, plain.counts)


@pytest.mark.parametrize("bins", [0, -1, 4097, 10**30, "auto", "FD"])
def test_an_impossible_number_of_bins_is_a_value_error(bins: Any) -> None:
    with pytest.raises(ValueError, match="bins must be"):
        histogram(np.ones(3), bins)


@pytest.mark.parametrize("bins", [True, 2.0, None, [1, 2], np.bool_(True)], ids=repr)
def test_bins_of_another_type_are_a_type_error(bins: Any) -> None:
    with pytest.raises(TypeError, match="bins must be an integer"):
        histogram(np.ones(3), bins)


@pytest.mark.parametrize(
    "value_range", ["all", (2, 1), (0, math.inf), (math.nan, 1), (1,), 3, (1, 2, 3), "", ("a", 1)]
)
def test_an_impossible_range_is_a_value_error(value_range: Any) -> None:
    with pytest.raises(ValueError, match="value_range must be"):
        histogram(np.ones(3), 5, value_range)


@given(strategies.bells(np.float64))
def test_the_freedman_diaconis_rule_is_numpys(numbers: Array) -> None:
    if numbers.size < 2:
        return
    low, high = np.quantile(numbers, [0.25, 0.75])
    width = 2 * (high - low) * numbers.size ** (-1 / 3)
    assert bin_count(numbers, "fd") == pytest.approx(np.ptp(numbers) / width, abs=1 + 1e-9)
    assert bin_count(numbers, "fd") >= np.ptp(numbers) / width * (1 - 1e-9)


@pytest.mark.parametrize(
    ("size", "sqrt", "sturges"), [(2, 2, 2), (16, 4, 5), (17, 5, 6), (1000, 32, 11), (300_000, 512, 20)]
)
def test_the_rules_of_size_round_up_and_stop_at_512(size: int, sqrt: int, sturges: int) -> None:
    numbers = np.linspace(0, 1, size)
    assert bin_count(numbers, "sqrt") == sqrt
    assert bin_count(numbers, "sturges") == sturges
    assert len(histogram(numbers, "sqrt").counts) == sqrt


def test_a_rule_counts_finite_weights_in_the_range_alone() -> None:
    numbers = np.concatenate([np.linspace(0, 1, 16), [50.0, np.nan, np.inf]])
    assert bin_count(numbers, "sqrt", (0, 1)) == 4
    assert bin_count(numbers, "sqrt") == 5


def test_an_outlier_cannot_ask_for_more_than_512_bins() -> None:
    numbers = np.append(np.linspace(0, 1, 100), 1e300)
    assert bin_count(numbers, "fd") == 512
    assert bin_count(np.append(np.linspace(0, 1e-300, 100), 1e300), "fd") == 512


@pytest.mark.parametrize("rule", ["sqrt", "sturges", "fd"])
def test_equal_weights_need_one_bin(rule: str) -> None:
    for numbers in ([], [2.0], [2.0] * 9, [math.nan]):
        assert bin_count(np.array(numbers), rule) == 1


def test_half_equal_weights_need_one_bin_by_freedman_and_diaconis() -> None:
    assert bin_count(np.array([0.0, *[1.0] * 10, 2.0]), "fd") == 1
