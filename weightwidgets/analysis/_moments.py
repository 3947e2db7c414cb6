"""The two passes over the numbers from which every statistic follows.

Moments about the exact mean need the mean first: one pass cannot have it without losing digits, and two cost
less than one that is careful.
"""

import math
import sys
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from weightwidgets.analysis._compiled import Kernel, as_integers, bits_of, compiled, contiguous, in_parts
from weightwidgets.analysis._values import power_of_two_above, widened

NEAR_ZERO = 1e-3
_CHUNK = 1 << 16


class Sums(NamedTuple):
    """What the first pass adds up; `total` and `magnitude` are multiplied by the scale that was passed."""

    nan: int
    posinf: int
    neginf: int
    positive: int
    negative: int
    total: float
    magnitude: float
    smallest: float
    largest: float


class Deviations(NamedTuple):
    """What the second pass adds up: powers of ``d = (x - centre) * scale``, and the numbers near zero."""

    first: float
    second: float
    third: float
    fourth: float
    near_zero: int


@dataclass(frozen=True)
class Moments:
    """Everything about the finite numbers that takes a pass over all of them.

    ``mean``, ``variance``, ``third`` and ``fourth`` (the central moments) are those of the numbers times
    ``scale``, a power of two that keeps them within float64.
    """

    sums: Sums
    finite: int
    mean: float
    l1: float
    scale: float
    variance: float
    third: float
    fourth: float
    near_zero: int


def moments(numbers: NDArray[Any]) -> Moments:
    """Run both passes over one-dimensional floating point numbers; one will do where none is finite."""
    scale = 1.0
    sums = add_up(numbers, scale)
    if not math.isfinite(sums.magnitude):
        # Only float64 numbers beyond 1e300 get here; no array is long enough to overflow again.
        scale = 2.0**-64
        sums = add_up(numbers, scale)
    finite = numbers.size - sums.nan - sums.posinf - sums.neginf
    if finite == 0:
        return Moments(
            sums, finite=0, mean=math.nan, l1=0, scale=1, variance=0, third=0, fourth=0, near_zero=0
        )
    # A mean of numbers near the largest float64 may round beyond it.
    mean = min(max(sums.total / finite / scale, sums.smallest), sums.largest)
    l1 = sums.magnitude / scale
    spread = power_of_two_above(min(sums.largest - sums.smallest, sys.float_info.max))
    threshold = NEAR_ZERO * max(-sums.smallest, sums.largest)
    powers = deviate(numbers, mean, 1 / spread, threshold)
    # The sum of deviations is what the rounding of the mean left over: with it the mean is exact again, and
    # the powers can be moved to it.
    shift = powers.first / finite
    second, third, fourth = (power / finite for power in (powers.second, powers.third, powers.fourth))
    return Moments(
        sums=sums,
        finite=finite,
        mean=mean / spread + shift,
        l1=l1,
        scale=1 / spread,
        variance=max(second - shift**2, 0.0),
        third=third - 3 * shift * second + 2 * shift**3,
        fourth=fourth - 4 * shift * third + 6 * shift**2 * second - 3 * shift**4,
        near_zero=powers.near_zero,
    )


def add_up(numbers: NDArray[Any], scale: float) -> Sums:
    """Run the first pass."""
    kernel = compiled("add_up", numbers)
    if kernel is not None:
        return add_up_by_kernel(kernel, numbers, scale)
    nan = posinf = neginf = positive = negative = 0
    total = magnitude = 0.0
    smallest, largest = math.inf, -math.inf
    with np.errstate(over="ignore"):
        for start in range(0, numbers.size, _CHUNK):
            chunk = widened(numbers[start : start + _CHUNK])
            finite = np.isfinite(chunk)
            if not finite.all():
                nan += int(np.count_nonzero(np.isnan(chunk)))
                posinf += int(np.count_nonzero(chunk == np.inf))
                neginf += int(np.count_nonzero(chunk == -np.inf))
                chunk = chunk[finite]
            if chunk.size == 0:
                continue
            smallest = min(smallest, float(chunk.min()))
            largest = max(largest, float(chunk.max()))
            positive += int(np.count_nonzero(chunk > 0))
            negative += int(np.count_nonzero(chunk < 0))
            chunk *= scale
            total += float(chunk.sum())
            magnitude += float(np.abs(chunk).sum())
    return Sums(nan, posinf, neginf, positive, negative, total, magnitude, smallest, largest)


def deviate(numbers: NDArray[Any], centre: float, scale: float, threshold: float) -> Deviations:
    """Run the second pass."""
    kernel = compiled("deviate", numbers)
    if kernel is not None:
        return deviate_by_kernel(kernel, numbers, centre, scale, threshold)
    first = second = third = fourth = 0.0
    near_zero = 0
    for start in range(0, numbers.size, _CHUNK):
        chunk = widened(numbers[start : start + _CHUNK])
        finite = np.isfinite(chunk)
        if not finite.all():
            chunk = chunk[finite]
        near_zero += int(np.count_nonzero(np.abs(chunk) <= threshold))
        # Each factor is scaled by itself: the difference of the two largest numbers overflows.
        chunk *= scale
        chunk -= centre * scale
        square = chunk * chunk
        first += float(chunk.sum())
        second += float(square.sum())
        third += float((square * chunk).sum())
        fourth += float((square * square).sum())
    return Deviations(first, second, third, fourth, near_zero)


def add_up_by_kernel(kernel: Kernel, numbers: NDArray[Any], scale: float) -> Sums:
    """Run the first pass with a compiled kernel."""
    numbers = contiguous(numbers)
    infinity = bits_of(math.inf, numbers.dtype)
    parts = in_parts(kernel, numbers, as_integers(numbers))(infinity, scale)
    *added, smallest, largest = zip(*parts, strict=True)
    return Sums._make((*map(sum, added), min(smallest), max(largest)))


def deviate_by_kernel(
    kernel: Kernel, numbers: NDArray[Any], centre: float, scale: float, threshold: float
) -> Deviations:
    """Run the second pass with a compiled kernel."""
    numbers = contiguous(numbers)
    dtype = numbers.dtype
    largest = bits_of(float(np.finfo(dtype).max), dtype)
    parts = in_parts(kernel, numbers, as_integers(numbers))(largest, centre, scale, bits_of(threshold, dtype))
    return Deviations._make(map(sum, zip(*parts, strict=True)))
