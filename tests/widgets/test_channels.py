import json
from typing import Any

import numpy as np
import pytest
import torch
import traitlets as t
from torch import nn

from tests.widgets.fixture import check_fixture, state_of
from tests.widgets.fixture import thaw as decoded
from weightwidgets.widgets.channels import NormChannels


def batch_norm(channels: int = 12) -> nn.BatchNorm2d:
    norm = nn.BatchNorm2d(channels)
    with torch.no_grad():
        norm.weight.copy_(torch.linspace(1.5, 0.4, channels))
        norm.bias.copy_(torch.linspace(-1, 1, channels))
        norm.weight[3], norm.weight[7] = 0.01, -0.02
        norm.running_mean.copy_(torch.arange(float(channels)))  # type: ignore[union-attr]
    return norm


def network() -> Any:
    return nn.Sequential(nn.Conv2d(3, 12, 3), batch_norm(), nn.Flatten(), nn.LayerNorm(5))


def frame(view: NormChannels) -> dict[str, Any]:
    found: dict[str, Any] = decoded(view.frame)
    return found


def told(view: NormChannels) -> str:
    return " ".join(json.loads(view.frame["notes"]))


def test_the_first_norm_is_shown_with_every_number_that_it_has() -> None:
    model = network()
    with NormChannels(model) as view:
        assert (view.layer, view.error) == ("1", "")
        assert json.loads(view.listing["names"]) == ["1", "3"]
        for name, tensor in model[1].state_dict().items():
            key = {"weight": "scale", "bias": "shift"}.get(name, name)
            if key != "num_batches_tracked":
                assert frame(view)[key].tolist() == tensor.tolist()
        assert frame(view)["near_zero"].tolist() == [3, 7]
        assert frame(view)["order"].tolist()[:2] == [3, 7]
        assert "Batch norm in evaluation" in told(view)


def test_a_layer_norm_has_no_running_statistics() -> None:
    with NormChannels(network(), layer="3") as view:
        assert frame(view)["running_mean"] is None
        assert "the shift is added" in told(view)
        assert frame(view)["near_zero"].size == 0


def test_a_scale_without_a_shift_may_be_stored_less_one() -> None:
    with NormChannels({"input_norm.weight": torch.zeros(4)}) as view:
        assert frame(view)["shift"] is None
        assert "add 1" in told(view)


def test_the_threshold_is_a_share_of_the_median() -> None:
    model = network()
    with NormChannels(model, threshold=0.0) as view:
        assert frame(view)["near_zero"].size == 0
        view.threshold = 0.8
        magnitude = model[1].weight.detach().double().abs().numpy()
        expected = np.flatnonzero(magnitude <= 0.8 * np.median(magnitude))
        assert frame(view)["near_zero"].tolist() == expected.tolist()
        assert frame(view)["limit"] == 0.8 * np.median(magnitude)


def test_statistics_that_changed_without_the_weight_are_seen() -> None:
    model = network()
    with NormChannels(model) as view:
        before = frame(view)["running_mean"].tolist()
        model[1].train()(torch.randn(4, 12, 5, 5))
        view.look(cell_ended=True)
        assert frame(view)["running_mean"].tolist() == model[1].running_mean.tolist() != before


def test_a_norm_that_a_cell_added_is_listed() -> None:
    model = network()
    with NormChannels(model) as view:
        model.append(nn.GroupNorm(1, 4))
        view.look(cell_ended=True)
        assert json.loads(view.listing["names"]) == ["1", "3", "4"]


def test_other_layers_and_models_without_norms_say_so() -> None:
    with NormChannels(network()) as view:
        view.layer = "0"
        assert "no norm" in view.error
        assert view.frame == {}
        assert view.picture() is None
        view.layer = "1"
        assert view.error == ""
    with NormChannels(nn.Linear(2, 2)) as none:
        assert none.error == "This model has no norm with a scale."
    with NormChannels(nn.BatchNorm1d(4, device="meta")) as meta:
        assert "meta" in meta.error
    with NormChannels(nn.LayerNorm([200, 200])) as large:
        assert "40,000" in large.error


def test_what_is_not_finite_and_several_axes_are_said() -> None:
    norm = nn.LayerNorm([2, 3])
    with torch.no_grad():
        norm.bias[0, 0] = float("nan")
    with NormChannels(norm) as view:
        assert "NaN or infinite among scale and shift: 1." in told(view)
        assert "every element counts" in told(view)


def test_values_out_of_range_are_refused_in_python_and_clamped_from_the_browser() -> None:
    with NormChannels(network()) as view:
        with pytest.raises(t.TraitError, match="threshold"):
            view.threshold = 1.5
        view.set_state({"threshold": 7, "order": "size"})
        assert (view.threshold, view.order) == (1.0, "index")
        view.set_state({"threshold": "x", "order": "scale", "layer": b"3"})
        assert (view.threshold, view.order, view.layer) == (1.0, "scale", "3")
    with pytest.raises(TypeError, match="did you mean 'threshold'"):
        NormChannels(network(), treshold=0.1)
    with pytest.raises(t.TraitError, match="no layer called"):
        NormChannels(network(), layer="9")


def test_the_picture_is_drawn_in_the_order_that_is_shown() -> None:
    with NormChannels(network()) as view:
        by_index = np.asarray(view.picture())
        view.order = "scale"
        assert not np.array_equal(by_index, np.asarray(view.picture()))


def test_the_browser_tests_have_these_frames() -> None:
    norms: dict[str, Any] = {"bn": batch_norm(), "<i>": nn.LayerNorm(5), "odd": nn.LayerNorm(4)}
    with torch.no_grad():
        norms["odd"].bias[1] = float("nan")
    with NormChannels(nn.ModuleDict(norms)) as view:
        batch = state_of(view)
        view.layer = "<i>"
        hostile = state_of(view)
        view.layer = "odd"
        check_fixture("channels", {"batch": batch, "hostile": hostile, "odd": state_of(view)})
