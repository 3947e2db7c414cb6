"""Finds the recurrent layers of a source: the tensors that one layer and direction of an RNN is made of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, cast, get_args

from weightwidgets.sources.names import join

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import torch

    from weightwidgets.layer import Layer
    from weightwidgets.sources.source import Source

RecurrentKind = Literal["rnn", "lstm", "gru"]
_BY_RATIO: dict[int, RecurrentKind] = {1: "rnn", 3: "gru", 4: "lstm"}
_RATIO = {kind: ratio for ratio, kind in _BY_RATIO.items()}
# `torch.nn.LSTMCell` has no number; a name of thousands of digits is none either.
_HIDDEN = re.compile(r"weight_hh((?:_l(\d{1,9})(_reverse)?)?)")


class RecurrentTensors(NamedTuple):
    """The tensors of one recurrent layer, detached, in torch's layout; None for what it does not have."""

    weight_ih: torch.Tensor
    weight_hh: torch.Tensor
    bias_ih: torch.Tensor | None
    bias_hh: torch.Tensor | None
    weight_hr: torch.Tensor | None


@dataclass(frozen=True, slots=True, eq=False)
class RecurrentLayer:
    """One layer, in one direction, of a recurrent module.

    Made by `recurrent_layers`.

    Attributes
    ----------
    path
        Path of the module; "" for a model that is itself one.
    kind
        Its equations: stated by the module's class, or inferred from names and shapes.
    inferred
        True where they are inferred.
    number
        Which layer, from 0; None for a cell.
    reverse
        True for the direction from the last step to the first.
    weights
        ``weight_ih``, ``weight_hh`` and, with a projection, ``weight_hr``.
    biases
        Biases that are listed under their own names, by "ih" and "hh"; the others hang on their weights.
    """

    path: str
    kind: RecurrentKind
    inferred: bool
    number: int | None
    reverse: bool
    weights: tuple[Layer, ...]
    biases: Mapping[str, Layer]

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Every layer of the source that it reads."""
        return (*self.weights, *self.biases.values())

    @property
    def hidden_size(self) -> int:
        """Rows of each gate."""
        return self.weights[1].shape[0] // _RATIO[self.kind]

    @property
    def has_bias(self) -> bool:
        """Whether there is any bias."""
        return bool(self.biases) or any(layer.bias is not None for layer in self.weights[:2])

    def tensors(self, prepare: Callable[[torch.Tensor], torch.Tensor]) -> RecurrentTensors:
        """Return the tensors.

        Parameters
        ----------
        prepare
            Applied to each of them first: a copy, where they may change meanwhile.
        """
        weights = [prepare(layer.weight) for layer in self.weights]
        biases = [self._bias(part, layer) for part, layer in zip(("ih", "hh"), self.weights, strict=False)]
        bias_ih, bias_hh = (None if bias is None else prepare(bias) for bias in biases)
        return RecurrentTensors(
            weights[0], weights[1], bias_ih, bias_hh, weights[2] if len(weights) > 2 else None
        )

    def _bias(self, part: str, weight: Layer) -> torch.Tensor | None:
        own = self.biases.get(part)
        return weight.bias if own is None else own.weight


def recurrent_layers(source: Source) -> list[RecurrentLayer]:
    """Return every layer and direction of the recurrent modules of a source, in model order.

    Names and shapes are read, no values. A module is recognised by the names of its tensors, those of
    `torch.nn.LSTM`, `GRU`, `RNN` and their cells, whatever its class.

    Parameters
    ----------
    source
        A live module, a state dict or a file.
    """
    named = {full: layer for layer in source.values() for full in layer.full_names}
    # Layers that share all their weights are one, as their tensors are.
    found: dict[tuple[str, ...], RecurrentLayer] = {}
    for full in named:
        path, _, leaf = full.rpartition(".")
        match = _HIDDEN.fullmatch(leaf)
        made = _made(named, path, match) if match else None
        if made is not None:
            found.setdefault(tuple(layer.name for layer in made.layers), made)
    return list(found.values())


def _made(named: Mapping[str, Layer], path: str, match: re.Match[str]) -> RecurrentLayer | None:
    suffix, number, reverse = match.groups()
    parts = {part: named.get(join(path, f"weight_{part}{suffix}")) for part in ("ih", "hh", "hr")}
    weights = tuple(layer for layer in parts.values() if layer is not None)
    if parts["ih"] is None or any(len(layer.shape) != 2 or 0 in layer.shape for layer in weights):
        return None
    stated = weights[1].kind
    kind = cast("RecurrentKind", stated) if stated in get_args(RecurrentKind) else _by_shape(weights)
    if kind is None or not _fit(kind, weights):
        return None
    # A bias whose weight is tied to another module's has no layer to hang on.
    own = {part: named.get(join(path, f"bias_{part}{suffix}")) for part in ("ih", "hh")}
    rows = (weights[1].shape[0],)
    biases = {part: layer for part, layer in own.items() if layer is not None and layer.shape == rows}
    inferred = weights[1].inferred or stated != kind
    return RecurrentLayer(
        path, kind, inferred, None if number is None else int(number), reverse is not None, weights, biases
    )


def _by_shape(weights: tuple[Layer, ...]) -> RecurrentKind | None:
    rows, state = weights[1].shape
    gates, rest = divmod(rows, state if len(weights) < 3 else weights[2].shape[1])
    return None if rest else _BY_RATIO.get(gates)


def _fit(kind: RecurrentKind, weights: tuple[Layer, ...]) -> bool:
    """Return whether these are the shapes of one layer; a subclass may keep something else."""
    rows, state = weights[1].shape
    hidden, rest = divmod(rows, _RATIO[kind])
    projected = (state, hidden) if len(weights) > 2 else (hidden, hidden)
    expected = weights[2].shape if len(weights) > 2 else (state, state)
    may_project = kind == "lstm" or len(weights) == 2
    return rest == 0 and weights[0].shape[0] == rows and projected == expected and may_project
