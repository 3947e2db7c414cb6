"""Every odd model opens in the explorer, which shows something true of it or says in a sentence why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune

import weightwidgets as ww

if TYPE_CHECKING:
    from collections.abc import Callable


def filled(layer: nn.Module, *values: float) -> nn.Module:
    """Put `values` at the beginning of the weight."""
    with torch.no_grad():
        layer.get_parameter("weight").view(-1)[: len(values)] = torch.tensor(values)
    return layer


def zeroed() -> nn.Module:
    layer = nn.Conv2d(3, 4, 3)
    nn.init.zeros_(layer.weight)
    return layer


def tied() -> nn.Module:
    model = nn.Sequential(nn.Embedding(7, 5), nn.Linear(5, 7))
    model[1].weight = model[0].weight
    return model


def pruned() -> nn.Module:
    layer = nn.Conv2d(3, 4, 3)
    prune.l1_unstructured(layer, "weight", 0.5)
    return layer


NAN, INF = float("nan"), float("inf")

WITH_VALUES: dict[str, Callable[[], Any]] = {
    "some NaN": lambda: filled(nn.Conv2d(3, 4, 3), NAN, NAN),
    "some infinite": lambda: filled(nn.Conv2d(3, 4, 3), INF, -INF, INF),
    "all NaN": lambda: filled(nn.Linear(3, 2), *6 * [NAN]),
    "all infinite": lambda: filled(nn.Linear(3, 2), *6 * [INF]),
    "all zero": zeroed,
    "one element": lambda: nn.Linear(1, 1, bias=False),
    "float16": lambda: nn.Conv2d(3, 4, 3).half(),
    "bfloat16": lambda: nn.Conv2d(3, 4, 3).bfloat16(),
    "float64": lambda: nn.Conv2d(3, 4, 3).double(),
    "tied": tied,
    "parametrized": lambda: parametrizations.weight_norm(nn.Conv2d(3, 4, 3)),
    "spectral norm": lambda: parametrizations.spectral_norm(nn.Linear(6, 5)),
    "pruned": pruned,
    "scalar": lambda: {"scale": torch.tensor(2.0)},
    "3d, transposed, grouped": lambda: nn.ConvTranspose3d(4, 6, 3, groups=2),
    "1d, depthwise": lambda: nn.Conv1d(6, 6, 5, groups=6),
    "attention": lambda: nn.MultiheadAttention(8, 2),
    "recurrent": lambda: nn.LSTM(3, 4),
}

WITHOUT: dict[str, tuple[Callable[[], Any], str]] = {
    "meta": (lambda: nn.Conv2d(3, 4, 3, device="meta"), "`meta`"),
    "lazy": (lambda: nn.Sequential(nn.LazyConv2d(4, 3), nn.LazyLinear(3)), "uninitialised"),
    "no weights at all": (nn.ReLU, "no weights"),
    "no elements": (lambda: {"weight": torch.empty(4, 0)}, "no weights to show"),
    "no filters": (lambda: {"weight": torch.empty(0, 4)}, "no weights to show"),
}


def array(frame: dict[str, Any]) -> np.ndarray:
    return np.frombuffer(frame["data"], frame["dtype"]).reshape(frame["shape"])


def counted(explorer: ww.WeightExplorer) -> dict[str, int]:
    """Give how many weights the histogram shows, by what they are."""
    frame = explorer.histogram.frame
    strays = {name: frame[name] for name in ("nan", "posinf", "neginf")}
    return {"finite": int(array(frame["cells"]).sum()), **strays}


@pytest.mark.parametrize("name", WITH_VALUES)
def test_every_layer_with_values_is_counted_whole_and_drawn(name: str) -> None:
    torch.manual_seed(0)
    source = ww.open_source(WITH_VALUES[name]())
    with ww.WeightExplorer(source) as explorer:
        for layer in explorer.layers:
            explorer.layer = layer
            explorer.filter_index = source[layer].out_channels - 1
            weight = source[layer].weight.double().numpy()
            assert explorer.error == ""
            assert counted(explorer) == {
                "finite": int(np.isfinite(weight).sum()),
                "nan": int(np.isnan(weight).sum()),
                "posinf": int(np.isposinf(weight).sum()),
                "neginf": int(np.isneginf(weight).sum()),
            }
            finite = weight[np.isfinite(weight)]
            limit = array(explorer.grid.frame["limit"])[0]
            assert limit == np.abs(finite).max(initial=0)
            assert explorer.statistics.unit
            assert explorer.picture() is not None


@pytest.mark.parametrize("name", WITH_VALUES)
def test_every_panel_takes_every_layer_with_values(name: str) -> None:
    torch.manual_seed(0)
    with ww.WeightExplorer(WITH_VALUES[name]()) as explorer:
        explorer.toolbar.shuffle = True
        for panel in ("histograms", "norms"):
            explorer.toolbar.panel = panel
        explorer.table.start()
        explorer.histograms.start()
        assert explorer.table.wait(20)
        assert explorer.histograms.wait(20)
        assert explorer.norms.wait(20)
        assert [view.error for view in (explorer.norms, explorer.histograms, explorer.table)] == ["", "", ""]
        assert array(explorer.table.numbers["values"]).shape[0] == len(explorer.layers)


@pytest.mark.parametrize("name", WITHOUT)
def test_a_model_without_values_opens_and_says_why_it_shows_none(name: str) -> None:
    make, sentence = WITHOUT[name]
    with ww.WeightExplorer(make()) as explorer:
        assert sentence in explorer.error
        assert explorer.error == explorer.grid.error
        for panel in ("histograms", "norms"):
            explorer.toolbar.panel = panel
        explorer.table.start()
        assert explorer.table.wait(20)
        assert explorer.norms.wait(20)


def test_a_lazy_model_is_shown_once_it_has_seen_a_batch() -> None:
    model = nn.Sequential(nn.LazyConv2d(4, 3), nn.Flatten(), nn.LazyLinear(3))
    with ww.WeightExplorer(model) as explorer:
        assert "uninitialised" in explorer.error
        model(torch.zeros(1, 2, 5, 5))
        for view in (explorer.grid, explorer.histogram, explorer.statistics):
            view.look(cell_ended=True)
        assert explorer.error == ""
        assert counted(explorer)["finite"] == 4 * 2 * 9


def test_a_tied_weight_is_one_layer_with_both_names() -> None:
    source = ww.open_source(tied())
    assert source["1.weight"] is source["0"]
    assert source["0"].names[:2] == ("0", "1")


def test_what_is_pruned_shows_its_zeros_and_what_it_is_made_of() -> None:
    torch.manual_seed(0)
    with ww.WeightExplorer(pruned()) as explorer:
        assert (explorer._source["weight"].weight == 0).sum() == 54
        assert any(b"Pruned" in note for note in explorer.histogram.frame["notes"])
