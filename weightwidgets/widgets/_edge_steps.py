"""How the places of all bins' edges travel: exact, and in half the bytes of the places themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from weightwidgets.analysis.histogram_table import HistogramTable
    from weightwidgets.wire import Frame

# Edge `k` of `b` bins is the fraction k/b of the range.
_BINS = np.concatenate([np.full(bins + 1, bins) for bins in range(1, 257)])
_EDGE = np.concatenate([np.arange(bins + 1) for bins in range(1, 257)])


def pack_ranks(table: HistogramTable) -> dict[str, NDArray[np.signedinteger] | Frame | None]:
    """Pack `HistogramTable.edge_ranks` as steps from edge to edge.

    The distinct edges lie almost evenly, so that edge `k` of `b` bins has about the rank
    ``k * cells // b``. What a rank lacks of that changes little from one edge to the next: all but a few
    of these changes fit in 8 bits, and `carry` says what those few lack.

    Parameters
    ----------
    table : HistogramTable
        Its ranks are uint16, shape ``(33152,)``.

    Returns
    -------
    dict
        ``steps``: int8, shape ``(33152,)``. ``carry``: None, or ``index`` and ``step``, to be
        added to `steps`.

    """
    lacks = table.edge_ranks.astype(np.int32) - _EDGE * table.cells.size // _BINS
    # The first edge of each bin count has rank 0, and lacks nothing.
    steps = np.diff(lacks, prepend=0)
    steps[_EDGE == 0] = 0
    low = steps.astype(np.int8)
    index = np.flatnonzero(steps != low)
    carry = {"index": index.astype(np.uint16), "step": (steps - low)[index].astype(np.int32)}
    return {"steps": low, "carry": carry if index.size else None}
