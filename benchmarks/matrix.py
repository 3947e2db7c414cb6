"""Rows about a matrix of half a billion weights: its first picture, the exact one, and a step of the zoom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import cells
from .report import Row, within
from .watcher import Watcher, first_paint, settle

if TYPE_CHECKING:
    from .bench import Bench

CANVAS = ".ww-matrix-canvas"
# From the whole matrix to single weights in steps of an octave.
_STEPS = 14
_OF = "128 256 x 4 096 bfloat16"


def matrix_zooms(bench: Bench) -> list[Row]:
    """From running the cell to a picture, to the exact one, and then to the sharp pixels of each step."""
    bare = first_paint(bench.open(cells.BARE_WIDGET, run=1), 1, [".widget-label"])
    lab = bench.open(cells.EMBEDDING, run=1)
    painted = first_paint(lab, 1, [CANVAS])
    settle(lab)
    read = 1000 * float(lab.kernel_json("published[0]"))
    ours = Watcher(lab.page, "+", CANVAS, [CANVAS])
    zoomed, floor = [], []
    for _ in range(bench.repeats(_STEPS)):
        floor.append(ours.empty_step())
        zoomed.append(ours.step()[0])
    label = ("a bare ipywidgets label", [bare])
    return [
        within(f"first picture, {_OF}", [painted], label, 300),
        within(f"exact overview, {_OF}", [read], label, 3000),
        within(f"zoom step to sharp pixels, {_OF}", zoomed, ("empty frame", floor), 100),
    ]
