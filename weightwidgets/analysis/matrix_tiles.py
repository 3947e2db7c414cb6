"""Any part of a weight matrix at any zoom: pooled from the weights themselves, or from sums over blocks."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from weightwidgets.analysis._compiled import Kernel, as_integers, compiled, contiguous, in_parts
from weightwidgets.analysis._rows import made_plain, outermost, pool_ends, pool_totals, rows_of
from weightwidgets.analysis._values import Weight
from weightwidgets.analysis.filter_grid import Extent
from weightwidgets.analysis.norms import unit_norms

Pooling = Literal["extreme", "mean"]
Progress = Callable[[float], None]

# Strips of about this many weights: two workers share one, and it stays in the last-level cache.
_STRIP = 4_000_000
# A base holds the ends and the sum of blocks of so many weights: an eighth of a 16-bit layer's own size.
BASE_BLOCK_BITS = 7
# A screen of about this many rows and columns, and a weight at the deepest zoom is so many pixels wide.
_SCREEN, _DEEPEST = (420, 800), 96


@dataclass(frozen=True, eq=False)
class MatrixBase:
    """The ends and the sum of each block of a matrix, from which every coarser picture of it is made.

    Attributes
    ----------
    highest, lowest : numpy.ndarray
        float32, or float64 for float64 and integer weights; shape (ceil(rows / block_rows), ceil(cols /
        block_cols)); weight units. Both NaN for a block that holds a NaN.
    total : numpy.ndarray
        float64, same shape, weight units: the sums.
    block_rows, block_cols : int
        Weights of a block; the last ones may be smaller.
    rows, cols : int
        Of the matrix.
    extent : Extent
        The ends of all finite weights; `non_finite` counts blocks that hold others, at least.

    """

    highest: NDArray[np.floating]
    lowest: NDArray[np.floating]
    total: NDArray[np.float64]
    block_rows: int
    block_cols: int
    rows: int
    cols: int
    extent: Extent


def base_block(rows: int, cols: int) -> tuple[int, int]:
    """Choose the blocks of a base: powers of two, in the shape in which a screen pools this matrix.

    A view of the whole matrix pools rows and columns by different factors, and its deepest zoom by none. On
    the way the blocks have every size; this is the one of 128 weights.
    """
    down, across = (math.log2(max(side, 1) / room) for side, room in zip((rows, cols), _SCREEN, strict=True))
    end = -math.log2(_DEEPEST)
    way = down + across - 2 * end
    part = min(max((down + across - BASE_BLOCK_BITS) / way, 0.0), 1.0) if way > 0 else 0.0
    bits = min(max(round(down + (end - down) * part), 0), BASE_BLOCK_BITS)
    return 1 << bits, 1 << (BASE_BLOCK_BITS - bits)


def matrix_base(
    weight: Weight,
    block: tuple[int, int],
    order: NDArray[np.integer] | None = None,
    on_progress: Progress | None = None,
) -> MatrixBase:
    """Read a matrix once and keep the ends and the sum of each block.

    Parameters
    ----------
    weight : torch.Tensor or numpy.ndarray
        (rows, cols), neither of them 0.
    block : (int, int)
        Rows and columns of a block, at least 1.
    order : numpy.ndarray, optional
        Integers, shape (rows,): the rows in the order in which they are shown.
    on_progress : callable, optional
        Called with the share that is done, 0 to 1, after each strip; what it raises ends the reading.

    Raises
    ------
    ValueError
        If the weight is empty or has no values.

    """
    rows, cols = _shape(weight)
    down, across = block
    wide = -(-cols // across)
    step = down * max(1, _STRIP // (down * cols))
    parts: list[tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.float64]]] = []
    extent = Extent(math.inf, -math.inf, 0)
    for start in range(0, rows, step):
        strip = rows_of(weight, slice(start, start + step) if order is None else order[start : start + step])
        parts.append(_strip_ends(strip, down, across, wide))
        extent = _wider(extent, strip, *parts[-1][:2])
        if on_progress:
            on_progress(min(start + step, rows) / rows)
    if extent.low > extent.high:
        extent = Extent(0.0, 0.0, extent.non_finite)
    highest, lowest, total = (np.concatenate(pieces) for pieces in zip(*parts, strict=True))
    return MatrixBase(highest, lowest, total, down, across, rows, cols, extent)


def pool_base(
    base: MatrixBase, top: slice, left: slice, block: tuple[int, int], pooling: Pooling
) -> NDArray[np.floating]:
    """Make a part of a picture of a matrix from its base.

    Parameters
    ----------
    base : MatrixBase
        Of the matrix.
    top, left : slice
        Which pixels of the picture of the whole, down and across; what is beyond its end is left out.
    block : (int, int)
        Rows and columns of one pixel; multiples of the base's own.
    pooling : {"extreme", "mean"}
        The weight of largest magnitude, sign kept (the rule of `matrix_picture`, ties too where `top` and
        `left` begin at even pixels), or the mean.

    Returns
    -------
    numpy.ndarray
        One number a pixel, dtype of the base's ends, weight units. NaN where a block holds one.

    Raises
    ------
    ValueError
        If the blocks are no multiples of the base's.

    """
    down, rest_rows = divmod(block[0], base.block_rows)
    across, rest_cols = divmod(block[1], base.block_cols)
    if rest_rows or rest_cols or not (down and across):
        raise ValueError(f"blocks must be multiples of {base.block_rows} x {base.block_cols}")
    part = slice(top.start * down, top.stop * down), slice(left.start * across, left.stop * across)

    def totals() -> NDArray[np.float64]:
        return pool_totals(base.total[part], down, across)

    if pooling == "mean":
        rows = min(top.stop * block[0], base.rows) - top.start * block[0]
        cols = min(left.stop * block[1], base.cols) - left.start * block[1]
        return _means(totals(), rows, cols, *block).astype(base.highest.dtype)
    highest, _ = pool_ends(base.highest[part], down, across)
    _, lowest = pool_ends(base.lowest[part], down, across)
    return outermost(highest, lowest, totals)


def pool_part(
    weight: Weight,
    rows: NDArray[np.integer] | slice,
    cols: slice,
    block: tuple[int, int],
    pooling: Pooling,
) -> NDArray[np.floating]:
    """Pool a part of a matrix, straight from its weights; no other weight is read.

    Parameters
    ----------
    weight : torch.Tensor or numpy.ndarray
        (rows, cols).
    rows : numpy.ndarray of int, or slice
        Which rows, in the order in which they are shown.
    cols : slice
        Which columns.
    block : (int, int)
        Rows and columns of a block, counted from the first of the part.
    pooling : {"extreme", "mean"}
        As for `pool_base`.

    """
    numbers = _part(weight, rows, cols)
    if block == (1, 1):
        return numbers
    if pooling == "mean":
        total = pool_totals(numbers, *block)
        high, wide = numbers.shape
        return _means(total, high, wide, *block).astype(numbers.dtype)
    return outermost(*pool_ends(numbers, *block), lambda: pool_totals(numbers, *block))


def row_norms(weight: Weight, on_progress: Progress | None = None) -> NDArray[np.float64]:
    """Measure each row by strips, so that a large 16-bit layer is never converted as a whole.

    Parameters
    ----------
    weight : torch.Tensor or numpy.ndarray
        (rows, cols), neither of them 0.
    on_progress : callable, optional
        As for `matrix_base`.

    Returns
    -------
    numpy.ndarray
        float64, shape (rows,): the L2 norm of each row over its finite weights, weight units.

    """
    rows, cols = _shape(weight)
    found = np.empty(rows)
    step = max(1, _STRIP // cols)
    for start in range(0, rows, step):
        found[start : start + step] = unit_norms(rows_of(weight, slice(start, start + step))).l2
        if on_progress:
            on_progress(min(start + step, rows) / rows)
    return found


def _shape(weight: Weight) -> tuple[int, int]:
    rows, cols = weight.shape
    if rows == 0 or cols == 0:
        raise ValueError("this layer has no weights")
    return rows, cols


def _part(weight: Weight, rows: NDArray[np.integer] | slice, cols: slice) -> NDArray[np.floating]:
    # Columns first: the others are then never converted.
    return rows_of(made_plain(weight)[:, cols], rows)


def _means(
    total: NDArray[np.float64], rows: int, cols: int, block_rows: int, block_cols: int
) -> NDArray[np.float64]:
    high = np.minimum(block_rows, rows - np.arange(0, rows, block_rows))
    wide = np.minimum(block_cols, cols - np.arange(0, cols, block_cols))
    means: NDArray[np.float64] = total / (high[:, None] * wide[None, :])
    return means


def _strip_ends(
    strip: NDArray[np.floating], down: int, across: int, wide: int
) -> tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.float64]]:
    kernel = compiled("pool_strips", strip)
    whole = len(strip) // down
    if kernel is None or whole == 0:
        return (*pool_ends(strip, down, across), pool_totals(strip, down, across))
    ends = ends_by_kernel(kernel, strip[: whole * down].reshape(whole, down, -1), across, wide)
    if whole * down == len(strip):
        return ends
    rest = strip[whole * down :]
    last = (*pool_ends(rest, down, across), pool_totals(rest, down, across))
    highest, lowest, total = (np.concatenate(pair) for pair in zip(ends, last, strict=True))
    return highest, lowest, total


def ends_by_kernel(
    kernel: Kernel, blocks: NDArray[Any], across: int, wide: int
) -> tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.float64]]:
    """Give highest, lowest and total of blocks of shape (strips, rows, columns) with a compiled kernel."""
    blocks = contiguous(blocks)
    bits = as_integers(blocks)
    highest, lowest = np.empty((2, len(blocks), wide), bits.dtype)
    total = np.empty((len(blocks), wide))
    in_parts(kernel, blocks, bits, highest, lowest, total)(across)
    sign, rest = 8 * bits.itemsize - 1, np.iinfo(bits.dtype).max
    highest ^= (highest >> sign) & rest
    lowest ^= (lowest >> sign) & rest
    high, low = highest.view(blocks.dtype), lowest.view(blocks.dtype)
    # As bits a NaN lies beyond the infinity of its own sign, and so shows at one end only.
    wrong = np.isnan(high) | np.isnan(low)
    high[wrong] = low[wrong] = np.nan
    return high, low, total


def _wider(
    extent: Extent, strip: NDArray[np.floating], highest: NDArray[np.floating], lowest: NDArray[np.floating]
) -> Extent:
    strays = int(np.count_nonzero(~(np.isfinite(highest) & np.isfinite(lowest))))
    if strays:
        finite = np.isfinite(strip)
        least = float(strip.min(initial=np.inf, where=finite))
        most = float(strip.max(initial=-np.inf, where=finite))
    else:
        least, most = float(lowest.min()), float(highest.max())
    return Extent(min(extent.low, least), max(extent.high, most), extent.non_finite + strays)
