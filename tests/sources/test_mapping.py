import warnings
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.odd_tensors import Scaled, nested
from tests.sources.zoo import ZOO, Tied, make
from weightwidgets.sources.mapping import MappingSource, as_tensor
from weightwidgets.sources.module import ModuleSource

# What a state dict says by names and shapes alone is read as the live module is.
TOLD_BY_NAMES = [
    "conv1d", "conv3d", "own conv", "channels last", "transposed 1d", "transposed 2d grouped",
    "transposed 3d", "linear", "rnn", "lstm", "gru", "lstm cell", "gru cell", "rnn cell", "attention",
    "attention unequal", "transformer", "norms", "aliased", "bfloat16", "frozen", "meta",
]  # fmt: skip


@pytest.mark.parametrize("name", TOLD_BY_NAMES)
def test_a_state_dict_is_read_like_its_module(name: str) -> None:
    model = make(name)
    live, saved = ModuleSource(model), MappingSource(model.state_dict())
    assert list(saved) == list(live)
    for key, layer in live.items():
        twin = saved[key]
        assert (twin.kind, twin.groups, twin.shape) == (layer.kind, layer.groups, layer.shape)
        assert (twin.first, twin.statistics.keys()) == (layer.first, layer.statistics.keys())
        assert (twin.bias is None) == (layer.bias is None)
        assert twin.inferred
        assert "inferred" in twin.note
        if layer.has_values:
            assert twin.weight.data_ptr() == layer.weight.data_ptr()
            assert twin.fingerprint() == layer.fingerprint()


@pytest.mark.parametrize("name", [name for name in ZOO if name != "lazy"])
def test_no_tensor_of_a_state_dict_is_dropped(name: str) -> None:
    state_dict = make(name).state_dict()
    source = MappingSource(state_dict)
    shown = [t for layer in source.values() for t in (layer.weight, layer.bias) if t is not None]
    statistics = [
        key
        for key in state_dict
        if key.rpartition(".")[2] in {"running_mean", "running_var"}
        and f"{key.rpartition('.')[0]}.weight" in state_dict
    ]
    counters = [key for key in state_dict if key.endswith("num_batches_tracked")]
    expected = {
        (tensor.data_ptr() or key, tensor.shape): tensor.numel()
        for key, tensor in state_dict.items()
        if key not in (*statistics, *counters)
    }
    assert sum(tensor.numel() for tensor in shown) == sum(expected.values())


@pytest.mark.parametrize(
    ("key", "shape", "kind"),
    [
        ("encoder.word_embeddings.weight", (7, 4), "embedding"),
        ("transformer.wte.weight", (7, 4), "embedding"),
        ("encoder.weight", (7, 4), "linear"),
        ("model.layers.0.input_layernorm.weight", (4,), "norm"),
        ("h.0.ln_1.weight", (4,), "norm"),
        ("activation.weight", (4,), "parameter"),
        ("up.transpose.weight", (4, 4, 2, 2), "conv_transpose2d"),
        ("weight", (4, 3, 3, 3), "conv2d"),
        ("weight_ih_l0", (8, 4), "parameter"),
        ("weight_hh_l0", (8, 4), "parameter"),
        ("cls_token", (1, 1, 4), "parameter"),
        ("weight", (), "parameter"),
        ("weight", (2, 2, 2, 2, 2, 2), "parameter"),
        ("conv.weight", (4, 0, 3, 3), "conv2d"),
    ],
)
def test_a_kind_is_inferred_from_name_and_shape(key: str, shape: tuple[int, ...], kind: str) -> None:
    layer = MappingSource({key: torch.zeros(shape)})[key]
    assert layer.kind == kind
    assert layer.out_first.shape[0] == layer.out_channels


def test_integers_that_are_not_called_weight_are_buffers() -> None:
    source = MappingSource({"position_ids": torch.arange(4), "0.weight": torch.ones(2, 2, dtype=torch.int8)})
    assert [layer.kind for layer in source.values()] == ["buffer", "linear"]


@pytest.mark.parametrize(
    ("bias", "kind", "groups"),
    [(8, "conv2d", 1), (3, "conv_transpose2d", 1), (6, "conv_transpose2d", 2), (5, "conv2d", 1)],
)
def test_the_length_of_the_bias_gives_a_transposed_convolution_away(
    bias: int, kind: str, groups: int
) -> None:
    source = MappingSource({"0.weight": torch.zeros(8, 3, 2, 2), "0.bias": torch.zeros(bias)})
    layer = source["0"]
    assert (layer.kind, layer.groups) == (kind, groups)
    # Five biases fit neither reading, so that they are a tensor of their own.
    assert (layer.bias is None) == (bias == 5) == ("0.bias" in source)


def test_that_groups_cannot_be_seen_is_said() -> None:
    assert "Groups cannot be seen" in MappingSource({"0.weight": torch.zeros(8, 1, 2, 2)})["0"].note
    assert "Groups" not in MappingSource({"0.weight": torch.zeros(8, 1)})["0"].note


def test_a_name_that_collides_without_its_final_weight_stays_whole() -> None:
    source = MappingSource({"a.weight": torch.zeros(2, 2), "a": torch.zeros(3)})
    assert list(source) == ["a.weight", "a"]
    assert source["a"].shape == (3,)


def test_the_order_of_the_mapping_is_kept() -> None:
    keys = ["z.weight", "b", "a.bias", "a.weight", "c.bias"]
    assert list(MappingSource({key: torch.zeros(2, 2) for key in keys})) == ["z", "b", "a", "c.bias"]


def test_tied_tensors_are_one_layer_and_the_second_bias_is_kept() -> None:
    source = MappingSource(Tied().state_dict())
    assert list(source) == ["encoder", "decoder.bias"]
    assert source["decoder.weight"] is source["encoder"]


def test_tensors_that_share_memory_but_not_shape_are_different_layers() -> None:
    values = torch.arange(6.0)
    source = MappingSource({"a": values.view(2, 3), "b": values.view(3, 2), "c": values.view(2, 3).T})
    assert list(source) == ["a", "b", "c"]


def test_empty_tensors_are_never_taken_for_one() -> None:
    assert list(MappingSource({"a": torch.empty(0), "b": torch.empty(0)})) == ["a", "b"]


@pytest.mark.parametrize(
    ("keys", "next_norm"),
    [
        (("0", "1"), "1"),
        (("features.0", "features.1"), "features.1"),
        (("0", "2"), ""),
        (("conv1", "bn1"), "bn1"),
        (("layer.conv", "head.bn"), ""),
    ],
)
def test_the_norm_after_a_convolution_is_named_where_the_names_allow_it(
    keys: tuple[str, str], next_norm: str
) -> None:
    conv, norm = keys
    tensors = {
        f"{conv}.weight": torch.zeros(4, 3, 3, 3),
        f"{norm}.weight": torch.zeros(4),
        f"{norm}.bias": torch.zeros(4),
    }
    assert MappingSource(tensors)[conv].next_norm == next_norm


def test_new_values_and_new_keys_are_seen() -> None:
    tensors: dict[str, Any] = {"0.weight": torch.zeros(2, 2)}
    source = MappingSource(tensors)
    layer = source["0"]
    before = layer.fingerprint()
    tensors["0.weight"] = torch.ones(2, 2)
    tensors["1.weight"] = torch.ones(3, 3)
    assert layer.fingerprint() != before
    assert torch.equal(layer.weight, torch.ones(2, 2))
    assert source["1"].shape == (3, 3)
    del tensors["0.weight"]
    assert "0" not in source
    assert list(source) == ["1"]


def test_an_alias_that_gets_a_tensor_of_its_own_is_a_layer_of_its_own() -> None:
    tensors = {"a.weight": torch.zeros(2, 2)}
    tensors["b.weight"] = tensors["a.weight"]
    source = MappingSource(tensors)
    assert list(source["b"].names) == ["a", "b"]
    tensors["b.weight"] = torch.ones(2, 2)
    assert list(source["b"].names) == ["b"]
    assert source["b"].weight.sum() == 4


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.arange(6, dtype=np.float64).reshape(2, 3)[:, ::2],
        np.arange(6, dtype=np.float16).reshape(2, 3).T,
        np.arange(6, dtype=np.int64),
        np.array(3.0),
    ],
)
def test_numpy_arrays_share_their_memory(array: np.ndarray[Any, Any]) -> None:
    layer = MappingSource({"a": array})["a"]
    assert layer.weight.data_ptr() == array.ctypes.data
    assert np.array_equal(layer.weight.numpy(), array)
    before = layer.fingerprint()
    array[...] = 7
    assert layer.fingerprint() != before


def test_a_read_only_array_is_shared_without_a_warning_and_outlives_its_owner() -> None:
    array = np.arange(6.0)
    array.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tensor = as_tensor(array)
    assert tensor.data_ptr() == array.ctypes.data
    del array
    assert tensor.tolist() == [0, 1, 2, 3, 4, 5]


def test_arrays_that_torch_cannot_hold_as_they_lie_are_copied() -> None:
    assert as_tensor(np.arange(3.0)[::-1]).tolist() == [2, 1, 0]
    assert as_tensor(np.arange(3, dtype=">f4")).tolist() == [0, 1, 2]


def test_a_parameter_is_handed_out_detached() -> None:
    parameter = nn.Parameter(torch.ones(2))
    tensor = as_tensor(parameter)
    assert not tensor.requires_grad
    assert tensor.data_ptr() == parameter.data_ptr()


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"epoch": 3}, "'epoch' is no weight: int is neither a tensor nor a numpy array"),
        ({"a": np.array(["text"])}, "'a' is no weight"),
        ({3: torch.ones(2)}, "keyed by text, and 3 is int"),
    ],
)
def test_what_is_no_weight_is_refused_by_name(tensors: dict[Any, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        MappingSource(tensors)


def test_uninitialised_tensors_of_a_lazy_model_are_listed() -> None:
    source = MappingSource(make("lazy").state_dict())
    assert not any(layer.initialized for layer in source.values())
    assert all("uninitialised" in layer.note for layer in source.values())
    assert all(layer.fingerprint() == layer.fingerprint() for layer in source.values())


def test_the_title_is_state_dict() -> None:
    assert MappingSource({}).title == "state dict"
    assert len(MappingSource({})) == 0


def test_tensors_that_torch_cannot_measure_are_listed_and_never_taken_for_each_other() -> None:
    codes = torch.ones(2, 2, dtype=torch.int8)
    source = MappingSource(
        {
            "ragged.weight": nested(torch.strided),
            "ragged.bias": torch.ones(2),
            "jagged.weight": nested(torch.jagged),
            "plain.weight": torch.ones(2, 2),
            "plain.bias": nested(torch.strided),
            "once.weight": Scaled(codes, 0.5),
            "twice.weight": Scaled(codes, 2.0),
        }
    )
    assert list(source) == [
        "ragged", "ragged.bias", "jagged", "plain", "plain.bias", "once", "twice",
    ]  # fmt: skip
    assert [source[name].kind for name in ("ragged", "jagged", "plain", "once")] == [
        "parameter", "parameter", "linear", "linear",
    ]  # fmt: skip
    assert source["plain"].bias is None
    assert source["twice"].out_first.tolist() == [[2, 2], [2, 2]]
