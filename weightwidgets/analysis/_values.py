"""From any tensor to plain numpy numbers, exactly.

torch has some twenty number formats, six layouts and tensors that hold no numbers at all. Every analysis
begins here, so that none of them has to know.
"""

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from weightwidgets.plain import MATERIALISED_BYTES, ON_META, PACKED, plain

Weight = torch.Tensor | NDArray[Any]
"""What every analysis accepts."""

_EXACT_IN_FLOAT32 = {torch.float16, torch.bfloat16} | {
    getattr(torch, name) for name in dir(torch) if name.startswith("float8_")
}


def values(weight: Weight) -> NDArray[Any]:
    """Give the numbers of a tensor as a numpy array of the same shape.

    Parameters
    ----------
    weight : torch.Tensor or numpy.ndarray
        Any dtype, layout, device and stride; it may require a gradient. It is never changed.

    Returns
    -------
    numpy.ndarray
        Read-only, float32 or float64, in weight units. float32 and float64 stay what they are, and share
        memory with a dense tensor on the CPU. float16, bfloat16 and the 8-bit floats become float32, and
        integers and booleans float64: both exact, but for integers beyond 2**53, which round to the nearest
        float64. Complex numbers become their magnitude (float64), sparse tensors dense, quantised ones the
        numbers they stand for. Packed 4-bit floats become float32, twice as many on the last axis.

    Raises
    ------
    ValueError
        If the tensor has no values to read: on `meta`, not initialised yet, nested, in a packed format that
        torch itself cannot unpack, or a view that repeats few stored numbers to more than 1 GiB.
    TypeError
        If `weight` is neither a tensor nor an array of numbers.

    """
    if isinstance(weight, torch.Tensor):
        numbers = _from_torch(weight)
    elif isinstance(weight, np.ndarray):
        numbers = _from_numpy(weight)
    else:
        raise TypeError(f"expected a torch.Tensor or a numpy.ndarray, got {type(weight).__name__}")
    # A view of its own: the lock must not reach the caller's array.
    numbers = numbers.view()
    numbers.flags.writeable = False
    return numbers


def edge_dtype(weight: Weight) -> type[np.float32 | np.float64]:
    """Give the dtype of the edges of a histogram of `weight`: float32 for float32, float64 for all else."""
    single = weight.dtype in (torch.float32, np.dtype(np.float32))
    return np.float32 if single else np.float64


def nearest(weight: Weight, number: float) -> float:
    """Round a finite number to the nearest one that the dtype of `weight` holds.

    A bound read off the screen thereby means the weight it was read from: 0.1 is not a float16, but
    0.09998 is, and it was printed as 0.1. Integer, complex, quantised and packed weights leave the number as
    it is. A number beyond the dtype's largest becomes the largest.
    """
    dtype = weight.dtype
    if isinstance(dtype, torch.dtype):
        if not dtype.is_floating_point or dtype == PACKED:
            return float(number)
        limits = torch.finfo(dtype)
        bounded = min(max(number, limits.min), limits.max)
        return float(torch.tensor(bounded, dtype=torch.float64).to(dtype).to(torch.float64))
    if dtype.kind != "f":
        return float(number)
    largest = float(np.finfo(dtype).max)
    return float(dtype.type(min(max(number, -largest), largest)))


def in_any_order(weight: Weight) -> NDArray[Any]:
    """Give the numbers in one dimension, in memory order, so that a transposed tensor is not copied."""
    return values(weight).ravel(order="K")


def finite_only(numbers: NDArray[Any]) -> NDArray[Any]:
    """Leave NaN and the infinities out of a one-dimensional array; the array itself where it has none."""
    finite = np.isfinite(numbers)
    return numbers if finite.all() else numbers[finite]


def widened(numbers: NDArray[Any]) -> NDArray[np.float64]:
    """Copy to float64, in silence: numpy warns of a signalling NaN, which some 8-bit floats turn into."""
    with np.errstate(invalid="ignore"):
        return numbers.astype(np.float64)


def rounded(bounds: NDArray[Any], dtype: np.dtype[Any], *, up: bool) -> NDArray[Any]:
    """Round float64 bounds to the dtype of the numbers that they divide, which then compare as before.

    No float32 number lies between a bound and the next float32 above it, so that ``x < bound`` and ``x >=
    bound`` stay what they were if rounded `up`, and ``x <= bound`` and ``x > bound`` if rounded down. Without
    it numpy would turn all numbers into float64 for each question.
    """
    if dtype == np.float64 or bounds.dtype == np.float32:
        return bounds.astype(dtype, copy=False)
    with np.errstate(over="ignore"):
        near = bounds.astype(np.float32)
        wide = near.astype(np.float64)
        wrong, towards = (wide < bounds, np.inf) if up else (wide > bounds, -np.inf)
        return np.where(wrong, np.nextafter(near, np.float32(towards)), near)


def power_of_two_above(magnitude: float) -> float:
    """Give a power of two to divide by, so that numbers up to `magnitude` can be squared and cubed safely.

    Division by a power of two is exact. The result stays within 2**±1000, so that its reciprocal is a
    normal number too; 1 for zero.
    """
    if magnitude == 0:
        return 1.0
    return math.ldexp(1.0, min(max(math.frexp(magnitude)[1], -1000), 1000))


def _from_torch(weight: torch.Tensor) -> NDArray[Any]:
    weight = plain(weight)
    if weight.is_meta:
        raise ValueError(ON_META)
    dtype = weight.dtype
    if dtype.is_complex:
        return _from_numpy(weight.cpu().to(torch.complex128).resolve_conj().resolve_neg().numpy())
    if dtype in _EXACT_IN_FLOAT32:
        return weight.to(torch.float32).cpu().numpy()
    if dtype not in (torch.float32, torch.float64):
        weight = weight.to(torch.float64)
    return weight.cpu().resolve_neg().numpy()


def _from_numpy(weight: NDArray[Any]) -> NDArray[Any]:
    kind = weight.dtype.kind
    if kind == "c":
        # hypot, not sqrt of a sum of squares: large and small components keep their magnitude.
        return np.hypot(weight.real.astype(np.float64), weight.imag.astype(np.float64))
    if kind not in "fiub":
        raise TypeError(f"expected an array of numbers, got dtype {weight.dtype}")
    if 0 in weight.strides and weight.nbytes > MATERIALISED_BYTES:
        raise ValueError("this array is an expanded view of few stored numbers, more than 1 GiB written out")
    single = weight.dtype.newbyteorder("=") in (np.float16, np.float32)
    # A signalling NaN is no reason to warn, nor is a long double that only infinity stands for.
    with np.errstate(invalid="ignore", over="ignore"):
        return np.asarray(weight, dtype=np.float32 if single else np.float64)
