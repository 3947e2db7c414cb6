"""The norms of all layers as a bar chart."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import ipywidgets
import numpy as np
import traitlets as t

from weightwidgets.analysis._cache import shared
from weightwidgets.analysis.summary import summary
from weightwidgets.pictures.norms import norms_picture
from weightwidgets.sources.open import open_source

from ._base import known_layer
from ._desk import Desk
from ._norm_chart import Chart, chart_labels, parts_of
from ._norm_controls import TITLES, LayerNorms, NormControls
from ._norm_layout import LOOKS
from ._picture import Pictured
from ._route import keep_route
from ._spelling import Spelled, refuse_unknown
from ._stream import Stream, steady
from ._watch import watch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PIL import Image
    from typing_extensions import Self

    from weightwidgets.layer import Layer

    from ._stream import Version


class NormChart(Spelled, Pictured, ipywidgets.VBox):
    """A bar per layer: its Frobenius norm, or the root mean square of its weights.

    The norms are measured on a background thread and measured again after a cell has changed the weights.

    Parameters
    ----------
    source : torch.nn.Module, mapping of tensors, or Source
        What `open_source` takes.
    layer : str, optional
        The selected layer; the first by default.
    desk : Desk, optional
        Given by the explorer that this chart is part of.
    **traits
        ``kind``, ``log_norms``, ``size``, and the traits of `ipywidgets.VBox`.

    Attributes
    ----------
    layer : str
        The selected layer, by any of its names.
    kind : {"frobenius", "rms"}
        ``sqrt(sum(w**2))`` (Golub and Van Loan, Matrix Computations, section 2.3), or that over the square
        root of the number of finite weights; in weight units. Weights that are not finite are left out.
    log_norms : bool
        Whether the axis of norms is logarithmic; norms of zero then have no bar, which is said.
    size : {"normal", "large"}
        "large" for a lecture hall.
    error : str
        Read-only; "" when all is well.

    Raises
    ------
    TypeError
        If `source` is no source, or for an unknown keyword.
    traitlets.TraitError
        If there is no such layer or kind.

    """

    layer = t.Unicode()
    # Tagged as the questions of our own views are, for the explorer's `code` and `reset`.
    kind = t.Enum(tuple(TITLES), default_value="frobenius").tag(question=True)
    log_norms = t.Bool(default_value=False).tag(question=True)
    size = t.Enum(tuple(LOOKS), default_value="normal")
    error = t.Unicode(read_only=True)

    # A chart whose arguments were refused has nothing to close, when it is collected.
    _closed = True
    _others: tuple[NormChart, ...] = ()

    def __init__(
        self, source: object, layer: str | None = None, *, desk: Desk | None = None, **traits: Any
    ) -> None:
        refuse_unknown(type(self), traits)
        self._source = open_source(source)
        self._desk = desk or Desk()
        self._names: tuple[str, ...] = ()
        self._controls = NormControls(self._source, layer, desk=self._desk)
        self._controls.stands_for = self
        self._chart = Chart()
        self._stream: Stream[LayerNorms] = Stream(
            self._source, self._desk, version=self._version, measure=self._measure, publish=self._publish
        )
        chosen = {"layer": self._controls.layer, **traits}
        try:
            super().__init__(children=[self._controls, self._chart.box], **chosen)
        except t.TraitError:
            self._close_parts()
            raise
        self._closed = False
        for name in ("ww-view", "ww-norms-chart"):
            self.add_class(name)
        for name in ("layer", "kind", "log_norms", "size"):
            t.link((self, name), (self._controls, name))
        self._controls.observe(self._tell_error, "error")
        self._chart.on_click(self._clicked)
        self.set_trait("error", self._controls.error)
        self._draw()
        for part in parts_of([self, *self._chart.parts]):
            keep_route(part)
        watch.add(self)
        self._stream.start()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until every layer is measured.

        Parameters
        ----------
        timeout : float, optional
            Seconds; by default there is no limit.

        Returns
        -------
        bool
            Whether every layer is measured.
        """
        return self._stream.wait(timeout)

    def coerce(self, state: dict[str, Any]) -> dict[str, Any]:
        """Leave out a layer that the source has not, as the other views do."""
        return self._controls.coerce(state)

    def share_scale(self, others: Iterable[NormChart]) -> None:
        """Draw on an axis that holds the norms of `others` too; of none: of its own layers alone."""
        self._others = tuple(others)
        self.redraw()

    def redraw(self) -> None:
        """Draw what is measured so far."""
        if not self._closed:
            self._draw()

    def values(self, kind: str) -> np.ndarray:
        """Give what is measured so far: float64, per layer, in weight units; NaN where there is none."""
        found = [self._stream.outcome(name) for name in self._names]
        return np.array(
            [getattr(norms, kind) if isinstance(norms, LayerNorms) else math.nan for norms in found]
        )

    def refresh(self) -> None:
        """Measure again, also when torch cannot tell that the weights changed."""
        self._desk.renew()
        self.answer()

    def answer(self) -> None:
        """Measure again what has changed."""
        if not self._closed:
            self._stream.start()

    def look(self, *, cell_ended: bool) -> None:
        """Measure again what a cell has changed."""
        if cell_ended:
            self.answer()

    def close(self) -> None:
        """Free everything; calling it again does nothing."""
        if self._closed:
            return
        self._closed = True
        watch.discard(self)
        self._stream.close()
        self._close_parts()
        layout = self.layout
        super().close()
        layout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"NormChart({self._source.title}, layer={self.layer!r}, kind={self.kind!r})"

    def picture(self) -> Image.Image | None:
        """Draw the chart, in Python; None where there is no layer."""
        if not self._names:
            return None
        title = f"{TITLES[self.kind]} of each layer{', logarithmic' if self.log_norms else ''}"
        selected = self._names.index(self.layer) if self.layer in self._names else None
        labels, values = chart_labels(self._names), self.values(self.kind)
        return norms_picture(title, labels, values, selected, self._beside(), log=self.log_norms)

    def _version(self, layer: Layer) -> Version:
        return (self._desk.epoch, layer.fingerprint())

    def _close_parts(self) -> None:
        for part in parts_of([self._controls, *self._chart.parts]):
            part.close()

    def _tell_error(self, change: t.Bunch) -> None:
        self.set_trait("error", change["new"])

    @t.validate("layer")
    def _known_layer(self, proposal: t.Bunch) -> str:
        return known_layer(self._source, proposal["value"])

    @t.observe("layer", "kind", "log_norms", "size")
    def _changed(self, change: t.Bunch) -> None:
        if self._closed or not self._names:
            return
        if change["name"] == "layer":
            self._select()
        else:
            self._draw()

    def _clicked(self, change: t.Bunch) -> None:
        chosen = change["new"]
        if chosen is not None and len(chosen) > 0 and int(chosen[0]) < len(self._names):
            with self._desk.asking():
                self.layer = self._names[int(chosen[0])]
        # A click beside the bars takes the selection away, but there is always a selected layer.
        self._select()

    def _select(self) -> None:
        self._chart.select(self._names.index(self.layer) if self.layer in self._names else None)

    def _draw(self) -> None:
        self._names = tuple(self._source)
        found = [self._stream.outcome(name) for name in self._names]
        self._controls.show(self._names, found, live=self._stream.live)
        labels = chart_labels(self._names)
        self._chart.arrange(labels, LOOKS[self.size])
        values, title = self.values(self.kind), TITLES[self.kind]
        self._chart.draw(labels, values, self._beside(), title=title, log=self.log_norms)
        self._select()

    def _publish(self) -> None:
        for chart in (self, *self._others):
            chart.redraw()

    def _measure(self, layer: Layer, version: Version) -> LayerNorms:
        # The layer table asks for the same summary, and finds it.
        found = shared.get((version, "summary"), lambda: summary(steady(layer.weight)))
        # The sum of nothing is 0, but no norm was measured.
        frobenius = found.l2 if found.finite else math.nan
        return LayerNorms(frobenius, found.rms, found.finite)

    def _beside(self) -> np.ndarray:
        return np.concatenate([[], *(other.values(self.kind) for other in self._others)])
