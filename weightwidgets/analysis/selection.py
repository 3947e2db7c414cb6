"""Which weights lie in a selected range: the one rule for histogram, grid and exported selections."""

import numpy as np
from numpy.typing import NDArray

from weightwidgets.analysis._values import Weight, values


def in_range(
    weight: Weight, selected_range: tuple[float, float], top: float | None = None
) -> NDArray[np.bool_]:
    """Say for each weight whether it lies in a selected range.

    A weight `w` belongs to `(lo, hi)` when `lo <= w < hi`, as in every bin of `numpy.histogram`; and like its
    last bin, a range that ends where the histogram ends also holds the weights equal to `hi`. Selecting
    neighbouring bins therefore never counts a weight twice, and selecting all bins leaves none out.

    Parameters
    ----------
    weight : torch.Tensor or numpy.ndarray
        Any shape and dtype.
    selected_range : tuple of float
        `(lo, hi)` in weight units, compared exactly: neither bound is rounded to the dtype of `weight`.
    top : float, optional
        The upper end of the histogram's range, in weight units; by default the largest finite weight.

    Returns
    -------
    numpy.ndarray
        bool, the shape of `weight`. NaN and the infinities are never in a range.

    Raises
    ------
    ValueError
        If a bound is not finite or `lo > hi`, or if `weight` has no values to read.

    """
    low, high = (float(bound) for bound in selected_range)
    if not (np.isfinite([low, high]).all() and low <= high):
        raise ValueError(f"a selected range is (lo, hi), finite and lo <= hi; got {selected_range}")
    numbers = values(weight)
    if top is None:
        top = float(numbers.max(initial=-np.inf, where=np.isfinite(numbers)))
    end = _at_or_above(high, numbers.dtype)
    inside = (numbers >= _at_or_above(low, numbers.dtype)) & (numbers < end)
    if high == top and float(end) == high:
        inside |= numbers == end
    return np.asarray(inside)


def _at_or_above(number: float, dtype: np.dtype[np.floating]) -> np.floating:
    """Give the smallest number of `dtype` that is not below `number`.

    Comparing float32 weights with it gives what comparing them with the float64 bound would, without a copy
    of the weights in float64.
    """
    with np.errstate(over="ignore"):
        nearest = dtype.type(number)
    return np.nextafter(nearest, dtype.type(np.inf)) if float(nearest) < number else nearest
