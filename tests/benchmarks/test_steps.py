"""Each side is timed in its turn, and the rows say which times were compared."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks import steps
from benchmarks.watcher import Drag
from tests.benchmarks.fake_bench import FakeBench

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.report import Row

# Milliseconds at the display's rate and without it, by what is watched.
TIMES = {
    steps._BARS: (17.0, 2.0),
    steps._GRID: (16.5, 3.0),
    steps._BQPLOT: (34.0, 30.0),
    steps._FIGURE: (100.0, 90.0),
}
EMPTY = (16.0, 0.5)


class StepBench(FakeBench):
    """Opens nothing, and notes which sides were timed."""

    def __init__(self) -> None:
        super().__init__(quick=True)
        self.is_lifted = False
        self.settled = False
        self.turns: list[tuple[str, bool]] = []

    @property
    def page(self) -> StepBench:
        return self

    def open(self, cells: Sequence[str], *, run: int | None = None) -> Any:
        assert cells
        assert run is None
        return self

    def settle(self) -> None:
        self.settled = True

    @contextmanager
    def lifted(self) -> Iterator[None]:
        self.is_lifted = True
        yield
        self.is_lifted = False


class FakeWatcher:
    """Answers from `TIMES`; the first step of each side is a thousand times slower."""

    def __init__(
        self, page: StepBench, act: str, target: str, watched: Sequence[str], *, lifted: bool
    ) -> None:
        assert act
        assert target
        assert lifted is page.is_lifted
        self._bench, self._watched, self._lifted = page, watched, lifted
        self._slowness = 1000

    def empty_step(self) -> float:
        return EMPTY[self._lifted]

    def step(self) -> list[float]:
        slowness, self._slowness = self._slowness, 1
        self._bench.turns.append((self._watched[0], self._lifted))
        return [slowness * TIMES[watched][self._lifted] for watched in self._watched]

    def empty_drag(self) -> Drag:
        assert not self._lifted
        assert self._bench.settled, "the last drag's kernel may compute still"
        return Drag(60, 1.0)

    def drag(self) -> Drag:
        assert not self._lifted
        self._bench.settled = False
        return Drag(60, 1.05) if self._watched[0] == steps._BARS else Drag(20, 1.1)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> StepBench:
    monkeypatch.setattr(steps, "Watcher", FakeWatcher)
    return StepBench()


def said(rows: list[Row]) -> list[tuple[str, str, str, float | None, bool | None]]:
    return [(row.what, row.measured, row.against, row.ratio, row.met) for row in rows]


def test_a_bin_step_is_judged_by_the_floor_at_the_displays_rate_and_by_its_peers_without_it(
    bench: StepBench,
) -> None:
    what = "bin step, 1M weights"
    lifted, held = f"{what}, display's rate lifted", f"{what}, at the display's rate"
    assert said(steps.bin_steps(bench)) == [
        (what, "17.0 ms", "empty frame 16.0 ms", 17 / 16, True),
        (
            "60 bin steps in a second, 1M weights",
            "60 in 1.05 s",
            "empty 60 in 1.00 s; bqplot 20 in 1.10 s",
            1.05,
            True,
        ),
        (held, "17.0 ms", "interact + matplotlib 100 ms", 100 / 17, None),
        (held, "17.0 ms", "bqplot Bars 34.0 ms", 2.0, None),
        (lifted, "2.0 ms", "interact + matplotlib 90.0 ms", 45.0, True),
        (lifted, "2.0 ms", "bqplot Bars 30.0 ms", 15.0, True),
    ]


def test_a_filter_step_is_the_selection_next_to_its_peers_and_the_overlay_has_a_limit(
    bench: StepBench,
) -> None:
    what = "filter step, selection drawn"
    lifted, held = f"{what}, display's rate lifted", f"{what}, at the display's rate"
    assert said(steps.filter_steps(bench)) == [
        (what, "16.5 ms", "empty frame 16.0 ms", 16.5 / 16, True),
        ("filter step, overlay drawn", "17.0 ms", "empty frame 16.0 ms", 17 / 16, True),
        (held, "16.5 ms", "64 imshow axes 100 ms", 100 / 16.5, None),
        (held, "16.5 ms", "one mosaic imshow 100 ms", 100 / 16.5, None),
        (lifted, "3.0 ms", "64 imshow axes 90.0 ms", 30.0, True),
        (lifted, "3.0 ms", "one mosaic imshow 90.0 ms", 30.0, True),
    ]


def test_a_peer_that_is_nearly_as_fast_is_no_promise_kept(
    bench: StepBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TIMES, steps._BQPLOT, (34.0, 7.9))
    assert [row.met for row in steps.bin_steps(bench)][-2:] == [True, False]


def test_the_sides_take_turns_in_each_browser(bench: StepBench) -> None:
    steps.large_bin_steps(bench)
    turn = [steps._BARS, steps._FIGURE, steps._BQPLOT]
    assert bench.turns == [(side, lifted) for lifted in (False, True) for side in turn * 3]
