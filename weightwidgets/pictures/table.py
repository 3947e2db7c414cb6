"""The layer table as a picture, for readers without a front end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import ImageFont

from weightwidgets.pictures._canvas import INK, MUTED, RULE, Canvas
from weightwidgets.pictures._numbers import drawable, in_table, share

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from PIL import Image

_BAR, _GROUND, _ACCENT = "#8a97a6", "#e3edf9", "#0b62c4"
_EM, _ROW_HEIGHT, _PADDING, _GAP = 13, 22, 10, 18
_SPARK_HEIGHT, _SPARK_STEP = 16, 2
_HEADERS = ("name", "kind", "shape", "parameters", "Frobenius", "RMS", "mean", "std", "near zero")
_TEXT_COLUMNS = 3
_NOT_MEASURED = "…"


@dataclass(frozen=True, eq=False)
class TableRow:
    """One row of the picture.

    Attributes
    ----------
    name, kind, shape : str
        Text, safe to look at.
    parameters : int
        Number of parameters.
    numbers : mapping of str to float, optional
        ``frobenius``, ``rms``, ``mean``, ``std`` in weight units and the share ``near_zero``; None before
        they are measured.
    spark : numpy.ndarray, optional
        uint8, shape ``(bins,)``: heights of a small histogram, 255 the highest.
    """

    name: str
    kind: str
    shape: str
    parameters: int
    numbers: Mapping[str, float] | None = None
    spark: np.ndarray | None = None


def table_picture(
    rows: Sequence[TableRow], left_out: int = 0, *, above: int = 0, selected: int | None = None
) -> Image.Image:
    """Draw a table of layers, black on white.

    Parameters
    ----------
    rows : sequence of TableRow
        What to draw, in order.
    left_out : int
        How many rows the table has beyond these; said below them.
    above : int
        How many of those left out stand above these.
    selected : int, optional
        The place in `rows` of the selected layer, which gets a ground of its own.

    Returns
    -------
    PIL.Image.Image
        RGB, as wide as its widest cells ask for.
    """
    font = ImageFont.load_default(_EM)
    cells = [_HEADERS, *(_cells(row) for row in rows)]
    widths = [
        round(max(font.getlength(drawable(line[column])) for line in cells))
        for column in range(len(_HEADERS))
    ]
    bins = max((row.spark.size for row in rows if row.spark is not None), default=0)
    left = [_PADDING + sum(widths[:column]) + _GAP * column for column in range(len(widths) + 1)]
    lines = len(cells) + bool(left_out)
    width = left[-1] + bins * _SPARK_STEP + _PADDING
    canvas = Canvas(width, lines * _ROW_HEIGHT + 2 * _PADDING, _EM)
    if selected is not None:
        _draw_ground(canvas, _PADDING + (selected + 1) * _ROW_HEIGHT)
    for line, texts in enumerate(cells):
        middle = _PADDING + line * _ROW_HEIGHT + _ROW_HEIGHT // 2
        for column, text in enumerate(texts):
            # Numbers end below one another, so that their digits can be compared.
            end = column >= _TEXT_COLUMNS
            x = left[column] + (widths[column] if end else 0)
            canvas.text(x, middle, text, anchor="rm" if end else "lm", ink=INK if line else MUTED)
        base = _PADDING + (line + 1) * _ROW_HEIGHT - 1
        canvas.pen.line([(_PADDING, base), (width - _PADDING, base)], RULE)
        spark = rows[line - 1].spark if line else None
        if spark is not None:
            _draw_spark(canvas, spark, left[-1], base - 2)
    if left_out:
        bottom = canvas.image.height - _PADDING - _ROW_HEIGHT // 2
        last, total = above + len(rows), left_out + len(rows)
        told = f"rows {above + 1:,} to {last:,} of {total:,}" if above else f"and {left_out:,} more"
        canvas.text(_PADDING, bottom, told)
    return canvas.image


def _draw_ground(canvas: Canvas, top: int) -> None:
    right = canvas.image.width - _PADDING
    canvas.pen.rectangle((_PADDING // 2, top, right + _PADDING // 2, top + _ROW_HEIGHT - 2), fill=_GROUND)
    canvas.pen.rectangle((_PADDING // 2, top, _PADDING // 2 + 2, top + _ROW_HEIGHT - 2), fill=_ACCENT)


def _cells(row: TableRow) -> tuple[str, ...]:
    if row.numbers is None:
        numbers = [_NOT_MEASURED] * 5
    else:
        numbers = [in_table(row.numbers[name]) for name in ("frobenius", "rms", "mean", "std")]
        numbers.append(share(row.numbers["near_zero"]))
    return (row.name, row.kind, row.shape, f"{row.parameters:,}", *numbers)


def _draw_spark(canvas: Canvas, spark: np.ndarray, left: int, base: int) -> None:
    for position, height in enumerate(spark.tolist()):
        if height:
            pixels = max(1, round(height / 255 * _SPARK_HEIGHT))
            start = left + position * _SPARK_STEP
            canvas.pen.rectangle([start, base - pixels + 1, start + _SPARK_STEP - 1, base], _BAR)
