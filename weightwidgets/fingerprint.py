"""Whether a tensor changed since it was last looked at, told cheaply."""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import TYPE_CHECKING

import torch
from torch.nn.parameter import is_lazy
from torch.utils._python_dispatch import is_traceable_wrapper_subclass

if TYPE_CHECKING:
    from collections.abc import Hashable

SAMPLED_ELEMENTS = 4096

_BITS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


def tensor_fingerprint(tensor: torch.Tensor) -> Hashable:
    """Return (address, version, shape, dtype, checksum): equal while the tensor is unchanged.

    Sees in-place updates, optimizer steps and new ``.data`` by address and version counter. Writes through
    ``.data`` move neither: they are seen where they reach one of 4 096 evenly spread elements, first and
    last included, whose bits (NaN or not) make a CRC-32. A missing part is None: no values on ``meta``, no
    version counter on inference tensors, no checksum where torch cannot give the bits.

    Parameters
    ----------
    tensor
        Any layout, dtype and device, uninitialised too; up to 4 096 elements are copied to the CPU.
    """
    if is_lazy(tensor):
        return ("uninitialised",)
    if tensor.is_nested:
        tensor = tensor.values()
    if is_traceable_wrapper_subclass(tensor):
        # What such a tensor stands for is kept in others.
        names, _ = tensor.__tensor_flatten__()
        parts = (getattr(tensor, name) for name in names)
        return tuple(tensor_fingerprint(part) for part in parts if isinstance(part, torch.Tensor))
    # An inference tensor raises on `_version`: torch keeps no counter for it.
    version = None if tensor.is_inference() else tensor._version  # noqa: SLF001 (torch has no public name)
    if tensor.is_meta:
        return (None, version, tuple(tensor.shape), tensor.dtype, None)
    try:
        values = _stored_values(tensor)
        bits: tuple[int, int] | tuple[None, None] = (values.data_ptr(), _checksum(values))
    except (RuntimeError, NotImplementedError):
        bits = (None, None)
    address, checksum = bits
    return (address, version, tuple(tensor.shape), tensor.dtype, checksum)


def _stored_values(tensor: torch.Tensor) -> torch.Tensor:
    tensor = tensor.detach()
    if tensor.is_quantized:
        # The integers in place: `int_repr` would copy them, to another address each time.
        integers = torch.empty(0, dtype=_BITS[tensor.element_size()], device=tensor.device)
        storage = tensor.untyped_storage()
        return integers.set_(storage, tensor.storage_offset(), tensor.shape, tensor.stride())
    if tensor.layout is torch.sparse_coo:
        return tensor._values()  # noqa: SLF001 (`values()` refuses an uncoalesced tensor)
    return tensor if tensor.layout is torch.strided else tensor.values()


def _checksum(tensor: torch.Tensor) -> int:
    # Bits as integers: torch can gather those for every dtype; complex128, which has no such integer, too.
    size = tensor.element_size()
    bits = tensor.view(_BITS[size]) if size in _BITS else tensor
    # Memory order makes channels-last and transposed weights contiguous, so that sampling needs no copy.
    bits = bits.permute(sorted(range(bits.ndim), key=bits.stride, reverse=True))
    count = bits.numel()
    if count <= SAMPLED_ELEMENTS:
        sample = bits
    elif bits.is_contiguous():
        sample = bits.view(-1).index_select(0, _positions(count, bits.device))
    else:
        sample = bits[torch.unravel_index(_positions(count, bits.device), bits.shape)]
    return zlib.crc32(sample.cpu().numpy().tobytes())


@lru_cache(maxsize=64)
def _positions(count: int, device: torch.device) -> torch.Tensor:
    steps = torch.arange(SAMPLED_ELEMENTS, device=device)
    return steps * (count - 1) // (SAMPLED_ELEMENTS - 1)
