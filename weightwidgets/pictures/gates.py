"""Draws the gates of a recurrent layer: blocks, histograms, numbers, and eigenvalues in the complex plane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from weightwidgets.analysis.filter_grid import flags_of, symmetric_levels
from weightwidgets.pictures._canvas import INK, RULE, Canvas, draw_across, wrapped
from weightwidgets.pictures._numbers import number
from weightwidgets.pictures.grid import colored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from weightwidgets.analysis.matrix_picture import MatrixPicture
    from weightwidgets.analysis.summary import Summary

_WIDTH, _MARGIN, _EM, _LINE = 900, 14, 12, 17
_ROW, _PICTURE_LEFT, _PICTURE_WIDTH, _PICTURE_HEIGHT = 116, 150, 200, 100
_BARS_LEFT, _BARS_WIDTH, _BARS_HEIGHT, _NUMBERS_LEFT = 376, 300, 82, 706
_PLANE = 340
_BAR = "#8a97a6"
#: Of the gates' eigenvalues, in their order; the marks differ in shape too.
COLORS = ("#0b62c4", "#c2410c", "#2f7d32", "#8e24aa")
_TOLD = ("mean", "std", "rms", "min", "max")


@dataclass(frozen=True, eq=False)
class GateDrawing:
    """One row: the gate's letter and role, its picture, its counts in the shared bins, its numbers."""

    name: str
    role: str
    picture: MatrixPicture
    counts: NDArray[np.int64]
    numbers: Summary


@dataclass(frozen=True, eq=False)
class Plane:
    """For each gate that has them its eigenvalues, complex128, and a sentence; the gate in front, or None."""

    eigenvalues: Sequence[NDArray[np.complex128]]
    sentences: Sequence[str]
    front: int | None


def gates_picture(
    title: str,
    rows: Sequence[GateDrawing],
    limit: float,
    edges: NDArray[np.floating[Any]],
    plane: Plane,
    caption: str,
) -> Image.Image:
    """Draw a row for each gate and, below them, the eigenvalues with the unit circle.

    Parameters
    ----------
    title, caption : str
        Text above and below, safe to look at.
    rows : sequence of GateDrawing
        At least one, from top to bottom.
    limit : float
        The end of the colour scale that all pictures share, in weight units.
    edges : numpy.ndarray
        The bin edges that all histograms share, in weight units.
    plane : Plane
        Without eigenvalues it is left out.

    Returns
    -------
    PIL.Image.Image
        RGB, 900 pixels wide, dark on white.

    """
    room = _WIDTH - 2 * _MARGIN
    block = (rows[0].picture.block_rows, rows[0].picture.block_cols)
    pooled = "" if block == (1, 1) else f" A pixel is the strongest of {block[0]} x {block[1]} weights."
    words = wrapped(f"Colours from {number(-limit)} to {number(limit)}.{pooled} {caption}", room, _EM)
    top = _MARGIN + 30
    below = top + len(rows) * _ROW + 14
    drawn = any(values.size for values in plane.eigenvalues)
    foot = below + (_PLANE + 2 * _EM if drawn else 0)
    canvas = Canvas(_WIDTH, foot + _MARGIN + len(words) * _LINE, _EM)
    canvas.text(_MARGIN, _MARGIN + 8, canvas.cut(title, room, 1.2), ink=INK, scale=1.2)
    most = max(int(row.counts.max(initial=0)) for row in rows)
    for place, row in enumerate(rows):
        _draw_row(canvas, row, top + place * _ROW, limit, most)
    low, high = float(edges[0]), float(edges[-1])
    # Halves: the range of float64 weights may be wider than float64.
    half = high / 2 - low / 2
    across = below - 14 - _ROW + _BARS_HEIGHT
    draw_across(canvas, low, high, lambda x: _BARS_LEFT + _BARS_WIDTH * (x / 2 - low / 2) / half, across)
    if drawn:
        _draw_plane(canvas, plane, below)
    for line, text in enumerate(words):
        canvas.text(_MARGIN, foot + _LINE // 2 + line * _LINE, text)
    return canvas.image


def _draw_row(canvas: Canvas, row: GateDrawing, top: int, limit: float, most: int) -> None:
    canvas.text(_MARGIN, top + 12, row.name, ink=INK, scale=1.3)
    canvas.text(_MARGIN, top + 32, canvas.cut(row.role, _PICTURE_LEFT - _MARGIN - 8))
    values = row.picture.values
    pixels = colored(symmetric_levels(values, limit), flags_of(values), "diverging")
    height, width = values.shape
    scale = max(1, min(_PICTURE_WIDTH // width, _PICTURE_HEIGHT // height))
    tall = max(scale, 24) if height == 1 else scale
    image = Image.fromarray(np.repeat(np.repeat(pixels, tall, axis=0), scale, axis=1))
    canvas.image.paste(image, (_PICTURE_LEFT, top))
    bins = len(row.counts)
    base = top + _BARS_HEIGHT
    for place, count in enumerate(row.counts.tolist()):
        if count:
            first = _BARS_LEFT + round(place * _BARS_WIDTH / bins)
            last = max(first, _BARS_LEFT + round((place + 1) * _BARS_WIDTH / bins) - 1)
            tip = base - max(1, round(_BARS_HEIGHT * count / most))
            canvas.pen.rectangle((first, tip, last, base - 1), fill=_BAR)
    canvas.pen.line((_BARS_LEFT, base, _BARS_LEFT + _BARS_WIDTH, base), fill=RULE)
    for line, name in enumerate(_TOLD):
        canvas.text(_NUMBERS_LEFT, top + 8 + line * _LINE, name)
        canvas.text(
            _WIDTH - _MARGIN, top + 8 + line * _LINE, number(getattr(row.numbers, name)), anchor="rm", ink=INK
        )


def _draw_plane(canvas: Canvas, plane: Plane, top: int) -> None:
    every = np.concatenate([values for values in plane.eigenvalues if values.size])
    reach = max(1.0, float(np.abs(every).max())) * 1.08
    middle = (_MARGIN + _PLANE // 2, top + _PLANE // 2)
    unit = _PLANE / 2 / reach
    left, upper = _MARGIN, top
    canvas.pen.rectangle((left, upper, left + _PLANE, upper + _PLANE), outline=RULE)
    canvas.pen.line((left, middle[1], left + _PLANE, middle[1]), fill=RULE)
    canvas.pen.line((middle[0], upper, middle[0], upper + _PLANE), fill=RULE)
    circle = (middle[0] - unit, middle[1] - unit, middle[0] + unit, middle[1] + unit)
    draw_across(canvas, -reach, reach, lambda x: middle[0] + x * unit, top + _PLANE)
    count = len(plane.eigenvalues)
    order = [gate for gate in range(count) if gate != plane.front] + [
        gate for gate in range(count) if gate == plane.front
    ]
    for gate in order:
        faded = plane.front is not None and gate != plane.front
        ink = "#c4ccd6" if faded else COLORS[gate]
        for value in plane.eigenvalues[gate].tolist():
            _mark(canvas, (middle[0] + value.real * unit, middle[1] - value.imag * unit), gate, ink)
    # Over the marks: it is what they are to be seen against.
    canvas.pen.ellipse(circle, outline=INK, width=2)
    right, line = left + _PLANE + 24, 0
    canvas.text(right, top + 10, "Eigenvalues of the hidden blocks, unit circle", ink=INK)
    for gate, sentence in enumerate(plane.sentences):
        _mark(canvas, (right + 4, top + 38 + line * _LINE), gate, COLORS[gate])
        for words in wrapped(sentence, _WIDTH - _MARGIN - right - 16, _EM):
            canvas.text(right + 16, top + 38 + line * _LINE, words)
            line += 1
        line += 1


def _mark(canvas: Canvas, place: tuple[float, float], gate: int, ink: str) -> None:
    """Mark a point: a disc, a square, a triangle or a diamond."""
    (x, y), size = place, 2.5
    box = (x - size, y - size, x + size, y + size)
    if gate == 0:
        canvas.pen.ellipse(box, fill=ink)
    elif gate == 1:
        canvas.pen.rectangle(box, fill=ink)
    elif gate == 2:
        canvas.pen.polygon([(x, y - 3.5), (x + 3.2, y + 2.5), (x - 3.2, y + 2.5)], fill=ink)
    else:
        canvas.pen.polygon([(x, y - 3.6), (x + 3.6, y), (x, y + 3.6), (x - 3.6, y)], fill=ink)
