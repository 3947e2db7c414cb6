"""A live `torch.nn.Module` as a source: every tensor it reaches, read in place and never changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

from torch.nn.parameter import is_lazy

from weightwidgets.layer import CONVOLUTIONS, Layer, out_first_shape
from weightwidgets.sources.adapters import core
from weightwidgets.sources.effective import (
    Formation,
    Plain,
    children,
    effective,
    formation,
    tensor_names,
)
from weightwidgets.sources.kinds import NORM_CLASSES, groups_of, is_in_first, kind_of, norm_channels
from weightwidgets.sources.names import BiasSlot, bias_slot, join
from weightwidgets.sources.own import child, own_tensors
from weightwidgets.sources.pairs import may_follow
from weightwidgets.sources.source import FoundTensor, Source, bias_fits
from weightwidgets.sources.wrapped import taken_off, unwrapped

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    import torch
    from torch import nn

_RUNNING = ("running_mean", "running_var")
_COUNTER = "num_batches_tracked"
_NORM_BUFFERS = frozenset({*_RUNNING, _COUNTER})


@dataclass(slots=True)
class ModuleTensors:
    """Reads one tensor of a module, formed as the module forms it at that moment."""

    module: nn.Module
    path: str
    attribute: str
    bias_slot: BiasSlot | None
    is_norm: bool
    _last_outline: tuple[Hashable, torch.Tensor] | None = field(default=None, init=False)

    def stored(self) -> dict[str, torch.Tensor]:
        """Return the tensors that the weight is made of, by full name; see `LayerTensors`."""
        return self._stored(self._formation())

    def stored_bias(self) -> dict[str, torch.Tensor]:
        """Return the same for the bias."""
        formed = self._bias_formation()
        return {} if formed is None else self._stored(formed)

    def weight(self) -> torch.Tensor:
        """Return the effective weight, detached; it shares memory unless it is derived."""
        return effective(self._formation())[0]

    def outline(self) -> torch.Tensor:
        """Return a tensor with the weight's shape and dtype."""
        formed = self._formation()
        if isinstance(formed, Plain):
            return formed.outline()
        # Shapes are asked for often; running a parametrization, even on `meta`, takes a millisecond.
        state = tuple((name, tensor.shape, tensor.dtype) for name, tensor in formed.stored().items())
        if self._last_outline is None or self._last_outline[0] != state:
            self._last_outline = (state, formed.outline())
        return self._last_outline[1]

    def bias(self) -> torch.Tensor | None:
        """Return the bias, detached, or None."""
        formed = self._bias_formation()
        return None if self.bias_slot is None or formed is None else self.bias_slot.cut(effective(formed)[0])

    def statistics(self) -> dict[str, torch.Tensor]:
        """Return a norm's running statistics, detached."""
        if not self.is_norm:
            return {}
        _, buffers = own_tensors(self.module)
        kept = {name: buffers[name] for name in _RUNNING if name in buffers}
        return {name: buffer.detach() for name, buffer in kept.items() if not is_lazy(buffer)}

    def derivation(self) -> str:
        """Return how the weight is derived, and what went wrong where it could not be computed."""
        formed = self._formation()
        if isinstance(formed, Plain):
            return ""
        return f"{formed.derivation} {effective(formed)[1]}".strip()

    def version(self) -> Hashable | None:
        """Return None: the values are in memory and may change at any moment."""
        return None

    def _formation(self) -> Formation:
        formed = formation(self.module, self.attribute)
        if formed is None:
            raise LookupError(f"{join(self.path, self.attribute)!r} is no longer in the model")
        return formed

    def _bias_formation(self) -> Formation | None:
        return None if self.bias_slot is None else formation(self.module, self.bias_slot.attribute)

    def _stored(self, formed: Formation) -> dict[str, torch.Tensor]:
        return {
            join(self.path, name): tensor if is_lazy(tensor) else tensor.detach()
            for name, tensor in formed.stored().items()
        }


class _Place(NamedTuple):
    """A module that wraps no other; ``spelled`` is its path with all wrappers around it."""

    path: str
    spelled: str
    module: nn.Module
    next_sibling: tuple[str, nn.Module] | None
    through: tuple[str, ...]


class ModuleSource(Source):
    """The tensors of a live module, in the order of its modules.

    What only wraps another module is left out of the names; names with it still resolve. One tensor under
    several names (a shared module, or tied parameters) is one layer. The bias of a module
    whose weight is tied to an earlier one has no layer to hang on and is listed under its full name.

    Parameters
    ----------
    model
        The module. It is held, read in place and never changed: no forward, no hook, no property of it runs.
    """

    def __init__(self, model: nn.Module) -> None:
        self._model = model
        super().__init__(type(unwrapped(model)[0]).__name__)

    def _state(self) -> Hashable:
        return tuple(
            (place.spelled, type(place.module), name, id(tensor))
            for place in _walk(self._model)
            for table in own_tensors(place.module)
            for name, tensor in table.items()
        )

    def _scan(self) -> list[FoundTensor]:
        found: dict[Hashable, FoundTensor] = {}
        wrappers: list[str] = []
        for place in _walk(self._model):
            _list_tensors(place, found)
            wrappers.extend(place.through)
        self.note = taken_off(wrappers)
        return list(found.values())

    def module_at(self, path: str) -> nn.Module | None:
        """Return the module at ``path`` ("" for the model itself), or None where there is none.

        Wrappers are passed through: neither is one returned nor need ``path`` name any.
        """
        module: nn.Module | None = unwrapped(self._model)[0]
        for part in path.split(".") if path else ():
            inner = None if module is None else child(module, part)
            module = None if inner is None else unwrapped(inner)[0]
        return module

    def _is_current(self, layer: Layer, full_name: str) -> bool:
        path, _, attribute = full_name.rpartition(".")
        module = self.module_at(path)
        if module is None or not isinstance(layer.tensors, ModuleTensors):
            return False
        identity = _identity(module, attribute)
        return identity is not None and identity == _identity(layer.tensors.module, layer.tensors.attribute)


def _walk(model: nn.Module) -> Iterator[_Place]:
    def visit(place: _Place, above: frozenset[int]) -> Iterator[_Place]:
        # A module that contains itself would never end.
        if id(place.module) in above:
            return
        yield place
        siblings = children(place.module)
        for (name, module), following in zip_longest(siblings, siblings[1:]):
            after = following and (join(place.path, following[0]), following[1])
            path, spelled = join(place.path, name), join(place.spelled, name)
            yield from visit(_place(path, spelled, module, after), above | {id(place.module)})

    yield from visit(_place("", "", model, None), frozenset())


def _place(path: str, spelled: str, wrapped: nn.Module, after: tuple[str, nn.Module] | None) -> _Place:
    module, through = unwrapped(wrapped)
    for name in through:
        spelled = join(spelled, name)
    return _Place(path, spelled, module, after, through)


def _identity(module: nn.Module, attribute: str) -> Hashable:
    formed = formation(module, attribute)
    if isinstance(formed, Plain):
        return id(formed.tensor)
    return None if formed is None else (id(module), attribute)


def _list_tensors(place: _Place, found: dict[Hashable, FoundTensor]) -> None:
    """Add the tensors of one module to ``found``: weights with their biases, then biases left without one."""
    module = place.module
    names = tensor_names(module)
    if isinstance(module, NORM_CLASSES):
        # Statistics hang on the norm's weight; a norm without one lists them by themselves.
        hanging = _NORM_BUFFERS if "weight" in names else {_COUNTER}
        names = [name for name in names if name not in hanging]
    slots = {name: _fitting_bias(module, name, names) for name in names}
    biases = {slot.attribute for slot in slots.values() if slot is not None}
    hung: set[str] = set()
    for name in sorted(names, key=biases.__contains__):
        if name in hung:
            continue
        slot = None if name in biases else slots[name]
        identity = _identity(module, name)
        if identity not in found:
            found[identity] = _describe(place, name, slot)
        full_name = join(place.path, name)
        found[identity].full_names.append(full_name)
        if place.spelled != place.path:
            found[identity].spellings[join(place.spelled, name)] = full_name
        # A weight tied to one seen before keeps the bias it has; ours hangs on it only if it is that one.
        if slot is not None and _has_bias(found[identity], module, slot):
            hung.add(slot.attribute)


def _has_bias(tensor: FoundTensor, module: nn.Module, slot: BiasSlot) -> bool:
    owner = tensor.tensors
    if not isinstance(owner, ModuleTensors) or owner.bias_slot is None:
        return False
    kept = _identity(owner.module, owner.bias_slot.attribute)
    return owner.bias_slot.third == slot.third and kept == _identity(module, slot.attribute)


def _describe(place: _Place, name: str, slot: BiasSlot | None) -> FoundTensor:
    module = place.module
    outline = _outline(module, name)
    inner = core(module)
    kind = kind_of(inner, name, outline, place.path.rpartition(".")[2])
    groups = groups_of(inner, kind)
    tensors = ModuleTensors(module, place.path, name, slot, is_norm=kind == "norm")
    next_norm, in_first = "", is_in_first(inner, name, outline)
    if kind in CONVOLUTIONS | {"linear"} and place.next_sibling is not None and not is_lazy(outline):
        path, sibling = place.next_sibling
        shape = tuple(outline.shape)
        channels = out_first_shape(kind, shape[::-1] if in_first else shape, groups)[0]
        if norm_channels(unwrapped(sibling)[0]) == channels and may_follow(place.path, path):
            next_norm = path
    return FoundTensor([], kind, tensors, groups=groups, next_norm=next_norm, in_first=in_first)


def _fitting_bias(module: nn.Module, name: str, names: list[str]) -> BiasSlot | None:
    slot = bias_slot(name)
    if slot is None or slot.attribute not in names:
        return None
    weight, bias = _outline(module, name), slot.cut(_outline(module, slot.attribute))
    inner = core(module)
    kind = kind_of(inner, name, weight)
    if is_in_first(inner, name, weight):
        weight = weight.T
    return slot if bias_fits(kind, groups_of(inner, kind), weight, bias) else None


def _outline(module: nn.Module, name: str) -> torch.Tensor:
    formed = formation(module, name)
    if formed is None:
        raise LookupError(f"the module has no tensor called {name!r}")
    return formed.outline()
