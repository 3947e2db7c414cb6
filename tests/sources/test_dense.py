from __future__ import annotations

import pytest
import torch
from torch import nn

from weightwidgets.sources.dense import in_first_names
from weightwidgets.sources.mapping import MappingSource
from weightwidgets.sources.module import ModuleSource
from weightwidgets.sources.names import natural_order


class Conv1D(nn.Module):
    """A dense layer as transformers has it: the weight is (in, out)."""

    def __init__(self, nf: int, nx: int) -> None:
        super().__init__()
        self.nf = nf
        self.weight = nn.Parameter(torch.randn(nx, nf))
        self.bias = nn.Parameter(torch.randn(nf))


def gpt2(*, dense: str = "Conv1D", width: int = 6, blocks: int = 2) -> nn.Module:
    def layer(inputs: int, outputs: int) -> nn.Module:
        return Conv1D(outputs, inputs) if dense == "Conv1D" else nn.Linear(inputs, outputs)

    def block() -> nn.Module:
        attention = {"c_attn": layer(width, 3 * width), "c_proj": layer(width, width)}
        mlp = {"c_fc": layer(width, 4 * width), "c_proj": layer(4 * width, width)}
        parts = {
            "ln_1": nn.LayerNorm(width), "attn": nn.ModuleDict(attention),
            "ln_2": nn.LayerNorm(width), "mlp": nn.ModuleDict(mlp),
        }  # fmt: skip
        return nn.ModuleDict(parts)

    torch.manual_seed(0)
    table = {"wte": nn.Embedding(20, width), "h": nn.ModuleList(block() for _ in range(blocks))}
    return nn.ModuleDict({**table, "ln_f": nn.LayerNorm(width)})


def assert_read_alike(model: nn.Module, *, sort: bool) -> None:
    state = model.state_dict()
    names = sorted(state, key=natural_order) if sort else list(state)
    live, saved = ModuleSource(model), MappingSource({name: state[name] for name in names})
    assert sorted(saved) == sorted(live)
    for name, layer in live.items():
        twin = saved[name]
        assert (twin.kind, twin.in_first) == (layer.kind, layer.in_first), name
        assert torch.equal(twin.out_first, layer.out_first), name
        assert (twin.bias is None) == (layer.bias is None), name
        if layer.bias is not None and twin.bias is not None:
            assert torch.equal(twin.bias, layer.bias), name


@pytest.mark.parametrize("sort", [False, True])
@pytest.mark.parametrize("dense", ["Conv1D", "Linear"])
def test_a_saved_gpt2_is_read_like_the_live_model_layer_by_layer(dense: str, sort: bool) -> None:
    model = gpt2(dense=dense)
    assert_read_alike(model, sort=sort)
    assert ModuleSource(model)["h.1.attn.c_proj"].in_first is (dense == "Conv1D")


def test_the_gpt2_of_transformers_is_read_like_the_live_model() -> None:
    transformers = pytest.importorskip("transformers")
    config = transformers.GPT2Config(
        n_layer=2, n_embd=12, n_head=2, vocab_size=30, n_positions=8, add_cross_attention=True
    )
    model = transformers.GPT2Model(config)
    assert sum(layer.in_first for layer in ModuleSource(model).values()) == 14
    assert_read_alike(model, sort=False)


def test_a_square_weight_follows_its_own_block_only() -> None:
    shapes = {
        "a.attn.c_attn.weight": torch.zeros(4, 12), "a.attn.c_attn.bias": torch.zeros(12),
        "a.attn.c_proj.weight": torch.zeros(4, 4), "a.attn.c_proj.bias": torch.zeros(4),
        "a.attn.dense.weight": torch.zeros(4, 4), "a.attn.dense.bias": torch.zeros(4),
        "b.attn.c_proj.weight": torch.zeros(4, 4), "b.attn.c_proj.bias": torch.zeros(4),
        "other.weight": torch.zeros(3, 5), "other.bias": torch.zeros(5),
        "plain.weight": torch.zeros(5, 3), "plain.bias": torch.zeros(5),
        "mute.weight": torch.zeros(5, 3),
    }  # fmt: skip
    kinds = {name: "linear" for name in shapes if name.endswith("weight")}
    told = in_first_names(kinds, shapes)  # type: ignore[arg-type]
    assert told == {"a.attn.c_attn.weight", "a.attn.c_proj.weight", "other.weight"}
    assert in_first_names({}, shapes) == frozenset()
