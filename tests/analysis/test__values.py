import dataclasses
import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.analysis.strategies import INTEGERS, SMALL_FLOATS
from tests.odd_tensors import Scaled, float4, named, nested, quantised, sparse
from weightwidgets.analysis import (
    distribution,
    filter_grid,
    head_factors,
    heads,
    histogram,
    histogram_table,
    norms,
    shuffled,
    summary,
)
from weightwidgets.analysis._values import edge_dtype, in_any_order, nearest, power_of_two_above, values
from weightwidgets.analysis.strongest import strongest


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
    weight = sparse(dense, layout)
    assert np.array_equal(values(weight), dense.numpy())
    assert nearest(weight, 0.1) == float(np.float32(0.1))


def test_quantised_tensors_become_the_numbers_they_stand_for() -> None:
    weight = quantised(torch.tensor([-1.0, 0.0, 0.24]), torch.quint8)
    assert np.array_equal(values(weight), weight.dequantize().numpy())
    assert edge_dtype(weight) is np.float64


@pytest.mark.parametrize(
    ("weight", "sentence"),
    [
        (torch.empty(2, 2, device="meta"), "on `meta`: it has a shape but no values"),
        (torch.nn.LazyLinear(2).weight, "run one batch"),
        (nested(torch.strided), "Nested"),
        (torch.zeros(4, dtype=torch.uint8).view(named("uint4")), "packed"),
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


def fields(code: int, exponent_bits: int, mantissa_bits: int) -> tuple[float, int, int]:
    """Cut a code into its sign, exponent and mantissa."""
    sign = -1.0 if code >> (exponent_bits + mantissa_bits) else 1.0
    exponent = code >> mantissa_bits & ((1 << exponent_bits) - 1)
    return sign, exponent, code & ((1 << mantissa_bits) - 1)


def decoded(code: int, exponent_bits: int, mantissa_bits: int, bias: int) -> float:
    """Read a finite code as the IEEE rules do: subnormal where the exponent is zero."""
    sign, exponent, mantissa = fields(code, exponent_bits, mantissa_bits)
    part = mantissa / (1 << mantissa_bits)
    return sign * (part * 2.0 ** (1 - bias) if exponent == 0 else (1 + part) * 2.0 ** (exponent - bias))


# Which codes are not finite: OCP 8-bit Floating Point Specification 1.0, table 1, and, for the "fnuz" formats
# (no negative zero, whose code is NaN, and no infinities), Noune et al., arXiv:2206.02915.
def float8_e4m3fn(code: int) -> float:
    return math.nan if code & 0x7F == 0x7F else decoded(code, 4, 3, 7)


def float8_e4m3fnuz(code: int) -> float:
    return math.nan if code == 0x80 else decoded(code, 4, 3, 8)


def float8_e5m2(code: int) -> float:
    sign, exponent, mantissa = fields(code, 5, 2)
    if exponent == 31:
        return math.nan if mantissa else sign * math.inf
    return decoded(code, 5, 2, 15)


def float8_e5m2fnuz(code: int) -> float:
    return math.nan if code == 0x80 else decoded(code, 5, 2, 16)


def float8_e8m0fnu(code: int) -> float:
    """A power of two without a sign (OCP Microscaling Formats Specification 1.0, section 5.4.1)."""
    return math.nan if code == 0xFF else 2.0 ** (code - 127)


DECODERS = (float8_e4m3fn, float8_e4m3fnuz, float8_e5m2, float8_e5m2fnuz, float8_e8m0fnu)


@pytest.mark.parametrize("decode", DECODERS)
def test_all_codes_of_an_8_bit_float_are_what_its_definition_says(decode: Callable[[int], float]) -> None:
    got = values(torch.arange(256, dtype=torch.uint8).view(named(decode.__name__)))
    assert np.array_equal(got, [decode(code) for code in range(256)], equal_nan=True)


def test_every_8_bit_float_of_torch_has_a_decoder_here() -> None:
    eight = {str(dtype).removeprefix("torch.") for dtype in SMALL_FLOATS if dtype.itemsize == 1}
    assert eight == {decode.__name__ for decode in DECODERS}


@pytest.mark.parametrize("dtype", ["uint16", "uint32", "uint64"])
def test_unsigned_integers_are_read_up_to_their_largest(dtype: str) -> None:
    largest = int(torch.iinfo(named(dtype)).max)
    weight = torch.from_numpy(np.array([0, 1, largest], dtype))
    assert values(weight).tolist() == [0.0, 1.0, float(largest)]
    assert summary(weight).max == float(largest)
    assert histogram(weight, 4).counts.tolist() == [2, 0, 0, 1]


EVERY_ANALYSIS: dict[str, Callable[[torch.Tensor], object]] = {
    "summary": summary,
    "histogram": lambda weight: histogram(weight, 7),
    "histogram in a range": lambda weight: histogram(weight, 5, (0.5, 2.0)),
    "rule": lambda weight: histogram(weight, "fd"),
    "table": histogram_table,
    "distribution": lambda weight: distribution(weight).histogram(7),
    "quantiles": lambda weight: distribution(weight).quantile([0, 0.3, 1]),
    "norms": norms,
    "grid": filter_grid,
    "grid of some": lambda weight: filter_grid(weight, [1], color_scope="layer"),
    "strongest": lambda weight: strongest(weight, 3),
    "heads": lambda weight: heads(head_factors(weight, weight, weight, weight, 1)),
    "shuffled": lambda weight: values(shuffled(weight, 3)),
}


def numbers_in(answer: object) -> list[NDArray[Any]]:
    """Give every array and number of an answer."""
    if dataclasses.is_dataclass(answer):
        parts = [getattr(answer, field.name) for field in dataclasses.fields(answer)]
        return [array for part in parts for array in numbers_in(part)]
    return [np.asarray(answer)] if isinstance(answer, np.ndarray | float | int) else []


ODD: dict[str, Callable[[], torch.Tensor]] = {
    "packed 4-bit floats": lambda: float4(torch.arange(8, dtype=torch.uint8).reshape(4, 2) * 31),
    "sparse": lambda: sparse(torch.randn(4, 4).relu(), torch.sparse_coo),
    "compressed sparse": lambda: sparse(torch.randn(4, 4).relu(), torch.sparse_csr),
    "quantised": lambda: quantised(torch.randn(4, 4), torch.qint8),
    "complex": lambda: torch.randn(4, 4, dtype=torch.complex64),
    "complex, conjugate": lambda: torch.randn(4, 4, dtype=torch.complex128).conj(),
    "booleans": lambda: torch.randn(4, 4) > 0,
    "uint16": lambda: torch.arange(16).to(torch.uint16).reshape(4, 4),
    "float8": lambda: torch.randn(4, 4).to(torch.float8_e5m2),
    "float8 without zero": lambda: torch.tensor([[1.0, 2.0], [0.5, 4.0]]).to(torch.float8_e8m0fnu),
    "expanded": lambda: torch.randn(4, 1).expand(4, 4),
    "wrapped": lambda: Scaled(torch.arange(16, dtype=torch.int8).reshape(4, 4), 0.25),
}


@pytest.mark.parametrize("analysis", EVERY_ANALYSIS)
@pytest.mark.parametrize("name", ODD)
def test_every_analysis_of_an_odd_tensor_is_that_of_its_numbers(name: str, analysis: str) -> None:
    torch.manual_seed(0)
    weight, analyse = ODD[name](), EVERY_ANALYSIS[analysis]
    plain_numbers = torch.from_numpy(values(weight).copy())
    # Edges of a histogram are float32 for float32 weights alone.
    if edge_dtype(weight) is np.float64:
        plain_numbers = plain_numbers.double()
    got, expected = numbers_in(analyse(weight)), numbers_in(analyse(plain_numbers))
    assert len(got) == len(expected) > 0
    for one, other in zip(got, expected, strict=True):
        assert one.shape == other.shape
        assert np.allclose(one.astype(float), other.astype(float), rtol=1e-6, atol=1e-12, equal_nan=True)


@pytest.mark.parametrize("analysis", EVERY_ANALYSIS)
def test_no_analysis_writes_out_a_view_that_repeats_few_numbers(analysis: str) -> None:
    with pytest.raises(ValueError, match="expanded view of few stored numbers"):
        EVERY_ANALYSIS[analysis](torch.zeros(1).expand(1 << 20, 1 << 20))


def test_an_array_that_repeats_few_numbers_is_not_written_out() -> None:
    with pytest.raises(ValueError, match="expanded view of few stored numbers"):
        summary(np.broadcast_to(np.float32(1), (1 << 20, 1 << 20)))


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
