import json

import pytest
import torch
from torch import nn

from weightwidgets.analysis.strongest import strongest
from weightwidgets.analysis.summary import summary
from weightwidgets.layer import Layer
from weightwidgets.sources.open import open_source
from weightwidgets.widgets._strip import UnitPage, address, as_plain, layer_page, place, unit_page


def layer_of(module: nn.Module) -> Layer:
    return open_source(nn.Sequential(module))["0"]


def unit_of(layer: Layer, filter_index: int) -> UnitPage:
    row = layer.out_first[filter_index]
    return unit_page(layer, filter_index, "layer", summary(row), strongest(row))


def test_a_layer_is_reached_by_its_name_and_by_its_place_where_the_name_is_long() -> None:
    source = open_source({"a": torch.ones(1), "it's": torch.ones(1), "x" * 201: torch.ones(1)})
    assert [address(source, layer) for layer in source.values()] == [
        "ww.open_source(model)['a']",
        'ww.open_source(model)["it\'s"]',
        "list(ww.open_source(model).values())[2]",
    ]


@pytest.mark.parametrize(
    ("module", "filter_index", "indices", "name"),
    [
        (nn.Conv1d(2, 4, 5), 0, (1, 4), "channel 1, position 4"),
        (nn.Conv2d(3, 4, 3), 3, (2, 0, 1), "channel 2, row 0, column 1"),
        (nn.Conv3d(1, 4, 2), 0, (0, 1, 0, 1), "channel 0, depth 1, row 0, column 1"),
        (nn.Conv2d(6, 6, 3, groups=6), 5, (0, 1, 1), "channel 5, row 1, column 1"),
        (nn.ConvTranspose2d(4, 6, 3, groups=2), 3, (1, 0, 0), "channel 3, row 0, column 0"),
        (nn.Linear(9, 2), 1, (8,), "input 8"),
        (nn.Embedding(9, 2), 1, (1,), "column 1"),
    ],
)
def test_places_are_named(module: nn.Module, filter_index: int, indices: tuple[int, ...], name: str) -> None:
    assert place(layer_of(module), filter_index, indices) == name


def test_the_channel_of_a_grouped_filter_is_the_one_that_it_sees() -> None:
    convolution = nn.Conv2d(6, 4, 1, groups=2, bias=False)
    with torch.no_grad():
        convolution.weight.zero_()
        convolution.weight[3, 1] = 5.0
        seen = convolution(torch.eye(6).reshape(6, 6, 1, 1))[:, 3].flatten()
    named = unit_of(layer_of(convolution), 3).ranked[0].places[0]
    assert named == f"channel {int(seen.argmax())}, row 0, column 0"


def test_the_outline_gives_kind_and_shape() -> None:
    layer = layer_of(nn.Conv2d(3, 4, 5))
    page = layer_page(layer, "layer", summary(layer.weight), ["a note"])
    assert (page.name, page.outline) == ("0", "conv2d, 4 × 3 × 5 × 5")  # noqa: RUF001
    assert list(page.notes) == ["a note"]
    scalar = open_source({"s": torch.tensor(1.0)})["s"]
    assert layer_page(scalar, "layer", summary(scalar.weight), []).outline == "parameter, a single number"


def test_bars_are_measured_against_the_strongest_of_both_signs() -> None:
    linear = nn.Linear(4, 1)
    with torch.no_grad():
        linear.weight[:] = torch.tensor([2.0, -4.0, 1.0, 0.0])
    exciting, inhibiting = unit_of(layer_of(linear), 0).ranked
    assert list(exciting.lengths) == [0.5, 0.25]
    assert list(inhibiting.lengths) == [1.0]
    assert [cell.formula for cell in exciting.cells] == [
        "w[0, 0] = 2: number 1 of 2 weights above 0",
        "w[0, 2] = 1: number 2 of 2 weights above 0",
    ]


def test_a_unit_without_weights_of_a_sign_says_so() -> None:
    linear = nn.Linear(4, 1)
    with torch.no_grad():
        linear.weight.fill_(1.0)
    exciting, inhibiting = unit_of(layer_of(linear), 0).ranked
    assert (exciting.empty, inhibiting.empty) == ("", "No weight is below 0.")


def test_a_bias_that_is_no_number_per_row_is_described() -> None:
    assert unit_of(layer_of(nn.LayerNorm((2, 3))), 1).cells["bias"].text == "of shape 2 × 3"  # noqa: RUF001
    poisoned = nn.Linear(1, 1)
    with torch.no_grad():
        poisoned.bias.fill_(float("nan"))
    bias = unit_of(layer_of(poisoned), 0).cells["bias"]
    assert (bias.text, bias.exact, bias.formula) == ("NaN", "nan", "b[0] = NaN")


def test_a_page_is_plain_json_whatever_the_weights_are() -> None:
    linear = nn.Linear(3, 2)
    with torch.no_grad():
        linear.weight[0] = torch.tensor([float("nan"), float("inf"), -float("inf")])
    page = as_plain(unit_of(layer_of(linear), 0))
    assert json.loads(json.dumps(page, allow_nan=False)) == page


def test_where_no_weight_is_finite_no_size_is_written() -> None:
    layer = next(iter(open_source({"w": torch.full((2, 3), torch.nan)}).values()))
    cells = layer_page(layer, "layer", summary(layer.weight), []).cells
    shown = {key: cell.text for key, cell in cells.items()}
    assert set(shown.values()) == {"–"}  # noqa: RUF001
    assert {"l1", "l2", "linf", "mean", "std", "near_zero"} <= set(shown)
    assert cells["l2"].code == cells["l2"].formula == ""
    zeros = next(iter(open_source({"w": torch.zeros(2, 3)}).values()))
    assert layer_page(zeros, "layer", summary(zeros.weight), []).cells["l2"].text == "0"


def test_a_number_below_a_thousandth_is_written_as_in_the_table() -> None:
    layer = next(iter(open_source({"w": torch.full((1, 3), -(2.0**-11))}).values()))
    assert unit_of(layer, 0).cells["mean"].text == "−4.883e-4"  # noqa: RUF001
    assert unit_of(layer, 0).ranked[1].cells[0].text == "−4.883e-4"  # noqa: RUF001
