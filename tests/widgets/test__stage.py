"""The stage: what stands where, made when it is wanted, gone when it is taken away."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
import traitlets as t
from torch import nn

from tests.widgets.fixture import thaw
from weightwidgets.sources.open import open_source
from weightwidgets.widgets._base import known_layer
from weightwidgets.widgets._desk import Desk
from weightwidgets.widgets._links import Links
from weightwidgets.widgets._stage import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import ipywidgets

    from weightwidgets.sources.source import Source

torch.manual_seed(0)
SOURCE = open_source(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Linear(5, 6)))
OTHER = open_source(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Linear(2, 2)))


class Owner(t.HasTraits):
    layer = t.Unicode("0")
    filter_index = t.Int(0)

    @t.validate("layer")
    def _known_layer(self, proposal: t.Bunch) -> str:
        return known_layer(SOURCE, proposal["value"])


def staged(**sources: Source) -> Stage:
    desk = Desk()
    made = Stage(sources, "0", desk, Links(Owner(), desk, ("layer", "filter_index")), print)
    made.show_sides(shuffled=False, layer="0")
    return made


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = staged(model=SOURCE)
    yield made
    made.close()


@pytest.fixture
def twins() -> Iterator[Stage]:
    made = staged(model=SOURCE, twin=OTHER)
    yield made
    made.close()


def labels(box: ipywidgets.Box) -> list[list[str]]:
    """Read the labels over the views of each side in a box."""
    return [[part.value for part in side.children[::2]] for side in box.children]


def shown(box: ipywidgets.Box) -> list[ipywidgets.Widget]:
    return [view for side in box.children for view in side.children[1::2]]


def test_panels_are_made_when_they_are_first_wanted(stage: Stage) -> None:
    below = stage.boxes[-1]
    assert set(stage.views()) == {"grid", "histogram", "table", "statistics"}
    stage.open_panel("histograms")
    gallery = stage.panel("histograms")
    assert shown(below) == [gallery]
    assert stage.views()["histograms"] is gallery
    stage.open_panel("")
    assert below.children == ()
    stage.open_panel("histograms")
    assert shown(below) == [gallery]


def test_several_sides_are_told_apart_by_a_class_of_their_row(stage: Stage) -> None:
    columns = stage.boxes[1]
    assert "ww-explorer-several" not in columns._dom_classes
    stage.show_sides(shuffled=True, layer="0")
    assert "ww-explorer-several" in columns._dom_classes
    assert "ww-explorer-four" not in columns._dom_classes
    stage.show_sides(shuffled=False, layer="0")
    assert "ww-explorer-several" not in columns._dom_classes


def test_each_picture_stands_beside_its_own_shuffle(twins: Stage) -> None:
    columns = twins.boxes[1]
    pictures = columns.children[1]
    assert labels(pictures) == [["model"] * 2, ["twin"] * 2]
    twins.show_sides(shuffled=True, layer="0")
    names = ["model", "model shuffled", "twin", "twin shuffled"]
    assert labels(pictures) == [[name, name] for name in names]
    sources = [SOURCE, SOURCE, OTHER, OTHER]
    assert [side.source for side in twins.sides.values()] == sources
    assert [view._source for view in shown(pictures)[::2]] == sources
    assert [side.grid.shuffled for side in twins.sides.values()] == [False, True, False, True]
    assert [side.histogram.shuffled for side in twins.sides.values()] == [False, True, False, True]
    assert "ww-explorer-four" in columns._dom_classes
    twins.show_sides(shuffled=False, layer="0")
    assert list(twins.sides) == ["model", "twin"]
    assert labels(pictures) == [["model"] * 2, ["twin"] * 2]
    assert "ww-explorer-four" not in columns._dom_classes


def test_each_source_has_its_statistics(twins: Stage) -> None:
    numbers = twins.boxes[1].children[2]
    assert labels(numbers) == [["model"], ["twin"]]
    model, twin = shown(numbers)
    assert model is twins.statistics
    twins.sides["model"].grid.filter_index = 3
    assert (model.filter_index, twin.filter_index) == (3, 3)
    strongest = [json.loads(view.unit["page"])["cells"]["max"]["exact"] for view in (model, twin)]
    largest = [source["0"].weight[3].max().item() for source in (SOURCE, OTHER)]
    assert [float(text) for text in strongest] == largest


@pytest.mark.parametrize("panel", ["histograms", "norms"])
def test_each_source_has_its_view_in_a_panel(panel: str, twins: Stage) -> None:
    twins.open_panel(panel)
    below = twins.boxes[-1]
    assert labels(below) == [["model"], ["twin"]]
    model, twin = shown(below)
    assert (model._source, twin._source) == (SOURCE, OTHER)
    assert model is twins.panel(panel)
    model.layer = "1"
    assert twin.layer == ""
    model.layer = "0"
    assert twin.layer == "0"
    twin.layer = "2"
    assert (twin.layer, model.layer, twins.table.layer) == ("2", "0", "0")


def test_the_views_of_a_panel_are_drawn_alike(twins: Stage) -> None:
    twins.open_panel("norms")
    twins.open_panel("histograms")
    first, second = shown(twins.boxes[-1])
    second.shared_range = True
    assert first.shared_range
    twins.open_panel("norms")
    first, second = shown(twins.boxes[-1])
    first.kind, second.log_norms = "rms", True
    assert (second.kind, first.log_norms) == ("rms", True)


def test_a_chart_of_norms_without_the_selected_layer_shows_its_layers_all_the_same(twins: Stage) -> None:
    twins.open_panel("norms")
    model, twin = shown(twins.boxes[-1])
    model.layer = "1"
    assert (twin.layer, twin.error) == ("", "")
    assert twin._controls.rows


def test_one_scale_holds_the_weights_of_all_sides(twins: Stage) -> None:
    own = [side.grid.frame["limit"] for side in twins.sides.values()]
    assert own[0] != own[1]
    twins.share_scale(shared=True)
    twins.show_sides(shuffled=True, layer="0")
    sides = twins.sides.values()
    weights = np.concatenate([source["0"].weight.numpy().ravel() for source in (SOURCE, OTHER)])
    for side in sides:
        assert thaw(side.grid.frame)["limit"].tolist() == [np.abs(weights).max()]
        assert thaw(side.histogram.frame)["range"].tolist() == [weights.min(), weights.max()]
    twins.share_scale(shared=False)
    assert [side.grid.frame["limit"] for side in sides] == [own[0], own[0], own[1], own[1]]


def test_a_side_that_goes_leaves_no_widget(twins: Stage, open_widgets: Callable[[], set[str]]) -> None:
    before = open_widgets()
    twins.show_sides(shuffled=True, layer="0")
    twins.show_sides(shuffled=False, layer="0")
    assert open_widgets() == before


def test_a_side_of_a_source_without_the_layer_says_so(twins: Stage) -> None:
    twins.sides["model"].grid.layer = "1"
    twin = twins.sides["twin"]
    gone = "This model has no layer of that name."
    assert (twin.grid.error, twin.histogram.error) == (gone, gone)
    assert [view.error for view in shown(twins.boxes[1].children[2])] == ["", gone]
    assert set(twins.errors()) == {f"twin: {gone}"}


def test_what_is_shown_stands_in_bands_of_two_from_the_table_to_the_open_panel(stage: Stage) -> None:
    def labels() -> list[list[str]]:
        return [list(band) for band in stage.bands()]

    assert labels() == [[""], ["model"], ["model"], ["model"], []]
    stage.show_sides(shuffled=True, layer="0")
    pair = ["model", "model shuffled"]
    assert labels() == [[""], pair, pair, ["model"], []]
    stage.toolbar.panel = "histograms"
    stage.open_panel("histograms")
    *_, numbers, panel = stage.bands()
    assert (numbers["model"], panel["model"]) == (stage.statistics, stage.panel("histograms"))


def test_closing_leaves_no_widget(open_widgets: Callable[[], set[str]]) -> None:
    before = open_widgets()
    made = staged(model=SOURCE, twin=OTHER)
    made.open_panel("histograms")
    made.open_panel("norms")
    made.open_panel("")
    made.close()
    assert open_widgets() == before


def test_one_scale_is_also_that_of_norms_that_are_opened_later(twins: Stage) -> None:
    twins.share_scale(shared=True)
    twins.open_panel("norms")
    charts = shown(twins.boxes[-1])
    for chart in charts:
        assert chart.wait(30)
    tops = [chart._chart.plot.bars.scales["y"].max for chart in charts]
    norms = [layer.weight.norm().item() for source in (SOURCE, OTHER) for layer in source.values()]
    assert tops == pytest.approx([1.05 * max(norms)] * 2)
    twins.share_scale(shared=False)
    assert len({chart._chart.plot.bars.scales["y"].max for chart in charts}) == 2
