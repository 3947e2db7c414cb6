"""What the small histograms show: the counts of every layer, and the frame that carries them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from weightwidgets import wire
from weightwidgets.analysis._cache import shared
from weightwidgets.analysis.histogram import histogram
from weightwidgets.analysis.summary import summary

from ._stream import Failure, steady
from ._watch import watch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightwidgets.layer import Layer

    from ._stream import Version

Range = tuple[float, float]

# Four bytes each: the counts of all layers together stay well below a message of 1 MB.
MOST_COUNTS = 150_000
LONGEST_SENTENCE = 200
PENDING, MEASURED, STALE, FAILED = range(4)


@dataclass(frozen=True, eq=False)
class Bars:
    """The histogram of one layer.

    Attributes
    ----------
    counts : numpy.ndarray
        int64, shape ``(bins,)``.
    value_range : (float, float)
        The outer bin edges, in weight units.
    finite_range : (float, float) or None
        The lowest and the highest finite weight; None where no weight is finite.
    left_out : int
        Weights that are NaN or infinite.
    asked : (float, float) or None
        The range that was asked for; None for the layer's own.
    """

    counts: np.ndarray
    value_range: Range
    finite_range: Range | None
    left_out: int
    asked: Range | None


def bins_within_budget(bins: int, layers: int) -> int:
    """Give the number of bins, or as many as so many layers have room for: at least one."""
    return max(1, min(bins, MOST_COUNTS // max(layers, 1)))


def measure_bars(layer: Layer, version: Version, bins: int, asked: Range | None) -> Bars:
    """Count the weights of a layer in `bins` bins over the range asked for.

    Raises
    ------
    ValueError
        If the layer has no values to read.
    """
    if watch.cell_runs:
        # One copy for both passes; what may be torn is not remembered.
        weight = steady(layer.weight)
        found, bars = summary(weight), histogram(weight, bins, asked)
    else:
        # The layer table asks for the same two, and finds them.
        found = shared.get((version, "summary"), lambda: summary(layer.weight))
        key = (version, "histogram", bins) if asked is None else (version, "histogram", bins, asked)
        bars = shared.get(key, lambda: histogram(layer.weight, bins, asked))
    return Bars(
        bars.counts,
        (float(bars.bin_edges[0]), float(bars.bin_edges[-1])),
        (found.min, found.max) if found.finite else None,
        found.nan + found.posinf + found.neginf,
        asked,
    )


def common_range(measured: Sequence[Bars]) -> Range:
    """Give the lowest and the highest finite weight of all layers; (0, 1) where there is none."""
    ranges = [bars.finite_range for bars in measured if bars.finite_range is not None]
    if not ranges:
        return (0.0, 1.0)
    return (min(low for low, _ in ranges), max(high for _, high in ranges))


def bars_frame(
    outcomes: Sequence[tuple[Bars | Failure | None, bool]], *, bins: int, asked: Range | None, **more: Any
) -> wire.Frame:
    """Build the frame of all layers; an outcome of other bins or another range counts as not measured yet.

    Parameters
    ----------
    outcomes : sequence of (outcome, bool)
        For each layer its last outcome, and whether it is that of the weights as they are now.
    bins : int
        Bins of each histogram.
    asked : (float, float) or None
        The common range, or None where each layer has its own.
    **more
        Further parts of the frame.
    """
    count = len(outcomes)
    counts = np.zeros((count, bins), np.int64)
    ranges = np.zeros((count, 2))
    left_out = np.zeros(count, np.int64)
    state = np.full(count, PENDING, np.uint8)
    sentences: dict[int, str] = {}
    for index, (outcome, current) in enumerate(outcomes):
        if isinstance(outcome, Failure):
            state[index] = FAILED
            sentences[index] = wire.display_name(outcome.sentence, LONGEST_SENTENCE)
        elif outcome is not None and outcome.counts.size == bins and outcome.asked == asked:
            state[index] = MEASURED if current else STALE
            counts[index], ranges[index] = outcome.counts, outcome.value_range
            left_out[index] = outcome.left_out
    return wire.frame(
        bins=bins,
        counts=counts,
        ranges=ranges,
        left_out=left_out,
        state=state,
        measured=int(np.isin(state, (MEASURED, FAILED)).sum()),
        shared=asked is not None,
        sentences=json.dumps(sentences),
        **more,
    )
