"""Puts finished pictures together: the current view of an explorer, from the heading to the open panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

from weightwidgets.pictures._canvas import INK, PAPER, RULE, Canvas, wrapped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Band = Mapping[str, Image.Image | str]

_GAP, _MARGIN, _EM = 12, 12, 13
_TITLE, _TALL, _LINE, _LABEL = 1.5, 28, 19, 30
# As wide as the narrowest of the pictures, where there is only a sentence in place of one.
_SENTENCE = 700


def explorer_picture(title: str, lines: Sequence[str], bands: Sequence[Band]) -> Image.Image | None:
    """Put pictures under one another, those that are compared side by side.

    Parameters
    ----------
    title : str
        Stands above all, large; safe to look at.
    lines : sequence of str
        Say below it what is selected; safe to look at.
    bands : sequence of mapping
        From the top to the bottom: pictures that stand side by side, by their names, or a sentence where
        there is none. Several get their names as headings, but not once more below one another.

    Returns
    -------
    PIL.Image.Image or None
        RGB, as large as its content; None where no band holds a picture.

    """
    filled = [band for band in bands if band]
    if not any(isinstance(part, Image.Image) for band in filled for part in band.values()):
        return None
    drawn = [
        _drawn(band, labelled=len(band) > 1 and (not place or list(band) != list(filled[place - 1])))
        for place, band in enumerate(filled)
    ]
    columns = max(map(len, drawn))
    widths = [max(parts[place].width for parts in drawn if place < len(parts)) for place in range(columns)]
    heights = [max(part.height for part in parts) for parts in drawn]
    head = _heading(title, lines, sum(widths) + _GAP * (columns - 1))
    height = head.height + sum(heights) + _GAP * (len(drawn) - 1) + _MARGIN
    sheet = Image.new("RGB", (head.width + 2 * _MARGIN, height), PAPER)
    sheet.paste(head, (_MARGIN, 0))
    top = head.height
    for parts, tall in zip(drawn, heights, strict=True):
        left = _MARGIN
        for part, width in zip(parts, widths, strict=False):
            sheet.paste(part.convert("RGB"), (left, top))
            left += width + _GAP
        top += tall + _GAP
    return sheet


def _heading(title: str, lines: Sequence[str], width: int) -> Image.Image:
    said = [part for line in lines for part in wrapped(line, width, _EM)]
    canvas = Canvas(width, _MARGIN + _TALL + _LINE * len(said) + 2 * _GAP, _EM)
    canvas.text(0, _MARGIN + _TALL / 2, canvas.cut(title, width, _TITLE), ink=INK, scale=_TITLE)
    for place, words in enumerate(said):
        canvas.text(0, _MARGIN + _TALL + (place + 0.5) * _LINE, words)
    rule = canvas.image.height - _GAP
    canvas.pen.line((0, rule, width, rule), fill=RULE)
    return canvas.image


def _drawn(band: Band, *, labelled: bool) -> list[Image.Image]:
    parts = [_sentence(part) if isinstance(part, str) else part for part in band.values()]
    if not labelled:
        return parts
    return [_labelled(name, part) for name, part in zip(band, parts, strict=True)]


def _sentence(words: str) -> Image.Image:
    lines = wrapped(words, _SENTENCE - 2 * _MARGIN, _EM)
    canvas = Canvas(_SENTENCE, _LINE * (len(lines) + 1), _EM)
    for place, line in enumerate(lines):
        canvas.text(_MARGIN, (place + 1) * _LINE, line, ink=INK)
    return canvas.image


def _labelled(name: str, picture: Image.Image) -> Image.Image:
    canvas = Canvas(picture.width, _LABEL + picture.height, _EM)
    canvas.text(_MARGIN, _LABEL / 2, canvas.cut(name, picture.width - _MARGIN, 1.15), ink=INK, scale=1.15)
    canvas.image.paste(picture, (0, _LABEL))
    return canvas.image
