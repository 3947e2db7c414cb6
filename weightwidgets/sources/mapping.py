"""A state dict as a source: kinds are inferred, because a state dict holds names and tensors and no more."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch.nn.parameter import is_lazy

from weightwidgets.layer import CONVOLUTIONS, Kind, Layer, out_first_shape
from weightwidgets.sources.names import BiasSlot, bias_slot, join
from weightwidgets.sources.source import FoundTensor, Source, bias_fits

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

_RUNNING = ("running_mean", "running_var")
_CONV_BY_NDIM: dict[int, Kind] = {3: "conv1d", 4: "conv2d", 5: "conv3d"}
_TRANSPOSED_BY_NDIM: dict[int, Kind] = {3: "conv_transpose1d", 4: "conv_transpose2d", 5: "conv_transpose3d"}
_GATED_BY_RATIO: dict[int, Kind] = {1: "rnn", 3: "gru", 4: "lstm"}
# Words by which the common model families name an embedding, a norm and a transposed convolution.
_EMBEDDING_WORDS = re.compile(r"emb|wte|wpe|shared$", re.IGNORECASE)
_NORM_WORDS = re.compile(r"norm|ln_?\w{0,2}$|bn\d*$", re.IGNORECASE)
_TRANSPOSED_WORDS = re.compile(r"transpose|deconv", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class MappingTensors:
    """Reads one tensor of a mapping."""

    mapping: Mapping[str, Any]
    key: str
    bias_key: str
    bias_slot: BiasSlot | None
    statistics_prefix: str | None

    def stored(self) -> dict[str, torch.Tensor]:
        """Return the tensor itself; see `LayerTensors`."""
        return {self.key: self.weight()}

    def stored_bias(self) -> dict[str, torch.Tensor]:
        """Return the tensor that the bias is, or is a part of."""
        return {} if self.bias_slot is None else {self.bias_key: as_tensor(self.mapping[self.bias_key])}

    def weight(self) -> torch.Tensor:
        """Return the tensor, detached; it shares memory."""
        return as_tensor(self.mapping[self.key])

    def outline(self) -> torch.Tensor:
        """Return the tensor."""
        return self.weight()

    def bias(self) -> torch.Tensor | None:
        """Return the bias, detached, or None."""
        return None if self.bias_slot is None else self.bias_slot.cut(as_tensor(self.mapping[self.bias_key]))

    def statistics(self) -> dict[str, torch.Tensor]:
        """Return a norm's running statistics."""
        if self.statistics_prefix is None:
            return {}
        keys = {name: join(self.statistics_prefix, name) for name in _RUNNING}
        return {name: as_tensor(self.mapping[key]) for name, key in keys.items() if key in self.mapping}

    def derivation(self) -> str:
        """Return "": a state dict does not say what is made of what."""
        return ""


class MappingSource(Source):
    """The tensors of a mapping, in its order.

    Two names for the same memory, shape and strides are one layer (tied parameters in a state dict).

    Parameters
    ----------
    mapping
        Names to tensors or numpy arrays. It is held and read in place.

    Raises
    ------
    TypeError
        A name is not text, or a value is not a tensor; the message names it.
    """

    def __init__(self, mapping: Mapping[str, Any]) -> None:
        self._mapping = mapping
        super().__init__("state dict")

    def _state(self) -> Hashable:
        return tuple((key, id(value)) for key, value in self._mapping.items())

    def _scan(self) -> list[FoundTensor]:
        shapes = {key: _checked(key, value) for key, value in self._mapping.items()}
        guesses = {key: _guess(key, shapes) for key in shapes if not _is_statistic(key, shapes)}
        slots = {key: _fitting_bias(key, guesses[key], shapes) for key in guesses}
        biases = {_bias_key(key, slot) for key, slot in slots.items() if slot is not None}
        hung: set[str] = set()
        found: dict[Hashable, FoundTensor] = {}
        for key in sorted(guesses, key=biases.__contains__):
            if key in hung:
                continue
            slot = None if key in biases else slots[key]
            identity = _memory(self._mapping[key])
            if identity not in found:
                found[identity] = self._describe(key, guesses[key], slot)
            found[identity].full_names.append(key)
            if slot is not None and self._has_bias(found[identity], _bias_key(key, slot)):
                hung.add(_bias_key(key, slot))
        # Biases were looked at last; the mapping's own order is what is shown.
        order = {key: position for position, key in enumerate(shapes)}
        tensors = sorted(found.values(), key=lambda tensor: order[tensor.full_names[0]])
        return _with_norms(tensors, shapes)

    def _describe(self, key: str, guess: tuple[Kind, int], slot: BiasSlot | None) -> FoundTensor:
        kind, groups = guess
        prefix = key.rpartition(".")[0] if kind == "norm" else None
        bias_key = "" if slot is None else _bias_key(key, slot)
        tensors = MappingTensors(self._mapping, key, bias_key, slot, prefix)
        return FoundTensor([], kind, tensors, groups=groups, inferred=True)

    def _has_bias(self, tensor: FoundTensor, bias_key: str) -> bool:
        owner = cast("MappingTensors", tensor.tensors)
        if owner.bias_slot is None:
            return False
        return _memory(self._mapping[owner.bias_key]) == _memory(self._mapping[bias_key])

    def _is_current(self, layer: Layer, full_name: str) -> bool:
        if full_name not in self._mapping or layer.full_name not in self._mapping:
            return False
        return _memory(self._mapping[full_name]) == _memory(self._mapping[layer.full_name])


def as_tensor(value: object) -> torch.Tensor:
    """Return a tensor or numpy array as a detached tensor that shares its memory.

    An array is copied only where torch cannot hold it as it lies: other byte order, negative strides.

    Raises
    ------
    TypeError
        ``value`` is neither, or an array of a dtype that torch does not have.
    """
    if isinstance(value, torch.Tensor):
        return value if is_lazy(value) else value.detach()
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{type(value).__name__} is neither a tensor nor a numpy array")
    array = value
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    if min(array.strides, default=0) < 0:
        array = array.copy()
    if not array.flags.writeable:
        array = np.asarray(_WritableView(array))
    return torch.from_numpy(array)


class _WritableView:
    """A read-only array as torch wants it: `torch.from_numpy` warns otherwise, though nothing here writes."""

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        # numpy keeps this object alive as the base of its view, and this object the memory.
        self._array = array
        self.__array_interface__ = {**array.__array_interface__, "data": (array.ctypes.data, False)}


def _checked(key: object, value: object) -> torch.Tensor:
    if not isinstance(key, str):
        raise TypeError(f"a state dict is keyed by text, and {key!r} is {type(key).__name__}")
    try:
        return as_tensor(value)
    except TypeError as error:
        raise TypeError(f"the value of {key!r} is no weight: {error}") from error


def _memory(value: object) -> Hashable:
    tensor = as_tensor(value)
    readable = not is_lazy(tensor) and tensor.layout is torch.strided and not tensor.is_meta
    if not readable or tensor.numel() == 0:
        return id(value)
    return (tensor.device, tensor.data_ptr(), tensor.dtype, tuple(tensor.shape), tensor.stride())


def _is_statistic(key: str, tensors: Mapping[str, torch.Tensor]) -> bool:
    path, _, name = key.rpartition(".")
    return name in {*_RUNNING, "num_batches_tracked"} and all(
        join(path, part) in tensors for part in _RUNNING
    )


def _guess(key: str, tensors: Mapping[str, torch.Tensor]) -> tuple[Kind, int]:
    """Return the kind and the number of groups that the name and the shapes around it speak for."""
    path, _, name = key.rpartition(".")
    tensor = tensors[key]
    if is_lazy(tensor):
        return "parameter", 1
    if tensor.ndim == 2 and re.fullmatch(r"(in|q|k|v)_proj_weight", name):
        return "attention", 1
    recurrent = re.fullmatch(r"weight_(?:ih|hh|hr)((?:_l\d+(?:_reverse)?)?)", name)
    if tensor.ndim == 2 and recurrent:
        return _guess_recurrent(path, recurrent.group(1), tensors), 1
    if name != "weight":
        trained = tensor.is_floating_point() or tensor.is_complex()
        return ("parameter" if trained else "buffer"), 1
    return _guess_weight(path, tensor, tensors)


def _guess_weight(path: str, weight: torch.Tensor, tensors: Mapping[str, torch.Tensor]) -> tuple[Kind, int]:
    module_name = path.rpartition(".")[2]
    bias = tensors.get(join(path, "bias"))
    like_norm = join(path, "running_mean") in tensors or (bias is not None and bias.shape == weight.shape)
    if weight.ndim > 0 and (like_norm or (weight.ndim == 1 and _NORM_WORDS.search(module_name))):
        return "norm", 1
    if weight.ndim == 2:
        return ("embedding" if bias is None and _EMBEDDING_WORDS.search(module_name) else "linear"), 1
    if weight.ndim in _CONV_BY_NDIM:
        groups = _transposed_groups(module_name, weight, bias)
        return (_TRANSPOSED_BY_NDIM[weight.ndim], groups) if groups else (_CONV_BY_NDIM[weight.ndim], 1)
    return "parameter", 1


def _transposed_groups(module_name: str, weight: torch.Tensor, bias: torch.Tensor | None) -> int:
    """Return the groups of a transposed convolution; 0 where nothing speaks for one.

    Torch stores it as (in, out // groups, ...): a bias, which has one element per output, gives it away
    wherever inputs and outputs differ in number.
    """
    named = _TRANSPOSED_WORDS.search(module_name) is not None
    if bias is None or bias.ndim != 1 or weight.shape[1] == 0:
        return int(named)
    groups, rest = divmod(bias.shape[0], weight.shape[1])
    possible = rest == 0 and groups > 0 and weight.shape[0] % groups == 0
    return groups if possible and (named or bias.shape[0] != weight.shape[0]) else 0


def _guess_recurrent(path: str, suffix: str, tensors: Mapping[str, torch.Tensor]) -> Kind:
    recurrent = tensors.get(join(path, f"weight_hh{suffix}"))
    projection = tensors.get(join(path, f"weight_hr{suffix}"))
    if recurrent is None or recurrent.ndim != 2:
        return "parameter"
    # The columns of weight_hh are the hidden size, or the projected one where weight_hr projects it.
    hidden = recurrent.shape[1] if projection is None else projection.shape[-1]
    gates, rest = divmod(recurrent.shape[0], max(hidden, 1))
    return "parameter" if rest else _GATED_BY_RATIO.get(gates, "parameter")


def _fitting_bias(key: str, guess: tuple[Kind, int], tensors: Mapping[str, torch.Tensor]) -> BiasSlot | None:
    path, _, name = key.rpartition(".")
    slot = bias_slot(name)
    bias = None if slot is None else tensors.get(join(path, slot.attribute))
    return slot if slot and bias is not None and bias_fits(*guess, tensors[key], slot.cut(bias)) else None


def _bias_key(key: str, slot: BiasSlot) -> str:
    return join(key.rpartition(".")[0], slot.attribute)


def _with_norms(found: list[FoundTensor], tensors: Mapping[str, torch.Tensor]) -> list[FoundTensor]:
    """Note the norm that comes next in the mapping, in the same parent and, if numbered, by the next number.

    What stands between two named siblings without tensors of its own cannot be seen here.
    """
    for tensor, following in itertools.pairwise(found):
        parent, _, name = tensor.full_names[0].removesuffix(".weight").rpartition(".")
        next_parent, _, next_name = following.full_names[0].removesuffix(".weight").rpartition(".")
        adjacent = not (name.isdecimal() and next_name.isdecimal()) or int(next_name) == int(name) + 1
        if following.kind != "norm" or tensor.kind not in CONVOLUTIONS | {"linear"}:
            continue
        weight, norm = tensors[tensor.full_names[0]], tensors[following.full_names[0]]
        channels = out_first_shape(tensor.kind, tuple(weight.shape), tensor.groups)[0]
        if parent == next_parent and adjacent and tuple(norm.shape) == (channels,):
            tensor.next_norm = join(next_parent, next_name)
    return found
