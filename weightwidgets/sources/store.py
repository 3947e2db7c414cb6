"""Tensors known by name and shape alone, in memory or in a file, as a source: kinds are inferred."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, cast

from weightwidgets.sources.dense import in_first_names
from weightwidgets.sources.guess import (
    RUNNING,
    bias_key,
    fitting_bias,
    guess,
    is_statistic,
)
from weightwidgets.sources.names import BiasSlot, join
from weightwidgets.sources.order import is_by_name
from weightwidgets.sources.pairs import with_norms
from weightwidgets.sources.source import FoundTensor, Source
from weightwidgets.sources.wrappers import unwrapped_names

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    import torch

    from weightwidgets.layer import Kind, Layer


class TensorStore(Protocol):
    """Where tensors are kept by name. Only `tensor` may read values."""

    def state(self) -> Hashable:
        """Return a value that differs once the names or the tensors under them may differ."""
        ...

    def outlines(self) -> Mapping[str, torch.Tensor]:
        """Return names, in the order of the model as far as it is known, to tensors with shape and dtype."""
        ...

    def outline(self, key: str) -> torch.Tensor:
        """Return a tensor with the shape and dtype of one."""
        ...

    def tensor(self, key: str) -> torch.Tensor:
        """Return a tensor, detached; a `CheckpointError` where a file cannot give it."""
        ...

    def raw(self, key: str) -> dict[str, torch.Tensor]:
        """Return what the tensor is made of by suffix of its name; "" stands for the tensor itself."""
        ...

    def identity(self, key: str) -> Hashable:
        """Return a value that two names share only if they are one tensor; None for an unknown name."""
        ...

    def version(self, key: str) -> Hashable | None:
        """Return a value that differs once the tensor may differ, or None where only reading it tells."""
        ...

    def derivation(self, key: str) -> str:
        """Return a sentence that says how the tensor is made from what is stored, or ""."""
        ...


@dataclass(frozen=True, slots=True)
class StoreTensors:
    """Reads one tensor of a store; ``spelled`` leads from the names that are shown to those of the store."""

    store: TensorStore
    spelled: Mapping[str, str]
    key: str
    bias_key: str
    bias_slot: BiasSlot | None
    statistics_prefix: str | None

    def stored(self) -> dict[str, torch.Tensor]:
        """Return what the weight is made of, by full name; see `LayerTensors`."""
        raw = self.store.raw(self.spelled[self.key])
        return {f"{self.key}{suffix}": tensor for suffix, tensor in raw.items()}

    def stored_bias(self) -> dict[str, torch.Tensor]:
        """Return the tensor that the bias is, or is a part of."""
        return {} if self.bias_slot is None else {self.bias_key: self._tensor(self.bias_key)}

    def weight(self) -> torch.Tensor:
        """Return the tensor, detached; it shares memory where the store keeps it as it is."""
        return self._tensor(self.key)

    def outline(self) -> torch.Tensor:
        """Return a tensor with the shape and dtype."""
        return self.store.outline(self.spelled[self.key])

    def bias(self) -> torch.Tensor | None:
        """Return the bias, detached, or None."""
        return None if self.bias_slot is None else self.bias_slot.cut(self._tensor(self.bias_key))

    def statistics(self) -> dict[str, torch.Tensor]:
        """Return a norm's running statistics."""
        if self.statistics_prefix is None:
            return {}
        keys = {name: join(self.statistics_prefix, name) for name in RUNNING}
        known = {name: key for name, key in keys.items() if self._holds(key)}
        return {name: self._tensor(key) for name, key in known.items()}

    def derivation(self) -> str:
        """Return how the weight is made from what is stored."""
        return self.store.derivation(self.spelled[self.key])

    def version(self) -> Hashable | None:
        """Return names and versions of weight and bias; None where only reading them tells."""
        keys = [self.key] if self.bias_slot is None else [self.key, self.bias_key]
        # With the names, because all tensors of a file have one version, and results are kept by it.
        versions = {self.spelled[key]: self.store.version(self.spelled[key]) for key in keys}
        return None if None in versions.values() else tuple(versions.items())

    def _tensor(self, key: str) -> torch.Tensor:
        return self.store.tensor(self.spelled[key])

    def _holds(self, key: str) -> bool:
        return key in self.spelled and self.store.identity(self.spelled[key]) is not None


class StoreSource(Source):
    """The tensors of a store, in its order; names are freed of wrappers; full spellings still resolve.

    Two names of one tensor are one layer. Kinds are inferred from names and shapes, and labelled so.

    Parameters
    ----------
    store
        Where the tensors are.
    title
        What to call the source on screen.
    note
        Plain sentences on how it was opened; what happens to the names is added.

    Attributes
    ----------
    config
        What a file says of how the model is built, as plain values; empty where none does.
    """

    config: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, store: TensorStore, title: str, note: str = "") -> None:
        self._store = store
        self._opening_note = note
        super().__init__(title)

    def _state(self) -> Hashable:
        return self._store.state()

    def _scan(self) -> list[FoundTensor]:
        outlines = self._store.outlines()
        names = unwrapped_names(list(outlines))
        self.note = f"{self._opening_note} {names.note}".strip()
        self._by_name = is_by_name(list(outlines))
        spelled = names.spelled
        shapes = {name: outlines[key] for name, key in spelled.items()}
        guesses = {name: guess(name, shapes) for name in shapes if not is_statistic(name, shapes)}
        in_first = in_first_names({name: kind for name, (kind, _) in guesses.items()}, shapes)
        slots = {
            name: fitting_bias(name, guesses[name], shapes, in_first=name in in_first) for name in guesses
        }
        biases = {bias_key(name, slot) for name, slot in slots.items() if slot is not None}
        hung: set[str] = set()
        found: dict[Hashable, FoundTensor] = {}
        for name in sorted(guesses, key=biases.__contains__):
            if name in hung:
                continue
            slot = None if name in biases else slots[name]
            identity = self._store.identity(spelled[name])
            if identity not in found:
                found[identity] = self._describe(name, guesses[name], slot, spelled)
                found[identity].in_first = name in in_first
            found[identity].full_names.append(name)
            if spelled[name] != name:
                found[identity].spellings[spelled[name]] = name
            if slot is not None and self._has_bias(found[identity], spelled[bias_key(name, slot)]):
                hung.add(bias_key(name, slot))
        # Biases were looked at last; the store's own order is what is shown.
        order = {name: position for position, name in enumerate(shapes)}
        tensors = sorted(found.values(), key=lambda tensor: order[tensor.full_names[0]])
        return with_norms(tensors, shapes, by_name=self._by_name)

    def _describe(
        self, name: str, guessed: tuple[Kind, int], slot: BiasSlot | None, spelled: Mapping[str, str]
    ) -> FoundTensor:
        kind, groups = guessed
        prefix = name.rpartition(".")[0] if kind == "norm" else None
        bias = "" if slot is None else bias_key(name, slot)
        tensors = StoreTensors(self._store, spelled, name, bias, slot, prefix)
        return FoundTensor([], kind, tensors, groups=groups, inferred=True)

    def _has_bias(self, tensor: FoundTensor, key: str) -> bool:
        owner = cast("StoreTensors", tensor.tensors)
        if owner.bias_slot is None:
            return False
        return self._store.identity(owner.spelled[owner.bias_key]) == self._store.identity(key)

    def _is_current(self, layer: Layer, full_name: str) -> bool:
        spelled = cast("StoreTensors", layer.tensors).spelled
        identity = self._store.identity(spelled[full_name])
        return identity is not None and identity == self._store.identity(spelled[layer.full_name])
