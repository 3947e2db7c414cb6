"""Draws the statistics strip as a picture: blocks of aligned numbers, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from weightwidgets.pictures._canvas import INK, MUTED, RULE, Canvas

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

_WIDTH, _MARGIN, _GAP, _LINE, _EM = 900, 14, 22, 19, 12
_NUMBER_WIDTH = 57
_COLUMNS = 4


@dataclass(frozen=True)
class Block:
    """A small table: where it stands, its heading and number columns, rows of a label and numbers as text."""

    column: int

    heading: str
    columns: Sequence[str]
    rows: Sequence[tuple[str, ...]]


def statistics_picture(title: str, blocks: Sequence[Block]) -> Image.Image:
    """Draw the blocks in four columns.

    Parameters
    ----------
    title : str
        A line above; its hidden characters are already made visible.
    blocks : sequence of Block
        Those of one column below one another, in order.

    Returns
    -------
    PIL.Image.Image
        RGB, 900 pixels wide, dark on white.

    """
    filled = [0] * _COLUMNS
    placed = []
    for block in blocks:
        placed.append((block, filled[block.column]))
        filled[block.column] += (len(block.rows) + 1) * _LINE + 12
    top = _MARGIN + 30
    canvas = Canvas(_WIDTH, top + max(filled, default=0) + _MARGIN - 12, _EM)
    canvas.text(_MARGIN, _MARGIN + 8, canvas.cut(title, _WIDTH - 2 * _MARGIN, 1.25), ink=INK, scale=1.25)
    width = (_WIDTH - 2 * _MARGIN - (_COLUMNS - 1) * _GAP) // _COLUMNS
    for block, offset in placed:
        _draw_block(canvas, block, (_MARGIN + block.column * (width + _GAP), top + offset), width)
    return canvas.image


def _draw_block(canvas: Canvas, block: Block, corner: tuple[int, int], width: int) -> None:
    left, top = corner
    right, rule = left + width, top + _LINE - 2
    room = width - len(block.columns) * _NUMBER_WIDTH
    lines = [(block.heading, *block.columns), *block.rows]
    for line, (label, *numbers) in enumerate(lines):
        y = top + line * _LINE + _LINE // 2
        label_ink, number_ink = (MUTED, INK) if line else (INK, MUTED)
        canvas.text(left, y, canvas.cut(label, room), ink=label_ink)
        for place, text in enumerate(reversed(numbers)):
            edge = right - place * _NUMBER_WIDTH
            canvas.text(edge, y, canvas.cut(text, _NUMBER_WIDTH - 3), anchor="rm", ink=number_ink)
    canvas.pen.line((left, rule, right, rule), fill=RULE)
