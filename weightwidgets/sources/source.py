"""The mapping of names to layers that every kind of source is."""

from __future__ import annotations

import difflib
import reprlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

from torch.nn.parameter import is_lazy

from weightwidgets.layer import Kind, Layer, LayerTensors, out_first_shape
from weightwidgets.plain import plain_shape
from weightwidgets.sources.names import short_names
from weightwidgets.sources.order import first_drawn

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    import torch

_SHOWN_NAME_LENGTH = 80
_NEAREST = 3


@dataclass(slots=True)
class FoundTensor:
    """A tensor that a scan came upon, before it is named."""

    full_names: list[str]
    kind: Kind
    tensors: LayerTensors
    groups: int = 1
    next_norm: str = ""
    inferred: bool = False
    in_first: bool = False
    spellings: dict[str, str] = field(default_factory=dict)
    """Further spellings that resolve without being names, each to one of `full_names`."""


@dataclass(frozen=True, slots=True)
class _Index:
    state: Hashable
    layers: dict[str, Layer]
    spellings: dict[str, tuple[Layer, str]]


class Source(Mapping[str, Layer], ABC):
    """A read-only mapping from names to layers, in model order.

    Iteration gives each tensor once, under its key; every alias and every full name (``"0.weight"``) is
    accepted in ``source[name]`` and in ``name in source``. Opening reads names and shapes, no values. What is
    added, removed or replaced later is noticed: iteration, ``len`` and unknown names look at the whole list
    again, ``source[name]`` at the place of that name.

    Parameters
    ----------
    title
        What to call the source on screen.

    Attributes
    ----------
    note
        Plain sentences on how it was opened: what was unwrapped, what was left out; "" where all is as it
        looks.
    """

    note = ""
    _by_name = False
    """Whether the order of the model is lost, and tensors lie in the order of their names."""

    def __init__(self, title: str) -> None:
        self.title = title
        self._index = self._build()

    @abstractmethod
    def _state(self) -> Hashable:
        """Return a value that differs once the list of layers may differ; it must be cheap."""

    @abstractmethod
    def _scan(self) -> Sequence[FoundTensor]:
        """Return every tensor in model order, each once."""

    @abstractmethod
    def _is_current(self, layer: Layer, full_name: str) -> bool:
        """Return whether ``full_name`` still means the tensor that ``layer`` reads."""

    def __getitem__(self, name: str) -> Layer:
        """Return the layer called ``name``.

        Raises
        ------
        KeyError
            No tensor has that name; the message gives the nearest names and how many layers there are.
        """
        layer = self._find(name)
        return self._refuse(name) if layer is None else layer

    def __contains__(self, name: object) -> bool:
        """Return whether ``name`` is a key, an alias or a full name."""
        return self._find(name) is not None

    def __iter__(self) -> Iterator[str]:
        """Iterate over the keys, as they are when iteration begins."""
        return iter(tuple(self._refreshed().layers))

    def __len__(self) -> int:
        """Return the number of layers; a tensor with several names counts once."""
        return len(self._refreshed().layers)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.title!r}: {len(self)} layers>"

    def _find(self, name: object) -> Layer | None:
        if not isinstance(name, str):
            return None
        layer, full_name = self._index.spellings.get(name, (None, ""))
        if layer is None or not self._is_current(layer, full_name):
            layer, _ = self._refreshed().spellings.get(name, (None, ""))
        return layer

    def _refreshed(self) -> _Index:
        if self._state() != self._index.state:
            self._index = self._build()
        return self._index

    def _build(self) -> _Index:
        # The state is taken first: a change during the scan then shows at the next look.
        state = self._state()
        found = self._scan()
        layers = _named(found, first_drawn(found, by_name=self._by_name))
        spellings = {
            spelling: (layer, full)
            for layer in layers
            for short, full in zip(layer.names, layer.full_names, strict=True)
            for spelling in (short, full)
        }
        for tensor, layer in zip(found, layers, strict=True):
            for spelling, full in tensor.spellings.items():
                for further in (spelling, spelling.removesuffix(".weight")):
                    spellings.setdefault(further, (layer, full))
        return _Index(state, {layer.name: layer for layer in layers}, spellings)

    def _refuse(self, name: object) -> NoReturn:
        index = self._index
        asked = str(name)[:_SHOWN_NAME_LENGTH]
        # A module's own name ("lstm") is the beginning of what its tensors are called.
        within = [known for known in index.layers if known.startswith(f"{asked}.")][:_NEAREST]
        near = (
            within
            or difflib.get_close_matches(asked, index.layers, _NEAREST)
            or difflib.get_close_matches(asked, index.spellings, _NEAREST)
        )
        shorten = reprlib.Repr()
        shorten.maxstring = _SHOWN_NAME_LENGTH
        hint = f"; nearest: {', '.join(map(shorten.repr, near))}" if near else ""
        raise KeyError(f"no layer called {shorten.repr(name)} among {len(index.layers)} layers{hint}")


def bias_fits(kind: Kind, groups: int, weight: torch.Tensor, bias: torch.Tensor) -> bool:
    """Return whether ``bias`` has an element per output unit of ``weight``, or per weight as in norms.

    Names alone decide while either is uninitialised.
    """
    if is_lazy(weight) or is_lazy(bias):
        return True
    if weight.is_nested or bias.is_nested:
        return False
    shape = plain_shape(weight)
    return plain_shape(bias) in {out_first_shape(kind, shape, groups)[:1], shape}


def _named(found: Sequence[FoundTensor], first: int | None) -> list[Layer]:
    names = short_names([tensor.full_names for tensor in found])
    return [
        Layer(
            names=names[position],
            full_names=tuple(tensor.full_names),
            kind=tensor.kind,
            tensors=tensor.tensors,
            groups=tensor.groups,
            inferred=tensor.inferred,
            first=position == first,
            next_norm=tensor.next_norm,
            in_first=tensor.in_first,
        )
        for position, tensor in enumerate(found)
    ]
