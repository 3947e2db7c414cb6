from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weightwidgets.analysis.histogram_table import OUTSIDE
from weightwidgets.widgets._overlay import pack_cells


def counts_of(packed: dict[str, Any], cells: int) -> np.ndarray:
    """Unpack as the browser does."""
    if packed["weights"] is not None:
        inside = packed["weights"][packed["weights"] != OUTSIDE]
        return np.bincount(inside, minlength=cells)
    counts: np.ndarray = packed["cells"].astype(np.int64)
    if packed["carry"] is not None:
        counts[packed["carry"]["index"]] += packed["carry"]["count"]
    return counts


def size_of(packed: dict[str, Any]) -> int:
    carry = packed["carry"] or {}
    arrays = [packed["weights"], packed["cells"], *carry.values()]
    return sum(array.nbytes for array in arrays if array is not None)


CASES = st.tuples(st.integers(1, 400), st.integers(1, 3000), st.integers(1, 400), st.integers(0, 2**32 - 1))


@given(CASES)
def test_what_is_packed_is_unpacked_again_exactly(case: tuple[int, int, int, int]) -> None:
    cells, numel, spread, seed = case
    cell_of = np.random.default_rng(seed).integers(0, min(cells, spread), numel).astype(np.uint16)
    cell_of[::7] = OUTSIDE
    packed = pack_cells(cell_of, cells)
    assert np.array_equal(counts_of(packed, cells), np.bincount(cell_of[cell_of != OUTSIDE], minlength=cells))
    assert size_of(packed) <= cell_of.nbytes


@pytest.mark.parametrize("numel", [65_535, 65_536, 200_000, 3_000_000])
def test_a_constant_filter_loses_no_count_to_a_small_dtype(numel: int) -> None:
    packed = pack_cells(np.full(numel, 17, np.uint16), 20_800)
    assert counts_of(packed, 20_800)[17] == numel
    assert counts_of(packed, 20_800).sum() == numel


@pytest.mark.parametrize(("numel", "most"), [(20_000, 40_000), (60_000, 70_000), (10_000_000, 70_000)])
@pytest.mark.parametrize("spread", [1, 300, 20_800])
def test_a_filter_costs_forty_kilobytes_up_to_20_000_weights_and_seventy_beyond(
    numel: int, most: int, spread: int
) -> None:
    cell_of = np.random.default_rng(0).integers(0, spread, numel).astype(np.uint16)
    assert size_of(pack_cells(cell_of, 20_800)) <= most


def test_a_filter_that_lies_outside_of_the_range_is_in_no_cell() -> None:
    assert counts_of(pack_cells(np.full(5, OUTSIDE, np.uint16), 3), 3).tolist() == [0, 0, 0]
