"""Where the explorer's views stand: toolbar above, table beside the pictures, one panel below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets

from ._links import Links, close_family, keep_routes
from .grid import FilterGrid
from .histogram import WeightHistogram
from .statistics import WeightStatistics
from .table import LayerTable
from .toolbar import ExplorerToolbar

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

    from weightwidgets.sources.source import Source

    from ._base import View
    from ._desk import Answering, Desk


class Side:
    """One column of pictures: the grid above the histogram of one source."""

    def __init__(self, source: Source, layer: str, label: str, desk: Desk, *, shuffled: bool = False) -> None:
        known = layer if layer in source else ""
        self.grid = FilterGrid(source, known, desk=desk, shuffled=shuffled)
        self.histogram = WeightHistogram(source, known, desk=desk, shuffled=shuffled)
        self.label = ipywidgets.Label(label)
        self.box = ipywidgets.VBox([self.label, self.grid, self.histogram])
        self.label.add_class("ww-explorer-label")
        self.box.add_class("ww-explorer-side")

    def pictures(self) -> list[Image.Image]:
        """Draw the grid and the histogram."""
        drawn = (self.grid.picture(), self.histogram.picture())
        return [picture for picture in drawn if picture is not None]


class Stage:
    """Makes the views when they are first wanted, joins them to the selection, and arranges them.

    Which view stands where at which width is said in `toolbar.css`, by the classes given here.
    """

    def __init__(self, source: Source, layer: str, desk: Desk, links: Links) -> None:
        self._source = source
        self._desk = desk
        self._links = links
        self._panels: dict[str, Any] = {}
        self.sides: dict[str, Side] = {}
        self.toolbar = ExplorerToolbar(source, desk=desk)
        self.table = LayerTable(source, layer=layer, desk=desk)
        self.statistics = WeightStatistics(source, layer, desk=desk)
        self._pictures = ipywidgets.Box()
        self._columns = ipywidgets.Box([self.table, self._pictures, self.statistics])
        self._below = ipywidgets.Box()
        self.boxes = (self.toolbar, self._columns, self._below)
        for view in (self.toolbar, self.table, self.statistics):
            links.add(view)
        for widget, name in (
            (self.table, "table"),
            (self.statistics, "statistics"),
            (self._pictures, "pictures"),
            (self._columns, "columns"),
            (self._below, "below"),
        ):
            widget.add_class(f"ww-explorer-{name}")

    def add_side(self, name: str, source: Source, layer: str, *, shuffled: bool = False) -> None:
        """Show another column of pictures."""
        side = Side(source, layer, name, self._desk, shuffled=shuffled)
        self.sides[name] = side
        self._links.add(side.grid)
        self._links.add(side.histogram)
        self._arrange()

    def remove_side(self, name: str) -> None:
        """Take a column of pictures away."""
        side = self.sides.pop(name)
        self._links.discard(side.grid)
        self._links.discard(side.histogram)
        self._arrange()
        close_family(side.box)

    def panel(self, name: str) -> Any:
        """Give the view of a panel; it is made when it is first wanted."""
        if name not in self._panels:
            self._panels[name] = _PANELS[name](self._source, self._desk)
            self._links.add(self._panels[name])
            keep_routes(self._panels[name])
        return self._panels[name]

    def open_panel(self, name: str) -> None:
        """Show one panel below, or none for ""."""
        self._below.children = (self.panel(name),) if name else ()

    def views(self) -> dict[str, View]:
        """Give our own views that are there now, by the explorer's attribute that holds them."""
        main = next(iter(self.sides.values()))
        always = {"grid": main.grid, "histogram": main.histogram, "table": self.table}
        made = {name: view for name, view in self._panels.items() if name != "norms"}
        return {**always, "statistics": self.statistics, **made}

    def answering(self) -> list[Answering]:
        """Give everything that answers questions: the views of all sides and the panels made so far."""
        pictures = [view for side in self.sides.values() for view in (side.grid, side.histogram)]
        return [self.table, self.statistics, *pictures, *self._panels.values()]

    def close(self) -> None:
        """Free every widget."""
        self._links.close()
        for widget in (*self.boxes, *self._panels.values()):
            close_family(widget)

    def _arrange(self) -> None:
        if len(self.sides) > 1:
            self._columns.add_class("ww-explorer-several")
        else:
            self._columns.remove_class("ww-explorer-several")
        self._pictures.children = tuple(side.box for side in self.sides.values())
        keep_routes(self._pictures)


def _histograms(source: Source, desk: Desk) -> Any:
    from .gallery import LayerHistograms

    return LayerHistograms(source, desk=desk)


def _norms(source: Source, desk: Desk) -> Any:
    from .norms import NormChart  # bqplot, half a second to import

    return NormChart(source, desk=desk)


_PANELS: dict[str, Callable[[Source, Desk], Any]] = {
    "histograms": _histograms,
    "norms": _norms,
}
