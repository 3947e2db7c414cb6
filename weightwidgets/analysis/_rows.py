"""Some rows of a weight as numbers, and blocks of weights as one."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from weightwidgets.analysis._values import Weight, values
from weightwidgets.plain import plain

# Blocks of so many columns are reduced column by column.
_NARROW = 16


def rows_of(weight: Weight, rows: NDArray[np.integer] | slice) -> NDArray[np.floating]:
    """Give the numbers of some rows (dimension 0) of a weight, converting no other row.

    Parameters
    ----------
    weight : torch.Tensor or numpy.ndarray
        At least one dimension.
    rows : numpy.ndarray of int, or slice
        Which rows, in the wanted order.

    Returns
    -------
    numpy.ndarray
        float32 or float64, shape ``(len(rows), *weight.shape[1:])``.

    """
    weight = made_plain(weight)
    if isinstance(weight, torch.Tensor) and not isinstance(rows, slice):
        return values(weight[torch.as_tensor(rows.astype(np.int64), device=weight.device)])
    return values(weight[rows])


def made_plain(weight: Weight) -> Weight:
    """Give a weight whose shape is that of its numbers, and from which parts can be cut."""
    return plain(weight) if isinstance(weight, torch.Tensor) else weight


def pool(numbers: NDArray[np.floating], block_rows: int, block_cols: int) -> NDArray[np.floating]:
    """Give the number of largest magnitude of each block, sign kept.

    Blocks tile the last two dimensions from the upper left corner; the last ones may be smaller. A block that
    holds a NaN becomes NaN: what is wrong must not be pooled away. Where the largest and the smallest number
    have the same magnitude, as they often do in 16-bit and whole-number weights, the sign of the block's sum
    decides; without one, neighbouring blocks take turns, so that a symmetric matrix stays half positive.

    Parameters
    ----------
    numbers : numpy.ndarray
        Shape (..., rows, cols), none of them empty.
    block_rows, block_cols : int
        Size of a block, at least 1.

    Returns
    -------
    numpy.ndarray
        Shape (..., ceil(rows / block_rows), ceil(cols / block_cols)), dtype of `numbers`.

    """
    if block_rows == block_cols == 1:
        return numbers
    ends = pool_ends(numbers, block_rows, block_cols)
    return outermost(*ends, lambda: pool_totals(numbers, block_rows, block_cols))


def pool_ends(
    numbers: NDArray[np.floating], block_rows: int, block_cols: int
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Give the largest and the smallest number of each block, as `pool` makes them; both NaN for a NaN."""
    return (
        _reduce(_reduce(numbers, np.maximum, -2, block_rows), np.maximum, -1, block_cols),
        _reduce(_reduce(numbers, np.minimum, -2, block_rows), np.minimum, -1, block_cols),
    )


def pool_totals(numbers: NDArray[np.floating], block_rows: int, block_cols: int) -> NDArray[np.float64]:
    """Add up each block, as `pool` makes them; NaN where it holds one, or infinities of both signs."""
    wide = np.asarray(numbers, dtype=np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        return _reduce(_reduce(wide, np.add, -2, block_rows), np.add, -1, block_cols)


def outermost(
    highest: NDArray[np.floating],
    lowest: NDArray[np.floating],
    totals: Callable[[], NDArray[np.float64]],
) -> NDArray[np.floating]:
    """Give the end of larger magnitude of each block; see `pool` for blocks whose ends are equally far out.

    Parameters
    ----------
    highest, lowest : numpy.ndarray
        Shape (..., rows, cols): the ends of the blocks, both NaN for a block with a NaN.
    totals : callable
        Gives the sums of the blocks, float64, same shape; called only where ends are equally far out.

    """
    # Both are NaN in a block with a NaN, which the comparisons leave to `highest`.
    down = -lowest > highest
    tied = (-lowest == highest) & (highest > 0)
    if tied.any():
        total = totals()
        rows, cols = np.indices(tied.shape[-2:])
        turn = (rows + cols) % 2 == 1
        # Infinities of both signs have no sum; such a block takes its turn.
        down |= tied & np.where((total == 0) | np.isnan(total), turn, total < 0)
    return np.where(down, lowest, highest)


def pool_any(flags: NDArray[np.bool_], block_rows: int, block_cols: int) -> NDArray[np.bool_]:
    """Say of each block, as `pool` makes them, whether any of its flags is set."""
    return _reduce(_reduce(flags, np.logical_or, -2, block_rows), np.logical_or, -1, block_cols)


def _reduce(array: NDArray[Any], ufunc: np.ufunc, axis: int, block: int) -> NDArray[Any]:
    if block == 1:
        return array
    if axis == -1:
        return _reduce_columns(array, ufunc, block)
    # Down the rows a plain reduction is vectorised, which `reduceat` is not (20 times slower).
    *outer, rows, cols = array.shape
    whole = rows - rows % block
    blocks = array[..., :whole, :].reshape(*outer, whole // block, block, cols)
    reduced = ufunc.reduce(blocks, axis=-2)
    if whole == rows:
        return np.asarray(reduced)
    return np.concatenate([reduced, ufunc.reduce(array[..., whole:, :], axis=-2, keepdims=True)], axis=-2)


def _reduce_columns(array: NDArray[Any], ufunc: np.ufunc, block: int) -> NDArray[Any]:
    cols = array.shape[-1]
    if block > _NARROW or block > cols:
        return np.asarray(ufunc.reduceat(array, np.arange(0, cols, block), axis=-1))
    # One column of every block at a time: `reduceat` takes ten times as long where blocks are narrow.
    whole = cols - cols % block
    reduced = ufunc(array[..., 0:whole:block], array[..., 1:whole:block])
    for place in range(2, block):
        ufunc(reduced, array[..., place:whole:block], out=reduced)
    if whole == cols:
        return np.asarray(reduced)
    return np.concatenate([reduced, ufunc.reduce(array[..., whole:], axis=-1, keepdims=True)], axis=-1)
