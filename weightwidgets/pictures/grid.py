"""Draws the filter grid, for readers without a front end."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageFont

from weightwidgets.pictures._canvas import INK, Canvas
from weightwidgets.pictures._numbers import drawable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from weightwidgets.analysis.filter_grid import FilterGrid
    from weightwidgets.analysis.matrix_picture import MatrixPicture

_WIDTH, _MARGIN, _GAP, _LINE = 700, 12, 5, 17
_TILE, _MOST_HEIGHT = 48, 420
_TOP, _EM, _HEADING = 38, 12, 1.25


@cache
def _tables() -> dict[str, str]:
    path = Path(__file__).parent.parent / "color.json"
    tables: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return tables


def colored(levels: NDArray[np.uint8], flags: NDArray[np.uint8], color: str) -> NDArray[np.uint8]:
    """Turn levels into colours.

    Parameters
    ----------
    levels, flags : numpy.ndarray
        uint8, shape (..., height, width), with a last dimension of 3 for "rgb"; flags as in `FilterGrid`.
    color : {"rgb", "diverging", "gray"}
        "rgb" takes the levels as they are; else they are entries of the colour table of this name.

    Returns
    -------
    numpy.ndarray
        uint8, shape (..., height, width, 3). NaN and the infinities have colours of their own.

    """
    if color == "rgb":
        pixels = levels.copy()
        # One component that is no number makes the pixel none; NaN is the worst of them.
        worst = np.where((flags == 1).any(axis=-1), 1, flags.max(axis=-1))
    else:
        pixels = np.frombuffer(bytes.fromhex(_tables()[color]), np.uint8).reshape(256, 3)[levels]
        worst = flags
    for flag, name in enumerate(("nan", "posinf", "neginf"), start=1):
        pixels[worst == flag] = list(bytes.fromhex(_tables()[name]))
    return pixels


def tiles_image(grid: FilterGrid, color: str, count: int, title: str, caption: str) -> Image.Image:
    """Draw tiles, as many as fit.

    Parameters
    ----------
    grid : FilterGrid
        The filters to draw, in order.
    color : {"rgb", "diverging", "gray"}
        As for `colored`.
    count : int
        Filters of the layer; if not all are drawn, the picture says so.
    title, caption : str
        Text above and below, safe to look at.

    Returns
    -------
    PIL.Image.Image
        RGB, 700 pixels wide, dark on white.

    """
    layout = grid.layout
    gap = 1 if layout.height * layout.width > 1 else 0
    across, down = layout.cell_cols * layout.width, layout.cell_rows * layout.height
    scale = max(1, round(_TILE / max(across, down)))
    width = across * scale + gap * (layout.cell_cols - 1)
    height = down * scale + gap * (layout.cell_rows - 1)
    cols = max(1, (_WIDTH - 2 * _MARGIN + _GAP) // (width + _GAP))
    shown = min(len(grid.filters), cols * max(1, (_MOST_HEIGHT + _GAP) // (height + _GAP)))
    pixels = colored(grid.levels[:shown], grid.flags[:shown], color)
    if shown < count:
        caption = f"The first {shown:,} of {count:,}. {caption}"
    rows = -(-shown // cols)
    field = Image.new("RGB", (_WIDTH, rows * (height + _GAP) - _GAP), "white")
    for place, tile in enumerate(pixels):
        left, top = place % cols * (width + _GAP) + _MARGIN, place // cols * (height + _GAP)
        for cell, picture in enumerate(tile):
            corner = (
                left + cell % layout.cell_cols * (layout.width * scale + gap),
                top + cell // layout.cell_cols * (layout.height * scale + gap),
            )
            field.paste(_enlarged(picture, scale), corner)
    return _sheet(field, title, caption)


def matrix_image(picture: MatrixPicture, limit: float, title: str, caption: str) -> Image.Image:
    """Draw a matrix, blue over zero to orange, up to `limit` (weight units); else as `tiles_image`."""
    from weightwidgets.analysis.filter_grid import flags_of, symmetric_levels

    pixels = colored(symmetric_levels(picture.values, limit), flags_of(picture.values), "diverging")
    height, width = pixels.shape[:2]
    scale = max(1, min((_WIDTH - 2 * _MARGIN) // width, _MOST_HEIGHT // height))
    drawn = _enlarged(pixels, scale)
    field = Image.new("RGB", (_WIDTH, drawn.height), "white")
    field.paste(drawn, (_MARGIN, 0))
    return _sheet(field, title, caption)


def _enlarged(pixels: NDArray[Any], scale: int) -> Image.Image:
    return Image.fromarray(np.repeat(np.repeat(pixels, scale, axis=0), scale, axis=1))


def _sheet(field: Image.Image, title: str, caption: str) -> Image.Image:
    room = _WIDTH - 2 * _MARGIN
    lines = _wrapped(drawable(caption), room)
    below = _TOP + field.height + _LINE
    canvas = Canvas(_WIDTH, below + _LINE * len(lines) + _MARGIN // 2, _EM)
    canvas.text(_MARGIN, _TOP / 2, canvas.cut(title, room, _HEADING), ink=INK, scale=_HEADING)
    canvas.image.paste(field, (0, _TOP))
    for row, line in enumerate(lines):
        canvas.text(_MARGIN, below + row * _LINE, line)
    return canvas.image


def _wrapped(text: str, room: int) -> list[str]:
    font = ImageFont.load_default(_EM)
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".lstrip()
        if font.getlength(longer) <= room or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
