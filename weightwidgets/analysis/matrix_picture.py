"""A weight matrix as one picture, however large, in which no extreme weight is lost."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from weightwidgets.analysis._rows import pool, pool_any, rows_of
from weightwidgets.analysis._values import Weight
from weightwidgets.analysis.selection import in_range

# Strips of about this many weights stay in the processor's cache.
_STRIP = 1_000_000


@dataclass(frozen=True)
class MatrixPicture:
    """A matrix pooled by even blocks.

    Attributes
    ----------
    values : numpy.ndarray
        Shape (height, width), float32, or float64 for float64 and integer weights; weight units. The weight
        of largest magnitude of each block, sign kept; NaN where a block holds one.
    block_rows, block_cols : int
        Weights that one pixel stands for; the last row and column of blocks may be smaller.

    """

    values: NDArray[np.floating]
    block_rows: int
    block_cols: int


def matrix_picture(
    weight: Weight,
    max_rows: int = 256,
    max_cols: int = 384,
    order: NDArray[np.integer] | None = None,
) -> MatrixPicture:
    """Pool a matrix to a picture of at most `max_rows` x `max_cols` pixels.

    Parameters
    ----------
    weight : torch.Tensor or numpy.ndarray
        (rows, cols), neither of them 0; further dimensions are read as columns.
    max_rows, max_cols : int
        The largest picture; a smaller matrix is not pooled.
    order : numpy.ndarray, optional
        Integers, shape (rows,): the rows in the order in which they are shown.

    Raises
    ------
    ValueError
        If the weight is empty or has no values.

    """
    return pooled_picture(weight, *blocks(weight, max_rows, max_cols), order)


def pooled_picture(
    weight: Weight, block_rows: int, block_cols: int, order: NDArray[np.integer] | None = None
) -> MatrixPicture:
    """Pool a matrix by blocks of a given size, a strip of rows at a time.

    Parameters
    ----------
    weight, order
        As for `matrix_picture`.
    block_rows, block_cols : int
        Rows and columns that one pixel stands for, at least 1.

    """
    cols = _columns(weight)
    pooled = [
        pool(strip.reshape(-1, cols), block_rows, block_cols) for strip in strips(weight, block_rows, order)
    ]
    return MatrixPicture(np.concatenate(pooled), block_rows, block_cols)


def matrix_mask(
    weight: Weight,
    selected_range: tuple[float, float],
    top: float,
    max_rows: int = 256,
    max_cols: int = 384,
    order: NDArray[np.integer] | None = None,
) -> NDArray[np.bool_]:
    """Say of each pixel of `matrix_picture` whether any weight of its block lies in a selected range.

    Parameters
    ----------
    weight, max_rows, max_cols, order
        As for `matrix_picture`.
    selected_range, top
        As for `in_range`.

    """
    block, cols = blocks(weight, max_rows, max_cols), _columns(weight)
    pooled = [
        pool_any(in_range(strip, selected_range, top).reshape(-1, cols), *block)
        for strip in strips(weight, block[0], order)
    ]
    return np.concatenate(pooled)


def _columns(weight: Weight) -> int:
    return int(np.prod(weight.shape[1:]))


def blocks(weight: Weight, max_rows: int, max_cols: int) -> tuple[int, int]:
    """Say how many rows and columns one pixel of a picture of at most so many pixels stands for."""
    rows, cols = weight.shape[0], _columns(weight)
    if rows == 0 or cols == 0:
        raise ValueError("this layer has no weights")
    return -(-rows // max_rows), -(-cols // max_cols)


def strips(
    weight: Weight, block_rows: int = 1, order: NDArray[np.integer] | None = None
) -> Iterator[NDArray[np.floating]]:
    """Give the rows of a weight as numbers, so many at a time as stay in the processor's cache.

    Parameters
    ----------
    weight, order
        As for `matrix_picture`.
    block_rows : int
        All but the last have a whole number of so many rows.

    """
    rows = weight.shape[0]
    step = block_rows * max(1, _STRIP // (block_rows * _columns(weight)))
    for start in range(0, rows, step):
        yield rows_of(weight, slice(start, start + step) if order is None else order[start : start + step])
