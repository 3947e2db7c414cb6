"""What belongs to a view of the explorer is refused on the explorer, with the view's name."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn

import weightwidgets as ww
from weightwidgets.widgets._owners import OfViews, _traits_of_views

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def explorer() -> Iterator[Any]:
    torch.manual_seed(0)
    with ww.WeightExplorer(nn.Sequential(nn.Conv2d(1, 2, 3), nn.Linear(3, 2))) as made:
        yield made


@pytest.mark.parametrize(
    ("name", "value", "owners"),
    [
        ("log_counts", True, "explorer.histogram"),
        ("color_scope", "layer", "explorer.grid"),
        ("search", "conv", "explorer.table"),
        ("shuffle", True, "explorer.toolbar"),
        ("log_norms", True, "explorer.norms"),
        ("order", "norm", "explorer.grid, explorer.heads, explorer.channels, explorer.matrix"),
    ],
)
def test_a_trait_of_a_view_is_refused_with_the_view_it_belongs_to(
    explorer: Any, name: str, value: object, owners: str
) -> None:
    with pytest.raises(AttributeError) as refusal:
        setattr(explorer, name, value)
    assert str(refusal.value) == f"WeightExplorer has no attribute {name!r}; {name!r} belongs to {owners}"
    assert not hasattr(explorer, name)
    with pytest.raises(TypeError, match=f"has no argument {name!r}; {name!r} belongs to {owners}$"):
        type(explorer)(nn.Linear(2, 2), **{name: value})


def test_every_owner_is_an_attribute_of_the_explorer_that_has_the_trait(explorer: Any) -> None:
    for view, names in _traits_of_views().items():
        shown = getattr(explorer, view)
        assert names
        assert all(shown.has_trait(name) for name in names)


@pytest.mark.parametrize("name", ["note", "frame", "picture_request", "my_order"])
def test_a_name_that_no_user_sets_on_a_view_is_the_users_own(explorer: Any, name: str) -> None:
    assert OfViews.owners(name) == []
    setattr(explorer, name, 3)
    assert getattr(explorer, name) == 3


def test_what_the_explorer_shares_with_its_views_is_set_as_before(explorer: Any) -> None:
    explorer.layer, explorer.bins, explorer.size = "1", 7, "large"
    assert (explorer.histogram.layer, explorer.histogram.bins, explorer.grid.size) == ("1", 7, "large")


def test_a_misspelt_trait_of_the_explorer_is_still_told(explorer: Any) -> None:
    with pytest.raises(AttributeError, match="did you mean 'layer'"):
        explorer.layr = "1"


def test_looking_for_an_owner_does_not_import_the_library_of_charts() -> None:
    code = (
        "import sys; from weightwidgets.widgets._owners import OfViews; "
        "assert OfViews.owners('log_norms') == ['explorer.norms']; assert 'bqplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
