"""The stage: what stands where, made when it is wanted, gone when it is taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import traitlets as t
from torch import nn

from weightwidgets.sources.open import open_source
from weightwidgets.widgets._desk import Desk
from weightwidgets.widgets._links import Links
from weightwidgets.widgets._stage import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SOURCE = open_source(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Linear(5, 6)))


class Owner(t.HasTraits):
    layer = t.Unicode("0")
    filter_index = t.Int(0)


@pytest.fixture
def stage() -> Iterator[Stage]:
    desk = Desk()
    owner = Owner()
    made = Stage(SOURCE, "0", desk, Links(owner, desk, ("layer", "filter_index")), print)
    made.add_side("model", SOURCE, "0")
    yield made
    made.close()


def test_panels_are_made_when_they_are_first_wanted(stage: Stage) -> None:
    below = stage.boxes[-1]
    assert set(stage.views()) == {"grid", "histogram", "table", "statistics"}
    stage.open_panel("histograms")
    gallery = stage.panel("histograms")
    assert below.children == (gallery,)
    assert stage.views()["histograms"] is gallery
    stage.open_panel("")
    assert below.children == ()
    stage.open_panel("histograms")
    assert below.children == (gallery,)


def test_several_sides_are_told_apart_by_a_class_of_their_row(stage: Stage) -> None:
    columns = stage.boxes[1]
    assert "ww-explorer-several" not in columns._dom_classes
    stage.add_side("shuffled", SOURCE, "0", shuffled=True)
    assert "ww-explorer-several" in columns._dom_classes
    stage.remove_side("shuffled")
    assert "ww-explorer-several" not in columns._dom_classes


def test_a_side_that_goes_leaves_no_widget(stage: Stage, open_widgets: Callable[[], set[str]]) -> None:
    before = open_widgets()
    stage.add_side("shuffled", SOURCE, "0", shuffled=True)
    stage.remove_side("shuffled")
    assert open_widgets() == before


def test_a_side_of_a_source_without_the_layer_says_so(stage: Stage) -> None:
    stage.add_side("twin", open_source(nn.Sequential(nn.ReLU(), nn.Linear(2, 2))), "0")
    assert "no layer of that name" in stage.sides["twin"].grid.error


def test_each_side_draws_its_grid_and_its_histogram(stage: Stage) -> None:
    assert [picture.width > 50 for picture in stage.sides["model"].pictures()] == [True, True]


def test_closing_leaves_no_widget(open_widgets: Callable[[], set[str]]) -> None:
    before = open_widgets()
    desk = Desk()
    made = Stage(SOURCE, "0", desk, Links(Owner(), desk, ("layer", "filter_index")), print)
    made.add_side("model", SOURCE, "0")
    made.open_panel("histograms")
    made.open_panel("")
    made.close()
    assert open_widgets() == before
