"""Draws a histogram with a filter's over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from weightwidgets.pictures._canvas import INK, MUTED, RULE, Canvas, count_marks, draw_across, reach
from weightwidgets.pictures._numbers import number

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

    from weightwidgets.analysis.histogram import Histogram

_BAR, _OVERLAY, _BAND, _EDGE = "#8a97a6", "#c2410c", "#0b62c433", "#0b62c4"


class _Plot(NamedTuple):
    left: int
    right: int
    top: int
    bottom: int


def histogram_picture(
    histogram: Histogram,
    filter_counts: NDArray[np.int64] | None,
    *,
    title: str,
    filter_label: str,
    log_counts: bool = False,
    selected_range: tuple[float, float] | None = None,
    large: bool = False,
) -> Image.Image:
    """Draw a histogram as filled bars and a filter's counts as an outline with an axis of its own.

    Parameters
    ----------
    histogram : Histogram
        Of the layer.
    filter_counts : numpy.ndarray or None
        int64, shape ``(bins,)``: counts of the filter in the same bins.
    title, filter_label : str
        Hidden characters in them are already made visible.
    log_counts : bool
        Logarithmic axes of counts, beginning at one half so that a count of 1 is seen.
    selected_range : None or (float, float)
        A part of the range to mark, in weight units.
    large : bool
        For a lecture hall.

    Returns
    -------
    PIL.Image.Image
        RGB, 860 x 290 pixels (1220 x 410 if large), dark on white.

    """
    em = 17 if large else 12
    canvas = Canvas(*((1220, 410) if large else (860, 290)), em)
    width, height = canvas.image.size
    plot = _Plot(round(4.4 * em), round(width - 4.4 * em), round(4.2 * em), round(height - 3.1 * em))
    low, high = float(histogram.bin_edges[0]), float(histogram.bin_edges[-1])

    def across(value: float) -> float:
        part = (value / 2 - low / 2) / (high / 2 - low / 2)
        return plot.left + (plot.right - plot.left) * min(max(part, 0.0), 1.0)

    canvas.text(4, 1.1 * em, canvas.cut(title, width - 8, 1.15), ink=INK, scale=1.15)
    _draw_bars(canvas, plot, histogram.counts, log=log_counts)
    if selected_range is not None:
        _draw_band(canvas, plot, round(across(selected_range[0])), round(across(selected_range[1])))
    _draw_counts(canvas, plot, histogram.counts, "count", side=-1, log=log_counts)
    if filter_counts is not None:
        _draw_outline(canvas, plot, filter_counts, log=log_counts)
        _draw_counts(canvas, plot, filter_counts, f"{filter_label}: count", side=1, log=log_counts)
    if low < 0 < high:
        x = round(across(0.0))
        for y in range(plot.top, plot.bottom, 6):
            canvas.pen.line((x, y, x, min(y + 2, plot.bottom)), fill=MUTED)
    canvas.pen.line((plot.left, plot.bottom, plot.right, plot.bottom), fill=RULE)
    draw_across(canvas, low, high, across, plot.bottom)
    canvas.text((plot.left + plot.right) / 2, plot.bottom + 2.35 * em, "weight value", anchor="mm")
    return canvas.image


def bar_columns(plot: _Plot, bins: int) -> list[int]:
    """Give the pixel columns between which the bars stand: bin i fills those from i up to i + 1."""
    return [round(plot.left + (plot.right - plot.left) * place / bins) for place in range(bins + 1)]


def _heights(plot: _Plot, counts: NDArray[np.int64], *, log: bool) -> list[int]:
    full, most = plot.bottom - plot.top, int(counts.max(initial=0))
    # A bin that holds anything shows at least one pixel.
    return [max(1, round(full * reach(count, most, log=log))) if count else 0 for count in counts.tolist()]


def _fill(canvas: Canvas, plot: _Plot, columns: tuple[int, int], height: int, color: str) -> None:
    left, right = columns
    if height > 0:
        canvas.pen.rectangle((left, plot.bottom - height, max(left, right - 1), plot.bottom - 1), fill=color)


def _draw_bars(canvas: Canvas, plot: _Plot, counts: NDArray[np.int64], *, log: bool) -> None:
    x = bar_columns(plot, counts.size)
    for place, height in enumerate(_heights(plot, counts, log=log)):
        _fill(canvas, plot, (x[place], x[place + 1]), height, _BAR)


def _draw_outline(canvas: Canvas, plot: _Plot, counts: NDArray[np.int64], *, log: bool) -> None:
    x = bar_columns(plot, counts.size)
    heights = _heights(plot, counts, log=log)
    for place, height in enumerate(heights):
        _fill(canvas, plot, (x[place], x[place + 1]), height, f"{_OVERLAY}29")
    corners: list[tuple[int, int]] = [(x[0], plot.bottom)]
    for place, height in enumerate(heights):
        corners += [(x[place], plot.bottom - height), (x[place + 1], plot.bottom - height)]
    for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], (x[-1], plot.bottom)], strict=True):
        if not y0 == y1 == plot.bottom:
            canvas.pen.line((x0, y0, x1, y1), fill=_OVERLAY)


def _draw_band(canvas: Canvas, plot: _Plot, left: int, right: int) -> None:
    canvas.pen.rectangle((left, plot.top, max(left, right - 1), plot.bottom - 1), fill=_BAND)
    for x in (left, max(left, right - 1)):
        canvas.pen.line((x, plot.top, x, plot.bottom - 1), fill=_EDGE)


def _draw_counts(
    canvas: Canvas, plot: _Plot, counts: NDArray[np.int64], label: str, *, side: int, log: bool
) -> None:
    most = int(counts.max(initial=0))
    x, anchor, ink = (plot.left, "r", MUTED) if side < 0 else (plot.right, "l", _OVERLAY)
    for mark in count_marks(most, log=log):
        y = round(plot.bottom - (plot.bottom - plot.top) * reach(mark, most, log=log))
        # The marks leave the first column of bars alone.
        canvas.pen.line((x - 1, y, x - 4, y) if side < 0 else (x, y, x + 4, y), fill=ink)
        canvas.text(x + side * 7, y, number(mark), anchor=f"{anchor}m", ink=ink)
    edge = 4 if side < 0 else canvas.image.width - 4
    canvas.text(edge, plot.top - 1.2 * canvas.em, label, anchor="lm" if side < 0 else "rm", ink=ink)
