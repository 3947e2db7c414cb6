"""How alike tensors are: the cosine of the angle between them, each read as one long vector."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from weightwidgets.analysis._rows import made_plain, rows_of
from weightwidgets.analysis._values import Weight, power_of_two_above, widened

# Numbers of all tensors together that are float64 at one time: 32 MB.
_BLOCK = 1 << 22
_LEAST_COLUMNS = 1024


@dataclass(frozen=True, eq=False)
class Similarity:
    """The norms of some tensors, and the cosine similarity of each two of them.

    Attributes
    ----------
    norms : numpy.ndarray
        float64, shape ``(n,)``: Frobenius norms, in weight units.
    cosine : numpy.ndarray
        float64, shape ``(n, n)``, symmetric, within -1 to 1: ``<a, b> / (|a| |b|)``; 1 on the diagonal. NaN
        where one of the two is zero.
    mean_cosine : numpy.ndarray
        float64, shape ``(n,)``: the mean of each tensor's cosines with the others, NaN ones left out; NaN
        where there is none.
    non_finite : int
        NaN and infinite numbers in all tensors: they are left out, as if they were 0.

    """

    norms: NDArray[np.float64]
    cosine: NDArray[np.float64]
    mean_cosine: NDArray[np.float64]
    non_finite: int


def similarity(tensors: Sequence[Weight]) -> Similarity:
    """Compare each two of some tensors of one size.

    Parameters
    ----------
    tensors : sequence of torch.Tensor or numpy.ndarray
        At least one; all with the same number of elements. Read as they lie, row by row, in float64: all
        products come from one Gram matrix that adds up over blocks, so that no tensor is copied as a whole.

    Raises
    ------
    ValueError
        If there is none, if sizes differ, or one has no values to read.

    """
    if not tensors:
        raise ValueError("there is nothing to compare")
    flat = [made_plain(tensor).reshape(-1) for tensor in tensors]
    sizes = {tensor.shape[0] for tensor in flat}
    if len(sizes) > 1:
        raise ValueError(f"tensors of {min(sizes):,} and of {max(sizes):,} numbers cannot be compared")
    scales = np.array([_scale(tensor) for tensor in flat])
    gram, non_finite = _gram(flat, scales)
    lengths = np.sqrt(np.diagonal(gram))
    with np.errstate(invalid="ignore", divide="ignore"):
        cosine = np.clip(gram / np.outer(lengths, lengths), -1, 1)
    np.fill_diagonal(cosine, np.where(lengths > 0, 1.0, np.nan))
    others = np.where(np.eye(len(flat), dtype=bool), np.nan, cosine)
    known = np.isfinite(others)
    count = known.sum(axis=1)
    total = np.where(known, others, 0).sum(axis=1)
    mean = np.divide(total, count, out=np.full(len(flat), np.nan), where=count > 0)
    return Similarity(lengths * scales, cosine, mean, non_finite)


def _blocks(size: int, tensors: int) -> Iterator[slice]:
    step = max(_LEAST_COLUMNS, _BLOCK // tensors)
    for start in range(0, size, step):
        yield slice(start, start + step)


def _scale(flat: Weight) -> float:
    """Give a unit in which no square overflows or vanishes; 1 where the squares of float32 cannot."""
    if rows_of(flat, slice(0, 1)).dtype == np.float32:
        return 1.0
    largest = 0.0
    for part in _blocks(flat.shape[0], 1):
        numbers = widened(rows_of(flat, part))
        largest = max(largest, float(np.abs(np.where(np.isfinite(numbers), numbers, 0)).max(initial=0)))
    return power_of_two_above(largest)


def _gram(flat: Sequence[Weight], scales: NDArray[np.float64]) -> tuple[NDArray[np.float64], int]:
    """Multiply each two tensors, in their units, and count what is not finite."""
    gram = np.zeros((len(flat), len(flat)))
    non_finite = 0
    for part in _blocks(flat[0].shape[0], len(flat)):
        block = np.stack([widened(rows_of(tensor, part)) for tensor in flat])
        finite = np.isfinite(block)
        strays = block.size - int(np.count_nonzero(finite))
        if strays:
            block = np.where(finite, block, 0)
            non_finite += strays
        block /= scales[:, None]
        gram += block @ block.T
    return gram, non_finite
