"""Rows about how soon there is something: the explorer's first paint, and the import."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from . import cells
from .report import Row, at_most, within
from .watcher import first_paint

if TYPE_CHECKING:
    from .bench import Bench

PAINTED = (".ww-table-rows", ".ww-grid-canvas", ".ww-histogram-bars", ".ww-statistics-grid")
_SMALL, _LARGE = 518, 1965

_IMPORT = """
import sys, time
start = time.perf_counter()
import {module}
print(1000 * (time.perf_counter() - start), "torch" in sys.modules)
"""


def first_paints(bench: Bench) -> list[Row]:
    """From running the cell to the first paint of every view, each time in a fresh kernel."""
    times: dict[tuple[int, bool], list[float]] = {}
    bare = []
    for _ in range(bench.repeats(3)):
        bare.append(first_paint(bench.open(cells.BARE_WIDGET, run=1), 1, [".widget-label"]))
        bench.close()
        for cache in (True, False):
            for width in (_SMALL, _LARGE):
                lab = bench.open(cells.network(width, numba_cache=cache), run=1)
                times.setdefault((width, cache), []).append(first_paint(lab, 1, PAINTED))
                bench.close()
    rows = []
    for cache, how in ((True, ""), (False, ", numba cold and without a cache")):
        small, large = times[_SMALL, cache], times[_LARGE, cache]
        rows += [
            within(f"first paint, 25M weights{how}", small, ("a bare ipywidgets label", bare), 1000),
            at_most(f"first paint, 350M weights{how}", large, ("25M weights", small), 1.3),
        ]
    return rows


def imports(bench: Bench) -> list[Row]:
    """``import weightwidgets`` in a fresh interpreter, next to ``import numpy``."""
    ours, numpy = [], []
    torch = False
    for _ in range(bench.repeats(10)):
        elapsed, brought = timed_import("weightwidgets")
        ours.append(elapsed)
        torch = torch or brought
        numpy.append(timed_import("numpy")[0])
    row = within("import weightwidgets", ours, ("import numpy", numpy), 300)
    said = "torch imported" if torch else "torch not imported"
    return [
        Row(row.what, f"{row.measured}, {said}", row.against, row.ratio, row.target, row.met and not torch)
    ]


def timed_import(module: str) -> tuple[float, bool]:
    """Import a module in a fresh interpreter: milliseconds, and whether torch came with it."""
    command = [sys.executable, "-c", _IMPORT.format(module=module)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(printed[0]), printed[1] == "True"
