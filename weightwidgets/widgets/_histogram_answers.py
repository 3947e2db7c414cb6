"""What the kernel answers about a layer's histogram, as frames."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from weightwidgets import wire
from weightwidgets.analysis._cache import shared
from weightwidgets.analysis._values import edge_dtype, in_any_order
from weightwidgets.analysis.histogram import histogram, named_range
from weightwidgets.analysis.histogram_table import MOST_BINS, histogram_table
from weightwidgets.analysis.part import counts_between
from weightwidgets.analysis.selection import in_range
from weightwidgets.analysis.shuffle import shuffled

from ._answers import Peer
from ._edge_steps import pack_ranks
from ._filter import filter_row, noun
from ._overlay import pack_cells
from ._scale import measure_peers
from ._stream import steady

if TYPE_CHECKING:
    import torch

    from weightwidgets.analysis.histogram import Histogram, ValueRange
    from weightwidgets.analysis.histogram_table import HistogramTable
    from weightwidgets.layer import Layer

    from ._base import Ask

SEED = 0
ONE_RANGE = "One range of values for all that is compared."
MIXED = "Read while a cell was running: it may mix two training steps."


class Scale(NamedTuple):
    """The bounds of the histogram that the browser has, by the token of its frame."""

    token: int
    low: float
    high: float
    dtype: type[np.float32 | np.float64]


class Snapped(NamedTuple):
    """The bins (their number, the first, the last) from which a selected range was made."""

    token: int
    selected_range: tuple[float, float]
    bins: tuple[int, int, int]


class HistogramAnswers:
    """What the kernel answers to one question."""

    def __init__(self, ask: Ask, token: int) -> None:
        if ask.layer is None:
            msg = "there is no layer to show"
            raise ValueError(msg)
        self._ask = ask
        self._layer: Layer = ask.layer
        self._token = token

    def frame(self) -> wire.Frame:
        """Everything that a histogram of the layer with 1 to 256 bins is made of."""
        table = self.table()
        low, high = table.value_range
        return wire.frame(
            token=self._token,
            title=self.title(),
            numel=table.numel,
            range=np.array([low, high]),
            single=edge_dtype(self._layer.weight) is np.float32,
            cells=table.cells,
            edge_ranks=pack_ranks(table),
            below=table.below,
            above=table.above,
            nan=table.nan,
            posinf=table.posinf,
            neginf=table.neginf,
            filters=self._layer.out_channels,
            unit=noun(self._layer),
            notes=self._notes([ONE_RANGE if self._is_shared else "", self._layer.note]),
        )

    def overlay(self) -> wire.Frame:
        """The cell of each weight of the filter."""
        row = self.row()
        if row is None:
            return {}
        table = self.table()
        return wire.frame(
            token=self._token,
            filter_index=self._ask.filter_index,
            numel=row.numel(),
            seed=SEED if self._ask.shuffled else None,
            notes=self._notes([]),
            **pack_cells(table.cell_of(row), table.cells.size),
        )

    def fine(self, bins: int) -> wire.Frame:
        """The counts of more bins than the frame answers."""
        drawn, row = self.histogram(bins), self.row()
        one = None if row is None else counts_between(row, drawn.bin_edges)
        of_filter = None if one is None else {"index": self._ask.filter_index, "counts": one}
        return wire.frame(token=self._token, bins=bins, counts=drawn.counts, filter=of_filter)

    def selection(self, snapped: Snapped | None) -> wire.Frame:
        """How many weights lie in the selected range."""
        selected = self._ask.selected_range
        bins = snapped.bins if snapped and snapped[:2] == (self._token, selected) else None
        row, top = self.row(), self.table().value_range[1]
        count = self._count_in(bins) if bins else int(in_range(self._layer.weight, selected, top).sum())
        one = None if row is None else int(in_range(row, selected, top).sum())
        return wire.frame(
            token=self._token,
            range=np.array(selected),
            snapped=bins,
            count=count,
            share=_share(count, self._layer.numel),
            filter=None
            if row is None or one is None
            else {"index": self._ask.filter_index, "count": one, "share": _share(one, row.numel())},
        )

    def scale(self) -> Scale:
        """The bounds that the frame shows."""
        return Scale(self._token, *self.table().value_range, edge_dtype(self._layer.weight))

    def title(self) -> str:
        """The layer's name, safe to look at."""
        return wire.display_name(self._layer.name)

    def table(self) -> HistogramTable:
        """The counts behind all bin counts, shared with other views."""
        return shared.get(
            (self._ask.version, "histogram_table", self._value_range),
            lambda: histogram_table(steady(self._layer.weight), self._value_range),
        )

    def histogram(self, bins: int) -> Histogram:
        """The histogram with any number of bins."""
        return shared.get(
            (self._ask.version, "histogram", bins, self._value_range),
            lambda: histogram(steady(self._layer.weight), bins, self._value_range),
        )

    def row(self) -> torch.Tensor | None:
        """The selected filter's weights, shuffled within the layer if asked for; None without filters."""
        if self._layer.out_channels == 0:
            return None
        if not self._ask.shuffled:
            return steady(filter_row(self._layer, self._ask.filter_index))
        mixed = shared.get(
            (self._ask.version, "shuffled", SEED), lambda: shuffled(steady(self._layer.out_first), SEED)
        )
        return mixed[self._ask.filter_index]

    @property
    def _is_shared(self) -> bool:
        return self._value_range is not self._ask.value_range

    @cached_property
    def _value_range(self) -> ValueRange:
        """The range asked for; where the scale is shared, from the lowest to the highest end of all."""
        asked: ValueRange = self._ask.value_range
        if not isinstance(asked, str):
            return asked

        def named(of: Peer) -> tuple[float, float] | None:
            return shared.get(
                (of.version, "named_range", asked),
                lambda: named_range(in_any_order(steady(of.layer.weight)), asked),
            )

        peers = [found for found in measure_peers(self._ask, named) if found is not None]
        if not peers:
            return asked
        ranges = [*peers, named(Peer(self._layer, self._ask.version)) or peers[0]]
        return min(low for low, _ in ranges), max(high for _, high in ranges)

    def _count_in(self, snapped: tuple[int, int, int]) -> int:
        # The same number as by asking every weight, which takes too long while dragging over a large layer.
        bins, first, last = snapped
        counts = self.table().counts(bins) if bins <= MOST_BINS else self.histogram(bins).counts
        return int(counts[first : last + 1].sum())

    def _notes(self, sentences: list[str]) -> list[str]:
        changed = self._ask.live and self._layer.fingerprint() != self._ask.version[-1]
        return [sentence for sentence in (*sentences, MIXED if changed else "") if sentence]


def _share(count: int, numel: int) -> float:
    return count / numel if numel else float("nan")
