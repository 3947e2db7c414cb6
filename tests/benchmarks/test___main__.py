"""One part that cannot be measured hides no other, and leaves nothing open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks import __main__ as command
from benchmarks.report import Row
from tests.benchmarks.fake_bench import FakeBench

if TYPE_CHECKING:
    from benchmarks.bench import Bench

ROW = Row("step", "1 ms", "frame 1 ms", 1.0, "<= 1.3x", met=True)


def broken(_bench: Bench) -> list[Row]:
    raise RuntimeError("there is no slider")


def test_a_part_gives_its_rows_and_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(command.PARTS, "bins", lambda _bench: [ROW])
    bench = FakeBench()
    assert command.measure("bins", bench) == [ROW]
    assert bench.closed == 1


def test_a_part_that_breaks_becomes_a_row_that_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(command.PARTS, "bins", broken)
    bench = FakeBench()
    (row,) = command.measure("bins", bench)
    assert (row.what, row.against, row.met) == ("bins", "there is no slider", False)
    assert bench.closed == 1


def test_an_unknown_part_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["benchmarks", "--only", "nothing"])
    with pytest.raises(SystemExit):
        command.main()
    assert "large-bins" in capsys.readouterr().err


@pytest.mark.parametrize(("quick", "repeats"), [(False, [12, 3]), (True, [2, 2])])
def test_quick_repeats_little_but_always_more_than_once(*, quick: bool, repeats: list[int]) -> None:
    bench = FakeBench(quick=quick)
    assert [bench.repeats(12), bench.repeats(3)] == repeats
