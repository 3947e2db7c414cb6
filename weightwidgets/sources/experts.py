"""The experts of a mixture, found by their names and shapes: one tensor each, or all of a layer in one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from weightwidgets.sources.repeats import stars

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

    from weightwidgets.layer import Layer
    from weightwidgets.sources.source import Source

_WORD = "experts"
_FUSED_DIMENSIONS = 3


class ExpertRow(NamedTuple):
    """The experts of one layer of the network.

    Attributes
    ----------
    depth : str
        What tells this layer from the others: what the pattern's ``*`` stand for, but for the expert's.
    names : tuple of str
        The key of each expert's tensor, by rising number; of fused experts the one key of all.
    numbers : tuple of int
        The number of each expert.
    """

    depth: str
    names: tuple[str, ...]
    numbers: tuple[int, ...]

    def tensors(self, source: Source) -> list[torch.Tensor]:
        """Give the weights of each expert, in the order of `numbers`."""
        if len(self.names) == 1 and len(self.numbers) > 1:
            return list(source[self.names[0]].weight.unbind(0))
        return [source[name].weight for name in self.names]

    def name_of(self, place: int) -> str:
        """Give the key of the tensor that holds the expert at a place."""
        return self.names[min(place, len(self.names) - 1)]


def expert_patterns(source: Source) -> tuple[str, ...]:
    """List the name patterns of experts: below a part ``experts`` come numbers, or 3-d tensors.

    3-d tensors of a part that ends in ``_exps`` are experts as well: llama.cpp names them so.
    """
    found: dict[str, None] = {}
    for name, layer in source.items():
        parts = name.split(".")
        fused = len(layer.shape) == _FUSED_DIMENSIONS
        after = parts[parts.index(_WORD) + 1 :] if _WORD in parts else []
        named = _WORD in parts or any(part.endswith("_exps") for part in parts)
        if (after and after[0].isdecimal()) or (named and fused):
            found.setdefault(".".join("*" if part.isdecimal() else part for part in parts))
    return tuple(found)


def expert_rows(source: Source, pattern: str) -> tuple[ExpertRow, ...]:
    """List the experts of a pattern, layer by layer.

    Parameters
    ----------
    source : Source
        The model.
    pattern : str
        Names with ``*`` for a part that changes. Where the tensors have three dimensions, the first counts
        the experts: (experts, out, in). Else the ``*`` after a part ``experts`` is the expert's number, or
        the last one where there is no such part.

    Raises
    ------
    ValueError
        If no layer has a name of that pattern, or an expert has no number.
    """
    matching = list(_matching(source, pattern))
    if not matching:
        raise ValueError(f"no layer has a name of the pattern {pattern[:80]!r}")
    if all(len(layer.shape) == _FUSED_DIMENSIONS for layer, _ in matching):
        return tuple(
            ExpertRow(".".join(found), (layer.name,), tuple(range(layer.shape[0])))
            for layer, found in matching
        )
    place = _place_of_number(pattern)
    rows: dict[str, dict[int, str]] = {}
    for layer, found in matching:
        if not found or not found[place].isdecimal():
            raise ValueError(
                f"the pattern {pattern[:80]!r} gives no number of an expert in {layer.name[:80]!r}"
            )
        depth = ".".join(found[:place] + found[place + 1 :])
        rows.setdefault(depth, {})[int(found[place])] = layer.name
    return tuple(
        ExpertRow(depth, tuple(experts[number] for number in sorted(experts)), tuple(sorted(experts)))
        for depth, experts in rows.items()
    )


def _matching(source: Source, pattern: str) -> Iterator[tuple[Layer, tuple[str, ...]]]:
    for name, layer in source.items():
        found = stars(pattern, name)
        if found is not None:
            yield layer, found


def _place_of_number(pattern: str) -> int:
    """Say which ``*`` of a pattern is the number of an expert."""
    before, named, _ = pattern.partition(f"{_WORD}.*")
    return before.count("*") if named else max(pattern.count("*") - 1, 0)
