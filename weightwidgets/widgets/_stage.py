"""Where the explorer's views stand: toolbar above, table beside the pictures, one panel below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets

from weightwidgets import wire

from ._links import Links, close_family, keep_routes
from .grid import FilterGrid
from .histogram import WeightHistogram
from .statistics import WeightStatistics
from .table import LayerTable
from .toolbar import ExplorerToolbar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from weightwidgets.sources.source import Source

    from ._base import View
    from ._desk import Desk


# What all columns share beside the selection: how they are drawn.
_GRID_LOOKS = ("color_scope", "order", "input_channel", "as_images")
_HISTOGRAM_LOOKS = ("log_counts",)


def _titled(label: str, *widgets: ipywidgets.Widget) -> ipywidgets.VBox:
    """Put a label over each widget; which labels are needed at which width says `toolbar.css`."""
    parts: list[ipywidgets.Widget] = []
    for widget in widgets:
        title = ipywidgets.Label(label)
        title.add_class("ww-explorer-label")
        parts += [title, widget]
    box = ipywidgets.VBox(parts)
    box.add_class("ww-explorer-side")
    return box


class Side:
    """One column of pictures: the grid above the histogram of one source."""

    def __init__(self, source: Source, layer: str, label: str, desk: Desk, *, shuffled: bool = False) -> None:
        known = layer if layer in source else ""
        self.source = source
        self.grid = FilterGrid(source, known, desk=desk, shuffled=shuffled)
        self.histogram = WeightHistogram(source, known, desk=desk, shuffled=shuffled)
        self.box = _titled(label, self.grid, self.histogram)

    def share_scale(self, sources: Iterable[Source]) -> None:
        """Draw on one scale with the same layer of these sources, its own among them."""
        others = [source for source in sources if source is not self.source]
        self.grid.share_scale(others)
        self.histogram.share_scale(others)


class Panels:
    """What can be opened below the pictures: a view of each source, side by side, made when first wanted."""

    def __init__(self, sources: Mapping[str, Source], desk: Desk, join: Callable[[Any], None]) -> None:
        self._sources = sources
        self._desk = desk
        self._join = join
        self._looks: list[Links] = []
        self._boxes: dict[str, tuple[ipywidgets.VBox, ...]] = {}
        self._same_scale = False
        self.made: dict[str, dict[str, Any]] = {}

    def views(self, name: str) -> dict[str, Any]:
        """Give a panel's views by the labels of their sources."""
        if name not in self.made:
            make, looks = _PANELS[name]
            views = {label: make(source, self._desk) for label, source in self._sources.items()}
            main, *others = views.values()
            self.made[name] = views
            self._boxes[name] = tuple(_titled(label, view) for label, view in views.items())
            self._looks.append(Links(main, self._desk, looks))
            for view in views.values():
                self._join(view)
            for view in others:
                self._looks[-1].add(view)
            for box in self._boxes[name]:
                keep_routes(box)
            if self._same_scale:
                self.share_scale(shared=True)
        return self.made[name]

    def boxes(self, name: str) -> tuple[ipywidgets.VBox, ...]:
        """Give a panel's views, each under its label."""
        self.views(name)
        return self._boxes[name]

    def share_scale(self, *, shared: bool) -> None:
        """Draw the norms of all sources on one axis, or each on its own."""
        self._same_scale = shared
        charts = list(self.made.get("norms", {}).values())
        for chart in charts:
            chart.share_scale(other for other in charts if shared and other is not chart)

    def close(self) -> None:
        """Free every view that was made."""
        for links in self._looks:
            links.close()
        for boxes in self._boxes.values():
            for box in boxes:
                close_family(box)


class Stage:
    """Makes the views when they are first wanted, joins them to the selection, and arranges them.

    Each source, the model and its twin, has its pictures, its statistics and its own view in each panel; the
    table is the model's. Which view stands where at which width is said in `toolbar.css`, by the classes
    given here.
    """

    def __init__(
        self,
        sources: Mapping[str, Source],
        layer: str,
        desk: Desk,
        links: Links,
        on_error: Callable[[object], None],
    ) -> None:
        self._sources = sources
        self._desk = desk
        self._links = links
        self._on_error = on_error
        self._looks: list[Links] = []
        self._panels = Panels(sources, desk, self._join)
        self._same_scale = False
        self.sides: dict[str, Side] = {}
        model, *others = sources.values()
        self.toolbar = ExplorerToolbar(model, *others, desk=desk)
        self.table = LayerTable(model, layer=layer, desk=desk)
        self._numbers = {
            name: WeightStatistics(source, layer if layer in source else "", desk=desk)
            for name, source in sources.items()
        }
        self._pictures = ipywidgets.Box()
        numbers = ipywidgets.Box([_titled(name, view) for name, view in self._numbers.items()])
        self._columns = ipywidgets.Box([self.table, self._pictures, numbers])
        self._below = ipywidgets.Box()
        self.boxes = (self.toolbar, self._columns, self._below)
        for view in (self.toolbar, self.table, *self._numbers.values()):
            self._join(view)
        for widget, name in (
            (self.table, "table"),
            (numbers, "statistics"),
            (self._pictures, "pictures"),
            (self._columns, "columns"),
            (self._below, "below"),
        ):
            widget.add_class(f"ww-explorer-{name}")
            if others:
                widget.add_class("ww-explorer-twins")

    @property
    def statistics(self) -> WeightStatistics:
        """The model's statistics."""
        return next(iter(self._numbers.values()))

    def show_sides(self, *, shuffled: bool, layer: str) -> None:
        """Show the pictures of each source and, beside them, the same weights shuffled, or not."""
        kinds = {"": False, " shuffled": True} if shuffled else {"": False}
        wanted = {
            name + suffix: (source, mixed)
            for name, source in self._sources.items()
            for suffix, mixed in kinds.items()
        }
        gone = [self._remove_side(label) for label in list(self.sides) if label not in wanted]
        for label, (source, mixed) in wanted.items():
            if label not in self.sides:
                self._add_side(label, Side(source, layer, label, self._desk, shuffled=mixed))
        self.sides = {label: self.sides[label] for label in wanted}
        for name in ("several", "four"):
            self._columns.remove_class(f"ww-explorer-{name}")
        if len(self.sides) > 1:
            self._columns.add_class("ww-explorer-several")
        if shuffled and len(self._sources) > 1:
            self._columns.add_class("ww-explorer-four")
        self._pictures.children = tuple(side.box for side in self.sides.values())
        keep_routes(self._pictures)
        for side in gone:
            close_family(side.box)

    def share_scale(self, *, shared: bool) -> None:
        """Draw all sides on one scale, or each on its own."""
        self._same_scale = shared
        for side in self.sides.values():
            side.share_scale(self._sources.values() if shared else ())
        self._panels.share_scale(shared=shared)

    def panel(self, name: str) -> Any:
        """Give the model's view of a panel; it is made when it is first wanted."""
        return next(iter(self._panels.views(name).values()))

    def open_panel(self, name: str) -> None:
        """Show one panel below, or none for ""."""
        self._below.children = self._panels.boxes(name) if name else ()

    def views(self) -> dict[str, View]:
        """Give the model's own views that are there now, by the explorer's attribute that holds them."""
        main = next(iter(self.sides.values()))
        always = {"grid": main.grid, "histogram": main.histogram, "table": self.table}
        return {
            **always,
            "statistics": self.statistics,
            **{name: self.panel(name) for name in self._panels.made},
        }

    def titles(self) -> list[str]:
        """Name the sources, safe to look at."""
        return [wire.display_name(source.title) for source in self._sources.values()]

    def bands(self) -> Iterator[Mapping[str, Any]]:
        """Give what is shown from the top to the bottom: views that stand side by side, by their labels."""
        yield {"": self.table}
        labels = list(self.sides)
        for place in range(0, len(labels), 2):
            pair = {label: self.sides[label] for label in labels[place : place + 2]}
            yield {label: side.grid for label, side in pair.items()}
            yield {label: side.histogram for label, side in pair.items()}
        yield self._numbers
        yield self._panels.made.get(self.toolbar.panel, {})

    def answering(self) -> list[Any]:
        """Give everything that answers questions: the views of all sides and the panels made so far."""
        return [self.table, *(view for _, view in self._labelled())]

    def close(self) -> None:
        """Free every widget."""
        for links in (self._links, *self._looks):
            links.close()
        for widget in self.boxes:
            close_family(widget)
        self._panels.close()

    def errors(self) -> Iterator[str]:
        """Say what has no answer now, and in which column where there are several."""
        for label, view in self._labelled():
            if view.error:
                yield f"{label}: {view.error}" if len(self.sides) > 1 else view.error
        if self.table.error:
            yield self.table.error

    def _labelled(self) -> Iterator[tuple[str, Any]]:
        for label, side in self.sides.items():
            yield from ((label, side.grid), (label, side.histogram))
        for views in (self._numbers, *self._panels.made.values()):
            yield from views.items()

    def _add_side(self, label: str, side: Side) -> None:
        if not self.sides:
            self._looks = [
                Links(side.grid, self._desk, _GRID_LOOKS),
                Links(side.histogram, self._desk, _HISTOGRAM_LOOKS),
            ]
        self.sides[label] = side
        for view, looks in zip((side.grid, side.histogram), self._looks[:2], strict=True):
            self._join(view)
            # Pictures that are compared are drawn alike.
            if len(self.sides) > 1:
                looks.add(view)
        if self._same_scale:
            side.share_scale(self._sources.values())

    def _remove_side(self, label: str) -> Side:
        side = self.sides.pop(label)
        for view, looks in zip((side.grid, side.histogram), self._looks[:2], strict=True):
            self._links.discard(view)
            looks.discard(view)
        return side

    def _join(self, view: Any) -> None:
        self._links.add(view)
        view.observe(self._on_error, "error")


def _histograms(source: Source, desk: Desk) -> Any:
    from .gallery import LayerHistograms

    return LayerHistograms(source, desk=desk)


def _norms(source: Source, desk: Desk) -> Any:
    from .norms import NormChart  # bqplot, half a second to import

    return NormChart(source, desk=desk)


# How each panel's view is made, and what the views of several sources share.
_PANELS: dict[str, tuple[Callable[[Source, Desk], Any], tuple[str, ...]]] = {
    "histograms": (_histograms, ("shared_range",)),
    "norms": (_norms, ("kind", "log_norms")),
}
