"""The histogram of a layer's weights with the selected filter's over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets as t

from weightwidgets import wire
from weightwidgets.analysis.histogram import MAX_BINS, bin_count, bin_edges, check_bins
from weightwidgets.analysis.histogram_table import MOST_BINS
from weightwidgets.analysis.part import counts_between
from weightwidgets.pictures.histogram import histogram_picture

from ._base import Ask, Part, bundle, output, question, view_state
from ._filter import noun
from ._histogram_answers import HistogramAnswers, Scale, Snapped
from ._range import AnyTrait, SelectedRange, ValueRange
from ._scale import ScaledView

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PIL import Image


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


class WeightHistogram(ScaledView):
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

    _scale: Scale | None = None
    _snapped: Snapped | None = None

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
        peers = [peer.version for peer in ask.peers]
        whole = (ask.version, ask.layer.name if ask.layer else "", ask.value_range, *peers)
        one = (*whole, ask.filter_index, ask.shuffled)
        answers = HistogramAnswers(ask, wire.token(whole))
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
        answers = HistogramAnswers(self._ask(), 0)
        drawn = answers.histogram(self.bins)
        row = answers.row()
        return histogram_picture(
            drawn,
            None if row is None else counts_between(row, drawn.bin_edges),
            title=answers.title(),
            filter_label=f"{noun(self._source[self.layer])} {self.filter_index}",
            log_counts=self.log_counts,
            selected_range=self.selected_range,
            large=self.size == "large",
        )

    @t.default("_esm")
    def _default_esm(self) -> str:
        return bundle("histogram.js")

    @t.default("_css")
    def _default_css(self) -> str:
        return bundle("histogram.css")

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

    def _keep_scale(self, answers: HistogramAnswers) -> wire.Frame:
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
        self._snapped = Snapped(scale.token, selected, (bins, first, last))
        return selected
