"""A weight matrix to move about in, from the whole down to single weights."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import traitlets as t

from weightwidgets import wire
from weightwidgets.sources.open import open_source

from . import _matrix_frames as frames
from ._base import Ask, Part, bundle, output, question, text_trait
from ._filter import FilterView
from ._matrix_job import Reading
from ._matrix_subject import MatrixSubject
from ._matrix_words import Labels

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from PIL import Image

    from weightwidgets.layer import Layer

_POOLINGS = ["extreme", "mean"]
_ORDERS = ["index", "norm"]
_CONTRASTS = [1, 2, 4, 8, 16, 32, 64]
_LONGEST_SEARCH = 200


class WeightMatrix(FilterView):
    """A dense layer, an embedding or any other matrix: drag to pan, zoom down to single weights.

    A matrix of more than two million weights is first shown from a sample of its rows, which the view says,
    while a worker reads all of it once; zooming in reads the weights in sight.

    Parameters
    ----------
    source : torch.nn.Module, mapping of tensors, or Source
        What `open_source` takes.
    layer : str, optional
        A name or alias of a layer; by default the first that is a matrix.
    filter_index : int
        The selected row of the out-first weight, 0 <= filter_index < out_channels.
    labels : sequence of str, optional
        A name for each row (such as the tokens of an embedding), to be shown and searched.

    Attributes
    ----------
    pooling : {"extreme", "mean"}
        What a pixel that stands for several weights shows: the one of largest magnitude with its sign, or
        their mean.
    order : {"index", "norm"}
        Of the rows: as in the layer, or by descending L2 norm.
    contrast : {1, 2, 4, 8, 16, 32, 64}
        The colours end at the largest finite magnitude divided by this.
    image_shape : tuple of int or None
        (h, w) or (channels, h, w): the selected row is shown as this image too. An assumption: nothing in a
        matrix says how its inputs were arranged. The product must be the number of columns.
    shuffled : bool
        Show the same weights permuted within the layer (seed 0); up to 33,554,432 weights.
    search : str
        Part of a label; the view lists up to 20 rows.
    labels : tuple of str or None
        May be set; None takes the names away.
    error : str
        Why the last question has no answer; "" when all is well.

    Raises
    ------
    TypeError
        If `source` or `labels` is none of the above, or for an unknown keyword.
    ValueError
        If there are not as many labels as rows.
    traitlets.TraitError
        If a value is out of its range, which the message gives; the view then stays as it was.

    """

    _esm = t.Unicode().tag(sync=True)
    _css = t.Unicode().tag(sync=True)

    pooling = question(t.Enum(_POOLINGS, default_value="extreme"))
    order = question(t.Enum(_ORDERS, default_value="index"))
    contrast = question(t.Enum(_CONTRASTS, default_value=1)).tag(ts="number")
    image_shape = question(t.Any(None)).tag(ts="number[] | null")
    shuffled = question(t.Bool(False))
    search = question(text_trait()).tag(transient=True)
    # What the browser misses: tiles by level of rows, level of columns, place down, place across.
    wanted = question(t.Dict()).tag(transient=True, ts="{ token?: number; tiles?: number[][] }")

    frame = output()
    pages = output()
    row = output()
    hits = output()
    progress = output()

    def __init__(
        self, source: object, layer: str | None = None, *, labels: Sequence[str] | None = None, **traits: Any
    ) -> None:
        opened = open_source(source)
        if layer is None:
            layer = next((name for name, one in opened.items() if _is_matrix(one)), None)
        self._labels: Labels | None = None
        self._reading = Reading(self._report, self._is_current, self.answer)
        if labels is not None:
            shown = layer if layer is not None else next(iter(opened), "")
            self._labels = _labels_of(labels, opened.get(shown))
        super().__init__(opened, layer, **traits)

    @t.default("_esm")
    def _script(self) -> str:
        return bundle("matrix.js")

    @t.default("_css")
    def _style(self) -> str:
        return bundle("matrix.css")

    @property
    def labels(self) -> tuple[str, ...] | None:
        """The names of the rows, in the order of the layer."""
        return None if self._labels is None else self._labels.texts

    @labels.setter
    def labels(self, labels: Sequence[str] | None) -> None:
        self._labels = None if labels is None else _labels_of(labels, self._source.get(self.layer))
        self.answer()

    @t.validate("image_shape")
    def _fitting_image(self, proposal: t.Bunch) -> tuple[int, ...] | None:
        shape = proposal["value"]
        if shape is None:
            return None
        cols = self._columns(self.layer)
        if not _is_image(shape, cols):
            raise t.TraitError(
                f"image_shape must be None, (h, w) or (channels, h, w) with the product {cols}; got {shape!r}"
            )
        return tuple(shape)

    @t.observe("layer")
    def _keep_image_in_layer(self, _change: t.Bunch) -> None:
        if self.image_shape is not None and math.prod(self.image_shape) != self._columns(self.layer):
            self.image_shape = None

    def _columns(self, layer: str) -> int:
        return self._source[layer].in_channels if layer in self._source else 0

    def coerce(self, state: dict[str, Any]) -> dict[str, Any]:
        """Bring the browser's values into the layer that they will be shown for."""
        state = super().coerce(state)
        if not isinstance(state.get("wanted", {}), dict):
            state.pop("wanted")
        for name, known in (("pooling", _POOLINGS), ("order", _ORDERS), ("contrast", _CONTRASTS)):
            if state.get(name, known[0]) not in known:
                state.pop(name)
        if not isinstance(state.get("shuffled", False), bool):
            state.pop("shuffled")
        if "search" in state:
            state["search"] = state["search"][:_LONGEST_SEARCH]
        shape = state.get("image_shape")
        if shape is not None and not _is_image(shape, self._columns(state.get("layer", self.layer))):
            state.pop("image_shape")
        return state

    def parts(self, ask: Ask) -> Iterable[Part]:
        """Answer with the frame, the tiles that are wanted, the selected row and what the search found."""
        if ask.layer is None:
            return
        subject = self._subject(ask.layer, ask)
        key = subject.key
        asked = frames.tiles_asked_for(subject, ask.wanted)
        yield Part("frame", key, lambda: frames.frame(subject))
        yield Part("pages", (*key, asked), lambda: frames.pages(subject, asked))
        yield Part("row", (*key, ask.filter_index, ask.image_shape), lambda: frames.row(subject))
        edition = subject.named.edition if subject.named else 0
        yield Part("hits", (edition, ask.search), lambda: frames.hits(subject))

    def _subject(self, layer: Layer, ask: Ask) -> MatrixSubject:
        subject = MatrixSubject(layer, ask, self._labels)
        if not subject.is_large:
            self._reading.cancel()
            return subject
        measured = self._reading.result(subject.measured_key)
        if measured is None:
            self._reading.want(subject)
            return subject
        return MatrixSubject(layer, ask, self._labels, measured)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until a large matrix has been read as a whole; say whether it has.

        Parameters
        ----------
        timeout : float, optional
            Seconds.
        """
        return self._reading.wait(timeout)

    def close(self) -> None:
        """Free everything, and give up what is read; calling it again does nothing."""
        self._reading.cancel()
        super().close()

    def picture(self) -> Image.Image | None:
        """Draw the whole matrix and what its colours mean, in Python."""
        if not self.layer or self.error:
            return None
        try:
            return frames.picture(self._subject(self._source[self.layer], self._ask()))
        except ValueError:
            # The view says why; a picture has nothing to add.
            return None

    def _report(self, share: float) -> None:
        with self._desk.lock:
            if not self._closed:
                self.set_trait("progress", wire.frame(share=share))

    def _is_current(self, subject: MatrixSubject) -> bool:
        layer = self._source.get(subject.layer.name)
        return self.version(layer) == subject.ask.version


def _is_matrix(layer: Layer) -> bool:
    return layer.numel > 0 and not layer.kernel_size and min(layer.out_channels, layer.in_channels) > 1


def _labels_of(labels: Sequence[str], layer: Layer | None) -> Labels:
    made = Labels(labels)
    rows = layer.out_channels if layer else 0
    if len(made) != rows:
        raise ValueError(f"labels must be one for each of the {rows:,} rows, got {len(made):,}")
    return made


def _is_image(shape: object, weights: int) -> bool:
    return (
        isinstance(shape, list | tuple)
        and len(shape) in (2, 3)
        and all(type(side) is int and side > 0 for side in shape)
        and math.prod(shape) == weights
    )
