"""The end of a scale that a few outliers do not set."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from weightwidgets.analysis._values import Weight
from weightwidgets.analysis.matrix_picture import strips


class RobustLimit(NamedTuple):
    """Where a scale may end without most weights looking alike.

    Attributes
    ----------
    limit : float
        A magnitude that occurs, in weight units; 0 where no weight is finite and not zero.
    beyond : int
        Finite weights of larger magnitude.

    """

    limit: float
    beyond: int


def robust_limit(weight: Weight, per_mille: int = 999) -> RobustLimit:
    """Find the smallest magnitude that so many of a thousand weights do not exceed, exactly.

    It is the quantile of `numpy.quantile` with ``method="inverted_cdf"`` of the magnitudes. Zeros, NaN and
    infinities are left out: in a sparse layer the limit would be zero.

    Parameters
    ----------
    weight : torch.Tensor or numpy.ndarray
        At least one dimension, none of them 0.
    per_mille : int
        1 to 1000.

    Raises
    ------
    ValueError
        If the weight has no values, or `per_mille` is out of its range.

    """
    if not 1 <= per_mille <= 1000:
        raise ValueError(f"per_mille must be 1 to 1000; got {per_mille}")
    # Magnitudes are in the order of their bits. Counted by the first 16 of these, they need no copy: only
    # those that begin like the wanted one are sorted.
    counts = np.zeros(1 << 16, np.int64)
    for strip in strips(weight):
        counts += np.bincount(_beginnings(_magnitudes(strip)), minlength=counts.size)
    total = int(counts.sum())
    if total == 0:
        return RobustLimit(0.0, 0)
    rank = -(-total * per_mille // 1000)
    upto = counts.cumsum()
    beginning = int(np.searchsorted(upto, rank))
    alike = []
    for strip in strips(weight):
        found = _magnitudes(strip)
        alike.append(found[_beginnings(found) == beginning])
    near = np.sort(np.concatenate(alike))
    before = int(upto[beginning]) - near.size
    limit = near[rank - before - 1]
    within = before + int(np.searchsorted(near, limit, side="right"))
    return RobustLimit(float(limit), total - within)


def _magnitudes(numbers: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.asarray(np.abs(numbers[np.isfinite(numbers) & (numbers != 0)]))


def _beginnings(magnitudes: NDArray[np.floating]) -> NDArray[np.int64]:
    bits = 8 * magnitudes.dtype.itemsize
    return (magnitudes.view(f"u{bits // 8}") >> (bits - 16)).astype(np.int64)
