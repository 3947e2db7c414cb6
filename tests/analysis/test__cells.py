import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analysis import strategies
from tests.analysis.strategies import Array
from weightwidgets.analysis._cells import count_cells

ARRAYS = strategies.with_strays(np.float32) | strategies.with_strays(np.float64)
EDGES = st.lists(
    st.floats(-1e3, 1e3) | st.sampled_from([0.0, 0.1, 1.0, 5e-324]), min_size=2, max_size=9, unique=True
)


@given(ARRAYS, EDGES)
def test_every_number_is_in_the_cell_that_comparing_puts_it_in(numbers: Array, some: list[float]) -> None:
    edges = np.unique(np.array(some, np.float64))
    if edges.size < 2:
        return
    got = count_cells(numbers, edges)
    exact = [float(number) for number in numbers.tolist()]
    for cell, (lo, hi) in enumerate(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)):
        last = cell == edges.size - 2
        assert got.cells[cell] == sum(lo <= x < hi or (last and x == hi) for x in exact)
    assert got.below == sum(-np.inf < x < edges[0] for x in exact)
    assert got.above == sum(np.inf > x > edges[-1] for x in exact)
    assert got.nan == sum(x != x for x in exact)  # noqa: PLR0124 - what NaN is
    assert (got.posinf, got.neginf) == (exact.count(np.inf), exact.count(-np.inf))
    assert int(got.cells.sum()) + got.below + got.above + got.nan + got.posinf + got.neginf == numbers.size


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_number_on_an_edge_is_to_the_right_of_it_but_for_the_last(dtype: type[np.floating]) -> None:
    edges = np.array([0.0, 0.5, 1.0], dtype)
    assert count_cells(edges, edges).cells.tolist() == [1, 2]


def test_float32_numbers_are_compared_with_float64_edges_and_not_with_their_roundings() -> None:
    number = np.float32(0.1)
    between = np.array([0.0, np.nextafter(np.float64(number), 1), 1.0])
    assert count_cells(np.array([number]), between).cells.tolist() == [1, 0]
    assert count_cells(np.array([number]), np.array([0.0, float(number), 1.0])).cells.tolist() == [0, 1]
    just_below = np.array([-1.0, np.nextafter(np.float64(number), 0)])
    assert count_cells(np.array([number]), just_below).above == 1
