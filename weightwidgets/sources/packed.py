"""Quantised modules of ``torch.ao``, which keep weight and bias packed in an object without tensors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import torch

from weightwidgets.sources.own import own_tensors

if TYPE_CHECKING:
    from torch import nn

_HOME = "torch.ao.nn."
# What holds the packed object for another module, which is the one that has a kind.
_ROOMS = ("PackedParams", "PackedParameter")

_Handles = tuple[Any, ...]
# Unpacking makes a copy: once for each packed object, so that its address stays what it is.
_unpacked: WeakKeyDictionary[nn.Module, tuple[_Handles, dict[str, torch.Tensor]]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Packed:
    """A tensor unpacked from what the module keeps."""

    attribute: str
    tensor: torch.Tensor
    derivation = "Kept packed by torch.ao: this is an unpacked copy."

    def stored(self) -> dict[str, torch.Tensor]:
        """Return the unpacked tensor."""
        return {self.attribute: self.tensor}

    def outline(self) -> torch.Tensor:
        """Return the unpacked tensor."""
        return self.tensor

    def compute(self) -> torch.Tensor:
        """Return the unpacked tensor, detached."""
        return self.tensor.detach()


def from_torch_ao(module: nn.Module, name: str) -> bool:
    """Return whether ``module`` is torch.ao's quantised twin of the layer class called ``name``."""
    kind = type(module)
    return kind.__module__.startswith(_HOME) and any(base.__name__ == name for base in kind.__mro__)


def packed_tensors(module: nn.Module) -> dict[str, torch.Tensor]:
    """Return the tensors that a quantised module of ``torch.ao`` keeps packed, by attribute; else none.

    Parameters
    ----------
    module
        Any module; only code of torch's own is run.
    """
    kind = type(module)
    if not kind.__module__.startswith(_HOME) or kind.__name__.endswith(_ROOMS) or own_tensors(module)[0]:
        return {}
    handles = tuple(
        value
        for part in module.modules()
        for value in vars(part).values()
        if isinstance(value, torch.ScriptObject)
    )
    if not handles:
        return {}
    known = _unpacked.get(module)
    if known is None or len(known[0]) != len(handles) or any(map(_differ, known[0], handles)):
        known = (handles, _unpack(module))
        _unpacked[module] = known
    return known[1]


def _differ(one: object, other: object) -> bool:
    return one is not other


def _unpack(module: Any) -> dict[str, torch.Tensor]:
    if hasattr(module, "get_weight") and hasattr(module, "get_bias"):
        found = {**module.get_weight(), **module.get_bias()}
    else:
        named = {name: getattr(module, name, None) for name in ("weight", "bias")}
        found = {name: read() for name, read in named.items() if callable(read)}
    return {name: tensor.detach() for name, tensor in found.items() if isinstance(tensor, torch.Tensor)}
