"""Draws the statistics strip as a picture: blocks of aligned numbers, side by side."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from PIL import ImageFont

from weightwidgets.pictures._canvas import INK, MUTED, RULE, Canvas
from weightwidgets.pictures._numbers import drawable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

_WIDTH, _MARGIN, _GAP, _LINE, _EM = 900, 14, 22, 19, 12
_COLUMNS, _BETWEEN, _SPACE, _MOST_LABEL = 4, 12, 12, 260


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
        RGB, 900 pixels wide or as wide as its numbers ask for, dark on white.

    """
    columns = [_Column([block for block in blocks if block.column == place]) for place in range(_COLUMNS)]
    narrowest = (_WIDTH - 2 * _MARGIN - (_COLUMNS - 1) * _GAP) // _COLUMNS
    widths = [max(narrowest, column.needed) for column in columns]
    top = _MARGIN + 30
    width = max(_WIDTH, sum(widths) + 2 * _MARGIN + (_COLUMNS - 1) * _GAP)
    canvas = Canvas(width, top + max(column.height for column in columns) + _MARGIN, _EM)
    canvas.text(_MARGIN, _MARGIN + 8, canvas.cut(title, width - 2 * _MARGIN, 1.25), ink=INK, scale=1.25)
    left = _MARGIN
    for column, wide in zip(columns, widths, strict=True):
        column.draw(canvas, (left, top), wide)
        left += wide + _GAP
    return canvas.image


class _Column:
    """Blocks below one another, as wide as their words; their numbers end below one another."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self._blocks = blocks
        lines = [line for block in blocks for line in _lines(block)]
        self._labels = max((_width(line[0]) for line in lines), default=0)
        backwards = zip_longest(*(reversed(line[1:]) for line in lines), fillvalue="")
        self._numbers = [max(map(_width, texts)) + _SPACE for texts in backwards]

    @property
    def needed(self) -> int:
        """The width of all words beside one another."""
        return min(self._labels, _MOST_LABEL) + sum(self._numbers)

    @property
    def height(self) -> int:
        """The height of all blocks."""
        lines = sum(len(_lines(block)) for block in self._blocks)
        return max(0, lines * _LINE + (len(self._blocks) - 1) * _BETWEEN)

    def draw(self, canvas: Canvas, corner: tuple[int, int], width: int) -> None:
        """Draw the blocks, the first at `corner`."""
        left, top = corner
        for block in self._blocks:
            for line, (label, *numbers) in enumerate(_lines(block)):
                y = top + line * _LINE + _LINE // 2
                label_ink, number_ink = (MUTED, INK) if line else (INK, MUTED)
                canvas.text(left, y, canvas.cut(label, width - sum(self._numbers)), ink=label_ink)
                edge = left + width
                for text, room in zip(reversed(numbers), self._numbers, strict=False):
                    canvas.text(edge, y, text, anchor="rm", ink=number_ink)
                    edge -= room
            rule = top + _LINE - 2
            canvas.pen.line((left, rule, left + width, rule), fill=RULE)
            top += len(_lines(block)) * _LINE + _BETWEEN


def _lines(block: Block) -> list[tuple[str, ...]]:
    return [(block.heading, *block.columns), *block.rows]


def _width(words: str) -> int:
    return math.ceil(ImageFont.load_default(_EM).getlength(drawable(words)))
