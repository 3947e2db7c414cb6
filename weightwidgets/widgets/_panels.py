"""What can be opened below the explorer's pictures, and what a layer opens there by its kind."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import ipywidgets

from weightwidgets.layer import CONVOLUTIONS
from weightwidgets.sources.attention import attention_blocks
from weightwidgets.sources.experts import expert_patterns
from weightwidgets.sources.norm_layers import norm_layers
from weightwidgets.sources.recurrent import recurrent_layers
from weightwidgets.sources.repeats import repeated_groups, stars

from ._links import Links, close_family, keep_routes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from weightwidgets.layer import Layer
    from weightwidgets.sources.source import Source

    from ._desk import Desk


class Panel(NamedTuple):
    """One kind of panel.

    `looks` is what the views of several sources share. What `is_own` shows the selected layer, and follows
    the selection only while it is open: its answers may take long.
    """

    module: str
    view: str
    looks: tuple[str, ...]
    is_own: bool = True


#: By the explorer's attribute that holds the model's view, in the order of the toolbar.
PANELS: dict[str, Panel] = {
    "gates": Panel("gates", "RecurrentGates", ("block", "bins", "gate")),
    "heads": Panel("heads", "AttentionHeads", ("head", "role", "order")),
    "channels": Panel("channels", "NormChannels", ("threshold", "order")),
    "experts": Panel("experts", "ExpertGrid", ("pattern", "expert", "measure")),
    "matrix": Panel("matrix", "WeightMatrix", ("pooling", "order", "contrast", "image_shape")),
    "depth": Panel("depth", "DepthView", ("pattern", "statistic")),
    "histograms": Panel("gallery", "LayerHistograms", ("shared_range",), is_own=False),
    "norms": Panel("norms", "NormChart", ("kind", "log_norms"), is_own=False),
}
# The grid shows a matrix as a whole; experts and depth are about many layers: these wait to be asked for.
_OPEN_BY_THEMSELVES = ("gates", "heads", "channels")
_RECOGNISED = ("gates", "heads", "channels", "experts", "depth")


class Offers:
    """Says which panels have something to say of a layer, from names and shapes alone."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._names: tuple[str, ...] = ()
        self._found: dict[str, set[str]] = {}

    def of(self, layer: str) -> tuple[str, ...]:
        """Give the panels for a layer, in the order of the toolbar."""
        names = tuple(self._source)
        if names != self._names:
            # Recognising goes over all names; it is done again only when there are others.
            self._names, self._found = names, _recognised(self._source)
        found = self._source.get(layer)
        says = {
            "matrix": found is not None and _is_matrix(found),
            **{name: layer in self._found.get(name, ()) for name in _RECOGNISED},
        }
        return tuple(name for name, panel in PANELS.items() if not panel.is_own or says[name])

    def opens_by_itself(self, layer: str) -> str:
        """Give the panel in which a layer has the meaning of its kind; "" where the pictures have it."""
        offered = self.of(layer)
        return next((name for name in _OPEN_BY_THEMSELVES if name in offered), "")


class Panels:
    """The panels' views: one of each source, side by side, made when first wanted."""

    def __init__(
        self,
        sources: Mapping[str, Source],
        desk: Desk,
        links: Links,
        on_error: Callable[[object], None],
    ) -> None:
        self._sources = sources
        self._desk = desk
        self._links = links
        self._on_error = on_error
        self._looks: list[Links] = []
        self._boxes: dict[str, tuple[ipywidgets.VBox, ...]] = {}
        self._following: set[str] = set()
        self._same_scale = False
        self._open = ""
        self.made: dict[str, dict[str, Any]] = {}

    @property
    def opened(self) -> Mapping[str, Any]:
        """The views of the open panel by the labels of their sources; empty while none is open."""
        return self.made.get(self._open, {})

    def views(self, name: str) -> dict[str, Any]:
        """Give a panel's views by the labels of their sources; they follow the selection."""
        if name not in self.made:
            self.made[name] = self._make(name)
        if name not in self._following:
            self._following.add(name)
            for view in self.made[name].values():
                self._links.add(view)
        return self.made[name]

    def open(self, name: str) -> tuple[ipywidgets.VBox, ...]:
        """Give a panel's views, each under its label, and let others of the selected layer rest."""
        self._open = name
        for other in [one for one in self._following if PANELS[one].is_own and one != name]:
            self._following.remove(other)
            for view in self.made[other].values():
                self._links.discard(view)
        if not name:
            return ()
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

    def _make(self, name: str) -> dict[str, Any]:
        panel = PANELS[name]
        # bqplot alone takes half a second to import.
        view_class = getattr(import_module(f"weightwidgets.widgets.{panel.module}"), panel.view)
        layer = self._links.value("layer")
        views = {
            label: view_class(source, layer=layer if layer in source else "", desk=self._desk)
            for label, source in self._sources.items()
        }
        main, *others = views.values()
        self._boxes[name] = tuple(titled(label, view) for label, view in views.items())
        self._looks.append(Links(main, self._desk, panel.looks))
        for view in others:
            self._looks[-1].add(view)
        for view in views.values():
            view.observe(self._on_error, "error")
        for box in self._boxes[name]:
            keep_routes(box)
        if name == "norms" and self._same_scale:
            self.made[name] = views
            self.share_scale(shared=True)
        return views


def titled(label: str, *widgets: ipywidgets.Widget) -> ipywidgets.VBox:
    """Put a label over each widget; which labels are needed at which width says `toolbar.css`."""
    parts: list[ipywidgets.Widget] = []
    for widget in widgets:
        title = ipywidgets.Label(label)
        title.add_class("ww-explorer-label")
        parts += [title, widget]
    box = ipywidgets.VBox(parts)
    box.add_class("ww-explorer-side")
    return box


def _recognised(source: Source) -> dict[str, set[str]]:
    """Find the layers of which a panel has something to say because of what stands beside them."""
    kinds = [(name, layer.kind) for name, layer in source.items()]
    groups = repeated_groups(kinds).values()
    return {
        "gates": {layer.name for found in recurrent_layers(source) for layer in found.layers},
        "heads": {layer.name for block in attention_blocks(source) for layer in block.layers},
        "channels": set(norm_layers(source)),
        "experts": {
            name for pattern in expert_patterns(source) for name in source if stars(pattern, name) is not None
        },
        "depth": {kinds[place][0] for places in groups for place in places},
    }


def _is_matrix(layer: Layer) -> bool:
    shown_as_tiles = layer.kind in CONVOLUTIONS or min(layer.out_channels, layer.in_channels) < 2
    return layer.has_values and not shown_as_tiles
