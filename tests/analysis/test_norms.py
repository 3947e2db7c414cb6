import math
import warnings
from importlib import import_module
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.analysis.golden import golden_matrix
from tests.analysis.strategies import Array
from weightwidgets.analysis import norms, unit_norms

FILE = import_module("weightwidgets.analysis.norms")
SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6)
WEIGHTS = st.sampled_from([np.float32, np.float64]).flatmap(
    lambda dtype: hnp.arrays(
        dtype, SHAPES, elements=st.floats(-(2.0**60), 2.0**60, width=32, allow_subnormal=False)
    )
)


@pytest.fixture(autouse=True)
def _no_warnings() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def matrix_of(weight: Array) -> Array:
    rows = (
        weight.reshape(1, 1) if weight.ndim == 0 else weight.reshape(len(weight), math.prod(weight.shape[1:]))
    )
    return rows.astype(np.longdouble)


@given(WEIGHTS)
def test_unit_norms_equal_the_definitions_in_longer_arithmetic(weight: Array) -> None:
    got = unit_norms(weight)
    rows = matrix_of(weight)
    assert got.l1 == pytest.approx(np.abs(rows).sum(1).astype(float), rel=1e-14)
    assert got.l2 == pytest.approx(np.sqrt((rows**2).sum(1)).astype(float), rel=1e-14)
    assert np.array_equal(got.linf, np.abs(rows).max(1, initial=0).astype(float))
    assert got.non_finite == 0


@given(WEIGHTS)
def test_the_norms_of_the_whole_equal_numpys(weight: Array) -> None:
    got = norms(torch.from_numpy(weight) if weight.ndim else weight)
    rows = matrix_of(weight)
    assert got.frobenius == pytest.approx(float(np.sqrt((rows**2).sum())), rel=1e-14)
    largest = np.linalg.svd(rows.astype(float), compute_uv=False).max(initial=0) if rows.size else 0.0
    assert got.spectral == pytest.approx(float(largest), rel=1e-10)
    assert got.spectral <= got.frobenius * (1 + 1e-12)


def test_the_golden_matrix_has_its_known_norms() -> None:
    got = norms(golden_matrix())
    assert got.frobenius == pytest.approx(10.0100241964, abs=1e-10)
    assert got.spectral == pytest.approx(3.5616042467, abs=1e-10)
    assert got.l1.sum() == pytest.approx(1063.39716698, abs=1e-8)
    assert got.l2.min() == pytest.approx(0.5058614, abs=1e-7)
    assert got.l2.max() == pytest.approx(0.8717365, abs=1e-7)


@pytest.mark.parametrize("size", [1e-320, 1e-200, 1e-30, 1e30, 1e200, 1e307])
def test_a_norm_that_fits_float64_never_overflows_or_vanishes(size: float) -> None:
    shape = np.array([[3.0, 4.0], [0.0, 0.0]])
    got = norms(shape * size)
    exact = 1e-3 if size < 1e-300 else 1e-14
    assert got.l2 == pytest.approx([5 * size, 0], rel=exact)
    assert got.l1 == pytest.approx([7 * size, 0], rel=exact)
    assert got.frobenius == pytest.approx(5 * size, rel=exact)
    assert got.spectral == pytest.approx(5 * size, rel=exact)


def test_a_norm_beyond_float64_is_infinite() -> None:
    assert norms(np.full((1, 4), 1e308)).l1.tolist() == [math.inf]


def test_what_is_not_finite_is_left_out_and_counted() -> None:
    weight = torch.tensor([[1.0, math.nan, 2.0], [math.inf, -2.0, -math.inf]])
    got = norms(weight)
    assert got.non_finite == 3
    assert got.l1.tolist() == [3, 2]
    assert got.linf.tolist() == [2, 2]
    without = norms(torch.tensor([[1.0, 0.0, 2.0], [0.0, -2.0, 0.0]]))
    assert (got.frobenius, got.spectral) == (without.frobenius, without.spectral)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 3)])
def test_a_tensor_without_weights_has_norms_of_zero(shape: tuple[int, ...]) -> None:
    got = norms(torch.empty(shape))
    assert got.l1.tolist() == got.l2.tolist() == got.linf.tolist() == [0.0] * shape[0]
    assert (got.frobenius, got.spectral) == (0, 0)


@settings(max_examples=20)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 200))
def test_blocks_of_any_height_give_the_same_norms(rows: int, columns: int, block: int) -> None:
    weight = np.random.default_rng(rows * 41 + columns).normal(size=(rows, columns))
    whole = norms(weight)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FILE, "_BLOCK", block)
        patch.setattr(FILE, "_GRAM_ROWS", 7)
        parts = norms(weight)
    assert parts.l2 == pytest.approx(whole.l2, rel=1e-14)
    assert parts.spectral == pytest.approx(whole.spectral, rel=1e-12)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64, torch.int8], ids=str)
def test_the_norms_do_not_depend_on_dtype_or_layout(dtype: torch.dtype) -> None:
    weight = torch.arange(-12, 12).reshape(4, 3, 2).to(dtype)
    expected = norms(weight.to(torch.float32))
    for other in (weight, weight.permute(1, 2, 0).contiguous().permute(2, 0, 1)):
        got = norms(other)
        assert np.array_equal(got.l2, expected.l2)
        assert got.spectral == pytest.approx(expected.spectral, rel=1e-14)


def test_the_spectral_norm_of_a_convolution_is_that_of_its_reshaped_kernel() -> None:
    weight = torch.randn(8, 4, 3, 3, generator=torch.Generator().manual_seed(0))
    expected = torch.linalg.matrix_norm(weight.double().reshape(8, 36), 2).item()
    assert norms(weight).spectral == pytest.approx(expected, rel=1e-12)
