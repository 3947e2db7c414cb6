from __future__ import annotations

import warnings
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn

from tests.sources.attentions import (
    ATTENTIONS,
    HEADS,
    MODEL,
    SIZE,
    Attention,
    Llama,
    dense,
    holder,
    inputs_of,
    make_attention,
)
from weightwidgets.sources._attention_names import NAMINGS, beside
from weightwidgets.sources.attention import AttentionBlock, Projections, attention_blocks, named_block
from weightwidgets.sources.mapping import MappingSource
from weightwidgets.sources.module import ModuleSource

if TYPE_CHECKING:
    from weightwidgets.sources.source import Source


def as_is(tensor: torch.Tensor) -> torch.Tensor:
    return tensor


def cut(block: AttentionBlock, **given: int) -> tuple[Projections, int, int]:
    counts = block.counts(**given)
    return block.projections(counts, as_is), counts.heads, counts.kv_heads


def check(module: Attention, block: AttentionBlock, **given: int) -> None:
    """Compare scores and outputs worked out from the slices with the module's own."""
    weights, heads, kv_heads = cut(block, **given)
    x = inputs_of(module)
    size = len(weights.q) // heads
    for head in range(heads):
        shared = head // (heads // kv_heads)
        own, common = slice(head * size, (head + 1) * size), slice(shared * size, (shared + 1) * size)
        scores = (x @ weights.q[own].T) @ (x @ weights.k[common].T).T
        torch.testing.assert_close(scores, module.scores(x)[head], rtol=1e-12, atol=1e-12)
        written = x @ weights.v[common].T @ weights.o[:, own].T
        torch.testing.assert_close(written, module.written(x, head), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ATTENTIONS)
def test_the_slices_of_a_live_module_give_its_own_scores_and_outputs(name: str) -> None:
    module = make_attention(name)
    (block,) = attention_blocks(ModuleSource(nn.ModuleDict({"attn": module})))
    assert block.hinted == HEADS
    check(module, block)


@pytest.mark.parametrize("name", ATTENTIONS)
def test_the_slices_of_a_state_dict_are_the_same_once_the_heads_are_told(name: str) -> None:
    module = make_attention(name)
    state = {f"layers.7.attention.{key}": value for key, value in module.state_dict().items()}
    (block,) = attention_blocks(MappingSource(state))
    assert block.hinted is None
    assert block.name.startswith("layers.7.attention")
    check(module, block, num_heads=HEADS)


@pytest.mark.parametrize("widths", [{}, {"kdim": 5, "vdim": 7}])
def test_torchs_own_attention_is_cut_as_torch_cuts_it(widths: dict[str, int]) -> None:
    torch.manual_seed(0)
    module = nn.MultiheadAttention(MODEL, HEADS, bias=False, batch_first=True, **widths).double()
    (block,) = attention_blocks(ModuleSource(nn.ModuleDict({"attn": module})))
    weights, heads, kv_heads = cut(block)
    assert (heads, kv_heads) == (HEADS, HEADS)
    x, key, value = (
        torch.randn(1, 5, width, dtype=torch.float64)
        for width in (MODEL, widths.get("kdim", MODEL), widths.get("vdim", MODEL))
    )
    _, attended = module(x, key, value, average_attn_weights=False)
    attended = attended[0]
    out = torch.zeros(5, MODEL, dtype=torch.float64)
    for head in range(HEADS):
        part = slice(head * SIZE, (head + 1) * SIZE)
        scores = (x[0] @ weights.q[part].T) @ (key[0] @ weights.k[part].T).T / SIZE**0.5
        torch.testing.assert_close(scores.softmax(-1), attended[head])
        out += attended[head] @ value[0] @ weights.v[part].T @ weights.o[:, part].T
    torch.testing.assert_close(module(x, key, value)[0][0], out)


def test_every_naming_that_is_listed_is_recognised() -> None:
    for naming in NAMINGS:
        for output in naming.outputs:
            rows = 3 * MODEL if naming.packing != "separate" else MODEL
            state = {
                f"blocks.0.attn.{part}{'' if 'weight' in part else '.weight'}": torch.randn(rows, MODEL)
                for part in naming.parts
            }
            state[f"{beside('blocks.0.attn', output)}.weight"] = torch.randn(MODEL, MODEL)
            (block,) = attention_blocks(MappingSource(state))
            assert (block.name, block.packing) == ("blocks.0.attn", naming.packing)
            assert [layer.full_name for layer in block.layers] == list(state)
            assert (block.q_rows, block.kv_rows) == (MODEL, MODEL)


def test_blocks_come_in_model_order_and_other_layers_belong_to_none() -> None:
    model = nn.Sequential(
        nn.Embedding(9, MODEL), nn.TransformerEncoderLayer(MODEL, HEADS, 16), make_attention("llama")
    )
    blocks = attention_blocks(ModuleSource(model))
    assert [block.name for block in blocks] == ["1.self_attn", "2"]
    assert attention_blocks(ModuleSource(nn.Sequential(nn.Linear(3, 3)))) == []
    assert attention_blocks(ModuleSource(nn.LazyLinear(3))) == []


def test_blocks_that_share_their_weights_are_one() -> None:
    shared = make_attention("bert")
    (block,) = attention_blocks(ModuleSource(nn.ModuleList([shared, shared])))
    assert block.name == "0.self"


def test_a_model_that_is_itself_attention_has_one_block_without_a_name() -> None:
    (block,) = attention_blocks(ModuleSource(nn.MultiheadAttention(MODEL, HEADS)))
    assert (block.name, block.hinted) == ("", HEADS)


@pytest.mark.parametrize(
    "shapes",
    [
        {"q_proj": (12, 12), "k_proj": (8, 12), "v_proj": (8, 12), "o_proj": (12, 12)},
        {"q_proj": (12, 12), "k_proj": (6, 12), "v_proj": (6, 12), "o_proj": (12, 10)},
        {"q_proj": (12, 12), "k_proj": (6, 12), "v_proj": (6, 12)},
        {"q_proj": (12,), "k_proj": (6, 12), "v_proj": (6, 12), "o_proj": (12, 12)},
        {"qkv": (12, 12), "proj": (12, 12)},
        {"qkv": (35, 12), "proj": (12, 12)},
    ],
)
def test_shapes_that_are_not_those_of_attention_are_not_taken_for_it(shapes: dict[str, Any]) -> None:
    state = {f"attn.{name}.weight": torch.zeros(shape) for name, shape in shapes.items()}
    assert attention_blocks(MappingSource(state)) == []


def test_codegen_which_cuts_its_rows_in_a_way_of_its_own_is_not_guessed_at() -> None:
    state = {"attn.qkv_proj.weight": torch.zeros(36, 12), "attn.out_proj.weight": torch.zeros(12, 12)}
    assert attention_blocks(MappingSource(state)) == []


def test_bigcode_without_multi_query_packs_each_head_together() -> None:
    module = holder(c_attn=dense(36, 12), c_proj=dense(12, 12))
    (stacked,) = attention_blocks(ModuleSource(module))
    module.multi_query = False  # type: ignore[assignment]
    (by_head,) = attention_blocks(ModuleSource(module))
    assert (stacked.packing, by_head.packing) == ("stacked", "by_head")


def test_the_nearest_statement_of_heads_that_fits_is_taken() -> None:
    inner = Llama(2)
    outer = holder(attn=inner)
    config = SimpleNamespace(n_head=6)
    outer.config = config  # type: ignore[assignment]
    (block,) = attention_blocks(ModuleSource(outer))
    assert block.hinted == HEADS
    inner.config.num_attention_heads = 5
    (block,) = attention_blocks(ModuleSource(outer))
    assert block.hinted == 6
    config.n_head = True
    (block,) = attention_blocks(ModuleSource(outer))
    assert block.hinted is None


def test_the_rows_of_a_head_say_how_many_there_are_where_no_count_is_stated() -> None:
    module = Llama(2)
    module.config = SimpleNamespace(encoder_attention_heads=HEADS)
    module.head_dim = SIZE  # type: ignore[assignment]
    (block,) = attention_blocks(ModuleSource(module))
    assert block.counts() == (HEADS, 2, SIZE)
    module.head_dim = SIZE + 1  # type: ignore[assignment]
    (block,) = attention_blocks(ModuleSource(module))
    assert block.hinted is None


def test_a_checkpoint_may_bring_its_config() -> None:
    class WithConfig(MappingSource):
        config = {"num_attention_heads": HEADS, "architectures": ["x"]}  # noqa: RUF012 (a stand-in)

    source: Source = WithConfig(make_attention("llama").state_dict())
    (block,) = attention_blocks(source)
    assert block.counts() == (HEADS, 2, SIZE)


def test_unknown_heads_are_asked_for_with_those_that_fit() -> None:
    state = {"q_proj": (2048, 2048), "k_proj": (512, 2048), "v_proj": (512, 2048), "o_proj": (2048, 2048)}
    (block,) = attention_blocks(
        MappingSource({f"{name}.weight": torch.zeros(shape) for name, shape in state.items()})
    )
    with pytest.raises(ValueError, match=r"choose it\. num_heads would be 32 \(of 64 rows\), 16 \(of 128"):
        block.counts()
    with pytest.raises(ValueError, match="7 heads do not fit 2048 rows of queries and 512 of keys"):
        block.counts(7)
    with pytest.raises(ValueError, match="make 8 key/value heads, not 4"):
        block.counts(32, 4)
    assert block.counts(32, 8) == block.counts(32) == (32, 8, 64)
    assert block.choices == [4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048]


def test_small_blocks_name_every_number_that_fits() -> None:
    (block,) = attention_blocks(MappingSource(make_attention("llama").state_dict()))
    with pytest.raises(ValueError, match=r"num_heads can be 2, 4, 6, 12\."):
        block.counts()


@pytest.mark.parametrize(
    ("name", "projections"),
    [
        ("llama", {"q": "a", "k": "b", "v": "c", "o": "d"}),
        ("phi-3", {"qkv": "a", "o": "b"}),
        ("gpt-2", {"qkv": "a", "o": "c"}),
        ("falcon", {"qkv_by_head": "a", "o": "b"}),
    ],
)
def test_a_user_may_name_the_projections(name: str, projections: dict[str, str]) -> None:
    module = make_attention(name)
    state = {
        f"x.{letter}.weight": tensor
        for letter, tensor in zip("abcd", module.state_dict().values(), strict=False)
    }
    source = MappingSource(state)
    assert attention_blocks(source) == []
    block = named_block(source, {part: f"x.{letter}" for part, letter in projections.items()})
    assert block.name == "x"
    check(module, block, num_heads=HEADS)


def test_projections_that_make_no_block_are_refused_in_a_sentence() -> None:
    source = MappingSource({"a.weight": torch.zeros(4, 4), "b.weight": torch.zeros(4, 4)})
    with pytest.raises(ValueError, match=r'must name "q", "k", "v" and "o".*got \'q\''):
        named_block(source, {"q": "a"})
    with pytest.raises(ValueError, match=r"not those of one attention block: qkv \(4, 4\), o \(4, 4\)"):
        named_block(source, {"qkv": "a", "o": "b"})
    with pytest.raises(KeyError, match="no layer called 'c'"):
        named_block(source, {"qkv": "c", "o": "b"})


def test_sparse_and_quantised_projections_are_cut_as_their_numbers() -> None:
    module = make_attention("phi-3").float()
    x = {key: value.to_sparse() for key, value in module.state_dict().items()}
    (block,) = attention_blocks(MappingSource(x))
    weights, _, _ = cut(block, num_heads=HEADS)
    assert torch.equal(weights.q, module.state_dict()["qkv_proj.weight"][: HEADS * SIZE])
    with warnings.catch_warnings():
        # Deprecated in newer torch, and still in many a file.
        warnings.simplefilter("ignore", UserWarning)
        quantised = {
            key: torch.quantize_per_tensor(value, 0.1, 0, torch.qint8)
            for key, value in module.state_dict().items()
        }
    (block,) = attention_blocks(MappingSource(quantised))
    weights, _, _ = cut(block, num_heads=HEADS)
    assert torch.equal(weights.q, quantised["qkv_proj.weight"].dequantize()[: HEADS * SIZE])
