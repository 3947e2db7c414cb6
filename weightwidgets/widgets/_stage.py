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
    from collections.abc import Callable, Iterator

    from PIL import Image

    from weightwidgets.sources.source import Source

    from ._base import View
    from ._desk import Desk


# What all columns share beside the selection: how they are drawn.
_GRID_LOOKS = ("color_scope", "order", "input_channel", "as_images")
_HISTOGRAM_LOOKS = ("log_counts",)


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

    def __init__(
        self, source: Source, layer: str, desk: Desk, links: Links, on_error: Callable[[object], None]
    ) -> None:
        self._source = source
        self._desk = desk
        self._links = links
        self._on_error = on_error
        self._looks: list[Links] = []
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
            self._join(view)
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
        if not self.sides:
            self._looks = [
                Links(side.grid, self._desk, _GRID_LOOKS),
                Links(side.histogram, self._desk, _HISTOGRAM_LOOKS),
            ]
        self.sides[name] = side
        for view, looks in zip((side.grid, side.histogram), self._looks, strict=True):
            self._join(view)
            # Pictures that are compared are drawn alike.
            if len(self.sides) > 1:
                looks.add(view)
        self._arrange()

    def remove_side(self, name: str) -> None:
        """Take a column of pictures away."""
        side = self.sides.pop(name)
        for view, looks in zip((side.grid, side.histogram), self._looks, strict=True):
            self._links.discard(view)
            looks.discard(view)
        self._arrange()
        close_family(side.box)

    def panel(self, name: str) -> Any:
        """Give the view of a panel; it is made when it is first wanted."""
        if name not in self._panels:
            self._panels[name] = _PANELS[name](self._source, self._desk)
            self._join(self._panels[name])
            keep_routes(self._panels[name])
        return self._panels[name]

    def open_panel(self, name: str) -> None:
        """Show one panel below, or none for ""."""
        self._below.children = (self.panel(name),) if name else ()

    def views(self) -> dict[str, View]:
        """Give our own views that are there now, by the explorer's attribute that holds them."""
        main = next(iter(self.sides.values()))
        always = {"grid": main.grid, "histogram": main.histogram, "table": self.table}
        return {**always, "statistics": self.statistics, **self._panels}

    def answering(self) -> list[Any]:
        """Give everything that answers questions: the views of all sides and the panels made so far."""
        pictures = [view for side in self.sides.values() for view in (side.grid, side.histogram)]
        return [self.table, self.statistics, *pictures, *self._panels.values()]

    def close(self) -> None:
        """Free every widget."""
        for links in (self._links, *self._looks):
            links.close()
        for widget in (*self.boxes, *self._panels.values()):
            close_family(widget)

    def errors(self) -> Iterator[str]:
        """Say what has no answer now, and in which column where there are several."""
        for name, side in self.sides.items():
            for error in filter(None, (side.grid.error, side.histogram.error)):
                yield f"{name}: {error}" if len(self.sides) > 1 else error
        others = (self.statistics, self.table, *self._panels.values())
        yield from filter(None, (view.error for view in others))

    def _join(self, view: Any) -> None:
        self._links.add(view)
        view.observe(self._on_error, "error")

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
