import itertools
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from weightwidgets.analysis.selection import in_range

FINITE = st.floats(-4, 4, width=32)
WEIGHTS = hnp.arrays(
    np.float32, st.integers(1, 60), elements=st.one_of(FINITE, st.sampled_from([np.nan, np.inf, -np.inf]))
)


@given(WEIGHTS, st.tuples(st.floats(-5, 5), st.floats(-5, 5)).map(sorted))
def test_a_range_below_the_top_holds_its_lower_bound_and_not_its_upper(
    weight: np.ndarray, pair: list[float]
) -> None:
    low, high = pair
    exact = weight.astype(np.float64)
    inside = in_range(weight, (low, high), top=10.0)
    assert np.array_equal(inside, (exact >= low) & (exact < high))


@given(hnp.arrays(np.float32, st.integers(2, 80), elements=FINITE), st.integers(1, 40))
def test_the_bins_of_numpy_hold_exactly_the_weights_in_their_ranges(weight: np.ndarray, bins: int) -> None:
    counts, edges = np.histogram(weight.astype(np.float64), bins)
    top = float(edges[-1])
    found = [in_range(weight, (a, b), top).sum() for a, b in itertools.pairwise(edges)]
    assert found == counts.tolist()


@given(hnp.arrays(np.float32, st.integers(1, 80), elements=FINITE))
def test_the_whole_range_leaves_no_finite_weight_out(weight: np.ndarray) -> None:
    assert in_range(weight, (float(weight.min()), float(weight.max()))).all()


def test_a_range_that_ends_at_the_top_holds_the_weights_equal_to_it() -> None:
    weight = torch.tensor([0.0, 1.0, 2.0, 2.0, 3.0])
    assert in_range(weight, (1.0, 2.0)).tolist() == [False, True, False, False, False]
    assert in_range(weight, (1.0, 3.0)).tolist() == [False, True, True, True, True]
    assert in_range(weight, (1.0, 2.0), top=2.0).tolist() == [False, True, True, True, False]


def test_a_range_without_width_holds_weights_only_at_the_top() -> None:
    weight = torch.tensor([1.0, 1.0, 2.0])
    assert in_range(weight, (1.0, 1.0)).sum() == 0
    assert in_range(weight, (2.0, 2.0)).sum() == 1


def test_bounds_are_compared_exactly_and_not_rounded_to_the_dtype_of_the_weights() -> None:
    # The float32 nearest to 0.7 lies below 0.7, the one nearest to 0.1 above 0.1.
    weight = torch.tensor([0.7, 0.1])
    assert in_range(weight, (0.7, 5.0), top=9.0).tolist() == [False, False]
    assert in_range(weight, (0.0, 0.1), top=9.0).tolist() == [False, False]
    assert in_range(weight, (float(weight[0]), 5.0), top=9.0).tolist() == [True, False]
    # A top that no float32 equals closes on nothing.
    assert in_range(weight, (0.0, 0.1), top=0.1).tolist() == [False, False]


def test_bounds_beyond_the_largest_float32_let_no_infinity_in() -> None:
    largest = float(np.finfo(np.float32).max)
    weight = torch.tensor([largest, -largest, float("inf"), float("-inf"), float("nan")])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert in_range(weight, (-1e300, 1e300)).tolist() == [True, True, False, False, False]
        assert in_range(weight, (1e300, 1e301)).sum() == 0


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64, torch.int64], ids=str)
def test_every_dtype_is_compared_as_the_number_it_holds(dtype: torch.dtype) -> None:
    weight = torch.tensor([[-3.0, -1.0], [0.0, 2.0]]).to(dtype)
    assert in_range(weight, (-1.0, 1.5)).tolist() == [[False, True], [True, False]]


def test_the_answer_has_the_shape_of_the_weights() -> None:
    for shape in [(), (0,), (2, 3, 1, 2)]:
        assert in_range(torch.zeros(shape), (-1.0, 1.0)).shape == shape


@pytest.mark.parametrize("pair", [(1.0, 0.0), (float("nan"), 1.0), (0.0, float("inf"))])
def test_a_range_that_is_none_is_refused(pair: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="finite and lo <= hi"):
        in_range(torch.zeros(3), pair)
