"""How tensors are named, and which bias belongs to which weight."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import torch

_DIGITS = re.compile(r"(\d+)")
_PACKED_BLOCKS = {"q_proj_weight": 0, "k_proj_weight": 1, "v_proj_weight": 2}


class BiasSlot(NamedTuple):
    """The attribute that holds a bias, and which third of it where three weights share one."""

    attribute: str
    third: int | None = None

    def cut(self, tensor: torch.Tensor) -> torch.Tensor:
        """Return the part of ``tensor`` that this slot means, as a view."""
        if self.third is None or tensor.ndim == 0:
            return tensor
        size = tensor.shape[0] // 3
        return tensor[self.third * size : (self.third + 1) * size]


def bias_slot(attribute: str) -> BiasSlot | None:
    """Return where the bias of the weight called ``attribute`` would be kept; None for other tensors.

    ``weight_ih_l0`` has ``bias_ih_l0``. The query, key and value weights of a `torch.nn.MultiheadAttention`
    with unequal ``kdim`` or ``vdim`` share ``in_proj_bias``, a third each.
    """
    if attribute in _PACKED_BLOCKS:
        return BiasSlot("in_proj_bias", _PACKED_BLOCKS[attribute])
    head, found, tail = attribute.rpartition("weight")
    return BiasSlot(f"{head}bias{tail}") if found else None


def join(path: str, attribute: str) -> str:
    """Return the full name of an attribute of the module at ``path`` ("" for the model itself)."""
    return f"{path}.{attribute}" if path else attribute


def short_names(groups: Sequence[Iterable[str]]) -> list[tuple[str, ...]]:
    """Drop a final ``.weight`` from every full name, where no other name is in the way.

    Parameters
    ----------
    groups
        The full names of each tensor; no name may occur twice.
    """
    taken = {full for group in groups for full in group}
    shortened = []
    for group in groups:
        names = []
        for full in group:
            short = full.removesuffix(".weight")
            free = bool(short) and short not in taken
            names.append(short if free else full)
            taken.add(names[-1])
        shortened.append(tuple(names))
    return shortened


def natural_order(name: str) -> tuple[tuple[bool, int, str], ...]:
    """Return what to sort names by so that ``layers.2`` comes before ``layers.10``."""
    pieces = _DIGITS.split(name)
    # Numbers compare by length, then digit by digit: Python refuses to read thousands of digits as a number.
    return tuple(
        (piece.isdecimal(), len(piece.lstrip("0")) if piece.isdecimal() else 0, piece) for piece in pieces
    )
