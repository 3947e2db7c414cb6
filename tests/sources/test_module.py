import copy
import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.parameter import is_lazy
from torch.nn.utils import parametrizations, prune

from tests.sources.zoo import ZOO, Tied, make
from weightwidgets.layer import KINDS, Layer
from weightwidgets.sources.module import ModuleSource

WITH_VALUES = [name for name in ZOO if "meta" not in name and name != "lazy"]


def read_everything(source: ModuleSource) -> None:
    for layer in source.values():
        assert layer.kind in KINDS
        _ = layer.note, layer.shape, layer.numel, layer.fingerprint(), layer.statistics, repr(layer)
        if layer.has_values:
            _ = layer.weight, layer.bias, layer.raw, layer.out_first


def state(model: nn.Module) -> dict[str, Any]:
    """Return everything about a model that looking at it could change."""
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_state_dict_hooks")
    tables = [table for module in model.modules() for table in (module._parameters, module._buffers)]
    tensors = [t for table in tables for t in table.values() if t is not None and not is_lazy(t)]
    return {
        "training": [module.training for module in model.modules()],
        "hooks": [[list(getattr(m, name)) for name in hooks] for m in model.modules()],
        "attributes": [sorted(vars(module)) for module in model.modules()],
        "tensors": [(id(t), t._version, t.data_ptr(), t.requires_grad) for t in tensors],
        "values": [t.detach().clone() for t in tensors if not t.is_meta],
        "grads": [None if t.grad is None else t.grad.clone() for t in tensors if not t.is_meta],
        "generator": torch.get_rng_state(),
    }


def same(one: object, other: object) -> bool:
    if isinstance(one, torch.Tensor):
        return isinstance(other, torch.Tensor) and one.equal(other)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", ZOO)
def test_looking_at_everything_leaves_the_model_bit_for_bit_as_it_was(name: str, training: bool) -> None:
    model = make(name).train(training)
    for parameter in model.parameters():
        if parameter.requires_grad and not is_lazy(parameter):
            parameter.grad = torch.ones_like(parameter)
    before = state(model)
    read_everything(ModuleSource(model))
    after = state(model)
    for what, value in before.items():
        assert same(value, after[what]), what


@pytest.mark.parametrize("name", WITH_VALUES)
def test_no_parameter_is_dropped_and_none_is_listed_twice(name: str) -> None:
    model = make(name)
    source = ModuleSource(model)
    reached: list[torch.Tensor] = []
    for layer in source.values():
        reached += layer.tensors.stored().values()
        # A packed bias is cut in three: its parts are counted by themselves.
        reached += [layer.bias] if layer.bias is not None and not layer.raw else []
        reached += layer.tensors.stored_bias().values() if layer.raw else []
        reached += layer.statistics.values()
    places = [(tensor.data_ptr(), tensor.shape) for tensor in reached if tensor.numel()]
    assert len(set(places)) == len(places)
    # What a norm counts is no number of a layer.
    buffers = (b for name, b in model.named_buffers() if not name.endswith("num_batches_tracked"))
    expected = [*model.parameters(), *buffers]
    assert sum(tensor.numel() for tensor in reached) == sum(tensor.numel() for tensor in expected)


@pytest.mark.parametrize("name", WITH_VALUES)
def test_every_full_name_resolves_and_the_plain_ones_are_torch_s(name: str) -> None:
    model = make(name)
    source = ModuleSource(model)
    torch_s = dict([*model.named_parameters(), *model.named_buffers()])
    for layer in source.values():
        assert all(source[spelling] is layer for spelling in (*layer.names, *layer.full_names))
        if layer.raw:
            assert layer.raw.keys() <= torch_s.keys()
        else:
            assert layer.weight.data_ptr() == torch_s[layer.full_name].data_ptr()


@pytest.mark.parametrize("name", WITH_VALUES)
def test_rows_of_the_out_first_weight_are_output_units(name: str) -> None:
    for layer in ModuleSource(make(name)).values():
        out_first = layer.out_first
        assert out_first.shape == (
            layer.out_channels, layer.in_channels // layer.groups, *layer.kernel_size
        )  # fmt: skip
        assert out_first.numel() == layer.numel
        assert torch.equal(out_first.flatten().sort()[0], layer.weight.flatten().sort()[0])


@pytest.mark.parametrize("name", WITH_VALUES)
def test_nothing_is_copied_but_what_is_derived_or_grouped_and_transposed(name: str) -> None:
    for layer in ModuleSource(make(name)).values():
        if not layer.raw and layer.numel and not (layer.transposed and layer.groups > 1):
            assert layer.out_first.data_ptr() == layer.weight.data_ptr()


def test_lstm_biases_hang_on_their_weights_and_projections_have_none() -> None:
    lstm = make("lstm")
    source = ModuleSource(lstm)
    assert len(source) == 12
    for key, layer in source.items():
        assert layer.kind == "lstm"
        if "weight_hr" in key:
            assert layer.bias is None
        else:
            assert layer.bias is not None
            assert torch.equal(layer.bias, lstm.get_parameter(key.replace("weight", "bias")))


def test_the_shared_bias_of_attention_is_cut_in_three() -> None:
    attention = make("attention unequal")
    source = ModuleSource(attention)
    parts = [source[f"{letter}_proj_weight"].bias for letter in "qkv"]
    assert torch.equal(torch.cat(parts), attention.get_parameter("in_proj_bias").detach())  # type: ignore[arg-type]


def test_a_bias_of_another_length_is_a_layer_of_its_own() -> None:
    source = ModuleSource(make("affine of columns"))
    assert source["weight"].bias is None
    assert source["bias"].shape == (3,)
    assert ModuleSource(make("affine"))["weight"].bias is not None


def test_one_module_under_two_names_is_one_layer_that_sees_new_data() -> None:
    model = nn.Sequential(nn.Conv2d(3, 32, 3, padding=1))
    model.conv1 = model[0]
    source = ModuleSource(model)
    new = torch.randn(32, 3, 3, 3)
    model.conv1.weight.data = new
    assert list(source) == ["0"]
    assert source["0"].names == ("0", "conv1")
    assert source["0"].full_names == ("0.weight", "conv1.weight")
    assert source["conv1"] is source["0"] is source["0.weight"] is source["conv1.weight"]
    assert source["0"].weight.data_ptr() == new.data_ptr()
    assert torch.equal(source["0"].bias, model[0].bias)  # type: ignore[arg-type]


def test_tied_parameters_are_one_layer_and_the_second_module_s_bias_is_kept() -> None:
    model = Tied()
    source = ModuleSource(model)
    assert list(source) == ["encoder", "decoder.bias"]
    assert source["decoder"] is source["encoder"]
    assert source["encoder"].kind == "embedding"
    assert source["encoder"].bias is None
    assert torch.equal(source["decoder.bias"].weight, model.decoder.bias)


def test_a_bias_shared_with_its_tied_weight_is_listed_once() -> None:
    source = ModuleSource(make("shared bias"))
    assert list(source) == ["0"]
    assert source["1"].bias is not None


def test_a_bias_tied_within_one_module_is_not_lost() -> None:
    rnn = nn.RNN(4, 4, num_layers=2)
    rnn.weight_ih_l1 = rnn.weight_ih_l0
    source = ModuleSource(rnn)
    assert source["weight_ih_l0"].names == ("weight_ih_l0", "weight_ih_l1")
    assert torch.equal(source["bias_ih_l1"].weight, rnn.get_parameter("bias_ih_l1"))


def test_an_untied_name_no_longer_leads_to_the_old_layer() -> None:
    model = Tied()
    source = ModuleSource(model)
    model.decoder.weight = nn.Parameter(torch.zeros(7, 4))
    assert source["decoder"].name == "decoder"
    assert source["decoder"].weight.count_nonzero() == 0
    assert list(source) == ["encoder", "decoder"]


@pytest.mark.parametrize(
    ("change", "key", "kind"),
    [
        (lambda model: model.add_module("head", nn.Linear(2, 2)), "head", "linear"),
        (lambda model: model.register_parameter("scale", nn.Parameter(torch.ones(3))), "scale", "parameter"),
        (lambda model: model.register_buffer("mask", torch.ones(3)), "mask", "buffer"),
        (lambda model: model.__setattr__("conv1", nn.Conv1d(1, 1, 1)), "conv1", "conv1d"),
        (lambda model: model.__setitem__(0, nn.Linear(2, 2)), "0", "linear"),
    ],
)
def test_what_is_added_or_replaced_after_opening_is_noticed(
    change: Callable[[nn.Module], None], key: str, kind: str
) -> None:
    model = make("aliased")
    source = ModuleSource(model)
    change(model)
    assert source[key].kind == kind
    assert key in source[key].names
    assert any(source[name] is source[key] for name in source)


def test_what_is_removed_after_opening_is_gone() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    source = ModuleSource(model)
    layer = source["1"]
    del model[1]
    assert "1" not in source
    assert list(source) == ["0"]
    with pytest.raises(KeyError, match="no layer called '1' among 1 layers"):
        source["1"]
    assert layer.weight.shape == (2, 2)


def test_a_replaced_parameter_is_read_by_the_layer_at_hand() -> None:
    model = nn.Linear(3, 2)
    layer = ModuleSource(model)["weight"]
    model.weight = nn.Parameter(torch.zeros(4, 3))
    assert layer.shape == (4, 3)
    assert layer.weight.data_ptr() == model.weight.data_ptr()


def test_a_layer_whose_tensor_is_gone_says_so() -> None:
    model = nn.Linear(3, 2)
    layer = ModuleSource(model)["weight"]
    del model.weight
    with pytest.raises(LookupError, match="'weight' is no longer in the model"):
        _ = layer.weight


def test_pruning_can_come_and_go_under_a_layer_at_hand() -> None:
    model = nn.Sequential(nn.Linear(6, 5))
    source = ModuleSource(model)
    layer = source["0"]
    prune.l1_unstructured(model[0], "weight", 0.5)
    assert int((layer.weight == 0).sum()) == 15
    assert layer.raw.keys() == {"0.weight_orig", "0.weight_mask"}
    assert "Pruned" in source["0"].note
    prune.remove(model[0], "weight")
    assert layer.raw == {}
    assert layer.weight.data_ptr() == model.get_parameter("0.weight").data_ptr()


def test_a_parametrized_layer_reports_raw_tensors_under_torch_s_names() -> None:
    model = nn.Sequential(parametrizations.weight_norm(nn.Linear(6, 5)))
    layer = ModuleSource(model)["0"]
    assert list(layer.raw) == [name for name, _ in model.named_parameters() if "original" in name]
    assert not any(tensor.requires_grad for tensor in layer.raw.values())
    assert layer.note.startswith("Parametrized (WeightNorm)")


def test_what_could_not_be_computed_is_said_in_the_note() -> None:
    layer = ModuleSource(make("noisy"))["weight"]
    assert "could not be computed" in layer.note
    assert torch.equal(layer.weight, layer.raw["parametrizations.weight.original"])


@pytest.mark.parametrize("name", ["spectral norm", "pruned", "hooked weight norm", "low rank"])
def test_the_fingerprint_of_a_derived_layer_is_stable_and_sees_its_raw_tensors(name: str) -> None:
    model = make(name)
    layer = ModuleSource(model)["weight"]
    for parameter in model.parameters():
        before = layer.fingerprint()
        assert layer.fingerprint() == before
        with torch.no_grad():
            parameter.add_(1)
        assert layer.fingerprint() != before


def test_running_statistics_belong_to_their_norm() -> None:
    model = make("norms")
    source = ModuleSource(model)
    assert not any("num_batches" in name for name in source)
    # One norm has no weight that they could hang on.
    assert [name for name in source if "running" in name] == ["4.running_mean", "4.running_var"]
    assert source["4.running_var"].kind == "buffer"
    assert list(source["0"].statistics) == ["running_mean", "running_var"]
    assert source["0"].statistics["running_var"].data_ptr() == model.get_buffer("0.running_var").data_ptr()
    assert source["2"].statistics == {}


def test_a_buffer_called_like_a_statistic_outside_a_norm_is_listed() -> None:
    model = nn.Linear(2, 2)
    model.register_buffer("running_mean", torch.zeros(2))
    source = ModuleSource(model)
    assert source["running_mean"].kind == "buffer"
    assert source["weight"].statistics == {}


def test_the_first_convolution_or_dense_layer_is_marked() -> None:
    model = nn.Sequential(nn.Embedding(3, 4), nn.Linear(4, 4), nn.Conv1d(4, 4, 1))
    assert [layer.first for layer in ModuleSource(model).values()] == [False, True, False]


def test_lazy_layers_are_listed_and_come_to_life() -> None:
    model = make("lazy")
    source = ModuleSource(model)
    layer = source["0"]
    assert (layer.shape, layer.numel, layer.initialized, layer.has_values) == ((), 0, False, False)
    assert "run one batch" in layer.note
    assert source["0"].next_norm == ""
    model(torch.randn(2, 3, 8, 8))
    assert layer.shape == (4, 3, 3, 3)
    assert layer.note == ""
    assert source["0"].next_norm == "" or source["0"].out_channels == 4
    assert list(source) == ["0", "1", "2"]
    assert source["0"].next_norm == "1"
    assert source["2"].bias is not None


def test_a_model_on_meta_has_shapes_but_no_values() -> None:
    layer = ModuleSource(make("meta"))["weight"]
    assert (layer.shape, layer.numel, layer.has_values) == ((4, 3, 3, 3), 108, False)
    assert "on `meta`" in layer.note
    assert layer.fingerprint() == layer.fingerprint()


def test_a_module_that_contains_itself_is_walked_once() -> None:
    model = nn.Sequential(nn.Linear(2, 2))
    model[0].parent = model
    assert list(ModuleSource(model)) == ["0"]


def test_hostile_names_are_kept_as_they_are() -> None:
    hostile = "<img src=x onerror=alert(1)>"
    model = nn.Module()
    model.add_module(hostile, nn.Linear(2, 2))
    layer = ModuleSource(model)[hostile]
    assert layer.full_name == f"{hostile}.weight"


def test_the_title_is_the_model_s_class() -> None:
    assert ModuleSource(make("transformer")).title == "TransformerEncoderLayer"


def test_a_source_keeps_no_tensor_that_the_model_let_go() -> None:
    model = nn.Linear(3, 2)
    source = ModuleSource(model)
    read_everything(source)
    old = weakref.ref(model.weight)
    model.weight = nn.Parameter(torch.zeros(2, 3))
    gc.collect()
    assert old() is None


def test_an_optimizer_step_is_seen() -> None:
    model = nn.Linear(3, 2)
    layer: Layer = ModuleSource(model)["weight"]
    before, values = layer.fingerprint(), copy.deepcopy(layer.weight)
    model(torch.ones(1, 3)).sum().backward()
    torch.optim.SGD(model.parameters(), lr=0.1).step()
    assert layer.fingerprint() != before
    assert not torch.equal(layer.weight, values)


def test_a_module_is_found_by_its_path() -> None:
    inner = nn.Sequential(nn.Linear(1, 1))
    model = nn.ModuleDict({"inner": inner})
    source = ModuleSource(model)
    assert source.module_at("") is model
    assert source.module_at("inner.0") is inner[0]
    assert source.module_at("inner.1") is source.module_at("other.0") is None
