import warnings

import numpy as np
import pytest
import torch

from tests.analysis.strategies import INTEGERS, SMALL_FLOATS
from weightwidgets.analysis import distribution, histogram, histogram_table, norms, summary
from weightwidgets.analysis._values import edge_dtype, in_any_order, nearest, power_of_two_above, values


@pytest.mark.parametrize("dtype", SMALL_FLOATS, ids=str)
def test_every_bit_pattern_of_a_small_float_keeps_its_value(dtype: torch.dtype) -> None:
    bits = (
        torch.arange(256, dtype=torch.uint8) if dtype.itemsize == 1 else torch.arange(65536).to(torch.int16)
    )
    weight = bits.view(dtype)
    got = values(weight)
    assert got.dtype == np.float32
    assert np.array_equal(got, weight.to(torch.float64).numpy(), equal_nan=True)


@pytest.mark.parametrize("dtype", INTEGERS, ids=str)
def test_integers_and_booleans_become_exact_float64(dtype: torch.dtype) -> None:
    weight = torch.tensor([0, 1, 100, 127]).to(dtype)
    got = values(weight)
    assert got.dtype == np.float64
    assert got.tolist() == [float(number) for number in weight.tolist()]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_float32_and_float64_on_the_cpu_are_not_copied(dtype: torch.dtype) -> None:
    weight = torch.nn.Parameter(torch.arange(12, dtype=dtype).reshape(3, 4).T)
    got = values(weight)
    assert got.__array_interface__["data"][0] == weight.data_ptr()
    assert got.shape == (4, 3)
    assert np.array_equal(got, weight.detach().numpy())


def test_what_shares_memory_with_the_model_cannot_be_written() -> None:
    weight = torch.ones(3)
    array = np.ones(3)
    with pytest.raises(ValueError, match="read-only"):
        values(weight)[0] = 2
    with pytest.raises(ValueError, match="read-only"):
        values(array)[0] = 2
    array[0] = 3
    weight[0] = 3


def test_complex_numbers_become_their_magnitude_without_overflow() -> None:
    weight = torch.tensor([3 + 4j, -1j, 1e200 + 1e200j], dtype=torch.complex128)
    expected = np.array([5, 1, np.hypot(1e200, 1e200)])
    assert np.array_equal(values(weight), expected)
    assert np.array_equal(values(weight.conj()), expected)
    assert np.array_equal(values(weight.numpy()), expected)


def test_a_negated_view_is_resolved() -> None:
    imaginary = torch.tensor([1 + 2j, 3 - 4j]).conj().imag
    assert imaginary.is_neg()
    assert values(imaginary).tolist() == [-2, 4]


@pytest.mark.parametrize("layout", [torch.sparse_coo, torch.sparse_csr, torch.sparse_csc])
def test_sparse_tensors_become_dense(layout: torch.layout) -> None:
    dense = torch.tensor([[0.0, 1.5], [0.0, -2.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sparse = dense.to_sparse(layout=layout)
    assert np.array_equal(values(sparse), dense.numpy())
    assert nearest(sparse, 0.1) == float(np.float32(0.1))


def test_quantised_tensors_become_the_numbers_they_stand_for() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        weight = torch.quantize_per_tensor(torch.tensor([-1.0, 0.0, 0.24]), 0.1, 3, torch.quint8)
    assert np.array_equal(values(weight), weight.dequantize().numpy())
    assert edge_dtype(weight) is np.float64


@pytest.mark.parametrize(
    ("weight", "sentence"),
    [
        (torch.empty(2, 2, device="meta"), "on `meta`: it has a shape but no values"),
        (torch.nn.LazyLinear(2).weight, "run one batch"),
        (torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]), "nested"),
        (torch.zeros(4, dtype=torch.uint8).view(torch.float4_e2m1fn_x2), "packed"),
    ],
    ids=["meta", "lazy", "nested", "packed"],
)
def test_a_tensor_without_values_says_so_in_a_sentence(weight: torch.Tensor, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        values(weight)


@pytest.mark.parametrize("weight", [[1.0, 2.0], None, np.array(["a"]), np.array([object()])], ids=repr)
def test_what_holds_no_numbers_is_a_type_error(weight: object) -> None:
    with pytest.raises(TypeError, match="expected"):
        values(weight)  # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", ["<f2", ">f4", "<f8", ">f8", "<i4", ">u2", "?"])
def test_numpy_arrays_of_any_byte_order_keep_their_numbers(dtype: str) -> None:
    weight = np.array([[0, 1], [1, 0]], dtype=dtype)
    got = values(weight)
    assert got.dtype == (np.float32 if dtype[1:] in ("f2", "f4") else np.float64)
    assert np.array_equal(got, weight.astype(float))


def test_a_number_and_an_empty_tensor_keep_their_shape() -> None:
    assert values(torch.tensor(2.5)).shape == ()
    assert values(torch.empty(0, 3)).shape == (0, 3)


def test_memory_order_saves_the_copy_of_a_transposed_tensor() -> None:
    weight = torch.arange(6.0).reshape(2, 3)
    assert in_any_order(weight.T).tolist() == [0, 1, 2, 3, 4, 5]
    assert np.shares_memory(in_any_order(weight.T), weight.numpy())


def test_edges_are_float32_for_float32_alone() -> None:
    assert edge_dtype(torch.zeros(1)) is np.float32
    assert edge_dtype(np.zeros(1, np.float32)) is np.float32
    for dtype in (torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.complex64):
        assert edge_dtype(torch.zeros(1, dtype=dtype)) is np.float64
    assert edge_dtype(np.zeros(1, np.float16)) is np.float64


def test_a_bound_is_rounded_to_the_dtype_and_held_within_it() -> None:
    assert nearest(torch.zeros(1, dtype=torch.float16), 0.1) == float(np.float16(0.1))
    assert nearest(np.zeros(1, np.float16), 0.1) == float(np.float16(0.1))
    assert nearest(torch.zeros(1), 0.1) == float(np.float32(0.1))
    assert nearest(torch.zeros(1, dtype=torch.float64), 0.1) == 0.1
    assert nearest(torch.zeros(1, dtype=torch.int8), 0.5) == 0.5
    assert nearest(np.zeros(1, np.int8), 0.5) == 0.5
    assert nearest(torch.zeros(1, dtype=torch.float16), -1e30) == -65504
    assert nearest(np.zeros(1, np.float32), 1e300) == float(np.finfo(np.float32).max)
    assert nearest(torch.zeros(1, dtype=torch.float8_e4m3fn), 1e30) == 448


@pytest.mark.parametrize("dtype", [torch.float32, *SMALL_FLOATS], ids=str)
def test_signalling_nans_are_counted_without_a_warning(dtype: torch.dtype) -> None:
    signalling = np.array([0x7F800001, 0xFFA00000, 0x3F800000], np.uint32).view(np.float32)
    bits = (
        torch.arange(256, dtype=torch.uint8) if dtype.itemsize == 1 else torch.arange(65536).to(torch.int16)
    )
    weight = torch.from_numpy(signalling) if dtype == torch.float32 else bits.view(dtype)
    nan = int(weight.float().isnan().sum())
    assert nan > 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert summary(weight).nan == nan
        assert histogram(weight, "fd").nan == nan
        assert histogram(weight, 5, (-1e-3, 0.1)).nan == nan
        table = histogram_table(weight)
        assert (table.nan, table.cell_of(weight).size) == (nan, weight.numel())
        assert norms(weight.reshape(1, -1)).non_finite >= nan
        assert distribution(weight).histogram().nan == nan


def test_a_power_of_two_is_above_the_magnitude_and_invertible() -> None:
    for magnitude in (1e-300, 0.3, 1.0, 7.5, 1e300):
        scale = power_of_two_above(magnitude)
        assert 0.5 <= magnitude / scale <= 1
    assert power_of_two_above(0.0) == 1
    for extreme in (5e-324, 1.7e308):
        scale = power_of_two_above(extreme)
        assert 1 / scale * scale == 1
