import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from weightwidgets.analysis.strongest import strongest


def test_a_hand_made_row_gives_its_weights_and_their_places() -> None:
    row = torch.tensor([[0.5, -2.0, 0.0], [1.5, -0.1, 0.7]])
    found = strongest(row, count=2)
    assert found.exciting.tolist() == [1.5, np.float32(0.7)]
    assert found.exciting_places.tolist() == [[1, 0], [1, 2]]
    assert found.inhibiting.tolist() == [-2.0, np.float32(-0.1)]
    assert found.inhibiting_places.tolist() == [[0, 1], [1, 1]]


def test_equal_weights_come_in_the_order_of_their_places() -> None:
    row = np.array([1.0, -3.0, 2.0, 1.0, -3.0, 1.0])
    found = strongest(row, count=3)
    assert found.exciting_places.ravel().tolist() == [2, 0, 3]
    assert found.inhibiting_places.ravel().tolist() == [1, 4]


def test_zero_neither_excites_nor_inhibits() -> None:
    found = strongest(torch.zeros(4, 3, 3))
    assert found.exciting.size == found.inhibiting.size == 0
    assert found.exciting_places.shape == found.inhibiting_places.shape == (0, 3)


def test_weights_that_are_not_finite_are_left_out() -> None:
    found = strongest(torch.tensor([float("nan"), float("inf"), 1.0, float("-inf"), -1.0]), count=5)
    assert found.exciting.tolist() == [1.0]
    assert found.inhibiting.tolist() == [-1.0]


def test_a_single_number_has_a_place_without_indices() -> None:
    found = strongest(torch.tensor(0.25))
    assert found.exciting.tolist() == [0.25]
    assert found.exciting_places.shape == (1, 0)


def test_an_empty_row_has_no_strongest_weights() -> None:
    found = strongest(torch.empty(0, 3, 3))
    assert found.exciting.size == found.inhibiting.size == 0


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int8])
def test_values_are_exact_in_every_dtype_and_layout(dtype: torch.dtype) -> None:
    row = (torch.arange(-30, 30).reshape(5, 12) / 3).to(dtype).T
    found = strongest(row, count=4)
    numbers = row.to(torch.float64).numpy()
    assert found.exciting.tolist() == sorted(numbers.ravel().tolist(), reverse=True)[:4]
    assert [numbers[tuple(place)] for place in found.inhibiting_places] == found.inhibiting.tolist()


def test_a_count_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1, got 0"):
        strongest(torch.ones(3), count=0)


ROWS = npst.arrays(
    np.float32,
    npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5),
    elements=st.sampled_from([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, float("nan"), float("inf")]),
)


@given(ROWS, st.integers(1, 12))
def test_the_strongest_are_the_head_of_a_full_sort(row: np.ndarray, count: int) -> None:
    found = strongest(row, count)
    finite = row[np.isfinite(row)]
    assert found.exciting.tolist() == sorted(finite[finite > 0].tolist(), reverse=True)[:count]
    assert found.inhibiting.tolist() == sorted(finite[finite < 0].tolist())[:count]
    for value, place in zip(found.exciting, found.exciting_places, strict=True):
        assert row[tuple(place)] == value
