"""Order statistics and the quantiles between them."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Order = Callable[[NDArray[np.intp]], NDArray[np.float64]]
"""From ranks (0: the smallest) to the numbers of these ranks."""


def smallest(numbers: NDArray[Any], ranks: NDArray[np.intp]) -> NDArray[np.float64]:
    """Give the numbers of the given ranks (0: the smallest) without sorting all of them."""
    places = np.unique(ranks)
    return np.partition(numbers, places)[ranks].astype(np.float64)


def quantiles(order: Order, size: int, shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Interpolate linearly between order statistics, in the very arithmetic of ``numpy.quantile``.

    Parameters
    ----------
    order : callable
        From ranks (0: the smallest) to the numbers of these ranks.
    size : int
        How many numbers there are, at least one.
    shares : numpy.ndarray
        float64, each in 0..1.

    Returns
    -------
    numpy.ndarray
        float64, of the shape of `shares`: definition 7 of Hyndman and Fan, "Sample quantiles in statistical
        packages", The American Statistician 50 (1996).

    """
    place = (size - 1) * shares
    left = np.floor(place).astype(np.intp)
    weight = place - left
    lower = order(left)
    upper = order(np.minimum(left + 1, size - 1))
    with np.errstate(over="ignore", invalid="ignore"):
        gap = upper - lower
        # From the nearer end, so that a share of exactly 0 or 1 of the gap gives the number itself.
        near_upper = upper - gap * (1 - weight)
        near_lower = lower + gap * weight
    return np.where(weight >= 0.5, near_upper, near_lower)
