from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

from weightwidgets.analysis.gates import GATES
from weightwidgets.sources import recurrent as module
from weightwidgets.sources.open import open_source
from weightwidgets.sources.recurrent import RecurrentLayer, recurrent_layers


def found(model: Any) -> list[RecurrentLayer]:
    return recurrent_layers(open_source(model))


def told(layer: RecurrentLayer) -> tuple[str, str, int | None, bool]:
    return layer.path, layer.kind, layer.number, layer.reverse


def as_is(tensor: torch.Tensor) -> torch.Tensor:
    return tensor


def test_the_kinds_are_those_of_the_analysis() -> None:
    assert {kind: len(names) for kind, names in GATES.items()} == module._RATIO


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize(("kind", "made"), [("rnn", nn.RNN), ("lstm", nn.LSTM), ("gru", nn.GRU)])
def test_every_layer_and_direction_is_found(kind: str, made: Any, stored: bool) -> None:
    core = made(3, 5, num_layers=2, bidirectional=True)
    model = nn.ModuleDict({"core": core, "head": nn.Linear(10, 2)})
    layers = found(model.state_dict() if stored else model)
    assert [told(layer) for layer in layers] == [
        ("core", kind, number, reverse) for number in (0, 1) for reverse in (False, True)
    ]
    assert {layer.inferred for layer in layers} == {stored}
    assert {layer.hidden_size for layer in layers} == {5}
    for layer in layers:
        suffix = f"_l{layer.number}{'_reverse' if layer.reverse else ''}"
        tensors = layer.tensors(as_is)
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            assert torch.equal(getattr(tensors, name), core.get_parameter(f"{name}{suffix}"))
        assert tensors.weight_hr is None
        assert layer.has_bias


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize(("kind", "made"), [("rnn", nn.RNNCell), ("lstm", nn.LSTMCell), ("gru", nn.GRUCell)])
def test_a_cell_has_neither_number_nor_direction(kind: str, made: Any, stored: bool) -> None:
    model = made(3, 4)
    (layer,) = found(model.state_dict() if stored else model)
    assert told(layer) == ("", kind, None, False)
    assert torch.equal(layer.tensors(as_is).weight_hh, model.weight_hh)


@pytest.mark.parametrize("stored", [False, True])
def test_a_projection_belongs_to_its_layer(stored: bool) -> None:
    model = nn.LSTM(3, 6, num_layers=2, proj_size=2)
    layers = found(model.state_dict() if stored else model)
    assert [(layer.kind, layer.hidden_size) for layer in layers] == [("lstm", 6)] * 2
    projection = layers[1].tensors(as_is).weight_hr
    assert projection is not None
    assert torch.equal(projection, model.get_parameter("weight_hr_l1"))
    assert [layer.name for layer in layers[1].layers] == ["weight_ih_l1", "weight_hh_l1", "weight_hr_l1"]


def test_a_layer_without_biases_has_none() -> None:
    (layer,) = found(nn.GRU(3, 4, bias=False))
    assert not layer.has_bias
    assert layer.tensors(as_is)[2:] == (None, None, None)


def test_a_module_of_its_own_class_is_recognised_by_its_names_and_shapes() -> None:
    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight_ih = nn.Parameter(torch.randn(12, 3))
            self.weight_hh = nn.Parameter(torch.randn(12, 4))
            self.bias_ih = nn.Parameter(torch.randn(12))

    model = Own()
    (layer,) = found(model)
    assert (layer.kind, layer.inferred, layer.has_bias) == ("gru", True, True)
    tensors = layer.tensors(as_is)
    assert tensors.bias_ih is not None
    assert torch.equal(tensors.bias_ih, model.bias_ih)
    assert tensors.bias_hh is None


def test_directions_that_share_their_weights_are_one_or_keep_their_own_biases() -> None:
    model = nn.LSTM(3, 4, bidirectional=True)
    model.weight_ih_l0_reverse, model.weight_hh_l0_reverse = model.weight_ih_l0, model.weight_hh_l0
    first, second = found(model)
    assert torch.equal(first.tensors(as_is).bias_ih, model.bias_ih_l0)  # type: ignore[arg-type]
    assert torch.equal(second.tensors(as_is).bias_ih, model.bias_ih_l0_reverse)  # type: ignore[arg-type]
    model.bias_ih_l0_reverse, model.bias_hh_l0_reverse = model.bias_ih_l0, model.bias_hh_l0
    assert len(found(model)) == 1


def test_a_parametrized_weight_is_read_as_the_layer_uses_it() -> None:
    model = parametrizations.weight_norm(nn.RNN(3, 4), "weight_hh_l0")
    (layer,) = found(model)
    assert torch.allclose(layer.tensors(as_is).weight_hh, model.weight_hh_l0)


@pytest.mark.parametrize(
    "tensors",
    [
        {"weight_hh_l0": (8, 2)},
        {"weight_ih_l0": (8, 3), "weight_hh_l0": (7, 2)},
        {"weight_ih_l0": (4, 3), "weight_hh_l0": (4, 2)},
        {"weight_ih_l0": (12, 3), "weight_hh_l0": (8, 2)},
        {"weight_ih_l0": (8, 3, 1), "weight_hh_l0": (8, 2)},
        {"weight_ih_l0": (0, 3), "weight_hh_l0": (0, 2)},
        {"weight_ih_l0": (6, 3), "weight_hh_l0": (6, 3), "weight_hr_l0": (3, 2)},
        {"weight_ih_l0x": (8, 3), "weight_hh_l0x": (8, 2)},
        {f"weight_{part}_l{'9' * 5000}": (8, 2) for part in ("ih", "hh")},
    ],
)
def test_what_only_looks_like_a_recurrent_layer_is_none(tensors: dict[str, tuple[int, ...]]) -> None:
    assert found({name: torch.zeros(shape) for name, shape in tensors.items()}) == []


def test_tensors_are_prepared_before_they_are_handed_out() -> None:
    model = nn.LSTM(3, 4, proj_size=2)
    (layer,) = found(model)
    copies = [copy for copy in layer.tensors(torch.clone) if copy is not None]
    kept = [copy.clone() for copy in copies]
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    assert len(kept) == 5
    assert all(torch.equal(copy, before) for copy, before in zip(copies, kept, strict=True))


def test_only_names_and_shapes_are_read() -> None:
    assert len(found(nn.LSTM(3, 4, device="meta"))) == 1
    assert found(nn.Sequential(nn.Linear(3, 2))) == []
