"""Draws the heads of an attention block, and the spectra of the selected one among the others."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from weightwidgets.analysis.filter_grid import flags_of, symmetric_levels
from weightwidgets.analysis.heads import ROLES
from weightwidgets.pictures._canvas import INK, MUTED, RULE, Canvas, wrapped
from weightwidgets.pictures._numbers import number
from weightwidgets.pictures.grid import colored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from weightwidgets.analysis.heads import Heads, Role
    from weightwidgets.analysis.matrix_picture import MatrixPicture

_WIDTH, _MARGIN, _GAP, _EM, _LINE = 900, 14, 12, 12, 17
_TILE_WIDTH, _TILE_HEIGHT, _FOOT = 120, 72, 30
_MOST_LINES = 6
_CHART_HEIGHT, _CHART_LEFT, _CHART_TOP, _CHART_BASE = 190, 50, 26, 34
_MOST_DECADES = 8
_ACCENT, _BAR, _OTHERS = "#0b62c4", "#8a97a6", "#8a97a690"


@dataclass(frozen=True, eq=False)
class HeadTiles:
    """The pictures of the heads, or of the key/value heads that they share, and the limit of their scale."""

    pictures: Sequence[MatrixPicture]
    limit: float


def heads_picture(
    title: str, numbers: Heads, role: Role, head: int, tiles: HeadTiles | None, caption: str
) -> Image.Image:
    """Draw a tile for each head with its norm, and below them the singular values of QK and OV.

    Parameters
    ----------
    title, caption : str
        Text above and below, safe to look at.
    numbers : Heads
        Of all heads.
    role : {"q", "k", "v", "o", "qk", "ov"}
        What the tiles and their norms are of.
    head : int
        The selected head: framed, and its spectra in front.
    tiles : HeadTiles or None
        None where the pictures are too large to be made; the norms are then written alone.

    Returns
    -------
    PIL.Image.Image
        RGB, 900 pixels wide, dark on white. Beyond six lines of tiles, those around the selected head.

    """
    room = _WIDTH - 2 * _MARGIN
    pictures = [] if tiles is None else [_tile(picture, tiles.limit) for picture in tiles.pictures]
    height = pictures[0].height if pictures else 0
    width = max(pictures[0].width if pictures else 0, 96)
    count = numbers.norms.shape[1]
    across = max(1, (room + _GAP) // (width + _GAP))
    lines = -(-count // across)
    first = min(max(head // across - _MOST_LINES // 2, 0), max(lines - _MOST_LINES, 0))
    shown = range(first * across, min((first + _MOST_LINES) * across, count))
    if len(shown) < count:
        caption = f"Heads {shown[0]} to {shown[-1]} of {count}. {caption}"
    if tiles is not None:
        caption = f"{role.upper()}, all heads on one scale, ±{number(tiles.limit)}. {caption}"
    words = wrapped(caption, room, _EM)
    step = height + _FOOT + _GAP
    top, charts = _MARGIN + 30, _MARGIN + 30 + -(-len(shown) // across) * step
    canvas = Canvas(_WIDTH, charts + _CHART_HEIGHT + _MARGIN + len(words) * _LINE, _EM)
    canvas.text(_MARGIN, _MARGIN + 8, canvas.cut(title, room, 1.2), ink=INK, scale=1.2)
    norms = numbers.norms[ROLES.index(role)]
    for place, shown_head in enumerate(shown):
        corner = (_MARGIN + place % across * (width + _GAP), top + place // across * step)
        picture = pictures[shown_head * len(pictures) // count] if pictures else None
        _draw_tile(canvas, corner, (width, height), picture, shown_head, norms)
        if shown_head == head:
            left, upper = corner
            frame = (left - 4, upper - 4, left + width + 3, upper + height + _FOOT)
            canvas.pen.rectangle(frame, outline=_ACCENT, width=2)
    for place, (name, spectra) in enumerate((("QK", numbers.qk), ("OV", numbers.ov))):
        left = _MARGIN + place * (room + _GAP) // 2
        _draw_spectra(canvas, name, spectra, head, (left, charts, left + (room - _GAP) // 2))
    for line, text in enumerate(words):
        canvas.text(_MARGIN, charts + _CHART_HEIGHT + _LINE // 2 + line * _LINE, text)
    return canvas.image


def _tile(picture: MatrixPicture, limit: float) -> Image.Image:
    pixels = colored(symmetric_levels(picture.values, limit), flags_of(picture.values), "diverging")
    height, width = pixels.shape[:2]
    scale = max(1, min(_TILE_WIDTH // width, _TILE_HEIGHT // height))
    return Image.fromarray(np.repeat(np.repeat(pixels, scale, axis=0), scale, axis=1))


def _draw_tile(
    canvas: Canvas,
    corner: tuple[int, int],
    size: tuple[int, int],
    picture: Image.Image | None,
    head: int,
    norms: NDArray[np.float64],
) -> None:
    (left, top), (width, height) = corner, size
    if picture is not None:
        canvas.image.paste(picture, (left + (width - picture.width) // 2, top))
    middle = top + height + 11
    canvas.text(left, middle, f"head {head}", ink=INK)
    canvas.text(left + width, middle, number(norms[head]), anchor="rm")
    largest = norms[np.isfinite(norms)].max(initial=0)
    length = round(width * norms[head] / largest) if largest > 0 and math.isfinite(norms[head]) else 0
    if length:
        canvas.pen.rectangle((left, middle + 9, left + length - 1, middle + 12), fill=_BAR)


def _draw_spectra(
    canvas: Canvas, name: str, spectra: NDArray[np.float64], head: int, place: tuple[int, int, int]
) -> None:
    left, top, right = place
    canvas.text(left, top + 8, f"{name} singular values of head {head} (blue) and the others", ink=INK)
    usable = spectra[np.isfinite(spectra) & (spectra > 0)]
    if usable.size == 0:
        canvas.text(left, top + 30, "none above zero")
        return
    last = math.ceil(math.log10(usable.max()))
    first = min(max(math.floor(math.log10(usable.min())), last - _MOST_DECADES), last - 1)
    low, base, x0 = top + _CHART_TOP, top + _CHART_HEIGHT - _CHART_BASE, left + _CHART_LEFT
    for decade in range(last, first - 1, -max(1, math.ceil((last - first) / 4))):
        y = base - (decade - first) * (base - low) / (last - first)
        canvas.pen.line((x0, y, right, y), fill=RULE)
        canvas.text(x0 - 5, y, number(10.0**decade), anchor="rm")
    count = spectra.shape[1]
    xs = np.linspace(x0 + 4, right - 4, count) if count > 1 else np.array([(x0 + right) / 2])
    for mark in {1, count}:
        canvas.text(xs[mark - 1], base + 11, str(mark), anchor="mm", ink=MUTED)
    canvas.text((x0 + right) / 2, base + (11 if count > 1 else 24), "rank", anchor="mm")
    with np.errstate(divide="ignore", invalid="ignore"):
        heights = np.clip((np.log10(spectra) - first) / (last - first), 0, None)
    ys = base - heights * (base - low)
    for row in [*(row for row in range(len(spectra)) if row != head), head]:
        if np.isfinite(spectra[row]).all():
            ink, thick = (_ACCENT, 2) if row == head else (_OTHERS, 1)
            ends = [(x0, ys[row, 0]), (right, ys[row, 0])] if count == 1 else zip(xs, ys[row], strict=True)
            canvas.pen.line([(float(x), float(y)) for x, y in ends], fill=ink, width=thick)
