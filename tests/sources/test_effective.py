import copy

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize, prune
from torch.nn.utils import spectral_norm as hooked_spectral_norm

from tests.sources.zoo import Doubled, make
from weightwidgets.sources.effective import (
    Hooked,
    Parametrized,
    Plain,
    children,
    effective,
    formation,
    tensor_names,
)
from weightwidgets.sources.module import ModuleSource
from weightwidgets.sources.own import child, own_tensors

DERIVED = [
    "weight norm", "spectral norm", "spectral norm transposed", "orthogonal", "orthogonal householder",
    "hooked weight norm", "hooked spectral norm", "pruned", "pruned twice", "doubled", "low rank",
]  # fmt: skip


def weight_of(module: nn.Module) -> tuple[torch.Tensor, str]:
    formed = formation(module, "weight")
    assert formed is not None
    return effective(formed)


def as_torch_does(module: nn.Module) -> torch.Tensor:
    """Return what the next forward in eval mode would use; this changes the module, so it is called last."""
    module.eval()
    for hook in module._forward_pre_hooks.values():
        hook(module, ())
    weight = module.weight
    assert isinstance(weight, torch.Tensor)
    return weight.detach()


@pytest.mark.parametrize("name", DERIVED)
def test_the_effective_weight_is_bit_for_bit_what_torch_uses_in_eval_mode(name: str) -> None:
    module = make(name).train()
    weight, failure = weight_of(module)
    assert failure == ""
    assert not weight.requires_grad
    assert torch.equal(weight, as_torch_does(module))


@pytest.mark.parametrize("name", DERIVED)
def test_the_outline_has_the_shape_and_dtype_of_the_effective_weight(name: str) -> None:
    formed = formation(make(name), "weight")
    assert formed is not None
    outline, weight = formed.outline(), formed.compute()
    assert (outline.shape, outline.dtype) == (weight.shape, weight.dtype)


@pytest.mark.parametrize("name", ["weight norm", "spectral norm", "orthogonal", "low rank", "doubled"])
def test_the_outline_of_a_parametrization_needs_no_values(name: str) -> None:
    formed = formation(make(name), "weight")
    assert isinstance(formed, Parametrized)
    assert formed.outline().is_meta


def test_a_parametrization_that_cannot_run_on_meta_is_outlined_from_its_values() -> None:
    class Positive(nn.Module):
        def forward(self, weight: torch.Tensor) -> torch.Tensor:
            return weight[:, : max(1, int(weight.abs().sum() > 0))]

    module = nn.Linear(6, 5)
    parametrize.register_parametrization(module, "weight", Positive(), unsafe=True)
    formed = formation(module, "weight")
    assert formed is not None
    assert formed.outline().shape == (5, 1)


def test_a_hook_s_stale_attribute_is_not_believed() -> None:
    for name in ("pruned", "hooked weight norm", "hooked spectral norm"):
        module = make(name).eval()
        stale = module.weight
        assert isinstance(stale, torch.Tensor)
        raw = formation(module, "weight")
        assert isinstance(raw, Hooked)
        with torch.no_grad():
            for tensor in raw.stored().values():
                if isinstance(tensor, nn.Parameter):
                    tensor.mul_(3).add_(0.5)
        weight, _ = weight_of(module)
        assert not torch.equal(weight, stale.detach())
        assert torch.equal(weight, as_torch_does(module))


def test_spectral_norms_in_training_mode_make_no_power_iteration() -> None:
    for module in (
        parametrizations.spectral_norm(nn.Linear(6, 5)),
        hooked_spectral_norm(nn.Linear(6, 5)),
    ):
        module.train()
        before = {name: buffer.clone() for name, buffer in module.named_buffers()}
        weight_of(module)
        assert before.keys() == dict(module.named_buffers()).keys()
        assert all(torch.equal(buffer, before[name]) for name, buffer in module.named_buffers())


def test_a_parametrization_that_draws_random_numbers_shows_the_raw_tensor_and_moves_no_generator() -> None:
    module = make("noisy")
    state = torch.get_rng_state()
    weight, failure = weight_of(module)
    assert torch.equal(torch.get_rng_state(), state)
    original = module.get_parameter("parametrizations.weight.original")
    assert torch.equal(weight, original.detach())
    assert "draws random numbers" in failure
    assert "parametrizations.weight.original" in failure


def test_a_parametrization_that_raises_falls_back_to_the_raw_tensor_and_names_the_error_in_one_line() -> None:
    weight, failure = weight_of(make("failing"))
    assert weight.shape == (5, 6)
    assert "ZeroDivisionError: no weight today" in failure


def test_hooks_on_a_parametrization_do_not_run() -> None:
    module = make("doubled")
    calls: list[str] = []
    steps = formation(module, "weight")
    assert isinstance(steps, Parametrized)
    for step in steps.steps.modules():
        step.register_forward_hook(lambda *_: calls.append("after"))
        step.register_forward_pre_hook(lambda *_: calls.append("before"))
    weight, failure = weight_of(module)
    assert (calls, failure) == ([], "")
    assert torch.equal(weight, 2 * module.get_parameter("parametrizations.weight.original").detach())


def test_a_parametrization_that_writes_in_place_leaves_the_model_alone() -> None:
    class InPlace(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("calls", torch.zeros(()))
            self.calls: torch.Tensor

        def forward(self, weight: torch.Tensor) -> torch.Tensor:
            self.calls += 1
            return weight.mul_(2)

    module = nn.Linear(6, 5).requires_grad_(requires_grad=False)
    parametrize.register_parametrization(module, "weight", InPlace())
    before = copy.deepcopy(module.state_dict())
    weight, failure = weight_of(module)
    assert failure == ""
    assert torch.equal(weight, 2 * before["parametrizations.weight.original"])
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())


def test_a_pruned_original_that_is_itself_parametrized_is_composed() -> None:
    module = nn.Linear(6, 5)
    prune.l1_unstructured(module, "weight", 0.5)
    parametrize.register_parametrization(module, "weight_orig", Doubled())
    original = module.get_parameter("parametrizations.weight_orig.original").detach()
    weight, failure = weight_of(module)
    assert failure == ""
    assert torch.equal(weight, module.get_buffer("weight_mask") * 2 * original)
    formed = formation(module, "weight")
    assert formed is not None
    assert set(formed.stored()) == {"parametrizations.weight_orig.original", "weight_mask"}
    assert tensor_names(module) == ["weight", "bias"]


def test_a_tensor_kept_as_it_is_shares_memory_with_the_module() -> None:
    module = nn.Linear(6, 5)
    formed = formation(module, "weight")
    assert isinstance(formed, Plain)
    assert formed.compute().data_ptr() == module.weight.data_ptr()
    assert formed.derivation == ""


def test_an_attribute_that_is_no_tensor_has_no_formation() -> None:
    module = nn.Linear(6, 5, bias=False)
    assert formation(module, "bias") is None
    assert formation(module, "in_features") is None


def test_what_a_derived_tensor_is_made_of_is_not_listed_beside_it() -> None:
    assert tensor_names(make("pruned")) == ["weight", "bias"]
    assert tensor_names(make("hooked spectral norm")) == ["weight", "bias"]
    assert tensor_names(make("weight norm")) == ["weight", "bias"]
    parameters, buffers = own_tensors(make("pruned"))
    assert list(parameters) == ["weight_orig", "bias_orig"]
    assert list(buffers) == ["weight_mask", "bias_mask"]


def test_children_are_given_with_repetition_and_without_the_parametrizations() -> None:
    assert [name for name, _ in children(make("aliased"))] == ["0", "1", "conv1"]
    assert children(make("weight norm")) == []
    model = nn.Sequential(nn.Linear(2, 2))
    model.register_module("parametrizations", nn.Linear(3, 3))
    assert [name for name, _ in children(model)] == ["0", "parametrizations"]
    assert child(model, "0") is model[0]
    assert child(model, "1") is None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("weight norm", "Parametrized (WeightNorm)"),
        ("low rank", "Parametrized (LowRank)"),
        ("pruned", "Pruned (L1Unstructured)"),
        ("pruned twice", "Pruned (PruningContainer)"),
        ("hooked spectral norm", "Recomputed before each forward (SpectralNorm)"),
    ],
)
def test_the_derivation_says_how_the_tensor_is_made(name: str, words: str) -> None:
    formed = formation(make(name), "weight")
    assert formed is not None
    assert formed.derivation.startswith(words)


def test_what_a_derived_bias_is_made_of_is_raw_too() -> None:
    model = nn.Sequential(nn.Linear(6, 5), nn.Linear(5, 5))
    prune.random_unstructured(model[0], "bias", 0.4)
    parametrize.register_parametrization(model[1], "bias", nn.Identity())
    pruned, parametrized = ModuleSource(model).values()
    assert pruned.raw.keys() == {"0.bias_orig", "0.bias_mask"}
    assert parametrized.raw.keys() == {"1.parametrizations.bias.original"}
    assert pruned.weight.data_ptr() == model.get_parameter("0.weight").data_ptr()
