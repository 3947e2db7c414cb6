import math
import warnings
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.analysis import strategies
from tests.analysis.golden import golden_matrix
from tests.analysis.strategies import INTEGERS, SMALL_FLOATS, Array
from weightwidgets.analysis import distribution, histogram
from weightwidgets.analysis._values import Weight, values, widened

FILE = import_module("weightwidgets.analysis.distribution")
WEIGHTS = st.one_of(
    strategies.with_strays(np.float32),
    strategies.with_strays(np.float64),
    strategies.with_strays(np.float32).map(lambda array: torch.from_numpy(array).to(torch.bfloat16)),
    strategies.small_tensors(),
)
BINS = st.integers(1, 300) | st.sampled_from(["sqrt", "sturges", "fd"])
RANGES = st.sampled_from([None, "full", "central", (-1.0, 2.5), (0.1, 0.3), (0.0, 0.0)])
SHARES = hnp.arrays(np.float64, st.integers(0, 8), elements=st.floats(0, 1))


@pytest.fixture(autouse=True)
def _no_warnings() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def finite_values(weight: Weight) -> Array:
    numbers = widened(values(weight)).reshape(-1)
    return numbers[np.isfinite(numbers)]


@given(WEIGHTS, BINS, RANGES)
def test_its_histogram_is_the_histogram(weight: Weight, bins: Any, value_range: Any) -> None:
    got, expected = distribution(weight).histogram(bins, value_range), histogram(weight, bins, value_range)
    assert np.array_equal(got.counts, expected.counts)
    assert np.array_equal(got.bin_edges, expected.bin_edges)
    assert got.bin_edges.dtype == expected.bin_edges.dtype
    for name in ("below", "above", "nan", "posinf", "neginf"):
        assert getattr(got, name) == getattr(expected, name), name


@given(WEIGHTS, SHARES)
def test_its_quantiles_are_numpys(weight: Weight, shares: Array) -> None:
    finite = finite_values(weight)
    if finite.size == 0 or np.abs(finite).max() > 1e307:
        return
    got = distribution(weight)
    assert np.array_equal(got.quantile(shares), np.quantile(finite, shares))
    assert got.quantile(0.5) == np.quantile(finite, 0.5)
    assert isinstance(got.quantile(1), float)


@given(WEIGHTS, st.data())
def test_the_share_below_a_threshold_is_counted_exactly(weight: Weight, data: st.DataObject) -> None:
    finite = finite_values(weight)
    if finite.size == 0:
        return
    magnitudes = np.abs(finite)
    above = [math.nextafter(magnitude, math.inf) for magnitude in magnitudes[:4].tolist()]
    some = [*magnitudes[:4].tolist(), *above, 0.0, -1.0, math.inf]
    thresholds = np.array([data.draw(st.sampled_from(some)), data.draw(st.floats(allow_nan=False))])
    got = distribution(weight).share_below(thresholds)
    assert got.tolist() == [(magnitudes < threshold).mean() for threshold in thresholds]
    assert distribution(weight).share_below(float(thresholds[0])) == got[0]


@pytest.mark.parametrize("dtype", [*SMALL_FLOATS, *INTEGERS], ids=str)
def test_every_pattern_of_a_small_dtype_is_counted(dtype: torch.dtype) -> None:
    count = 2 if dtype == torch.bool else 256 if dtype.itemsize == 1 else 65536
    if dtype.itemsize > 2:
        weight = torch.arange(300).to(dtype)
    else:
        weight = torch.arange(count).to(torch.uint8 if dtype.itemsize == 1 else torch.int16).view(dtype)
    got = distribution(weight).histogram(200)
    expected = histogram(weight, 200)
    assert np.array_equal(got.counts, expected.counts)
    assert (got.nan, got.posinf, got.neginf) == (expected.nan, expected.posinf, expected.neginf)
    finite = finite_values(weight)
    assert distribution(weight).quantile(0.3) == np.quantile(finite, 0.3)


@pytest.mark.parametrize("dtype", ["<f2", ">f2", "<i2", ">u2", "i1", "?"])
def test_small_numpy_dtypes_of_any_byte_order_are_counted(dtype: str) -> None:
    weight = np.arange(-20, 20).clip(0).astype(dtype).reshape(5, 8).T
    assert np.array_equal(distribution(weight).histogram(9).counts, histogram(weight, 9).counts)
    assert distribution(weight).quantile(0.9) == np.quantile(weight.astype(float), 0.9)


def test_more_small_numbers_than_one_chunk_are_all_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    weight = torch.randn(1000, generator=torch.Generator().manual_seed(0)).to(torch.float16)
    expected = distribution(weight).histogram().counts
    monkeypatch.setattr(FILE, "_CHUNK", 64)
    assert np.array_equal(distribution(weight).histogram().counts, expected)


def test_the_golden_matrix_has_its_known_pruning_threshold() -> None:
    magnitudes = np.abs(golden_matrix().astype(np.float64))
    threshold = np.sort(magnitudes, axis=None)[magnitudes.size // 2 - 1]
    assert threshold == pytest.approx(0.0635665208, abs=1e-10)
    got = distribution(golden_matrix())
    assert got.share_below(np.nextafter(threshold, 1)) == 0.5
    assert got.share_below(threshold) < 0.5


def test_sparse_and_transposed_tensors_are_read_as_they_show() -> None:
    weight = torch.tensor([[0.0, 1.0, 0.0], [2.0, 0.0, -3.0]], dtype=torch.bfloat16)
    for other in (weight.T, weight.to_sparse(), weight.expand(2, 2, 3)[0]):
        assert distribution(other).quantile([0, 0.5, 1]).tolist() == [-3, 0, 2]
        assert distribution(other).share_below(1.0) == 0.5


def test_without_a_finite_weight_there_is_no_quantile() -> None:
    for weight in (torch.empty(0), torch.tensor([math.nan, math.inf], dtype=torch.float16)):
        got = distribution(weight)
        assert math.isnan(got.quantile(0.5))
        assert np.isnan(got.share_below([1.0, 2.0])).all()
        assert got.histogram(3, "central").counts.tolist() == [0, 0, 0]
        assert got.histogram("fd").counts.tolist() == [0]


def test_the_index_is_built_once_and_only_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    real = FILE._sorted

    def spy(weight: Weight) -> object:
        calls.append(weight)
        return real(weight)

    monkeypatch.setattr(FILE, "_sorted", spy)
    weight = torch.zeros(1000)
    got = distribution(weight)
    assert calls == []
    weight += 1
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(got.quantile, [0.5] * 32))
    assert len(calls) == 1
    assert set(answers) == {1.0}


@pytest.mark.parametrize("share", [-0.1, 1.1, math.nan, [0.5, 2]])
def test_a_share_outside_of_zero_to_one_is_a_value_error(share: Any) -> None:
    with pytest.raises(ValueError, match="0 to 1"):
        distribution(torch.ones(3)).quantile(share)


def test_a_question_that_has_no_answer_says_why() -> None:
    with pytest.raises(ValueError, match="NaN"):
        distribution(torch.ones(3)).share_below(math.nan)
    with pytest.raises(ValueError, match="meta"):
        distribution(torch.ones(3, device="meta"))
    with pytest.raises(ValueError, match="bins must be"):
        distribution(torch.ones(3)).histogram(0)
    with pytest.raises(ValueError, match="value_range"):
        distribution(torch.ones(3)).histogram(5, (2, 1))
