from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tests.widgets.matrix_cases import ask_for, layers, normal, shown
from weightwidgets.analysis._rows import pool
from weightwidgets.widgets import matrix as module
from weightwidgets.widgets.matrix import WeightMatrix


@pytest.fixture(autouse=True)
def _no_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "bundle", lambda _name: "")


def test_single_weights_travel_exactly() -> None:
    view = WeightMatrix(layers())
    weight = layers()["dense.weight"].numpy()
    (tile,) = ask_for(view, [0, 0, 1, 6])
    np.testing.assert_array_equal(tile["values"], weight[128:256, 768:784])
    np.testing.assert_array_equal(tile["rows"], np.arange(128, 256))
    limit = shown(view)["limit"][0]
    assert limit == np.abs(weight).max()
    np.testing.assert_array_equal(tile["levels"], 128 + np.rint(127 * (tile["values"] / limit)))


@pytest.mark.parametrize("levels", [(1, 0), (0, 2), (3, 3), (5, 4), (9, 9)])
def test_pooled_tiles_are_those_of_the_whole_matrix(levels: tuple[int, int]) -> None:
    view = WeightMatrix(layers())
    weight = layers()["dense.weight"].numpy()
    down, across = 1 << levels[0], 1 << levels[1]
    (tile,) = ask_for(view, [*levels, 0, 0])
    np.testing.assert_array_equal(tile["values"], pool(weight, down, across)[:128, :128])
    view.pooling = "mean"
    (tile,) = ask_for(view, [*levels, 0, 0])
    first = weight[:down, :across].astype(np.float64)
    assert tile["values"][0, 0] == pytest.approx(first.mean(), rel=1e-6, abs=1e-8)
    last = weight[(min(128, -(-300 // down)) - 1) * down :][:down, :across].astype(np.float64)
    assert tile["values"][-1, 0] == pytest.approx(last.mean(), rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("dtype", [torch.float64, torch.int8, torch.bfloat16, torch.float16])
def test_weights_of_every_dtype_travel_exactly_and_within_a_message(dtype: torch.dtype) -> None:
    weight = (normal(2000, 900) * 20).to(dtype)
    view = WeightMatrix({"w.weight": weight})
    places = [[0, 0, row, col] for row in range(4) for col in range(4)]
    tiles = ask_for(view, *places)
    assert len(tiles) == shown(view)["tiles_per_answer"] > 4
    side = shown(view)["side"]
    for tile in tiles:
        _, _, row, col = tile["place"]
        expected = weight[row * side : (row + 1) * side, col * side : (col + 1) * side]
        np.testing.assert_array_equal(tile["values"], expected.to(torch.float64).numpy())
    assert sum(len(tile[part]["data"]) for tile in view.pages["tiles"] for part in ("values", "levels")) < 1e6
    assert (
        max(len(tile["values"]["data"]) + len(tile["levels"]["data"]) for tile in view.pages["tiles"])
        <= 128_000
    )


@pytest.mark.parametrize(
    "tiles",
    [
        [[0, 0, 3, 0]],
        [[0, 0, 0, -1]],
        [[99, 0, 0, 0]],
        [["0", 0, 0, 0]],
        [[True, 0, 0, 0]],
        [[0, 0]],
        "x",
        [None],
    ],
)
def test_tiles_that_do_not_exist_are_left_out(tiles: Any) -> None:
    view = WeightMatrix(layers())
    view.set_state({"wanted": {"token": view.frame["token"], "tiles": tiles}})
    overview = shown(view)["overview"]
    assert view.error == ""
    assert {tuple(tile["place"][:2]) for tile in shown(view, "pages")["tiles"]} == {tuple(overview)}


def test_a_request_for_a_frame_that_is_gone_is_answered_with_the_whole_matrix() -> None:
    view = WeightMatrix(layers())
    old = view.frame["token"]
    view.layer = "out"
    view.set_state({"wanted": {"token": old, "tiles": [[0, 0, 2, 0]]}})
    assert shown(view, "pages")["token"] == view.frame["token"] != old


def test_rows_are_shown_in_the_order_of_their_norms() -> None:
    weight = layers()["dense.weight"]
    view = WeightMatrix(layers(), order="norm")
    order = np.argsort(-weight.double().norm(dim=1).numpy(), kind="stable")
    (tile,) = ask_for(view, [0, 0, 2, 0])
    np.testing.assert_array_equal(tile["rows"], order[256:])
    np.testing.assert_array_equal(tile["values"], weight.numpy()[order[256:], :128])
    (tile,) = ask_for(view, [4, 3, 0, 0])
    np.testing.assert_array_equal(tile["values"], pool(weight.numpy()[order], 16, 8))
    view.filter_index = int(order[7])
    assert shown(view, "row")["place"] == 7
