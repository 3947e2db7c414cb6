from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.widgets.grid_cases import (
    OUTPUTS,
    layers,
    normal,
    page_of,
    shown,
    size_of,
)
from weightwidgets.analysis import filter_grid, shuffled
from weightwidgets.analysis.matrix_picture import matrix_mask, matrix_picture
from weightwidgets.analysis.selection import in_range
from weightwidgets.sources.open import open_source
from weightwidgets.widgets import grid as module
from weightwidgets.widgets.grid import FilterGrid

PAGE_BYTES = 128_000


@pytest.fixture(autouse=True)
def _no_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "bundle", lambda _name: "")


@pytest.fixture
def state() -> dict[str, torch.Tensor]:
    return layers()


def test_program_a_eight_filters_min_max_scaled_are_what_imshow_draws() -> None:
    model = nn.Sequential(nn.Conv2d(3, 32, 3, padding=1))
    model.conv1 = model[0]
    view = FilterGrid(model, "conv1", color_scope="minmax")
    model.conv1.weight.data = torch.randn(32, 3, 3, 3)
    view.look(cell_ended=True)
    frame, page = shown(view), shown(view, "pages")["pages"][0]
    assert frame["color"] == "rgb"
    assert "moves zero" in frame["scope"]
    levels = page["levels"].reshape(32, 3, 3, 3)[:8]
    for tile, drawn in zip(model.conv1.weight.data[:8], levels, strict=True):
        picture = tile.permute(1, 2, 0).numpy()
        scaled = (picture - picture.min()) / (picture.max() - picture.min())
        # What imshow makes of floats in 0..1 (tests/analysis/test_filter_grid.py compares with its pixels).
        np.testing.assert_array_equal(drawn, (scaled * 255).astype(np.uint8))
    assert FilterGrid(model, "0").layer == view.layer


def test_true_colour_is_for_three_channels_of_the_first_layer(state: dict[str, torch.Tensor]) -> None:
    view = FilterGrid(state)
    frame, page = shown(view), shown(view, "pages")["pages"][0]
    expected = filter_grid(state["first.weight"])
    assert (frame["mode"], frame["color"], frame["tiles"]["depth"]) == ("tiles", "rgb", 3)
    np.testing.assert_array_equal(page["levels"].reshape(expected.levels.shape), expected.levels)
    np.testing.assert_array_equal(page["values"].reshape(expected.values.shape), expected.values)
    np.testing.assert_allclose(page["norms"], state["first.weight"].flatten(1).norm(dim=1), rtol=1e-6)
    np.testing.assert_array_equal(page["limits"].reshape(-1, 2), expected.limits)


def test_a_chosen_input_channel_is_shown_alone(state: dict[str, torch.Tensor]) -> None:
    view = FilterGrid(state, "deep", input_channel=4)
    expected = filter_grid(state["deep.weight"], input_channel=4)
    page = shown(view, "pages")["pages"][0]
    np.testing.assert_array_equal(page["levels"].ravel(), expected.levels.ravel())


@pytest.mark.parametrize("scope", ["filter", "layer", "minmax"])
@pytest.mark.parametrize("name", ["first", "deep", "scale"])
def test_levels_on_the_wire_are_those_of_the_analysis(
    state: dict[str, torch.Tensor], name: str, scope: Any
) -> None:
    view = FilterGrid(state, name, color_scope=scope)
    expected = filter_grid(state[f"{name}.weight"], color_scope=scope)
    page = shown(view, "pages")["pages"][0]
    np.testing.assert_array_equal(page["levels"].ravel(), expected.levels.ravel())


def test_pages_are_small_and_together_hold_every_filter(state: dict[str, torch.Tensor]) -> None:
    view = FilterGrid(state, "long")
    tiles = shown(view)["tiles"]
    pages = -(-400 // tiles["page_size"])
    assert pages > 10
    values = []
    for number in range(pages):
        page = page_of(view, number)
        assert sum(part.nbytes for part in page.values() if isinstance(part, np.ndarray)) <= PAGE_BYTES
        values.append(page["values"].ravel())
    np.testing.assert_array_equal(np.concatenate(values), state["long.weight"].numpy().ravel())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_no_answer_is_above_half_a_megabyte(dtype: torch.dtype) -> None:
    state = {
        "a.weight": torch.zeros(64, 5000, 3, 3, dtype=dtype),
        "b.weight": torch.zeros(2000, 2000, dtype=dtype),
        "c.weight": torch.zeros(100_000, dtype=dtype),
    }
    for name in ("a", "b", "c"):
        view = FilterGrid(state, name, filter_index=63, order="norm", selected_range=(0.0, 1.0))
        assert view.error == ""
        assert sum(size_of(getattr(view, output)) for output in OUTPUTS[:-1]) < 500_000
        if name != "b":
            view.wanted = {"token": view.frame["token"], "pages": [0, 1, 2, 3]}
            assert len(view.pages["pages"]) <= 2


def test_the_first_answer_holds_the_top_and_the_selected_filter(state: dict[str, torch.Tensor]) -> None:
    view = FilterGrid(state, "long", filter_index=399)
    last = 399 // shown(view)["tiles"]["page_size"]
    assert [page["page"] for page in shown(view, "pages")["pages"]] == [0, last]


def test_order_by_norm_is_descending_and_keeps_the_selection(state: dict[str, torch.Tensor]) -> None:
    view = FilterGrid(state, "deep", filter_index=5, order="norm")
    norms = state["deep.weight"].double().flatten(1).norm(dim=1)
    expected = torch.argsort(norms, descending=True, stable=True).numpy()
    frame, page = shown(view), shown(view, "pages")["pages"][0]
    np.testing.assert_array_equal(frame["order"], expected)
    np.testing.assert_allclose(page["norms"], norms[expected.copy()])
    np.testing.assert_array_equal(page["values"].reshape(12, 54), state["deep.weight"].flatten(1)[expected])
    assert view.filter_index == 5


def test_a_dense_layer_is_a_matrix_pooled_by_its_extremes(state: dict[str, torch.Tensor]) -> None:
    view = FilterGrid(state, "dense", filter_index=123)
    frame, row = shown(view), shown(view, "row")
    expected = matrix_picture(state["dense.weight"], 192, 256)
    picture = frame["picture"]
    assert frame["mode"] == "matrix"
    assert "Each pixel is the weight of largest magnitude in a block of 2 × 3." in frame["notes"]  # noqa: RUF001
    np.testing.assert_array_equal(picture["values"], expected.values)
    limit = state["dense.weight"].abs().max().double()
    levels = 128 + np.rint(127 * (expected.values.astype(np.float64) / float(limit)))
    np.testing.assert_array_equal(picture["levels"], levels)
    # The row is enlarged beside the matrix, which pools it.
    np.testing.assert_array_equal(row["values"], state["dense.weight"][123])
    assert (row["block_cols"], row["mask"]) == (1, None)
    assert row["norm"][0] == pytest.approx(float(state["dense.weight"][123].double().norm()), rel=1e-12)


def test_rows_of_square_inputs_can_be_shown_as_pictures(state: dict[str, torch.Tensor]) -> None:
    view = FilterGrid(state, "digits")
    assert (shown(view)["mode"], shown(view)["images"]) == ("matrix", "assumed 28 × 28")  # noqa: RUF001
    view.as_images = True
    frame, page = shown(view), shown(view, "pages")["pages"][0]
    expected = filter_grid(state["digits.weight"], image_shape=(28, 28))
    assert frame["mode"] == "tiles"
    np.testing.assert_array_equal(page["levels"].ravel(), expected.levels.ravel())
    assert any("assumed 28" in note for note in frame["notes"])


def test_the_selected_range_lights_exactly_the_weights_in_it(state: dict[str, torch.Tensor]) -> None:
    view = FilterGrid(state, "long")
    frame = view.frame
    top = float(state["long.weight"].max())
    view.selected_range = (0.5, top)
    assert view.frame is frame
    lit = shown(view, "lit")
    inside = in_range(state["long.weight"], (0.5, top)).ravel()
    tiles = shown(view)["tiles"]
    pixels = tiles["page_size"] * tiles["cells"] * tiles["height"] * tiles["width"]
    found = [np.unpackbits(bits, bitorder="little")[:pixels] for bits in lit["masks"]]
    np.testing.assert_array_equal(np.concatenate(found)[: inside.size], inside)
    view.selected_range = None
    assert shown(view, "lit")["masks"] is None


def test_a_coloured_pixel_is_lit_by_any_of_its_three_weights(state: dict[str, torch.Tensor]) -> None:
    view = FilterGrid(state, "first", selected_range=(1.0, 9.0))
    (bits,) = shown(view, "lit")["masks"]
    expected = in_range(state["first.weight"], (1.0, 9.0)).any(axis=1).ravel()
    np.testing.assert_array_equal(np.unpackbits(bits, bitorder="little")[: expected.size], expected)


def test_a_pixel_of_a_matrix_is_lit_by_any_weight_of_its_block(state: dict[str, torch.Tensor]) -> None:
    view = FilterGrid(state, "dense", selected_range=(2.0, 9.0))
    (bits,) = shown(view, "lit")["masks"]
    expected = matrix_mask(state["dense.weight"], (2.0, 9.0), 99.0, 192, 256).ravel()
    np.testing.assert_array_equal(np.unpackbits(bits, bitorder="little")[: expected.size], expected)


def test_a_long_row_is_pooled_and_lit_by_any_weight_of_a_block() -> None:
    weight = normal(3, 2500)
    view = FilterGrid({"a.weight": weight}, filter_index=1, selected_range=(2.0, 9.0))
    row = shown(view, "row")
    alone = matrix_picture(weight[1:2], 1, 1024)
    assert row["block_cols"] == alone.block_cols == 3
    np.testing.assert_array_equal(row["values"], alone.values[0])
    lit = np.unpackbits(row["mask"], bitorder="little")[: row["values"].size]
    inside = np.append((weight[1] >= 2).numpy(), [False, False]).reshape(-1, 3).any(axis=1)
    np.testing.assert_array_equal(lit, inside)
    view.selected_range = None
    assert shown(view, "row")["mask"] is None


def test_one_outlier_does_not_leave_a_matrix_in_one_colour_where_colours_are_robust() -> None:
    weight = normal(100, 100)
    weight[7, 8] = 5000
    view = FilterGrid({"a.weight": weight}, filter_index=7)
    assert np.unique(shown(view)["picture"]["levels"]).tolist() == [128, 255]
    view.robust_colors = True
    frame, row = shown(view), shown(view, "row")
    limit = float(weight.abs().flatten().sort().values[9989])
    assert frame["limit"] == [limit]
    share = np.clip(weight.double().numpy() / limit, -1, 1)
    np.testing.assert_array_equal(frame["picture"]["levels"], 128 + np.rint(127 * share))
    np.testing.assert_array_equal(row["levels"], 128 + np.rint(127 * share[7]))
    assert "Robust colours: 10 of the weights are beyond" in frame["scope"]


def test_robust_colours_of_matrices_on_one_scale_end_where_the_larger_one_does() -> None:
    small, large = {"a.weight": normal(50, 40)}, {"a.weight": 3 * normal(50, 40, seed=1)}
    small["a.weight"][1, 1] = 900
    view = FilterGrid(small, robust_colors=True)
    view.share_scale([open_source(large)])
    # The 1998th of 2000 magnitudes.
    assert shown(view)["limit"] == [float(large["a.weight"].abs().flatten().sort().values[1997])]
    assert "Robust colours: at most 0.1 % of the weights are beyond" in shown(view)["scope"]


def test_robust_colours_change_nothing_where_filters_are_tiles(state: dict[str, torch.Tensor]) -> None:
    plain, robust = FilterGrid(state, "deep"), FilterGrid(state, "deep", robust_colors=True)
    assert shown(plain)["scope"] == shown(robust)["scope"]
    assert shown(plain)["limit"] == shown(robust)["limit"]


def test_masks_of_later_pages_come_in_sheets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("weightwidgets.widgets._grid_frames.SHEET_PAGES", 2)
    weight = normal(400, 64, 5, 5)
    view = FilterGrid({"a.weight": weight}, selected_range=(0.0, 1.0))
    assert (shown(view, "lit")["first"], len(shown(view, "lit")["masks"])) == (0, 2)
    view.wanted = {"token": view.frame["token"], "pages": [5], "sheet": 2}
    lit, size = shown(view, "lit"), shown(view)["tiles"]["page_size"]
    assert (lit["first"], len(lit["masks"])) == (4, 2)
    expected = in_range(weight[4 * size : 5 * size], (0.0, 1.0)).ravel()
    np.testing.assert_array_equal(
        np.unpackbits(lit["masks"][0], bitorder="little")[: expected.size], expected
    )


def test_shuffled_shows_the_same_weights_in_other_places(state: dict[str, torch.Tensor]) -> None:
    view = FilterGrid(state, "deep", shuffled=True)
    page = shown(view, "pages")["pages"][0]
    np.testing.assert_array_equal(page["values"].ravel(), shuffled(state["deep.weight"]).numpy().ravel())
    assert any("shuffled" in note for note in shown(view)["notes"])


@pytest.mark.parametrize(
    "dtype", [torch.float16, torch.bfloat16, torch.float64, torch.int8, torch.bool, torch.complex64]
)
def test_every_dtype_is_shown(dtype: torch.dtype) -> None:
    weight = (normal(4, 3, 3, 3) * 50).to(dtype)
    view = FilterGrid({"a.weight": weight})
    assert view.error == ""
    values = shown(view, "pages")["pages"][0]["values"]
    expected = weight.abs() if dtype.is_complex else weight
    np.testing.assert_allclose(np.sort(values.ravel()), np.sort(expected.double().numpy().ravel()))


def test_weights_that_are_no_numbers_are_counted_and_flagged() -> None:
    weight = normal(4, 3, 3, 3)
    weight[1, 0, 0, 0], weight[2, 0, 0, 0] = float("nan"), float("inf")
    view = FilterGrid({"a.weight": weight})
    assert "2 weights are NaN or infinite, and left out of scales and norms." in shown(view)["notes"]
    assert shown(view, "pages")["pages"][0]["nonfinite"]


@pytest.mark.parametrize("scope", ["filter", "layer", "minmax"])
def test_a_filter_without_a_finite_weight_has_neither_norm_nor_ends(scope: Any) -> None:
    weight = normal(4, 3, 3, 3)
    weight[1], weight[2], weight[3, 0] = float("nan"), 0, float("-inf")
    view = FilterGrid({"a.weight": weight}, color_scope=scope)
    (page,) = shown(view, "pages")["pages"]
    expected = [float(weight[index][weight[index].isfinite()].double().norm()) for index in (0, 2, 3)]
    np.testing.assert_allclose(page["norms"][[0, 2, 3]], expected, rtol=1e-12)
    assert np.isnan(page["norms"]).tolist() == [False, True, False, False]
    # The layer's scale is that of its other filters.
    lost = [False, scope != "layer", False, False]
    np.testing.assert_array_equal(np.isnan(page["limits"].reshape(-1, 2)), np.repeat(lost, 2).reshape(-1, 2))


@pytest.mark.parametrize("shape", [(5, 3, 2, 2), (5, 8)])
@pytest.mark.parametrize("stray", [float("nan"), float("inf")])
def test_a_layer_without_a_finite_weight_has_no_limit(shape: tuple[int, ...], stray: float) -> None:
    view = FilterGrid({"a.weight": torch.full(shape, stray)})
    assert view.error == ""
    assert np.isnan(shown(view)["limit"]).all()
    assert not any("scale for" in note for note in shown(view)["notes"])
    norms = shown(view, "row")["norm"] if len(shape) == 2 else shown(view, "pages")["pages"][0]["norms"]
    assert np.isnan(norms).all()
    zeros = FilterGrid({"a.weight": torch.zeros(shape)})
    assert shown(zeros)["limit"] == [0]


def test_a_lost_layer_has_the_scale_of_those_that_share_it() -> None:
    view = FilterGrid({"a.weight": torch.full((4, 3), float("nan"))})
    view.share_scale([open_source({"a.weight": torch.full((4, 3), -2.0)})])
    assert shown(view)["limit"] == [2]


@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (1, 1, 1, 1)])
def test_one_weight_is_one_tile(shape: tuple[int, ...]) -> None:
    view = FilterGrid({"a.weight": torch.full(shape, -2.0)})
    assert view.error == ""
    assert shown(view)["count"] == 1
    assert shown(view, "pages")["pages"][0]["levels"].ravel().tolist() == [1]
