import pytest
import torch
from torch import nn

from tests.sources.attentions import Conv1D
from tests.sources.zoo import make
from weightwidgets.layer import KINDS
from weightwidgets.sources.kinds import groups_of, is_in_first, kind_of, norm_channels
from weightwidgets.sources.mapping import MappingSource
from weightwidgets.sources.module import ModuleSource


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("own conv", {"weight": "conv2d"}),
        ("transposed 1d", {"weight": "conv_transpose1d"}),
        ("bilinear", {"weight": "bilinear"}),
        ("embedding bag", {"weight": "embedding"}),
        ("gru cell", {"weight_ih": "gru", "weight_hh": "gru"}),
        ("rnn", {f"weight_{what}_l{n}": "rnn" for n in (0, 1) for what in ("ih", "hh")}),
        ("attention", {"in_proj_weight": "attention", "out_proj": "linear"}),
        (
            "norms",
            {
                "0": "norm", "1": "norm", "2": "norm", "3": "norm",
                "4.running_mean": "buffer", "4.running_var": "buffer",
            },
        ),
        ("prelu", {"0": "parameter", "1": "parameter"}),
        ("affine", {"weight": "parameter"}),
        ("affine of columns", {"bias": "parameter", "weight": "parameter"}),
        ("lists", {"0": "parameter", "1": "parameter"}),
        ("weight norm", {"weight": "conv2d"}),
        ("doubled", {"weight": "linear"}),
        ("lazy", {"0": "conv2d", "1": "norm", "2": "linear"}),
        (
            "vectors",
            {
                "scale": "parameter", "cls_token": "parameter", "positions": "parameter",
                "mask": "buffer", "steps": "buffer",
            },
        ),
        (
            "attention unequal",
            {
                "q_proj_weight": "attention", "k_proj_weight": "attention", "v_proj_weight": "attention",
                "bias_k": "parameter", "bias_v": "parameter", "out_proj": "linear",
            },
        ),
    ],
)  # fmt: skip
def test_keys_and_kinds_in_model_order(name: str, kinds: dict[str, str]) -> None:
    assert {key: layer.kind for key, layer in ModuleSource(make(name)).items()} == kinds
    assert list(ModuleSource(make(name))) == list(kinds)


class WideConv(nn.Conv2d):
    """A subclass that keeps something else under the name of the weight."""

    def __init__(self) -> None:
        super().__init__(3, 4, 3)
        self.weight = nn.Parameter(torch.ones(2, 4, 3, 3, 3))


def test_a_subclass_that_keeps_another_rank_under_the_name_is_not_believed() -> None:
    layer = ModuleSource(WideConv())["weight"]
    assert layer.kind == "parameter"
    assert layer.out_first.shape == (2, 108)


def test_what_a_subclass_adds_beside_the_weight_is_a_parameter() -> None:
    conv = nn.Conv2d(3, 4, 3)
    conv.scale = nn.Parameter(torch.ones(4))
    assert kind_of(conv, "scale", conv.scale) == "parameter"
    assert kind_of(conv, "weight", conv.weight) == "conv2d"


def test_a_parametrized_buffer_is_a_buffer() -> None:
    module = nn.Module()
    module.register_buffer("mask", torch.ones(2))
    nn.utils.parametrize.register_parametrization(module, "mask", nn.Identity())
    assert ModuleSource(module)["mask"].kind == "buffer"


@pytest.mark.parametrize("kind", KINDS)
def test_only_convolutions_have_groups(kind: str) -> None:
    assert groups_of(nn.Conv2d(4, 4, 1, groups=2), kind) == (2 if kind.startswith("conv") else 1)  # type: ignore[arg-type]


class OwnNorm(nn.Module):
    """A norm that a model brings itself, of no class of torch."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(shape))
        self.gain = nn.Parameter(torch.ones(shape))
        self.register_buffer("seen", torch.ones(shape))


def test_a_norm_of_a_models_own_is_known_by_its_name_as_in_a_state_dict() -> None:
    model = nn.ModuleDict({"input_layernorm": OwnNorm(4), "act": OwnNorm(4), "matrix_norm": OwnNorm(4, 4)})
    live = ModuleSource(model)
    kinds = {
        "input_layernorm.weight": "norm", "input_layernorm.gain": "parameter",
        "input_layernorm.seen": "buffer", "act.weight": "parameter", "matrix_norm.weight": "parameter",
    }  # fmt: skip
    assert {name: live[name].kind for name in kinds} == kinds
    assert live["input_layernorm.weight"].note == ""
    assert "not known" in live["act.weight"].note
    saved = MappingSource(model.state_dict())
    assert saved["input_layernorm.weight"].kind == "norm"


def test_the_norms_of_a_llama_are_norms() -> None:
    transformers = pytest.importorskip("transformers")
    config = transformers.LlamaConfig(
        num_hidden_layers=1, hidden_size=8, intermediate_size=16, vocab_size=11,
        num_attention_heads=2, num_key_value_heads=1,
    )  # fmt: skip
    source = ModuleSource(transformers.LlamaModel(config))
    norms = [name for name, layer in source.items() if layer.kind == "norm"]
    assert norms == ["layers.0.input_layernorm", "layers.0.post_attention_layernorm", "norm"]
    assert [source[name].note for name in norms] == ["", "", ""]


@pytest.mark.parametrize(
    ("module", "channels"),
    [
        (nn.BatchNorm3d(4), 4),
        (nn.SyncBatchNorm(5), 5),
        (nn.InstanceNorm2d(6), 6),
        (nn.GroupNorm(2, 8), 8),
        (nn.LayerNorm(3), 3),
        (nn.LayerNorm((3, 4)), None),
        (nn.ReLU(), None),
    ],
)
def test_the_channels_of_a_norm(module: nn.Module, channels: int | None) -> None:
    assert norm_channels(module) == channels


@pytest.mark.parametrize(
    ("after", "next_norm"),
    [
        (nn.BatchNorm2d(4), "1"),
        (nn.GroupNorm(2, 4), "1"),
        (nn.LayerNorm(4), "1"),
        (nn.BatchNorm2d(4, affine=False), "1"),
        (nn.BatchNorm2d(3), ""),
        (nn.LayerNorm((4, 4)), ""),
        (nn.ReLU(), ""),
    ],
)
def test_a_norm_registered_right_after_is_named_if_its_channels_match(
    after: nn.Module, next_norm: str
) -> None:
    source = ModuleSource(nn.Sequential(nn.Conv2d(3, 4, 3), after, nn.BatchNorm2d(4)))
    assert source["0"].next_norm == next_norm


def test_the_next_norm_of_a_transposed_convolution_matches_its_outputs() -> None:
    model = nn.Sequential(nn.Sequential(nn.ConvTranspose2d(8, 12, 3, groups=2), nn.BatchNorm2d(12)))
    assert ModuleSource(model)["0.0"].next_norm == "0.1"


@pytest.mark.filterwarnings("ignore:`torch.jit.script`:DeprecationWarning")
def test_a_scripted_model_has_lost_its_classes_but_no_tensor() -> None:
    source = ModuleSource(torch.jit.script(nn.Sequential(nn.Conv2d(3, 4, 3))))
    assert source["0"].kind == "parameter"
    assert source["0"].shape == (4, 3, 3, 3)
    assert source["0"].bias is not None


def test_a_dense_layer_stored_as_in_by_out_is_shown_with_a_row_for_each_output() -> None:
    torch.manual_seed(0)
    dense = Conv1D(5, 3)
    layer = ModuleSource(nn.Sequential(dense, nn.LayerNorm(5)))["0"]
    assert (layer.kind, layer.first, layer.next_norm) == ("linear", True, "1")
    assert (layer.shape, layer.out_first_shape) == ((3, 5), (5, 3))
    assert (layer.out_channels, layer.in_channels) == (5, 3)
    assert layer.weight.data_ptr() == layer.out_first.data_ptr() == dense.weight.data_ptr()
    given = torch.randn(7, 3)
    assert layer.bias is not None
    assert torch.allclose(given @ layer.out_first.T + layer.bias, dense(given), atol=1e-6)
    assert "Stored as (in, out)" in layer.note


def test_what_is_only_called_conv1d_is_not_turned() -> None:
    class Conv1D(nn.Linear):
        """A dense layer of somebody else's, without transformers' count of outputs."""

    square = Conv1D(4, 4)
    assert not is_in_first(square, "weight", square.weight)
    assert not is_in_first(nn.LazyLinear(2), "weight", nn.LazyLinear(2).weight)
    assert not ModuleSource(square)["weight"].in_first


def test_gpt_2_shows_a_row_for_each_output_and_its_heads() -> None:
    transformers = pytest.importorskip("transformers")
    config = transformers.GPT2Config(n_layer=1, n_embd=8, n_head=2, vocab_size=11, n_positions=4)
    source = ModuleSource(transformers.GPT2Model(config))
    layer = source["h.0.attn.c_attn"]
    assert (layer.kind, layer.shape, layer.out_first.shape) == ("linear", (8, 24), (24, 8))
    assert layer.bias is not None
    assert layer.bias.shape == (24,)
