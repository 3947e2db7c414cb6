"""Puts finished pictures together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Sequence

_GAP = 12


def in_columns(columns: Sequence[Sequence[Image.Image]]) -> Image.Image | None:
    """Put each column's pictures under one another, the columns side by side; None if there are none."""
    filled = [column for column in columns if column]
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
