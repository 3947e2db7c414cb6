"""The distribution of a tensor, indexed once: then every question about it is cheap, and exact.

A dtype of at most 16 bits has 65 536 numbers: how often each occurs says everything. Of float32 and float64
the index is the sorted tensor.
"""

import threading
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from weightwidgets.analysis._order import quantiles
from weightwidgets.analysis._values import Weight, edge_dtype, in_any_order, rounded, values
from weightwidgets.analysis.histogram import (
    CENTRAL,
    Histogram,
    Rule,
    ValueRange,
    bin_edges,
    bins_by_rule,
    check_bins,
    resolve_range,
)
from weightwidgets.plain import is_plain

_CHUNK = 1 << 20


@dataclass(frozen=True, eq=False)
class _Index:
    """Finite numbers in order, and the others counted.

    ``levels`` increases; ``before[i]`` numbers are smaller than or sorted ahead of level ``i``, and
    ``before[-1]`` is their number. Without ``before`` each level occurs once.
    """

    levels: NDArray[Any]
    before: NDArray[np.int64] | None
    nan: int
    posinf: int
    neginf: int

    @property
    def size(self) -> int:
        return self.levels.size if self.before is None else int(self.before[-1])

    def order(self, ranks: NDArray[np.intp]) -> NDArray[np.float64]:
        places = ranks if self.before is None else self.before.searchsorted(ranks, side="right") - 1
        return self.levels[places].astype(np.float64)

    def rank(self, bounds: NDArray[np.float64], side: Literal["left", "right"]) -> NDArray[np.int64]:
        """Count the numbers below each bound ("left"), or at most the bound ("right")."""
        places = self.levels.searchsorted(rounded(bounds, self.levels.dtype, up=side == "left"), side=side)
        return places if self.before is None else self.before[places]


class Distribution:
    """Answers about the finite weights of one tensor.

    The index is built when the first question is asked, from the weights as they are then, and takes as much
    memory as the tensor (0.5 MB for a dtype of at most 16 bits). Safe to ask from any thread.
    """

    def __init__(self, weight: Weight) -> None:
        self._weight = weight
        self._lock = threading.Lock()
        self._built: _Index | None = None

    def histogram(self, bins: int | Rule = 50, value_range: ValueRange = None) -> Histogram:
        """Count the weights in bins of equal width: the answer and the errors of `histogram`."""
        index = self._index()
        if isinstance(value_range, str) and value_range == "central" and index.size:
            lower, upper = quantiles(index.order, index.size, np.array(CENTRAL)).tolist()
            value_range = (lower, upper)
        ends = index.levels[[0, -1]] if index.size else index.levels
        lo, hi = resolve_range(self._weight, ends, value_range)
        if isinstance(bins, str):
            bins = self._bins_by_rule(index, bins, lo, hi)
        edges = bin_edges(lo, hi, check_bins(bins), edge_dtype(self._weight))
        bounds = edges.astype(np.float64)
        ranks = index.rank(bounds, "left")
        ranks[bounds == hi] = index.rank(bounds[-1:], "right")[0]
        return Histogram(
            counts=np.diff(ranks),
            bin_edges=edges,
            below=int(ranks[0]),
            above=index.size - int(ranks[-1]),
            nan=index.nan,
            posinf=index.posinf,
            neginf=index.neginf,
        )

    def quantile(self, share: ArrayLike) -> Any:
        """Give the weight below which a share of the finite weights lies.

        Parameters
        ----------
        share : float or array of floats
            Each in 0..1.

        Returns
        -------
        float or numpy.ndarray
            float64, of the shape of `share`, in weight units: ``numpy.quantile`` of the float64 values, which
            interpolates linearly. NaN where no weight is finite.

        Raises
        ------
        ValueError
            If a share is not in 0..1.

        """
        shares = np.asarray(share, dtype=np.float64)
        if not ((shares >= 0) & (shares <= 1)).all():
            raise ValueError(f"a share must be 0 to 1, got {share!r}")
        index = self._index()
        if index.size == 0:
            found = np.full(shares.shape, np.nan)
        else:
            found = quantiles(index.order, index.size, shares)
        return found.item() if shares.ndim == 0 else found

    def share_below(self, abs_threshold: ArrayLike) -> Any:
        """Give the share of the finite weights whose magnitude is below a threshold.

        Parameters
        ----------
        abs_threshold : float or array of floats
            In weight units. A weight of exactly this magnitude is not below it.

        Returns
        -------
        float or numpy.ndarray
            float64, of the shape of `abs_threshold`, 0 to 1. NaN where no weight is finite.

        Raises
        ------
        ValueError
            If a threshold is NaN.

        """
        thresholds = np.asarray(abs_threshold, dtype=np.float64)
        if np.isnan(thresholds).any():
            raise ValueError("abs_threshold must be a number, got NaN")
        index = self._index()
        if index.size == 0:
            shares = np.full(thresholds.shape, np.nan)
        else:
            below = index.rank(thresholds, "left") - index.rank(-thresholds, "right")
            # A threshold of 0 or less has its two bounds the wrong way round.
            shares = np.maximum(below, 0) / index.size
        return shares.item() if thresholds.ndim == 0 else shares

    def _index(self) -> _Index:
        with self._lock:
            if self._built is None:
                bits = _bits(self._weight)
                self._built = _sorted(self._weight) if bits is None else _counted(self._weight, bits)
            return self._built

    @staticmethod
    def _bins_by_rule(index: _Index, rule: str, lo: float, hi: float) -> int:
        first = int(index.rank(np.array([lo]), "left")[0])
        size = int(index.rank(np.array([hi]), "right")[0]) - first
        return bins_by_rule(rule, lambda ranks: index.order(ranks + first), size, lo, hi)


def distribution(weight: Weight) -> Distribution:
    """Index a tensor, for many questions about its weights.

    Parameters
    ----------
    weight : torch.Tensor or numpy.ndarray
        Any shape, dtype, layout and device. It is kept, not copied.

    Returns
    -------
    Distribution
        The same numbers as `histogram` and ``numpy.quantile``, at the cost of one sort for all questions.

    Raises
    ------
    TypeError
        If `weight` is no tensor.
    ValueError
        If the tensor has no values to read.

    """
    # Reading one dtype of it is free, and says at once what the first question would.
    values(weight)
    return Distribution(weight)


def _sorted(weight: Weight) -> _Index:
    ordered = np.sort(in_any_order(weight))
    infinity = ordered.dtype.type(np.inf)
    start = int(ordered.searchsorted(-infinity, side="right"))
    stop = int(ordered.searchsorted(infinity, side="left"))
    end = int(ordered.searchsorted(infinity, side="right"))
    return _Index(ordered[start:stop], None, ordered.size - end, end - stop, start)


def _bits(weight: Weight) -> NDArray[Any] | None:
    """Give the bit patterns of a dtype of at most 16 bits in one dimension, or None for any other tensor."""
    size = weight.dtype.itemsize
    if size > 2:
        return None
    if isinstance(weight, np.ndarray):
        return weight.ravel(order="K").view(f"u{size}") if weight.dtype.isnative else None
    if not is_plain(weight):
        return None
    integers = torch.uint8 if size == 1 else torch.int16
    flat = weight.detach().cpu().resolve_neg().reshape(-1)
    return flat.view(integers).numpy().view(f"u{size}")


def _counted(weight: Weight, bits: NDArray[Any]) -> _Index:
    table = np.zeros(1 << 8 * bits.itemsize, dtype=np.int64)
    for start in range(0, bits.size, _CHUNK):
        table += np.bincount(bits[start : start + _CHUNK], minlength=table.size)
    present = np.flatnonzero(table)
    counts = table[present]
    patterns = present.astype(bits.dtype)
    if isinstance(weight, np.ndarray):
        levels = values(patterns.view(weight.dtype))
    else:
        signed = patterns if bits.itemsize == 1 else patterns.view(np.int16)
        levels = values(torch.from_numpy(signed).view(weight.dtype))
    finite = np.isfinite(levels)
    places = np.argsort(levels[finite], kind="stable")
    before = np.concatenate(([0], np.cumsum(counts[finite][places])))
    strays = (int(counts[where].sum()) for where in (np.isnan(levels), levels == np.inf, levels == -np.inf))
    return _Index(levels[finite][places], before, *strays)
