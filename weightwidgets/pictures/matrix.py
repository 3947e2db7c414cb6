"""Draws a weight matrix, for readers without a front end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from weightwidgets.pictures._canvas import INK, Canvas
from weightwidgets.pictures._numbers import number
from weightwidgets.pictures.grid import colored

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WIDTH, _MARGIN, _HEIGHT, _TOP, _EM = 700, 12, 420, 34, 12
_LEGEND, _BAR = 160, 9
_BELOW = 62
_LARGEST_CELL = 40


def matrix_image(values: NDArray[np.floating], limit: float, title: str, notes: list[str]) -> Image.Image:
    """Draw a matrix that is pooled already, with the scale of its colours.

    Parameters
    ----------
    values : numpy.ndarray
        (height, width), weight units; at most 420 x 676, or lines are left out.
    limit : float
        Weight units: the ends of the scale are -limit and limit.
    title : str
        Text above, safe to look at.
    notes : list of str
        Lines below; what does not fit into a line is cut.

    Returns
    -------
    PIL.Image.Image
        RGB, 700 pixels wide, dark on white.

    """
    from weightwidgets.analysis.filter_grid import flags_of, symmetric_levels

    room = _WIDTH - 2 * _MARGIN
    across = _pixels(values.shape[1], room)
    down = _pixels(values.shape[0], _HEIGHT)
    shown = values[down][:, across]
    pixels = colored(symmetric_levels(shown, limit), flags_of(shown), "diverging")
    bottom = _TOP + len(down)
    canvas = Canvas(_WIDTH, bottom + _BELOW + 17 * len(notes), _EM)
    canvas.text(_MARGIN, _TOP / 2, canvas.cut(title, room, 1.25), ink=INK, scale=1.25)
    canvas.image.paste(Image.fromarray(pixels), (_MARGIN, _TOP))
    scale = np.linspace(-limit, limit, _LEGEND)[None, :].repeat(_BAR, axis=0)
    bar = colored(symmetric_levels(scale, limit), flags_of(scale), "diverging")
    canvas.image.paste(Image.fromarray(bar), (_MARGIN, bottom + 14))
    for place, value, anchor in ((0.0, -limit, "lm"), (0.5, 0.0, "mm"), (1.0, limit, "rm")):
        canvas.text(_MARGIN + place * _LEGEND, bottom + 34, number(value), anchor=anchor)
    for line, note in enumerate(notes):
        canvas.text(_MARGIN, bottom + _BELOW - 4 + 17 * line, canvas.cut(note, room))
    return canvas.image


def _pixels(size: int, room: int) -> NDArray[np.int64]:
    """Say which entry each pixel shows: entries of a whole number of pixels where there are few."""
    if size <= room:
        return np.repeat(np.arange(size), min(room // size, _LARGEST_CELL))
    return np.arange(room) * size // room
