"""The bqplot figure of the norms: a bar per layer, thinned labels, one bar selected."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import ipywidgets
import numpy as np
import traitlets as t

from weightwidgets.wire import display_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

# Mid-tones that stand out from a white and from a black page alike (3:1 and more).
BAR, SELECTED = "#7b8794", "#2f80ed"
_LONGEST_LABEL = 18
# Slanted labels, and flat ones, that stand side by side in a figure 500 pixels wide.
_MOST_SLANTED, _MOST_FLAT = 22, 4
# Widget state is JSON inside a page, and labels are typeset: no name may be read as markup or as a formula.
HARMLESS = str.maketrans({"<": "‹", ">": "›", "&": "+", "$": "S", "\\": "/"})  # noqa: RUF001


def chart_labels(names: Sequence[str]) -> list[str]:
    """Give each layer a short label of its own: clean, and told apart by a number where that is needed."""
    labels: list[str] = []
    taken: set[str] = set()
    for position, name in enumerate(names):
        label = display_name(name, _LONGEST_LABEL).translate(HARMLESS)
        if label in taken:
            label = f"{label} #{position}"
        taken.add(label)
        labels.append(label)
    return labels


def thinned(labels: Sequence[str], most: int) -> list[str]:
    """Give at most `most` labels, evenly spread, the first among them."""
    step = max(1, math.ceil(len(labels) / most))
    return list(labels[::step])


def lowest_decade(values: np.ndarray) -> float:
    """Give the power of ten at which a logarithmic axis begins, below every value above zero."""
    above = values[np.isfinite(values) & (values > 0)]
    if above.size == 0:
        return 0.1
    exponent = math.floor(math.log10(above.min()))
    decade = 10.0 ** max(exponent, -307)
    return decade / 10 if decade >= above.min() and exponent > -307 else decade


def parts_of(widgets: Sequence[ipywidgets.Widget]) -> Iterator[ipywidgets.Widget]:
    """Give the widgets and all that they hold in their synced traits, each once."""
    found: dict[int, ipywidgets.Widget] = {}
    waiting: list[Any] = list(widgets)
    while waiting:
        part = waiting.pop()
        if isinstance(part, ipywidgets.Widget):
            if id(part) not in found:
                found[id(part)] = part
                waiting.extend(getattr(part, name) for name in part.keys)
        elif isinstance(part, list | tuple):
            waiting.extend(part)
        elif isinstance(part, dict):
            waiting.extend(part.values())
    return iter(found.values())


class Chart:
    """The figure and its marks; `bars.selected` is what was clicked."""

    def __init__(self) -> None:
        import bqplot  # half a second: only whoever makes a chart waits for it

        self._layers = bqplot.OrdinalScale()
        self._linear, self._log = bqplot.LinearScale(min=0.0), bqplot.LogScale()
        self.bars = bqplot.Bars(
            x=[],
            y=[],
            scales={"x": self._layers, "y": self._linear},
            colors=[BAR],
            padding=0.15,
            interactions={"click": "select", "hover": "tooltip"},
            selected_style={"fill": SELECTED},
            tooltip=bqplot.Tooltip(fields=["x", "y"], labels=["layer", "norm"], formats=["", ".5~g"]),
        )
        self._across = bqplot.Axis(scale=self._layers, grid_lines="none")
        self._up = bqplot.Axis(scale=self._linear, orientation="vertical", label_offset="50px")
        self.figure = bqplot.Figure(
            marks=[self.bars],
            axes=[self._across, self._up],
            fig_margin={"top": 14, "bottom": 84, "left": 66, "right": 14},
            layout=ipywidgets.Layout(width="100%", height="300px", min_width="0"),
            animation_duration=0,
            padding_y=0,
        )

    def draw(self, labels: Sequence[str], values: np.ndarray, *, title: str, log: bool) -> None:
        """Draw one bar per layer; a bar that cannot be (NaN, or zero on a logarithmic axis) has no height."""
        base = lowest_decade(values) if log else 0.0
        drawable = np.isfinite(values) & (values > base)
        scale = self._log if log else self._linear
        if log:
            self._log.min, self._log.max = (
                base,
                max(base * 10, float(values[drawable].max(initial=base)) * 1.2),
            )
        slanted = len(labels) > _MOST_FLAT
        with self.bars.hold_sync():
            self.bars.x, self.bars.y = np.array(labels, dtype=str), np.where(drawable, values, base)
            self.bars.base = base
            self.bars.scales = {"x": self._layers, "y": scale}
            self.bars.tooltip.labels = ["layer", title]
        with self._across.hold_sync():
            self._across.tick_values = np.array(thinned(labels, _MOST_SLANTED), dtype=str)
            self._across.tick_rotate = -40 if slanted else 0
            self._across.tick_style = {"text-anchor": "end" if slanted else "middle", "font-size": "11px"}
        with self._up.hold_sync():
            self._up.scale, self._up.label = scale, title
            self._up.tick_format = ".3~g"
            self._up.tick_style = {"font-size": "11px"}

    @property
    def scales(self) -> list[ipywidgets.Widget]:
        """All scales, also the one that no mark uses at the moment."""
        return [self._layers, self._linear, self._log]


class Controls:
    """What stands around the figure: two switches, a slider that selects by keyboard, and plain sentences."""

    def __init__(self, kinds: Mapping[str, str]) -> None:
        def switch(options: list[tuple[str, Any]]) -> ipywidgets.ToggleButtons:
            return ipywidgets.ToggleButtons(options=options, style={"button_width": "auto"})

        self.kind = switch([(title, kind) for kind, title in kinds.items()])
        self.log = switch([("linear", False), ("logarithmic", True)])
        self.sentence, self.missing, self.caption = (ipywidgets.Label() for _ in range(3))
        self.picker = ipywidgets.SelectionSlider(
            options=[("", 0)],
            description="layer",
            tooltip="Select a layer with the arrow keys",
            layout=ipywidgets.Layout(width="100%", min_width="0"),
        )

    def around(self, figure: ipywidgets.Widget) -> list[ipywidgets.Widget]:
        """Give the children of the chart, from top to bottom."""
        switches = ipywidgets.Box([self.kind, self.log], layout=ipywidgets.Layout(flex_flow="row wrap"))
        return [switches, self.sentence, figure, self.picker, self.caption, self.missing]

    def follow(self, chart: t.HasTraits, picked: Callable[[t.Bunch], None]) -> None:
        """Join the switches to the chart's own traits, and tell it which layer was picked."""
        t.link((chart, "kind"), (self.kind, "value"))
        t.link((chart, "log"), (self.log, "value"))
        self.picker.observe(picked, "index")

    def offer(self, labels: Sequence[str]) -> None:
        """Let these layers be picked."""
        # New options would first select the first of them, which nobody asked for.
        with self.picker.hold_trait_notifications():
            index = min(self.picker.index or 0, max(len(labels) - 1, 0))
            self.picker.options = list(zip(labels, range(len(labels)), strict=True)) or [("", 0)]
            self.picker.index = index
