from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.widgets.fixture import thaw
from weightwidgets.analysis.gates import GATES, GateSpectrum
from weightwidgets.pictures._numbers import number
from weightwidgets.widgets import _gates_words as words
from weightwidgets.widgets.gates import RecurrentGates


def lstm(hidden: int = 4, **options: Any) -> nn.LSTM:
    torch.manual_seed(0)
    return nn.LSTM(3, hidden, **options)


def test_every_gate_of_every_kind_has_a_name_and_a_meaning() -> None:
    assert set(words.ROLES) == {(kind, name) for kind, names in GATES.items() for name in names}
    assert set(words.KINDS) == set(words.EQUATIONS) == set(GATES)


def test_the_biases_of_an_lstm_are_added_and_pointed_out() -> None:
    encoder = lstm()
    view = RecurrentGates(encoder, block="bias")
    total = encoder.get_parameter("bias_ih_l0").double() + encoder.get_parameter("bias_hh_l0").double()
    gates = total.detach().numpy().reshape(4, 1, 4)
    shown = thaw(view.shown)
    np.testing.assert_array_equal(shown["values"], gates)
    assert shown["labels"] == ["b_ih + b_hh"] * 4
    assert f"mean {number(gates[1].mean())}" in thaw(view.frame)["forget"]
    assert thaw(view.frame)["biases"][1].startswith(f"bias {number(gates[1].mean())} ±")


def test_the_biases_of_a_gru_s_n_stay_apart() -> None:
    view = RecurrentGates(nn.GRU(3, 5), block="bias")
    shown, frame = thaw(view.shown), thaw(view.frame)
    assert shown["labels"] == ["b_ih + b_hh", "b_ih + b_hh", "b_in", "b_hn"]
    assert shown["gates"] == [0, 1, 2, 2]
    assert frame["forget"] == ""
    assert any("r scales b_hn alone" in note for note in frame["notes"])
    assert "b_in" in frame["biases"][2]
    assert "b_hn" in frame["biases"][2]


def test_a_projection_is_told() -> None:
    with RecurrentGates(lstm(6, proj_size=2)) as view:
        frame = thaw(view.frame)
        assert frame["description"].endswith("hidden 6 · projected to 2")
        assert any(
            "W_hr W_h, 2 x 2; W_h W_hr has the same eigenvalues and 4 zeros" in s for s in frame["cautions"]
        )
        assert [len(real) for real in thaw(view.spectra)["real"]] == [2] * 4


@pytest.mark.parametrize(
    ("radius", "sentence"),
    [
        (0.0, "0: a state is gone after a few steps"),
        (0.25, "0.25: in the long run a state shrinks to 25% a step; alone it vanishes"),
        (0.9, "0.9: in the long run a state halves every 6.6 steps; alone it vanishes"),
        (0.998, "0.998: a state nearly keeps its size"),
        (1.1, "1.1: in the long run a state doubles every 7.3 steps; alone it explodes"),
        (3.0, "3: in the long run a state grows 3-fold a step; alone it explodes"),
    ],
)
def test_what_a_radius_means_is_said_in_plain_words(radius: float, sentence: str) -> None:
    assert words.radius_sentence(GateSpectrum(np.array([radius + 0j]), radius, 0, 0)) == sentence


def test_a_forget_bias_of_one_keeps_nearly_three_quarters() -> None:
    model = lstm()
    with torch.no_grad():
        model.get_parameter("bias_ih_l0")[4:8] = 1
        model.get_parameter("bias_hh_l0")[4:8] = 0
    with RecurrentGates(model) as view:
        assert "mean 1, 1 to 1." in thaw(view.frame)["forget"]
        assert "a step keeps 73.1% of the cell" in thaw(view.frame)["forget"]
