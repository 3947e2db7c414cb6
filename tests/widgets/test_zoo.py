"""Every odd model opens in the explorer, which shows something true of it or says in a sentence why not."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune

import weightwidgets as ww
from weightwidgets.widgets._table_rows import MEASURED

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


def counted(histogram: ww.WeightHistogram) -> dict[str, int]:
    """Give how many weights the histogram shows, by what they are."""
    frame = histogram.frame
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
            assert counted(explorer.histogram) == {
                "finite": int(np.isfinite(weight).sum()),
                "nan": int(np.isnan(weight).sum()),
                "posinf": int(np.isposinf(weight).sum()),
                "neginf": int(np.isneginf(weight).sum()),
            }
            finite = weight[np.isfinite(weight)]
            limit = array(explorer.grid.frame["limit"])[0]
            np.testing.assert_equal(limit, np.abs(finite).max() if finite.size else np.nan)
            assert explorer.statistics.unit
            assert explorer.picture() is not None


def numbers(weight: np.ndarray) -> dict[str, float]:
    """Give what any view may tell of a layer; NaN where it says nothing."""
    finite = weight[np.isfinite(weight)]
    some = finite if finite.size else np.array([np.nan])
    return {
        "finite": finite.size,
        "nan": np.isnan(weight).sum(),
        "inf": np.isinf(weight).sum(),
        "left out": weight.size - finite.size,
        "linf": np.abs(some).max(),
        "frobenius": np.linalg.norm(some),
        "rms": np.sqrt(np.mean(some**2)),
        "mean": some.mean(),
        "std": some.std(),
        "min": some.min(),
        "max": some.max(),
    }


def told_by_grid(source: Any, layer: str) -> dict[str, float]:
    with ww.FilterGrid(source, layer) as view:
        notes = b" ".join(view.frame["notes"]).decode()
        left_out = re.findall(r"(\d+) weights? (?:is|are) NaN or infinite", notes)
        return {"linf": array(view.frame["limit"])[0], "left out": sum(map(int, left_out))}


def told_by_histogram(source: Any, layer: str) -> dict[str, float]:
    with ww.WeightHistogram(source, layer) as view:
        found = counted(view)
        return {"finite": found["finite"], "nan": found["nan"], "inf": found["posinf"] + found["neginf"]}


def told_by_statistics(source: Any, layer: str) -> dict[str, float]:
    with ww.WeightStatistics(source, layer) as view:
        page = json.loads(view.frame["page"])
    texts = {SAID[row]: cell["text"] for row, cell in page["cells"].items() if row in SAID}
    found = {
        quantity: np.nan if text == "\N{EN DASH}" else float(text.replace("\N{MINUS SIGN}", "-"))
        for quantity, text in texts.items()
    }
    cautions = " ".join(text for group in page["groups"] for text in group["cautions"])
    strays = {"nan": r"(\d+) NaN", "inf": r"(\d+) [+\N{MINUS SIGN}]\N{INFINITY}"}
    return found | {name: sum(map(int, re.findall(one, cautions))) for name, one in strays.items()}


def told_by_gallery(source: Any, layer: str) -> dict[str, float]:
    with ww.LayerHistograms(source, layer) as view:
        view.start()
        assert view.wait(20)
        place = list(source).index(layer)
        return {
            "finite": array(view.bars["counts"])[place].sum(),
            "left out": array(view.bars["left_out"])[place],
        }


def told_by_table(source: Any, layer: str) -> dict[str, float]:
    with ww.LayerTable(source, layer=layer) as view:
        view.start()
        assert view.wait(20)
        row = array(view.numbers["values"])[list(source).index(layer)].tolist()
        return {name: value for name, value in zip(MEASURED, row, strict=True) if name != "near_zero"}


def told_by_norms(source: Any, layer: str) -> dict[str, float]:
    with ww.NormChart(source, layer) as view:
        assert view.wait(20)
        place, found = list(source).index(layer), view._controls.numbers
        told = {"frobenius": "frobenius", "rms": "rms", "weights": "finite"}
        return {quantity: array(found[name])[place] for name, quantity in told.items()}


# Rows of the statistics, by the quantities that they are.
SAID = {"mean": "mean", "std": "std", "min": "min", "max": "max", "l2": "frobenius", "linf": "linf"}

TOLD = [told_by_grid, told_by_histogram, told_by_statistics, told_by_gallery, told_by_table, told_by_norms]


@pytest.mark.parametrize("told_by", TOLD)
@pytest.mark.parametrize("name", WITH_VALUES)
def test_every_view_alone_tells_the_numbers_of_every_layer_with_values(
    name: str, told_by: Callable[[Any, str], dict[str, float]]
) -> None:
    torch.manual_seed(0)
    source = ww.open_source(WITH_VALUES[name]())
    for layer in source:
        found = told_by(source, layer)
        expected = numbers(source[layer].weight.double().numpy())
        # The statistics write four digits.
        near = 5e-4 if told_by is told_by_statistics else 1e-9
        assert found == pytest.approx({key: expected[key] for key in found}, rel=near, abs=1e-12, nan_ok=True)


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


@pytest.mark.parametrize("view", [ww.FilterGrid, ww.WeightHistogram, ww.WeightStatistics])
@pytest.mark.parametrize("name", ["meta", "lazy", "no weights at all"])
def test_a_view_of_one_layer_says_alone_why_it_shows_no_values(name: str, view: Any) -> None:
    make, sentence = WITHOUT[name]
    with view(make()) as alone:
        assert sentence in alone.error
        assert alone.picture() is None


@pytest.mark.parametrize("name", ["meta", "lazy"])
def test_a_view_of_all_layers_says_of_each_why_it_has_no_numbers(name: str) -> None:
    make, sentence = WITHOUT[name]
    source = ww.open_source(make())
    places = [str(place) for place in range(len(source))]
    with ww.LayerTable(source) as table, ww.LayerHistograms(source) as every, ww.NormChart(source) as norms:
        table.start()
        every.start()
        assert table.wait(20)
        assert every.wait(20)
        assert norms.wait(20)
        for said in (json.loads(table.numbers["text"])["notes"], json.loads(every.bars["sentences"])):
            assert list(said) == places
            assert all(sentence in words for words in said.values())
        assert np.isnan(array(table.numbers["values"])).all()
        assert array(every.bars["counts"]).sum() == 0
        # The view writes so many "layers without values".
        assert norms._controls.numbers["failed"] == len(source)


@pytest.mark.parametrize("name", ["no elements", "no filters"])
def test_a_layer_of_no_elements_has_no_count_and_no_norm_in_any_view(name: str) -> None:
    source = ww.open_source(WITHOUT[name][0]())
    for told_by in (told_by_histogram, told_by_gallery, told_by_table, told_by_norms):
        found = told_by(source, "weight")
        expected = numbers(np.empty(0))
        assert found == pytest.approx({key: expected[key] for key in found}, nan_ok=True)
    with ww.FilterGrid(source) as grid:
        assert "no weights to show" in grid.error


def test_the_statistics_of_no_elements_are_dashes_and_those_of_no_rows_a_sentence() -> None:
    source = ww.open_source(WITHOUT["no elements"][0]())
    found = told_by_statistics(source, "weight")
    assert found == pytest.approx({key: numbers(np.empty(0))[key] for key in found}, nan_ok=True)
    with ww.WeightStatistics(WITHOUT["no filters"][0]()) as view:
        assert view.error == "This layer has no weights to show: its shape is (0, 4)."


def test_a_lazy_model_is_shown_once_it_has_seen_a_batch() -> None:
    model = nn.Sequential(nn.LazyConv2d(4, 3), nn.Flatten(), nn.LazyLinear(3))
    with ww.WeightExplorer(model) as explorer:
        assert "uninitialised" in explorer.error
        model(torch.zeros(1, 2, 5, 5))
        for view in (explorer.grid, explorer.histogram, explorer.statistics):
            view.look(cell_ended=True)
        assert explorer.error == ""
        assert counted(explorer.histogram)["finite"] == 4 * 2 * 9


def test_a_tied_weight_is_one_layer_with_both_names() -> None:
    source = ww.open_source(tied())
    assert source["1.weight"] is source["0"]
    assert source["0"].names[:2] == ("0", "1")


def test_what_is_pruned_shows_its_zeros_and_what_it_is_made_of() -> None:
    torch.manual_seed(0)
    with ww.WeightExplorer(pruned()) as explorer:
        assert (explorer._source["weight"].weight == 0).sum() == 54
        assert any(b"Pruned" in note for note in explorer.histogram.frame["notes"])
