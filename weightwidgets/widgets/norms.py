"""The norms of all layers as a bar chart."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ipywidgets
import numpy as np
import traitlets as t

from weightwidgets.analysis._cache import shared
from weightwidgets.analysis.summary import summary
from weightwidgets.pictures._numbers import number
from weightwidgets.pictures.norms import norms_picture
from weightwidgets.sources.open import open_source

from ._base import known_layer, refuse_unknown, with_picture
from ._desk import Desk
from ._norm_chart import HARMLESS, Chart, Controls, chart_labels, parts_of
from ._route import keep_route
from ._stream import Failure, Stream, steady
from ._watch import watch

if TYPE_CHECKING:
    from pathlib import Path

    from PIL import Image
    from typing_extensions import Self

    from weightwidgets.layer import Layer

    from ._stream import Version

TITLES = {"frobenius": "Frobenius norm", "rms": "RMS per weight"}
SENTENCES = {
    "frobenius": "Frobenius grows with the square root of the number of weights.",
    "rms": "RMS does not depend on the number of weights: it compares layers of any size.",
}


@dataclass(frozen=True)
class LayerNorms:
    """The norms of one layer's finite weights, in weight units, and how many there are."""

    frobenius: float
    rms: float
    weights: int


class NormChart(ipywidgets.VBox):
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
        ``kind``, ``log``, and the traits of `ipywidgets.VBox`.

    Attributes
    ----------
    layer : str
        The selected layer, by any of its names.
    kind : {"frobenius", "rms"}
        ``sqrt(sum(w**2))`` (Golub and Van Loan, Matrix Computations, section 2.3), or that over the square
        root of the number of finite weights; in weight units. Weights that are not finite are left out.
    log : bool
        Whether the axis of norms is logarithmic; norms of zero then have no bar, which is said.
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
    kind = t.Enum(tuple(TITLES), default_value="frobenius")
    log = t.Bool(default_value=False)
    error = t.Unicode(read_only=True)

    def __init__(
        self, source: object, layer: str | None = None, *, desk: Desk | None = None, **traits: Any
    ) -> None:
        refuse_unknown(type(self), traits)
        self._source = open_source(source)
        self._desk = desk or Desk()
        self._closed = False
        self._names: tuple[str, ...] = ()
        self._labels: list[str] = []
        self._chart = Chart()
        self._controls = Controls(TITLES)
        self._stream: Stream[LayerNorms] = Stream(
            self._source, self._desk, version=self._version, measure=self._measure, publish=self._draw
        )
        first = next(iter(self._source), "")
        super().__init__(
            children=self._controls.around(self._chart.figure),
            layer=first if layer is None else layer,
            **traits,
        )
        self._controls.follow(self, self._picked)
        self._chart.bars.observe(self._clicked, "selected")
        self._draw()
        for part in self._everything():
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
        for part in list(self._everything()):
            if part is not self:
                part.close()
        super().close()

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
        title = f"{TITLES[self.kind]} of each layer{', logarithmic' if self.log else ''}"
        selected = self._names.index(self.layer) if self.layer in self._names else None
        return norms_picture(title, chart_labels(self._names), self._values(), selected, log=self.log)

    def save_png(self, path: str | Path) -> None:
        """Write the chart as a PNG file, drawn in Python.

        Raises
        ------
        ValueError
            If there is no layer.
        """
        image = self.picture()
        if image is None:
            raise ValueError(self.error or "there is nothing to draw")
        image.save(path, format="PNG")

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return with_picture(super()._repr_mimebundle_(**options), self.picture)

    def _version(self, layer: Layer) -> Version:
        return (self._desk.epoch, layer.fingerprint())

    def _everything(self) -> list[ipywidgets.Widget]:
        return [*parts_of([self, *self._chart.scales])]

    @t.validate("layer")
    def _known_layer(self, proposal: t.Bunch) -> str:
        return known_layer(self._source, proposal["value"])

    @t.observe("layer", "kind", "log")
    def _changed(self, change: t.Bunch) -> None:
        if self._closed or not self._names:
            return
        if change["name"] == "layer":
            self._select()
        else:
            self._draw()

    def _clicked(self, change: t.Bunch) -> None:
        chosen = change["new"]
        if chosen is not None and len(chosen) > 0:
            self._choose(int(chosen[0]))
        # A second click on a bar takes its selection away, but there is always a selected layer.
        self._select()

    def _picked(self, change: t.Bunch) -> None:
        self._choose(change["new"])

    def _choose(self, position: int) -> None:
        if position < len(self._names):
            with self._desk.asking():
                self.layer = self._names[position]

    def _select(self) -> None:
        if self.layer not in self._names:
            return
        position = self._names.index(self.layer)
        self._chart.bars.selected = np.array([position])
        self._controls.picker.index = position
        found = self._stream.outcome(self.layer)
        measured = "not measured yet"
        if isinstance(found, LayerNorms):
            measured = (
                f"{TITLES[self.kind]} {number(getattr(found, self.kind), 5)} of {found.weights:,} weights"
            )
        elif found is not None:
            measured = found.sentence
        self._controls.caption.value = f"{self._labels[position]}: {measured}".translate(HARMLESS)

    def _draw(self) -> None:
        names = tuple(self._source)
        if names != self._names:
            self._names, self._labels = names, chart_labels(names)
            self._controls.offer(self._labels)
        values = self._values()
        self._chart.draw(self._labels, values, title=TITLES[self.kind], log=self.log)
        self._controls.sentence.value = SENTENCES[self.kind]
        self._controls.missing.value = self._without_bar(values)
        self.set_trait("error", "" if names else "this model has no weights to show")
        self._select()

    def _without_bar(self, values: np.ndarray) -> str:
        measured, total = self._stream.measured, len(self._names)
        failed = sum(isinstance(self._stream.outcome(name), Failure) for name in self._names)
        zeros = int((values == 0).sum()) if self.log else 0
        said = [
            f"{measured} of {total} layers measured." if measured < total else "",
            f"{_layers(failed)} without values." if failed else "",
            f"{_layers(zeros)} with norm 0: no bar on this axis." if zeros else "",
            "Read while a cell was running: it may mix two training steps." if self._stream.live else "",
        ]
        return " ".join(sentence for sentence in said if sentence)

    def _measure(self, layer: Layer, version: Version) -> LayerNorms:
        # The layer table asks for the same summary, and finds it.
        found = shared.get((version, "summary"), lambda: summary(steady(layer.weight)))
        return LayerNorms(found.l2, found.rms, found.finite)

    def _values(self) -> np.ndarray:
        found = [self._stream.outcome(name) for name in self._names]
        return np.array(
            [getattr(norms, self.kind) if isinstance(norms, LayerNorms) else math.nan for norms in found]
        )


def _layers(count: int) -> str:
    return "1 layer" if count == 1 else f"{count:,} layers"
