"""From every tensor that torch has to one that holds its numbers plainly, or a sentence on why there is none.

Sparse, quantised, sharded and packed tensors stand for numbers that no view and no analysis can read where
they lie. This is the one place that knows how each is read, and how much memory that may take.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache

import torch
from torch.nn.parameter import is_lazy
from torch.utils._python_dispatch import is_traceable_wrapper_subclass

MATERIALISED_BYTES = 1 << 30
"""What a tensor may take that a few stored numbers stand for."""

# Names for packed numbers: torch keeps such a tensor and can compute nothing with it.
_NAMES_ONLY = {
    getattr(torch, name) for name in dir(torch) if re.fullmatch(r"u?int[1-7]|bits\d+(x\d+)?", name)
}
_CHUNK = 1 << 24
# e2m1: two bits of exponent (bias 1), one of mantissa; the upper half of the codes is negative. OCP
# Microscaling Formats Specification 1.0, section 5.3.3.
_FLOAT4 = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
# Views show these as they are, beside each other: one sentence for one fault.
UNINITIALISED = "This layer is uninitialised: run one batch through the model first."
"""Why a lazy module has neither shape nor values."""
NESTED = "Nested: this tensor holds tensors of several shapes, none of which is shown."
"""Why a nested tensor is not shown."""
ON_META = "This tensor is on `meta`: it has a shape but no values."
"""Why a tensor on the ``meta`` device is not shown."""
PACKED: torch.dtype | None = getattr(torch, "float4_e2m1fn_x2", None)
"""The dtype with two 4-bit floats in a byte; None in a torch that has none."""


def plain(tensor: torch.Tensor) -> torch.Tensor:
    """Return a dense, detached tensor with the numbers that ``tensor`` stands for.

    Parameters
    ----------
    tensor
        Any dtype, layout and device, ``meta`` too. It is not changed.

    Returns
    -------
    torch.Tensor
        The tensor itself where it is dense already. Sparse ones are filled with zeros, quantised ones become
        float32, two packed 4-bit floats in a byte become two ``float8_e4m3fn``, which hold them exactly, and
        of a sharded one it is the local shard.

    Raises
    ------
    ValueError
        It is not initialised yet, nested, packed in a way that torch cannot undo, or few stored numbers stand
        for more than 1 GiB.
    """
    if is_lazy(tensor):
        raise ValueError(UNINITIALISED)
    if tensor.is_nested:
        raise ValueError(NESTED)
    if tensor.dtype in _NAMES_ONLY:
        raise ValueError(f"{tensor.dtype} is a packed format that torch cannot turn into numbers")
    tensor = _without_wrapper(held(tensor.detach()))
    refuse_to_repeat(tensor)
    try:
        if tensor.layout is not torch.strided:
            tensor = tensor.to_dense()
        return tensor.dequantize() if tensor.is_quantized else tensor
    except (NotImplementedError, RuntimeError) as error:
        raise ValueError(f"torch cannot turn this tensor ({tensor.dtype}) into numbers: {error}") from error


def refuse_to_repeat(tensor: torch.Tensor) -> None:
    """Raise a ValueError where few stored numbers stand for more than `MATERIALISED_BYTES` of plain ones."""
    if tensor.is_meta or is_lazy(tensor) or tensor.is_nested or is_traceable_wrapper_subclass(tensor):
        return
    # What is no float is read as float64, and small floats as float32.
    wide = 8 if not tensor.is_floating_point() or tensor.element_size() > 4 else 4
    needed = tensor.numel() * wide
    if needed <= MATERIALISED_BYTES:
        return
    if tensor.layout is not torch.strided:
        what = "sparse: dense"
    elif tensor.untyped_storage().nbytes() < tensor.numel() * tensor.element_size():
        what = "an expanded view of few stored numbers: written out"
    else:
        return
    raise ValueError(f"this tensor is {what} it would take {needed / (1 << 30):,.1f} GiB, more than 1")


def is_plain(tensor: torch.Tensor) -> bool:
    """Say whether a part of ``tensor`` can be cut out before `plain` is asked for its numbers."""
    odd = is_lazy(tensor) or tensor.is_nested or tensor.is_quantized or is_traceable_wrapper_subclass(tensor)
    return not odd and tensor.layout is torch.strided and tensor.dtype != PACKED


def plain_shape(tensor: torch.Tensor) -> tuple[int, ...]:
    """Return the shape that `plain` gives, without reading a value; (0,) for a nested one."""
    if tensor.is_nested:
        return (0,)
    if is_sharded(tensor):
        tensor = tensor.to_local()  # type: ignore[attr-defined]
    shape = tuple(tensor.shape)
    return (*shape[:-1], 2 * math.prod(shape[-1:])) if tensor.dtype == PACKED else shape


def is_sharded(tensor: torch.Tensor) -> bool:
    """Say whether this process holds but a shard of ``tensor`` (a ``DTensor``)."""
    return hasattr(tensor, "to_local") and hasattr(tensor, "placements")


def is_held_otherwise(tensor: torch.Tensor) -> bool:
    """Say whether `held` gives another tensor than ``tensor``."""
    return tensor.dtype == PACKED or is_sharded(tensor)


def held(tensor: torch.Tensor) -> torch.Tensor:
    """Return the numbers that this process holds, one by one: a shard as such, packed 4-bit floats apart."""
    return unpacked(tensor.to_local().detach() if is_sharded(tensor) else tensor)  # type: ignore[attr-defined]


def reading(tensor: torch.Tensor) -> str:
    """Return plain sentences on how the numbers of ``tensor`` are read; "" where they are as stored."""
    if is_lazy(tensor):
        return ""
    shard = f"Shown is the shard of this process, of {tuple(tensor.shape)}." if is_sharded(tensor) else ""
    if shard:
        tensor = tensor.to_local()  # type: ignore[attr-defined]
    name = type(tensor).__name__
    sentences = (
        (tensor.is_nested, NESTED),
        (tensor.is_quantized, "Quantised: shown are the numbers that the stored integers stand for."),
        (is_traceable_wrapper_subclass(tensor), f"Shown are the numbers that {name} stands for."),
        (tensor.dtype == PACKED, "Each byte is two 4-bit floats, shown without a scale that is kept apart."),
        (tensor.layout is not torch.strided, "Sparse: what is not stored counts as zero."),
        (tensor.is_complex(), "Complex weights: shown is their magnitude."),
    )
    return f"{shard} {next((sentence for is_so, sentence in sentences if is_so), '')}".strip()


def unpacked(tensor: torch.Tensor) -> torch.Tensor:
    """Return packed 4-bit floats as ``float8_e4m3fn``, twice as many on the last axis; all else as it is.

    The lower four bits of a byte come first, as in torch and in safetensors.
    """
    if tensor.dtype != PACKED:
        return tensor
    shape = plain_shape(tensor)
    if tensor.is_meta:
        return torch.empty(shape, dtype=torch.float8_e4m3fn, device="meta")
    refuse_to_repeat(tensor)
    codes = tensor.contiguous().view(torch.uint8).reshape(-1)
    pairs = _pairs().to(codes.device)
    found = torch.empty(codes.shape, dtype=torch.int16, device=codes.device)
    # An index takes four bytes for each stored one: a part at a time.
    for start in range(0, len(codes), _CHUNK):
        part = slice(start, start + _CHUNK)
        found[part] = pairs.index_select(0, codes[part].int())
    return found.view(torch.float8_e4m3fn).reshape(shape)


@lru_cache(maxsize=1)
def _pairs() -> torch.Tensor:
    """Return for each byte its two numbers, as the bits of two 8-bit floats."""
    numbers = torch.tensor([*_FLOAT4, *(-number for number in _FLOAT4)]).to(torch.float8_e4m3fn)
    codes = torch.arange(256)
    pairs = torch.stack([codes & 15, codes >> 4], dim=1)
    return numbers.view(torch.uint8)[pairs].view(torch.int16).reshape(-1)


def _without_wrapper(tensor: torch.Tensor) -> torch.Tensor:
    if not is_traceable_wrapper_subclass(tensor):
        return tensor
    name = type(tensor).__name__
    try:
        found = tensor.dequantize()
    except Exception as error:
        raise ValueError(f"{name} does not say which numbers it stands for (`dequantize` fails)") from error
    if is_traceable_wrapper_subclass(found):
        raise ValueError(f"{name} does not say which numbers it stands for (`dequantize` gives another)")
    return found.detach()
