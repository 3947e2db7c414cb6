"""The weight of an adapted layer is the one that it computes with, whoever wrote the adapter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

import weightwidgets as ww
from tests.sources.attentions import Conv1D
from weightwidgets.sources.adapters import active_adapters, base_of, core
from weightwidgets.sources.module import ModuleSource

if TYPE_CHECKING:
    from weightwidgets.layer import Layer


class Lora(nn.Module):
    """The structure that the common library gives an adapted layer, without the library."""

    base_layer: nn.Module

    def __init__(self, base: nn.Module, rank: int = 2, scaling: float = 0.5) -> None:
        super().__init__()
        self.base_layer = base
        self.lora_A, self.lora_B = nn.ModuleDict(), nn.ModuleDict()
        self.scaling: dict[str, Any] = {}
        self._active_adapter: str | list[str] = "default"
        self.merged_adapters: list[str] = []
        self._disable_adapters = False
        self.fan_in_fan_out = isinstance(base, Conv1D)
        self.rank = rank
        self.add("default", scaling)

    def add(self, name: str, scaling: float) -> None:
        base = self.base_layer
        if isinstance(base, nn.Conv2d):
            down: nn.Module = nn.Conv2d(base.in_channels, self.rank, 3, padding=1, bias=False)
            up: nn.Module = nn.Conv2d(self.rank, base.out_channels, 1, bias=False)
        else:
            weight = base.get_parameter("weight")
            out, inputs = weight.shape[::-1] if self.fan_in_fan_out else weight.shape
            down = nn.Linear(inputs, self.rank, bias=False)
            up = nn.Linear(self.rank, out, bias=False)
        self.lora_A[name], self.lora_B[name] = down, up
        self.scaling[name] = scaling

    def forward(self, x: Tensor) -> Tensor:
        total: Tensor = self.base_layer(x)
        active = [self._active_adapter] if isinstance(self._active_adapter, str) else self._active_adapter
        for name in active:
            if not self._disable_adapters and name not in self.merged_adapters:
                total = total + self.scaling[name] * self.lora_B[name](self.lora_A[name](x))
        return total


class LoraEmbedding(nn.Module):
    """The same of an embedding, whose factors are bare parameters."""

    def __init__(self, base: nn.Embedding) -> None:
        super().__init__()
        self.base_layer = base
        self.lora_A, self.lora_B = nn.ModuleDict(), nn.ModuleDict()
        self.lora_embedding_A = nn.ParameterDict({"default": torch.randn(2, base.num_embeddings)})
        self.lora_embedding_B = nn.ParameterDict({"default": torch.randn(base.embedding_dim, 2)})
        self.scaling = {"default": 3.0}


def shown(module: nn.Module) -> Layer:
    return ModuleSource(nn.Sequential(module))["0"]


@given(st.integers(1, 4), st.integers(1, 5), st.integers(1, 5), st.floats(-4, 4, width=32), st.booleans())
def test_the_effective_weight_is_the_sum_in_float64(
    rank: int, out: int, inputs: int, scaling: float, both: bool
) -> None:
    module = Lora(nn.Linear(inputs, out), rank, scaling)
    module.add("other", 2.0)
    module._active_adapter = ["default", "other"] if both else "default"
    expected = module.base_layer.get_parameter("weight").detach().double()
    for name in ("default", "other") if both else ("default",):
        down, up = (room[name].get_parameter("weight").double() for room in (module.lora_A, module.lora_B))
        expected = expected + module.scaling[name] * (up @ down)
    layer = shown(module)
    assert layer.weight.dtype == torch.float32
    assert torch.equal(layer.weight, expected.detach().float())


@pytest.mark.parametrize(
    ("base", "given_shape"),
    [
        (nn.Linear(4, 3), (5, 4)),
        (nn.Linear(4, 3, dtype=torch.float64), (5, 4)),
        (Conv1D(3, 4), (5, 4)),
        (nn.Conv2d(3, 4, 3, padding=1), (2, 3, 6, 6)),
    ],
    ids=["linear", "float64", "stored (in, out)", "convolution"],
)
def test_the_model_computes_with_the_weight_that_is_shown(
    base: nn.Module, given_shape: tuple[int, ...]
) -> None:
    torch.manual_seed(0)
    dtype = base.get_parameter("weight").dtype
    module = Lora(base).to(dtype)
    inputs = torch.randn(given_shape, dtype=dtype)
    layer = shown(module)
    assert layer.bias is not None
    if layer.kind == "conv2d":
        outputs = nn.functional.conv2d(inputs, layer.out_first, layer.bias, padding=1)
    else:
        outputs = nn.functional.linear(inputs, layer.out_first, layer.bias)
    assert layer.weight.dtype == layer.dtype == dtype
    assert torch.allclose(outputs, module(inputs), atol=1e-5)


def test_an_adapted_layer_keeps_kind_and_bias_and_its_parts_are_layers_of_their_own() -> None:
    module = Lora(nn.Linear(4, 3))
    source = ModuleSource(nn.Sequential(module, nn.LayerNorm(3)))
    assert {name: layer.kind for name, layer in source.items()} == {
        "0": "linear", "0.base_layer": "linear", "0.lora_A.default": "linear",
        "0.lora_B.default": "linear", "1": "norm",
    }  # fmt: skip
    layer = source["0"]
    assert layer.bias is not None
    assert layer.bias.data_ptr() == module.base_layer.get_parameter("bias").data_ptr()
    assert layer.next_norm == "1"
    assert list(layer.raw) == ["0.base_layer.weight", "0.lora_A.default.weight", "0.lora_B.default.weight"]
    assert "LoRA (default times 0.5)" in layer.note


def test_an_adapted_embedding_is_the_sum_transposed() -> None:
    torch.manual_seed(0)
    module = LoraEmbedding(nn.Embedding(7, 4))
    down, up = module.lora_embedding_A["default"], module.lora_embedding_B["default"]
    expected = module.base_layer.weight + 3 * (up @ down).T
    layer = shown(module)
    assert (layer.kind, layer.shape) == ("embedding", (7, 4))
    assert torch.allclose(layer.weight, expected, atol=1e-5)


def test_adapters_that_are_disabled_merged_or_not_active_add_nothing() -> None:
    module = Lora(nn.Linear(4, 3))
    base = module.base_layer.get_parameter("weight")
    layer = shown(module)
    assert not torch.equal(layer.weight, base)
    changes: list[dict[str, Any]] = [
        {"_disable_adapters": True}, {"merged_adapters": ["default"]}, {"_active_adapter": []}
    ]  # fmt: skip
    for change in changes:
        before = {name: getattr(module, name) for name in change}
        vars(module).update(change)
        assert active_adapters(module) == ()
        assert torch.equal(layer.weight, base)
        assert "no adapter adds to it" in layer.note
        vars(module).update(before)
    assert len(active_adapters(module)) == 1


def test_all_adapters_are_active_where_nothing_says_which() -> None:
    module = Lora(nn.Linear(4, 3))
    module.add("other", 1.0)
    del module._active_adapter
    assert [adapter.name for adapter in active_adapters(module)] == ["default", "other"]


def test_training_a_factor_is_seen_in_the_adapted_weight() -> None:
    module = Lora(nn.Linear(4, 3))
    layer = shown(module)
    before, weight = layer.fingerprint(), layer.weight.clone()
    with torch.no_grad():
        module.lora_B["default"].get_parameter("weight").add_(1)
    assert layer.fingerprint() != before
    assert not torch.equal(layer.weight, weight)


@pytest.mark.parametrize(
    "change",
    [
        {"use_dora": {"default": True}},
        {"lora_variant": {"default": object()}},
        {"scaling": {}},
        {"scaling": {"default": "large"}},
    ],
    ids=["direction and magnitude", "a variant", "no scaling", "no number"],
)
def test_an_adapter_of_an_unknown_sort_shows_the_layer_without_it_and_says_so(change: dict[str, Any]) -> None:
    module = Lora(nn.Linear(40, 30))
    vars(module).update(change)
    layer = shown(module)
    assert torch.equal(layer.weight, module.base_layer.get_parameter("weight"))
    assert "could not be computed" in layer.note
    assert "shown is base_layer.weight" in layer.note


def test_a_magnitude_of_its_own_makes_an_adapter_unknown() -> None:
    module = Lora(nn.Linear(40, 30))
    module.lora_magnitude_vector = nn.ParameterDict({"default": torch.ones(30)})
    assert "could not be computed" in shown(module).note


def test_factors_that_do_not_fit_the_layer_are_told() -> None:
    module = Lora(nn.Linear(40, 30))
    module.lora_A["default"] = nn.Linear(9, 2, bias=False)
    assert "adds (30, 9)" in shown(module).note


def test_adapters_on_adapters_lead_to_the_layer_below_all() -> None:
    inner = nn.Linear(4, 3)
    plain = nn.Sequential(inner)
    assert base_of(plain) is None
    assert core(Lora(inner)) is inner
    assert core(plain) is plain


def test_a_model_with_adapters_on_meta_has_shapes_but_no_values() -> None:
    layer = shown(Lora(nn.Linear(4, 3)).to("meta"))
    assert (layer.shape, layer.has_values) == ((3, 4), False)


def test_looking_at_an_adapted_model_leaves_it_as_it_was() -> None:
    module = Lora(nn.Linear(4, 3))
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    with ww.WeightExplorer(nn.Sequential(module)) as explorer:
        assert explorer.layer == "0"
        assert explorer.error == ""
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())


def test_the_numbers_are_those_of_the_library() -> None:
    peft = pytest.importorskip("peft")
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 6), nn.Embedding(5, 3), nn.Conv2d(2, 3, 3))
    config = peft.LoraConfig(r=2, target_modules=["0", "1", "2"], lora_alpha=8, init_lora_weights=False)
    adapted = peft.get_peft_model(model, config)
    source = ww.open_source(adapted)
    for name in ("0", "1", "2"):
        module = adapted.base_model.model.get_submodule(name)
        expected = module.base_layer.weight + module.get_delta_weight("default")
        assert torch.allclose(source[f"base_model.model.{name}"].weight, expected, atol=1e-6)
