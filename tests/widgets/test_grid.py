from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
import traitlets as t
from torch import nn

from tests.widgets.fixture import check_fixture, freeze, state_of, thaw
from weightwidgets import wire
from weightwidgets.analysis import filter_grid, shuffled
from weightwidgets.analysis.matrix_picture import matrix_mask, matrix_picture
from weightwidgets.analysis.selection import in_range
from weightwidgets.widgets import grid as module
from weightwidgets.widgets.grid import FilterGrid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

OUTPUTS = ["frame", "pages", "row", "lit", "error"]
HOSTILE = "<img src=x onerror=alert(1)>\u202e"
PAGE_BYTES = 128_000


@pytest.fixture(autouse=True)
def _no_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "bundle", lambda _name: "")


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape, dtype=np.float32))


@pytest.fixture
def state() -> dict[str, torch.Tensor]:
    return {
        "first.weight": normal(8, 3, 5, 5),
        "deep.weight": normal(12, 6, 3, 3),
        "long.weight": normal(400, 64, 5, 5),
        "dense.weight": normal(300, 700),
        "digits.weight": normal(10, 784),
        "scale.weight": normal(16),
    }


def shown(view: FilterGrid, name: str = "frame") -> dict[str, Any]:
    thawed: dict[str, Any] = thaw(getattr(view, name))
    return thawed


def published(view: FilterGrid, change: Callable[[], object]) -> list[str]:
    """Name the outputs that a change publishes."""
    names: list[str] = []
    view.observe(lambda event: names.append(event["name"]), OUTPUTS)
    change()
    view.unobserve_all()
    return names


def of_the_browser(view: FilterGrid, **message: Any) -> None:
    view.set_state(message)


def page_of(view: FilterGrid, number: int) -> dict[str, Any]:
    of_the_browser(view, wanted={"token": view.frame["token"], "pages": [number]})
    (page,) = shown(view, "pages")["pages"]
    assert page["page"] == number
    found: dict[str, Any] = page
    return found


def size_of(frame: Mapping[str, Any]) -> int:
    return len(json.dumps(freeze(frame)))


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


def test_beyond_the_first_layer_channels_are_called_features() -> None:
    model = nn.Sequential(nn.Conv2d(1, 3, 3), nn.Conv2d(3, 4, 3))
    view = FilterGrid(model, "1")
    frame = shown(view)
    assert (frame["color"], frame["tiles"]["cells"]) == ("diverging", 3)
    assert "Input channels are features of the layer before, not colours." in frame["notes"]


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


def test_a_filter_step_publishes_nothing(state: dict[str, torch.Tensor]) -> None:
    view = FilterGrid(state, "long")
    assert published(view, lambda: of_the_browser(view, filter_index=200)) == []


def test_the_same_question_twice_publishes_nothing(state: dict[str, torch.Tensor]) -> None:
    view = FilterGrid(state, "deep", order="norm")
    assert published(view, view.answer) == []
    assert published(view, lambda: of_the_browser(view, order="norm", color_scope="layer")) == []


def test_a_new_layer_is_one_answer_of_frame_and_tiles_together(state: dict[str, torch.Tensor]) -> None:
    view = FilterGrid(state, "first", filter_index=7, input_channel=2)
    names = published(view, lambda: of_the_browser(view, layer="deep", filter_index=99))
    assert sorted(names) == ["frame", "lit", "pages"]
    assert (view.filter_index, view.input_channel) == (11, 2)
    assert view.frame["token"] == view.pages["token"] == view.lit["token"]


def test_a_request_for_a_frame_that_is_gone_is_not_answered(state: dict[str, torch.Tensor]) -> None:
    view = FilterGrid(state, "long")
    old = view.frame["token"]
    view.layer = "deep"
    before = view.pages
    view.wanted = {"token": old, "pages": [3]}
    assert view.pages is before


@pytest.mark.parametrize("pages", [[-1, 10_000], ["x"], [None], []])
def test_pages_that_do_not_exist_are_left_out(state: dict[str, torch.Tensor], pages: list[Any]) -> None:
    view = FilterGrid(state, "long")
    of_the_browser(view, wanted={"token": view.frame["token"], "pages": pages, "sheet": 99})
    assert (view.error, [page["page"] for page in shown(view, "pages")["pages"]]) == ("", [0])


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
    alone = matrix_picture(state["dense.weight"][123:124], 1, 256)
    np.testing.assert_array_equal(row["values"], alone.values[0])
    assert row["norm"][0] == pytest.approx(float(state["dense.weight"][123].double().norm()), rel=1e-12)


def test_a_step_along_a_matrix_publishes_the_row_alone(state: dict[str, torch.Tensor]) -> None:
    view = FilterGrid(state, "dense")
    assert published(view, lambda: of_the_browser(view, filter_index=7)) == ["row"]
    assert size_of(view.row) < 2_500


def test_rows_of_square_inputs_can_be_shown_as_pictures(state: dict[str, torch.Tensor]) -> None:
    view = FilterGrid(state, "digits")
    assert (shown(view)["mode"], shown(view)["images"]) == ("matrix", "assumed 28 × 28")  # noqa: RUF001
    view.as_images = True
    frame, page = shown(view), shown(view, "pages")["pages"][0]
    expected = filter_grid(state["digits.weight"], image_shape=(28, 28))
    assert frame["mode"] == "tiles"
    np.testing.assert_array_equal(page["levels"].ravel(), expected.levels.ravel())
    assert any("assumed 28" in note for note in frame["notes"])


def test_colour_pictures_are_recognised_and_other_inputs_are_not() -> None:
    state = {"a.weight": normal(4, 48), "b.weight": normal(4, 47)}
    view = FilterGrid(state, "a", as_images=True)
    assert (shown(view)["color"], shown(view)["tiles"]["depth"]) == ("rgb", 3)
    view.layer = "b"
    assert (shown(view)["mode"], shown(view)["images"]) == ("matrix", None)


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


def test_changed_weights_are_seen_when_a_cell_ends() -> None:
    model = nn.Conv2d(1, 4, 3)
    view = FilterGrid(model)
    assert published(view, lambda: view.look(cell_ended=True)) == []
    with torch.no_grad():
        model.weight.mul_(2)
    assert "pages" in published(view, lambda: view.look(cell_ended=True))
    page = shown(view, "pages")["pages"][0]
    np.testing.assert_array_equal(page["values"].ravel(), model.weight.detach().numpy().ravel())


def test_while_a_cell_runs_the_view_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    view = FilterGrid(nn.Conv2d(1, 4, 3))
    assert shown(view)["notes"] == []
    monkeypatch.setattr("weightwidgets.widgets._watch._Watch.cell_runs", property(lambda _self: True))
    view.answer()
    assert shown(view)["notes"] == ["Read while a cell was running: it may mix two training steps."]


@pytest.mark.parametrize(
    ("trait", "value", "sentence"),
    [
        ("filter_index", 12, "filter_index must be 0 to 11"),
        ("filter_index", -1, "filter_index must be 0 to 11"),
        ("input_channel", 6, "input_channel must be None or 0 to 5"),
        ("input_channel", -1, "input_channel must be None or 0 to 5"),
        ("color_scope", "robust", "color_scope"),
        ("order", "size", "order"),
        ("selected_range", (2, 1), "selected_range"),
        ("selected_range", (0, float("inf")), "selected_range"),
        ("layer", "deeep", "deep"),
    ],
)
def test_python_is_told_the_valid_range_and_the_grid_stays(
    state: dict[str, torch.Tensor], trait: str, value: Any, sentence: str
) -> None:
    view = FilterGrid(state, "deep")
    before, frame = getattr(view, trait), view.frame
    with pytest.raises(t.TraitError, match=sentence):
        setattr(view, trait, value)
    assert getattr(view, trait) == before
    assert view.frame is frame


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"filter_index": 99}, {"filter_index": 11}),
        ({"filter_index": -5}, {"filter_index": 0}),
        ({"input_channel": 99}, {"input_channel": 5}),
        ({"input_channel": -9}, {"input_channel": 0}),
        ({"input_channel": "x"}, {"input_channel": None}),
        ({"layer": "dense", "input_channel": 3}, {"layer": "dense", "input_channel": None}),
        ({"color_scope": "robust"}, {"color_scope": "layer"}),
        ({"order": 3}, {"order": "index"}),
        ({"selected_range": [3, "x"]}, {"selected_range": None}),
        ({"selected_range": [1, 2]}, {"selected_range": (1.0, 2.0)}),
        ({"wanted": 7, "filter_index": 3}, {"filter_index": 3, "wanted": {}}),
        ({"frame": {}, "filter_index": 2}, {"filter_index": 2}),
    ],
)
def test_the_browser_is_kept_within_bounds(
    state: dict[str, torch.Tensor], message: dict[str, Any], expected: dict[str, Any]
) -> None:
    view = FilterGrid(state, "deep")
    of_the_browser(view, **message)
    assert {name: getattr(view, name) for name in expected} == expected
    assert view.error == ""
    assert view.frame != {}


def test_a_channel_that_the_new_layer_lacks_becomes_all(state: dict[str, torch.Tensor]) -> None:
    view = FilterGrid(state, "deep", input_channel=5)
    view.layer = "first"
    assert view.input_channel is None


def test_a_model_on_meta_says_why_nothing_is_drawn_and_recovers() -> None:
    view = FilterGrid({"a.weight": torch.empty(4, 3, device="meta"), "b.weight": normal(4, 3)}, "a")
    assert "on `meta`" in view.error
    assert view.frame == {}
    assert view.picture() is None
    view.layer = "b"
    assert (view.error, shown(view)["mode"]) == ("", "matrix")


@pytest.mark.parametrize("shape", [(0, 3, 3, 3), (4, 0, 3, 3), (0, 5), (5, 0), (0,)])
def test_an_empty_layer_says_that_it_is(shape: tuple[int, ...]) -> None:
    view = FilterGrid({"a.weight": torch.zeros(shape)})
    assert view.error.startswith("This layer has no weights to show")


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


@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (1, 1, 1, 1)])
def test_one_weight_is_one_tile(shape: tuple[int, ...]) -> None:
    view = FilterGrid({"a.weight": torch.full(shape, -2.0)})
    assert view.error == ""
    assert shown(view)["count"] == 1
    assert shown(view, "pages")["pages"][0]["levels"].ravel().tolist() == [1]


def test_a_hostile_name_travels_as_bytes_and_is_made_visible() -> None:
    view = FilterGrid({f"{HOSTILE}.weight": normal(2, 3)})
    assert HOSTILE not in repr(view.get_state())
    assert shown(view)["title"] == wire.display_name(HOSTILE)


def test_an_unknown_keyword_is_refused_with_a_hint() -> None:
    with pytest.raises(TypeError, match="color_scope"):
        FilterGrid(nn.Conv2d(1, 1, 1), colour_scope="layer")


@pytest.mark.parametrize("name", ["first", "deep", "dense", "digits", "scale"])
def test_the_picture_is_drawn_without_a_browser(state: dict[str, torch.Tensor], name: str) -> None:
    image = FilterGrid(state, name).picture()
    assert image is not None
    assert image.width == 700
    assert len(np.unique(np.asarray(image).reshape(-1, 3), axis=0)) > 20


def test_closing_frees_every_widget(open_widgets: Callable[[], set[str]]) -> None:
    before = open_widgets()
    view = FilterGrid(nn.Conv2d(1, 2, 3))
    view.close()
    view.close()
    assert open_widgets() == before


def fixture_states(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the TypeScript tests draw: each with its own kind of picture."""
    colors = {"conv.weight": normal(10, 3, 4, 4)}
    deep = {"a.weight": normal(1, 2, 1, 1), "deep.weight": normal(7, 5, 3, 2)}
    deep["deep.weight"][2, 1, 0, 0], deep["deep.weight"][2, 1, 0, 1] = float("nan"), float("-inf")
    grouped = nn.Conv2d(6, 9, 3, groups=3, bias=False)
    grouped.weight.data = normal(9, 2, 3, 3)
    views = {
        "rgb": FilterGrid(colors),
        "minmax": FilterGrid(colors, input_channel=1, color_scope="minmax", filter_index=4),
        "mosaic": FilterGrid(deep, "deep", filter_index=2),
        "ordered": FilterGrid(deep, "deep", order="norm"),
        "lit": FilterGrid(deep, "deep", selected_range=(0.5, 9.0)),
        "grouped": FilterGrid(nn.Sequential(grouped), filter_index=4),
        "images": FilterGrid({"w.weight": normal(6, 48)}, as_images=True),
        "strip": FilterGrid({"w.weight": normal(5, 4, 3)}),
    }
    states = {name: state_of(view) for name, view in views.items()}
    # Small pages and pictures make a small file of what large layers do.
    monkeypatch.setattr("weightwidgets.widgets._grid_subject.PAGE_BYTES", 1000)
    monkeypatch.setattr("weightwidgets.widgets._grid_subject._MATRIX_PIXELS", (20, 10))
    paged = FilterGrid({"w.weight": normal(300, 4, 2, 2)}, filter_index=150)
    matrix = FilterGrid({"w.weight": normal(40, 30)}, selected_range=(2.0, 9.0), filter_index=9)
    return {**states, "paged": state_of(paged), "matrix": state_of(matrix)}


def test_the_fixture_of_the_browser_tests_is_what_python_publishes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # An address in memory is another one on every run.
    monkeypatch.setattr(FilterGrid, "version", lambda _self, layer: (layer.weight.numpy().tobytes(),))
    check_fixture("grid", fixture_states(monkeypatch))
