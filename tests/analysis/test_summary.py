import dataclasses
import math
import warnings
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given

from tests.analysis import strategies
from tests.analysis.golden import golden_matrix
from tests.analysis.strategies import Array
from weightwidgets.analysis import histogram, norms, summary


@pytest.fixture(autouse=True)
def _no_warnings() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def root(square: Fraction) -> float:
    """The square root of a fraction of any size, to the last digit or so."""
    if square == 0:
        return 0.0
    # Scaled by an even power of two so that the integer root carries over 100 bits.
    bits = 240 - square.numerator.bit_length() + square.denominator.bit_length()
    bits += bits % 2
    return float(Fraction(math.isqrt(int(square * Fraction(2) ** bits)), 1) / Fraction(2) ** (bits // 2))


def exactly(numbers: Array) -> dict[str, float]:
    """The statistics in rational arithmetic, which rounds nothing."""
    exact = [Fraction(number) for number in numbers.astype(np.float64).tolist()]
    size = len(exact)
    mean = sum(exact, Fraction(0)) / size
    second, third, fourth = (
        sum(((x - mean) ** power for x in exact), Fraction(0)) / size for power in (2, 3, 4)
    )
    square = sum((x * x for x in exact), Fraction(0))
    statistics = {
        "mean": float(mean),
        "std": root(second),
        "l1": float(sum(map(abs, exact), Fraction(0))),
        "l2": root(square),
        "rms": root(square / size),
    }
    if second:
        statistics["skewness"] = math.copysign(root(third**2 / second**3), third)
        statistics["kurtosis"] = float(fourth / second**2) - 3
    return statistics


@given(strategies.arrays(np.float32) | strategies.bells(np.float64) | strategies.narrow(np.float64))
def test_every_statistic_equals_rational_arithmetic(numbers: Array) -> None:
    if numbers.size == 0:
        return
    got = summary(numbers)
    expected = exactly(numbers)
    normal = expected["rms"] > 1e-290
    for name in ("std", "l1", "l2", "rms"):
        assert getattr(got, name) == pytest.approx(expected[name], rel=1e-13 if normal else 1e-2, abs=0), name
    assert got.mean == pytest.approx(expected["mean"], rel=1e-13, abs=1e-15 * expected["rms"] + 5e-324)
    if "skewness" in expected and normal and expected["std"] > 1e-290:
        assert got.skewness == pytest.approx(expected["skewness"], rel=1e-11, abs=1e-11)
        assert got.kurtosis == pytest.approx(expected["kurtosis"], rel=1e-11, abs=1e-11)


@given(strategies.with_strays(np.float32) | strategies.with_strays(np.float64) | strategies.small_tensors())
def test_counts_extremes_and_shares_equal_numpys(weight: Array | torch.Tensor) -> None:
    got = summary(weight)
    numbers = weight.to(torch.float64).numpy() if isinstance(weight, torch.Tensor) else weight
    finite = numbers[np.isfinite(numbers)].astype(np.float64)
    assert (got.numel, got.finite) == (numbers.size, finite.size)
    assert (got.nan, got.posinf, got.neginf) == (
        np.isnan(numbers).sum(),
        np.isposinf(numbers).sum(),
        np.isneginf(numbers).sum(),
    )
    if finite.size:
        assert (got.min, got.max, got.linf) == (finite.min(), finite.max(), np.abs(finite).max())
        assert got.positive == (finite > 0).mean()
        assert got.negative == (finite < 0).mean()
        assert got.zero == (finite == 0).mean()
        assert got.near_zero_threshold == 1e-3 * np.abs(finite).max()
        assert got.near_zero == (np.abs(finite) <= got.near_zero_threshold).mean()


@given(strategies.with_strays(np.float32) | strategies.with_strays(np.float64))
def test_the_statistics_keep_their_order_and_their_signs(numbers: Array) -> None:
    got = summary(numbers)
    if got.finite == 0:
        return
    assert got.min <= got.mean <= got.max
    assert 0 <= got.std <= got.linf * (1 + 1e-12)
    assert got.linf <= got.l2 * (1 + 1e-12)
    assert got.positive + got.negative + got.zero == pytest.approx(1, abs=1e-15)
    assert got.near_zero >= got.zero


def test_the_golden_matrix_has_its_known_statistics() -> None:
    got = summary(golden_matrix())
    assert got.numel == got.finite == 160 * 96
    assert got.l2 == pytest.approx(10.0100241964, abs=1e-10)
    assert got.l2**2 == pytest.approx(100.2005844, abs=1e-7)
    assert got.l1 == pytest.approx(1063.39716698, abs=1e-8)
    assert got.mean == pytest.approx(0.0024408150, abs=1e-10)
    assert got.std == pytest.approx(0.0807311462, abs=1e-10)
    assert got.skewness == pytest.approx(-0.0370349958, abs=1e-10)
    assert got.kurtosis == pytest.approx(-1.0247985773, abs=1e-10)
    assert got.positive == pytest.approx(0.5147786458, abs=1e-10)


@pytest.mark.parametrize("size", [1e-300, 1e-160, 1e-30, 1e30, 1e160, 1e307])
def test_statistics_that_fit_float64_never_overflow_or_vanish(size: float) -> None:
    got = summary(np.array([-3.0, 1.0, 1.0, 1.0]) * size)
    assert got.mean == pytest.approx(0, abs=1e-15 * size)
    assert got.std == pytest.approx(math.sqrt(3) * size)
    assert got.l2 == pytest.approx(math.sqrt(12) * size)
    assert got.l1 == pytest.approx(6 * size)
    assert got.skewness == pytest.approx(-2 / math.sqrt(3))
    assert got.kurtosis == pytest.approx(7 / 3 - 3)


def test_float16_weights_are_not_squared_in_float16() -> None:
    got = summary(torch.tensor([60000.0, -60000.0], dtype=torch.float16))
    assert (got.std, got.l1) == (60000, 120000)
    assert got.l2 == pytest.approx(60000 * math.sqrt(2), rel=1e-15)


def test_a_sum_beyond_float64_still_has_a_mean() -> None:
    got = summary(np.array([1.5e308, 1.5e308, 0.5e308]))
    assert got.mean == pytest.approx(3.5 / 3 * 1e308)
    assert got.l1 == math.inf
    assert math.isfinite(got.std)
    assert summary(np.array([1.7e308, -1.7e308])).std == 1.7e308


@pytest.mark.parametrize("constant", [0.0, 0.1, -3.0, 1e-320, 1e200])
def test_a_constant_has_no_spread_and_no_shape(constant: float) -> None:
    got = summary(np.full(1000, constant))
    assert (got.mean, got.std, got.rms) == (constant, 0, abs(constant))
    assert math.isnan(got.skewness)
    assert math.isnan(got.kurtosis)
    assert got.near_zero == (1 if constant == 0 else 0)


def test_one_weight_is_its_own_mean() -> None:
    got = summary(torch.tensor(-2.5))
    assert (got.numel, got.mean, got.std, got.min, got.max) == (1, -2.5, 0, -2.5, -2.5)
    assert (got.l1, got.l2, got.linf, got.negative) == (2.5, 2.5, 2.5, 1)


def test_the_norms_of_zeros_carry_no_sign() -> None:
    for numbers in (torch.zeros(5), -torch.zeros(5), np.array([0.0, -0.0, np.nan])):
        got = summary(numbers)
        for name in ("l1", "l2", "linf", "near_zero_threshold"):
            assert math.copysign(1, getattr(got, name)) == 1, name
            assert getattr(got, name) == 0, name


@pytest.mark.parametrize("numbers", [[], [math.nan, math.inf, math.inf, -math.inf]], ids=str)
def test_without_a_finite_weight_there_are_counts_and_no_moments(numbers: list[float]) -> None:
    got = summary(np.array(numbers, np.float32))
    assert (got.numel, got.finite) == (len(numbers), 0)
    assert (got.nan, got.posinf, got.neginf) == ((1, 2, 1) if numbers else (0, 0, 0))
    for name in ("mean", "std", "min", "max", "rms", "skewness", "kurtosis", "positive", "zero", "near_zero"):
        assert math.isnan(getattr(got, name)), name
    assert (got.l1, got.l2, got.linf) == (0, 0, 0)


def test_an_outlier_among_equal_weights_keeps_its_digits() -> None:
    numbers = np.full(100_000, 100.0)
    numbers[0] = 101.0
    got = summary(numbers)
    share = 1e-5
    assert got.std == pytest.approx(math.sqrt(share * (1 - share)), rel=1e-12)
    assert got.skewness == pytest.approx((1 - 2 * share) / math.sqrt(share * (1 - share)), rel=1e-11)
    assert got.kurtosis == pytest.approx((1 - 6 * share * (1 - share)) / (share * (1 - share)), rel=1e-11)


def test_more_weights_than_one_chunk_give_the_same_statistics(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = np.random.default_rng(0).normal(5, 2, 1000).astype(np.float32)
    numbers[[3, 400, 401]] = [np.nan, np.inf, -np.inf]
    whole = dataclasses.asdict(summary(numbers))
    monkeypatch.setattr("weightwidgets.analysis._moments._CHUNK", 97)
    assert dataclasses.asdict(summary(numbers)) == pytest.approx(whole, rel=1e-12)


def test_the_summary_agrees_with_the_norms_and_the_histogram() -> None:
    weight = torch.randn(6, 4, 3, 3, generator=torch.Generator().manual_seed(0))
    got = summary(weight)
    assert got.l2 == pytest.approx(norms(weight).frobenius, rel=1e-14)
    assert got.numel == histogram(weight).counts.sum()
    assert got.std == pytest.approx(weight.double().std(correction=0).item(), rel=1e-14)


def test_the_tensor_is_left_as_it_was() -> None:
    weight = torch.nn.Parameter(torch.randn(50, generator=torch.Generator().manual_seed(0)))
    before, version = weight.detach().clone(), weight._version
    summary(weight)
    assert torch.equal(weight.detach(), before)
    assert weight._version == version
    assert weight.grad is None
