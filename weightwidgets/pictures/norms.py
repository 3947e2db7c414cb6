"""Draws the norms of all layers as a bar chart."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from weightwidgets.pictures._canvas import INK, MUTED, RULE, Canvas, ticks
from weightwidgets.pictures._numbers import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

_WIDTH, _HEIGHT, _EM = 900, 320, 12
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 14, 44, 44
_BAR, _SELECTED = "#8a97a6", "#0b62c4"


def norms_picture(
    title: str,
    labels: Sequence[str],
    values: np.ndarray,
    selected: int | None,
    beside: np.ndarray | None = None,
    *,
    log: bool,
) -> Image.Image:
    """Draw a bar per layer.

    Parameters
    ----------
    title : str
        A line above.
    labels : sequence of str
        A short name per layer, safe to look at; as many are written as there is room for.
    values : numpy.ndarray
        float64, shape ``(layers,)``: norms in weight units, NaN where there is none.
    selected : int or None
        The bar that is drawn in another colour.
    beside : numpy.ndarray, optional
        Norms of another picture, which the axis has to hold too.
    log : bool
        Whether the axis is logarithmic, from the power of ten below the lowest norm above zero.

    Returns
    -------
    PIL.Image.Image
        RGB, 900 x 320, dark on white. A norm that is not finite, or 0 on a logarithmic axis, has no bar.

    """
    canvas = Canvas(_WIDTH, _HEIGHT, _EM)
    canvas.text(_LEFT, 18, canvas.cut(title, _WIDTH - _LEFT - _RIGHT, 1.15), ink=INK, scale=1.15)
    base, top = _HEIGHT - _BOTTOM, _TOP
    marks, heights = _scale(values, values if beside is None else np.concatenate([values, beside]), log=log)
    for mark, height in marks:
        y = round(base - height * (base - top))
        canvas.pen.line((_LEFT, y, _WIDTH - _RIGHT, y), fill=RULE)
        canvas.text(_LEFT - 6, y, number(mark), anchor="rm")
    step = (_WIDTH - _LEFT - _RIGHT) / max(len(labels), 1)
    shown = max(1, math.ceil(9 * _EM / step))
    for place, (label, height) in enumerate(zip(labels, heights.tolist(), strict=True)):
        first = round(_LEFT + (place + 0.1) * step)
        last = max(first, round(_LEFT + (place + 0.9) * step) - 1)
        if height > 0:
            fill = _SELECTED if place == selected else _BAR
            canvas.pen.rectangle(
                (first, base - max(1, round(height * (base - top))), last, base - 1), fill=fill
            )
        if place % shown == 0:
            centre = (first + last) / 2
            canvas.pen.line((centre, base, centre, base + 3), fill=MUTED)
            canvas.text(centre, base + 14, canvas.cut(label, shown * step - 8), anchor="mm")
    canvas.pen.line((_LEFT, base, _WIDTH - _RIGHT, base), fill=MUTED)
    return canvas.image


def _scale(
    values: np.ndarray, held: np.ndarray, *, log: bool
) -> tuple[list[tuple[float, float]], np.ndarray]:
    """Give the marks of the axis and the bars' heights, all as parts of the height of the plot."""
    usable = np.isfinite(values) & (values > 0)
    held = held[np.isfinite(held) & (held > 0)]
    heights = np.zeros(values.shape)
    if not held.size:
        return [], heights
    lowest, highest = float(held.min()), float(held.max())
    if not log:
        heights[usable] = values[usable] / highest
        return [(mark, mark / highest) for mark in ticks(0, highest, 5)], heights
    first, last = math.floor(math.log10(lowest)), math.ceil(math.log10(highest))
    # A norm that is itself a power of ten still gets a bar.
    first -= math.log10(lowest) == first
    heights[usable] = (np.log10(values[usable]) - first) / (last - first)
    step = max(1, (last - first) // 6)
    decades = range(first, last + 1, step)
    return [(10.0**decade, (decade - first) / (last - first)) for decade in decades], heights
