"""Draws the scale, the shift and the running statistics of a norm, channel by channel."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from weightwidgets.pictures._canvas import INK, RULE, Canvas, ticks, wrapped
from weightwidgets.pictures._numbers import number, share

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from weightwidgets.analysis.channels import Channels

_WIDTH, _MARGIN, _LEFT, _EM, _LINE = 900, 14, 70, 12, 17
_CHART, _GAP = 96, 34
_BAR, _NEAR, _MARK = "#8a97a6", "#c2410c", 5
_MOST_TOLD = 12
_ROWS = (
    ("scale", "scale"),
    ("shift", "shift"),
    ("running_mean", "running mean"),
    ("running_var", "running variance"),
)


def channels_picture(
    title: str, found: Channels, threshold: float, *, by_scale: bool = False, notes: str = ""
) -> Image.Image:
    """Draw a chart for each of the numbers that the norm has, all over the same channels.

    Parameters
    ----------
    title, notes : str
        Text above and below, safe to look at.
    found : Channels
        The norm.
    threshold : float
        That of `found.near_zero`, to be said.
    by_scale : bool
        By rising magnitude of the scale instead of by index.

    Returns
    -------
    PIL.Image.Image
        RGB, 900 pixels wide, dark on white. Channels near zero have another colour and a mark below.

    """
    rows = [(name, label) for name, label in _ROWS if getattr(found, name) is not None]
    room = _WIDTH - 2 * _MARGIN
    words = wrapped(f"{near_zero_sentence(found, threshold)} {notes}", room, _EM)
    top = _MARGIN + 40
    canvas = Canvas(_WIDTH, top + len(rows) * (_CHART + _GAP) + len(words) * _LINE + _MARGIN, _EM)
    canvas.text(_MARGIN, _MARGIN + 8, canvas.cut(title, room, 1.25), ink=INK, scale=1.25)
    order = found.order if by_scale else np.arange(found.scale.size)
    is_near = np.isin(order, found.near_zero)
    for place, (name, label) in enumerate(rows):
        upper = top + place * (_CHART + _GAP)
        canvas.text(_LEFT, upper - 9, label)
        _draw_bars(canvas, getattr(found, name)[order], is_near, upper)
        if name == "scale":
            for position in np.flatnonzero(is_near).tolist():
                x = _edges(order.size)[position] + _edges(order.size)[position + 1] >> 1
                canvas.pen.polygon(
                    [
                        (x, upper + _CHART + 2),
                        (x - _MARK, upper + _CHART + 9),
                        (x + _MARK, upper + _CHART + 9),
                    ],
                    fill=_NEAR,
                )
    for line, text in enumerate(words):
        canvas.text(_MARGIN, top + len(rows) * (_CHART + _GAP) + line * _LINE, text)
    return canvas.image


def near_zero_sentence(found: Channels, threshold: float) -> str:
    """Say how many channels are near zero, and which."""
    count, total = found.near_zero.size, found.scale.size
    told = (
        f"Near zero, within {share(threshold)} of the median magnitude {number(found.median)}: "
        f"{count:,} of {total:,} channels"
    )
    if not count:
        return f"{told}."
    listed = ", ".join(map(str, found.near_zero[:_MOST_TOLD].tolist()))
    return f"{told} ({listed}{f' and {count - _MOST_TOLD:,} more' if count > _MOST_TOLD else ''})."


def _edges(count: int) -> list[int]:
    """Where the bars begin, and where the last one ends."""
    room = _WIDTH - _MARGIN - _LEFT
    return [_LEFT + place * room // count for place in range(count + 1)]


def _draw_bars(canvas: Canvas, values: NDArray[np.float64], is_near: NDArray[np.bool_], top: int) -> None:
    finite = values[np.isfinite(values)]
    low, high = float(min(finite.min(initial=0), 0)), float(max(finite.max(initial=0), 0))
    span = high - low if high > low else 1.0

    def y_of(value: float) -> int:
        return round(top + _CHART * (high - value) / span)

    for mark in ticks(low, high, 3):
        canvas.pen.line((_LEFT, y_of(mark), _WIDTH - _MARGIN, y_of(mark)), fill=RULE)
        canvas.text(_LEFT - 6, y_of(mark), number(mark), anchor="rm", scale=0.9)
    edges = _edges(values.size)
    # What is pointed out must not be covered by its neighbours where many share a pixel.
    for place in np.argsort(is_near, kind="stable").tolist():
        value = float(values[place])
        if not math.isfinite(value):
            continue
        left, right = edges[place], edges[place + 1]
        right -= 2 if right - left > 4 else 1
        ends = sorted((y_of(0), y_of(value)))
        canvas.pen.rectangle(
            (left, ends[0], max(left, right), ends[1]), fill=_NEAR if is_near[place] else _BAR
        )
