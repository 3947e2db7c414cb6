from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from tests.widgets.grid_cases import normal
from weightwidgets.sources.open import open_source
from weightwidgets.widgets import _grid_words as words
from weightwidgets.widgets._base import Ask
from weightwidgets.widgets._grid_subject import (
    MAX_ORDERED,
    PAGE_BYTES,
    Subject,
    image_shape,
    input_channels,
    kernel_depths,
)

# ruff: noqa: RUF001 -- true minus and multiplication signs are what the view prints


def subject(source: object, name: str = "", **traits: Any) -> Subject:
    layer = open_source(source)[name or next(iter(open_source(source)))]
    asked = {
        "input_channel": None,
        "depth_index": None,
        "color_scope": "layer",
        "order": "index",
        "as_images": False,
        "shuffled": False,
        "robust_colors": False,
        "selected_range": None,
        "live": False,
        **traits,
    }
    live = asked.pop("live")
    return Subject(layer, Ask(layer, (layer.fingerprint(),), asked, live))


@pytest.mark.parametrize(
    ("module", "text"),
    [
        (nn.Conv2d(3, 64, 7), "conv2d · 64 filters of 3 × 7 × 7"),
        (nn.Conv2d(3, 1, 7), "conv2d · 1 filter of 3 × 7 × 7"),
        (nn.Conv1d(4, 5, 3), "conv1d · 5 filters of 4 × 3"),
        (nn.ConvTranspose2d(6, 8, 2, groups=2), "conv_transpose2d · 8 filters of 3 × 2 × 2"),
        (nn.Linear(784, 1200), "linear · 1,200 rows of 784"),
        (nn.BatchNorm2d(16), "norm · 16 weights"),
        (nn.Embedding(100, 8), "embedding · 100 rows of 8"),
    ],
)
def test_the_description_says_how_many_of_which_size(module: nn.Module, text: str) -> None:
    assert words.description(subject(nn.Sequential(module))) == text


BLUE = "Blue is negative, orange positive, zero in the middle"
WEIGHT = torch.tensor([[[[0.25, -0.5]]], [[[0.0, 0.125]]]])


@pytest.mark.parametrize(
    ("scope", "text"),
    [
        (
            "layer",
            "Blue is negative, orange positive, zero in the middle: −0.5 to 0.5, one scale for the layer.",
        ),
        ("filter", f"{BLUE}: each filter on its own scale, up to its largest magnitude."),
        ("minmax", "Black to white: each filter from its minimum to its maximum, which moves zero."),
    ],
)
def test_the_scale_is_told_with_its_limits(scope: str, text: str) -> None:
    assert words.scope(subject({"a.weight": WEIGHT}, color_scope=scope)) == text


def test_the_scale_of_true_colour_is_told_with_its_limits() -> None:
    colors = {"a.weight": torch.full((1, 3, 2, 2), -0.5)}
    assert (
        words.scope(subject(colors)) == "True colour, zero is mid-grey: −0.5 to 0.5, one scale for the layer."
    )
    assert words.scope(subject(colors, color_scope="minmax")).startswith("True colour: each filter from its")


def test_a_layer_of_zeros_has_no_negative_zero_for_a_limit() -> None:
    assert "0 to 0" in words.scope(subject({"a.weight": torch.zeros(2, 1, 3, 3)}))


@pytest.mark.parametrize("scope", ["layer", "filter", "minmax"])
def test_a_layer_without_a_finite_weight_has_no_scale(scope: str) -> None:
    lost = subject({"a.weight": torch.full((2, 1, 3, 3), float("nan"))}, color_scope=scope)
    assert words.scope(lost) == "No finite weight: there is no scale."
    assert "18 weights are NaN or infinite, and left out of scales and norms." in words.notes(lost)


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        (
            torch.arange(1.0, 2001.0),
            "−1,998 to 1,998; 2 of the weights are beyond",
        ),
        (
            torch.arange(1.0, 1001.0),
            "−999 to 999; 1 weight is beyond",
        ),
        (torch.ones(1000), "−1 to 1; 0 of the weights are beyond"),
    ],
)
def test_weights_beyond_a_robust_scale_are_counted(weights: torch.Tensor, said: str) -> None:
    matrix = subject({"a.weight": weights.reshape(-1, 10)}, robust_colors=True)
    limits, count = said.split(";")
    assert f": {limits}, one scale for the layer. Robust colours:{count}, in the" in words.scope(matrix)


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ((4, 7), "Faded: weights outside −0.02 to 0.12."),
        ((4, 3, 3, 3), "Faded: weights outside −0.02 to 0.12."),
        (
            (4, 700),
            "Faded: weights outside −0.02 to 0.12. A block stays bright if any of its weights is inside.",
        ),
    ],
)
def test_what_fades_is_told(shape: tuple[int, ...], said: str) -> None:
    weight = {"a.weight": normal(*shape)}
    assert words.faded(subject(weight, selected_range=(-0.02, 0.12))) == said
    assert words.faded(subject(weight)) == ""


def test_a_matrix_has_one_scale_whatever_is_chosen() -> None:
    matrix = subject({"a.weight": normal(4, 7)}, color_scope="minmax")
    assert words.scope(matrix).endswith("one scale for the layer.")
    assert matrix.color == "diverging"


@pytest.mark.parametrize(
    ("groups", "sentence"),
    [
        (2, "2 groups: filters 0 to 5 see input channels 0 to 5, the next 6 the next 6, and so on."),
        (
            12,
            "Depthwise: each filter sees one input channel, filter 0 sees 0, filter 1 sees 1, and so on.",
        ),
    ],
)
def test_groups_are_told(groups: int, sentence: str) -> None:
    assert sentence in words.notes(subject(nn.Sequential(nn.Conv2d(12, 12, 3, groups=groups))))


def test_the_first_layer_has_no_caution_and_the_second_has() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3))
    assert words.notes(subject(model, "0")) == []
    assert words.notes(subject(model, "1")) == [
        "Input channels are features of the layer before, not colours."
    ]


def test_what_a_layer_itself_says_is_passed_on() -> None:
    assert "The kind is inferred from names and shapes." in " ".join(
        words.notes(subject({"a.weight": normal(4, 3, 3, 3)}))
    )


@pytest.mark.parametrize(
    ("count", "sentence"),
    [
        (1, "1 weight is NaN or infinite, and left out of scales and norms."),
        (3, "3 weights are NaN or infinite, and left out of scales and norms."),
    ],
)
def test_what_is_no_number_is_counted(count: int, sentence: str) -> None:
    weight = normal(4, 1, 3, 3)
    weight.view(-1)[:count] = float("inf")
    assert sentence in words.notes(subject({"a.weight": weight}))


def test_too_many_to_order_stay_in_the_order_of_the_layer() -> None:
    many = subject({"a.weight": torch.zeros(MAX_ORDERED + 1)}, order="norm")
    assert many.order is None
    assert any("more than 65,536" in note for note in words.notes(many))


def test_pooled_kernels_are_told() -> None:
    wide = subject({"a.weight": torch.ones(1, 5000, 3, 3)})
    assert wide.layout.pixels == 5000
    assert "Each pixel is the weight of largest magnitude in a block of 3 × 3." in words.notes(wide)


@pytest.mark.parametrize(
    ("module", "named"),
    [
        (nn.Conv2d(2, 2, 3), {"cell": "channel", "slice": "", "row": "row", "column": "column"}),
        (nn.Conv1d(2, 2, 3), {"cell": "", "slice": "", "row": "channel", "column": "position"}),
        (nn.Conv3d(2, 2, 3), {"cell": "channel", "slice": "depth", "row": "row", "column": "column"}),
        (nn.Linear(3, 2), {"cell": "", "slice": "", "row": "", "column": "input"}),
        (nn.Embedding(3, 2), {"cell": "", "slice": "", "row": "", "column": "dimension"}),
        (nn.BatchNorm1d(3), {"cell": "", "slice": "", "row": "", "column": ""}),
    ],
)
def test_each_kind_names_its_axes(module: nn.Module, named: dict[str, str]) -> None:
    assert words.axes(subject(nn.Sequential(module))) == named


def test_channels_without_number_become_the_rows_of_one_picture() -> None:
    wide = subject({"a.weight": torch.ones(1, 90_000, 1, 3)})
    assert words.axes(wide)["row"] == "channel"
    assert (wide.layout.cells, wide.layout.rows) == (1, 90_000)


@pytest.mark.parametrize(
    ("inputs", "shape"),
    [(784, (28, 28)), (3072, (3, 32, 32)), (48, (3, 4, 4)), (4, (2, 2)), (1, None), (3, None), (10, None)],
)
def test_rows_are_pictures_where_their_length_is_a_square_or_three(
    inputs: int, shape: tuple[int, ...] | None
) -> None:
    layer = open_source(nn.Sequential(nn.Linear(inputs, 2)))["0"]
    assert image_shape(layer) == shape


@pytest.mark.parametrize(
    ("module", "sentence"),
    [
        (nn.Conv2d(4, 8, 3, groups=4), "Depthwise, each filter sees one input channel: filters 0 to 1 see"),
        (
            nn.ConvTranspose2d(8, 6, 4),
            "Transposed: a tile for each output channel; stored inputs first, 8 × 6 × 4 × 4.",
        ),
        (nn.Conv1d(4, 6, 3), "Each tile: input channel down, position across."),
        (nn.Conv3d(2, 3, (5, 2, 2)), "The 5 depths of each kernel stand side by side."),
    ],
)
def test_what_is_special_about_a_convolution_is_told(module: nn.Module, sentence: str) -> None:
    assert any(note.startswith(sentence) for note in words.notes(subject(nn.Sequential(module))))
    usual = " ".join(words.notes(subject(nn.Sequential(nn.Conv2d(4, 8, 3)))))
    assert sentence not in usual


def test_a_chosen_depth_is_told_and_named() -> None:
    volume = nn.Sequential(nn.Conv3d(2, 3, (5, 2, 2)))
    told = words.notes(subject(volume, depth_index=2))
    assert "Depth 2 of 0 to 4 alone; scales and norms are of all depths." in told
    assert not any("side by side" in note for note in told)
    assert (
        words.axes(subject(volume))["slice"] == words.axes(subject(volume, depth_index=2))["slice"] == "depth"
    )


def test_only_3d_convolutions_have_depths_to_choose() -> None:
    model = nn.Sequential(nn.Conv3d(2, 3, (5, 2, 2)), nn.ConvTranspose3d(2, 3, (4, 2, 2)), nn.Conv2d(2, 3, 5))
    assert [kernel_depths(layer) for layer in open_source(model).values()] == [5, 4, 0]


def test_only_convolutions_have_input_channels_to_choose() -> None:
    model = nn.Sequential(nn.Conv2d(8, 8, 3, groups=4), nn.Linear(4, 4))
    source = open_source(model)
    assert [input_channels(source[name]) for name in ("0", "1")] == [2, 0]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("shape", [(7,), (5000, 3, 3, 3), (9, 700, 3, 3), (3, 9000, 3, 3)])
def test_a_page_is_as_full_as_its_bound_allows(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    laid_out = subject({"a.weight": torch.zeros(shape, dtype=dtype)})
    itemsize = 8 if dtype == torch.float64 else 4
    # A level, the weight and a bit of the mask for each pixel; two limits and a norm for each tile.
    one = laid_out.layout.pixels * (1 + itemsize) + laid_out.layout.pixels / 8 + 24
    assert laid_out.page_size * one <= PAGE_BYTES
    assert (laid_out.page_size + 1) * (one + 1) > PAGE_BYTES
    assert laid_out.page_count * laid_out.page_size >= laid_out.count


def test_places_and_filters_are_each_others_inverse() -> None:
    ordered = subject({"a.weight": normal(30, 2, 3, 3)}, order="norm")
    filters = ordered.filters(0, 99)
    assert sorted(filters.tolist()) == list(range(30))
    assert [ordered.place(int(index)) for index in filters] == list(range(30))
    assert ordered.filters(5, 8).tolist() == filters[5:8].tolist()


def test_while_a_cell_runs_the_weights_are_copied_once() -> None:
    weight = normal(4, 2, 3, 3)
    live, still = (subject({"a.weight": weight}, live=live) for live in (True, False))
    # Read now: what changes later must not be seen.
    before = live.weight
    weight.zero_()
    assert live.weight is before
    assert before.abs().sum() > 0
    assert still.weight.abs().sum() == 0
