"""A state dict in memory as a source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn.parameter import is_lazy
from torch.utils._python_dispatch import is_traceable_wrapper_subclass

from weightwidgets.sources.store import StoreSource

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping


@dataclass(frozen=True, slots=True)
class MappingStore:
    """The tensors of a mapping, read in place; see `TensorStore`."""

    mapping: Mapping[str, Any]

    def state(self) -> Hashable:
        """Return which objects the mapping holds at this moment."""
        return tuple((key, id(value)) for key, value in self.mapping.items())

    def outlines(self) -> dict[str, torch.Tensor]:
        """Return the tensors themselves.

        Raises
        ------
        TypeError
            A name is not text, or a value is not a tensor; the message names it.
        """
        return {key: _checked(key, value) for key, value in self.mapping.items()}

    def tensor(self, key: str) -> torch.Tensor:
        """Return the tensor, detached; it shares memory."""
        return as_tensor(self.mapping[key])

    def outline(self, key: str) -> torch.Tensor:
        """Return the tensor."""
        return self.tensor(key)

    def raw(self, key: str) -> dict[str, torch.Tensor]:
        """Return the tensor under "": a state dict does not say what is made of what."""
        return {"": self.tensor(key)}

    def identity(self, key: str) -> Hashable:
        """Return the memory of the tensor, None where the mapping has it no more."""
        return memory(self.mapping[key]) if key in self.mapping else None

    def version(self, key: str) -> Hashable | None:
        """Return None: the values are in memory and may change at any moment."""
        del key
        return None

    def derivation(self, key: str) -> str:
        """Return ""."""
        del key
        return ""


class MappingSource(StoreSource):
    """The tensors of a mapping, in its order.

    Two names for the same memory, shape and strides are one layer (tied parameters in a state dict).

    Parameters
    ----------
    mapping
        Names to tensors or numpy arrays. It is held and read in place.
    note
        Plain sentences on how the mapping was come by; "" where it was handed in.

    Raises
    ------
    TypeError
        A name is not text, or a value is not a tensor; the message names it.
    """

    def __init__(self, mapping: Mapping[str, Any], note: str = "") -> None:
        super().__init__(MappingStore(mapping), "state dict", note)


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


def memory(value: object) -> Hashable:
    """Return a token that two tensors share only if they are the same numbers in the same memory."""
    tensor = as_tensor(value)
    odd = is_lazy(tensor) or tensor.is_meta or tensor.is_nested or is_traceable_wrapper_subclass(tensor)
    if odd or tensor.layout is not torch.strided or tensor.numel() == 0:
        return id(value)
    return (tensor.device, tensor.data_ptr(), tensor.dtype, tuple(tensor.shape), tensor.stride())
