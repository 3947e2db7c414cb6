"""How a filter's place in the cells of its layer travels: exact, and in as few bytes as that takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from weightwidgets.analysis.histogram_table import OUTSIDE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from weightwidgets.wire import Frame


def pack_cells(
    cell_of: NDArray[np.uint16], cells: int
) -> dict[str, NDArray[np.unsignedinteger] | Frame | None]:
    """Pack the cells of `n` weights as one number per weight, or as counts per cell: whichever is smaller.

    Counts are cut to 8 or 16 bits; `carry` says what the few counts that need more have above that. So a
    filter costs at most two bytes per weight and, however large, little more than two bytes per cell.

    Parameters
    ----------
    cell_of : numpy.ndarray
        uint16, shape ``(n,)``, as from `HistogramTable.cell_of`.
    cells : int
        Number of cells of the layer.

    Returns
    -------
    dict
        ``weights``: `cell_of`, or None. ``cells``: uint8 or uint16, shape ``(cells,)``, or None. ``carry``:
        None, or ``index`` and ``count``, to be added to `cells`.

    """
    counts = np.bincount(cell_of[cell_of != OUTSIDE], minlength=cells)
    packed = [_cut(counts, dtype) for dtype in (np.uint8, np.uint16)]
    whole: dict[str, NDArray[np.unsignedinteger] | Frame | None]
    whole = {"weights": cell_of, "cells": None, "carry": None}
    return min((whole, *packed), key=_size)


def _cut(
    counts: NDArray[np.int64], dtype: type[np.uint8 | np.uint16]
) -> dict[str, NDArray[np.unsignedinteger] | Frame | None]:
    low: NDArray[np.unsignedinteger] = counts.astype(dtype)
    index = np.flatnonzero(counts > np.iinfo(dtype).max)
    above = {"index": index.astype(np.uint16), "count": counts[index] - low[index]}
    return {"weights": None, "cells": low, "carry": above if index.size else None}


def _size(packed: dict[str, NDArray[np.unsignedinteger] | Frame | None]) -> int:
    size = 0
    for part in packed.values():
        arrays = part.values() if isinstance(part, dict) else [part]
        size += sum(array.nbytes for array in arrays if isinstance(array, np.ndarray))
    return size
