from collections.abc import Iterable
from importlib import import_module

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from weightwidgets.analysis._rows import pool
from weightwidgets.analysis._values import Weight
from weightwidgets.analysis.heads import (
    FACTORS,
    ROLES,
    HeadFactors,
    Role,
    head_factors,
    head_picture,
    heads,
)


def block(
    num_heads: int = 4, kv_heads: int = 2, size: int = 3, width: int = 10, seed: int = 0
) -> tuple[torch.Tensor, ...]:
    """Give q, k, v and o of an attention block in float64."""
    made = torch.Generator().manual_seed(seed)
    shapes = [(num_heads * size, width), (kv_heads * size, width), (kv_heads * size, width)]
    shapes.append((width, num_heads * size))
    return tuple(torch.randn(shape, dtype=torch.float64, generator=made) for shape in shapes)


def cut(weights: Iterable[Weight], num_heads: int) -> HeadFactors:
    q, k, v, o = weights
    return head_factors(q, k, v, o, num_heads)


def formed(weights: tuple[torch.Tensor, ...], num_heads: int, role: Role, head: int) -> np.ndarray:
    """Work out what a head's slice or product is, the plain way."""
    q, k, v, o = (weight.double().numpy() for weight in weights)
    size = len(q) // num_heads
    group = num_heads // (len(k) // size)
    value_size = o.shape[1] // num_heads
    own_q = q[head * size : (head + 1) * size]
    own_k = k[head // group * size : (head // group + 1) * size]
    own_v = v[head // group * value_size : (head // group + 1) * value_size]
    own_o = o[:, head * value_size : (head + 1) * value_size]
    slices = {"q": own_q, "k": own_k, "v": own_v, "o": own_o.T}
    found: np.ndarray = {**slices, "qk": own_q.T @ own_k, "ov": own_o @ own_v}[role]
    return found


@settings(deadline=None, max_examples=60)
@given(
    kv_heads=st.integers(1, 3),
    group=st.integers(1, 3),
    size=st.integers(1, 6),
    width=st.integers(1, 12),
    seed=st.integers(0, 1000),
)
def test_every_number_is_that_of_the_products_formed_in_full(
    kv_heads: int, group: int, size: int, width: int, seed: int
) -> None:
    weights = block(kv_heads * group, kv_heads, size, width, seed)
    factors = cut(weights, kv_heads * group)
    found = heads(factors)
    assert (factors.heads, factors.kv_heads) == (kv_heads * group, kv_heads)
    for head in range(factors.heads):
        for place, role in enumerate(ROLES):
            matrix = formed(weights, factors.heads, role, head)
            assert found.norms[place, head] == pytest.approx(np.linalg.norm(matrix), rel=1e-12)
        for row, (product, spectra) in enumerate(zip(FACTORS, (found.qk, found.ov), strict=True)):
            expected = np.linalg.svd(formed(weights, factors.heads, product, head), compute_uv=False)
            count = min(size, width)
            assert spectra.shape == (factors.heads, count)
            np.testing.assert_allclose(spectra[head], expected[:count], atol=1e-13 * expected[0])
            share = expected[expected > 0] / expected.sum()
            effective = np.exp(-(share * np.log(share)).sum())
            assert found.effective_rank[row, head] == pytest.approx(effective, rel=1e-10)
            stable = np.square(expected / expected[0]).sum()
            assert found.stable_rank[row, head] == pytest.approx(stable, rel=1e-10)
    assert found.non_finite.tolist() == [0] * factors.heads


def test_small_singular_values_keep_their_digits() -> None:
    made = np.random.default_rng(0)
    left, right = (np.linalg.qr(made.normal(size=(20, 4)))[0] for _ in range(2))
    wanted = np.array([1.0, 1e-4, 1e-9, 1e-12])
    q, k = (left * np.sqrt(wanted)).T, (right * np.sqrt(wanted)).T
    found = heads(head_factors(q, k, k, q.T, 1))
    np.testing.assert_allclose(found.qk[0], wanted, rtol=1e-3)
    gram = np.sqrt(np.abs(np.linalg.eigvalsh((q.T @ k).T @ (q.T @ k)))[::-1][:4])
    assert abs(gram[3] / wanted[3] - 1) > 1


@pytest.mark.parametrize("scale", [2.0**-490, 2.0**490])
def test_weights_whose_squares_float64_cannot_hold_have_all_their_digits(scale: float) -> None:
    plain = heads(cut(block(), 4))
    far = heads(cut((weight * scale for weight in block()), 4))
    np.testing.assert_allclose(far.norms[:4], plain.norms[:4] * scale, rtol=1e-12)
    np.testing.assert_allclose(far.qk, plain.qk * scale * scale, rtol=1e-12)
    np.testing.assert_allclose(far.norms[4:], plain.norms[4:] * scale * scale, rtol=1e-12)
    np.testing.assert_allclose(far.effective_rank, plain.effective_rank, rtol=1e-12)


def test_a_product_beyond_float64_is_infinite_and_has_no_rank() -> None:
    found = heads(cut((weight * 1e160 for weight in block()), 4))
    assert np.isposinf(found.qk).all()
    assert np.isposinf(found.norms[4:]).all()
    assert np.isnan(found.effective_rank).all()
    assert np.isfinite(found.norms[:4]).all()


def test_a_head_of_zeros_has_rank_zero() -> None:
    q, k, v, o = block()
    q[:3] = 0
    found = heads(head_factors(q, k, v, o, 4))
    assert found.qk[0].tolist() == [0, 0, 0]
    assert found.effective_rank[:, 0].tolist() == [0, pytest.approx(found.effective_rank[1, 0])]
    assert found.stable_rank[0].tolist()[0] == found.norms[4, 0] == 0
    assert (found.effective_rank[0, 1:] > 1).all()


def test_a_head_with_nan_has_no_singular_values_and_leaves_the_others_theirs() -> None:
    q, k, v, o = block()
    whole = heads(head_factors(q, k, v, o, 4))
    k[0, 0] = float("nan")
    o[1, 11] = float("inf")
    found = heads(head_factors(q, k, v, o, 4))
    assert found.non_finite.tolist() == [1, 1, 0, 1]
    assert np.isnan(found.qk[:2]).all()
    assert np.isnan(found.ov[3]).all()
    assert np.isnan(found.effective_rank[0, :2]).all()
    assert np.isnan(found.norms[5, 3])
    np.testing.assert_array_equal(found.qk[2:], whole.qk[2:])
    np.testing.assert_array_equal(found.ov[:3], whole.ov[:3])
    assert np.isfinite(found.norms[:4]).all()


def test_heads_of_a_group_share_keys_and_values() -> None:
    found = heads(cut(block(), 4))
    for row in (1, 2):
        assert found.norms[row, 0] == found.norms[row, 1] != found.norms[row, 2] == found.norms[row, 3]


def test_sixteen_bit_weights_are_taken_as_the_numbers_that_they_are() -> None:
    weights = tuple(weight.bfloat16() for weight in block())
    found = heads(cut(weights, 4))
    wide = heads(cut((weight.double() for weight in weights), 4))
    np.testing.assert_allclose(found.qk, wide.qk, rtol=1e-12)
    np.testing.assert_allclose(found.norms, wide.norms, rtol=1e-12)


def test_dense_weights_are_not_copied() -> None:
    weights = tuple(weight.float() for weight in block())
    factors = cut(weights, 4)
    for name, weight in zip(ROLES, weights, strict=False):
        assert np.shares_memory(getattr(factors, name).numpy(), weight.numpy())


@pytest.mark.parametrize("role", ROLES)
def test_a_picture_is_the_slice_or_product_itself_where_it_fits(role: Role) -> None:
    weights = block()
    factors = cut(weights, 4)
    for head in range(4):
        picture = head_picture(factors, head, role)
        assert (picture.block_rows, picture.block_cols) == (1, 1)
        np.testing.assert_allclose(picture.values, formed(weights, 4, role, head), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("role", ROLES)
def test_a_larger_picture_is_pooled_with_its_signs(role: Role, monkeypatch: pytest.MonkeyPatch) -> None:
    # Strips of one block of rows each, so that their seams are tried too.
    # In the package the name is the function; the module is found by its path.
    monkeypatch.setattr(import_module("weightwidgets.analysis.heads"), "_STRIP", 1)
    weights = block(2, 1, 7, 23)
    picture = head_picture(cut(weights, 2), 1, role, max_rows=3, max_cols=5)
    expected = formed(weights, 2, role, 1)
    size = (-(-expected.shape[0] // 3), -(-expected.shape[1] // 5))
    assert (picture.block_rows, picture.block_cols) == size
    np.testing.assert_allclose(picture.values, pool(expected, *size), rtol=1e-12)


def test_a_nan_shows_in_the_picture_of_a_product() -> None:
    q, k, v, o = block()
    k[0, 2] = float("nan")
    factors = head_factors(q, k, v, o, 4)
    spoiled = np.isnan(head_picture(factors, 0, "qk").values)
    assert spoiled[:, 2].all()
    assert spoiled.sum() == 10
    assert np.isfinite(head_picture(factors, 2, "qk").values).all()


@pytest.mark.parametrize(
    ("change", "num_heads", "sentence"),
    [
        ({}, 5, "q has 12 rows, which 5 heads"),
        ({}, 0, "q has 12 rows, which 0 heads"),
        ({"k": (5, 10)}, 4, "k has 5 rows, which 4 heads of 3"),
        ({"k": (9, 10)}, 4, "k has 9 rows, which 4 heads of 3"),
        ({"k": (2, 10)}, 4, "k has 2 rows"),
        ({"v": (5, 10)}, 4, "v has 5 rows and o 12 columns"),
        ({"o": (10, 11)}, 4, "o 11 columns, which do not fit 4 heads of which 2 share"),
        ({"q": (12,)}, 4, r"q must be a matrix with weights, not of shape \(12,\)"),
        ({"o": (0, 12)}, 4, "o must be a matrix with weights"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(
    change: dict[str, tuple[int, ...]], num_heads: int, sentence: str
) -> None:
    weights = dict(zip(ROLES, block(), strict=False))
    weights |= {name: torch.zeros(shape) for name, shape in change.items()}  # type: ignore[misc]
    with pytest.raises(ValueError, match=sentence):
        cut(weights.values(), num_heads)


def test_values_may_have_a_size_of_their_own() -> None:
    q, k = torch.randn(8, 5), torch.randn(4, 5)
    v, o = torch.randn(6, 5), torch.randn(9, 12)
    factors = head_factors(q, k, v, o, 4)
    assert isinstance(factors, HeadFactors)
    assert (factors.k.shape, factors.v.shape, factors.o.shape) == ((2, 2, 5), (2, 3, 5), (4, 3, 9))
    found = heads(factors)
    assert (found.qk.shape, found.ov.shape) == ((4, 2), (4, 3))


def test_sparse_weights_and_arrays_are_read_too() -> None:
    plain = heads(cut(block(), 4))
    sparse = heads(cut((weight.to_sparse() for weight in block()), 4))
    arrays = heads(cut((weight.numpy() for weight in block()), 4))
    np.testing.assert_array_equal(sparse.qk, plain.qk)
    np.testing.assert_array_equal(arrays.norms, plain.norms)
    with pytest.raises(ValueError, match="on `meta`"):
        heads(cut((weight.to("meta") for weight in block()), 4))
