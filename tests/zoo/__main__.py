"""Walk the zoo: ``python -m tests.zoo [NAME ...]``; all architectures, or those named.

A line for each architecture: its layers, the numbers compared, the seconds it took, and below it what is off.
The exit code is 0 where nothing is.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from functools import partial


def main() -> int:
    """Walk the architectures asked for, and print each line as soon as it is known."""
    # A configuration says all that is needed; whatever asks for more is to fail.
    os.environ["HF_HUB_OFFLINE"] = "1"
    from .architectures import ARCHITECTURES
    from .tally import Tally
    from .walk import not_walked, walk

    parser = argparse.ArgumentParser(prog="python -m tests.zoo", description="Walk the zoo.")
    # Not `choices`: an empty list would have to be one of them.
    parser.add_argument("names", nargs="*", metavar="NAME", help="architectures; all of them by default")
    names = parser.parse_args().names or list(ARCHITECTURES)
    unknown = sorted(set(names) - set(ARCHITECTURES))
    if unknown:
        parser.error(f"no architecture is called {', '.join(unknown)}; there are {', '.join(ARCHITECTURES)}")
    begun, layers, numbers = time.monotonic(), 0, 0
    known, say = Tally(), partial(print, flush=True)
    with known.at("public names"):
        for name in not_walked():
            known.problem(f"{name} is walked by nobody")
    problems = known.problems
    for problem in problems:
        say(f"  {problem}")
    for name in names:
        start = time.monotonic()
        tally = walk(ARCHITECTURES[name])
        layers, numbers = layers + tally.layers, numbers + tally.numbers
        told = f"{tally.layers:5,} layers {tally.numbers:10,} numbers {time.monotonic() - start:6.1f} s"
        say(f"{name:32} {told}  {f'{len(tally.problems)} OFF' if tally.problems else 'ok'}")
        for problem in tally.problems:
            say(f"  {problem}")
        problems += tally.problems
        # A model that is held by a cycle would still be there when the next one is built.
        gc.collect()
    seconds = time.monotonic() - begun
    verdict = f"{len(problems)} OFF" if problems else "nothing is off"
    say(f"{len(names)} architectures, {layers:,} layers, {numbers:,} numbers in {seconds:.0f} s: {verdict}")
    return min(len(problems), 1)


if __name__ == "__main__":
    sys.exit(main())
