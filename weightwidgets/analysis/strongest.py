"""The weights that move a unit most: its largest positive and its most negative ones, and where they are."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weightwidgets.analysis._values import Weight, values


@dataclass(frozen=True, eq=False)
class Strongest:
    """The strongest weights of one unit, strongest first; equal weights in the order of their places.

    A positive weight excites: it raises the unit's sum ``z = sum_j w_j x_j + b`` when its input is positive.
    A negative one inhibits. How strongly an input acts also depends on how large it gets, which weights alone
    do not tell.

    Attributes
    ----------
    exciting : numpy.ndarray
        float64, shape ``(k,)``, ``k <= count``: the largest weights above zero, descending, in weight units.
    exciting_places : numpy.ndarray
        int64, shape ``(k, ndim)``: their zero-based indices in the row.
    inhibiting : numpy.ndarray
        float64, shape ``(m,)``, ``m <= count``: the smallest weights below zero, ascending, in weight units.
    inhibiting_places : numpy.ndarray
        int64, shape ``(m, ndim)``: their zero-based indices in the row.

    """

    exciting: NDArray[np.float64]
    exciting_places: NDArray[np.int64]
    inhibiting: NDArray[np.float64]
    inhibiting_places: NDArray[np.int64]


def strongest(weight_row: Weight, count: int = 10) -> Strongest:
    """Find the strongest exciting and inhibiting weights of one unit.

    Parameters
    ----------
    weight_row : torch.Tensor or numpy.ndarray
        The weights of one unit, any shape: ``(in_channels, kH, kW)`` for a filter, ``(in_features,)`` for a
        dense unit, ``()`` for a single number. NaN and the infinities are left out.
    count : int
        How many of each, at least 1.

    Returns
    -------
    Strongest
        Fewer than `count` of a sign where the row has fewer.

    Raises
    ------
    ValueError
        If `count` is below 1, or the tensor has no values to read.

    """
    if count < 1:
        raise ValueError(f"count must be at least 1, got {count}")
    row = values(weight_row)
    flat = row.ravel()
    exciting = _largest(np.where(np.isfinite(flat), flat, 0), count)
    inhibiting = _largest(np.where(np.isfinite(flat), -flat, 0), count)
    return Strongest(
        flat[exciting].astype(np.float64),
        _places(exciting, row.shape),
        flat[inhibiting].astype(np.float64),
        _places(inhibiting, row.shape),
    )


def _largest(numbers: NDArray[Any], count: int) -> NDArray[np.int64]:
    """Give the indices of the largest numbers above zero; among equals the first ones, whatever the sort."""
    if numbers.size > count:
        bound = np.partition(numbers, -count)[-count]
        surely = np.flatnonzero(numbers > bound)
        equal = np.flatnonzero(numbers == bound)[: count - surely.size]
        kept = np.sort(np.concatenate((surely, equal)))
    else:
        kept = np.arange(numbers.size)
    kept = kept[numbers[kept] > 0]
    return kept[np.argsort(-numbers[kept], kind="stable")].astype(np.int64)


def _places(indices: NDArray[np.int64], shape: tuple[int, ...]) -> NDArray[np.int64]:
    if not shape:
        return np.empty((indices.size, 0), np.int64)
    return np.stack(np.unravel_index(indices, shape), axis=1).astype(np.int64)
