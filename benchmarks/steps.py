"""Rows about one step of a slider and one change of the layer."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from . import cells
from .report import Row, at_most, faster, within
from .watcher import Watcher, settle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .bench import Bench
    from .watcher import Drag

_SLIDER = ".jp-OutputArea .noUi-handle"
_FIGURE = ".jp-OutputArea img"
_BQPLOT = ".bqplot"
_GRID, _BARS = ".ww-grid-canvas", ".ww-histogram-bars"
_STATISTICS = ".ww-statistics-grid"
_MILLION = 1_000_000
_EMPTY = "empty frame"


def bin_steps(bench: Bench) -> list[Row]:
    """One step of the bin slider, of a small and a large layer, next to the usual histograms."""
    target = ".ww-histogram input.ww-range[aria-label=bins]"
    ours = Watcher(bench.open(cells.histogram(_MILLION)).page, "slide", target, [_BARS])
    large = Watcher(bench.open(cells.histogram(134 * _MILLION)).page, "slide", target, [_BARS])
    interact = Watcher(bench.open(cells.INTERACT_HISTOGRAM).page, "ArrowRight", _SLIDER, [_FIGURE])
    bars = Watcher(bench.open(cells.BQPLOT_HISTOGRAM).page, "ArrowRight", _SLIDER, [_BQPLOT])
    watchers = [ours, large, interact, bars]
    rounds = [
        (ours.empty_step(), large.empty_step(), *(watcher.step()[0] for watcher in watchers))
        for _ in range(bench.repeats(24) + 1)
    ]
    floor, large_floor, small_step, large_step, drawn, barred = _without_first(rounds)
    return [
        at_most("bin step, 1M weights", small_step, (_EMPTY, floor), 1.3),
        at_most("bin step, 134M weights", large_step, (_EMPTY, large_floor), 1.3),
        faster("bin step, 1M weights", small_step, ("interact + matplotlib", drawn), 10),
        faster("bin step, 1M weights", small_step, ("bqplot Bars", barred), 4),
        *_drags(bench, ours, large, bars),
    ]


def _drags(bench: Bench, ours: Watcher, large: Watcher, bars: Watcher) -> list[Row]:
    rounds = [(ours.empty_drag(), ours.drag(), large.drag(), bars.drag()) for _ in range(bench.repeats(5))]
    floor, small, large_one, barred = zip(*rounds, strict=True)
    peer = f"empty {_pictures(floor)}; bqplot Bars {_pictures(barred)}"
    return [
        _all_painted("60 bin steps in one second, 1M weights", small, floor, peer),
        _all_painted("60 bin steps in one second, 134M weights", large_one, floor, peer),
    ]


def _pictures(drags: Sequence[Drag]) -> str:
    pictures = median(drag.pictures for drag in drags)
    return f"{pictures:g} in {median(drag.seconds for drag in drags):.2f} s"


def _all_painted(what: str, drags: Sequence[Drag], floor: Sequence[Drag], against: str) -> Row:
    ratio = median(drag.seconds for drag in drags) / median(drag.seconds for drag in floor)
    # Sixty frames of this browser in this run are the second.
    met = median(drag.pictures for drag in drags) == 60 and ratio <= 1.1
    return Row(what, f"{_pictures(drags)}", against, ratio, "60 of 60 painted", met)


def filter_steps(bench: Bench) -> list[Row]:
    """One step of the filter slider, next to the usual ways to draw 64 filters."""
    target = ".ww-grid input.ww-range[aria-label=filter]"
    explored = bench.open(cells.EXPLORED_FILTERS)
    ours = Watcher(explored.page, "slide", target, [_GRID, _BARS])
    axes = Watcher(bench.open(cells.INTERACT_FILTERS).page, "ArrowRight", _SLIDER, [_FIGURE])
    mosaic = Watcher(bench.open(cells.MOSAIC_FILTERS).page, "ArrowRight", _SLIDER, [_FIGURE])
    rounds = [
        (ours.empty_step(), *ours.step(), axes.step()[0], mosaic.step()[0])
        for _ in range(bench.repeats(20) + 1)
    ]
    floor, selected, overlaid, of_axes, of_mosaic = _without_first(rounds)
    return [
        at_most("filter step, selection drawn", selected, (_EMPTY, floor), 1.3),
        within("filter step, overlay drawn", overlaid, (_EMPTY, floor), 60),
        faster("filter step, selection drawn", selected, ("64 imshow axes", of_axes), 20),
        faster("filter step, selection drawn", selected, ("one mosaic imshow", of_mosaic), 3),
    ]


def layer_changes(bench: Bench) -> list[Row]:
    """From one layer of ten million weights to the next, and back to those that were shown before."""
    explored = bench.open(cells.LARGE_LAYERS)
    target = ".ww-table-scroll"
    ours = Watcher(explored.page, "ArrowDown", target, [_GRID, _BARS, _STATISTICS])
    first, again, floor = [], [], []
    for _ in range(bench.repeats(cells.LAYERS - 1)):
        floor.append(ours.empty_step())
        first.append(max(ours.step()))
        settle(explored)
    for _ in first:
        floor.append(ours.empty_step())
        again.append(max(ours.step("ArrowUp")))
    return [
        within("layer change, 10M weights, first time", first, (_EMPTY, floor), 200),
        within("layer change, 10M weights, again", again, (_EMPTY, floor), 80),
    ]


def _without_first(rounds: Sequence[tuple[float, ...]]) -> list[list[float]]:
    """Give each variant's times over the rounds, without the first round, which warms up."""
    return [list(times) for times in zip(*rounds[1:], strict=True)]
