from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
import traitlets as t
from torch import nn

from tests.widgets.fixture import check_fixture, state_of
from tests.widgets.grid_cases import (
    layers,
    normal,
    of_the_browser,
    published,
    shown,
    size_of,
)
from weightwidgets import wire
from weightwidgets.widgets import grid as module
from weightwidgets.widgets.grid import FilterGrid

if TYPE_CHECKING:
    from collections.abc import Callable

HOSTILE = "<img src=x onerror=alert(1)>\u202e"


@pytest.fixture(autouse=True)
def _no_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "bundle", lambda _name: "")


@pytest.fixture
def state() -> dict[str, torch.Tensor]:
    return layers()


def test_beyond_the_first_layer_channels_are_called_features() -> None:
    model = nn.Sequential(nn.Conv2d(1, 3, 3), nn.Conv2d(3, 4, 3))
    view = FilterGrid(model, "1")
    frame = shown(view)
    assert (frame["color"], frame["tiles"]["cells"]) == ("diverging", 3)
    assert "Input channels are features of the layer before, not colours." in frame["notes"]


def test_a_filter_step_publishes_nothing(state: dict[str, torch.Tensor]) -> None:
    view = FilterGrid(state, "long")
    assert published(view, lambda: of_the_browser(view, filter_index=200)) == []


def test_the_same_question_twice_publishes_nothing(state: dict[str, torch.Tensor]) -> None:
    view = FilterGrid(state, "deep", order="norm")
    assert published(view, view.answer) == []
    assert published(view, lambda: of_the_browser(view, order="norm", color_scope="filter")) == []


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


def test_a_step_along_a_matrix_publishes_the_row_alone(state: dict[str, torch.Tensor]) -> None:
    view = FilterGrid(state, "dense")
    assert published(view, lambda: of_the_browser(view, filter_index=7)) == ["row"]
    assert size_of(view.row) < 5_000


def test_colour_pictures_are_recognised_and_other_inputs_are_not() -> None:
    state = {"a.weight": normal(4, 48), "b.weight": normal(4, 47)}
    view = FilterGrid(state, "a", as_images=True)
    assert (shown(view)["color"], shown(view)["tiles"]["depth"]) == ("rgb", 3)
    view.layer = "b"
    assert (shown(view)["mode"], shown(view)["images"]) == ("matrix", None)


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
        ({"color_scope": "robust"}, {"color_scope": "filter"}),
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


def volumes() -> nn.ModuleDict:
    """Two 3-d convolutions, of 4 and of 2 slices, and a flat one."""
    return nn.ModuleDict(
        {"deep": nn.Conv3d(2, 3, (4, 2, 2)), "shallow": nn.Conv3d(2, 3, 2), "flat": nn.Conv2d(2, 3, 2)}
    )


def deep_of(model: nn.ModuleDict) -> np.ndarray:
    weight: np.ndarray = model.state_dict()["deep.weight"].numpy()
    return weight


@pytest.mark.parametrize("depth", [None, 0, 3])
def test_the_depth_says_which_slices_of_the_kernels_travel(depth: int | None) -> None:
    model = volumes()
    view = FilterGrid(model, "deep", depth_index=depth)
    weight = deep_of(model)
    expected = weight if depth is None else weight[:, :, [depth]]
    (page,) = shown(view, "pages")["pages"]
    np.testing.assert_array_equal(page["values"], expected.reshape(3, -1, 2, 2))
    assert (shown(view)["depths"], shown(view)["depth_index"]) == (4, depth)
    # What is not in sight counts all the same.
    np.testing.assert_array_equal(page["limits"][:, 1], np.abs(weight).reshape(3, -1).max(axis=1))
    np.testing.assert_allclose(page["norms"], np.linalg.norm(weight.reshape(3, -1), axis=1), rtol=1e-6)


def test_the_mask_is_that_of_the_slice_in_sight() -> None:
    model = volumes()
    view = FilterGrid(model, "deep", depth_index=1, selected_range=(0.0, 1.0))
    bits = np.unpackbits(shown(view, "lit")["masks"][0], bitorder="little")[:24]
    np.testing.assert_array_equal(bits, deep_of(model)[:, :, 1].ravel() >= 0)


@pytest.mark.parametrize(
    ("layer", "depth", "sentence"),
    [
        ("deep", 4, "depth_index must be None or 0 to 3; got 4"),
        ("deep", -1, "depth_index must be None or 0 to 3; got -1"),
        ("flat", 0, "depth_index must be None, as this layer has no 3-d kernels; got 0"),
    ],
)
def test_a_depth_that_the_layer_lacks_is_refused(layer: str, depth: int, sentence: str) -> None:
    view = FilterGrid(volumes(), layer)
    with pytest.raises(t.TraitError, match=sentence):
        view.depth_index = depth
    assert view.depth_index is None


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"depth_index": 99}, 3),
        ({"depth_index": -9}, 0),
        ({"depth_index": None}, None),
        ({"depth_index": "x"}, 3),
        ({"layer": "shallow", "depth_index": 3}, 1),
        ({"layer": "flat", "depth_index": 1}, None),
    ],
)
def test_the_browser_is_kept_within_the_depth(message: dict[str, Any], expected: int | None) -> None:
    view = FilterGrid(volumes(), "deep", depth_index=3)
    of_the_browser(view, **message)
    assert (view.depth_index, view.error) == (expected, "")


def test_a_depth_that_the_new_layer_lacks_becomes_all() -> None:
    view = FilterGrid(volumes(), "deep", depth_index=3)
    view.layer = "shallow"
    assert view.depth_index is None
    view.depth_index = 1
    view.layer = "deep"
    assert view.depth_index == 1


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


@pytest.mark.parametrize("name", ["first", "dense"])
def test_the_picture_marks_the_selected_filter_and_fades_what_is_out_of_range(
    state: dict[str, torch.Tensor], name: str
) -> None:
    view = FilterGrid(state, name, filter_index=1)
    before = np.asarray(view.picture())
    mark = (before == [0x00, 0xC8, 0x53]).all(axis=-1)
    assert 100 < mark.sum() < 5000
    view.filter_index = 5
    other = np.asarray(view.picture())
    assert not np.array_equal((other == [0x00, 0xC8, 0x53]).all(axis=-1), mark)
    low, high = state[f"{name}.weight"].aminmax()
    view.selected_range = (float(low), float(high))
    # Below the pictures stands which range it is.
    np.testing.assert_array_equal(np.asarray(view.picture())[:95], other[:95])
    view.selected_range = (float(high) + 1, float(high) + 2)
    pixels = np.asarray(view.picture())[45:60, 14:34].reshape(-1, 3).astype(int)
    faint = pixels[(pixels != [0x00, 0xC8, 0x53]).any(axis=-1)]
    assert len(faint) > 100
    assert faint.min() >= 255 * (1 - 0.4)
    # But for the lines across, which are one grey.
    is_line = (faint == 204).all(axis=-1)
    assert 0.1 < is_line.mean() < 0.3
    assert faint[~is_line].min() >= 255 * (1 - 0.15) - 1


def test_the_picture_holds_the_selected_filter_of_a_layer_with_many(state: dict[str, torch.Tensor]) -> None:
    view = FilterGrid(state, "long", filter_index=0)
    first = np.asarray(view.picture())
    view.filter_index = 399
    last = np.asarray(view.picture())
    for picture in (first, last):
        assert (picture == [0x00, 0xC8, 0x53]).all(axis=-1).any()
    assert not np.array_equal(first, last)


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
    volume = nn.Conv3d(4, 6, (3, 2, 2), groups=2, bias=False)
    volume.weight.data = normal(6, 2, 3, 2, 2)
    views = {
        "rgb": FilterGrid(colors),
        "minmax": FilterGrid(colors, input_channel=1, color_scope="minmax", filter_index=4),
        "mosaic": FilterGrid(deep, "deep", filter_index=2, color_scope="layer"),
        "ordered": FilterGrid(deep, "deep", order="norm", color_scope="layer"),
        "lit": FilterGrid(deep, "deep", selected_range=(0.5, 9.0), color_scope="layer"),
        "grouped": FilterGrid(nn.Sequential(grouped), filter_index=4, color_scope="layer"),
        "images": FilterGrid({"w.weight": normal(6, 48)}, as_images=True),
        "strip": FilterGrid({"w.weight": normal(5, 4, 3)}),
        "volume": FilterGrid(nn.Sequential(volume), filter_index=1, color_scope="layer", depth_index=2),
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
