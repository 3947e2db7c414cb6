"""All histograms: one small histogram per layer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar, cast

import traitlets as t

from weightwidgets import wire
from weightwidgets.pictures.gallery import COLUMNS, Multiple, gallery_picture
from weightwidgets.sources.open import open_source

from ._bars import Bars, Range, bars_frame, bins_within_budget, common_range, measure_bars
from ._base import Ask, Part, View, bundle, output, question, view_state
from ._desk import Desk
from ._stream import Stream

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PIL import Image

    from weightwidgets.layer import Layer

    from ._stream import Version

MAX_BINS = 256
_IN_PICTURE = 24
# A cell's output waits for its picture: more weights than this are left to the background.
_WEIGHTS_READ_FOR_PICTURE = 2_000_000


class LayerHistograms(View):
    """A small histogram for every layer of a source.

    The counts are measured on a background thread, which starts when the view is first painted (or by
    `start`), and are measured again after a cell has changed the weights.

    Parameters
    ----------
    source : torch.nn.Module, mapping of tensors, or Source
        What `open_source` takes.
    layer : str, optional
        The selected layer; the first by default.
    bins : int
        Bins of each histogram, 1 to 256; an explorer with more has 256 here. Where layers times bins exceed
        150 000 there are fewer. The view says so.
    desk : Desk, optional
        Given by the explorer that this view is part of.
    **traits
        ``shared_range``, ``size``, ``started``.

    Attributes
    ----------
    layer : str
        The selected layer.
    shared_range : bool
        Whether all histograms span one range, from the lowest to the highest finite weight of all layers,
        instead of each its own.
    started : bool
        Whether measuring has begun; once it has, it stays True.

    Raises
    ------
    TypeError
        If `source` is no source, or for an unknown keyword.
    traitlets.TraitError
        If there is no such layer, or `bins` is out of range.

    """

    shows_all: ClassVar[bool] = True

    _esm = t.Unicode().tag(sync=True)
    _css = t.Unicode().tag(sync=True)
    bins = question(t.Int(50, min=1, max=MAX_BINS))
    shared_range = question(t.Bool(default_value=False))
    started = view_state(t.Bool(default_value=False).tag(transient=True))
    rows = output()
    bars = output()

    def __init__(
        self,
        source: object,
        layer: str | None = None,
        bins: int = 50,
        *,
        desk: Desk | None = None,
        **traits: Any,
    ) -> None:
        opened = open_source(source)
        desk = desk or Desk()
        self._epoch = desk.epoch
        self._names: tuple[str, ...] = tuple(opened)
        self._common: Range | None = None
        self._own_stream: Stream[Bars] = Stream(
            opened, desk, version=self._own_version, measure=self._measure, publish=self._own_ready
        )
        self._common_stream: Stream[Bars] = Stream(
            opened, desk, version=self._common_version, measure=self._measure, publish=self._publish_bars
        )
        super().__init__(opened, layer, desk=desk, bins=bins, **traits)

    @t.default("_esm")
    def _default_esm(self) -> str:
        return bundle("gallery.js")

    @t.default("_css")
    def _default_css(self) -> str:
        return bundle("gallery.css")

    @property
    def bins_shown(self) -> int:
        """The number of bins drawn: `bins`, or fewer where there are very many layers."""
        return bins_within_budget(self.bins, len(self._names))

    def start(self) -> None:
        """Begin to measure, without waiting for a browser to paint the view."""
        self.started = True

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until every layer is measured; call `start` first.

        Parameters
        ----------
        timeout : float, optional
            Seconds for each of the two passes that a shared range takes; by default there is no limit.

        Returns
        -------
        bool
            Whether every layer is measured.
        """
        done = self._own_stream.wait(timeout)
        return done and (self._common is None or self._common_stream.wait(timeout))

    def close(self) -> None:
        """Stop measuring and free everything; calling it again does nothing."""
        # A view whose arguments were refused is closed too, when it is collected.
        for name in ("_own_stream", "_common_stream"):
            if hasattr(self, name):
                getattr(self, name).close()
        super().close()

    def parts(self, ask: Ask) -> Iterable[Part]:
        """Answer with the names; the counts come from the streams."""
        del ask
        names = self._names
        yield Part("rows", (names,), lambda: _rows_frame(names))

    def answer(self) -> None:
        """Answer, and measure again if the explorer was refreshed."""
        if self._epoch != self._desk.epoch:
            self._epoch = self._desk.epoch
            self._look_at_all()
        super().answer()

    def look(self, *, cell_ended: bool) -> None:
        """Look at the layers again when a cell has ended."""
        if cell_ended and not self._closed:
            self._look_at_all()
        super().look(cell_ended=cell_ended)

    def coerce(self, state: dict[str, Any]) -> dict[str, Any]:
        """Bring values of the browser, and the bins of an explorer, within bounds."""
        state = super().coerce(state)
        wanted = state.pop("bins", None)
        if type(wanted) is int:
            state["bins"] = min(max(wanted, 1), MAX_BINS)
        return state

    def picture(self) -> Image.Image | None:
        """Draw 24 histograms, the selected one among them; None where there is no layer."""
        place = self._names.index(self.layer) if self.layer in self._names else 0
        # Whole rows, so that each histogram stands where it would in a picture of all.
        above = max(0, place // COLUMNS * COLUMNS + COLUMNS - _IN_PICTURE)
        shown = self._names[above : above + _IN_PICTURE]
        if not shown:
            return None
        unread = [name for name in shown if self._stream.outcome(name) is None and name in self._source]
        if sum(self._source[name].numel for name in unread) <= _WEIGHTS_READ_FOR_PICTURE:
            for name in unread:
                self._stream.measure_now(name)
        multiples = []
        for name in shown:
            found = self._stream.outcome(name)
            bars = found if isinstance(found, Bars) else None
            title = wire.display_name(name, 60)
            multiples.append(
                Multiple(title) if bars is None else Multiple(title, bars.counts, bars.value_range)
            )
        selected = shown.index(self.layer) if self.layer in shown else None
        return gallery_picture(multiples, len(self._names) - len(shown), above=above, selected=selected)

    @property
    def _stream(self) -> Stream[Bars]:
        return self._own_stream if self._common is None else self._common_stream

    @t.observe("started", "bins", "shared_range")
    def _begin(self, _change: t.Bunch) -> None:
        if self._closed or not self.started:
            return
        with self._desk.lock:
            self._common = None
            # A run that finds nothing changed publishes nothing: what is known is shown before it begins.
            self._publish_bars()
            self._own_stream.start()
        if self.shared_range and all(map(self._own_stream.outcome, self._names)):
            self._share()

    def _look_at_all(self) -> None:
        self._names = tuple(self._source)
        if self.started:
            self._own_stream.start()

    def _own_version(self, layer: Layer) -> Version:
        return (self.version(layer), self.bins_shown, None)

    def _common_version(self, layer: Layer) -> Version:
        return (self.version(layer), self.bins_shown, self._common)

    @staticmethod
    def _measure(layer: Layer, version: Version) -> Bars:
        weights, bins, asked = cast("tuple[Version, int, Range | None]", version)
        return measure_bars(layer, weights, bins, asked)

    def _own_ready(self) -> None:
        stream = self._own_stream
        if self.shared_range and stream.measured == stream.total:
            self._share()
        elif self._common is None:
            self._publish_bars()

    def _share(self) -> None:
        """Measure over the common range, now that every layer's own range is known."""
        found = [self._own_stream.outcome(name) for name in self._names]
        with self._desk.lock:
            self._common = common_range([bars for bars in found if isinstance(bars, Bars)])
            self._publish_bars()
            self._common_stream.start()

    def _publish_bars(self) -> None:
        stream = self._stream
        found = [(stream.outcome(name), stream.is_current(name)) for name in self._names]
        frame = bars_frame(
            found,
            bins=self.bins_shown,
            asked=self._common,
            wanted=self.bins,
            live=stream.live,
            token=wire.token(self._names),
        )
        self.set_trait("bars", frame)


def _rows_frame(names: tuple[str, ...]) -> wire.Frame:
    labels = [wire.display_name(name, 80) for name in names]
    return wire.frame(names=json.dumps(names), labels=json.dumps(labels), token=wire.token(names))
