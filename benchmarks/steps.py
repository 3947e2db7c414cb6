"""Rows about one step of a slider and one change of the layer."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from . import cells
from .report import Row, at_most, beside, faster, within
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


class _Side(NamedTuple):
    """What is shown, what acts on it, and where the change is seen."""

    cells: list[str]
    act: str
    target: str
    watched: tuple[str, ...]


class _Peer(NamedTuple):
    """What ours is compared with, and how many times slower it shall be."""

    name: str
    slower: float
    side: _Side


def bin_steps(bench: Bench) -> list[Row]:
    """One step of the bin slider next to the usual histograms, of a layer of a million weights."""
    return _bin_steps(bench, 1_000_000, "1M weights", rounds=14)


def large_bin_steps(bench: Bench) -> list[Row]:
    """One step of the bin slider next to the usual histograms, of a layer of 134 million weights."""
    return _bin_steps(bench, 134_000_000, "134M weights", rounds=6)


def _bin_steps(bench: Bench, weights: int, of: str, rounds: int) -> list[Row]:
    what = f"bin step, {of}"
    ours = _Side(cells.histogram(weights), "slide", _BINS, (_BARS,))
    peers = [
        _Peer("interact + matplotlib", 10, _side_of_peer(cells.interact_histogram(weights), _FIGURE)),
        _Peer("bqplot Bars", 4, _side_of_peer(cells.bqplot_histogram(weights), _BQPLOT)),
    ]
    watchers = _opened(bench, ours, peers)
    floor, (stepped,), drawn = _in_turns(watchers, bench.repeats(rounds))
    drags = _drags_in_turns(bench, watchers[0], watchers[-1])
    return [
        at_most(what, stepped, (_EMPTY, floor), 1.3),
        _all_painted(f"60 bin steps in a second, {of}", *drags),
        *_beside_peers(f"{what}, at the display's rate", stepped, peers, drawn),
        *_faster_than_peers(bench, what, ours, peers, rounds),
    ]


def _drags_in_turns(bench: Bench, ours: Watcher, bars: Watcher) -> list[list[Drag]]:
    """Drag each slider in turns: the empty canvas, ours, bqplot's."""
    drags = []
    for _ in range(bench.repeats(3)):
        # A kernel that could not keep up works on when its drag has ended, and would hold up the next.
        bench.settle()
        drags.append((ours.empty_drag(), ours.drag(), bars.drag()))
    return [list(of_one) for of_one in zip(*drags, strict=True)]


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
    what, rounds = "filter step, selection drawn", 12
    ours = _Side(cells.EXPLORED_FILTERS, "slide", _FILTER, (_GRID, _BARS))
    peers = [
        _Peer("64 imshow axes", 20, _side_of_peer(cells.INTERACT_FILTERS, _FIGURE)),
        _Peer("one mosaic imshow", 3, _side_of_peer(cells.MOSAIC_FILTERS, _FIGURE)),
    ]
    watchers = _opened(bench, ours, peers)
    floor, (selected, overlaid), drawn = _in_turns(watchers, bench.repeats(rounds))
    return [
        at_most(what, selected, (_EMPTY, floor), 1.3),
        within("filter step, overlay drawn", overlaid, (_EMPTY, floor), 60),
        *_beside_peers(f"{what}, at the display's rate", selected, peers, drawn),
        *_faster_than_peers(bench, what, ours, peers, rounds),
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


def _side_of_peer(cells: list[str], shown: str) -> _Side:
    """Give the side of a peer, whose slider is that of ipywidgets, which obeys the arrow keys."""
    return _Side(cells, "ArrowRight", _HANDLE, (shown,))


def _opened(bench: Bench, ours: _Side, peers: Sequence[_Peer]) -> list[Watcher]:
    """Open a page for each side, ours first."""
    return [
        Watcher(bench.open(side.cells).page, side.act, side.target, side.watched, lifted=bench.is_lifted)
        for side in (ours, *(peer.side for peer in peers))
    ]


class _Times(NamedTuple):
    """Milliseconds of each round: of the empty frame, for each selector that ours watches, for each peer."""

    empty: list[float]
    ours: list[list[float]]
    peers: list[list[float]]


def _in_turns(watchers: Sequence[Watcher], rounds: int) -> _Times:
    """Let each side step once a round, after an empty frame in our page; the first round only warms up."""
    ours, *peers = watchers
    timed = [(ours.empty_step(), ours.step(), [peer.step()[0] for peer in peers]) for _ in range(rounds + 1)][
        1:
    ]
    empty, stepped, drawn = zip(*timed, strict=True)
    return _Times(list(empty), _by_side(stepped), _by_side(drawn))


def _by_side(rounds: Sequence[Sequence[float]]) -> list[list[float]]:
    return [list(times) for times in zip(*rounds, strict=True)]


def _beside_peers(
    what: str, ours: Sequence[float], peers: Sequence[_Peer], drawn: Sequence[Sequence[float]]
) -> list[Row]:
    return [beside(what, ours, (peer.name, times)) for peer, times in zip(peers, drawn, strict=True)]


def _faster_than_peers(
    bench: Bench, what: str, ours: _Side, peers: Sequence[_Peer], rounds: int
) -> list[Row]:
    """Compare the work alone, without the wait for the display, which is in whole frames."""
    with bench.lifted():
        _, (stepped, *_), drawn = _in_turns(_opened(bench, ours, peers), bench.repeats(rounds))
    return [
        faster(f"{what}, display's rate lifted", stepped, (peer.name, times), peer.slower)
        for peer, times in zip(peers, drawn, strict=True)
    ]
