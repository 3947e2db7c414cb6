"""Counting numbers between sorted edges, exactly: the one counter behind every histogram.

Cell `i` holds the numbers `x` with ``edges[i] <= x < edges[i + 1]``; the last cell holds its right edge too.
A number belongs to a cell because it was compared with the edges, never because a quotient was rounded.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weightwidgets.analysis._values import widened

_CHUNK = 1 << 20


@dataclass(frozen=True, eq=False)
class CellCounts:
    """How many numbers lie in each cell, and where the others are.

    ``cells`` is int64 of shape ``(len(edges) - 1,)``. ``below`` and ``above`` count finite numbers alone, so
    that ``cells.sum() + below + above + nan + posinf + neginf`` is the number of numbers.
    """

    cells: NDArray[np.int64]
    below: int
    above: int
    nan: int
    posinf: int
    neginf: int


def count_cells(numbers: NDArray[Any], edges: NDArray[Any]) -> CellCounts:
    """Count one-dimensional floating point `numbers` between strictly increasing finite `edges`."""
    cells = np.zeros(edges.size - 1, dtype=np.int64)
    others = np.zeros(5, dtype=np.int64)
    for start in range(0, numbers.size, _CHUNK):
        # Sorting first pays: the edges then walk through memory in order (twenty times at 20 000 edges).
        ordered = np.sort(numbers[start : start + _CHUNK])
        if edges.dtype == np.float64:
            ordered = widened(ordered)
        count = rank_cells(ordered, edges)
        cells += count.cells
        others += (count.below, count.above, count.nan, count.posinf, count.neginf)
    return CellCounts(cells, *others.tolist())


def rank_cells(ordered: NDArray[Any], edges: NDArray[Any]) -> CellCounts:
    """Count numbers that are already sorted, NaN last, between strictly increasing finite `edges`."""
    infinity = ordered.dtype.type(np.inf)
    neginf = int(ordered.searchsorted(-infinity, side="right"))
    finite_end = int(ordered.searchsorted(infinity, side="left"))
    number_end = int(ordered.searchsorted(infinity, side="right"))
    ranks = ordered.searchsorted(edges, side="left")
    ranks[-1] = ordered.searchsorted(edges[-1], side="right")
    return CellCounts(
        cells=np.diff(ranks).astype(np.int64, copy=False),
        below=int(ranks[0]) - neginf,
        above=finite_end - int(ranks[-1]),
        nan=ordered.size - number_end,
        posinf=number_end - finite_end,
        neginf=neginf,
    )
