import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given

from tests.analysis import strategies
from tests.analysis.strategies import Array
from weightwidgets.analysis._moments import add_up, deviate, moments


@given(strategies.with_strays(np.float32).filter(lambda array: np.isfinite(array).any()))
def test_central_moments_times_their_scale_equal_rational_arithmetic(numbers: Array) -> None:
    got = moments(numbers)
    scale = Fraction(got.scale)
    exact = [Fraction(float(number)) * scale for number in numbers[np.isfinite(numbers)].tolist()]
    mean = sum(exact, Fraction(0)) / len(exact)
    assert got.finite == len(exact)
    assert got.mean == pytest.approx(float(mean), rel=1e-13, abs=1e-15)
    second, third, fourth = (
        float(sum(((x - mean) ** power for x in exact), Fraction(0)) / len(exact)) for power in (2, 3, 4)
    )
    assert got.variance == pytest.approx(second, rel=1e-12, abs=1e-300)
    assert got.third == pytest.approx(third, rel=1e-12, abs=1e-13 * math.sqrt(second * fourth) + 1e-300)
    assert got.fourth == pytest.approx(fourth, rel=1e-12, abs=1e-300)


def test_the_scale_is_a_power_of_two_that_brings_the_spread_near_one() -> None:
    for size in (1e-300, 1.0, 1e300):
        got = moments(np.array([1.0, 2.0, 5.0]) * size)
        assert math.frexp(got.scale)[0] == 0.5
        assert 0.01 < got.variance < 1


def test_a_first_pass_that_overflows_is_run_again_in_smaller_units() -> None:
    numbers = np.full(1000, 1.7e308)
    assert add_up(numbers, 1.0).total == math.inf
    got = moments(numbers)
    assert got.mean / got.scale == 1.7e308
    assert got.l1 == math.inf
    assert got.variance == 0


def test_the_second_pass_measures_from_the_centre_it_is_given() -> None:
    got = deviate(np.array([1.0, 2.0, np.nan, 4.0, 0.5]), centre=2.0, scale=0.5, threshold=0.5)
    assert got == (-0.25, 1.8125, 0.453125, 1.37890625, 1)


def test_where_nothing_is_finite_one_pass_says_so() -> None:
    got = moments(np.array([np.nan, np.inf, -np.inf, -np.inf]))
    assert (got.finite, got.sums.nan, got.sums.posinf, got.sums.neginf) == (0, 1, 1, 2)
    assert math.isnan(got.mean)
