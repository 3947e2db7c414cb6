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
    from collections.abc import Callable, Iterator, Sequence

    import bqplot
    from traitlets import Bunch

    from ._norm_layout import Looks

# Mid-tones that stand out from a white and from a black page alike (3:1 and more).
BAR, SELECTED = "#7b8794", "#2f80ed"
# Of the selected column: in the colour of a bar it would be read as one. A faint tint of either page.
BAND, FAINT = "#808080", 0.22
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


class Plot:
    """The bars on one scale of norms, and its axes.

    In the page a mark draws what is new before it has a new scale, and the zero at which a bar begins on a
    linear scale is nowhere on a logarithmic one; an axis never takes the range of its figure for a scale that
    it gets later. So each scale has marks and axes of its own, and the figures change them as a whole.

    Attributes
    ----------
    marks : list of bqplot.Bars
        `bars`, `band` (of the selected bar) and `columns` (which take the pointer), from below.
    up, lines : bqplot.Axis
        The axis of norms, and the same, bare, for the figure of the bars.
    """

    def __init__(self, layers: bqplot.OrdinalScale, norms: bqplot.Scale) -> None:
        import bqplot  # half a second: only whoever makes a chart waits for it

        self.scale = norms
        scales = {"x": layers, "y": norms}
        self.bars = bqplot.Bars(
            x=[], y=[], scales=scales, colors=[BAR], padding=0.15, selected_style={"fill": SELECTED}
        )
        # A mark of its own: bqplot forgets the style of what is selected when `color` changes.
        self.band = bqplot.Bars(
            x=[],
            y=[],
            scales=scales,
            colors=[BAND],
            opacities=[FAINT],
            padding=0.0,
            # Makes the band of a narrow column wide enough to see.
            stroke=BAND,
            stroke_width=4,
        )
        self.columns = bqplot.Bars(
            x=[],
            y=[],
            scales=scales,
            colors=[SELECTED],
            opacities=[0.0],
            padding=0.0,
            interactions={"click": "select", "hover": "tooltip"},
            selected_style={},
            # Without a scale of colours, `color` colours nothing: it only takes the norm to the tooltip.
            tooltip=bqplot.Tooltip(fields=["x", "color"], labels=["layer", "norm"], formats=["", ".5~g"]),
            tooltip_style={"opacity": 1, "color": _INK},
        )
        self.marks = [self.bars, self.band, self.columns]
        bare = {"color": "transparent", "tick_style": {"display": "none"}}
        self.up = bqplot.Axis(scale=norms, side="left", label_color=_INK, grid_lines="none")
        self.lines = bqplot.Axis(scale=norms, side="left", **bare)

    def draw(self, labels: Sequence[str], values: np.ndarray, base: float, top: float, title: str) -> None:
        """Draw one bar per layer on an axis from `base` to `top`; NaN and what is not above has none."""
        import bqplot

        is_log = isinstance(self.scale, bqplot.LogScale)
        self.scale.min, self.scale.max = base, top
        heights = np.where(np.isfinite(values) & (values > base), values, base)
        for mark, height in ((self.bars, heights), (self.columns, np.full(len(labels), top))):
            with mark.hold_sync():
                mark.x, mark.y, mark.base = np.array(labels, dtype=str), height, base
        self.band.base = base
        self.columns.color = values
        self.columns.tooltip.labels = ["layer", title]
        for axis in (self.up, self.lines):
            with axis.hold_sync():
                axis.tick_values = np.array(decades(base, top) if is_log else ticks(0, top, 6))
                axis.tick_format = ".3~g"
        self.up.label = title

    def select(self, position: int | None) -> None:
        """Mark the bar at `position` as the selected one, or none."""
        chosen = np.array([] if position is None else [position], int)
        with self.band.hold_sync():
            self.band.x, self.band.y = self.columns.x[chosen], self.columns.y[chosen]
        for mark in (self.bars, self.columns):
            mark.selected = chosen


class Chart:
    """The bars, and beside them their axis.

    A bar of height zero is never seen. So what takes the pointer is a transparent column over each bar, as
    high as the chart; a band marks the selected one. With hundreds of layers the bars scroll in a box of
    their own; the axis of norms is another figure, so that it stays.

    Attributes
    ----------
    box : ipywidgets.Box
        All that is shown.
    figure, axis : bqplot.Figure
        The bars, and the axis of norms alone.
    plots : tuple of Plot
        On a linear and on a logarithmic scale; `plot` is the one that is shown.
    """

    def __init__(self) -> None:
        import bqplot

        self._layers = bqplot.OrdinalScale()
        scales = bqplot.LinearScale(min=0.0, max=1.0), bqplot.LogScale(min=0.1, max=1.0)
        self.plots = (Plot(self._layers, scales[0]), Plot(self._layers, scales[1]))
        self._across = bqplot.Axis(scale=self._layers, grid_lines="none")
        still = {"animation_duration": 0, "padding_y": 0}
        self.figure = bqplot.Figure(padding_x=0.012, **still)
        self.axis = bqplot.Figure(**still)
        self._show(self.plots[0])
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
        for plot in self.plots:
            with plot.up.hold_sync():
                plot.up.tick_style = letters
                plot.up.label_offset = f"{looks.axis - 1.4 * looks.text:.0f}px"

    def draw(
        self, labels: Sequence[str], values: np.ndarray, beside: np.ndarray = _NONE, *, title: str, log: bool
    ) -> None:
        """Draw one bar per layer on an axis that also holds the values `beside`.

        A bar that cannot be (NaN, or zero on a logarithmic axis) has no height.
        """
        held = np.concatenate([values, beside])
        base = lowest_decade(held) if log else 0.0
        highest = float(held[np.isfinite(held)].max(initial=base))
        top = 1.05 * highest if highest > base else 10 * base or 1.0
        plot = self.plots[log]
        plot.draw(labels, values, base, top, title)
        if plot is not self.plot:
            self._show(plot)

    def select(self, position: int | None) -> None:
        """Mark the layer at `position` as the selected one, or none."""
        self.plot.select(position)

    def on_click(self, clicked: Callable[[Bunch], None]) -> None:
        """Call `clicked` with what a click has selected."""
        for plot in self.plots:
            plot.columns.observe(clicked, "selected")

    @property
    def parts(self) -> list[ipywidgets.Widget]:
        """The box, and what is shown in it only on the other scale."""
        return [self.box, *(part for plot in self.plots for part in (*plot.marks, plot.up, plot.lines))]

    def _show(self, plot: Plot) -> None:
        self.plot = plot
        with self.figure.hold_sync():
            self.figure.marks, self.figure.axes = plot.marks, [self._across, plot.lines]
        self.axis.axes = [plot.up]
