"""The explorer with several columns: a twin beside the model, and beside each picture its shuffle."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import torch
from ipywidgets.embed import dependency_state
from torch import nn

import weightwidgets as ww

if TYPE_CHECKING:
    from collections.abc import Iterator


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 5), nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Conv2d(8, 4, 3))


@pytest.fixture
def model() -> nn.Sequential:
    return network()


@pytest.fixture
def explorer(model: nn.Sequential) -> Iterator[ww.WeightExplorer]:
    with ww.WeightExplorer(model) as made:
        yield made


def test_a_twin_follows_the_selection_and_says_what_it_lacks(model: nn.Sequential) -> None:
    other = nn.Sequential(nn.Linear(6, 5), nn.Conv2d(3, 2, 3))
    with ww.WeightExplorer(model, twin=other) as explorer:
        twin = explorer._stage.sides["twin"].grid
        explorer.filter_index = 6
        assert (explorer.grid.filter_index, twin.filter_index) == (6, 1)
        explorer.layer = "3"
        assert "no layer of that name" in twin.error
        explorer.layer = "1"
        assert twin.error == ""


def test_one_selection_moves_the_model_its_twin_and_the_shuffles_of_both(model: nn.Sequential) -> None:
    with ww.WeightExplorer(model, twin=network()) as explorer:
        explorer.toolbar.set_state({"shuffle": True})
        sides = list(explorer._stage.sides.values())
        assert len(sides) == 4
        views = [view for side in sides for view in (side.grid, side.histogram)]
        sides[3].grid.set_state({"filter_index": 5})
        explorer.bins = 12
        explorer.selected_range = (0.0, 0.1)
        assert {view.filter_index for view in views} == {explorer.filter_index} == {5}
        assert {view.selected_range for view in views} == {(0.0, 0.1)}
        assert {side.histogram.bins for side in sides} == {12}
        sides[1].histogram.set_state({"layer": b"3"})
        assert {view.layer for view in views} == {explorer.layer} == {"3"}


def test_errors_name_the_side_that_has_no_answer(model: nn.Sequential) -> None:
    meta = nn.Sequential(nn.Linear(6, 5), nn.Conv2d(3, 8, 3, device="meta"))
    with ww.WeightExplorer(model, twin=meta) as explorer:
        assert explorer.error.startswith("twin: ")
        assert "meta" in explorer.error
        explorer.layer = "0"
        assert explorer.error == ""


def test_one_scale_is_written_into_the_code_and_taken_back(model: nn.Sequential) -> None:
    twin = nn.Sequential(nn.Linear(6, 5), nn.Conv2d(3, 8, 3))
    with torch.no_grad():
        twin.get_parameter("1.weight").mul_(10)
    with ww.WeightExplorer(model, twin=twin) as explorer:
        own = explorer.histogram.frame["range"]
        explorer.toolbar.set_state({"same_scale": True, "shuffle": True})
        assert explorer.histogram.frame["range"] != own
        names: dict[str, Any] = {"model": model, "twin": twin}
        exec(explorer.code(), names)  # noqa: S102 -- the code is what is tested
        with names["explorer"] as again:
            assert again.toolbar.same_scale
            assert list(again._stage.sides) == list(explorer._stage.sides)
            assert again.histogram.frame == explorer.histogram.frame
        explorer.reset()
        assert not explorer.toolbar.same_scale
        assert explorer.histogram.frame["range"] == own
        assert "same_scale" not in explorer.code()


def test_the_error_of_a_twin_names_it(model: nn.Sequential) -> None:
    with ww.WeightExplorer(model, twin=nn.Sequential(nn.ReLU(), nn.Conv2d(3, 2, 3))) as explorer:
        explorer.layer = "3"
        assert explorer.error == "twin: This model has no layer of that name."


def test_columns_that_are_compared_are_drawn_alike(explorer: ww.WeightExplorer) -> None:
    explorer.grid.color_scope = "layer"
    explorer.histogram.log_counts = True
    explorer.toolbar.set_state({"shuffle": True})
    shuffled = explorer._stage.sides["model shuffled"]
    assert (shuffled.grid.color_scope, shuffled.histogram.log_counts) == ("layer", True)
    shuffled.grid.set_state({"order": "norm"})
    assert explorer.grid.order == "norm"
    explorer.toolbar.set_state({"shuffle": False})
    explorer.grid.order = "index"
    assert explorer.grid.order == "index"


def test_shuffle_shows_the_same_weights_in_another_order_beside(explorer: ww.WeightExplorer) -> None:
    explorer.toolbar.set_state({"shuffle": True})
    grids = [side.grid for side in explorer._stage.sides.values()]
    assert [grid.shuffled for grid in grids] == [False, True]
    explorer.filter_index = 3
    assert [grid.filter_index for grid in grids] == [3, 3]
    histograms = [side.histogram for side in explorer._stage.sides.values()]
    assert histograms[0].frame["cells"] == histograms[1].frame["cells"]
    explorer.toolbar.set_state({"shuffle": False})
    assert len(explorer._stage.sides) == 1


def kept(explorer: ww.WeightExplorer) -> int:
    """Give the bytes that a saved notebook keeps of an explorer."""
    return len(json.dumps(dependency_state([explorer], drop_defaults=False)))


@pytest.mark.parametrize("name", ["edges", "digits"])
def test_every_layer_of_a_demo_model_is_kept_in_half_a_megabyte_and_with_a_twin_in_one(name: str) -> None:
    model, twin = ww.demo_model(name), ww.demo_model(name, trained=False)
    with ww.WeightExplorer(model) as alone, ww.WeightExplorer(model, twin=twin) as both:
        for layer in alone.layers:
            alone.layer = both.layer = layer
            for explorer, most in ((alone, 500_000), (both, 1_000_000)):
                for side in explorer._stage.sides.values():
                    # A view asks for at most two pages at once, and keeps them.
                    token = side.grid.frame["token"]
                    side.grid.set_state({"wanted": {"token": token, "pages": [0, 1]}})
                assert kept(explorer) <= most
