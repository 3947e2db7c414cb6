import math

import pytest
import torch
import traitlets as t
from torch import nn

from weightwidgets.sources.open import open_source
from weightwidgets.widgets._base import Ask, Part
from weightwidgets.widgets._filter import FilterView, filter_row, noun
from weightwidgets.widgets.grid import FilterGrid
from weightwidgets.widgets.histogram import WeightHistogram
from weightwidgets.widgets.statistics import WeightStatistics


class Probe(FilterView):
    """A view that answers nothing."""

    _esm = t.Unicode("export default {}").tag(sync=True)

    def parts(self, ask: Ask) -> list[Part]:
        self.asked = ask.filter_index
        return []


@pytest.fixture
def view() -> Probe:
    return Probe(nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(8, 2, 3)))


@pytest.mark.parametrize("index", [-1, 8, 100])
def test_python_is_told_the_range_and_the_filter_stays(view: Probe, index: int) -> None:
    view.filter_index = 5
    with pytest.raises(t.TraitError, match=f"filter_index must be 0 to 7, got {index}"):
        view.filter_index = index
    assert view.filter_index == 5


def test_the_constructor_takes_a_filter_of_its_layer_only() -> None:
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(8, 2, 3))
    assert Probe(model, layer="0", filter_index=7).filter_index == 7
    with pytest.raises(t.TraitError, match="0 to 1, got 7"):
        Probe(model, layer="1", filter_index=7)


def test_a_smaller_layer_clamps_the_filter_and_is_answered_once(view: Probe) -> None:
    view.filter_index = 5
    view.layer = "1"
    assert view.filter_index == 1
    assert view.asked == 1


def test_a_larger_layer_keeps_the_filter(view: Probe) -> None:
    view.layer = "1"
    view.filter_index = 1
    view.layer = "0"
    assert view.filter_index == 1


@pytest.mark.parametrize(("sent", "taken"), [(3, 3), (-4, 0), (99, 7)])
def test_the_browser_is_brought_into_range(view: Probe, sent: int, taken: int) -> None:
    view.set_state({"filter_index": sent})
    assert view.filter_index == taken


def test_the_browsers_filter_is_clamped_to_the_layer_of_the_same_message(view: Probe) -> None:
    view.set_state({"filter_index": 6, "layer": b"1"})
    assert (view.layer, view.filter_index) == ("1", 1)


@pytest.mark.parametrize("nonsense", ["3", None, [1], math.nan, 2.5])
def test_what_is_no_whole_number_changes_nothing(view: Probe, nonsense: object) -> None:
    view.filter_index = 4
    view.set_state({"filter_index": nonsense})
    assert view.filter_index == 4


def test_a_model_without_weights_has_filter_zero() -> None:
    assert Probe(nn.ReLU()).filter_index == 0


def test_the_row_is_that_of_the_out_first_weight() -> None:
    convolution = nn.ConvTranspose2d(4, 6, 3, groups=2)
    layer = open_source(nn.Sequential(convolution))["0"]
    assert torch.equal(filter_row(layer, 5), convolution.weight[2:, 2].detach())


def test_a_row_that_is_not_there_is_named() -> None:
    layer = open_source(nn.Sequential(nn.Linear(3, 2)))["0"]
    with pytest.raises(ValueError, match="there is no filter 2: the layer has 2"):
        filter_row(layer, 2)


@pytest.mark.parametrize(
    ("module", "word"),
    [
        (nn.Conv2d(1, 4, 1), "filter"),
        (nn.ConvTranspose1d(2, 3, 2), "filter"),
        (nn.Linear(5, 4), "row"),
        (nn.Embedding(6, 2), "row"),
        (nn.LSTM(3, 2), "row"),
        (nn.BatchNorm2d(4), "weight"),
    ],
)
def test_a_row_of_the_weight_has_one_name(module: nn.Module, word: str) -> None:
    layer = next(iter(open_source(nn.Sequential(module)).values()))
    assert noun(layer) == word


@pytest.mark.parametrize("module", [nn.Conv2d(3, 4, 3), nn.Linear(5, 4), nn.BatchNorm2d(4)])
def test_every_view_calls_a_row_by_that_name(module: nn.Module) -> None:
    model = nn.Sequential(module)
    word = noun(next(iter(open_source(model).values())))
    for view in (WeightStatistics(model), FilterGrid(model), WeightHistogram(model)):
        assert bytes(view.frame["unit"]).decode() == word


@pytest.mark.parametrize("truth", [True, False])
def test_a_truth_value_is_no_filter(view: Probe, truth: bool) -> None:
    view.filter_index = 4
    with pytest.raises(t.TraitError, match=f"filter_index must be 0 to 7, got {truth}"):
        view.filter_index = truth
    view.set_state({"filter_index": truth})
    assert view.filter_index == 4
    assert type(view.filter_index) is int
