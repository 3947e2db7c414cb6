"""One selection for many views, whatever view it was changed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets
import pytest
import traitlets as t

from weightwidgets.widgets._desk import Desk
from weightwidgets.widgets._links import Links, close_family, family

if TYPE_CHECKING:
    from collections.abc import Callable


class Owner(t.HasTraits):
    layer = t.Unicode("a")
    filter_index = t.Int(0)


class Grid(t.HasTraits):
    layer = t.Unicode("a")
    filter_index = t.Int(0)
    layers: tuple[str, ...] = ("a", "b")
    highest = 100

    def coerce(self, state: dict[str, Any]) -> dict[str, Any]:
        if state.get("layer", "a") not in self.layers:
            del state["layer"]
        if "filter_index" in state:
            state["filter_index"] = min(state["filter_index"], self.highest)
        return state


class Table(t.HasTraits):
    layer = t.Unicode("a")


def joined(*views: t.HasTraits) -> tuple[Owner, Links]:
    owner = Owner()
    links = Links(owner, Desk(), ("layer", "filter_index"))
    for view in views:
        links.add(view)
    return owner, links


def test_a_change_in_any_view_reaches_all_and_the_owner() -> None:
    grid, other, table = Grid(), Grid(), Table()
    owner, _ = joined(grid, other, table)
    grid.filter_index = 7
    assert owner.filter_index == other.filter_index == 7
    table.layer = "b"
    assert owner.layer == grid.layer == other.layer == "b"
    owner.layer = "a"
    assert table.layer == "a"


def test_a_view_that_refuses_the_selection_has_not_been_added() -> None:
    class Narrow(t.HasTraits):
        filter_index = t.Int(0, max=5)

    narrow, grid = Narrow(), Grid()
    owner, links = joined(grid)
    owner.filter_index = 9
    with pytest.raises(t.TraitError):
        links.add(narrow)
    narrow.filter_index = 1
    assert owner.filter_index == grid.filter_index == 9
    links.close()


def test_what_the_owner_has_not_is_shown_by_the_view_alone() -> None:
    grid, other = Grid(), Grid()

    class Model(Owner):
        @t.validate("layer")
        def _known(self, proposal: t.Bunch) -> str:
            if proposal["value"] not in ("a", "b"):
                raise t.TraitError("unknown layer")
            return str(proposal["value"])

    owner = Model()
    links = Links(owner, Desk(), ("layer", "filter_index"))
    for view in (grid, other):
        links.add(view)
    grid.layer = "only here"
    assert (grid.layer, owner.layer, other.layer) == ("only here", "a", "a")
    owner.layer = "b"
    assert grid.layer == other.layer == "b"


def test_a_view_that_joins_takes_over_the_selection() -> None:
    owner, links = joined()
    owner.filter_index = 5
    grid = Grid()
    links.add(grid)
    assert grid.filter_index == 5


def test_a_clamped_twin_does_not_move_the_others() -> None:
    grid, twin = Grid(), Grid()
    twin.highest = 3
    owner, _ = joined(grid, twin)
    grid.filter_index = 9
    assert (owner.filter_index, grid.filter_index, twin.filter_index) == (9, 9, 3)
    twin.filter_index = 2
    assert (owner.filter_index, grid.filter_index) == (2, 2)


def test_a_twin_without_the_layer_shows_none() -> None:
    grid, twin = Grid(), Grid()
    twin.layers = ("a",)
    owner, _ = joined(grid, twin)
    owner.layer = "b"
    assert (grid.layer, twin.layer) == ("b", "")


def test_a_view_that_left_goes_its_own_way() -> None:
    grid, table = Grid(), Table()
    owner, links = joined(grid, table)
    links.discard(table)
    table.layer = "b"
    assert owner.layer == "a"
    owner.layer = "b"
    links.close()
    grid.layer = "a"
    assert owner.layer == "b"


def test_closing_a_family_leaves_nothing_open(open_widgets: Callable[[], set[str]]) -> None:
    before = open_widgets()
    box = ipywidgets.VBox([ipywidgets.HBox([ipywidgets.IntSlider()]), ipywidgets.Label("a")])
    assert list(family(box))[-1] is box
    close_family(box)
    assert open_widgets() == before
