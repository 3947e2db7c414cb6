import json

import numpy as np
import torch
from torch import nn

from weightwidgets.widgets._norm_controls import LayerNorms, NormControls
from weightwidgets.widgets._stream import Failure


def test_names_travel_once_and_apart_from_the_numbers() -> None:
    with NormControls({"a": torch.ones(2), "b": torch.ones(3)}) as controls:
        assert json.loads(controls.rows["names"]) == ["a", "b"]
        rows = controls.rows
        controls.show(("a", "b"), [LayerNorms(1.0, 2.0, 3), None], live=False)
        assert controls.rows is rows
        assert controls.numbers["token"] == controls.rows["token"]


def test_what_is_not_known_is_no_number() -> None:
    with NormControls({"a": torch.ones(2), "b": torch.ones(3), "c": torch.ones(3)}) as controls:
        controls.show(("a", "b", "c"), [LayerNorms(1.5, 0.5, 9), Failure("no values"), None], live=True)
        numbers = controls.numbers
        assert np.frombuffer(numbers["frobenius"]["data"]).tolist()[0] == 1.5
        assert np.isnan(np.frombuffer(numbers["rms"]["data"])).tolist() == [False, True, True]
        assert (numbers["measured"], numbers["failed"], numbers["live"]) == (2, 1, True)


def test_no_selected_layer_is_no_error() -> None:
    with NormControls(nn.Linear(2, 2), "") as controls:
        assert controls.error == ""
        assert controls.rows


def test_a_model_without_weights_is_an_error() -> None:
    with NormControls(nn.ReLU()) as controls:
        assert controls.error == "This model has no weights to show."
        assert controls.rows == {}
