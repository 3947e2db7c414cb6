"""One scale for the same layer of several sources: equal weights look equal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from tests.widgets.grid_cases import normal, page_of, shown
from weightwidgets.analysis.filter_grid import symmetric_levels
from weightwidgets.sources.open import open_source
from weightwidgets.widgets._answers import Ask, Peer
from weightwidgets.widgets._scale import measure_peers
from weightwidgets.widgets.grid import FilterGrid
from weightwidgets.widgets.histogram import WeightHistogram

if TYPE_CHECKING:
    from collections.abc import Iterator

SMALL = {"conv.weight": normal(8, 4, 3, 3), "dense.weight": normal(6, 9)}
LARGE = {name: 3 * torch.flip(weight, (0,)) for name, weight in SMALL.items()}
SCOPES = ["filter", "layer", "minmax"]


def limit(source: dict[str, torch.Tensor], layer: str) -> float:
    return float(source[f"{layer}.weight"].abs().max())


@pytest.fixture
def grid() -> Iterator[FilterGrid]:
    with FilterGrid(SMALL, "conv") as made:
        yield made


@pytest.mark.parametrize("scope", SCOPES)
def test_tiles_that_share_a_scale_go_up_to_the_largest_weight_of_all(scope: str, grid: FilterGrid) -> None:
    grid.color_scope = scope
    grid.share_scale([open_source(LARGE)])
    page = page_of(grid, 0)
    top = limit(LARGE, "conv")
    assert np.array_equal(page["levels"], symmetric_levels(page["values"], top))
    assert (page["limits"] == [-top, top]).all()
    frame = shown(grid)
    assert frame["shares_scale"]
    assert (frame["color"], frame["limit"][0]) == ("diverging", top)
    assert frame["scope"].endswith("one scale for all that is compared.")


def test_a_matrix_that_shares_a_scale_goes_up_to_the_largest_weight_of_all(grid: FilterGrid) -> None:
    grid.layer = "dense"
    grid.share_scale([open_source(LARGE)])
    top = limit(LARGE, "dense")
    picture = shown(grid)["picture"]
    assert np.array_equal(picture["levels"], symmetric_levels(picture["values"], top))
    row = shown(grid, "row")
    assert np.array_equal(row["levels"], symmetric_levels(row["values"], top))


@pytest.mark.parametrize("scope", SCOPES)
def test_a_scale_that_is_shared_with_none_is_the_own_as_before(scope: str, grid: FilterGrid) -> None:
    grid.color_scope = scope
    before = (grid.frame, grid.pages)
    grid.share_scale([open_source(LARGE)])
    assert grid.frame != before[0]
    grid.share_scale([])
    assert (grid.frame, grid.pages) == before


def test_the_larger_of_two_keeps_its_limit() -> None:
    with FilterGrid(LARGE, "conv", color_scope="layer") as grid:
        own = shown(grid)["limit"]
        grid.share_scale([open_source(SMALL)])
        assert shown(grid)["limit"] == own


@pytest.mark.parametrize(
    "others", [{"else.weight": normal(2, 2)}, {"conv.weight": torch.empty(8, device="meta")}]
)
def test_a_source_without_the_layer_or_its_values_changes_nothing(
    others: dict[str, torch.Tensor], grid: FilterGrid
) -> None:
    before = shown(grid)
    grid.share_scale([open_source(others)])
    frame = shown(grid)
    assert not frame["shares_scale"]
    assert (frame["scope"], frame["limit"]) == (before["scope"], before["limit"])


def test_the_scale_follows_the_weights_of_the_other_source(grid: FilterGrid) -> None:
    other = {name: weight.clone() for name, weight in LARGE.items()}
    grid.share_scale([open_source(other)])
    other["conv.weight"].mul_(2)
    grid.look(cell_ended=True)
    assert shown(grid)["limit"][0] == 2 * limit(LARGE, "conv")


def test_histograms_that_share_a_scale_have_one_range() -> None:
    with WeightHistogram(SMALL, "conv") as one, WeightHistogram(LARGE, "conv") as two:
        own = shown(one)["range"].tolist()
        for view, other in ((one, LARGE), (two, SMALL)):
            view.share_scale([open_source(other)])
        assert shown(one)["range"].tolist() == shown(two)["range"].tolist()
        both = torch.cat([SMALL["conv.weight"], LARGE["conv.weight"]])
        assert shown(one)["range"].tolist() == [float(both.min()), float(both.max())]
        one.share_scale([])
        assert shown(one)["range"].tolist() == own


def test_a_brushed_range_of_a_shared_scale_has_its_edges() -> None:
    with WeightHistogram(SMALL, "conv") as view:
        view.share_scale([open_source(LARGE)])
        view.set_state({"brush": [view.frame["token"], 10, 2, 4]})
        low, high = shown(view)["range"].astype(np.float32)
        edges = np.linspace(low, high, 11, dtype=np.float32)
        assert view.selected_range == (float(edges[2]), float(edges[5]))


def test_one_layer_that_cannot_be_measured_leaves_the_others() -> None:
    layers = open_source(SMALL)
    ask = Ask(None, (), {}, live=False, peers=tuple(Peer(layer, ()) for layer in layers.values()))

    def rows_of_a_convolution(peer: Peer) -> int:
        if peer.layer.kind == "conv2d":
            return peer.layer.out_channels
        raise ValueError("no convolution")

    assert measure_peers(ask, rows_of_a_convolution) == [8]
