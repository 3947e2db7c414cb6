"""Rows about one step of a slider and one change of the layer."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from . import cells
from .report import Row, at_most, faster, within
from .watcher import STEPS_PER_DRAG, Watcher, settle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .bench import Bench
    from .watcher import Drag

_HANDLE = ".jp-OutputArea .noUi-handle"
_FIGURE = ".jp-OutputArea img"
_BQPLOT = ".bqplot"
_GRID, _BARS = ".ww-grid-canvas", ".ww-histogram-bars"
_STATISTICS = ".ww-statistics-grid"
_BINS = ".ww-histogram input.ww-range[aria-label=bins]"
_FILTER = ".ww-grid input.ww-range[aria-label=filter]"
_EMPTY = "empty frame"


def bin_steps(bench: Bench) -> list[Row]:
    """One step of the bin slider next to the usual histograms, of a layer of a million weights."""
    return _bin_steps(bench, 1_000_000, "1M weights", rounds=14)


def large_bin_steps(bench: Bench) -> list[Row]:
    """One step of the bin slider next to the usual histograms, of a layer of 134 million weights."""
    return _bin_steps(bench, 134_000_000, "134M weights", rounds=6)


def _bin_steps(bench: Bench, weights: int, of: str, rounds: int) -> list[Row]:
    ours = Watcher(bench.open(cells.histogram(weights)).page, "slide", _BINS, [_BARS])
    interact = Watcher(bench.open(cells.interact_histogram(weights)).page, "ArrowRight", _HANDLE, [_FIGURE])
    bars = Watcher(bench.open(cells.bqplot_histogram(weights)).page, "ArrowRight", _HANDLE, [_BQPLOT])
    timed = [
        (ours.empty_step(), ours.step()[0], interact.step()[0], bars.step()[0])
        for _ in range(bench.repeats(rounds) + 1)
    ]
    floor, stepped, drawn, barred = _without_first(timed)
    drags = [(ours.empty_drag(), ours.drag(), bars.drag()) for _ in range(bench.repeats(3))]
    return [
        at_most(f"bin step, {of}", stepped, (_EMPTY, floor), 1.3),
        faster(f"bin step, {of}", stepped, ("interact + matplotlib", drawn), 10),
        faster(f"bin step, {of}", stepped, ("bqplot Bars", barred), 4),
        _all_painted(f"60 bin steps in a second, {of}", *zip(*drags, strict=True)),
    ]


def _pictures(drags: Sequence[Drag]) -> str:
    pictures = median(drag.pictures for drag in drags)
    return f"{pictures:g} in {median(drag.seconds for drag in drags):.2f} s"


def _all_painted(what: str, empty: Sequence[Drag], ours: Sequence[Drag], bars: Sequence[Drag]) -> Row:
    ratio = median(drag.seconds for drag in ours) / median(drag.seconds for drag in empty)
    # The second is that of this browser in this run: sixty of its frames with nothing else to do.
    met = median(drag.pictures for drag in ours) == STEPS_PER_DRAG and ratio <= 1.1
    against = f"empty {_pictures(empty)}; bqplot {_pictures(bars)}"
    return Row(what, _pictures(ours), against, ratio, "60 of 60 painted", met)


def filter_steps(bench: Bench) -> list[Row]:
    """One step of the filter slider, next to the usual ways to draw 64 filters."""
    ours = Watcher(bench.open(cells.EXPLORED_FILTERS).page, "slide", _FILTER, [_GRID, _BARS])
    axes = Watcher(bench.open(cells.INTERACT_FILTERS).page, "ArrowRight", _HANDLE, [_FIGURE])
    mosaic = Watcher(bench.open(cells.MOSAIC_FILTERS).page, "ArrowRight", _HANDLE, [_FIGURE])
    rounds = [
        (ours.empty_step(), *ours.step(), axes.step()[0], mosaic.step()[0])
        for _ in range(bench.repeats(12) + 1)
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
    ours = Watcher(explored.page, "ArrowDown", ".ww-table-scroll", [_GRID, _BARS, _STATISTICS])
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
