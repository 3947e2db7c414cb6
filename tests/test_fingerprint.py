import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from tests.odd_tensors import Scaled, quantised
from weightwidgets.fingerprint import SAMPLED_ELEMENTS
from weightwidgets.fingerprint import tensor_fingerprint as fingerprint

SIZES = st.integers(1, 3 * SAMPLED_ELEMENTS)


def test_a_tensor_that_stands_for_others_is_watched_through_them() -> None:
    codes = torch.ones(3, dtype=torch.int8)
    wrapped = Scaled(codes, 0.5)
    before = fingerprint(wrapped)
    codes.data[1] = 2
    assert fingerprint(wrapped) != before


@given(SIZES)
def test_an_unchanged_tensor_keeps_its_fingerprint(size: int) -> None:
    tensor = torch.full((size,), float("nan"))
    assert fingerprint(tensor) == fingerprint(tensor.detach())


@given(st.integers(1, SAMPLED_ELEMENTS), st.data())
def test_a_write_through_data_is_seen_anywhere_in_a_small_tensor(size: int, data: st.DataObject) -> None:
    tensor = nn.Parameter(torch.zeros(size))
    before = fingerprint(tensor)
    tensor.data[data.draw(st.integers(0, size - 1))] = -0.0
    assert fingerprint(tensor) != before


@given(SIZES, st.sampled_from([0, -1]))
def test_a_write_through_data_is_seen_at_both_ends_of_any_tensor(size: int, place: int) -> None:
    tensor = nn.Parameter(torch.zeros(size))
    before = fingerprint(tensor)
    tensor.data[place] = 1
    assert fingerprint(tensor) != before


@given(st.integers(SAMPLED_ELEMENTS, 40 * SAMPLED_ELEMENTS))
def test_the_sample_leaves_no_gap_wider_than_its_step(size: int) -> None:
    tensor = nn.Parameter(torch.zeros(size))
    before = fingerprint(tensor)
    step = -(-(size - 1) // (SAMPLED_ELEMENTS - 1))
    tensor.data[size // 2 : size // 2 + step] = 1
    assert fingerprint(tensor) != before


def test_in_place_updates_and_new_data_are_seen_without_the_checksum() -> None:
    tensor = nn.Parameter(torch.zeros(10 * SAMPLED_ELEMENTS))
    before = fingerprint(tensor)
    with torch.no_grad():
        tensor[5] = 1
    updated = fingerprint(tensor)
    tensor.data = tensor.data.clone()
    assert len({before, updated, fingerprint(tensor)}) == 3


@pytest.mark.parametrize(
    "dtype",
    [
        torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2,
        torch.complex64, torch.complex128, torch.int8, torch.uint8, torch.int64, torch.bool,
    ],
)  # fmt: skip
@pytest.mark.parametrize("size", [5, 3 * SAMPLED_ELEMENTS])
def test_writes_through_data_are_seen_in_every_dtype(dtype: torch.dtype, size: int) -> None:
    tensor = torch.zeros(size, dtype=torch.uint8).to(dtype)
    before = fingerprint(tensor)
    tensor.data[-1] = torch.ones((), dtype=torch.uint8).to(dtype)
    assert fingerprint(tensor) != before


@pytest.mark.parametrize(
    "tensor",
    [
        torch.zeros(64, 32, 3, 3).to(memory_format=torch.channels_last),
        torch.zeros(100, 90).T,
        torch.zeros(200, 190)[::2, 1:180],
        torch.zeros(90, 1).expand(90, 91),
        torch.zeros(2, 100)[:, ::2],
        torch.zeros(3),
        torch.zeros(()),
    ],
)
def test_writes_through_data_are_seen_in_every_layout(tensor: torch.Tensor) -> None:
    before = fingerprint(tensor)
    assert fingerprint(tensor) == before
    assert isinstance(before, tuple)
    assert isinstance(before[-1], int)
    tensor.data.view(-1)[-1:].fill_(1) if tensor.is_contiguous() else tensor.data[-1, -1].fill_(1)
    assert fingerprint(tensor) != before


@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support")
@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor")
def test_sparse_and_quantised_tensors_are_seen_by_their_stored_values() -> None:
    dense = torch.eye(3)
    for tensor in (dense.to_sparse(), dense.to_sparse_csr()):
        before = fingerprint(tensor)
        assert isinstance(before[-1], int)  # type: ignore[index]
        values = tensor._values() if tensor.layout is torch.sparse_coo else tensor.values()
        values.data[0] = 7
        assert fingerprint(tensor) != before
    one, other = (torch.quantize_per_tensor(dense * size, 0.1, 0, torch.qint8) for size in (1, 2))
    assert fingerprint(one)[-1] != fingerprint(other)[-1]  # type: ignore[index]


def test_tensors_without_values_or_version_have_a_fingerprint() -> None:
    with torch.inference_mode():
        inference = torch.ones(3)
    assert fingerprint(inference)[1] is None  # type: ignore[index]
    assert fingerprint(torch.ones(3, device="meta"))[-1] is None  # type: ignore[index]
    assert fingerprint(torch.empty(0)) != fingerprint(torch.empty(0, 2))
    assert fingerprint(nn.UninitializedParameter()) == ("uninitialised",)


def test_the_user_s_default_device_is_not_used() -> None:
    tensor = torch.zeros(7 * SAMPLED_ELEMENTS + 1)
    with torch.device("meta"):
        here = fingerprint(tensor)
    assert here == fingerprint(tensor)


@pytest.mark.parametrize("dtype", [torch.quint8, torch.qint8, torch.qint32])
def test_a_quantised_tensor_is_read_in_place(dtype: torch.dtype) -> None:
    tensor = quantised(torch.randn(70, 80), dtype)
    before = fingerprint(tensor)
    assert fingerprint(tensor) == before
    assert fingerprint(tensor.clone()) != before
    # Not every integer is read, but the last one is.
    tensor.view(-1)[-1] = 9.0
    assert fingerprint(tensor) != before
