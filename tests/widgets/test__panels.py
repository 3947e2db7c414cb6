"""The panels: which say something of a layer, which opens by itself, and which follow the selection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from torch import nn

import weightwidgets as ww
from tests.widgets.fixture import thaw
from weightwidgets.sources.demo import demo_model
from weightwidgets.sources.open import open_source
from weightwidgets.widgets._panels import PANELS, Offers
from weightwidgets.widgets.toolbar import PANELS as CHOICES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from weightwidgets.layer import Layer

ALWAYS = ("histograms", "norms")


@pytest.fixture
def explorer() -> Iterator[ww.WeightExplorer]:
    with ww.WeightExplorer(demo_model("transformer")) as made:
        yield made


def test_every_panel_can_be_chosen_in_the_toolbar_and_is_an_attribute_of_the_explorer() -> None:
    assert tuple(PANELS) == CHOICES[2:]
    assert CHOICES[:2] == ("auto", "")
    assert all(isinstance(getattr(ww.WeightExplorer, name), property) for name in PANELS)


@pytest.mark.parametrize(
    ("name", "layer", "offered", "opens"),
    [
        ("edges", "conv1", (), ""),
        ("edges", "head", ("matrix",), ""),
        ("digits", "fc1", ("matrix",), ""),
        ("digits", "bn2", ("channels",), "channels"),
        ("lstm", "embedding", ("matrix",), ""),
        ("lstm", "lstm.weight_hh_l1", ("gates", "matrix"), "gates"),
        ("transformer", "layers.2.attention.k_proj", ("heads", "matrix", "depth"), "heads"),
        ("transformer", "layers.2.up_proj", ("matrix", "depth"), ""),
        ("transformer", "places", ("matrix",), ""),
        ("transformer", "layers.0.norm2", ("channels", "depth"), "channels"),
    ],
)
def test_a_layer_is_offered_what_says_something_of_it(
    name: str, layer: str, offered: tuple[str, ...], opens: str
) -> None:
    offers = Offers(open_source(demo_model(name)))
    assert offers.of(layer) == (*offered, *ALWAYS)
    assert offers.opens_by_itself(layer) == opens


def test_the_experts_of_a_mixture_are_offered() -> None:
    experts = nn.ModuleList(nn.ModuleDict({"up": nn.Linear(4, 6)}) for _ in range(3))
    offers = Offers(open_source(nn.ModuleDict({"router": nn.Linear(4, 3), "experts": experts})))
    assert offers.of("experts.1.up") == ("experts", "matrix", "depth", *ALWAYS)
    assert offers.of("router") == ("matrix", *ALWAYS)


def test_layers_that_come_later_are_recognised() -> None:
    model = nn.Sequential(nn.Linear(4, 4))
    offers = Offers(open_source(model))
    assert offers.of("0") == ("matrix", *ALWAYS)
    model.add_module("lstm", nn.LSTM(4, 4))
    assert offers.of("lstm.weight_ih_l0") == ("gates", "matrix", *ALWAYS)


@pytest.mark.parametrize(
    "model",
    [nn.Linear(4, 3, device="meta"), nn.LazyLinear(3), nn.Sequential(), nn.Linear(1, 5)],
    ids=["meta", "lazy", "empty", "one column"],
)
def test_no_panel_is_offered_that_could_not_show_anything(model: nn.Module) -> None:
    source = open_source(model)
    assert Offers(source).of(next(iter(source), "")) == ALWAYS


def test_a_layer_opens_the_panel_of_its_kind_and_closes_it_again(explorer: ww.WeightExplorer) -> None:
    # It opens on the first dense layer, which is a projection of the first block.
    assert thaw(explorer.toolbar.offers)["opened"] == "heads"
    explorer.layer = "layers.1.attention.v_proj"
    assert thaw(explorer.toolbar.offers) == {
        "panels": ["heads", "matrix", "depth", *ALWAYS],
        "opened": "heads",
    }
    assert explorer.heads.layer == "layers.1.attention.v_proj"
    below = explorer.children[-1].children[0]
    assert explorer.heads in below.children
    explorer.layer = "head"
    assert explorer.children[-1].children == ()
    assert explorer.error == ""


def test_a_panel_that_was_chosen_stays_where_it_says_something(explorer: ww.WeightExplorer) -> None:
    explorer.layer = "layers.0.attention.q_proj"
    explorer.toolbar.set_state({"panel": "matrix"})
    explorer.layer = "layers.3.attention.q_proj"
    assert thaw(explorer.toolbar.offers)["opened"] == "matrix"
    assert explorer.matrix.layer == "layers.3.attention.q_proj"
    # A norm is no matrix to zoom into, and has a panel of its own.
    explorer.layer = "layers.3.norm1"
    assert thaw(explorer.toolbar.offers)["opened"] == "channels"
    explorer.toolbar.set_state({"panel": ""})
    explorer.layer = "layers.3.attention.q_proj"
    assert thaw(explorer.toolbar.offers)["opened"] == ""


def test_a_closed_panel_of_the_selected_layer_rests(
    explorer: ww.WeightExplorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    explorer.layer = "layers.0.attention.q_proj"
    heads = explorer.heads
    explorer.layer = "head"
    asked: list[Layer | None] = []
    monkeypatch.setattr(heads, "_subject", lambda ask: asked.append(ask.layer))
    explorer.layer = "layers.1.up_proj"
    explorer.layer = "layers.1.down_proj"
    assert asked == []
    assert heads.layer == "layers.0.attention.q_proj"


def test_the_panel_of_a_layer_leads_the_selection(explorer: ww.WeightExplorer) -> None:
    explorer.layer = "layers.0.attention.q_proj"
    explorer.heads.set_state({"layer": b"layers.2.attention.q_proj"})
    assert explorer.layer == explorer.grid.layer == "layers.2.attention.q_proj"


def test_only_the_open_panel_tells_its_error(explorer: ww.WeightExplorer) -> None:
    explorer.layer = "layers.0.attention.q_proj"
    explorer.heads.num_heads = 4
    with torch.no_grad():
        explorer.layer = "head"
    assert explorer.heads.error != ""
    assert explorer.error == ""


def test_a_twin_has_its_own_view_in_the_panel_of_a_layer() -> None:
    model, twin = demo_model("transformer"), demo_model("transformer", trained=False)
    with ww.WeightExplorer(model, layer="layers.0.attention.q_proj", twin=twin) as explorer:
        boxes = explorer.children[-1].children
        assert [box.children[0].value for box in boxes] == ["model", "twin"]
        first, second = (box.children[1] for box in boxes)
        first.role, second.head = "ov", 2
        assert (second.role, first.head) == ("ov", 2)
        assert first.frame != second.frame


def test_code_of_a_panel_that_opened_by_itself_does_not_name_it(explorer: ww.WeightExplorer) -> None:
    explorer.layer = "layers.0.attention.q_proj"
    explorer.heads.role = "qk"
    assert "toolbar" not in explorer.code()
    assert "explorer.heads.role = 'qk'" in explorer.code()


def test_closing_an_explorer_frees_the_views_of_its_panels(open_widgets: Callable[[], set[str]]) -> None:
    before = open_widgets()
    with ww.WeightExplorer(demo_model("transformer"), layer="layers.0.attention.q_proj") as explorer:
        for panel in ("matrix", "depth", ""):
            explorer.toolbar.set_state({"panel": panel})
    assert open_widgets() == before
