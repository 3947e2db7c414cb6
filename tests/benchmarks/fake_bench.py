"""A bench without a server and a browser."""

from __future__ import annotations

from benchmarks.bench import Bench


class FakeBench(Bench):
    """No server and no browser: only what `measure` uses."""

    def __init__(self, *, quick: bool = False) -> None:
        self.quick = quick
        self.closed = 0

    def close(self) -> None:
        self.closed += 1
