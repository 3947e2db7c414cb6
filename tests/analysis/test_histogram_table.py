import warnings
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis import strategies
from weightwidgets.analysis import HistogramTable, histogram, histogram_table
from weightwidgets.analysis._values import Weight, values
from weightwidgets.analysis.histogram_table import OUTSIDE

EVERY_BIN_COUNT = range(1, 257)


@pytest.fixture(autouse=True)
def _no_warnings() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def equals_every_histogram(table: HistogramTable, weight: Weight, value_range: Any) -> bool:
    for bins in EVERY_BIN_COUNT:
        expected = histogram(weight, bins, value_range)
        if not np.array_equal(table.counts(bins), expected.counts):
            return False
        if not np.array_equal(table.bin_edges(bins), expected.bin_edges):
            return False
        if (table.below, table.above) != (expected.below, expected.above):
            return False
    return True


WEIGHTS = st.one_of(
    strategies.with_strays(np.float32), strategies.with_strays(np.float64), strategies.small_tensors()
)
RANGES = st.sampled_from([None, "central", (-1.0, 2.5), (0.0, 0.0), (1.0, 1.0 + 1e-7)])


@settings(max_examples=60)
@given(WEIGHTS, RANGES)
def test_the_counts_of_every_bin_count_are_those_of_its_histogram(weight: Weight, value_range: Any) -> None:
    table = histogram_table(weight, value_range)
    assert equals_every_histogram(table, weight, value_range)


@settings(max_examples=60)
@given(WEIGHTS, RANGES)
def test_every_weight_is_in_one_place(weight: Weight, value_range: Any) -> None:
    table = histogram_table(weight, value_range)
    outside = table.below + table.above + table.nan + table.posinf + table.neginf
    assert int(table.cells.sum()) + outside == table.numel == values(weight).size


@settings(max_examples=60)
@given(WEIGHTS, RANGES)
def test_the_cells_of_the_weights_add_up_to_the_cells_of_the_table(weight: Weight, value_range: Any) -> None:
    table = histogram_table(weight, value_range)
    places = table.cell_of(weight)
    assert places.dtype == np.uint16
    inside = places[places != OUTSIDE]
    assert np.array_equal(np.bincount(inside, minlength=table.cells.size), table.cells)
    numbers = values(weight).reshape(-1)[places != OUTSIDE]
    assert (table.edges[inside] <= numbers).all()
    below_next = numbers < table.edges[inside + np.uint16(1)]
    assert (below_next | (numbers == table.edges[-1])).all()


def test_the_cells_come_in_row_major_order_whatever_the_strides() -> None:
    weight = torch.arange(6.0).reshape(2, 3).T
    table = histogram_table(weight)
    assert np.array_equal(table.cell_of(weight), table.cell_of(weight.contiguous().numpy()))
    assert table.edges[table.cell_of(weight)[:3]].tolist() == [0, 3, 1]


def test_the_rows_of_the_table_are_triangular() -> None:
    table = histogram_table(torch.randn(500, generator=torch.Generator().manual_seed(1)))
    assert table.edge_ranks.shape == (33152,)
    assert table.edge_ranks.dtype == np.uint16
    start = 0
    for bins in EVERY_BIN_COUNT:
        assert start == (bins - 1) * (bins + 2) // 2
        ranks = table.edge_ranks[start : start + bins + 1]
        assert ranks[0] == 0
        assert ranks[-1] == table.cells.size
        assert np.array_equal(
            table.edges[ranks],
            np.linspace(table.edges[0], table.edges[-1], bins + 1, dtype=np.float32),
        )
        start += bins + 1
    assert start == 33152


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16], ids=str)
def test_the_places_of_the_edges_fit_sixteen_bits(dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(2)
    table = histogram_table(torch.randn(2000, generator=generator).to(dtype))
    assert (np.diff(table.edges) > 0).all()
    # Each bin count brings its inner edges, and all share the outer two: the bound that no rounding passes.
    assert table.edges.size <= sum(bins - 1 for bins in EVERY_BIN_COUNT) + 2 < OUTSIDE


def test_a_range_in_which_some_bin_counts_exhaust_float32_mixes_the_dtypes() -> None:
    lo = np.float32(1)
    numbers = (lo.view(np.int32) + np.arange(100, dtype=np.int32)).view(np.float32)
    table = histogram_table(numbers)
    assert histogram(numbers, 10).bin_edges.dtype == np.float32
    assert histogram(numbers, 200).bin_edges.dtype == np.float64
    assert table.edges.dtype == np.float64
    assert equals_every_histogram(table, numbers, None)


def test_more_weights_than_one_chunk_give_the_same_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("weightwidgets.analysis._cells._CHUNK", 64)
    numbers = np.random.default_rng(3).normal(size=1000).astype(np.float32)
    numbers[[5, 500, 900]] = [np.nan, np.inf, -np.inf]
    table = histogram_table(numbers, (-1, 2))
    assert (table.nan, table.posinf, table.neginf) == (1, 1, 1)
    assert table.below == (np.isfinite(numbers) & (numbers < -1)).sum()
    assert table.above == (np.isfinite(numbers) & (numbers > 2)).sum()
    finite = numbers[np.isfinite(numbers)]
    for bins in (1, 50, 256):
        expected = np.histogram(finite, table.bin_edges(bins))[0]
        assert np.array_equal(table.counts(bins), expected)


@pytest.mark.parametrize("bins", [0, 257, -3])
def test_bins_outside_of_the_table_are_a_value_error(bins: int) -> None:
    table = histogram_table(np.arange(4.0))
    for ask in (table.counts, table.bin_edges):
        with pytest.raises(ValueError, match="1 to 256"):
            ask(bins)


def test_a_part_with_weights_outside_of_the_range_says_so() -> None:
    table = histogram_table(np.linspace(0, 1, 50), (0.25, 0.75))
    part = np.array([0.0, 0.25, 0.75, 1.0, np.nan, np.inf, -np.inf])
    assert table.cell_of(part).tolist() == [OUTSIDE, 0, table.cells.size - 1] + [OUTSIDE] * 4
