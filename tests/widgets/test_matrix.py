from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
import traitlets as t
from torch import nn

from tests.widgets.fixture import check_fixture, freeze, state_of
from tests.widgets.matrix_cases import HOSTILE, ask_for, layers, normal, published, shown
from weightwidgets.widgets import _matrix_subject as subject_module
from weightwidgets.widgets import matrix as module
from weightwidgets.widgets.matrix import WeightMatrix


@pytest.fixture(autouse=True)
def _no_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "bundle", lambda _name: "")


def test_the_first_matrix_is_shown_and_a_convolution_says_what_shows_it() -> None:
    view = WeightMatrix(layers())
    assert (view.layer, view.error) == ("dense", "")
    view.layer = "conv"
    assert "no matrix: ww.FilterGrid" in view.error
    assert view.frame == {}
    view.layer = "out"
    assert (view.error, shown(view)["rows"], shown(view)["cols"]) == ("", 10, 300)


def test_a_step_to_another_row_publishes_the_row_alone() -> None:
    view = WeightMatrix(layers())
    assert published(view, lambda: view.set_state({"filter_index": 7})) == ["row"]
    assert shown(view, "row")["norm"][0] == pytest.approx(layers()["dense.weight"][7].double().norm().item())
    assert published(view, view.answer) == []
    assert published(view, lambda: ask_for(view, [0, 0, 0, 0])) == ["pages"]


def test_shuffled_weights_are_the_same_in_other_places_and_too_many_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    view = WeightMatrix(layers(), "out", shuffled=True)
    tiles = ask_for(view, *[[0, 0, 0, col] for col in range(3)])
    found = np.concatenate([tile["values"] for tile in tiles], axis=1)
    weight = layers()["out.weight"].numpy()
    np.testing.assert_array_equal(np.sort(found, axis=None), np.sort(weight, axis=None))
    assert not np.array_equal(found, weight)
    monkeypatch.setattr(subject_module, "MOST_SHUFFLED", 100)
    view.refresh()
    assert "up to 100 can be shuffled" in view.error


def test_changed_weights_are_seen_when_a_cell_ends() -> None:
    model = nn.Linear(5, 4)
    view = WeightMatrix(model)
    assert published(view, lambda: view.look(cell_ended=True)) == []
    with torch.no_grad():
        model.weight.mul_(2)
    assert {"frame", "pages", "row"} <= set(published(view, lambda: view.look(cell_ended=True)))
    np.testing.assert_array_equal(ask_for(view, [0, 0, 0, 0])[0]["values"], model.weight.detach().numpy())


@pytest.mark.parametrize(
    ("trait", "value", "sentence"),
    [
        ("filter_index", 300, "filter_index must be 0 to 299"),
        ("pooling", "max", "pooling"),
        ("order", "size", "order"),
        ("contrast", 3, "contrast"),
        ("image_shape", (3, 28, 28), "the product 784"),
        ("image_shape", (784,), "the product 784"),
        ("image_shape", (-28, -28), "the product 784"),
        ("image_shape", "28x28", "the product 784"),
        ("layer", "dens", "dense"),
    ],
)
def test_python_is_told_the_valid_range_and_the_view_stays(trait: str, value: Any, sentence: str) -> None:
    view = WeightMatrix(layers())
    before, frame = getattr(view, trait), view.frame
    with pytest.raises(t.TraitError, match=sentence):
        setattr(view, trait, value)
    assert getattr(view, trait) == before
    assert view.frame is frame


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"filter_index": 999}, {"filter_index": 299}),
        ({"image_shape": [28, 28]}, {"image_shape": (28, 28)}),
        ({"image_shape": [28, 29]}, {"image_shape": None}),
        ({"image_shape": "x"}, {"image_shape": None}),
        ({"layer": b"out", "image_shape": [28, 28]}, {"layer": "out", "image_shape": None}),
        ({"pooling": "max"}, {"pooling": "extreme"}),
        ({"order": 3}, {"order": "index"}),
        ({"contrast": 5}, {"contrast": 1}),
        ({"contrast": 8, "wanted": 7}, {"contrast": 8, "wanted": {}}),
        ({"shuffled": "yes"}, {"shuffled": False}),
        ({"search": b"x" * 1000}, {"search": "x" * 200}),
        ({"frame": {}, "filter_index": 2}, {"filter_index": 2}),
    ],
)
def test_the_browser_is_kept_within_bounds(message: dict[str, Any], expected: dict[str, Any]) -> None:
    view = WeightMatrix(layers())
    view.set_state(message)
    assert {name: getattr(view, name) for name in expected} == expected
    assert view.error == ""
    assert view.frame != {}


@pytest.mark.parametrize("shape", [(0, 5), (5, 0)])
def test_an_empty_layer_says_that_it_is(shape: tuple[int, ...]) -> None:
    view = WeightMatrix({"a.weight": torch.zeros(shape)})
    assert view.error.startswith("This layer has no weights to show")
    assert view.picture() is None


def test_a_model_on_meta_says_why_nothing_is_drawn() -> None:
    assert "on `meta`" in WeightMatrix({"a.weight": torch.empty(40, 30, device="meta")}).error


def test_an_unknown_keyword_is_refused_with_a_hint() -> None:
    with pytest.raises(TypeError, match="pooling"):
        WeightMatrix(layers(), poling="mean")


def test_the_picture_is_drawn_without_a_browser() -> None:
    image = WeightMatrix(layers(), contrast=2).picture()
    assert image is not None
    assert image.width == 700
    assert len(np.unique(np.asarray(image).reshape(-1, 3), axis=0)) > 20


def fixture_states() -> dict[str, Any]:
    """What the TypeScript tests draw."""
    odd = normal(9, 12)
    odd[1, 2], odd[3, 4], odd[5, 6] = float("nan"), float("inf"), float("-inf")
    names = [f"tok{row}" for row in range(8)] + [HOSTILE]
    views = {
        "small": WeightMatrix({"w.weight": odd}, image_shape=(3, 4), filter_index=3, labels=names),
        "ordered": WeightMatrix({"w.weight": normal(9, 12)}, order="norm", filter_index=4),
        "wide": WeightMatrix({"w.weight": normal(9, 12).double()}, pooling="mean"),
        "tall": WeightMatrix({"w.weight": (normal(700, 8) * 4).round().to(torch.int8)}),
    }
    return {name: state_of(view) for name, view in views.items()}


def test_the_frames_of_the_browser_tests_are_what_python_publishes(monkeypatch: pytest.MonkeyPatch) -> None:
    # An address in memory is another one on every run.
    monkeypatch.setattr(WeightMatrix, "version", lambda _self, layer: (layer.weight.numpy().tobytes(),))
    states = fixture_states()
    assert len(json.dumps(freeze(states))) < 200_000
    check_fixture("matrix", states)
