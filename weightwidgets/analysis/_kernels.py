"""The loops over large tensors, for numba to compile; `_compiled` alone imports this file.

Each kernel cuts the numbers into blocks that stay in the first-level cache and runs several short loops over
each: numba turns a loop into vector instructions only where it does one kind of thing, and counts an index
(iterating over the array itself is ten times slower). Whatever can be decided
on the bits of a number is decided there, since integers compare in vectors and floats, for fear of NaN, do
not.

All arrays are one-dimensional, contiguous, and float32 or float64 alike; `bits` is the same memory as
integers of the same width.
"""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

_BLOCK = 2048
_FINITE = {"reassoc", "nsz", "nnan", "ninf"}


def jit(fastmath: set[str] | bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compile on first call, without the GIL; kept on disk, where there is a place that can be written."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        try:
            return numba.njit(nogil=True, fastmath=fastmath, cache=True)(function)
        except RuntimeError:
            # "no locator available": neither beside the file nor in the home directory.
            return numba.njit(nogil=True, fastmath=fastmath)(function)

    return decorate


@jit()
def in_order(pattern: Any, sign: Any, rest: Any) -> Any:
    """Turn the bits of a float into an integer that compares as the float does; and back, the same way."""
    return pattern ^ ((pattern >> sign) & rest)


@jit()
def extremes(bits: Any) -> Any:
    """Give the smallest and the largest of the numbers, as ordered integers."""
    kind = bits.dtype.type
    sign, rest = kind(8 * bits.itemsize - 1), np.iinfo(bits.dtype).max
    low, high = kind(np.iinfo(bits.dtype).max), kind(np.iinfo(bits.dtype).min)
    for index in range(bits.size):
        key = kind(in_order(bits[index], sign, rest))
        low = min(low, key)
        high = max(high, key)
    return low, high


@jit()
def signs(bits: Any) -> Any:
    """Count positive and negative numbers; neither zero is either."""
    kind = bits.dtype.type
    negative_zero = kind(np.iinfo(bits.dtype).min)
    positive, negative = kind(0), kind(0)
    for index in range(bits.size):
        pattern = bits[index]
        positive += kind(pattern > 0)
        negative += kind((pattern < 0) & (pattern != negative_zero))
    return positive, negative


@jit(_FINITE)
def totals(block: Any, scale: float) -> Any:
    """Add up the numbers and their magnitudes."""
    total = magnitude = 0.0
    for index in range(block.size):
        scaled = np.float64(block[index]) * scale
        total += scaled
        magnitude += abs(scaled)
    return total, magnitude


@jit(_FINITE)
def powers(block: Any, centre: float, scale: float) -> Any:
    """Add up the first four powers of the scaled deviations from the centre, which is scaled already."""
    first = second = third = fourth = 0.0
    for index in range(block.size):
        deviation = np.float64(block[index]) * scale - centre
        square = deviation * deviation
        first += deviation
        second += square
        third += square * deviation
        fourth += square * square
    return first, second, third, fourth


@jit()
def magnitudes_within(bits: Any, bound: Any) -> Any:
    """Count the numbers whose magnitude is at most that of the bits `bound`."""
    kind = bits.dtype.type
    rest = np.iinfo(bits.dtype).max
    count = kind(0)
    for index in range(bits.size):
        count += kind(kind(bits[index] & rest) <= bound)
    return count


@jit()
def keep_finite(block: Any, kept: Any) -> Any:
    """Copy the finite numbers to the front of `kept`; give how many, and count the others."""
    size = nan = posinf = neginf = 0
    for number in block:
        if np.isnan(number):
            nan += 1
        elif number == np.inf:
            posinf += 1
        elif number == -np.inf:
            neginf += 1
        else:
            kept[size] = number
            size += 1
    return size, nan, posinf, neginf


@jit()
def add_up(numbers: NDArray[Any], bits: NDArray[Any], infinity: Any, scale: float) -> Any:
    """Run the first pass of `_moments`; `infinity` is the bits of infinity."""
    kind = bits.dtype.type
    kept = np.empty(_BLOCK, numbers.dtype)
    nan = posinf = neginf = positive = negative = 0
    total = magnitude = 0.0
    found = np.array([np.iinfo(bits.dtype).max, np.iinfo(bits.dtype).min]).astype(bits.dtype)
    any_finite = False
    for start in range(0, numbers.size, _BLOCK):
        block, patterns = numbers[start : start + _BLOCK], bits[start : start + _BLOCK]
        low, high = extremes(patterns)
        # NaN lies beyond the infinity of its sign.
        if high >= infinity or low <= -infinity - 1:
            size, some_nan, some_posinf, some_neginf = keep_finite(block, kept)
            nan += some_nan
            posinf += some_posinf
            neginf += some_neginf
            block, patterns = kept[:size], kept.view(bits.dtype)[:size]
            low, high = extremes(patterns)
        if block.size == 0:
            continue
        any_finite = True
        found[0], found[1] = min(found[0], low), max(found[1], high)
        some_positive, some_negative = signs(patterns)
        positive += some_positive
        negative += some_negative
        some_total, some_magnitude = totals(block, scale)
        total += some_total
        magnitude += some_magnitude
    smallest, largest = np.inf, -np.inf
    if any_finite:
        sign, rest = kind(8 * bits.itemsize - 1), np.iinfo(bits.dtype).max
        found[0], found[1] = in_order(found[0], sign, rest), in_order(found[1], sign, rest)
        ends = found.view(numbers.dtype)
        smallest, largest = float(ends[0]), float(ends[1])
    return nan, posinf, neginf, positive, negative, total, magnitude, smallest, largest


@jit()
def deviate(
    numbers: NDArray[Any], bits: NDArray[Any], largest: Any, centre: float, scale: float, bound: Any
) -> Any:
    """Run the second pass of `_moments`; `largest` and `bound` are bits, of the largest finite number too."""
    kept = np.empty(_BLOCK, numbers.dtype)
    first = second = third = fourth = 0.0
    near_zero = 0
    for start in range(0, numbers.size, _BLOCK):
        block, patterns = numbers[start : start + _BLOCK], bits[start : start + _BLOCK]
        if magnitudes_within(patterns, largest) < block.size:
            size, _, _, _ = keep_finite(block, kept)
            block, patterns = kept[:size], kept.view(bits.dtype)[:size]
        near_zero += magnitudes_within(patterns, bound)
        some = powers(block, centre * scale, scale)
        first += some[0]
        second += some[1]
        third += some[2]
        fourth += some[3]
    return first, second, third, fourth, near_zero


@jit()
def step_of(number: Any, start: Any, half: Any, slope: Any, last: Any) -> Any:
    """Place a number among equal steps: rounded or not it never decreases, and that is all it has to do."""
    # Halves, because the whole range of float64 is not a float64.
    place = (number * half - start) * slope
    return np.int32(place if (place >= 0) & (place <= last) else (last if place > last else last - last))


@jit()
def guide_to(edges: Any, half: Any, slope: Any, steps: int) -> Any:
    """Give the number of edges that lie before each of the equal steps."""
    guide = np.zeros(steps + 1, np.int32)
    start, last = edges[0] * half, edges.dtype.type(steps - 1)
    for index in range(edges.size):
        guide[step_of(edges[index], start, half, slope, last) + 1] += 1
    for step in range(steps):
        guide[step + 1] += guide[step]
    return guide


@jit()
def count_cells(numbers: NDArray[Any], edges: NDArray[Any], high: Any, slope: Any, steps: int) -> Any:
    """Count numbers between edges that never decrease, as `_cells.count_cells` does, up to `high`."""
    kind = edges.dtype.type
    half = kind(0.5)
    guide = guide_to(edges, half, slope, steps)
    size = edges.size
    low, start, last = edges[0], edges[0] * half, kind(steps - 1)
    fence = np.empty(size + 1, edges.dtype)
    fence[:size] = edges
    # Every search ends here at the latest: no number that is searched for is NaN or infinite.
    fence[size] = np.inf
    counts = np.zeros(size + 1, np.int64)
    places = np.empty(_BLOCK, np.int32)
    below = above = nan = posinf = neginf = 0
    for begin in range(0, numbers.size, _BLOCK):
        block = numbers[begin : begin + _BLOCK]
        for index in range(block.size):
            places[index] = step_of(block[index], start, half, slope, last)
        for index in range(block.size):
            number = block[index]
            if number >= low and number <= high:
                passed = guide[places[index]]
                while fence[passed] <= number:
                    passed += 1
                counts[passed] += 1
            elif np.isnan(number):
                nan += 1
            elif number == np.inf:
                posinf += 1
            elif number == -np.inf:
                neginf += 1
            elif number < low:
                below += 1
            else:
                above += 1
    counts[size - 1] += counts[size]
    return counts[1:size], below, above, nan, posinf, neginf


@jit()
def measure_rows(rows: NDArray[Any], l1: NDArray[Any], squares: NDArray[Any], linf: NDArray[Any]) -> Any:
    """Fill in the norms of each row; False as soon as a row is not finite."""
    for index in range(rows.shape[0]):
        total, square, largest = measure(rows[index])
        # A NaN or an infinity anywhere makes the sum of magnitudes one.
        if not np.isfinite(total):
            return False
        l1[index], squares[index], linf[index] = total, square, largest
    return True


@jit({"reassoc", "nsz"})
def measure(row: Any) -> Any:
    """Give the sum, the sum of squares and the largest of the magnitudes."""
    total = square = largest = 0.0
    for index in range(row.size):
        magnitude = abs(np.float64(row[index]))
        total += magnitude
        square += magnitude * magnitude
    for index in range(row.size):
        largest = max(largest, abs(np.float64(row[index])))
    return total, square, largest


@jit()
def pool_strips(
    blocks: NDArray[Any], bits: NDArray[Any], highest: Any, lowest: Any, total: Any, across: int
) -> None:
    """Fill in the ends (as ordered integers) and the sums of blocks, which are `across` columns wide.

    `blocks` and `bits` have the shape (strips, rows of a block, columns).
    """
    kind = bits.dtype.type
    sign, rest = kind(8 * bits.itemsize - 1), np.iinfo(bits.dtype).max
    cols = bits.shape[2]
    high, low, sums = np.empty(cols, bits.dtype), np.empty(cols, bits.dtype), np.empty(cols, np.float64)
    for strip in range(bits.shape[0]):
        high[:], low[:] = np.iinfo(bits.dtype).min, np.iinfo(bits.dtype).max
        sums[:] = 0
        for row in range(bits.shape[1]):
            patterns, numbers = bits[strip, row], blocks[strip, row]
            for col in range(cols):
                key = kind(in_order(patterns[col], sign, rest))
                high[col] = max(high[col], key)
                low[col] = min(low[col], key)
            for col in range(cols):
                sums[col] += numbers[col]
        for place in range(highest.shape[1]):
            start, stop = place * across, min((place + 1) * across, cols)
            highest[strip, place], lowest[strip, place] = high[start:stop].max(), low[start:stop].min()
            total[strip, place] = sums[start:stop].sum()


def example(name: str, numbers: NDArray[Any]) -> tuple[Any, ...]:
    """Give arguments of a kernel for a few numbers, all of the types that it is called with."""
    bits = numbers.view(np.int32 if numbers.dtype == np.float32 else np.int64)
    if name == "add_up":
        return numbers, bits, bits[0], 1.0
    if name == "deviate":
        return numbers, bits, bits[0], 0.0, 1.0, bits[0]
    if name == "measure_rows":
        return numbers.reshape(2, 2), np.zeros(2), np.zeros(2), np.zeros(2)
    if name == "pool_strips":
        blocks, patterns, ends = (
            numbers.reshape(1, 2, 2),
            bits.reshape(1, 2, 2),
            np.zeros((2, 1, 1), bits.dtype),
        )
        return blocks, patterns, ends[0], ends[1], np.zeros((1, 1)), 2
    return numbers, np.array([0, 2], numbers.dtype), numbers[0], numbers[0], 4
