"""The histogram of a layer's weights with the selected filter's over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import traitlets as t

from weightwidgets import wire
from weightwidgets.analysis._cache import shared
from weightwidgets.analysis._values import edge_dtype
from weightwidgets.analysis.histogram import MAX_BINS, bin_count, bin_edges, check_bins, histogram
from weightwidgets.analysis.histogram_table import MOST_BINS, histogram_table
from weightwidgets.analysis.part import counts_between
from weightwidgets.analysis.selection import in_range
from weightwidgets.analysis.shuffle import shuffled
from weightwidgets.pictures.histogram import histogram_picture

from ._base import Ask, Part, bundle, output, question, view_state
from ._filter import FilterView, filter_row
from ._overlay import pack_cells
from ._range import AnyTrait, SelectedRange, ValueRange
from ._stream import steady

if TYPE_CHECKING:
    from collections.abc import Iterable

    import torch
    from PIL import Image

    from weightwidgets.analysis.histogram import Histogram
    from weightwidgets.analysis.histogram_table import HistogramTable
    from weightwidgets.layer import Layer

SEED = 0
_MIXED = "Read while a cell was running: it may mix two training steps."


class Bins(AnyTrait):
    """A number of bins; the name of a rule stands until the view resolves it for the layer at hand."""

    default_value = 50

    def validate(self, obj: Any, value: Any) -> Any:
        """Take 1 to 4096, or a string."""
        del obj
        try:
            return value if isinstance(value, str) else check_bins(value)
        except (TypeError, ValueError) as problem:
            raise t.TraitError(str(problem)) from None


class _Scale(NamedTuple):
    """The bounds of the histogram that the browser has, by the token of its frame."""

    token: int
    low: float
    high: float
    dtype: type[np.float32 | np.float64]


class _Snapped(NamedTuple):
    """The bins (their number, the first, the last) from which a selected range was made."""

    token: int
    selected_range: tuple[float, float]
    bins: tuple[int, int, int]


class _Answers:
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
            edge_ranks=table.edge_ranks,
            below=table.below,
            above=table.above,
            nan=table.nan,
            posinf=table.posinf,
            neginf=table.neginf,
            filters=self._layer.out_channels,
            notes=self._notes([self._layer.note]),
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

    def selection(self, snapped: _Snapped | None) -> wire.Frame:
        """How many weights lie in the selected range."""
        selected = self._ask.selected_range
        row, top = self.row(), self.table().value_range[1]
        count = int(in_range(self._layer.weight, selected, top).sum())
        one = None if row is None else int(in_range(row, selected, top).sum())
        is_snapped = snapped is not None and snapped[:2] == (self._token, selected)
        return wire.frame(
            token=self._token,
            range=np.array(selected),
            snapped=snapped.bins if snapped and is_snapped else None,
            count=count,
            share=_share(count, self._layer.numel),
            filter=None
            if row is None or one is None
            else {"index": self._ask.filter_index, "count": one, "share": _share(one, row.numel())},
        )

    def scale(self) -> _Scale:
        """The bounds that the frame shows."""
        return _Scale(self._token, *self.table().value_range, edge_dtype(self._layer.weight))

    def title(self) -> str:
        """The layer's name, safe to look at."""
        return wire.display_name(self._layer.name)

    def table(self) -> HistogramTable:
        """The counts behind all bin counts, shared with other views."""
        return shared.get(
            (self._ask.version, "histogram_table", self._ask.value_range),
            lambda: histogram_table(steady(self._layer.weight), self._ask.value_range),
        )

    def histogram(self, bins: int) -> Histogram:
        """The histogram with any number of bins."""
        return shared.get(
            (self._ask.version, "histogram", bins, self._ask.value_range),
            lambda: histogram(steady(self._layer.weight), bins, self._ask.value_range),
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

    def _notes(self, sentences: list[str]) -> list[str]:
        changed = self._ask.live and self._layer.fingerprint() != self._ask.version[-1]
        return [sentence for sentence in (*sentences, _MIXED if changed else "") if sentence]


def _share(count: int, numel: int) -> float:
    return count / numel if numel else float("nan")


class WeightHistogram(FilterView):
    """A histogram of all weights of a layer, with those of one filter drawn over it.

    Every bin count from 1 to 256 is drawn in the browser from one frame, exactly; the kernel is asked again
    only for more.

    Parameters
    ----------
    source : torch.nn.Module, mapping of tensors, or Source
        What `open_source` takes.
    layer : str, optional
        A name or alias; the first layer by default.
    filter_index : int
        Row of the out-first weight, 0 <= filter_index < out_channels.
    bins : int or {"sqrt", "sturges", "fd"}
        1 to 4096. A rule becomes its number for the layer when it is assigned.
    value_range : {"full", "central"} or (float, float)
        From the smallest to the largest finite weight; the central 99.9 %; or bounds in weight units.
    selected_range : None or (float, float)
        Bounds in weight units, kept as given. It holds the weights with lo <= w < hi and, where hi is the
        end of the histogram, those equal to hi. Dragging in the view sets it to exact bin edges.
    shuffled : bool
        Take the filter from the layer's weights in random order (seed 0) instead.
    log_counts : bool
        Logarithmic count axes.

    Raises
    ------
    traitlets.TraitError
        If a value is out of its range; the message gives the range.
    TypeError
        For an unknown keyword.
    """

    _esm = t.Unicode().tag(sync=True)
    _css = t.Unicode().tag(sync=True)

    value_range = question(ValueRange().tag(ts='"full" | "central" | [number, number]'))
    selected_range = question(SelectedRange().tag(ts="[number, number] | null"))
    shuffled = question(t.Bool(default_value=False))
    #: Written by the browser alone, which knows no edges: [token, bins, first, last]; [] selects nothing.
    brush = question(t.List(t.Int(), None, allow_none=True).tag(ts="number[] | null", transient=True))
    bins = view_state(Bins().tag(ts="number"))
    log_counts = view_state(t.Bool(default_value=False))
    frame = output()
    overlay = output()
    fine = output()
    selection = output()

    _scale: _Scale | None = None
    _snapped: _Snapped | None = None

    def coerce(self, state: dict[str, Any]) -> dict[str, Any]:
        """Bring the browser's values within bounds, and turn brushed bins into the range of their edges."""
        state = super().coerce(state)
        if isinstance(bins := state.pop("bins", None), int):
            state["bins"] = min(max(bins, 1), MAX_BINS)
        brush = state.pop("brush", None)
        if brush == []:
            state["selected_range"] = None
        elif isinstance(brush, list) and (edges := self._edges_of(brush)):
            state["selected_range"] = edges
        return state

    def parts(self, ask: Ask) -> Iterable[Part]:
        """Answer with the layer's cells, the filter's, more than 256 bins if asked for, and the selection."""
        whole = (ask.version, ask.layer.name if ask.layer else "", ask.value_range)
        one = (*whole, ask.filter_index, ask.shuffled)
        answers = _Answers(ask, wire.token(whole))
        yield Part("frame", whole, lambda: self._keep_scale(answers))
        yield Part("overlay", one, answers.overlay)
        bins = self.bins
        if bins > MOST_BINS:
            yield Part("fine", (*one, bins), lambda: answers.fine(bins))
        else:
            yield Part("fine", (), dict)
        if ask.selected_range is None:
            yield Part("selection", (), dict)
        else:
            key = (*one, ask.selected_range, self._snapped)
            yield Part("selection", key, lambda: answers.selection(self._snapped))

    def picture(self) -> Image.Image | None:
        """Draw the histogram with its filter, in Python."""
        if self.error or not self.layer:
            return None
        answers = _Answers(self._ask(), 0)
        drawn = answers.histogram(self.bins)
        row = answers.row()
        return histogram_picture(
            drawn,
            None if row is None else counts_between(row, drawn.bin_edges),
            title=answers.title(),
            filter_label=f"filter {self.filter_index}",
            log_counts=self.log_counts,
            selected_range=self.selected_range,
            large=self.size == "large",
        )

    @t.default("_esm")
    def _default_esm(self) -> str:
        return bundle("histogram.js")

    @t.default("_css")
    def _default_css(self) -> str:
        return bundle("view.css")

    @t.validate("bins")
    def _known_bins(self, proposal: t.Bunch) -> int:
        bins: int | str = proposal["value"]
        if isinstance(bins, int):
            return bins
        try:
            return bin_count(self._source[self.layer].weight, bins, self.value_range)
        except (ValueError, KeyError) as problem:
            raise t.TraitError(str(problem.args[0])) from None

    @t.observe("bins")
    def _ask_beyond_the_frame(self, change: t.Bunch) -> None:
        if change["new"] > MOST_BINS or self.fine:
            with self._desk.asking():
                self._desk.want(self)

    def _keep_scale(self, answers: _Answers) -> wire.Frame:
        frame = answers.frame()
        self._scale = answers.scale()
        return frame

    def _edges_of(self, brush: list[int]) -> tuple[float, float] | None:
        scale = self._scale
        # Bins of another layer's histogram, on their way while it was changed, select nothing here.
        if scale is None or len(brush) != 4 or brush[0] != scale.token:
            return None
        bins, first, last = brush[1:]
        if not (1 <= bins <= MAX_BINS and 0 <= first <= last < bins):
            return None
        edges = bin_edges(scale.low, scale.high, bins, scale.dtype)
        selected = (float(edges[first]), float(edges[last + 1]))
        self._snapped = _Snapped(scale.token, selected, (bins, first, last))
        return selected
