"""The histograms of one tensor at every bin count from 1 to 256 at once.

The edges of all these histograms together are 33 152 numbers, of which some 20 800 are distinct. Whoever
knows how many weights lie between neighbouring distinct edges knows every one of the histograms by adding
integers: that is what lets a slider change the bins without asking for the weights again.
"""

import operator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from weightwidgets.analysis._cells import count_cells
from weightwidgets.analysis._values import Weight, edge_dtype, in_any_order, rounded, values
from weightwidgets.analysis.histogram import Edges, ValueRange, bin_edges, resolve_range

MOST_BINS = 256
OUTSIDE = 65535
"""The cell of a weight outside of the edges; there are at most 33 151 cells, so none bears this number."""


@dataclass(frozen=True, eq=False)
class HistogramTable:
    """Everything that the histograms with 1 to 256 bins are made of.

    Always ``cells.sum() + below + above + nan + posinf + neginf == numel``.

    Attributes
    ----------
    value_range : (float, float)
        The bounds of every one of the histograms, in weight units.
    edges : numpy.ndarray
        float32 or float64, shape ``(K + 1,)``: the distinct edges of all bin counts, increasing strictly, in
        weight units. float64 where any bin count needs it.
    edge_ranks : numpy.ndarray
        uint16, shape ``(33152,)``: where in `edges` each edge of each bin count is. The ``b + 1`` edges of
        ``b`` bins begin at ``(b - 1) * (b + 2) // 2``.
    cells : numpy.ndarray
        int64, shape ``(K,)``: weights with ``edges[i] <= w < edges[i + 1]``; the last cell holds its right
        edge too.
    below, above : int
        Finite weights outside of the range.
    nan, posinf, neginf : int
        Weights that are not finite.
    numel : int
        All weights.

    """

    value_range: tuple[float, float]
    edges: Edges
    edge_ranks: NDArray[np.uint16]
    cells: NDArray[np.int64]
    below: int
    above: int
    nan: int
    posinf: int
    neginf: int
    numel: int

    def counts(self, bins: int) -> NDArray[np.int64]:
        """Give the counts of a histogram, those of ``histogram(weight, bins, value_range)``.

        Parameters
        ----------
        bins : int
            1 to 256.

        Returns
        -------
        numpy.ndarray
            int64, shape ``(bins,)``.

        Raises
        ------
        ValueError
            If `bins` is out of range.

        """
        before = np.concatenate(([0], np.cumsum(self.cells)))
        return np.diff(before[self._ranks(bins)])

    def bin_edges(self, bins: int) -> Edges:
        """Give the edges of a histogram: shape ``(bins + 1,)``, in weight units, the dtype of `edges`.

        Raises
        ------
        ValueError
            If `bins` is not 1 to 256.

        """
        return self.edges[self._ranks(bins)]

    def cell_of(self, weight: Weight) -> NDArray[np.uint16]:
        """Give the cell of each weight of a part of the tensor, so that it too has its histograms at hand.

        Parameters
        ----------
        weight : torch.Tensor or numpy.ndarray
            Any shape; of the dtype of the tensor that the table is of.

        Returns
        -------
        numpy.ndarray
            uint16, shape ``(weight.numel(),)``, in row-major order: the place in `cells`, and 65535 for NaN
            and for what is outside of the range.

        """
        numbers = values(weight).reshape(-1)
        edges = rounded(self.edges, numbers.dtype, up=True)
        high = rounded(self.edges[-1:], numbers.dtype, up=False)
        cells = np.minimum(edges.searchsorted(numbers, side="right") - 1, self.cells.size - 1)
        cells[~((numbers >= edges[0]) & (numbers <= high))] = OUTSIDE
        return cells.astype(np.uint16)

    def _ranks(self, bins: int) -> NDArray[np.uint16]:
        bins = operator.index(bins)
        if not 1 <= bins <= MOST_BINS:
            raise ValueError(f"bins must be 1 to {MOST_BINS}, got {bins}")
        start = (bins - 1) * (bins + 2) // 2
        return self.edge_ranks[start : start + bins + 1]


def histogram_table(weight: Weight, value_range: ValueRange = None) -> HistogramTable:
    """Count the weights for every bin count from 1 to 256 in one pass.

    Parameters
    ----------
    weight : torch.Tensor or numpy.ndarray
        Any shape, dtype, layout and device.
    value_range : None, "full", "central" or (float, float)
        As for `histogram`.

    Returns
    -------
    HistogramTable
        Exact: the counts of each bin count are those that `histogram` gives.

    Raises
    ------
    TypeError
        If `weight` is no tensor.
    ValueError
        If there is no such range, or the tensor has no values to read.

    """
    numbers = in_any_order(weight)
    lo, hi = resolve_range(weight, numbers, value_range)
    dtype = edge_dtype(weight)
    rows = np.concatenate([bin_edges(lo, hi, bins, dtype) for bins in range(1, MOST_BINS + 1)])
    edges = np.unique(rows)
    count = count_cells(numbers, edges)
    return HistogramTable(
        value_range=(lo, hi),
        edges=edges,
        edge_ranks=edges.searchsorted(rows).astype(np.uint16),
        cells=count.cells,
        below=count.below,
        above=count.above,
        nan=count.nan,
        posinf=count.posinf,
        neginf=count.neginf,
        numel=numbers.size,
    )
