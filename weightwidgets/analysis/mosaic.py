"""The whole weight of a layer as one small picture: a pooled matrix, or its kernels side by side."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weightwidgets.analysis._rows import rows_of
from weightwidgets.analysis._values import Weight
from weightwidgets.analysis.matrix_picture import matrix_picture, pooled_picture

# A picture is drawn at most so many times as long as wide, however long the matrix is.
_LONGEST = 4


@dataclass(frozen=True, eq=False)
class Mosaic:
    """A weight as one picture.

    Attributes
    ----------
    values : numpy.ndarray
        float32, or float64 for float64 and integer weights, shape ``(height, width)``, in weight units. Each
        pixel is the weight of largest magnitude of its block, sign kept; NaN where the block holds one.
    gaps : numpy.ndarray
        bool, the same shape: pixels between and beyond the kernels, which stand for no weight.
    block : str
        What a pixel stands for, as a reader would say it: ``"1 weight"``, ``"4 x 2 weights"``.

    """

    values: NDArray[np.floating]
    gaps: NDArray[np.bool_]
    block: str


def mosaic(weight: Weight, side: int = 128) -> Mosaic:
    """Draw the whole weight of a layer in at most `side` x `side` pixels.

    Parameters
    ----------
    weight : torch.Tensor or numpy.ndarray
        Out-first: ``(out_channels, in_channels // groups, *kernel_size)``, or a matrix. Where the kernels of
        a convolution fit, they are drawn whole, a row of them per output channel; kernels with one input
        channel stand in a field that is about as high as wide. The slices of a 3-d kernel stand side by side.
        Where they do not fit, a pixel stands for one or more whole kernels. A matrix is pooled by blocks that
        are about as high as wide, but for one that is more than four times as long as wide.
    side : int
        At least 1.

    Returns
    -------
    Mosaic
        Without gaps but for whole kernels and fields of them.

    Raises
    ------
    ValueError
        If the weight is empty or has no values to read.

    """
    size = math.prod(weight.shape[2:])
    if size == 1:
        rows, cols = _room(weight.shape[0], math.prod(weight.shape[1:]), side)
        picture = matrix_picture(weight, rows, cols)
        return _without_gaps(picture.values, _block(picture.block_rows, picture.block_cols))
    if weight.shape[0] == 0 or weight.shape[1] == 0 or size == 0:
        raise ValueError("this layer has no weights")
    height, width = _kernel(tuple(weight.shape[2:]))
    if weight.shape[1] == 1:
        cols = math.ceil(math.sqrt(weight.shape[0] * height / width))
        rows = math.ceil(weight.shape[0] / cols)
    else:
        rows, cols = int(weight.shape[0]), int(weight.shape[1])
    if rows * (height + 1) - 1 <= side and cols * (width + 1) - 1 <= side:
        return _whole_kernels(weight, (rows, cols), (height, width))
    return _pooled_kernels(weight, size, side)


def _room(rows: int, cols: int, side: int) -> tuple[int, int]:
    """Give the largest picture of a matrix with which its blocks are about as high as wide."""
    aspect = min(max(rows / max(cols, 1), 1 / _LONGEST), _LONGEST)
    return max(1, math.floor(side * min(aspect, 1))), max(1, math.floor(side / max(aspect, 1)))


def _kernel(shape: tuple[int, ...]) -> tuple[int, int]:
    """Give the height and the width of a kernel as it is drawn: 3-d slices side by side, 1-d as a strip."""
    return (1 if len(shape) == 1 else shape[-2]), math.prod(shape[:-2]) * shape[-1]


def _whole_kernels(weight: Weight, field: tuple[int, int], kernel: tuple[int, int]) -> Mosaic:
    (rows, cols), (height, width) = field, kernel
    numbers = rows_of(weight, slice(None))
    count = numbers.shape[0] * numbers.shape[1]
    # (kernels, depth, height, width) to (kernels, height, depth x width).
    cells = numbers.reshape(count, -1, height, numbers.shape[-1]).swapaxes(1, 2).reshape(count, height, width)
    values = np.zeros((rows * cols, height + 1, width + 1), numbers.dtype)
    gaps = np.ones(values.shape, bool)
    values[:count, :height, :width] = cells
    gaps[:count, :height, :width] = False
    return Mosaic(_sheet(values, field), _sheet(gaps, field), "1 weight")


def _sheet(cells: NDArray[Any], field: tuple[int, int]) -> NDArray[Any]:
    """Lay cells out row by row, without the last gap of each direction."""
    rows, cols = field
    _, height, width = cells.shape
    sheet = cells.reshape(rows, cols, height, width).swapaxes(1, 2).reshape(rows * height, cols * width)
    return np.ascontiguousarray(sheet[:-1, :-1])


def _pooled_kernels(weight: Weight, size: int, side: int) -> Mosaic:
    out_channels, in_channels = weight.shape[:2]
    if in_channels > 1:
        rows, cols = _room(out_channels, in_channels, side)
        block = -(-out_channels // rows), -(-in_channels // cols)
        picture = pooled_picture(weight, block[0], block[1] * size)
        return _without_gaps(picture.values, _block(*block, "kernel"))
    per_pixel = -(-out_channels // side**2)
    strongest = pooled_picture(weight, per_pixel, size).values[:, 0]
    cols = math.ceil(math.sqrt(strongest.size))
    rows = math.ceil(strongest.size / cols)
    values = np.zeros(rows * cols, strongest.dtype)
    values[: strongest.size] = strongest
    gaps = np.arange(rows * cols) >= strongest.size
    return Mosaic(values.reshape(rows, cols), gaps.reshape(rows, cols), _block(per_pixel, 1, "kernel"))


def _without_gaps(values: NDArray[np.floating], block: str) -> Mosaic:
    return Mosaic(values, np.zeros(values.shape, bool), block)


def _block(rows: int, cols: int, unit: str = "weight") -> str:
    if rows == cols == 1:
        return f"1 {unit}"
    return f"{rows} × {cols} {unit}s"  # noqa: RUF001 -- as sizes are read aloud
