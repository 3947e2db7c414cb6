"""The frames of the weight matrix."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from weightwidgets import wire

from . import _matrix_words as words
from ._filter import noun

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from PIL import Image

    from ._matrix_subject import MatrixSubject

Place = tuple[int, int, int, int]
"""A tile: level of its rows, level of its columns, place down, place across."""

#: A tile's side in pixels; with levels and values a page is within 128 kB. Even, so that ties take turns
#: alike in every tile.
SIDE, WIDE_SIDE = 128, 112
_PAGE_BYTES = 900_000
_IMAGE_SIDE = 128
# Pixels of a picture drawn in Python.
_SHEET = (420, 676)


def side(subject: MatrixSubject) -> int:
    """Give the side of a tile: smaller where a weight takes eight bytes."""
    dtype = subject.layer.dtype
    return WIDE_SIDE if not dtype.is_floating_point or dtype.itemsize > 4 else SIDE


def tiles_per_answer(subject: MatrixSubject) -> int:
    """Say how many tiles one message may carry."""
    return _PAGE_BYTES // (side(subject) ** 2 * (9 if side(subject) == WIDE_SIDE else 5) + 12_000)


def overview_levels(subject: MatrixSubject) -> tuple[int, int]:
    """Give the zoom at which the whole matrix is at most 2 x 4 tiles."""
    return subject.levels_within((2 * side(subject), 4 * side(subject)))


def frame(subject: MatrixSubject) -> wire.Frame:
    """Say what is shown and how, without the weights."""
    return wire.frame(
        token=subject.token,
        # While this stays the same, older tiles may be looked at until the new ones are there.
        arrangement=wire.token((subject.layer.name, subject.rows, subject.ask.order, subject.ask.shuffled)),
        title=wire.display_name(subject.layer.name),
        description=words.description(subject),
        unit=noun(subject.layer),
        scope=words.scale_note(subject),
        notes=words.notes(subject),
        rows=subject.rows,
        cols=subject.cols,
        side=side(subject),
        tiles_per_answer=tiles_per_answer(subject),
        overview=list(overview_levels(subject)),
        limit=np.array([subject.limit]),
        pooling=subject.ask.pooling,
        order=subject.ask.order,
        single=side(subject) == SIDE,
        preview=subject.measured is None,
        nonfinite=subject.extent.non_finite > 0,
        labelled=subject.named is not None,
        can_shuffle=subject.can_shuffle,
        offers=json.dumps(words.image_offers(subject.cols)),
    )


def tiles_asked_for(subject: MatrixSubject, wanted: Mapping[str, Any]) -> tuple[Place, ...]:
    """Read which tiles the browser misses; the whole matrix where it has not said so of what is shown."""
    if wanted.get("token") == subject.token and isinstance(wanted.get("tiles"), list):
        known = [tuple(place) for place in wanted["tiles"] if _is_tile(subject, place)]
        if known:
            return tuple(known[: tiles_per_answer(subject)])
    levels = overview_levels(subject)
    down, across = _tiles_at(subject, levels)
    return tuple((*levels, row, col) for row in range(down) for col in range(across))


def _is_tile(subject: MatrixSubject, place: object) -> bool:
    if not (isinstance(place, list) and [type(part) for part in place] == [int] * 4):
        return False
    deepest = subject.levels_within((1, 1))
    if not (0 <= place[0] <= deepest[0] and 0 <= place[1] <= deepest[1]):
        return False
    down, across = _tiles_at(subject, (place[0], place[1]))
    return place[2] in range(down) and place[3] in range(across)


def _tiles_at(subject: MatrixSubject, levels: tuple[int, int]) -> tuple[int, int]:
    size = side(subject)
    return -(-subject.rows // (size << levels[0])), -(-subject.cols // (size << levels[1]))


def pages(subject: MatrixSubject, asked: tuple[Place, ...]) -> wire.Frame:
    """Give some tiles: the pixels, and which row stands for each line of them."""
    return wire.frame(token=subject.token, tiles=[_tile(subject, place) for place in asked])


def _tile(subject: MatrixSubject, place: Place) -> dict[str, Any]:
    row_level, col_level, down, across = place
    size = side(subject)
    top, left = slice(down * size, (down + 1) * size), slice(across * size, (across + 1) * size)
    values = subject.pixels((row_level, col_level), top, left)
    first = (np.arange(len(values)) + top.start) << row_level
    middle = np.minimum(first + (1 << row_level) // 2, subject.rows - 1)
    rows = subject.rows_at(middle)
    named = subject.named if row_level == 0 else None
    return {
        "place": list(place),
        "rows": rows,
        "labels": "" if named is None else _texts([named.shown(row) for row in rows.tolist()]),
        **_leveled(subject, values),
    }


def _leveled(subject: MatrixSubject, values: NDArray[np.floating]) -> dict[str, Any]:
    from weightwidgets.analysis.filter_grid import flags_of, symmetric_levels

    return {
        "levels": symmetric_levels(values, subject.limit),
        "values": values,
        "height": values.shape[-2],
        "width": values.shape[-1],
        "nonfinite": bool(flags_of(values).any()),
    }


def row(subject: MatrixSubject) -> wire.Frame:
    """Give the selected row: where it is shown, its name and norm, and the image that it is taken for."""
    from weightwidgets.analysis._rows import rows_of
    from weightwidgets.analysis.norms import unit_norms

    index = min(subject.ask.filter_index, subject.rows - 1)
    numbers = rows_of(subject.weight, np.array([index]))
    return wire.frame(
        token=subject.token,
        filter_index=index,
        place=subject.place_of(index),
        label=subject.named.shown(index) if subject.named else "",
        norm=unit_norms(numbers).l2,
        image=_image(subject, numbers[0]),
    )


def _image(subject: MatrixSubject, numbers: NDArray[np.floating]) -> dict[str, Any] | None:
    from weightwidgets.analysis._rows import pool

    shape = subject.ask.image_shape
    if not shape:
        return None
    depth, high, wide = (1,) * (3 - len(shape)) + tuple(shape)
    block = max(1, -(-high // _IMAGE_SIDE), -(-wide // _IMAGE_SIDE))
    # One below the other: each channel keeps the layer's scale, so that zero looks the same in all.
    channels = pool(numbers.reshape(depth, high, wide), block, block)
    return {
        "depth": depth,
        "block": block,
        "shape": " × ".join(str(part) for part in shape),  # noqa: RUF001
        **_leveled(subject, channels),
    }


def hits(subject: MatrixSubject) -> wire.Frame:
    """Give the rows whose names answer the search."""
    named, search = subject.named, subject.ask.search
    found = named.find(search) if named else []
    names = [named.shown(index) for index in found] if named else []
    return wire.frame(search=search, rows=np.array(found, np.int64), labels=_texts(names))


def _texts(texts: list[str]) -> str:
    # One text part instead of hundreds: each part of a frame is a buffer of its own on the wire.
    return json.dumps(texts)


def picture(subject: MatrixSubject) -> Image.Image:
    """Draw the whole matrix, for readers without a front end."""
    from weightwidgets.pictures.matrix import matrix_image

    high, wide = subject.levels_within(_SHEET)
    everything = slice(0, max(_SHEET))
    values = subject.pixels((high, wide), everything, everything)
    title = f"{wire.display_name(subject.layer.name)} · {words.description(subject)}"
    return matrix_image(values, subject.limit, title, [words.scale_note(subject), *words.notes(subject)])
