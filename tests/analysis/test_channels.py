import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from weightwidgets.analysis.channels import channels

FLOATS = st.floats(-1e6, 1e6, width=32)


@settings(max_examples=60, deadline=None)
@given(scale=st.lists(FLOATS, min_size=1, max_size=40), threshold=st.floats(0, 1))
def test_near_zero_is_a_share_of_the_median_magnitude(scale: list[float], threshold: float) -> None:
    found = channels(torch.tensor(scale, dtype=torch.float32), threshold=threshold)
    magnitude = np.abs(np.array(scale, np.float64))
    assert found.median == np.median(magnitude)
    assert found.limit == threshold * np.median(magnitude)
    near = {index for index, value in enumerate(magnitude) if value <= threshold * np.median(magnitude)}
    assert set(found.near_zero.tolist()) == near
    assert (np.diff(magnitude[found.order]) >= 0).all()
    assert sorted(found.order.tolist()) == list(range(len(scale)))


def test_every_number_stands_at_its_channel() -> None:
    scale, shift, mean, var = torch.randn(4, 6, dtype=torch.float16)
    found = channels(scale, shift, mean, var)
    for numbers, tensor in zip(
        (found.scale, found.shift, found.running_mean, found.running_var),
        (scale, shift, mean, var),
        strict=True,
    ):
        assert numbers is not None
        assert numbers.dtype == np.float64
        assert numbers.tolist() == tensor.tolist()


def test_a_norm_without_shift_or_statistics_has_none() -> None:
    found = channels(np.ones((2, 3)))
    assert found.scale.shape == (6,)
    assert (found.shift, found.running_mean, found.running_var) == (None, None, None)


def test_zeros_are_near_zero_whatever_the_median() -> None:
    assert channels(np.array([0.0, 0.0, 0.0, 2.0]), threshold=0.5).near_zero.tolist() == [0, 1, 2]
    assert channels(np.array([0.0, 1.0, 2.0]), threshold=0.0).near_zero.tolist() == [0]


def test_what_is_not_finite_is_counted_and_comes_last() -> None:
    found = channels(np.array([1.0, np.nan, -np.inf, 0.01]), shift=np.array([0.0, np.inf, 0.0, 0.0]))
    assert found.median == 0.505
    assert found.near_zero.tolist() == [3]
    assert found.order.tolist() == [3, 0, 2, 1]
    assert found.non_finite == 3
    nothing = channels(np.array([np.nan]))
    assert np.isnan(nothing.median)
    assert nothing.near_zero.size == 0


def test_equal_scales_keep_their_order() -> None:
    assert channels(np.array([1.0, -1.0, 1.0, 0.5])).order.tolist() == [3, 0, 1, 2]


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_a_threshold_out_of_range_is_refused(threshold: float) -> None:
    with pytest.raises(ValueError, match="0 to 1"):
        channels(np.ones(3), threshold=threshold)


def test_numbers_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match="3 channels cannot have 2"):
        channels(np.ones(3), shift=np.ones(2))
