"""Tiny attention modules, named and packed as the common model families name and pack theirs.

Each is written after its family's own forward pass and gives the scores before the softmax (without scale,
bias and rotation, which are no weights of the projections) and what each head adds to the output for one
position attended to.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Callable

MODEL, HEADS, SIZE = 12, 4, 3


class Conv1D(nn.Module):
    """As in GPT-2: a dense layer that is stored as (in, out)."""

    def __init__(self, out: int, inputs: int) -> None:
        super().__init__()
        self.nf = out
        self.weight = nn.Parameter(torch.randn(inputs, out))
        self.bias = nn.Parameter(torch.zeros(out))

    def forward(self, x: Tensor) -> Tensor:
        return torch.addmm(self.bias, x, self.weight)


class Attention(nn.Module):
    """What is common: scores and outputs from the heads' queries, keys and values."""

    def qkv(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Give q, k and v, each (heads, positions, size)."""
        raise NotImplementedError

    def project(self, mixed: Tensor) -> Tensor:
        """Project (positions, heads * size) back to the model."""
        raise NotImplementedError

    def scores(self, x: Tensor) -> Tensor:
        """Give q . k of each pair of positions, (heads, positions, positions)."""
        q, k, _ = self.qkv(x)
        return q @ repeated(k, len(q)).transpose(1, 2)

    def written(self, x: Tensor, head: int) -> Tensor:
        """Give what one head writes where it attends to each position alone, (positions, model)."""
        q, _, v = self.qkv(x)
        mixed = torch.zeros(len(x), len(q), v.shape[-1], dtype=x.dtype)
        mixed[:, head] = repeated(v, len(q))[head]
        return self.project(mixed.flatten(1))


def repeated(shared: Tensor, heads: int) -> Tensor:
    """Give each query head its key or value head, as transformers' `repeat_kv` does."""
    return shared[:, None].expand(-1, heads // len(shared), -1, -1).flatten(0, 1)


def split(x: Tensor, heads: int) -> Tensor:
    return x.view(len(x), heads, -1).transpose(0, 1)


def dense(out: int, inputs: int) -> nn.Linear:
    return nn.Linear(inputs, out, bias=False)


def holder(**children: nn.Module) -> nn.Module:
    module = nn.Module()
    for name, child in children.items():
        module.add_module(name, child)
    return module


class Llama(Attention):
    """Grouped queries; the counts stand in a config; the heads together are narrower than the model."""

    width = MODEL + 2

    def __init__(self, kv_heads: int = 2) -> None:
        super().__init__()
        self.config = SimpleNamespace(num_attention_heads=HEADS, num_key_value_heads=kv_heads)
        self.kv_heads = kv_heads
        self.q_proj = dense(HEADS * SIZE, self.width)
        self.k_proj = dense(kv_heads * SIZE, self.width)
        self.v_proj = dense(kv_heads * SIZE, self.width)
        self.o_proj = dense(self.width, HEADS * SIZE)

    def qkv(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        q, k, v = self.q_proj(x), self.k_proj(x), self.v_proj(x)
        return split(q, HEADS), split(k, self.kv_heads), split(v, self.kv_heads)

    def project(self, mixed: Tensor) -> Tensor:
        return torch.as_tensor(self.o_proj(mixed))


class Bert(Attention):
    """The output projection stands beside the module that holds the rest and knows the heads."""

    def __init__(self) -> None:
        super().__init__()
        inner = holder(**{name: dense(MODEL, MODEL) for name in ("query", "key", "value")})
        inner.num_attention_heads = HEADS  # type: ignore[assignment]
        self.add_module("self", inner)
        self.add_module("output", holder(dense=dense(MODEL, MODEL)))

    def qkv(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        inner = self.get_submodule("self")
        q, k, v = (split(inner.get_submodule(name)(x), HEADS) for name in ("query", "key", "value"))
        return q, k, v

    def project(self, mixed: Tensor) -> Tensor:
        return torch.as_tensor(self.get_submodule("output.dense")(mixed))


class Gpt2(Attention):
    """One tensor for q, k and v, stored as (in, out); the heads are known further up."""

    def __init__(self) -> None:
        super().__init__()
        self.c_attn = Conv1D(3 * MODEL, MODEL)
        self.c_proj = Conv1D(MODEL, MODEL)
        self.config = {"n_head": HEADS}

    def qkv(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        q, k, v = (split(part, HEADS) for part in self.c_attn(x).split(MODEL, dim=1))
        return q, k, v

    def project(self, mixed: Tensor) -> Tensor:
        return torch.as_tensor(self.c_proj(mixed))


class NeoX(Attention):
    """q, k and v of each head together."""

    def __init__(self) -> None:
        super().__init__()
        self.num_attention_heads = HEADS
        self.query_key_value = dense(3 * MODEL, MODEL)
        self.dense = dense(MODEL, MODEL)

    def qkv(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        # As GPT-NeoX does: view (..., heads, 3 * size), then three parts of the last dimension.
        q, k, v = self.query_key_value(x).view(len(x), HEADS, 3 * SIZE).transpose(0, 1).chunk(3, dim=-1)
        return q, k, v

    def project(self, mixed: Tensor) -> Tensor:
        return torch.as_tensor(self.dense(mixed))


class Falcon(NeoX):
    """For each key and value head its query heads, its key and its value: Falcon's newer architecture."""

    def __init__(self, kv_heads: int = 2) -> None:
        super().__init__()
        self.kv_heads = kv_heads
        self.query_key_value = dense((HEADS + 2 * kv_heads) * SIZE, MODEL)

    def qkv(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        packed = self.query_key_value(x).view(len(x), self.kv_heads, -1, SIZE)
        q, k, v = packed[:, :, :-2], packed[:, :, -2], packed[:, :, -1]
        return q.flatten(1, 2).transpose(0, 1), k.transpose(0, 1), v.transpose(0, 1)


class Phi3(Attention):
    """One tensor, stacked, with fewer heads of keys and values."""

    def __init__(self, kv_heads: int = 2) -> None:
        super().__init__()
        self.num_heads, self.kv_heads = HEADS, kv_heads
        self.qkv_proj = dense((HEADS + 2 * kv_heads) * SIZE, MODEL)
        self.o_proj = dense(MODEL, MODEL)

    def qkv(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        sizes = [HEADS * SIZE, self.kv_heads * SIZE, self.kv_heads * SIZE]
        q, k, v = self.qkv_proj(x).split(sizes, dim=-1)
        return split(q, HEADS), split(k, self.kv_heads), split(v, self.kv_heads)

    def project(self, mixed: Tensor) -> Tensor:
        return torch.as_tensor(self.o_proj(mixed))


ATTENTIONS: dict[str, Callable[[], Attention]] = {
    "llama": Llama,
    "llama, one key head": lambda: Llama(1),
    "llama, no sharing": lambda: Llama(HEADS),
    "bert": Bert,
    "gpt-2": Gpt2,
    "gpt-neox": NeoX,
    "falcon": Falcon,
    "falcon, one key head": lambda: Falcon(1),
    "phi-3": Phi3,
}


def make_attention(name: str) -> Attention:
    """Return a fresh module in float64, the same at each call."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return ATTENTIONS[name]().double()


def inputs_of(module: Attention) -> Tensor:
    """Return five positions as wide as the module reads, the same at each call."""
    width = module.width if isinstance(module, Llama) else MODEL
    return torch.randn(5, width, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
