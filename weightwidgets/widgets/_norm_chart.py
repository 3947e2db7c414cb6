"""The bqplot figure of the norms: a bar per layer, thinned labels, one bar selected."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import ipywidgets
import numpy as np

from weightwidgets.pictures._canvas import ticks
from weightwidgets.wire import display_name

from ._norm_layout import SLANT, room_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ._norm_layout import Looks

# Mid-tones that stand out from a white and from a black page alike (3:1 and more).
BAR, SELECTED = "#7b8794", "#2f80ed"
# bqplot's own text is orange on a dark page.
_INK = "var(--jp-content-font-color1, black)"
_NONE = np.array([])
_LONGEST_LABEL = 18
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


def tick_count(labels: int, every: int) -> int:
    """Give the `num_ticks` with which bqplot writes one of `every` so many labels.

    An ordinal axis writes every ``labels // (num_ticks - 1)``-th label.
    """
    return max(2, labels // every + 1)


def decades(low: float, high: float) -> list[float]:
    """Give 1, 2 and 5 times the powers of ten between two bounds; fewer where those would be too many."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    factors = (1, 2, 5) if last - first <= 3 else (1,)
    every = math.ceil((last - first) / 8) or 1
    marks = [factor * 10.0**power for power in range(first, last + 1, every) for factor in factors]
    return [mark for mark in marks if low <= mark <= high]


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
    """The bars, and beside them their axis; `columns.selected` is what was clicked.

    A bar of height zero is never seen. So what takes the pointer is a transparent column over each bar, as
    high as the chart; a band marks the selected one. With hundreds of layers the bars scroll in a box of
    their own; the axis of norms is another figure, so that it stays.

    Attributes
    ----------
    box : ipywidgets.Box
        All that is shown.
    figure, axis : bqplot.Figure
        The bars, and the axis of norms alone.
    """

    def __init__(self) -> None:
        import bqplot  # half a second: only whoever makes a chart waits for it

        self._layers = bqplot.OrdinalScale()
        self._linear, self._log = bqplot.LinearScale(min=0.0, max=1.0), bqplot.LogScale(min=0.1, max=1.0)
        self.bars = bqplot.Bars(
            x=[],
            y=[],
            scales={"x": self._layers, "y": self._linear},
            colors=[BAR],
            padding=0.15,
            selected_style={"fill": SELECTED},
        )
        # A mark of its own: bqplot forgets the style of what is selected when `color` changes.
        self.band = bqplot.Bars(
            x=[],
            y=[],
            scales=self.bars.scales,
            colors=[SELECTED],
            opacities=[0.45],
            padding=0.0,
            # Makes the band of a narrow column wide enough to see.
            stroke=SELECTED,
            stroke_width=4,
        )
        self.columns = bqplot.Bars(
            x=[],
            y=[],
            scales=self.bars.scales,
            colors=[SELECTED],
            opacities=[0.0],
            padding=0.0,
            interactions={"click": "select", "hover": "tooltip"},
            selected_style={},
            # Without a scale of colours, `color` colours nothing: it only takes the norm to the tooltip.
            tooltip=bqplot.Tooltip(fields=["x", "color"], labels=["layer", "norm"], formats=["", ".5~g"]),
            tooltip_style={"opacity": 1, "color": _INK},
        )
        self._across = bqplot.Axis(scale=self._layers, grid_lines="none")
        self._up = bqplot.Axis(scale=self._linear, side="left", label_color=_INK, grid_lines="none")
        bare = {"color": "transparent", "tick_style": {"display": "none"}}
        self._lines = bqplot.Axis(scale=self._linear, side="left", **bare)
        still = {"animation_duration": 0, "padding_y": 0}
        marks = [self.bars, self.band, self.columns]
        self.figure = bqplot.Figure(marks=marks, axes=[self._across, self._lines], padding_x=0.012, **still)
        self.axis = bqplot.Figure(axes=[self._up], **still)
        scroller = ipywidgets.Box([self.figure])
        scroller.add_class("ww-norms-scroll")
        self.box = ipywidgets.Box([self.axis, scroller])
        self.box.add_class("ww-norms-bars")

    def arrange(self, labels: Sequence[str], looks: Looks) -> None:
        """Make room for so many bars and for their labels."""
        room = room_for(labels, looks)
        up = {"top": looks.text + 3, "bottom": room.below}
        self.axis.fig_margin = {**up, "left": looks.axis - 1, "right": 0}
        self.figure.fig_margin = {**up, "left": 1, "right": room.right}
        for figure, least in ((self.axis, looks.axis), (self.figure, room.bars + room.right)):
            width = f"{looks.axis}px" if figure is self.axis else "100%"
            with figure.layout.hold_sync():
                figure.layout.width, figure.layout.min_width = width, f"{least}px"
                figure.layout.height = f"{looks.height}px"
        letters = {"font-size": f"{looks.text}px"}
        with self._across.hold_sync():
            self._across.num_ticks = tick_count(len(labels), room.every)
            self._across.tick_rotate = SLANT if room.slanted else 0
            self._across.tick_style = {"text-anchor": "start" if room.slanted else "middle", **letters}
        with self._up.hold_sync():
            self._up.tick_style = letters
            self._up.label_offset = f"{looks.axis - 1.4 * looks.text:.0f}px"

    def draw(
        self, labels: Sequence[str], values: np.ndarray, beside: np.ndarray = _NONE, *, title: str, log: bool
    ) -> None:
        """Draw one bar per layer on an axis that also holds the values `beside`.

        A bar that cannot be (NaN, or zero on a logarithmic axis) has no height.
        """
        held = np.concatenate([values, beside])
        base = lowest_decade(held) if log else 0.0
        drawable = np.isfinite(values) & (values > base)
        scale = self._log if log else self._linear
        highest = float(held[np.isfinite(held)].max(initial=base))
        top = 1.05 * highest if highest > base else 10 * base or 1.0
        scale.min, scale.max = base, top
        heights = np.where(drawable, values, base)
        for mark, height in ((self.bars, heights), (self.columns, np.full(len(labels), top))):
            with mark.hold_sync():
                mark.x, mark.y, mark.base = np.array(labels, dtype=str), height, base
                mark.scales = {"x": self._layers, "y": scale}
        self.band.base, self.band.scales = base, self.bars.scales
        self.columns.color = values
        self.columns.tooltip.labels = ["layer", title]
        for axis in (self._up, self._lines):
            with axis.hold_sync():
                axis.scale = scale
                axis.tick_values = np.array(decades(base, top) if log else ticks(0, top, 6))
                axis.tick_format = ".3~g"
        self._up.label = title

    def select(self, position: int | None) -> None:
        """Mark the layer at `position` as the selected one, or none."""
        chosen = np.array([] if position is None else [position], int)
        with self.band.hold_sync():
            self.band.x, self.band.y = self.columns.x[chosen], self.columns.y[chosen]
        for mark in (self.bars, self.columns):
            mark.selected = chosen

    @property
    def scales(self) -> list[ipywidgets.Widget]:
        """All scales, also the one that no mark uses at the moment."""
        return [self._layers, self._linear, self._log]
