"""Print the table of speeds: ``python -m benchmarks [--quick] [--only NAME]``.

It measures and does not judge: the exit code is 0 also where a target is missed. On a busy machine compare
the ratios alone; both sides of each were timed in turns.
"""

from __future__ import annotations

import argparse
import os
import platform
from importlib.metadata import version
from typing import TYPE_CHECKING

from .bench import Bench, bench
from .matrix import matrix_zooms
from .report import Row, head, line, not_measured
from .starts import first_paints, imports
from .steps import bin_steps, filter_steps, large_bin_steps, layer_changes

if TYPE_CHECKING:
    from collections.abc import Callable

_WHY_LIFTED = """\
At the display's rate a step takes whole frames of 16.7 ms, so that none can be four times faster than one of
two frames: "display's rate lifted" is a second Chromium, for both sides, which shows frames as they are made.
"""

PARTS: dict[str, Callable[[Bench], list[Row]]] = {
    "bins": bin_steps,
    "large-bins": large_bin_steps,
    "filters": filter_steps,
    "layers": layer_changes,
    "matrix": matrix_zooms,
    "paint": first_paints,
    "import": imports,
}


def measure(name: str, running: Bench) -> list[Row]:
    """Measure one part; what cannot be measured becomes a row that says why, and the others go on."""
    try:
        return PARTS[name](running)
    except Exception as problem:  # noqa: BLE001 - a view that is broken must not hide how fast the others are
        return [not_measured(name, problem)]
    finally:
        running.close()


def main() -> None:
    """Measure the parts asked for, and print each row as soon as it is known."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Print the table of speeds.")
    parser.add_argument("--quick", action="store_true", help="few repetitions: does it work?")
    parser.add_argument("--only", choices=PARTS, help="one part of the table")
    arguments = parser.parse_args()
    packages = ", ".join(f"{name} {version(name)}" for name in ("torch", "numpy", "jupyterlab", "bqplot"))
    with bench(quick=arguments.quick) as running:
        print(f"Python {platform.python_version()}, {packages}, Chromium {running.chromium}")
        print("Medians; what is compared was timed in turns in one browser.")
        print(_WHY_LIFTED)
        print(head(), flush=True)
        for name in [arguments.only] if arguments.only else PARTS:
            for row in measure(name, running):
                print(line(row), flush=True)
    load = ", ".join(f"{average:.1f}" for average in os.getloadavg())
    print(
        f"\nLoad in the last 1, 5 and 15 minutes: {load}, on {os.cpu_count()} cores. Above that number others"
    )
    print("worked too: the ratios then still tell, limits in seconds do not.")


if __name__ == "__main__":
    main()
