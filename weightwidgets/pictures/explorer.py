"""Puts finished pictures together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_GAP = 12
_TEXT = 14


def titled(title: str, width: int) -> Image.Image:
    """Draw the title of a column."""
    strip = Image.new("RGB", (width, 2 * _TEXT), "white")
    font = ImageFont.load_default(size=_TEXT)
    ImageDraw.Draw(strip).text((0, _TEXT // 4), title, fill="#1f2328", font=font)
    return strip


def in_columns(columns: Mapping[str, Sequence[Image.Image]]) -> Image.Image | None:
    """Put each column's pictures under one another, the columns side by side; None if there are none.

    Several columns get their names as titles.
    """
    filled: list[Sequence[Image.Image]] = [
        [titled(name, pictures[0].width), *pictures] if len(columns) > 1 else pictures
        for name, pictures in columns.items()
        if pictures
    ]
    if not filled:
        return None
    widths = [max(picture.width for picture in column) for column in filled]
    heights = [sum(picture.height for picture in column) + _GAP * (len(column) - 1) for column in filled]
    sheet = Image.new("RGB", (sum(widths) + _GAP * (len(filled) - 1), max(heights)), "white")
    left = 0
    for column, width in zip(filled, widths, strict=True):
        top = 0
        for picture in column:
            sheet.paste(picture.convert("RGB"), (left, top))
            top += picture.height + _GAP
        left += width + _GAP
    return sheet
