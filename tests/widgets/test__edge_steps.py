from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.widgets.fixture import edge_ranks, thaw
from weightwidgets import wire
from weightwidgets.analysis.histogram_table import HistogramTable, histogram_table
from weightwidgets.widgets._edge_steps import pack_ranks

ENDS = st.floats(-1e4, 1e4, allow_nan=False, width=32)


def table_of(*weights: float, dtype: type[np.floating] = np.float32) -> HistogramTable:
    return histogram_table(np.array(weights, dtype))


def unpacked(table: HistogramTable) -> np.ndarray:
    frame = wire.frame(cells=table.cells, edge_ranks=pack_ranks(table))
    return edge_ranks(thaw(frame))


@given(low=ENDS, high=ENDS, double=st.booleans())
@example(low=-3.0, high=0.01, double=False)
@example(low=-4113.417, high=159.38, double=True)
@example(low=1.0, high=float(np.nextafter(np.float32(1), np.float32(2))), double=False)
@example(low=0.5, high=0.5, double=False)
def test_every_rank_arrives(low: float, high: float, double: bool) -> None:
    table = table_of(low, high, dtype=np.float64 if double else np.float32)
    np.testing.assert_array_equal(unpacked(table), table.edge_ranks)


@pytest.mark.parametrize("ends", [(-1, 1), (-3, 0.01), (-4113.417, 159.38), (1, 1 + 1e-6)])
def test_what_travels_is_half_of_the_ranks(ends: tuple[float, float]) -> None:
    table = table_of(*ends)
    packed = pack_ranks(table)
    size = len(str(packed["carry"])) if packed["carry"] else 0
    assert packed["steps"].nbytes == table.edge_ranks.nbytes // 2  # type: ignore[union-attr]
    assert size < 500


def test_a_step_too_long_for_8_bits_is_carried() -> None:
    table = table_of(0.0, 1.0)
    ranks = table.edge_ranks.copy()
    # As if 200 bins had every other edge at the end of the range.
    start = 199 * 202 // 2
    ranks[start + 1 : start + 201 : 2] = table.cells.size
    table = dataclasses.replace(table, edge_ranks=ranks)
    assert pack_ranks(table)["carry"] is not None
    np.testing.assert_array_equal(unpacked(table), ranks)
