"""Draws small histograms, one per layer, as a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from weightwidgets.pictures._canvas import INK, MUTED, RULE, Canvas
from weightwidgets.pictures._numbers import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from PIL import Image

COLUMNS = 4
_WIDTH, _HEIGHT, _MARGIN, _EM = 218, 142, 14, 11
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 12, 34, 36
_BAR, _SELECTED = "#8a97a6", "#0b62c4"


@dataclass(frozen=True, eq=False)
class Multiple:
    """One small histogram.

    Attributes
    ----------
    title : str
        The layer, safe to look at.
    counts : numpy.ndarray, optional
        int64, shape ``(bins,)``; None where there is nothing to draw yet.
    value_range : (float, float)
        The outer bin edges, in weight units.
    """

    title: str
    counts: np.ndarray | None = None
    value_range: tuple[float, float] = (0.0, 1.0)


def gallery_picture(
    multiples: Sequence[Multiple], left_out: int = 0, *, above: int = 0, selected: int | None = None
) -> Image.Image:
    """Draw the histograms in rows of four, each with its own count axis.

    Parameters
    ----------
    multiples : sequence of Multiple
        Drawn in order.
    left_out : int
        How many layers there are beyond these; said below them.
    above : int
        How many of those left out come before these.
    selected : int, optional
        The place in `multiples` of the selected layer, whose bars have another colour.

    Returns
    -------
    PIL.Image.Image
        RGB, 900 pixels wide, dark on white.

    """
    lines = -(-len(multiples) // COLUMNS)
    foot = 20 if left_out else 0
    canvas = Canvas(2 * _MARGIN + COLUMNS * _WIDTH, 2 * _MARGIN + lines * _HEIGHT + foot, _EM)
    for place, multiple in enumerate(multiples):
        line, column = divmod(place, COLUMNS)
        bar = _SELECTED if place == selected else _BAR
        _draw(canvas, multiple, (_MARGIN + column * _WIDTH, _MARGIN + line * _HEIGHT), bar)
    if left_out:
        last, total = above + len(multiples), left_out + len(multiples)
        told = f"layers {above + 1:,} to {last:,} of {total:,}" if above else f"and {left_out:,} more layers"
        canvas.text(_MARGIN, canvas.image.height - _MARGIN - 6, told)
    return canvas.image


def _draw(canvas: Canvas, multiple: Multiple, corner: tuple[int, int], bar: str) -> None:
    left, top = corner
    canvas.text(
        left + _LEFT, top + 8, canvas.cut(multiple.title, _WIDTH - _LEFT - _RIGHT, 1.1), ink=INK, scale=1.1
    )
    x0, x1 = left + _LEFT, left + _WIDTH - _RIGHT
    y0, y1 = top + _TOP, top + _HEIGHT - _BOTTOM
    canvas.pen.line((x0, y1, x1, y1), fill=RULE)
    if multiple.counts is None:
        canvas.text((x0 + x1) / 2, (y0 + y1) / 2, "…", anchor="mm")
        return
    highest, bins = int(multiple.counts.max(initial=0)), multiple.counts.size
    for place, count in enumerate(multiple.counts.tolist()):
        if count:
            first = x0 + round(place * (x1 - x0) / bins)
            last = max(first, x0 + round((place + 1) * (x1 - x0) / bins) - 1)
            height = max(1, round((y1 - y0) * count / highest))
            canvas.pen.rectangle((first, y1 - height, last, y1 - 1), fill=bar)
    low, high = multiple.value_range
    canvas.text(x0 - 4, y0 + 3, number(highest, 3), anchor="rm")
    canvas.text(x0, y0 - 9, "count", scale=0.9)
    canvas.text(x0, y1 + 9, number(low, 3), anchor="lm")
    canvas.text(x1, y1 + 9, number(high, 3), anchor="rm")
    if low < 0 < high:
        zero = x0 + round((x1 - x0) * -low / (high - low))
        canvas.pen.line((zero, y1, zero, y1 + 3), fill=MUTED)
        if min(zero - x0, x1 - zero) > 45:
            canvas.text(zero, y1 + 9, "0", anchor="mm")
    canvas.text((x0 + x1) / 2, y1 + 22, "weight value", anchor="mm", scale=0.9)
