"""Names that a widget does not have: refused with the nearest one, or left to the user."""

from __future__ import annotations

from typing import Any

import ipywidgets
import pytest
import torch
import traitlets as t
from torch import nn

import weightwidgets as ww
from weightwidgets.widgets._spelling import Spelled, hint, public_traits, refuse_unknown


class Box(Spelled, ipywidgets.VBox):
    bins = t.Int(50)
    filter_index = t.Int(0)
    _hidden = t.Int(0)

    @property
    def layers(self) -> list[str]:
        """Something that can be read only."""
        return []


def test_the_hint_names_what_is_most_alike_or_nothing() -> None:
    assert hint("binz", ["bins", "layer"]) == "; did you mean 'bins'?"
    assert hint("colour", ["bins", "layer"]) == ""
    assert hint("norm", ["log_norms", "kind"]) == "; did you mean 'kind'?"
    assert hint("norm", ["log_norms"]) == "; did you mean 'log_norms'?"


def test_hidden_traits_are_no_names_for_users() -> None:
    assert "bins" in public_traits(Box)
    assert not [name for name in public_traits(Box) if name.startswith("_")]


def test_a_keyword_that_is_no_trait_and_no_argument_is_refused() -> None:
    refuse_unknown(Box, ["bins", "twin"], "twin")
    with pytest.raises(TypeError, match="Box has no argument 'tvin'; did you mean 'twin'"):
        refuse_unknown(Box, ["tvin"], "twin")


@pytest.mark.parametrize(
    ("name", "meant"), [("bin", "bins"), ("filter_indx", "filter_index"), ("childen", "children")]
)
def test_a_misspelt_trait_is_refused_and_nothing_is_kept(name: str, meant: str) -> None:
    box = Box()
    with pytest.raises(AttributeError, match=f"Box has no attribute '{name}'; did you mean '{meant}'"):
        setattr(box, name, 3)
    assert not hasattr(box, name)


@pytest.mark.parametrize("name", ["note", "owner", "_bin", "my_layers", "x"])
def test_a_name_of_the_users_own_is_kept(name: str) -> None:
    box: Any = Box()
    setattr(box, name, 3)
    assert getattr(box, name) == 3


class Whole(Box):
    @classmethod
    def owners(cls, name: str) -> list[str]:
        return {"colour": ["whole.picture"], "bin": ["whole.left", "whole.right"]}.get(name, [])


def test_what_belongs_to_a_part_is_refused_with_the_part_before_what_is_alike() -> None:
    whole: Any = Whole()
    with pytest.raises(AttributeError, match=r"no attribute 'colour'; 'colour' belongs to whole\.picture$"):
        whole.colour = 3
    with pytest.raises(TypeError, match=r"no argument 'bin'; 'bin' belongs to whole\.left, whole\.right$"):
        refuse_unknown(Whole, ["bin"])
    assert not hasattr(whole, "colour")
    whole.close()


def test_what_can_only_be_read_says_so_itself() -> None:
    box: Any = Box()
    with pytest.raises(AttributeError) as refusal:
        box.layers = ["a"]
    assert "did you mean" not in str(refusal.value)


def test_every_trait_is_set_as_before() -> None:
    box = Box(bins=3)
    box.filter_index, box.layout = 2, ipywidgets.Layout(width="50%")
    assert (box.bins, box.filter_index, box.layout.width) == (3, 2, "50%")
    box.close()


@pytest.mark.parametrize(
    ("widget", "name", "meant"),
    [
        (ww.WeightExplorer, "layr", "layer"),
        (ww.FilterGrid, "color_scop", "color_scope"),
        (ww.WeightHistogram, "log_count", "log_counts"),
        (ww.LayerTable, "sort_bye", "sort_by"),
        (ww.NormChart, "log_norm", "log_norms"),
    ],
)
def test_every_widget_refuses_a_misspelt_trait(widget: Any, name: str, meant: str) -> None:
    torch.manual_seed(0)
    with widget(nn.Sequential(nn.Conv2d(1, 2, 3))) as view:
        with pytest.raises(AttributeError, match=f"no attribute '{name}'; did you mean '{meant}'"):
            setattr(view, name, "0")
        assert view.error == ""


def test_a_norm_chart_is_told_that_norms_are_kinds() -> None:
    with pytest.raises(TypeError, match="no argument 'norm'; did you mean 'kind'"):
        ww.NormChart(nn.Linear(2, 2), norm="rms")
