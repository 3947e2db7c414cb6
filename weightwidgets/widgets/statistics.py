"""The statistics strip: the numbers of a layer and of its selected filter, each with how it comes about."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import traitlets as t

from weightwidgets import wire
from weightwidgets.analysis._cache import shared
from weightwidgets.analysis.strongest import strongest
from weightwidgets.analysis.summary import summary
from weightwidgets.fingerprint import tensor_fingerprint
from weightwidgets.pictures.statistics import Block, statistics_picture

from ._base import Ask, Part, bundle, output, view_state
from ._filter import FilterView, filter_row, noun
from ._stream import steady
from ._strip import LayerPage, UnitPage, address, as_plain, layer_page, unit_page

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PIL import Image

    from weightwidgets.layer import Layer

_LIVE = "Read while a cell was running: it may mix two training steps."


class WeightStatistics(FilterView):
    """The statistics of a layer and of one of its filters, and its ten strongest inputs of each sign.

    Every number opens the formula with its actual values, its source, what it says and does not say, and the
    Python line that gives it again (the source is called `model`, the package `ww`).

    Parameters
    ----------
    source : object
        Whatever `open_source` accepts.
    layer : str, optional
        Name of the layer; by default the first.
    filter_index : int
        Row of the out-first weight, 0 to ``out_channels - 1``.

    Raises
    ------
    TypeError
        If an argument is unknown, or `source` holds no weights.
    traitlets.TraitError
        If there is no such layer or filter; the widget then keeps what it shows.

    """

    _esm = t.Unicode().tag(sync=True)
    _css = t.Unicode().tag(sync=True)
    #: Counted up by the explorer's reset: the browser then closes what explains a number.
    resets = view_state(t.Int(0, min=0).tag(transient=True))
    frame = output()
    unit = output()

    @t.default("_esm")
    def _default_esm(self) -> str:
        return bundle("statistics.js")

    @t.default("_css")
    def _default_css(self) -> str:
        return bundle("statistics.css")

    def parts(self, ask: Ask) -> Iterable[Part]:
        """Answer with a page for the layer and one for its filter."""
        layer = ask.layer
        if layer is None:
            raise ValueError("there is no layer to show here")
        index = ask.filter_index
        bias = layer.bias
        bias_version = None if bias is None else tensor_fingerprint(bias)
        yield Part(
            "frame",
            (ask.version, ask.live, bias is None),
            lambda: wire.frame(
                page=_text(self._layer_page(ask, layer)), filters=layer.out_channels, unit=noun(layer)
            ),
        )
        yield Part(
            "unit",
            (ask.version, ask.live, bias_version, index),
            lambda: wire.frame(page=_text(self._unit_page(layer, index))),
        )

    def picture(self) -> Image.Image | None:
        """Draw the strip; None where there is nothing to show."""
        ask = self._ask()
        try:
            if ask.layer is None:
                return None
            page = self._layer_page(ask, ask.layer)
            unit = self._unit_page(ask.layer, ask.filter_index)
        except ValueError:
            return None
        columns = ("layer", unit.label)
        blocks = [
            Block(
                0 if place < 2 else 1,
                group.label,
                columns,
                [(row.label, _written(page, row.key), unit.cells[row.key].text) for row in group.rows],
            )
            for place, group in enumerate(page.groups)
        ]
        for place, ranked in enumerate(unit.ranked):
            rows = [(name, cell.text) for name, cell in zip(ranked.short_places, ranked.cells, strict=True)]
            blocks.append(Block(2 + place, ranked.label, ("weight",), rows))
        return statistics_picture(f"{page.name}, {unit.label}", blocks)

    def _layer_page(self, ask: Ask, layer: Layer) -> LayerPage:
        notes = [note for note in (layer.note, _LIVE if ask.live else "") if note]
        # What a running cell may tear must not be remembered as the numbers of this version.
        if ask.live:
            numbers = summary(steady(layer.weight))
        else:
            numbers = shared.get((ask.version, "summary"), lambda: summary(layer.weight))
        return layer_page(layer, address(self._source, layer), numbers, notes)

    def _unit_page(self, layer: Layer, index: int) -> UnitPage:
        row = steady(filter_row(layer, index))
        return unit_page(layer, index, address(self._source, layer), summary(row), strongest(row))


def _text(page: LayerPage | UnitPage) -> str:
    # One text part instead of two hundred: each part of a frame is a buffer of its own on the wire.
    return json.dumps(as_plain(page), allow_nan=False)


def _written(page: LayerPage, key: str) -> str:
    return page.cells[key].text if key in page.cells else ""
