import random
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.analysis.strategies import INTEGERS, SMALL_FLOATS
from tests.odd_tensors import float4, quantised
from weightwidgets.analysis import histogram, shuffled, summary
from weightwidgets.analysis._values import values

DTYPES = [torch.float32, torch.float64, torch.complex64, torch.complex128, *SMALL_FLOATS, *INTEGERS]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_weight_is_there_once_bit_for_bit(dtype: torch.dtype) -> None:
    bits = torch.arange(4 * 16 * dtype.itemsize, dtype=torch.uint8) % (2 if dtype == torch.bool else 255)
    weight = bits.view(dtype).reshape(4, 16)
    got = shuffled(weight)
    assert (got.shape, got.dtype, got.device) == (weight.shape, weight.dtype, weight.device)

    def patterns(tensor: torch.Tensor) -> list[tuple[int, ...]]:
        return sorted(map(tuple, tensor.contiguous().view(torch.uint8).reshape(64, -1).tolist()))

    assert patterns(got) == patterns(weight)
    if dtype.is_floating_point:
        assert not torch.equal(got.view(torch.uint8), weight.view(torch.uint8))


@given(st.integers(0, 50), st.integers(0, 2**32))
def test_the_permutation_is_that_of_its_own_seeded_generator(size: int, seed: int) -> None:
    weight = np.arange(size)
    expected = np.random.default_rng(seed).permutation(size)
    assert np.array_equal(shuffled(weight, seed), expected)
    assert np.array_equal(shuffled(weight, seed), shuffled(torch.from_numpy(weight), seed))
    assert np.array_equal(weight, np.arange(size))


def test_another_seed_gives_another_permutation() -> None:
    weight = torch.arange(100)
    assert not torch.equal(shuffled(weight, 0), shuffled(weight, 1))
    assert torch.equal(shuffled(weight), shuffled(weight, 0))


def test_no_other_generator_moves() -> None:
    def states() -> list[Any]:
        return [torch.get_rng_state().tolist(), random.getstate(), str(np.random.get_state(legacy=False))]  # noqa: NPY002

    before = states()
    shuffled(torch.arange(10))
    assert states() == before


def test_a_transposed_parameter_is_shuffled_in_the_order_it_shows() -> None:
    weight = torch.nn.Parameter(torch.arange(6.0).reshape(2, 3))
    got = shuffled(weight.T)
    assert not got.requires_grad
    assert torch.equal(got, shuffled(weight.detach().T.contiguous()))
    assert got.shape == (3, 2)


def test_the_distribution_stays_when_the_weights_are_shuffled() -> None:
    weight = torch.randn(8, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    got = shuffled(weight)
    assert not torch.equal(got, weight)
    assert np.array_equal(histogram(got).counts, histogram(weight).counts)
    assert summary(got).l2 == pytest.approx(summary(weight).l2, rel=1e-14)


def test_sparse_and_quantised_tensors_are_shuffled_too() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sparse = torch.tensor([[0.0, 1.0], [2.0, 0.0]]).to_sparse_csr()
        quantised = torch.quantize_per_tensor(torch.tensor([0.0, 1.0, 2.0]), 0.5, 0, torch.quint8)
        mixed, kept = shuffled(sparse), shuffled(quantised)
    assert sorted(mixed.reshape(-1).tolist()) == [0, 0, 1, 2]
    assert sorted(kept.dequantize().tolist()) == [0, 1, 2]


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (1,)])
def test_nothing_to_shuffle_is_left_as_it_is(shape: tuple[int, ...]) -> None:
    weight = torch.full(shape, 2.0)
    assert torch.equal(shuffled(weight), weight)


def test_what_cannot_be_shuffled_says_so() -> None:
    with pytest.raises(TypeError, match="expected a torch"):
        shuffled([1, 2])  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="no values"):
        shuffled(torch.empty(2, device="meta"))
    with pytest.raises(ValueError, match="uninitialised"):
        shuffled(torch.nn.LazyLinear(2).weight)
    with pytest.raises(ValueError, match="negative"):
        shuffled(torch.ones(2), -1)


def test_packed_and_quantised_weights_are_shuffled_as_the_numbers_that_they_stand_for() -> None:
    packed, integers = float4(torch.arange(6, dtype=torch.uint8) * 40), quantised(torch.randn(7), torch.qint8)
    for weight, numbers in ((packed, values(packed)), (integers, values(integers))):
        mixed = shuffled(weight, 5)
        assert mixed.shape == numbers.shape
        assert sorted(values(mixed).tolist()) == sorted(numbers.tolist())
