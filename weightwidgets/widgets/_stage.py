"""Where the explorer's views stand: toolbar above, table beside the pictures, one panel below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets

from weightwidgets import wire

from ._code import take_back
from ._links import Links, close_family, keep_routes
from ._panels import Offers, Panels, titled
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
_GRID_LOOKS = ("color_scope", "order", "input_channel", "depth_index", "as_images")
_HISTOGRAM_LOOKS = ("log_counts",)


class Side:
    """One column of pictures: the grid above the histogram of one source."""

    def __init__(self, source: Source, layer: str, label: str, desk: Desk, *, shuffled: bool = False) -> None:
        known = layer if layer in source else ""
        self.source = source
        self.grid = FilterGrid(source, known, desk=desk, shuffled=shuffled)
        self.histogram = WeightHistogram(source, known, desk=desk, shuffled=shuffled)
        self.box = titled(label, self.grid, self.histogram)

    def share_scale(self, sources: Iterable[Source]) -> None:
        """Draw on one scale with the same layer of these sources, its own among them."""
        others = [source for source in sources if source is not self.source]
        self.grid.share_scale(others)
        self.histogram.share_scale(others)


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
        self._panels = Panels(sources, desk, links, on_error)
        self._offers = Offers(next(iter(sources.values())))
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
        numbers = ipywidgets.Box([titled(name, view) for name, view in self._numbers.items()])
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
        self._below.children = self._panels.open(name)

    def follow(self, layer: str) -> None:
        """Offer the panels that say something of a layer, and show the chosen one, or that of its kind."""
        offered = self._offers.of(layer)
        chosen = self.toolbar.panel
        opened = chosen if chosen in ("", *offered) else self._offers.opens_by_itself(layer)
        self.toolbar.offer(offered, opened)
        self.open_panel(opened)

    def views(self) -> dict[str, View]:
        """Give the model's own views that are there now, by the explorer's attribute that holds them."""
        main = next(iter(self.sides.values()))
        always = {"grid": main.grid, "histogram": main.histogram, "table": self.table}
        return {
            **always,
            "statistics": self.statistics,
            **{name: self.panel(name) for name in self._panels.made},
        }

    def take_back(self, shared: tuple[str, ...]) -> None:
        """Bring every choice but the `shared` back to its default, and close what explains a number."""
        take_back({**self.views(), "toolbar": self.toolbar}, shared)
        for view in self._numbers.values():
            # Explanations are open in the browser alone, where each display has its own.
            view.resets += 1

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
        yield self._panels.opened

    def answering(self) -> list[Any]:
        """Give everything that answers questions: the views of all sides and the panels made so far."""
        panels = [view for views in self._panels.made.values() for view in views.values()]
        return [self.table, *(view for _, view in self._labelled_pictures()), *panels]

    def close(self) -> None:
        """Free every widget."""
        for links in (self._links, *self._looks):
            links.close()
        for widget in self.boxes:
            close_family(widget)
        self._panels.close()

    def errors(self) -> Iterator[str]:
        """Say what has no answer now, and in which column where there are several."""
        views = [*self._labelled_pictures(), *self._panels.opened.items()]
        for label, view in views:
            if view.error:
                yield f"{label}: {view.error}" if len(self.sides) > 1 else view.error
        if self.table.error:
            yield self.table.error

    def _labelled_pictures(self) -> Iterator[tuple[str, Any]]:
        for label, side in self.sides.items():
            yield from ((label, side.grid), (label, side.histogram))
        yield from self._numbers.items()

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
