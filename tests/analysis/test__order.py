import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.analysis import strategies
from tests.analysis.strategies import Array
from weightwidgets.analysis._order import quantiles, smallest

SHARES = hnp.arrays(
    np.float64, st.integers(0, 8), elements=st.floats(0, 1) | st.sampled_from([0.0, 0.25, 0.5, 1.0])
)


@given(strategies.arrays(np.float32) | strategies.bells(np.float64) | strategies.grids(np.float64), SHARES)
def test_quantiles_are_numpys_of_the_float64_values(numbers: Array, shares: Array) -> None:
    if numbers.size == 0:
        return
    got = quantiles(lambda ranks: smallest(numbers, ranks), numbers.size, shares)
    assert np.array_equal(got, np.quantile(numbers.astype(np.float64), shares))


@given(strategies.arrays(np.float32).filter(len), st.data())
def test_the_number_of_a_rank_is_where_sorting_puts_it(numbers: Array, data: st.DataObject) -> None:
    ranks = np.array(data.draw(st.lists(st.integers(0, numbers.size - 1), max_size=6)), np.intp)
    before = numbers.copy()
    assert np.array_equal(smallest(numbers, ranks), np.sort(numbers)[ranks].astype(np.float64))
    assert np.array_equal(numbers, before)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_quantiles_of_one_number_are_that_number(share: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert quantiles(lambda ranks: smallest(np.array([1e308]), ranks), 1, np.array([share])) == 1e308
