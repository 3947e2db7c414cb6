from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.widgets.matrix_cases import HOSTILE, ask_for, layers, normal, shown
from weightwidgets import wire
from weightwidgets.analysis._rows import pool
from weightwidgets.widgets import matrix as module
from weightwidgets.widgets._matrix_words import MOST_HITS, Labels, image_offers
from weightwidgets.widgets.matrix import WeightMatrix


@pytest.fixture(autouse=True)
def _no_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "bundle", lambda _name: "")


def test_a_row_is_shown_as_the_image_that_the_user_says_it_is() -> None:
    view = WeightMatrix(layers(), image_shape=(1, 28, 28), filter_index=5)
    image = shown(view, "row")["image"]
    np.testing.assert_array_equal(image["values"].ravel(), layers()["dense.weight"][5].numpy())
    assert (image["shape"], image["depth"], image["block"]) == ("1 \u00d7 28 \u00d7 28", 1, 1)
    view.image_shape = (16, 49)
    assert shown(view, "row")["image"]["height"] == 16
    view.layer = "out"
    assert view.image_shape is None
    assert shown(view, "row")["image"] is None


def test_a_large_image_is_pooled_and_keeps_its_extremes() -> None:
    weight = normal(2, 3 * 200 * 300)
    view = WeightMatrix({"w.weight": weight}, image_shape=(3, 200, 300))
    image = shown(view, "row")["image"]
    assert (image["block"], image["depth"], image["values"].shape) == (3, 3, (3, 67, 100))
    np.testing.assert_array_equal(image["values"], pool(weight[0].numpy().reshape(3, 200, 300), 3, 3))


@given(st.integers(1, 100_000))
def test_every_image_that_is_offered_fits(weights: int) -> None:
    offers = image_offers(weights)
    assert len(offers) <= 4
    assert len(set(offers)) == len(offers)
    for depth, high, wide in offers:
        assert depth * high * wide == weights
        assert 2 <= high <= wide <= 4 * high


@pytest.mark.parametrize(
    ("weights", "first"), [(784, (1, 28, 28)), (3072, (3, 32, 32)), (150528, (3, 224, 224))]
)
def test_the_usual_images_are_offered_first(weights: int, first: tuple[int, ...]) -> None:
    assert image_offers(weights)[0] == first


def test_labels_are_found_the_same_text_first_then_beginnings_then_the_rest() -> None:
    names = ["a cat", "Cat", "catalogue", "dog", "cat", HOSTILE, "concat"]
    assert Labels(names).find("cat") == [4, 1, 2, 0, 6]
    assert Labels(names).find("") == []
    assert Labels(names).find("<img") == [5]
    assert len(Labels([f"tok{row}" for row in range(1000)]).find("tok")) == MOST_HITS


def test_labels_are_shown_and_searched_and_stay_text() -> None:
    names = [HOSTILE, *(f"tok{row}" for row in range(1, 300))]
    view = WeightMatrix(layers(), labels=names)
    (tile,) = ask_for(view, [0, 0, 0, 0])
    assert json.loads(tile["labels"])[:2] == [wire.display_name(HOSTILE), "tok1"]
    assert ask_for(view, [1, 0, 0, 0])[0]["labels"] == ""
    view.set_state({"search": b"tok29"})
    hits = shown(view, "hits")
    assert hits["rows"].tolist() == [29, *range(290, 300)]
    assert json.loads(hits["labels"])[0] == "tok29"
    assert HOSTILE not in repr(view.get_state())
    view.filter_index = 0
    assert shown(view, "row")["label"] == wire.display_name(HOSTILE)
    assert view.labels == tuple(names)


def test_labels_of_another_layer_are_not_shown() -> None:
    view = WeightMatrix(layers(), "out", labels=[str(row) for row in range(10)])
    assert shown(view)["labelled"]
    view.layer = "dense"
    assert not shown(view)["labelled"]
    assert "The 10 labels belong to another layer: this one has 300 rows." in shown(view)["notes"]
    view.labels = None
    assert view.labels is None
    assert not any("labels" in note for note in shown(view)["notes"])


@pytest.mark.parametrize(
    ("labels", "error"), [(["a"], ValueError), ("x" * 300, TypeError), ([1] * 300, TypeError)]
)
def test_labels_that_do_not_fit_are_refused(labels: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="labels must be"):
        WeightMatrix(layers(), labels=labels)
    view = WeightMatrix(layers())
    with pytest.raises(error, match="labels must be"):
        view.labels = labels
    assert view.labels is None


def test_contrast_says_which_share_of_the_weights_it_clips() -> None:
    weight = torch.linspace(-1, 1, 1001).reshape(7, 143)
    view = WeightMatrix({"w.weight": weight}, contrast=4)
    assert shown(view)["limit"][0] == 0.25
    share = 100 * float((weight.abs() > 0.25).double().mean())
    assert f"{share:.3g} % of the weights lie beyond." in shown(view)["notes"][-1]
    (tile,) = ask_for(view, [0, 0, 0, 0])
    assert (tile["levels"].min(), tile["levels"].max()) == (1, 255)


def test_weights_that_are_no_numbers_are_said_and_do_not_set_the_scale() -> None:
    weight = normal(20, 30)
    weight[3, 4], weight[5, 6] = float("nan"), float("inf")
    view = WeightMatrix({"w.weight": weight})
    assert shown(view)["limit"][0] == weight[weight.isfinite()].abs().max().item()
    assert "Some weights are NaN or infinite." in shown(view)["notes"]
    (tile,) = ask_for(view, [3, 3, 0, 0])
    assert np.isnan(tile["values"][0, 0])
    assert tile["nonfinite"]
