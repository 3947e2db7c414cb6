import json

import numpy as np
import pytest
import torch
from torch import nn

from weightwidgets.sources.open import open_source
from weightwidgets.widgets import _bars, _watch
from weightwidgets.widgets._bars import Bars, bars_frame, bins_within_budget, common_range, measure_bars
from weightwidgets.widgets._stream import Failure


def bars_of(weight: torch.Tensor, bins: int = 4, asked: tuple[float, float] | None = None) -> Bars:
    layer = open_source({"w": weight})["w"]
    return measure_bars(layer, (0, layer.fingerprint()), bins, asked)


def test_a_layer_is_counted_as_numpy_counts_it() -> None:
    weight = torch.randn(7, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for asked in (None, (-0.5, 0.75)):
        found = bars_of(weight, 11, asked)
        counts, edges = np.histogram(weight.numpy(), 11, asked)
        assert found.counts.tolist() == counts.tolist()
        assert found.value_range == (edges[0], edges[-1])
        assert found.asked == asked
        assert found.finite_range == (weight.min().item(), weight.max().item())


def test_weights_that_are_not_finite_are_left_out_and_counted() -> None:
    found = bars_of(torch.tensor([1.0, 2.0, float("nan"), float("inf"), -float("inf")]))
    assert found.left_out == 3
    assert found.counts.sum() == 2
    assert found.finite_range == (1, 2)


def test_a_layer_without_finite_weights_has_no_range_of_its_own() -> None:
    found = bars_of(torch.full((3,), float("nan")))
    assert found.finite_range is None
    assert found.counts.sum() == 0


def test_what_is_read_while_a_cell_runs_is_counted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    weight = torch.zeros(4)
    layer = open_source({"w": weight})["w"]
    monkeypatch.setattr(_watch._Watch, "cell_runs", property(lambda _self: True))
    first = measure_bars(layer, ("same",), 4, None)
    weight[:] = 5
    second = measure_bars(layer, ("same",), 4, None)
    assert first.finite_range == (0, 0)
    assert second.finite_range == (5, 5)


def test_the_common_range_spans_every_finite_weight() -> None:
    measured = [bars_of(torch.tensor(values)) for values in ([1.0, 2.0], [-3.0, 0.0], [float("nan")])]
    assert common_range(measured) == (-3, 2)
    assert common_range(measured[2:]) == common_range([]) == (0, 1)


@pytest.mark.parametrize(
    ("bins", "layers", "drawn"), [(50, 0, 50), (50, 3000, 50), (50, 3001, 49), (256, 10, 256), (50, 10**6, 1)]
)
def test_very_many_layers_get_fewer_bins(bins: int, layers: int, drawn: int) -> None:
    assert bins_within_budget(bins, layers) == drawn
    assert drawn == 1 or drawn * layers <= _bars.MOST_COUNTS


def test_the_frame_says_of_each_layer_what_is_known_of_it() -> None:
    good = bars_of(torch.tensor([0.0, 1.0, 1.0, float("inf")]))
    other_bins = bars_of(torch.arange(3.0), bins=5)
    outcomes = [(good, True), (good, False), (None, False), (Failure("no values"), True), (other_bins, True)]
    frame = bars_frame(outcomes, bins=4, asked=None, token=7)
    state = np.frombuffer(frame["state"]["data"], np.uint8)
    assert state.tolist() == [_bars.MEASURED, _bars.STALE, _bars.PENDING, _bars.FAILED, _bars.PENDING]
    counts = np.frombuffer(frame["counts"]["data"], frame["counts"]["dtype"]).reshape(5, 4)
    assert counts.tolist() == [[1, 0, 0, 2]] * 2 + [[0] * 4] * 3
    assert np.frombuffer(frame["ranges"]["data"]).reshape(5, 2)[0].tolist() == [0, 1]
    assert np.frombuffer(frame["left_out"]["data"], np.uint8).tolist() == [1, 1, 0, 0, 0]
    assert json.loads(frame["sentences"]) == {"3": "no values"}
    assert (frame["measured"], frame["shared"], frame["token"]) == (2, False, 7)


def test_bars_of_another_range_are_not_shown_for_the_common_one() -> None:
    good = bars_of(torch.arange(3.0))
    frame = bars_frame([(good, True)], bins=4, asked=(0.0, 9.0))
    assert np.frombuffer(frame["state"]["data"], np.uint8).tolist() == [_bars.PENDING]
    assert frame["shared"] is True


def test_counts_travel_in_the_smallest_dtype() -> None:
    few, many = bars_of(torch.zeros(200)), bars_of(torch.zeros(300))
    assert bars_frame([(few, True)], bins=4, asked=None)["counts"]["dtype"] == "uint8"
    assert bars_frame([(few, True), (many, True)], bins=4, asked=None)["counts"]["dtype"] == "uint16"


def test_a_layer_without_values_says_why() -> None:
    layer = open_source(nn.Sequential(nn.Linear(2, 2, device="meta")))["0"]
    with pytest.raises(ValueError, match="meta"):
        measure_bars(layer, (), 4, None)
