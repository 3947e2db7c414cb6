from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
import traitlets as t
from torch import nn

import weightwidgets as ww
from tests.widgets.fixture import check_fixture, state_of, thaw
from weightwidgets.widgets.gates import RecurrentGates

if TYPE_CHECKING:
    from collections.abc import Iterator


def lstm(hidden: int = 4, **options: Any) -> nn.LSTM:
    torch.manual_seed(0)
    return nn.LSTM(3, hidden, **options)


@pytest.fixture
def model() -> nn.ModuleDict:
    torch.manual_seed(1)
    return nn.ModuleDict(
        {
            "encoder": lstm(num_layers=2, bidirectional=True),
            "decoder": nn.GRU(3, 5),
            "cell": nn.RNNCell(3, 2),
            "head": nn.Linear(4, 2),
        }
    )


@pytest.fixture
def view(model: nn.ModuleDict) -> Iterator[RecurrentGates]:
    with RecurrentGates(model) as made:
        yield made


def rows_of(weight: torch.Tensor, gates: int) -> np.ndarray:
    return weight.detach().double().numpy().reshape(gates, -1, weight.shape[-1])


def test_the_first_recurrent_layer_is_shown_with_its_gates_by_name(view: RecurrentGates) -> None:
    frame = thaw(view.frame)
    assert view.layer == "encoder.weight_ih_l0"
    assert frame["names"] == ["i", "f", "g", "o"]
    assert frame["roles"] == ["input gate", "forget gate", "cell candidate", "output gate"]
    assert frame["description"] == "LSTM · layer 0, forward · input 3 · hidden 4"
    assert view.error == ""


@pytest.mark.parametrize(("block", "name"), [("hidden", "weight_hh"), ("input", "weight_ih")])
def test_every_number_is_that_of_the_gate_s_own_rows(
    view: RecurrentGates, model: nn.ModuleDict, block: str, name: str
) -> None:
    view.layer, view.block, view.bins = "encoder.weight_hh_l1_reverse", block, 7
    weight = model["encoder"].get_parameter(f"{name}_l1_reverse")
    gates = rows_of(weight, 4)
    shown, bars = thaw(view.shown), thaw(view.bars)
    for row, own in enumerate(gates):
        found = [own.mean(), own.std(), np.sqrt(np.mean(own**2)), own.min(), own.max()]
        np.testing.assert_allclose(shown["numbers"][row], found, rtol=1e-12)
        np.testing.assert_array_equal(shown["values"][row], own)
        counts, edges = np.histogram(weight.detach().numpy(), 7)[1], bars["edges"]
        np.testing.assert_array_equal(counts, edges)
        np.testing.assert_array_equal(bars["counts"][row], np.histogram(own.astype(np.float32), edges)[0])
    assert shown["limit"] == np.abs(gates).max()
    assert bars["counts"].sum() == weight.numel()


def test_the_eigenvalues_are_those_of_each_hidden_block(view: RecurrentGates, model: nn.ModuleDict) -> None:
    found = thaw(view.spectra)
    assert found["state"] == "done"
    for gate, own in enumerate(rows_of(model["encoder"].get_parameter("weight_hh_l0"), 4)):
        expected = np.linalg.eigvals(own)
        shown = found["real"][gate] + 1j * found["imag"][gate]
        np.testing.assert_allclose(np.sort_complex(shown), np.sort_complex(expected), rtol=1e-12, atol=1e-14)
        assert found["radii"][gate] == pytest.approx(np.abs(expected).max(), rel=1e-12)


def test_layers_directions_and_cells_are_listed(view: RecurrentGates) -> None:
    listed = json.loads(view.listing["layers"])
    assert [(one["module"], one["number"], one["reverse"]) for one in listed] == [
        *(("encoder", number, reverse) for number in (0, 1) for reverse in (False, True)),
        ("decoder", 0, False),
        ("cell", None, False),
    ]
    for one in listed:
        view.layer = one["key"]
        assert view.error == ""
        assert thaw(view.frame)["title"] == one["module"]


def test_a_checkpoint_shows_the_same_numbers_and_says_that_its_kinds_are_inferred(
    view: RecurrentGates, model: nn.ModuleDict
) -> None:
    with RecurrentGates(dict(model.state_dict())) as stored:
        for name in ("encoder.weight_hh_l1", "decoder.weight_hh_l0", "cell.weight_hh"):
            view.layer = stored.layer = name
            assert stored.shown["values"] == view.shown["values"]
            assert thaw(stored.frame)["names"] == thaw(view.frame)["names"]
            assert any("by names and shapes" in note for note in thaw(stored.frame)["notes"])


def test_a_gate_with_nan_says_so_and_leaves_the_others_whole() -> None:
    model = lstm()
    with torch.no_grad():
        model.get_parameter("weight_hh_l0")[5, 1] = float("nan")
    with RecurrentGates(model) as view:
        shown, found = thaw(view.shown), thaw(view.spectra)
        assert shown["strays"] == [0, 1, 0, 0]
        assert np.isfinite(shown["numbers"]).all()
        assert found["sentences"][1] == "holds NaN or infinite weights: it has no eigenvalues"
        assert [len(real) for real in found["real"]] == [4, 0, 4, 4]
        assert view.picture() is not None


@pytest.mark.parametrize(
    ("make", "layer", "sentence"),
    [
        (lambda: nn.Linear(3, 2), None, "no recurrent layer"),
        (nn.ReLU, None, "no weights"),
        (lambda: nn.LSTM(3, 2, device="meta"), None, "on `meta`"),
        (
            lambda: nn.ModuleDict({"a": nn.GRU(2, 2), "b": nn.Linear(2, 2)}),
            "b",
            "no part of a recurrent layer",
        ),
    ],
)
def test_what_cannot_be_shown_is_said(make: Any, layer: str | None, sentence: str) -> None:
    with RecurrentGates(make(), layer) as view:
        assert sentence in view.error
        assert view.frame == view.shown == view.bars == view.spectra == {}
        assert view.picture() is None


def test_a_layer_without_biases_says_so_and_offers_none() -> None:
    with RecurrentGates(lstm(bias=False)) as view:
        assert thaw(view.frame)["forget"] == ""
        assert thaw(view.frame)["biases"] == [""] * 4
        assert not json.loads(view.listing["layers"])[0]["bias"]
        view.block = "bias"
        assert view.error == "This layer has no biases: choose its input or hidden weights."
        view.block = "hidden"
        assert view.error == ""


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"gate": "z"}, "gate must be one of '', 'i', 'f', 'g', 'o', got 'z'"),
        ({"bins": 257}, "bins must be 1 to 256, got 257"),
        ({"bins": 0}, "bins must be 1 to 256, got 0"),
        ({"block": "output"}, "block"),
        ({"layer": "nope"}, "nope"),
    ],
)
def test_python_values_out_of_range_are_refused(
    view: RecurrentGates, change: dict[str, Any], sentence: str
) -> None:
    (name, value) = next(iter(change.items()))
    before = getattr(view, name)
    with pytest.raises(t.TraitError, match=sentence):
        setattr(view, name, value)
    assert getattr(view, name) == before
    with pytest.raises(TypeError, match="did you mean 'block'"):
        RecurrentGates(lstm(), blok="bias")


def test_browser_values_are_brought_within_bounds(view: RecurrentGates) -> None:
    view.set_state({"bins": 9999, "block": "nonsense", "gate": "z", "large_eigenvalues": 1, "zoomed": "x"})
    assert (view.bins, view.block, view.gate) == (256, "hidden", "")
    assert (view.large_eigenvalues, view.zoomed) == (False, False)
    view.set_state({"bins": "many", "layer": b"nope"})
    assert (view.bins, view.layer) == (256, "encoder.weight_ih_l0")
    view.set_state({"layer": b"decoder.weight_hh_l0", "gate": "z"})
    assert (view.layer, view.gate) == ("decoder.weight_hh_l0", "z")


def test_a_gate_that_the_next_layer_lacks_is_let_go(view: RecurrentGates) -> None:
    view.gate = "f"
    view.layer = "encoder.weight_hh_l1"
    assert view.gate == "f"
    view.layer = "decoder.weight_hh_l0"
    assert view.gate == ""


def test_a_training_step_is_seen_in_every_tensor(view: RecurrentGates, model: nn.ModuleDict) -> None:
    for name, part in (("weight_hh_l0", "spectra"), ("bias_hh_l0", "frame")):
        before = getattr(view, part)
        with torch.no_grad():
            model["encoder"].get_parameter(name).mul_(2)
        view.look(cell_ended=True)
        assert getattr(view, part) != before


def test_a_recurrent_layer_added_later_is_listed(view: RecurrentGates, model: nn.ModuleDict) -> None:
    model["late"] = nn.RNN(2, 2)
    view.look(cell_ended=True)
    assert json.loads(view.listing["layers"])[-1]["module"] == "late"


def test_a_hostile_name_stays_plain_text() -> None:
    hostile = "<img src=x onerror=alert(1)>\u202e"
    with RecurrentGates(
        {f"{hostile}.{name}": tensor for name, tensor in lstm().state_dict().items()}
    ) as view:
        assert view.error == ""
        assert view.frame["title"] == f"{hostile[:-1]}[U+202E]".encode()


def test_the_picture_follows_what_is_asked(view: RecurrentGates) -> None:
    pictures = []
    for name, value in (("bins", 50), ("block", "bias"), ("gate", "f"), ("layer", "cell.weight_hh")):
        setattr(view, name, value)
        image = view.picture()
        assert image is not None
        pictures.append(image.tobytes())
    assert len(set(pictures)) == 4


def test_it_is_public() -> None:
    assert ww.RecurrentGates is RecurrentGates


def ramp(model: nn.Module) -> nn.Module:
    """Fill with numbers that every version of torch gives alike, whose eigenvalues are known."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "weight_hh" in name:
                size = parameter.shape[1]
                turned = torch.zeros(parameter.shape[0] // size, size, size)
                for gate in range(len(turned)):
                    # LAPACK takes a square root of each entry: squares are exact whichever LAPACK it is.
                    turned[gate, 0, 1], turned[gate, 1, 0] = -((gate + 1) ** 2) / 4, (gate + 1) ** 2 / 4
                parameter.copy_(turned.reshape(parameter.shape))
            else:
                numbers = torch.arange(parameter.numel()).reshape(parameter.shape)
                parameter.copy_((numbers * 7 % 23 - 11) / 32)
    return model


def fixed(view: RecurrentGates, token: int) -> dict[str, Any]:
    """Give the state with a token that does not depend on where in memory the weights are."""
    state = state_of(view)
    for part in ("frame", "shown", "bars", "spectra"):
        assert state[part]["token"] == view.frame["token"]
        state[part] = {**state[part], "token": token}
    return state


def test_the_browser_tests_have_these_frames() -> None:
    model = ramp(nn.ModuleDict({"a": nn.LSTM(3, 2, 2, bidirectional=True), "b": nn.GRUCell(3, 2)}))
    with RecurrentGates(model, bins=8) as view:
        states = {"first": fixed(view, 7)}
        view.block = "bias"
        states["bias"] = fixed(view, 7)
        view.layer = "b.weight_hh"
        states["cell"] = fixed(view, 8)
    check_fixture("gates", states)
