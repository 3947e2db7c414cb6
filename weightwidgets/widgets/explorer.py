"""The whole app in one cell: the views, joined by one selection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets
import traitlets as t

from weightwidgets import wire
from weightwidgets.pictures._numbers import number
from weightwidgets.pictures.explorer import explorer_picture
from weightwidgets.sources.open import open_source
from weightwidgets.tables import selected_weights

from ._base import known_layer
from ._code import reproduce
from ._desk import Desk
from ._filter import known_filter, noun
from ._links import Links, keep_routes
from ._owners import OfViews
from ._picture import Pictured
from ._spelling import refuse_unknown
from ._stage import Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    import torch
    from PIL import Image
    from typing_extensions import Self

    from weightwidgets.layer import Layer
    from weightwidgets.sources.source import Source

_SHARED = ("layer", "filter_index", "bins", "value_range", "selected_range", "size")
_CONVOLUTIONS = ("conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d")


def first_layer(source: Source) -> str:
    """Name the layer to open on: the first convolution, else the first dense layer, else the first."""
    for wanted in (_CONVOLUTIONS, ("linear",)):
        drawn = [name for name, layer in source.items() if layer.kind in wanted]
        if drawn:
            # Without the order of the model the first of the list need not be the first of the network.
            return next((name for name in drawn if source[name].first), drawn[0])
    return next(iter(source), "")


class WeightExplorer(OfViews, Pictured, ipywidgets.VBox):
    """Every weight of a model, live: layer table, filter grid, histogram, statistics, all histograms, norms.

    Parameters
    ----------
    source : torch.nn.Module, mapping of tensors, or Source
        What `open_source` takes. A live module is watched: when its weights change, the views redraw.
    layer : str, optional
        A name or alias of a layer. By default the first convolution, else the first dense layer, else the
        first.
    filter_index : int
        Row of the out-first weight, 0 <= filter_index < out_channels.
    bins : int or {"sqrt", "sturges", "fd"}
        Number of histogram bins, 1 to 4096; a rule is resolved for the layer at hand.
    twin : like `source`, optional
        Shown beside it with the same selection, e.g. the model before training.
    size : {"normal", "large"}
        "large" for a lecture hall.
    **layout
        What every Jupyter box takes, e.g. ``layout={"width": "900px"}``.

    Attributes
    ----------
    layer, filter_index, bins, value_range, selected_range
        The one selection: settable, observable, linkable in Python.
    grid, histogram, table, statistics, histograms, norms
        The views; `jslink` to these.
    gates, heads, channels, experts, matrix, depth
        Views of what a layer means by its kind or its place; made when they are first asked for, they follow
        the selection while their panel is open.
    error : str
        Why the last question has no answer; "" when all is well.

    Raises
    ------
    TypeError
        If `source` is none of the above, or for an unknown keyword.
    traitlets.TraitError
        If `layer`, `filter_index` or `bins` does not exist; the message gives the nearest name or the range.
    """

    layer = t.Unicode()
    filter_index = t.Int(0)
    bins = t.Any(50)
    value_range = t.Any("full")
    selected_range = t.Any(None, allow_none=True)
    size = t.Enum(["normal", "large"], default_value="normal")
    error = t.Unicode(read_only=True)

    _stage: Stage
    _closed = False

    def __init__(
        self,
        source: object,
        layer: str | None = None,
        filter_index: int = 0,
        bins: int | str = 50,
        twin: object = None,
        size: str = "normal",
        **layout: Any,
    ) -> None:
        refuse_unknown(type(self), layout, "twin")
        self._source = open_source(source)
        self._desk = Desk()
        self.layer = first_layer(self._source) if layer is None else layer
        self.observe(self._new_layer, "layer")
        links = Links(self, self._desk, _SHARED)
        sources = {"model": self._source}
        if twin is not None:
            sources["twin"] = open_source(twin)
        self._stage = Stage(sources, self.layer, self._desk, links, self._collect_errors)
        try:
            with self._desk.asking():
                self._stage.show_sides(shuffled=False, layer=self.layer)
                self.filter_index, self.bins, self.size = filter_index, bins, size
                self._stage.follow(self.layer)
        except BaseException:
            # What was opened for an explorer that never comes to be would stay open for ever.
            self._stage.close()
            raise
        self._start = {name: getattr(self, name) for name in _SHARED}
        self._stage.toolbar.code = self.code
        self._stage.toolbar.stands_for = self
        self._stage.toolbar.observe(self._toolbar_used, ["shuffle", "same_scale", "panel", "resets"])
        super().__init__(self._stage.boxes, **{"layout": {"width": "100%", "overflow": "visible"}, **layout})
        self.add_class("ww-explorer")
        keep_routes(self)
        self._collect_errors(None)

    grid = property(lambda self: self._stage.views()["grid"], doc="The filter grid.")
    histogram = property(lambda self: self._stage.views()["histogram"], doc="The histogram.")
    table = property(lambda self: self._stage.table, doc="The layer table.")
    statistics = property(lambda self: self._stage.statistics, doc="The statistics.")
    histograms = property(lambda self: self._stage.panel("histograms"), doc="All histograms.")
    norms = property(lambda self: self._stage.panel("norms"), doc="The norms.")
    matrix = property(lambda self: self._stage.panel("matrix"), doc="The weight matrix to zoom into.")
    gates = property(lambda self: self._stage.panel("gates"), doc="The gates of a recurrent layer.")
    heads = property(lambda self: self._stage.panel("heads"), doc="The heads of an attention block.")
    channels = property(lambda self: self._stage.panel("channels"), doc="The channels of a norm.")
    experts = property(lambda self: self._stage.panel("experts"), doc="The experts of a mixture.")
    depth = property(lambda self: self._stage.panel("depth"), doc="Layers of one name down the network.")
    toolbar = property(lambda self: self._stage.toolbar, doc="The line above the views.")

    @property
    def layers(self) -> list[str]:
        """The names of all layers, in model order."""
        return list(self._source)

    def tensor(self) -> torch.Tensor:
        """A copy of the selected filter's weights, shape (in_channels // groups, *kernel_size)."""
        return self._source[self.layer].out_first[self.filter_index].clone()

    def selection(self) -> pd.DataFrame:
        """The weights in `selected_range`: layer, out, in, position, value; empty without a range."""
        return selected_weights(self._source[self.layer], self.selected_range, self.histogram.value_range)

    def code(self) -> str:
        """Python that reproduces this view; the source is called `model` (and `twin`)."""
        usual = {"layer": first_layer(self._source), "filter_index": 0, "bins": 50, "size": "normal"}
        given = {name: repr(getattr(self, name)) for name in usual if getattr(self, name) != usual[name]}
        if "twin" in self._stage.sides:
            given["twin"] = "twin"
        later = {name: getattr(self, name) for name in ("value_range", "selected_range")}
        later = {name: value for name, value in later.items() if value != self.trait_defaults(name)}
        return reproduce(given, later, {**self._stage.views(), "toolbar": self.toolbar}, _SHARED)

    def reset(self) -> None:
        """Go back to where the explorer opened."""
        with self._desk.asking():
            self._stage.take_back(_SHARED)
            for name, value in self._start.items():
                setattr(self, name, value)

    def refresh(self) -> None:
        """Read the weights again, for a change that torch cannot tell."""
        with self._desk.asking():
            self._desk.renew()
            for view in self._stage.answering():
                self._desk.want(view)

    def picture(self) -> Image.Image | None:
        """Draw the current view in Python: what is selected, table, pictures, statistics, the open panel."""
        return self._drawn_by(lambda view: view.picture())

    def cell_picture(self) -> Image.Image | None:
        """Draw what a cell keeps for readers without a front end; what would keep it waiting is left out."""
        return self._drawn_by(lambda view: view.cell_picture())

    def close(self) -> None:
        """Free everything; calling it again does nothing."""
        if self._closed:
            return
        self._closed = True
        # An explorer that was refused its arguments has no layout and no stage of its own.
        if self.comm is not None:
            self._stage.close()
            layout = self.layout
            super().close()
            layout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        """Name the model and what is shown of it."""
        return f"WeightExplorer({self._source.title}, layer={self.layer!r}, filter_index={self.filter_index})"

    @t.validate("layer")
    def _known_layer(self, proposal: t.Bunch) -> str:
        return known_layer(self._source, proposal["value"])

    @t.validate("filter_index")
    def _known_filter(self, proposal: t.Bunch) -> int:
        return known_filter(self._source.get(self.layer), proposal["value"])

    @t.validate("bins", "value_range", "selected_range")
    def _as_the_views_take_it(self, proposal: t.Bunch) -> Any:
        # The views know the bounds and the sentences; what they refuse is refused here too.
        histogram = self.histogram
        return getattr(type(histogram), proposal["trait"].name)._validate(histogram, proposal["value"])  # noqa: SLF001

    def _drawn_by(self, draw: Callable[[Pictured], Image.Image | None]) -> Image.Image | None:
        bands = [
            {label: draw(view) or view.error for label, view in band.items()} for band in self._stage.bands()
        ]
        layer = self._source.get(self.layer)
        words = self.error if layer is None else _selected(layer, self.filter_index, self.selected_range)
        return explorer_picture(", twin ".join(self._stage.titles()), [words], bands)

    def _new_layer(self, _change: t.Bunch) -> None:
        # Rows and ranges of the old layer mean nothing in the new one.
        self.filter_index = min(self.filter_index, max(0, self._source[self.layer].out_channels - 1))
        self.selected_range = None
        # The first layer is chosen before there is anything to see.
        if self.comm is not None:
            with self._desk.asking():
                self._stage.follow(self.layer)

    def _toolbar_used(self, change: t.Bunch) -> None:
        with self._desk.asking():
            if change["name"] == "panel":
                self._stage.follow(self.layer)
                self._collect_errors(None)
            elif change["name"] == "resets":
                self.reset()
            elif change["name"] == "same_scale":
                self._stage.share_scale(shared=change["new"])
            else:
                self._stage.show_sides(shuffled=change["new"], layer=self.layer)

    def _collect_errors(self, _change: object) -> None:
        # The first errors come while the stage is being built, and are collected when it stands.
        if self.comm is not None:
            self.set_trait("error", next(self._stage.errors(), ""))


def _selected(layer: Layer, filter_index: int, selected_range: tuple[float, float] | None) -> str:
    shape = " x ".join(f"{size:,}" for size in layer.shape)
    row = f"{noun(layer)} {filter_index:,} of {layer.out_channels:,}"
    words = [wire.display_name(layer.name, 80), layer.kind, shape, row if layer.out_channels else ""]
    if selected_range is not None:
        low, high = map(number, selected_range)
        words.append(f"weights from {low} to {high} selected")
    return " · ".join(filter(None, words))
