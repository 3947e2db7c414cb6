"""Draws a cell for every expert of every layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from weightwidgets.pictures._canvas import INK, Canvas
from weightwidgets.pictures._numbers import number
from weightwidgets.pictures.grid import colored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_WIDTH, _MARGIN, _LEFT, _EM = 900, 14, 70, 12
_MOST_CELL, _TALLEST, _LEAST_TALL, _LEGEND = 28, 22, 3, 34
_ACCENT = "#0b62c4"
_TOLD = {"norm": "Frobenius norm", "similarity": "mean cosine similarity to the other experts of the layer"}


def experts_picture(
    title: str,
    depths: Sequence[str],
    levels: NDArray[np.uint8],
    table: NDArray[np.float64],
    ends: tuple[float, float],
    measure: str,
    selected: tuple[int, int] | None = None,
) -> Image.Image:
    """Draw the layers from top to bottom, the experts from left to right.

    Parameters
    ----------
    title : str
        The pattern, safe to look at.
    depths : sequence of str
        What stands before each row, safe to look at.
    levels, table : numpy.ndarray
        uint8 and float64, shape (layers, experts): colours and numbers; NaN leaves the paper white.
    ends : (float, float)
        The numbers at the ends of the colour scale.
    measure : {"norm", "similarity"}
        What the numbers are.
    selected : (int, int), optional
        Row and column of the cell to frame.

    Returns
    -------
    PIL.Image.Image
        RGB, 900 pixels wide or as wide as a pixel for each expert asks for, dark on white.

    """
    rows, cols = table.shape
    width = min(max((_WIDTH - _LEFT - _MARGIN) // max(cols, 1), 1), _MOST_CELL)
    height = min(max(width, _LEAST_TALL), _TALLEST)
    top = _MARGIN + 54
    canvas = Canvas(max(_WIDTH, _LEFT + cols * width + _MARGIN), top + rows * height + _LEGEND + _MARGIN, _EM)
    canvas.text(_MARGIN, _MARGIN + 8, canvas.cut(title, _WIDTH - 2 * _MARGIN, 1.25), ink=INK, scale=1.25)
    pixels = colored(levels, np.zeros_like(levels), "diverging")
    pixels[np.isnan(table)] = 255
    if table.size:
        image = Image.fromarray(pixels).resize((cols * width, rows * height), Image.Resampling.NEAREST)
        canvas.image.paste(image, (_LEFT, top))
    canvas.text(_LEFT, top - 10, f"experts 0 to {cols - 1}")
    canvas.text(_MARGIN, top - 10, "layer")
    # A label for every row would not be read where rows are thinner than letters.
    for row in range(0, rows, -(-(_EM + 2) // height)):
        canvas.text(_LEFT - 8, top + (row + 0.5) * height, depths[row], anchor="rm")
    if selected is not None:
        row, col = selected
        corner = (_LEFT + col * width, top + row * height)
        canvas.pen.rectangle(
            (corner[0] - 2, corner[1] - 2, corner[0] + width + 1, corner[1] + height + 1),
            outline=_ACCENT,
            width=2,
        )
    _draw_legend(canvas, ends, measure)
    return canvas.image


def _draw_legend(canvas: Canvas, ends: tuple[float, float], measure: str) -> None:
    y, width = canvas.image.height - _LEGEND, 120
    first = 1 if measure == "similarity" else 128
    levels = np.rint(np.linspace(first, 255, width)).astype(np.uint8)[None].repeat(10, axis=0)
    canvas.image.paste(Image.fromarray(colored(levels, np.zeros_like(levels), "diverging")), (_LEFT, y))
    told = f"{number(ends[0])} to {number(ends[1])}: {_TOLD[measure]}"
    canvas.text(_LEFT + width + 8, y + 5, told)
