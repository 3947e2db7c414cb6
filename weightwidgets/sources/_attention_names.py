"""What the common model families call the projections of attention, and how many heads they say there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from weightwidgets.sources.module import ModuleSource
from weightwidgets.sources.names import join

if TYPE_CHECKING:
    from collections.abc import Iterator

    from weightwidgets.sources.source import Source

Packing = Literal["separate", "stacked", "by_head"]


class Naming(NamedTuple):
    """One way of naming: the parts below a common path, and where the output projection may be.

    `parts` are query, key and value where they are separate, else the one tensor that holds all three. An
    output that begins with ``../`` stands beside the path's last part.
    """

    packing: Packing
    parts: tuple[str, ...]
    outputs: tuple[str, ...]


NAMINGS = (
    # torch.nn.MultiheadAttention
    Naming("stacked", ("in_proj_weight",), ("out_proj",)),
    Naming("separate", ("q_proj_weight", "k_proj_weight", "v_proj_weight"), ("out_proj",)),
    # Llama, Mistral, Qwen, Gemma; OPT, BART, Whisper, CLIP, GPT-J, GPT-Neo; Phi
    Naming("separate", ("q_proj", "k_proj", "v_proj"), ("o_proj", "out_proj", "dense", "proj")),
    # BERT, RoBERTa, ViT; ALBERT
    Naming("separate", ("query", "key", "value"), ("../output.dense", "dense", "out", "out_proj", "output")),
    Naming("separate", ("query_proj", "key_proj", "value_proj"), ("../output.dense", "out_proj", "dense")),
    # DistilBERT, XLM; T5; diffusers; Llama as it was first published; many a tutorial
    Naming("separate", ("q_lin", "k_lin", "v_lin"), ("out_lin",)),
    Naming("separate", ("q", "k", "v"), ("o", "out", "proj")),
    Naming("separate", ("to_q", "to_k", "to_v"), ("to_out.0", "to_out")),
    Naming("separate", ("wq", "wk", "wv"), ("wo",)),
    Naming("separate", ("w_q", "w_k", "w_v"), ("w_o",)),
    Naming("separate", ("W_q", "W_k", "W_v"), ("W_o",)),
    # GGUF
    Naming("separate", ("attn_q", "attn_k", "attn_v"), ("attn_output",)),
    # GPT-2; MPT, DBRX, ModernBERT; timm, SAM; Phi-3; Baichuan; OLMo
    Naming("stacked", ("c_attn",), ("c_proj",)),
    Naming("stacked", ("Wqkv",), ("out_proj", "Wo")),
    Naming("stacked", ("qkv",), ("proj", "out_proj", "o_proj", "out")),
    # Not with `out_proj`: CodeGen has that, and cuts its rows in a way of its own.
    Naming("stacked", ("qkv_proj",), ("o_proj",)),
    Naming("stacked", ("to_qkv",), ("to_out.0", "to_out")),
    Naming("stacked", ("W_pack",), ("o_proj",)),
    Naming("stacked", ("att_proj",), ("attn_out",)),
    # GPT-NeoX, BLOOM, Falcon; InternLM2
    Naming("by_head", ("query_key_value",), ("dense",)),
    Naming("by_head", ("wqkv",), ("wo",)),
)

_HEADS = ("num_heads", "num_attention_heads", "n_heads", "n_head", "nhead", "attention_heads", "heads")


def hinted_heads(source: Source, path: str, q_rows: int) -> Iterator[int]:
    """Give the numbers of heads that a model states of the attention at ``path``, the nearest first.

    A live module says it in an attribute of the block or of what it is part of, or in a ``config`` there; a
    checkpoint in the ``config`` that its source may have read beside it. Where there is none, the rows of a
    head say how many share the ``q_rows`` rows of the query projection. Nothing of the user's runs:
    attributes are read from where the instance keeps them.
    """
    for table in _tables(source, path):
        yield from _counts(table, _HEADS)
        yield from (q_rows // size for size in _counts(table, ("head_dim",)) if q_rows % size == 0)


def _counts(table: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[int]:
    for name in names:
        value = table.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            yield value


def packs_by_head(source: Source, path: str) -> bool:
    """Return whether a ``c_attn`` holds q, k and v of each head together: GPT-BigCode without multi-query."""
    return (
        next((table["multi_query"] for table in _tables(source, path) if "multi_query" in table), None)
        is False
    )


def _tables(source: Source, path: str) -> Iterator[Mapping[str, Any]]:
    if not isinstance(source, ModuleSource):
        for config in _as_table(getattr(source, "config", None)):
            # A model of several parts states the numbers of each in a configuration of its own.
            inner = "vision_config" if "vis" in path.lower() else "text_config"
            yield from _as_table(config.get(inner))
            yield config
        return
    while True:
        module = source.module_at(path)
        if module is not None:
            yield vars(module)
            yield from _as_table(vars(module).get("config"))
        if not path:
            return
        path = path.rpartition(".")[0]


def _as_table(config: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(config, Mapping):
        yield config
    elif hasattr(config, "__dict__"):
        yield vars(config)


def beside(path: str, name: str) -> str:
    """Return the full name of what a naming calls ``name`` at ``path``."""
    if name.startswith("../"):
        return join(path.rpartition(".")[0], name.removeprefix("../"))
    return join(path, name)
