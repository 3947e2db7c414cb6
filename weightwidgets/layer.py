"""One named weight tensor in torch's words, and the kinds that it can have.

A `Layer` holds names and a way to reach its tensors, never the values: every access reads the tensor as it
is now, so a layer of a live model shows what an optimizer step, an in-place update or a newly assigned
``.data`` left there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, get_args

from torch.nn.parameter import is_lazy

from weightwidgets.fingerprint import tensor_fingerprint
from weightwidgets.plain import (
    ON_META,
    UNINITIALISED,
    held,
    is_held_otherwise,
    plain,
    plain_shape,
    reading,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping

    import torch

Kind = Literal[
    "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
    "linear", "bilinear", "embedding", "rnn", "lstm", "gru", "attention", "norm", "parameter", "buffer",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)
CONVOLUTIONS: frozenset[Kind] = frozenset(KINDS[:6])

_SHOWN_AS_MATRIX: Mapping[str, str] = {
    "bilinear": "Shown as a matrix, one row per output: pairs of inputs are not laid out as a square yet.",
    "rnn": "One matrix here; RecurrentGates shows what it does to the state.",
    "lstm": "One matrix of four gates here (rows i, f, g, o); RecurrentGates tells them apart.",
    "gru": "One matrix of three gates here (rows r, z, n); RecurrentGates tells them apart.",
    "attention": "One matrix here; AttentionHeads tells heads, queries, keys and values apart.",
    "parameter": "Shown as a matrix: what this parameter does in the model is not known from its module.",
    "buffer": "Shown as a matrix: a buffer is kept with the model and is not trained.",
}


class LayerTensors(Protocol):
    """Where a layer's tensors come from; each call reads the present state."""

    def stored(self) -> dict[str, torch.Tensor]:
        """Return what the weight is made of, by full name; the weight itself where it is kept as it is."""
        ...

    def stored_bias(self) -> dict[str, torch.Tensor]:
        """Return the same for the bias; empty without one."""
        ...

    def weight(self) -> torch.Tensor:
        """Return the effective weight, detached."""
        ...

    def outline(self) -> torch.Tensor:
        """Return a tensor with the weight's shape and dtype; its values are not to be read."""
        ...

    def bias(self) -> torch.Tensor | None:
        """Return the bias, detached, or None."""
        ...

    def statistics(self) -> dict[str, torch.Tensor]:
        """Return a norm's running statistics by attribute name."""
        ...

    def derivation(self) -> str:
        """Return a sentence that says how the weight is made from other tensors, or ""."""
        ...

    def version(self) -> Hashable | None:
        """Return a value that changes when the values may have, or None where only reading them tells."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One named weight tensor of a source.

    Made by `open_source`. Nothing is copied or kept: properties read the tensor at each access.

    Attributes
    ----------
    names
        Every name of this tensor without a final ``.weight``: the key first, then its aliases.
    full_names
        The same names in full, as in ``named_parameters()`` (``"0.weight"``).
    kind, groups
        One of `KINDS`; the groups of a convolution, 1 for every other kind.
    tensors
        How the tensors are reached.
    inferred
        True where kind and groups were guessed from names and shapes (a state dict holds nothing else).
    first
        True for the first convolution or dense layer in model order.
    next_norm
        Name of a normalisation with as many channels as this layer has outputs, registered right after it
        in the same parent; "" where there is none. Only tracing can prove that it also runs right after.
    in_first
        True where a dense layer is stored as (in, out), as the ``Conv1D`` of transformers is.
    """

    names: tuple[str, ...]
    full_names: tuple[str, ...]
    kind: Kind
    tensors: LayerTensors = field(repr=False)
    groups: int = 1
    inferred: bool = False
    first: bool = False
    next_norm: str = ""
    in_first: bool = False

    @property
    def name(self) -> str:
        """The layer's key in its source."""
        return self.names[0]

    @property
    def full_name(self) -> str:
        """The key in full, as in ``named_parameters()``."""
        return self.full_names[0]

    @property
    def initialized(self) -> bool:
        """False for a lazy module that has not seen a batch: it has neither shape nor values."""
        return not any(is_lazy(tensor) for tensor in self.tensors.stored().values())

    @property
    def has_values(self) -> bool:
        """False where there are no numbers to read: uninitialised, nested, or on the ``meta`` device."""
        stored = self.tensors.stored().values()
        return not any(is_lazy(tensor) or tensor.is_meta or tensor.is_nested for tensor in stored)

    @property
    def weight(self) -> torch.Tensor:
        """The effective weight in torch's layout, detached; shares memory where the model keeps it as it is.

        Of a sharded tensor it is the shard of this process. Packed 4-bit floats are unpacked to
        ``float8_e4m3fn``, which holds them exactly. Sparse and quantised tensors are given as they are.

        Raises
        ------
        ValueError
            The layer is uninitialised.
        """
        self._require_initialized()
        return held(self.tensors.weight())

    @property
    def bias(self) -> torch.Tensor | None:
        """The bias, detached: shape (out_channels,) or, for norms and parameters, the weight's; None without.

        Raises
        ------
        ValueError
            The layer is uninitialised.
        """
        self._require_initialized()
        bias = self.tensors.bias()
        return None if bias is None else held(bias)

    @property
    def raw(self) -> dict[str, torch.Tensor]:
        """What weight and bias are made of where they are not stored as shown, by full name; else empty."""
        self._require_initialized()
        stored, bias = self.tensors.stored(), self.tensors.stored_bias()
        if set(stored) == {self.full_name} and not is_held_otherwise(stored[self.full_name]):
            stored = {}
        # A bias that is kept as it is has one tensor, and no parametrization.
        if len(bias) > 1 or any("parametrizations." in name for name in bias):
            stored = stored | bias
        return {name: tensor.detach() for name, tensor in stored.items()}

    @property
    def statistics(self) -> dict[str, torch.Tensor]:
        """A norm's running statistics, detached: "running_mean", "running_var"; empty without."""
        return self.tensors.statistics()

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the weight in torch's layout; () for a 0-d tensor and for an uninitialised layer."""
        return plain_shape(self.tensors.outline()) if self.initialized else ()

    @property
    def dtype(self) -> torch.dtype:
        """Dtype of the weight as it is stored."""
        return self.tensors.outline().dtype

    @property
    def numel(self) -> int:
        """Number of weights; 0 for an uninitialised layer."""
        return math.prod(self.shape) if self.initialized else 0

    @property
    def transposed(self) -> bool:
        """True where the weight is stored as (in_channels, out_channels // groups, *kernel_size)."""
        return self.in_first or self.kind.startswith("conv_transpose")

    @property
    def out_channels(self) -> int:
        """Number of output units: rows of `out_first`."""
        return self.out_first_shape[0]

    @property
    def in_channels(self) -> int:
        """Number of inputs, over all groups."""
        return self.out_first_shape[1] * self.groups

    @property
    def kernel_size(self) -> tuple[int, ...]:
        """Size of a convolution's kernel; () for every other kind."""
        return self.out_first_shape[2:]

    @property
    def out_first_shape(self) -> tuple[int, ...]:
        """Shape of `out_first`; (0, 0) for an uninitialised layer."""
        if not self.initialized:
            return (0, 0)
        return out_first_shape(self.kind, self.shape[::-1] if self.in_first else self.shape, self.groups)

    @property
    def out_first(self) -> torch.Tensor:
        """The weight as (out_channels, in_channels // groups, *kernel_size); see `out_first_shape`.

        A view of `weight` where torch can make one; grouped transposed, sparse and quantised ones are copied.

        Raises
        ------
        ValueError
            The layer is uninitialised or nested, or stands for more numbers than memory may hold.
        """
        weight = plain(self.weight)
        if not self.transposed:
            return weight.reshape(self.out_first_shape)
        if self.groups == 1:
            return weight.transpose(0, 1)
        per_group = weight.reshape(self.groups, weight.shape[0] // self.groups, *weight.shape[1:])
        return per_group.transpose(1, 2).reshape(self.out_first_shape)

    @property
    def note(self) -> str:
        """Plain sentences on what is not shown, inferred, derived or missing; "" where all is as it looks."""
        return " ".join(sentence for sentence in _notes(self) if sentence)

    def fingerprint(self) -> Hashable:
        """Return a token that changes when the weight or the bias does; see `tensor_fingerprint`.

        What is parametrized or pruned is watched through the tensors that it is made of. A file is watched by
        its place, time and size: reading values of every layer at each look would fetch them from the disk.
        """
        version = self.tensors.version()
        if version is not None:
            return version
        watched = (*self.tensors.stored().items(), *self.tensors.stored_bias().items())
        return tuple((name, tensor_fingerprint(tensor)) for name, tensor in watched)

    def _require_initialized(self) -> None:
        if not self.initialized:
            raise ValueError(UNINITIALISED)


def _notes(layer: Layer) -> Iterator[str]:
    if not layer.initialized:
        yield UNINITIALISED
        return
    outline = layer.tensors.outline()
    yield from (layer.tensors.derivation(), reading(outline), _SHOWN_AS_MATRIX.get(layer.kind, ""))
    if not layer.has_values and not outline.is_nested:
        yield ON_META
    if layer.in_first:
        yield "Stored as (in, out): shown is a row for each output."
    if layer.inferred:
        yield "The kind is inferred from names and shapes."
        if layer.kind in CONVOLUTIONS and layer.groups == 1:
            yield "Groups cannot be seen here and are taken as 1."


def out_first_shape(kind: Kind, shape: tuple[int, ...], groups: int) -> tuple[int, ...]:
    """Return (out_channels, in_channels // groups, *kernel_size) of a weight (metrics.md, section 0).

    Anything but a convolution becomes a matrix, rows first: a vector is one column, a 0-d tensor 1 x 1;
    beyond two dimensions leading ones are dropped ((1, 197, 768) has 197 rows) and the rest is one row.

    Parameters
    ----------
    kind
        The layer's kind.
    shape
        Shape of the weight in torch's layout.
    groups
        Groups of a convolution.
    """
    if kind.startswith("conv_transpose"):
        return (shape[1] * groups, shape[0] // groups, *shape[2:])
    if kind in CONVOLUTIONS:
        return shape
    while len(shape) > 2 and shape[0] == 1:
        shape = shape[1:]
    return (shape[0], math.prod(shape[1:])) if shape else (1, 1)
