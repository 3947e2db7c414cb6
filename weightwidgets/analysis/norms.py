"""The norms of a weight tensor and of each of its output units."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weightwidgets.analysis._compiled import Kernel, compiled, contiguous, in_parts
from weightwidgets.analysis._values import Weight, power_of_two_above, values, widened

_BLOCK = 1 << 18
_GRAM_ROWS = 1024


@dataclass(frozen=True, eq=False)
class UnitNorms:
    """The norms of each output unit: of each row of the tensor, flattened behind its first dimension.

    Attributes
    ----------
    l1, l2, linf : numpy.ndarray
        float64, shape ``(out_channels,)``, in weight units: the sum of the magnitudes, the square root of the
        sum of the squares, and the largest magnitude. 0 for a unit without weights.
    non_finite : int
        NaN and infinite weights in the whole tensor: they are left out, as if they were 0.

    """

    l1: NDArray[np.float64]
    l2: NDArray[np.float64]
    linf: NDArray[np.float64]
    non_finite: int


@dataclass(frozen=True, eq=False)
class Norms(UnitNorms):
    """The norms of each output unit, and two of the whole tensor.

    Attributes
    ----------
    frobenius : float
        The square root of the sum of all squares, in weight units. It grows with the square root of the
        number of weights, so that it compares layers of one size only.
    spectral : float
        The largest singular value of the tensor as a matrix of one row per output unit, in weight units: the
        most that the layer can stretch an input. For a convolution this is the matrix of its kernel, not the
        operator on whole images.

    """

    frobenius: float
    spectral: float


def unit_norms(weight: Weight) -> UnitNorms:
    """Measure each output unit: all of `norms` but what takes a matrix decomposition.

    Parameters
    ----------
    weight : torch.Tensor or numpy.ndarray
        Out-first: the first dimension runs over the output units. A tensor without dimensions is one unit.

    Returns
    -------
    UnitNorms
        Summed in float64, and free of overflow: a norm is infinite only where it exceeds float64 itself.

    Raises
    ------
    TypeError
        If `weight` is no tensor.
    ValueError
        If the tensor has no values to read.

    """
    rows = _rows(values(weight))
    kernel = compiled("measure_rows", rows)
    if kernel is not None and (found := units_by_kernel(kernel, rows)) is not None:
        return found
    l1, l2, linf = np.zeros((3, rows.shape[0]))
    non_finite = 0
    for part, start in _blocks(rows):
        finite, strays = _finite(part)
        non_finite += strays
        magnitude = np.abs(finite)
        stop = start + len(magnitude)
        largest = magnitude.max(axis=1, initial=0)
        # Squares of float64 overflow beyond 1e154, and vanish below 1e-162: each row in its own unit, then.
        unit = np.array([power_of_two_above(number) for number in largest.tolist()])
        scaled = magnitude / unit[:, None]
        linf[start:stop] = largest
        with np.errstate(over="ignore"):
            l1[start:stop] = scaled.sum(axis=1) * unit
            l2[start:stop] = np.sqrt(np.einsum("ij,ij->i", scaled, scaled)) * unit
    return UnitNorms(l1, l2, linf, non_finite)


def norms(weight: Weight) -> Norms:
    """Measure each output unit and the whole tensor.

    Parameters
    ----------
    weight : torch.Tensor or numpy.ndarray
        Out-first: the first dimension runs over the output units. A tensor without dimensions is one unit.

    Returns
    -------
    Norms
        All in float64. The spectral norm is the root of the largest eigenvalue of the smaller Gram matrix,
        which loses digits of small singular values but none of the largest: metrics.md, section 2.

    Raises
    ------
    TypeError
        If `weight` is no tensor.
    ValueError
        If the tensor has no values to read.

    """
    units = unit_norms(weight)
    scale = power_of_two_above(float(units.l2.max(initial=0)))
    frobenius = float(np.sqrt(np.square(units.l2 / scale).sum())) * scale
    return Norms(
        units.l1, units.l2, units.linf, units.non_finite, frobenius, _spectral(_rows(values(weight)))
    )


def units_by_kernel(kernel: Kernel, rows: NDArray[Any]) -> UnitNorms | None:
    """Measure each row with a compiled kernel, or give None where a row takes more care than it has."""
    if rows.dtype != np.float32:
        # The squares of float64 may overflow; those of float32 are summed in float64 and cannot.
        return None
    l1, squares, linf = np.zeros((3, rows.shape[0]))
    finite = in_parts(kernel, contiguous(rows), l1, squares, linf)()
    return UnitNorms(l1, np.sqrt(squares), linf, non_finite=0) if all(finite) else None


def _rows(numbers: NDArray[Any]) -> NDArray[Any]:
    if numbers.ndim == 0:
        return numbers.reshape(1, 1)
    # Not -1, which numpy cannot resolve for a tensor without elements.
    return numbers.reshape(numbers.shape[0], math.prod(numbers.shape[1:]))


def _blocks(rows: NDArray[Any], least: int = 1) -> Iterator[tuple[NDArray[np.float64], int]]:
    """Cut into float64 blocks of at least so many rows, so that a large layer is never in memory twice."""
    height = max(least, _BLOCK // max(1, rows.shape[1]))
    for start in range(0, rows.shape[0], height):
        yield widened(rows[start : start + height]), start


def _finite(block: NDArray[np.float64]) -> tuple[NDArray[np.float64], int]:
    """Put 0 in the place of what is not finite, and count it."""
    finite = np.isfinite(block)
    strays = block.size - int(np.count_nonzero(finite))
    return (np.where(finite, block, 0) if strays else block), strays


def _spectral(rows: NDArray[Any]) -> float:
    if rows.size == 0:
        return 0.0
    if rows.shape[0] < rows.shape[1]:
        rows = rows.T
    # Tall now: the Gram matrix of the columns adds up over blocks of rows.
    magnitude = max(float(np.abs(_finite(block)[0]).max()) for block, _ in _blocks(rows))
    scale = power_of_two_above(magnitude)
    gram = np.zeros((rows.shape[1], rows.shape[1]))
    # Each block rewrites the whole Gram matrix: few and tall blocks keep that cheap.
    for block, _ in _blocks(rows, _GRAM_ROWS):
        scaled = _finite(block)[0] / scale
        gram += scaled.T @ scaled
    return math.sqrt(max(float(np.linalg.eigvalsh(gram)[-1]), 0.0)) * scale
