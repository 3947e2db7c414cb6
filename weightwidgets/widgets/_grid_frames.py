"""The frames of the filter grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from weightwidgets import wire

from . import _grid_words as words
from ._filter import noun

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from PIL import Image

    from weightwidgets.analysis.filter_grid import FilterGrid
    from weightwidgets.analysis.matrix_picture import MatrixPicture

    from ._grid_subject import Subject

#: Pages whose masks travel together: at one bit per weight, as many bytes as one page.
SHEET_PAGES = 100
PAGES_PER_ANSWER = 2
#: The selected row of a matrix is enlarged: more pixels than of any row in the picture.
ROW_PIXELS = 1024


def frame(subject: Subject) -> wire.Frame:
    """Say what is shown and how, without the tiles; a matrix is in it whole."""
    layer = subject.layer
    picture = matrix(subject) if subject.is_matrix else None
    return wire.frame(
        token=subject.token,
        mode="matrix" if picture is not None else "tiles",
        title=wire.display_name(layer.name),
        description=words.description(subject),
        unit=noun(subject.layer),
        color=subject.color,
        scope=words.scope(subject),
        shares_scale=subject.shares_scale,
        notes=words.notes(subject, picture),
        axes=words.axes(subject),
        count=subject.count,
        order=subject.order,
        limit=np.array([subject.limit if subject.has_scale else np.nan]),
        channels=subject.shape[1] if subject.is_convolution else 0,
        input_channel=subject.ask.input_channel if subject.is_convolution else None,
        depths=subject.depths,
        depth_index=subject.depth_index,
        groups=_groups(subject),
        images=words.image_label(subject) or None,
        tiles=None if picture is not None else _tiles(subject),
        picture=None if picture is None else _picture(subject, picture),
    )


def pages_asked_for(subject: Subject, wanted: Mapping[str, Any]) -> tuple[int, ...] | None:
    """Read which pages the browser misses; None where it has not said so of what is shown now."""
    if wanted.get("token") != subject.token:
        return None
    known = [page for page in wanted.get("pages", []) if page in range(subject.page_count)]
    return tuple(known[:PAGES_PER_ANSWER]) or None


def sheet_asked_for(subject: Subject, wanted: Mapping[str, Any]) -> int:
    """Read which masks the browser misses."""
    sheet = wanted.get("sheet", 0) if wanted.get("token") == subject.token else 0
    sheets = 1 if subject.is_matrix else -(-subject.page_count // SHEET_PAGES)
    return sheet if sheet in range(sheets) else 0


def pages(subject: Subject, asked: tuple[int, ...] | None) -> wire.Frame:
    """Give the tiles of some pages, in displayed order; at first the top and the selected filter's."""
    if asked is None:
        # A live layer may have lost filters since one was selected.
        place = subject.place(min(subject.ask.filter_index, subject.count - 1))
        asked = tuple(sorted({0, place // subject.page_size}))
    return wire.frame(token=subject.token, pages=[_page(subject, page) for page in asked])


def row(subject: Subject) -> wire.Frame:
    """Give the selected row of a matrix, each pixel a block of its columns, and which are in the range."""
    from weightwidgets.analysis._rows import pool, pool_any
    from weightwidgets.analysis.filter_grid import flags_of, symmetric_levels
    from weightwidgets.analysis.selection import in_range

    index, selected_range = subject.ask.filter_index, subject.ask.selected_range
    numbers = _rows(subject, np.array([index]))
    block = -(-subject.shape[1] // ROW_PIXELS)
    values = pool(numbers, 1, block)[0]
    mask = None
    if selected_range is not None:
        mask = _bits(pool_any(in_range(numbers, selected_range, subject.extent.high), 1, block))
    return wire.frame(
        token=subject.token,
        filter_index=index,
        levels=symmetric_levels(values, subject.limit),
        values=values,
        nonfinite=bool(flags_of(values).any()),
        norm=_norms(numbers),
        block_cols=block,
        mask=mask,
    )


def lit(subject: Subject, sheet: int) -> wire.Frame:
    """Give, one bit per pixel, which weights lie in the selected range; one mask for a whole matrix."""
    selected_range = subject.ask.selected_range
    if selected_range is None:
        return wire.frame(token=subject.token, first=0, masks=None, said="")
    said = words.faded(subject)
    if subject.is_matrix:
        return wire.frame(token=subject.token, first=0, masks=[_bits(_matrix_mask(subject))], said=said)
    first = sheet * SHEET_PAGES
    last = min(first + SHEET_PAGES, subject.page_count)
    masks = [_page_mask(subject, page) for page in range(first, last)]
    return wire.frame(token=subject.token, first=first, masks=masks, said=said)


def picture(subject: Subject) -> Image.Image:
    """Draw the tiles around the selected filter, or the matrix, for readers without a front end."""
    from weightwidgets.pictures.grid import Marks, fit, matrix_image, tiles_image

    shown = matrix(subject) if subject.is_matrix else None
    title = f"{wire.display_name(subject.layer.name)} · {words.description(subject)}"
    told = [words.scope(subject), words.faded(subject), *words.notes(subject, shown)]
    caption = " ".join(sentence for sentence in told if sentence)
    place = subject.place(min(subject.ask.filter_index, subject.count - 1))
    is_lit = subject.ask.selected_range is not None
    if shown is not None:
        marks = Marks(place, _matrix_mask(subject) if is_lit else None)
        return matrix_image(shown, subject.limit, title, caption, marks)
    room = fit(subject.layout)
    first = room.first(place)
    filters = subject.filters(first, first + room.cols * room.rows)
    marks = Marks(place, _tile_masks(subject, filters) if is_lit else None)
    return tiles_image(tiles(subject, filters), subject.color, subject.count, title, caption, first, marks)


def matrix(subject: Subject) -> MatrixPicture:
    """Make the picture of all rows."""
    from weightwidgets.analysis._cache import shared
    from weightwidgets.analysis.matrix_picture import matrix_picture

    key = (subject.ask.version, "matrix_picture", subject.ask.shuffled, subject.order is not None)
    return shared.get(key, lambda: matrix_picture(subject.weight, *subject.max_pixels, order=subject.order))


def tiles(subject: Subject, filters: NDArray[np.int64]) -> FilterGrid:
    """Make the tiles of some filters."""
    from weightwidgets.analysis.filter_grid import filter_grid

    return filter_grid(
        subject.weight,
        filters=filters.tolist(),
        color_scope=subject.color_scope,
        limit=subject.limit,
        layout=subject.layout,
    )


def _rows(subject: Subject, filters: NDArray[np.int64]) -> NDArray[np.floating]:
    from weightwidgets.analysis._rows import rows_of

    return rows_of(subject.weight, filters)


def _groups(subject: Subject) -> dict[str, int] | None:
    groups = subject.layer.groups
    if groups == 1:
        return None
    return {"filters": subject.count // groups, "channels": subject.shape[1]}


def _tiles(subject: Subject) -> dict[str, int]:
    layout = subject.layout
    return {
        "page_size": subject.page_size,
        "sheet_pages": SHEET_PAGES,
        "cells": layout.cells,
        "cell_rows": layout.cell_rows,
        "cell_cols": layout.cell_cols,
        "height": layout.height,
        "width": layout.width,
        "depth": layout.depth,
        "slices": layout.slices,
        "block_rows": layout.block_rows,
        "block_cols": layout.block_cols,
        "rows": layout.rows,
        "cols": layout.cols,
    }


def _picture(subject: Subject, picture: MatrixPicture) -> dict[str, Any]:
    from weightwidgets.analysis.filter_grid import flags_of, symmetric_levels

    height, width = picture.values.shape
    return {
        "height": height,
        "width": width,
        "rows": subject.shape[0],
        "cols": subject.shape[1],
        "block_rows": picture.block_rows,
        "block_cols": picture.block_cols,
        "levels": symmetric_levels(picture.values, subject.limit),
        "values": picture.values,
        "nonfinite": bool(flags_of(picture.values).any()),
    }


def _page(subject: Subject, page: int) -> dict[str, Any]:
    filters = subject.filters(page * subject.page_size, (page + 1) * subject.page_size)
    grid = tiles(subject, filters)
    norms = _norms(_rows(subject, filters))
    limits = grid.limits.copy()
    # A filter without a finite weight has no ends of its own, which the analysis writes as zeros.
    limits[np.isnan(norms) & ~limits.any(axis=1)] = np.nan
    return {
        "page": page,
        "levels": grid.levels,
        "values": grid.values,
        "nonfinite": bool(grid.flags.any()),
        "limits": limits,
        "norms": norms,
    }


def _norms(numbers: NDArray[np.floating]) -> NDArray[np.float64]:
    """Measure filters; NaN where no weight is finite, whose sum of nothing is no norm."""
    from weightwidgets.analysis.norms import unit_norms

    found = unit_norms(numbers)
    if found.non_finite == 0:
        return found.l2
    is_known = np.isfinite(numbers).reshape(len(numbers), -1).any(axis=1)
    return np.where(is_known, found.l2, np.nan)


def _page_mask(subject: Subject, page: int) -> NDArray[np.uint8]:
    return _bits(
        _tile_masks(subject, subject.filters(page * subject.page_size, (page + 1) * subject.page_size))
    )


def _tile_masks(subject: Subject, filters: NDArray[np.int64]) -> NDArray[np.bool_]:
    from weightwidgets.analysis.selection import in_range

    inside = in_range(_rows(subject, filters), subject.ask.selected_range, subject.extent.high)
    # Of zeros and ones the extreme of a block is one where any weight in it is one.
    arranged = subject.layout.arrange(inside.astype(np.float32)) > 0
    return np.asarray(arranged.any(axis=-1) if subject.layout.depth == 3 else arranged)


def _matrix_mask(subject: Subject) -> NDArray[np.bool_]:
    from weightwidgets.analysis.matrix_picture import matrix_mask

    return matrix_mask(
        subject.weight,
        subject.ask.selected_range,
        subject.extent.high,
        *subject.max_pixels,
        order=subject.order,
    )


def _bits(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    return np.packbits(mask.reshape(-1), bitorder="little")
