"""Quantised modules of torch show the weights that they compute with."""

from __future__ import annotations

import gc
import warnings
from typing import Any

import pytest
import torch
from torch import nn
from torch.ao.nn import quantized
from torch.ao.quantization import quantize_dynamic

import weightwidgets as ww
from weightwidgets.plain import plain
from weightwidgets.sources.module import ModuleSource
from weightwidgets.sources.packed import _unpacked, from_torch_ao, packed_tensors

pytestmark = pytest.mark.filterwarnings("ignore")


def dynamic(model: nn.Module) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kinds: set[Any] = {nn.Linear, nn.LSTM, nn.GRU, nn.GRUCell}
        quantised: nn.Module = quantize_dynamic(model, kinds)
    return quantised


def test_a_dense_layer_quantised_at_run_time_shows_its_numbers_and_keeps_its_integers() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 5), nn.LayerNorm(5))
    source = ModuleSource(dynamic(model))
    assert list(source) == ["0", "1"]
    layer = source["0"]
    assert (layer.kind, layer.shape, layer.dtype, layer.first) == ("linear", (5, 6), torch.qint8, True)
    assert layer.next_norm == "1"
    assert layer.bias is not None
    assert torch.equal(layer.bias, model.get_parameter("0.bias"))
    assert layer.weight.int_repr().dtype == torch.int8
    step = layer.weight.q_scale()
    # Rounding to the nearest integer is off by half a step at most.
    assert (layer.out_first - model.get_parameter("0.weight")).abs().max() <= step / 2 + 1e-6
    assert "packed" in layer.note
    assert "Quantised" in layer.note
    with ww.WeightExplorer(source) as explorer:
        assert explorer.error == ""


@pytest.mark.parametrize(
    ("make", "kind", "out_first"),
    [
        (lambda: quantized.Linear(4, 3), "linear", (3, 4)),
        (lambda: quantized.Conv1d(4, 6, 3, groups=2), "conv1d", (6, 2, 3)),
        (lambda: quantized.Conv2d(2, 3, 3), "conv2d", (3, 2, 3, 3)),
        (lambda: quantized.Conv3d(2, 3, 2), "conv3d", (3, 2, 2, 2, 2)),
        (lambda: quantized.ConvTranspose2d(2, 5, 3), "conv_transpose2d", (5, 2, 3, 3)),
        (lambda: quantized.Embedding(5, 4), "embedding", (5, 4)),
        (lambda: quantized.EmbeddingBag(5, 4), "embedding", (5, 4)),
    ],
    ids=["linear", "conv1d", "conv2d", "conv3d", "transposed", "embedding", "bag"],
)
def test_every_quantised_layer_has_the_kind_of_its_twin(
    make: Any, kind: str, out_first: tuple[int, ...]
) -> None:
    layer = ModuleSource(make())["weight"]
    assert layer.kind == kind
    assert layer.out_first.shape == layer.out_first_shape == out_first
    assert torch.equal(plain(layer.weight), layer.weight.dequantize())
    assert (layer.bias is not None) == (kind != "embedding")


@pytest.mark.parametrize(
    ("make", "kind", "names"),
    [
        (lambda: nn.LSTM(3, 2, 2), "lstm", ["ih_l0", "hh_l0", "ih_l1", "hh_l1"]),
        (lambda: nn.GRU(3, 2), "gru", ["ih_l0", "hh_l0"]),
        (lambda: nn.GRUCell(3, 2), "gru", ["ih", "hh"]),
    ],
    ids=["lstm", "gru", "cell"],
)  # fmt: skip
def test_quantised_recurrent_layers_have_weights_and_biases_by_name(
    make: Any, kind: str, names: list[str]
) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(make())
    source = ModuleSource(dynamic(model))
    assert list(source) == [f"0.weight_{name}" for name in names]
    for name in names:
        layer = source[f"0.weight_{name}"]
        assert layer.kind == kind
        assert layer.bias is not None
        assert torch.allclose(layer.bias, model.get_parameter(f"0.bias_{name}"), atol=1e-6)
        step = layer.weight.q_scale()
        assert (layer.out_first - model.get_parameter(f"0.weight_{name}")).abs().max() <= step / 2 + 1e-6


def test_a_packed_weight_is_unpacked_once_until_another_is_loaded() -> None:
    model = dynamic(nn.Sequential(nn.Linear(6, 5)))
    layer = ModuleSource(model)["0"]
    before, address = layer.fingerprint(), layer.weight.data_ptr()
    assert layer.weight.data_ptr() == address
    assert layer.fingerprint() == before
    other = dynamic(nn.Sequential(nn.Linear(6, 5)))
    model.load_state_dict(other.state_dict())
    assert layer.fingerprint() != before
    assert torch.equal(layer.out_first, ModuleSource(other)["0"].out_first)


def test_the_copy_goes_with_its_module() -> None:
    model = quantized.Linear(4, 3)
    assert set(packed_tensors(model)) == {"weight", "bias"}
    assert model in _unpacked
    held = len(_unpacked)
    del model
    gc.collect()
    assert len(_unpacked) < held


def test_other_modules_have_nothing_packed() -> None:
    class Linear(nn.Module):
        """Somebody else's module with a method called as torch.ao calls its own."""

        def weight(self) -> torch.Tensor:
            raise AssertionError("nothing of the user's may run")

    assert packed_tensors(Linear()) == {}
    assert not from_torch_ao(Linear(), "Linear")
    assert from_torch_ao(quantized.Linear(2, 2), "Linear")
    assert packed_tensors(nn.Linear(2, 2)) == {}
    # What trains with quantisation in mind keeps an ordinary parameter.
    assert packed_tensors(torch.ao.nn.qat.Linear(2, 2, qconfig=torch.ao.quantization.default_qconfig)) == {}
