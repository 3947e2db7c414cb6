"""Draws the layers of one name pattern side by side, and a statistic of each below them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from weightwidgets.pictures._canvas import INK, MUTED, RULE, Canvas, ticks
from weightwidgets.pictures._numbers import number
from weightwidgets.pictures.grid import colored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_WIDTH, _MARGIN, _LEFT, _EM = 900, 14, 58, 12
_LEAST_CELL, _MOST_CELL, _MOST_SIDE, _GAP = 72, 200, 192, 8
_LABEL, _CHART, _BETWEEN, _MOST_LINES, _LEGEND = 22, 96, 26, 5, 34
_LONGEST = 4
_ACCENT, _BAR = "#0b62c4", "#57606a"


@dataclass(frozen=True, eq=False)
class Block:
    """One layer.

    Attributes
    ----------
    label : str
        Its depth, safe to look at.
    drawn : (numpy.ndarray, numpy.ndarray), optional
        Levels and flags, uint8, shape ``(height, width)``; flags as in `FilterGrid`, and 4 for a gap.
    value : float
        The statistic; NaN where there is none.
    """

    label: str
    drawn: tuple[NDArray[np.uint8], NDArray[np.uint8]] | None = None
    value: float = math.nan


def depth_picture(
    title: str, blocks: Sequence[Block], statistic: str, limit: float, selected: int | None = None
) -> Image.Image:
    """Draw all layers on one scale, in as many lines as they need, each over its part of the statistic.

    Parameters
    ----------
    title : str
        The pattern, safe to look at.
    blocks : sequence of Block
        In model order.
    statistic : str
        What `Block.value` is.
    limit : float
        The weight at the ends of the colour scale, in weight units.
    selected : int, optional
        The place of the selected layer.

    Returns
    -------
    PIL.Image.Image
        RGB, 900 pixels wide, dark on white. Of more than five lines, those around the selected layer.

    """
    room = _WIDTH - _LEFT - _MARGIN
    cell = min(max(room // max(len(blocks), 1), _LEAST_CELL), _MOST_CELL)
    across = room // cell
    lines = -(-len(blocks) // across)
    first = min(max((selected or 0) // across - _MOST_LINES // 2, 0), max(lines - _MOST_LINES, 0))
    shown = range(first * across, min((first + _MOST_LINES) * across, len(blocks)))
    images = {place: _image(blocks[place], cell - _GAP) for place in shown}
    tall = max((image.height for image in images.values() if image is not None), default=0)
    step = _LABEL + tall + _GAP + _CHART + _BETWEEN
    top = _MARGIN + 30
    canvas = Canvas(_WIDTH, top + -(-len(shown) // across) * step + _LEGEND, _EM)
    canvas.text(_MARGIN, _MARGIN + 8, canvas.cut(title, _WIDTH - 2 * _MARGIN, 1.25), ink=INK, scale=1.25)
    span = _span([block.value for block in blocks])
    for start in range(shown.start, shown.stop, across):
        upper = top + (start - shown.start) // across * step
        line = range(start, min(start + across, shown.stop))
        for place in line:
            left = _LEFT + (place - start) * cell
            is_selected = place == selected
            ink = _ACCENT if is_selected else INK
            middle = left + (cell - _GAP) // 2
            words = canvas.cut(blocks[place].label, cell - _GAP)
            canvas.text(middle, upper + _LABEL / 2, words, anchor="mm", ink=ink)
            image = images[place]
            if image is None:
                canvas.text(middle, upper + _LABEL + 10, "…", anchor="mm")
            else:
                canvas.image.paste(image, (middle - image.width // 2, upper + _LABEL))
            if is_selected:
                frame = (left - 4, upper, left + cell - _GAP + 3, upper + _LABEL + tall + 3)
                canvas.pen.rectangle(frame, outline=_ACCENT, width=2)
        chart = upper + _LABEL + tall + _GAP
        _draw_strip(canvas, [blocks[place] for place in line], statistic, span, (chart, cell))
    left_out = "" if len(shown) == len(blocks) else f" · layers {shown[0]} to {shown[-1]} of {len(blocks)}"
    _draw_legend(canvas, limit, left_out)
    return canvas.image


def _image(block: Block, room: int) -> Image.Image | None:
    if block.drawn is None:
        return None
    levels, flags = block.drawn
    pixels = colored(levels, flags, "diverging")
    pixels[flags == 4] = 255
    height, width = levels.shape
    side = min(room, _MOST_SIDE)
    scale = max(1, side // max(height, width))
    # A vector as one line of pixels could not be seen.
    size = (
        max(width * scale, min(height * scale // _LONGEST // width * width, side)),
        max(height * scale, min(width * scale // _LONGEST // height * height, side)),
    )
    return Image.fromarray(pixels).resize(size, Image.Resampling.NEAREST)


def _span(values: Sequence[float]) -> tuple[float, float]:
    """Give the ends of the statistic's axis, which holds zero unless all values are far from it."""
    finite = [value for value in values if math.isfinite(value)]
    low, high = min(finite, default=0.0), max(finite, default=1.0)
    if low >= 0 and low < high / 2:
        low = 0.0
    elif high <= 0 and high > low / 2:
        high = 0.0
    if low == high:
        return low - max(abs(low) / 2, 0.5), high + max(abs(high) / 2, 0.5)
    return low, high


def _draw_strip(
    canvas: Canvas,
    line: Sequence[Block],
    statistic: str,
    span: tuple[float, float],
    place: tuple[int, int],
) -> None:
    (low, high), (top, cell) = span, place
    height = _CHART - 20
    right = _LEFT + len(line) * cell - _GAP

    def y_of(value: float) -> int:
        return round(top + 16 + (height - 16) * (1 - (value - low) / (high - low)))

    canvas.text(_LEFT, top + 4, statistic, scale=0.9)
    for mark in ticks(low, high, 3):
        canvas.pen.line((_LEFT, y_of(mark), right, y_of(mark)), fill=RULE)
        canvas.text(_LEFT - 6, y_of(mark), number(mark), anchor="rm", scale=0.9)
    points = [
        (_LEFT + index * cell + (cell - _GAP) // 2, y_of(block.value)) if math.isfinite(block.value) else None
        for index, block in enumerate(line)
    ]
    for before, after in pairwise(points):
        if before is not None and after is not None:
            canvas.pen.line((*before, *after), fill=_BAR, width=1)
    for point, block in zip(points, line, strict=True):
        if point is not None:
            x, y = point
            canvas.pen.ellipse((x - 3, y - 3, x + 3, y + 3), fill=_BAR)
            canvas.text(x, top + height + 12, number(block.value, 3), anchor="mm", ink=MUTED, scale=0.9)


def _draw_legend(canvas: Canvas, limit: float, left_out: str) -> None:
    y, width = canvas.image.height - _LEGEND + 4, 120
    levels = np.rint(np.linspace(1, 255, width)).astype(np.uint8)[None].repeat(10, axis=0)
    canvas.image.paste(Image.fromarray(colored(levels, np.zeros_like(levels), "diverging")), (_LEFT, y))
    told = f"±{number(limit)}, the largest magnitude of all these layers{left_out}"
    canvas.text(_LEFT + width + 8, y + 5, told)
