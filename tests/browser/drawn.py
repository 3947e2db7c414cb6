"""Reads numbers back from pixels: the heights of bars and the colours of tiles, as a viewer sees them.

Nothing here knows how the views lay out what they draw: the area of the bars is where bars are, and tiles are
what stands between transparent gaps.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from playwright.sync_api import Locator

TABLES = json.loads((Path(__file__).parents[2] / "weightwidgets/color.json").read_text(encoding="utf-8"))
# Cells of one tile are one pixel apart; tiles at least five.
_WIDEST_GAP_IN_A_TILE = 2

_PIXELS = """canvas => {
  const { data, width, height } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let text = "";
  for (let start = 0; start < data.length; start += 32768)
    text += String.fromCharCode(...data.subarray(start, start + 32768));
  return { text: btoa(text), width, height };
}"""


def pixels(canvas: Locator) -> NDArray[np.int16]:
    """Read a canvas: red, green, blue and opacity, shape (height, width, 4)."""
    read: dict[str, Any] = canvas.evaluate(_PIXELS)
    data = np.frombuffer(base64.b64decode(read["text"]), np.uint8)
    return data.reshape(read["height"], read["width"], 4).astype(np.int16)


def color(text: str) -> NDArray[np.int16]:
    """Read ``#rrggbb`` or ``rgb(r, g, b)``."""
    if text.startswith("#"):
        return np.frombuffer(bytes.fromhex(text[1:]), np.uint8).astype(np.int16)
    return np.array([int(part) for part in text[4:-1].split(",")], np.int16)


def theme_color(view: Locator, name: str) -> NDArray[np.int16]:
    """Read one of a view's colours."""
    read = "(element, name) => getComputedStyle(element).getPropertyValue(name).trim()"
    return color(view.evaluate(read, f"--ww-{name}"))


@dataclass(frozen=True)
class Bars:
    """Heights in pixels of the filter's outline and of the layer's bars, and the height of their area.

    Where the outline or the dashes at zero hide the top of a bar in all of its columns, the bar is from
    `least` to `most` high; else the two are equal.
    """

    least: NDArray[np.int64]
    most: NDArray[np.int64]
    filter: NDArray[np.int64]
    full: int


def read_bars(view: Locator, bins: int) -> Bars:
    """Read a histogram of `bins` bins that goes from the smallest to the largest weight.

    Its area is taken from the picture: the width from the base line, the height from what reaches highest.
    """
    image = pixels(view.locator(".ww-histogram-bars"))
    bar, line = theme_color(view, "bar"), theme_color(view, "overlay")
    # Over a bar may lie the filter's faint filling.
    tinted = np.rint(0.84 * bar + 0.16 * line)
    is_line = _is(image, line, 1)
    is_bar = _is(image, bar, 1) | _is(image, tinted, 2)
    bottom = int(np.flatnonzero(is_bar.any(axis=1))[-1]) + 1
    columns = np.flatnonzero(_is(image, theme_color(view, "line"), 1)[bottom])
    left, right = int(columns[0]), int(columns[-1]) + 1
    # Upwards from the base line until nothing is drawn: words stand above the area, apart from it.
    full = int((image[bottom - 1 :: -1, left:right, 3] == 0).argmax(axis=0).max())
    edges = np.floor(np.arange(bins + 1) * (right - left) / bins + 0.5).astype(int)

    # The faint filling hides nothing.
    is_hiding = (image[..., 3] > 64) & ~is_bar
    found = []
    for first, last in pairwise(left + edges):
        area = np.s_[bottom - full : bottom, first:last]
        least = _reached(is_bar[area].any(axis=1))
        hidden = [*is_hiding[area].all(axis=1)[::-1][least:], False].index(False)
        found.append((least, least + hidden, _reached(is_line[area].any(axis=1))))
    least_all, most_all, outline = np.array(found).T
    return Bars(least_all, most_all, outline, full)


def _reached(rows: NDArray[np.bool_]) -> int:
    return len(rows) - int(rows.argmax()) if rows.any() else 0


def _is(image: NDArray[np.int16], wanted: NDArray[np.floating] | NDArray[np.int16], off: int) -> Any:
    return (image[..., 3] == 255) & (np.abs(image[..., :3] - wanted).max(axis=2) <= off)


def levels(share: NDArray[np.floating]) -> NDArray[np.int64]:
    """Give the entries of the colour table for shares of the limit: 128 is zero, 255 the limit."""
    found: NDArray[np.int64] = np.rint(128 + 127 * np.clip(share, -1, 1)).astype(np.int64)
    return found


def read_tiles(view: Locator, height: int, width: int) -> NDArray[np.int16]:
    """Read every whole tile in sight, in the order in which they stand, one value per weight.

    Parameters
    ----------
    view : Locator
        A filter grid.
    height, width : int
        Weights of a cell.

    Returns
    -------
    numpy.ndarray
        Red, green, blue and opacity, shape (tiles, cells, height, width, 4); cells that are not there are 0.

    Raises
    ------
    AssertionError
        If a weight is not one square of one colour.
    """
    image = pixels(view.locator(".ww-grid-canvas"))
    # The ring around the selected tile stands between the tiles.
    image[_is(image, color("#" + TABLES["selected"]), 0)] = 0
    solid: NDArray[np.bool_] = image[..., 3] > 0
    columns = _tiles_of(np.asarray(solid.any(axis=0)), width)
    rows = _tiles_of(np.asarray(solid.any(axis=1)), height)
    found = []
    for tile_rows in rows:
        for tile_columns in columns:
            cells = [
                _weights(image[top:bottom, left:right], height, width)
                for top, bottom in tile_rows
                for left, right in tile_columns
            ]
            if any(cell.any() for cell in cells):
                found.append(np.stack(cells))
    return np.stack(found)


def _tiles_of(is_solid: NDArray[np.bool_], weights: int) -> list[list[tuple[int, int]]]:
    """Give the extents of the cells of each tile along one axis, without a tile that is cut off."""
    steps = np.flatnonzero(np.diff(np.concatenate([[False], is_solid, [False]]).astype(np.int8)))
    runs = list(zip(steps[::2].tolist(), steps[1::2].tolist(), strict=True))
    tiles = [[runs[0]]]
    for before, run in pairwise(runs):
        if run[0] - before[1] <= _WIDEST_GAP_IN_A_TILE:
            tiles[-1].append(run)
        else:
            tiles.append([run])
    tiles = [tile for tile in tiles if tile[-1][1] - tile[0][0] == tiles[0][-1][1] - tiles[0][0][0]]
    assert {(end - start) % weights for tile in tiles for start, end in tile} == {0}
    return tiles


def _weights(cell: NDArray[np.int16], height: int, width: int) -> NDArray[np.int16]:
    scale = cell.shape[0] // height
    assert cell.shape == (height * scale, width * scale, 4)
    squares = cell.reshape(height, scale, width, scale, 4).swapaxes(1, 2).reshape(height, width, scale**2, 4)
    # Lines cross the squares of weights that have faded.
    is_line = squares[..., 3] == round(255 * TABLES["hatch_kept"])
    own = np.take_along_axis(squares, is_line.argmin(axis=-1)[..., None, None], axis=2)
    assert ((squares == own).all(axis=-1) | is_line).all()
    return np.asarray(own[:, :, 0])
