"""Low-rank adapters (LoRA) on a layer, told by their structure, so that no library of theirs is needed.

The layer then computes with ``W + scaling * B @ A`` (Hu et al., "LoRA", ICLR 2022, equation 3).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from weightwidgets.plain import plain, plain_shape
from weightwidgets.sources.own import child, own_tensors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

    from weightwidgets.sources.effective import Formation

BASE = "base_layer"
"""What an adapted module calls the layer that it adapts."""

_PLACES = (("lora_A", "lora_B"), ("lora_embedding_A", "lora_embedding_B"))


@dataclass(frozen=True, slots=True)
class Adapter:
    """One adapter's two factors, by their names below the module, and what it multiplies them with."""

    name: str
    factors: dict[str, torch.Tensor]
    scaling: float
    is_embedding: bool
    unknown: str


@dataclass(frozen=True, slots=True)
class Adapted:
    """The weight of a layer with what its active adapters add."""

    attribute: str
    base: Formation
    adapters: tuple[Adapter, ...]
    in_first: bool

    @property
    def derivation(self) -> str:
        """Sentences that name the adapters, and how the layer without them comes about."""
        if not self.adapters:
            said = f"LoRA: no adapter adds to it, this is the weight of `{BASE}`."
        else:
            names = ", ".join(f"{adapter.name} times {adapter.scaling:g}" for adapter in self.adapters)
            said = f"LoRA ({names}): this is W + scaling * B @ A; W, A and B are layers of their own."
        return f"{said} {self.base.derivation}".strip()

    def stored(self) -> dict[str, torch.Tensor]:
        """Return the tensors of the adapted layer and of the adapters, not detached."""
        found = {f"{BASE}.{name}": tensor for name, tensor in self.base.stored().items()}
        for adapter in self.adapters:
            found.update(adapter.factors)
        return found

    def outline(self) -> torch.Tensor:
        """Return a tensor on ``meta`` with the shape and dtype."""
        base = self.base.outline()
        return torch.empty(plain_shape(base), dtype=_wide(base), device="meta")

    def compute(self) -> torch.Tensor:
        """Return the sum, added up in float64 and given in float32, or float64 where the layer is.

        Raises
        ------
        ValueError
            An adapter is of a sort that is not known, or its factors do not fit the layer.
        """
        held = plain(self.base.compute())
        total = held.to(torch.float64, copy=True)
        for adapter in self.adapters:
            total += self._added(adapter, total)
        return total.to(_wide(held))

    def _added(self, adapter: Adapter, total: torch.Tensor) -> torch.Tensor:
        if adapter.unknown:
            raise ValueError(f"the adapter {adapter.name!r} is {adapter.unknown}")
        down, up = (plain(factor).to(total) for factor in adapter.factors.values())
        # A convolution's second factor has a kernel of one: each place of the first one's is a matrix.
        found = torch.einsum("or,r...->o...", up.reshape(up.shape[:2]), down)
        if adapter.is_embedding or self.in_first:
            found = found.T
        if found.shape != total.shape:
            raise ValueError(f"the adapter {adapter.name!r} adds {tuple(found.shape)}")
        return adapter.scaling * found


def base_of(module: nn.Module) -> nn.Module | None:
    """Return the layer that ``module`` adapts; None where it is no adapter."""
    base = child(module, BASE)
    return base if any(child(module, down) is not None for down, _ in _PLACES) else None


def core(module: nn.Module) -> nn.Module:
    """Return the layer below all adapters; ``module`` itself where there are none."""
    while (base := base_of(module)) is not None:
        module = base
    return module


def active_adapters(module: nn.Module) -> tuple[Adapter, ...]:
    """Return the adapters of ``module`` that add to its weight now: not disabled, not merged into it."""
    said = vars(module)
    active = said.get("_active_adapter")
    merged = said.get("merged_adapters", ())
    found = tuple(_adapters(module, said))
    names = (
        {active} if isinstance(active, str) else {a.name for a in found} if active is None else set(active)
    )
    if said.get("_disable_adapters"):
        names = set()
    return tuple(adapter for adapter in found if adapter.name in names and adapter.name not in merged)


def _adapters(module: nn.Module, said: dict[str, Any]) -> Iterator[Adapter]:
    variants = {**_table(said.get("lora_variant")), **_table(said.get("use_dora"))}
    magnitudes = child(module, "lora_magnitude_vector")
    for places in _PLACES:
        rooms = [child(module, place) for place in places]
        if None in rooms:
            continue
        down, up = (_factors(place, room) for place, room in zip(places, rooms, strict=True))
        for name, (key, factor) in down.items():
            if name not in up:
                continue
            scaling = _table(said.get("scaling")).get(name)
            directed = magnitudes is not None and (
                name in own_tensors(magnitudes)[0] or child(magnitudes, name) is not None
            )
            unknown = "of a sort that is not added up here" if variants.get(name) or directed else ""
            if not isinstance(scaling, float | int):
                unknown, scaling = "without a number that scales it", math.nan
            factors = {key: factor, up[name][0]: up[name][1]}
            yield Adapter(name, factors, scaling, places != _PLACES[0], unknown)


def _factors(place: str, room: nn.Module | None) -> dict[str, tuple[str, torch.Tensor]]:
    """Return the factors in a room by adapter: weights of modules, or bare parameters."""
    if room is None:
        return {}
    found = {name: (f"{place}.{name}", tensor) for name, tensor in own_tensors(room)[0].items()}
    for name, module in room.named_children():
        weight = own_tensors(module)[0].get("weight")
        if weight is not None:
            found[name] = (f"{place}.{name}.weight", weight)
    return found


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _wide(tensor: torch.Tensor) -> torch.dtype:
    return torch.float64 if tensor.dtype == torch.float64 else torch.float32
