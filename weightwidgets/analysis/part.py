"""A part of a tensor in the bins of the whole."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from weightwidgets.analysis._cells import count_cells
from weightwidgets.analysis._values import Weight, in_any_order


def counts_between(weight: Weight, edges: NDArray[Any]) -> NDArray[np.int64]:
    """Count the weights of a part of a tensor in the bins of the whole tensor's histogram.

    Parameters
    ----------
    weight : torch.Tensor or numpy.ndarray
        The part, of any shape and dtype.
    edges : numpy.ndarray
        float32 or float64, shape ``(bins + 1,)``, in weight units: the `bin_edges` of the whole. They must
        not decrease; a bin without width holds nothing.

    Returns
    -------
    numpy.ndarray
        int64, shape ``(bins,)``: weights with ``edges[i] <= w < edges[i + 1]``; the last bin holds its right
        edge too. Weights outside of the edges and weights that are not finite are in no bin.

    Raises
    ------
    ValueError
        If `weight` has no values to read.

    """
    distinct, places = np.unique(edges, return_inverse=True)
    count = count_cells(in_any_order(weight), distinct)
    return np.diff(np.concatenate(([0], np.cumsum(count.cells)))[places])
