"""Every view tells the right numbers of every number format, or a sentence on why it has none."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

import weightwidgets as ww
from tests.odd_tensors import Scaled, Stubborn, empty_sparse, float4, named, nested, quantised, sparse
from tests.widgets.test_zoo import TOLD, numbers, told_by_statistics
from weightwidgets.widgets._watch import watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from weightwidgets.widgets._base import View

CODES = torch.arange(1, 25, dtype=torch.uint8).reshape(4, 6)
HALVES = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6])
MIXED = torch.tensor([[0.0, 1.5, -2.0], [0.0, 0.0, 4.0]])


def pairs(codes: torch.Tensor) -> np.ndarray:
    """Read each byte as two 4-bit floats, the lower half first."""
    stored = codes.numpy()
    return np.stack([HALVES[stored & 15], HALVES[stored >> 4]], axis=-1).reshape(len(stored), -1)


def dequantised(weight: torch.Tensor) -> np.ndarray:
    codes = weight.int_repr().numpy().astype(np.float32)
    return ((codes - weight.q_zero_point()) * np.float32(weight.q_scale())).astype(np.float64)


def integers(dtype: str) -> tuple[torch.Tensor, np.ndarray]:
    # Beyond 2**53 float64 has no room for every integer.
    largest = {1: 100, 2: 999}.get(named(dtype).itemsize, min(int(torch.iinfo(named(dtype)).max), 2**53))
    array = np.array([[0, 1, 2], [3, 5, largest]], dtype)
    return torch.from_numpy(array), array.astype(np.float64)


def small(dtype: str) -> tuple[torch.Tensor, np.ndarray]:
    # Powers of two: all of these formats hold them.
    held = torch.tensor([[0.5, 1.0, 2.0], [4.0, 8.0, 0.25]])
    return held.to(named(dtype)), held.double().numpy()


def complex_numbers(dtype: torch.dtype) -> tuple[torch.Tensor, np.ndarray]:
    weight = torch.tensor([[3 + 4j, 0, -1j], [5 + 12j, 1, -2]], dtype=dtype)
    return weight, np.array([[5, 0, 1], [13, 1, 2.0]])


WITH_NUMBERS: dict[str, Callable[[], tuple[torch.Tensor, np.ndarray]]] = {
    **{
        name: lambda name=name: small(name)  # type: ignore[misc]
        for name in sorted(name for name in dir(torch) if name.startswith("float8_"))
    },
    **{
        name: lambda name=name: integers(name)  # type: ignore[misc]
        for name in ("uint8", "int8", "int16", "uint16", "int32", "uint32", "int64", "uint64")
    },
    "packed 4-bit floats": lambda: (float4(CODES), pairs(CODES)),
    "complex64": lambda: complex_numbers(torch.complex64),
    "complex128": lambda: complex_numbers(torch.complex128),
    "booleans": lambda: (MIXED > 0, (MIXED > 0).double().numpy()),
    "quint8": lambda: (one := quantised(MIXED, torch.quint8), dequantised(one)),
    "qint32": lambda: (one := quantised(MIXED, torch.qint32), dequantised(one)),
    "sparse": lambda: (sparse(MIXED, torch.sparse_coo), MIXED.double().numpy()),
    "compressed sparse": lambda: (sparse(MIXED, torch.sparse_csr), MIXED.double().numpy()),
    "expanded": lambda: (torch.tensor([[1.5], [-2]]).expand(2, 4), np.array([[1.5] * 4, [-2.0] * 4])),
    "wrapped": lambda: (Scaled(CODES.to(torch.int8), 0.25), CODES.numpy() * 0.25),
}

WITHOUT_NUMBERS: dict[str, tuple[Callable[[], torch.Tensor], str]] = {
    "nested": (lambda: nested(torch.strided), "Nested"),
    "nested, jagged": (lambda: nested(torch.jagged), "Nested"),
    "expanded": (lambda: torch.zeros(1).expand(1 << 20, 1 << 20), "expanded view"),
    "sparse, too wide": (lambda: empty_sparse(1 << 15, 1 << 15), "sparse"),
    "named only": (lambda: torch.zeros(4, 4, dtype=torch.uint8).view(named("uint4")), "packed format"),
    "stubborn": (lambda: Stubborn(torch.ones(2, 2, dtype=torch.int8), 1.0), "does not say"),
}


@pytest.mark.parametrize("told_by", TOLD)
@pytest.mark.parametrize("name", WITH_NUMBERS)
def test_every_view_tells_the_numbers_that_a_format_stands_for(
    name: str, told_by: Callable[[Any, str], dict[str, float]]
) -> None:
    weight, reference = WITH_NUMBERS[name]()
    expected = numbers(reference)
    found = told_by(ww.open_source({"fc.weight": weight}), "fc")
    # The statistics write four digits.
    near = 5e-4 if told_by is told_by_statistics else 1e-7
    assert found == pytest.approx({key: expected[key] for key in found}, rel=near, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("name", WITH_NUMBERS)
def test_the_explorer_walks_through_every_format_while_a_cell_runs(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(watch), "cell_runs", True)
    weight, reference = WITH_NUMBERS[name]()
    with ww.WeightExplorer({"fc.weight": weight}) as explorer:
        for index in range(len(reference)):
            explorer.filter_index = index
            row = explorer.tensor()
            row = row.abs() if row.is_complex() else row
            assert np.allclose(row.double(), reference[index], rtol=1e-6)
        for shuffled in (False, True):
            explorer.toolbar.shuffle = shuffled
            shown = (explorer.grid, explorer.histogram, explorer.statistics)
            assert [view.error for view in shown] == ["", "", ""]


def is_answered(view: View) -> bool:
    """Wait, for long, until the view says that it reads nothing."""
    for _ in range(2000):
        if view.notice == "":
            return True
        time.sleep(0.01)
    return False


@pytest.mark.parametrize("name", WITHOUT_NUMBERS)
def test_a_format_without_numbers_is_told_in_a_sentence_by_every_view(name: str) -> None:
    make, sentence = WITHOUT_NUMBERS[name]
    with ww.WeightExplorer({"fc.weight": make(), "other.weight": torch.ones(2, 3)}, "fc") as explorer:
        for view in (explorer.grid, explorer.histogram, explorer.statistics):
            # Two of these claim more weights than a cell may be kept for, and are looked at beside it.
            assert is_answered(view)
            assert sentence in view.error
        explorer.table.start()
        explorer.histograms.start()
        assert explorer.table.wait(20)
        assert explorer.histograms.wait(20)
        explorer.layer = "other"
        assert explorer.error == ""
