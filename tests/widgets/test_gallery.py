import json
from typing import Any

import numpy as np
import pytest
import torch
import traitlets as t
from torch import nn

from tests.widgets.fixture import check_fixture, state_of
from weightwidgets.widgets._bars import FAILED, MEASURED, PENDING
from weightwidgets.widgets.gallery import LayerHistograms


def decoded(part: dict[str, Any]) -> np.ndarray:
    return np.frombuffer(part["data"], part["dtype"]).reshape(part["shape"])


def names(view: LayerHistograms) -> list[str]:
    found: list[str] = json.loads(view.rows["names"])
    return found


def measured(view: LayerHistograms) -> LayerHistograms:
    view.start()
    assert view.wait(30)
    return view


def ramps() -> dict[str, torch.Tensor]:
    return {"a": torch.arange(0.0, 10.0), "b": torch.arange(-4.0, 4.0), "c": torch.full((5,), 2.0)}


def test_program_b_counts_every_weight_of_the_model_as_numpy_does() -> None:
    model = nn.Sequential(nn.Linear(10, 20), nn.ReLU(), nn.Linear(20, 1))
    with measured(LayerHistograms(model, bins=50)) as view:
        counts, ranges = decoded(view.bars["counts"]), decoded(view.bars["ranges"])
        weights = {name: value for name, value in model.named_parameters() if "weight" in name}
        assert [f"{name}.weight" for name in names(view)] == list(weights)
        for row, weight in enumerate(weights.values()):
            expected, edges = np.histogram(weight.detach().numpy(), bins=50)
            assert counts[row].tolist() == expected.tolist()
            assert ranges[row].tolist() == [edges[0], edges[-1]]


def test_names_stand_there_before_anything_is_measured() -> None:
    with LayerHistograms(ramps()) as view:
        assert names(view) == ["a", "b", "c"]
        assert view.bars == {}
        assert view.layer == "a"


def test_a_shared_range_counts_every_layer_between_the_extremes_of_all() -> None:
    with measured(LayerHistograms(ramps(), bins=7)) as view:
        view.shared_range = True
        assert view.wait(30)
        assert decoded(view.bars["ranges"]).tolist() == [[-4, 9]] * 3
        for row, weight in zip(decoded(view.bars["counts"]), ramps().values(), strict=True):
            assert row.tolist() == np.histogram(weight.numpy(), 7, (-4, 9))[0].tolist()
        assert (view.bars["shared"], view.bars["measured"]) == (True, 3)
        view.shared_range = False
        assert view.wait(30)
        assert decoded(view.bars["ranges"]).tolist() == [[0, 9], [-4, 3], [1, 3]]
        assert (view.bars["shared"], view.bars["measured"]) == (False, 3)


def test_a_shared_range_from_the_beginning_comes_to_the_same() -> None:
    with measured(LayerHistograms(ramps(), bins=7, shared_range=True)) as view:
        assert decoded(view.bars["ranges"]).tolist() == [[-4, 9]] * 3


def test_going_there_and_back_shows_each_range_at_once() -> None:
    with measured(LayerHistograms(ramps(), bins=7)) as view:
        for shared in (True, False, True, False):
            view.shared_range = shared
            assert view.wait(30)
            assert view.bars["shared"] is shared
            assert view.bars["measured"] == 3
            assert (decoded(view.bars["state"]) == MEASURED).all()


def test_other_bins_are_counted_anew() -> None:
    with measured(LayerHistograms(ramps(), bins=7)) as view:
        view.bins = 3
        assert view.wait(30)
        assert decoded(view.bars["counts"]).tolist() == [
            np.histogram(weight.numpy(), 3)[0].tolist() for weight in ramps().values()
        ]


def test_a_cell_that_changed_a_layer_is_seen() -> None:
    model = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2))
    with measured(LayerHistograms(model, shared_range=True)) as view, torch.no_grad():
        model.get_parameter("1.weight")[0, 0] = 50.0
        view.look(cell_ended=True)
        assert view.wait(30)
        assert decoded(view.bars["ranges"])[:, 1].tolist() == [50, 50]


def test_a_layer_added_by_a_cell_gets_its_row() -> None:
    model = nn.Sequential(nn.Linear(3, 2))
    with measured(LayerHistograms(model)) as view:
        model.append(nn.Linear(2, 4))
        view.look(cell_ended=True)
        assert view.wait(30)
        assert names(view) == ["0", "1"]
        assert view.bars["token"] == view.rows["token"]
        assert (decoded(view.bars["state"]) == MEASURED).all()


def test_a_layer_without_values_says_why_and_does_not_stop_the_others() -> None:
    model = nn.Sequential(nn.Linear(3, 2, device="meta"), nn.Linear(2, 2))
    with measured(LayerHistograms(model)) as view:
        assert decoded(view.bars["state"]).tolist() == [FAILED, MEASURED]
        assert "meta" in json.loads(view.bars["sentences"])["0"]


def test_thousands_of_layers_stay_below_a_megabyte_and_say_that_bins_are_fewer() -> None:
    source = {f"blocks.{index}.weight": torch.full((2,), float(index)) for index in range(5000)}
    with LayerHistograms(source) as view:
        assert view.bins_shown == 30
        view._publish_bars()
        size = sum(len(part["data"]) for part in view.bars.values() if isinstance(part, dict))
        size += len(view.rows["names"]) + len(view.rows["labels"])
        assert 4 * 5000 * 30 + size < 1_000_000
        assert (view.bars["bins"], view.bars["wanted"]) == (30, 50)
        assert (decoded(view.bars["state"]) == PENDING).all()


@pytest.mark.parametrize("bins", [0, 257, -1])
def test_bins_out_of_range_are_refused(bins: int) -> None:
    with LayerHistograms(ramps()) as view:
        with pytest.raises(t.TraitError, match="bins"):
            view.bins = bins
        assert view.bins == 50


@pytest.mark.parametrize(("sent", "taken"), [(300, 256), (-3, 1), (7, 7), ("7", 50), (True, 50), (None, 50)])
def test_what_the_browser_asks_for_is_brought_into_range(sent: object, taken: int) -> None:
    with LayerHistograms(ramps()) as view:
        view.set_state({"bins": sent})
        assert view.bins == taken


def test_unknown_names_are_refused_with_a_hint() -> None:
    with pytest.raises(TypeError, match="did you mean 'shared_range'"):
        LayerHistograms(ramps(), shared_rang=True)
    with pytest.raises(t.TraitError, match="no layer called 'z'"):
        LayerHistograms(ramps(), layer="z")


def test_the_browser_selects_a_layer_and_starts_the_measuring() -> None:
    with LayerHistograms(ramps()) as view:
        view.set_state({"layer": b"b", "started": True})
        assert view.layer == "b"
        assert view.wait(30)
        assert view.bars["measured"] == 3


def test_closing_in_the_middle_publishes_nothing_more() -> None:
    view = LayerHistograms(ramps())
    view.close()
    view.start()
    assert view.bars == {}


def test_the_picture_draws_what_was_not_measured_yet() -> None:
    with LayerHistograms(ramps()) as view:
        picture = view.picture()
        assert picture is not None
        bars = (np.asarray(picture) == (0x8A, 0x97, 0xA6)).all(axis=-1)
        assert bars.any()
    with LayerHistograms(nn.ReLU()) as empty:
        assert empty.picture() is None


def test_the_picture_holds_the_histogram_of_the_selected_layer() -> None:
    accent = (0x0B, 0x62, 0xC4)
    with LayerHistograms({f"layer{place}": torch.arange(9.0) for place in range(50)}) as view:
        for place, line in ((0, 0), (23, 5), (24, 5), (49, 5)):
            view.layer = f"layer{place}"
            rows, columns = np.nonzero((np.asarray(view.picture()) == accent).all(axis=-1))
            assert (rows.min() - 14) // 142 == line
            assert (columns.min() - 14) // 218 == (columns.max() - 14) // 218 == place % 4


def test_the_browser_tests_have_these_frames() -> None:
    source = {
        **ramps(),
        "<img src=x>": torch.arange(64.0) ** 2,
        "meta": torch.empty(3, device="meta"),
        "gaps": torch.tensor([0.0, float("nan"), 1.0, -float("inf")]),
    }
    with LayerHistograms(source, bins=8) as view:
        before = state_of(view)
        own = state_of(measured(view))
        view.shared_range = True
        assert view.wait(30)
        check_fixture("gallery", {"before": before, "own": own, "shared": state_of(view)})
