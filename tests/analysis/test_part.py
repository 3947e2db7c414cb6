import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from weightwidgets.analysis import histogram
from weightwidgets.analysis.part import counts_between

WEIGHTS = hnp.arrays(np.float32, st.integers(2, 120), elements=st.floats(-3, 3, width=32))


@given(WEIGHTS, st.integers(1, 300))
def test_the_parts_of_a_tensor_add_up_to_its_histogram(weight: np.ndarray, bins: int) -> None:
    whole = histogram(weight, bins)
    parts = [counts_between(part, whole.bin_edges) for part in np.array_split(weight, 3)]
    assert np.array_equal(np.sum(parts, axis=0), whole.counts)


@given(WEIGHTS, st.integers(1, 40), st.floats(-2, 0), st.floats(0.5, 2))
def test_the_counts_are_those_of_numpy_between_the_same_edges(
    weight: np.ndarray, bins: int, low: float, high: float
) -> None:
    edges = np.linspace(low, high, bins + 1)
    assert np.array_equal(counts_between(weight, edges), np.histogram(weight.astype(np.float64), edges)[0])


def test_what_is_outside_or_not_finite_is_in_no_bin() -> None:
    weight = torch.tensor([-2.0, 0.0, 0.5, 1.0, 2.0, float("nan"), float("inf"), float("-inf")])
    assert counts_between(weight, np.array([0.0, 0.5, 1.0])).tolist() == [1, 2]


def test_a_bin_without_width_holds_nothing() -> None:
    assert counts_between(torch.tensor([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 1.0, 2.0])).tolist() == [1, 0, 2]
