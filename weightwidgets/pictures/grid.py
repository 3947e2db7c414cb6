"""Draws the filter grid, for readers without a front end."""

from __future__ import annotations

import json
from base64 import b64decode
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from weightwidgets.pictures._canvas import INK, Canvas, wrapped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from weightwidgets.analysis.filter_grid import FilterGrid
    from weightwidgets.analysis.matrix_picture import MatrixPicture
    from weightwidgets.analysis.tile_layout import TileLayout

_WIDTH, _MARGIN, _GAP, _LINE = 700, 12, 5, 17
_TILE, _MOST_HEIGHT = 48, 420
# The mark around the selected filter: room above and below the field, its thickness, its pointer's height.
_EDGE, _RING, _POINTER = 4, 2, 5
_TOP, _EM, _HEADING = 34, 12, 1.25


@cache
def _tables() -> dict[str, Any]:
    path = Path(__file__).parent.parent / "color.json"
    tables: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
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
        pixels = np.frombuffer(b64decode(_tables()[color]), np.uint8).reshape(256, 3)[levels]
        worst = flags
    for flag, name in enumerate(("nan", "posinf", "neginf"), start=1):
        pixels[worst == flag] = list(bytes.fromhex(_tables()[name]))
    return pixels


def faded(pixels: NDArray[np.uint8], lit: NDArray[np.bool_] | None) -> NDArray[np.uint8]:
    """Make weights outside the selected range nearly transparent, as the browser does.

    Parameters
    ----------
    pixels : numpy.ndarray
        uint8, shape (..., height, width, 3), as from `colored`.
    lit : numpy.ndarray, optional
        bool, shape (..., height, width): what stays as it is; by default all.

    Returns
    -------
    numpy.ndarray
        uint8, shape (..., height, width, 4): red, green, blue and opacity.

    """
    opacity = np.full(pixels.shape[:-1], 255, np.uint8)
    if lit is not None:
        opacity[~lit] = _faint()
    return np.concatenate([pixels, opacity[..., None]], axis=-1)


def on_paper(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lay enlarged pixels on white, with thin lines across what has faded.

    Parameters
    ----------
    pixels : numpy.ndarray
        uint8, shape (height, width, 4), as from `faded`.

    Returns
    -------
    numpy.ndarray
        uint8, shape (height, width, 3).

    """
    tables = _tables()
    height, width = pixels.shape[:2]
    crossed = np.add.outer(np.arange(height), np.arange(width)) % tables["hatch_step"] == 0
    is_line = (pixels[..., 3] == _faint()) & crossed
    line = [*bytes.fromhex(tables["hatch"]), round(255 * tables["hatch_kept"])]
    colors = np.where(is_line[..., None], np.array(line), pixels)
    mixed: NDArray[np.uint8] = np.rint(255 + (colors[..., :3] - 255.0) * (colors[..., 3:] / 255)).astype(
        np.uint8
    )
    return mixed


def _faint() -> int:
    kept: float = _tables()["kept"]
    return round(255 * kept)


class Fit(NamedTuple):
    """How many tiles one picture has room for, and how they are drawn."""

    cols: int
    rows: int
    scale: int
    gap: int

    def first(self, place: int) -> int:
        """Give the first place to draw, a whole number of rows down, so that `place` is in the picture."""
        return max(0, place // self.cols - self.rows + 1) * self.cols


def fit(layout: TileLayout) -> Fit:
    """Say which tiles a picture has room for."""
    gap = 1 if layout.height * layout.width > 1 else 0
    across, down = layout.cell_cols * layout.width, layout.cell_rows * layout.height
    scale = max(1, round(_TILE / max(across, down)))
    width, height = _tile_size(layout, scale, gap)
    cols = max(1, (_WIDTH - 2 * _MARGIN + _GAP) // (width + _GAP))
    return Fit(cols, max(1, (_MOST_HEIGHT + _GAP) // (height + _GAP)), scale, gap)


class Marks(NamedTuple):
    """What is selected.

    Attributes
    ----------
    place : int, optional
        The displayed place of the selected filter.
    lit : numpy.ndarray, optional
        bool: which pixels hold a weight in the selected range; the others fade. Shaped as the levels, without
        a last dimension of colours.
    """

    place: int | None = None
    lit: NDArray[np.bool_] | None = None


def tiles_image(
    grid: FilterGrid,
    color: str,
    count: int,
    title: str,
    caption: str,
    first: int = 0,
    marks: Marks = Marks(),  # noqa: B008 -- it cannot be changed
) -> Image.Image:
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
    first : int
        The displayed place of the first of `grid`, as from `Fit.first`.
    marks : Marks
        A ring stands around the selected filter.

    Returns
    -------
    PIL.Image.Image
        RGB, 700 pixels wide, dark on white.

    """
    cols, rows, scale, gap = fit(grid.layout)
    width, height = _tile_size(grid.layout, scale, gap)
    shown = min(len(grid.filters), cols * rows)
    lit = None if marks.lit is None else marks.lit[:shown]
    pixels = faded(colored(grid.levels[:shown], grid.flags[:shown], color), lit)
    if shown < count:
        which = f"Tiles {first + 1:,} to {first + shown:,}" if first else f"The first {shown:,}"
        caption = f"{which} of {count:,}. {caption}"
    down = -(-shown // cols) * (height + _GAP) - _GAP
    field = Image.new("RGB", (_WIDTH, down + 2 * _EDGE), "white")
    for place, tile in enumerate(pixels):
        left = place % cols * (width + _GAP) + _MARGIN
        top = place // cols * (height + _GAP) + _EDGE
        field.paste(Image.fromarray(on_paper(_mosaic(tile, grid.layout, scale, gap))), (left, top))
        if marks.place == first + place:
            _draw_ring(field, (left, top, left + width, top + height), 1)
    return _sheet(field, title, caption)


def matrix_image(
    picture: MatrixPicture,
    limit: float,
    title: str,
    caption: str,
    marks: Marks = Marks(),  # noqa: B008 -- it cannot be changed
) -> Image.Image:
    """Draw a matrix, blue over zero to orange, up to `limit` (weight units); else as `tiles_image`."""
    from weightwidgets.analysis.filter_grid import flags_of, symmetric_levels

    colors = colored(symmetric_levels(picture.values, limit), flags_of(picture.values), "diverging")
    pixels = faded(colors, marks.lit)
    height, width = pixels.shape[:2]
    scale = max(1, min((_WIDTH - 2 * _MARGIN) // width, _MOST_HEIGHT // height))
    drawn = _enlarged(pixels, scale)
    field = Image.new("RGB", (_WIDTH, drawn.height + 2 * _EDGE), "white")
    field.paste(drawn, (_MARGIN, _EDGE))
    if marks.place is not None:
        top = _EDGE + marks.place // picture.block_rows * scale
        _draw_ring(field, (_MARGIN, top, _MARGIN + drawn.width, top + scale), 0)
        _draw_pointer(field, top + scale // 2)
    return _sheet(field, title, caption)


def _tile_size(layout: TileLayout, scale: int, gap: int) -> tuple[int, int]:
    return (
        layout.cell_cols * (layout.width * scale + gap) - gap,
        layout.cell_rows * (layout.height * scale + gap) - gap,
    )


def _mosaic(tile: NDArray[np.uint8], layout: TileLayout, scale: int, gap: int) -> NDArray[np.uint8]:
    """Lay the cells of a tile side by side; by way of Pillow, thousands of cells would take a second."""
    rows, cols = layout.cell_rows, layout.cell_cols
    high, wide = layout.height * scale + gap, layout.width * scale + gap
    sheet = np.full((rows * cols, high, wide, 4), 255, np.uint8)
    sheet[: len(tile), : high - gap, : wide - gap] = tile.repeat(scale, axis=1).repeat(scale, axis=2)
    arranged = sheet.reshape(rows, cols, high, wide, 4).swapaxes(1, 2).reshape(rows * high, cols * wide, 4)
    return arranged[: rows * high - gap, : cols * wide - gap]


def _draw_ring(field: Image.Image, box: tuple[int, int, int, int], space: int) -> None:
    """Draw the mark of what is selected around a box, `space` pixels away; the box itself stays free."""
    left, top, right, bottom = box
    out = space + _RING
    ImageDraw.Draw(field).rectangle(
        (left - out, top - out, right + out - 1, bottom + out - 1),
        outline=f"#{_tables()['selected']}",
        width=_RING,
    )


def _draw_pointer(field: Image.Image, middle: int) -> None:
    """Point at the selected row from the left: also where the row is thin it is found."""
    tip = _MARGIN - _RING - 1
    corners = [(tip, middle), (tip - _POINTER, middle - _POINTER), (tip - _POINTER, middle + _POINTER)]
    ImageDraw.Draw(field).polygon(corners, fill=f"#{_tables()['selected']}")


def _enlarged(pixels: NDArray[np.uint8], scale: int) -> Image.Image:
    return Image.fromarray(on_paper(np.repeat(np.repeat(pixels, scale, axis=0), scale, axis=1)))


def _sheet(field: Image.Image, title: str, caption: str) -> Image.Image:
    room = _WIDTH - 2 * _MARGIN
    lines = wrapped(caption, room, _EM)
    below = _TOP + field.height + _LINE
    canvas = Canvas(_WIDTH, below + _LINE * len(lines) + _MARGIN // 2, _EM)
    canvas.text(_MARGIN, _TOP / 2, canvas.cut(title, room, _HEADING), ink=INK, scale=_HEADING)
    canvas.image.paste(field, (0, _TOP))
    for row, line in enumerate(lines):
        canvas.text(_MARGIN, below + row * _LINE, line)
    return canvas.image
