"""Finds the attention blocks of a source, and cuts their projections out of the tensors that hold them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from weightwidgets.plain import plain
from weightwidgets.sources._attention_names import (
    NAMINGS,
    Naming,
    Packing,
    beside,
    hinted_heads,
    packs_by_head,
)
from weightwidgets.sources.names import join

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import torch

    from weightwidgets.layer import Layer
    from weightwidgets.sources.source import Source

#: What `named_block` takes: separate projections, or one that holds q, k and v, stacked or head by head.
OVERRIDES: Mapping[frozenset[str], Packing] = {
    frozenset("qkvo"): "separate",
    frozenset({"qkv", "o"}): "stacked",
    frozenset({"qkv_by_head", "o"}): "by_head",
}
# Rows of a head in most published models, the most common first.
_USUAL_SIZES = (64, 128, 32, 80, 96, 256)


class HeadCounts(NamedTuple):
    """How many heads there are, how many of keys and values, and the rows of a query head."""

    heads: int
    kv_heads: int
    head_dim: int


class Projections(NamedTuple):
    """The weights of an attention block, out-first, detached: q, k, v (rows, in) and o (out, columns)."""

    q: torch.Tensor
    k: torch.Tensor
    v: torch.Tensor
    o: torch.Tensor


@dataclass(frozen=True, slots=True, eq=False)
class AttentionBlock:
    """The projections of one attention block, and how they lie in the tensors of a source.

    Made by `attention_blocks` and `named_block`.

    Attributes
    ----------
    name
        Path that the projections share; "" for a model that is itself one block.
    packing
        "separate" tensors; or one, "stacked" (all rows of q, then of k, then of v), or "by_head" (for each
        key and value head the rows of its query heads, then its key's, then its value's).
    layers
        The tensors that hold q, k and v (one, or three) and, last, o.
    transposed
        True where the tensors are stored as (in, out).
    q_rows, kv_rows
        Rows of the query and of the key projection.
    hinted
        The number of heads that the model states; None where it does not, or where it cannot be.
    """

    name: str
    packing: Packing
    layers: tuple[Layer, ...]
    transposed: bool
    q_rows: int
    kv_rows: int
    hinted: int | None = None

    @property
    def choices(self) -> list[int]:
        """Every number of heads that the shapes allow, ascending."""
        return [heads for heads in range(1, self.q_rows + 1) if self.allows(heads)]

    def allows(self, num_heads: int) -> bool:
        """Return whether the rows can be shared evenly by so many heads."""
        size, rest = divmod(self.q_rows, max(num_heads, 1))
        return num_heads > 0 and rest == 0 and self.kv_rows % size == 0

    def counts(self, num_heads: int | None = None, num_kv_heads: int | None = None) -> HeadCounts:
        """Return how the block is cut into heads.

        Parameters
        ----------
        num_heads
            Query heads; by default what the model states.
        num_kv_heads
            Heads of keys and values. They follow from the shapes; given, they must agree.

        Raises
        ------
        ValueError
            The number of heads is unknown, or does not fit; the message gives those that would.
        """
        heads = num_heads or self.hinted
        if heads is None:
            raise ValueError(
                f"The number of heads is not stored with these weights: choose it. {self._guess()}"
            )
        if not self.allows(heads):
            raise ValueError(f"{heads} heads do not fit {self._rows()}. {self._guess()}")
        kv_heads = heads * self.kv_rows // self.q_rows
        if num_kv_heads not in (None, kv_heads):
            raise ValueError(
                f"With {heads} heads, {self._rows()} make {kv_heads} key/value heads, not {num_kv_heads}."
            )
        return HeadCounts(heads, kv_heads, self.q_rows // heads)

    def projections(self, counts: HeadCounts, prepare: Callable[[torch.Tensor], torch.Tensor]) -> Projections:
        """Return the four weights; views of the source's tensors where torch can make them.

        Parameters
        ----------
        counts
            From `counts`.
        prepare
            Applied to each tensor of the source first: a copy, where the weights may change meanwhile.
        """
        *held, out = (_out_first(prepare(layer.weight), self.transposed) for layer in self.layers)
        if self.packing == "separate":
            return Projections(held[0], held[1], held[2], out)
        (fused,) = held
        if self.packing == "stacked":
            q, k, v = fused.split([self.q_rows, self.kv_rows, self.kv_rows])
            return Projections(q, k, v, out)
        shared = counts.heads // counts.kv_heads
        by_head = fused.reshape(counts.kv_heads, shared + 2, counts.head_dim, -1)
        parts = by_head.split([shared, 1, 1], dim=1)
        q, k, v = (part.reshape(-1, fused.shape[1]) for part in parts)
        return Projections(q, k, v, out)

    def _rows(self) -> str:
        return f"{self.q_rows} rows of queries and {self.kv_rows} of keys"

    def _guess(self) -> str:
        usual = {size: self.q_rows // size for size in _USUAL_SIZES if self.kv_rows % size == 0}
        # A usual size in a small model would make one or two heads, which is no guide.
        if max(usual.values(), default=0) < 4:
            return f"num_heads can be {', '.join(map(str, self.choices[:12]))}."
        named = ", ".join(f"{heads} (of {size} rows)" for size, heads in list(usual.items())[:3])
        return f"num_heads would be {named} with heads of a usual size."


def attention_blocks(source: Source) -> list[AttentionBlock]:
    """Return the attention blocks of a source that are recognised by the names of their projections.

    Names and shapes are read, no values.

    Parameters
    ----------
    source
        A live module or a state dict. Which names are known is listed in `NAMINGS`.
    """
    matrices = {
        full.removesuffix(".weight"): layer
        for layer in source.values()
        if len(layer.shape) == 2
        for full in layer.full_names
    }
    # Blocks that share their weights (tied layers) are one, as their layers are.
    found: dict[tuple[str, ...], AttentionBlock] = {}
    for name in matrices:
        path, _, leaf = name.rpartition(".")
        for naming in NAMINGS:
            block = _match(source, matrices, path, naming) if leaf == naming.parts[0] else None
            if block is not None:
                found.setdefault(tuple(layer.name for layer in block.layers), block)
    return list(found.values())


def named_block(source: Source, projections: Mapping[str, str]) -> AttentionBlock:
    """Return the attention block whose projections a user names.

    Parameters
    ----------
    source
        Where they are.
    projections
        Layer names by part: "q", "k", "v" and "o"; or "qkv" (all rows of q, then of k, then of v) and "o"; or
        "qkv_by_head" (q, k and v of each head together) and "o".

    Raises
    ------
    ValueError
        Other parts, or shapes that cannot be those of an attention block.
    KeyError
        No such layer; the message gives the nearest names.
    """
    packing = OVERRIDES.get(frozenset(projections))
    if packing is None:
        raise ValueError(
            'projections must name "q", "k", "v" and "o", or "qkv" and "o", or "qkv_by_head" and "o"; '
            f"got {', '.join(map(repr, projections)) or 'none'}"
        )
    parts = ("q", "k", "v", "o") if packing == "separate" else (*(set(projections) - {"o"}), "o")
    layers = tuple(source[projections[part]] for part in parts)
    block = _block(source, _common(layers), packing, layers)
    if block is None:
        shapes = ", ".join(f"{part} {layer.shape}" for part, layer in zip(parts, layers, strict=True))
        raise ValueError(f"these shapes are not those of one attention block: {shapes}")
    return block


def _match(source: Source, matrices: Mapping[str, Layer], path: str, naming: Naming) -> AttentionBlock | None:
    names = [join(path, part) for part in naming.parts]
    output = next((name for o in naming.outputs if (name := beside(path, o)) in matrices), None)
    if output is None or any(name not in matrices for name in names):
        return None
    layers = tuple(matrices[name] for name in (*names, output))
    packing = naming.packing
    if naming.parts == ("c_attn",) and packs_by_head(source, path):
        packing = "by_head"
    return _block(source, path, packing, layers)


def _block(source: Source, path: str, packing: Packing, layers: tuple[Layer, ...]) -> AttentionBlock | None:
    """Make a block if the shapes are those of one: o reads as many columns as the heads have values."""
    if any(len(layer.shape) != 2 or 0 in layer.shape for layer in layers):
        return None
    fused = packing != "separate"
    stated = layers[0].in_first
    # A state dict does not say how its tensors lie; of a fused one only one way can fit.
    orders = (False, True) if fused and not stated else (stated,)
    for transposed in orders:
        rows = [layer.shape[1 if transposed else 0] for layer in layers[:-1]]
        columns = layers[-1].shape[0 if transposed else 1]
        found = _fused_rows(rows[0], columns) if fused else _separate_rows(rows, columns)
        if found is not None:
            block = AttentionBlock(path, packing, layers, transposed, *found)
            hint = next(filter(block.allows, hinted_heads(source, path, block.q_rows)), None)
            return replace(block, hinted=hint)
    return None


def _fused_rows(rows: int, columns: int) -> tuple[int, int] | None:
    """Return the rows of q and of k: q has as many as o has columns, k and v share the rest."""
    kv_rows, odd = divmod(rows - columns, 2)
    return None if kv_rows < 1 or odd or columns % kv_rows else (columns, kv_rows)


def _separate_rows(rows: list[int], columns: int) -> tuple[int, int] | None:
    """Return the rows of q and of k, where o has a column for each value of each query head."""
    q_rows, kv_rows, v_rows = rows
    return None if q_rows % kv_rows or v_rows * q_rows != columns * kv_rows else (q_rows, kv_rows)


def _common(layers: tuple[Layer, ...]) -> str:
    """Return the longest path that all layers are below."""
    paths = [layer.full_name.removesuffix(".weight").split(".")[:-1] for layer in layers]
    common = []
    for parts in zip(*paths, strict=False):
        if len(set(parts)) > 1:
            break
        common.append(parts[0])
    return ".".join(common)


def _out_first(weight: torch.Tensor, transposed: bool) -> torch.Tensor:
    weight = plain(weight)
    return weight.T if transposed else weight
