"""Every sort of tensor gives the numbers that it stands for, or a sentence."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.odd_tensors import Halves, Scaled, Stubborn, empty_sparse, float4, named, nested, quantised, sparse
from weightwidgets.plain import (
    PACKED,
    held,
    is_held_otherwise,
    is_plain,
    plain,
    plain_shape,
    reading,
    refuse_to_repeat,
    unpacked,
)

if TYPE_CHECKING:
    from collections.abc import Callable

needs_float4 = pytest.mark.skipif(PACKED is None, reason="this torch has no packed 4-bit floats")


def decoded_float4(code: int) -> float:
    """Read four bits by the definition: a sign, two bits of exponent with bias 1, one of mantissa."""
    sign = -1.0 if code & 0b1000 else 1.0
    exponent, mantissa = code >> 1 & 0b11, code & 0b1
    return sign * (mantissa / 2 if exponent == 0 else (1 + mantissa / 2) * 2.0 ** (exponent - 1))


@needs_float4
def test_all_sixteen_codes_of_both_halves_of_a_byte_are_decoded_low_half_first() -> None:
    got = unpacked(float4(torch.arange(256, dtype=torch.uint8))).double()
    expected = [decoded_float4(half) for byte in range(256) for half in (byte & 15, byte >> 4)]
    assert got.tolist() == expected
    # Minus zero is another number than zero only by its sign.
    assert torch.equal(torch.signbit(got), torch.signbit(torch.tensor(expected, dtype=torch.float64)))


@needs_float4
@given(st.lists(st.integers(0, 3), max_size=3).map(tuple), st.integers(0, 2**32 - 1))
def test_packed_floats_double_the_last_axis_whatever_the_shape(shape: tuple[int, ...], seed: int) -> None:
    stored = torch.from_numpy(np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8))
    tensor = float4(stored)
    got = plain(tensor)
    assert tuple(got.shape) == plain_shape(tensor) == (*shape[:-1], 2 * (shape[-1] if shape else 1))
    expected = [decoded_float4(half) for byte in stored.flatten().tolist() for half in (byte & 15, byte >> 4)]
    assert got.double().flatten().tolist() == expected


@needs_float4
def test_packed_floats_that_are_cut_or_transposed_are_decoded_in_the_order_of_the_view() -> None:
    stored = torch.arange(12, dtype=torch.uint8).reshape(3, 4)
    for view in (stored.T, stored[:, 1:3], stored[::2]):
        expected = unpacked(float4(view.contiguous()))
        assert torch.equal(unpacked(float4(view)).double(), expected.double())


@needs_float4
def test_packed_floats_on_meta_keep_a_shape() -> None:
    tensor = torch.empty(3, 4, dtype=PACKED, device="meta")
    assert unpacked(tensor).is_meta
    assert unpacked(tensor).shape == (3, 8)


def test_a_dense_tensor_is_given_back_without_a_copy() -> None:
    for dtype in (torch.float32, torch.float16, torch.int64, torch.bool, torch.complex64):
        tensor = torch.ones(2, 3).to(dtype).T
        assert is_plain(tensor)
        assert plain(tensor).data_ptr() == tensor.data_ptr()
        assert plain(tensor).stride() == tensor.stride()
    assert not plain(torch.nn.Parameter(torch.ones(2))).requires_grad


@pytest.mark.parametrize("layout", [torch.sparse_coo, torch.sparse_csr, torch.sparse_csc])
def test_what_a_sparse_tensor_does_not_store_is_zero(layout: torch.layout) -> None:
    dense = torch.tensor([[0.0, 1.5], [0.0, -2.0]])
    assert torch.equal(plain(sparse(dense, layout)), dense)
    assert not is_plain(sparse(dense, layout))


def test_an_uncoalesced_sparse_tensor_adds_up_what_it_stores_twice() -> None:
    twice = torch.sparse_coo_tensor(
        torch.tensor([[0, 0], [1, 1]]), torch.tensor([2.0, 3.0]), (1, 2), check_invariants=True
    )
    assert plain(twice).tolist() == [[0, 5]]


@pytest.mark.parametrize("dtype", [torch.quint8, torch.qint8, torch.qint32])
def test_quantised_integers_become_scale_times_distance_from_the_zero_point(dtype: torch.dtype) -> None:
    tensor = quantised(torch.tensor([[-1.0, 0.0], [0.24, 1.0]]), dtype)
    codes = tensor.int_repr().double()
    expected = (codes - tensor.q_zero_point()) * float(np.float32(tensor.q_scale()))
    assert torch.allclose(plain(tensor).double(), expected, rtol=1e-7, atol=0)


def test_integers_quantised_row_by_row_use_the_scale_of_their_row() -> None:
    scales, zeros = torch.tensor([0.5, 0.25]), torch.tensor([0, 0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tensor = torch.quantize_per_channel(torch.tensor([[1.0, -2], [1, -2]]), scales, zeros, 0, torch.qint8)
    assert tensor.int_repr().tolist() == [[2, -4], [4, -8]]
    assert plain(tensor).tolist() == [[1, -2], [1, -2]]


def test_a_wrapper_gives_what_it_says_that_it_stands_for() -> None:
    tensor = Scaled(torch.tensor([[1, -2]], dtype=torch.int8), 0.5)
    assert not is_plain(tensor)
    assert plain(tensor).tolist() == [[0.5, -1.0]]
    assert type(plain(tensor)) is torch.Tensor
    assert "Scaled" in reading(tensor)


@pytest.mark.parametrize("wrapper", [Stubborn, Halves])
def test_a_wrapper_that_does_not_say_what_it_stands_for_is_told_in_a_sentence(wrapper: Any) -> None:
    with pytest.raises(ValueError, match=f"{wrapper.__name__} does not say which numbers"):
        plain(wrapper(torch.ones(2, dtype=torch.int8), 1.0))


WITHOUT_NUMBERS: dict[str, tuple[Callable[[], torch.Tensor], str]] = {
    "lazy": (lambda: torch.nn.LazyLinear(2).weight, "run one batch"),
    "nested": (lambda: nested(torch.strided), "Nested"),
    "nested, jagged": (lambda: nested(torch.jagged), "Nested"),
    "four bits, named only": (
        lambda: torch.zeros(4, dtype=torch.uint8).view(named("uint4")),
        "packed format",
    ),
    "nameless bits": (lambda: torch.zeros(4, dtype=torch.uint8).view(named("bits8")), "packed format"),
    "expanded": (lambda: torch.zeros(1).expand(1 << 20, 1 << 20), "4,096.0 GiB"),
    "expanded integers": (lambda: torch.zeros(1, dtype=torch.int8).expand(1 << 28), "2.0 GiB"),
    "sparse, too wide": (lambda: empty_sparse(1 << 15, 1 << 15), "sparse: dense"),
    "sparse, no storage": (lambda: empty_sparse(1 << 30, 1 << 20), "sparse: dense"),
}


@pytest.mark.parametrize("name", WITHOUT_NUMBERS)
def test_a_tensor_without_numbers_says_so_in_a_sentence(name: str) -> None:
    make, sentence = WITHOUT_NUMBERS[name]
    with pytest.raises(ValueError, match=sentence):
        plain(make())


@needs_float4
def test_packed_floats_are_not_repeated_either() -> None:
    with pytest.raises(ValueError, match="expanded view"):
        unpacked(float4(torch.zeros(1, dtype=torch.uint8)).expand(1 << 29))


def test_a_small_expanded_view_is_a_tensor_like_any_other() -> None:
    small = torch.tensor([2.0]).expand(3, 4)
    refuse_to_repeat(small)
    assert plain(small).tolist() == [[2.0] * 4] * 3
    # What has no values takes no memory.
    refuse_to_repeat(torch.empty(1 << 20, 1 << 20, device="meta"))


def test_each_odd_reading_is_told_in_one_sentence_and_no_plain_one_is() -> None:
    assert (
        reading(torch.ones(2))
        == reading(torch.ones(2).half())
        == reading(torch.nn.LazyLinear(2).weight)
        == ""
    )
    assert "magnitude" in reading(torch.ones(2, dtype=torch.complex64))
    assert "zero" in reading(sparse(torch.ones(2), torch.sparse_coo))
    assert "stored integers" in reading(quantised(torch.ones(2), torch.qint8))
    assert "nested" in reading(nested(torch.strided)).lower()
    if PACKED is not None:
        assert "4-bit" in reading(float4(torch.zeros(2, dtype=torch.uint8)))


def test_what_is_kept_one_by_one_is_held_as_it_is() -> None:
    for tensor in (
        torch.ones(2),
        quantised(torch.ones(2), torch.qint8),
        sparse(torch.ones(2), torch.sparse_coo),
    ):
        assert held(tensor) is tensor
        assert not is_held_otherwise(tensor)
    assert plain_shape(nested(torch.jagged)) == (0,)
