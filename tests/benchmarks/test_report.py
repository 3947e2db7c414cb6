"""What the table of speeds says is what was measured."""

from __future__ import annotations

import pytest

from benchmarks.report import Row, at_most, beside, duration, faster, head, line, not_measured, within

FLOOR = ("empty frame", [16.0, 10.0, 100.0])


def test_a_multiple_is_the_ratio_of_the_medians() -> None:
    row = at_most("step", [20.0, 24.0, 1000.0], FLOOR, 1.3)
    assert row == Row("step", "24.0 ms", "empty frame 16.0 ms", 1.5, "<= 1.3x", met=False)


def test_a_multiple_is_met_up_to_its_limit() -> None:
    assert at_most("step", [20.0], ("frame", [16.0]), 1.25).met
    assert not at_most("step", [20.1], ("frame", [16.0]), 1.25).met


def test_faster_is_how_many_times_the_peer_takes_what_ours_takes() -> None:
    row = faster("step", [20.0], ("peer", [100.0, 80.0, 90.0]), 4)
    assert row.ratio == 4.5
    assert row.met
    assert row.target == ">= 4x faster"


def test_being_slower_than_the_peer_is_missed() -> None:
    row = faster("step", [90.0], ("peer", [20.0]), 4)
    assert row.ratio == pytest.approx(2 / 9)
    assert not row.met


def test_beside_a_peer_nothing_is_promised_and_the_row_ends_in_its_ratio() -> None:
    row = beside("step", [20.0], ("peer", [50.0]))
    assert row == Row("step", "20.0 ms", "peer 50.0 ms", 2.5, "", met=None)
    assert line(row).split()[-1] == "2.5"


def test_a_limit_in_time_is_judged_by_the_median_whatever_the_floor() -> None:
    assert within("overlay", [59.0, 60.0, 500.0], FLOOR, 60).met
    missed = within("overlay", [59.0, 61.0, 500.0], ("empty frame", [61.0]), 60)
    assert not missed.met
    assert missed.ratio == 1.0


@pytest.mark.parametrize(
    ("milliseconds", "written"),
    [(16.66, "16.7 ms"), (99.96, "100 ms"), (204.4, "204 ms"), (1240.0, "1.24 s")],
)
def test_a_duration_has_three_digits_and_its_unit(milliseconds: float, written: str) -> None:
    assert duration(milliseconds) == written


def test_what_could_not_be_measured_says_why_and_is_not_met() -> None:
    row = not_measured("bins", RuntimeError("there is no slider\nand a long trace"))
    assert row.against == "there is no slider"
    assert not row.met
    assert not_measured("bins", RuntimeError()).against == "RuntimeError"


def test_of_a_cell_that_raised_the_row_says_what_it_raised() -> None:
    traceback = (
        "\x1b[31m---------\x1b[39m\n\x1b[31mNameError\x1b[39m   "
        "Traceback \x1b[36m(most recent call last)\x1b[39m:\nCell 1\n"
        "\x1b[31mNameError\x1b[39m: name 'w' is not defined"
    )
    assert not_measured("bins", AssertionError(traceback)).against == "NameError: name 'w' is not defined"


def test_the_columns_of_every_row_stand_under_their_heads() -> None:
    kept = within("import weightwidgets", [5.0], FLOOR, 10)
    missed = at_most("first paint, 350M weights, numba cold and without a cache", [50.0], FLOOR, 1.3)
    top, rule = head().splitlines()
    for row in (kept, missed, not_measured("bins", KeyError("x"))):
        written = line(row)
        for cell, name in ((row.measured, "measured"), (row.against, "against"), (row.target, "target")):
            assert written[top.index(name) :].startswith(cell)
        assert len(written) <= len(rule)


def test_a_row_gives_its_ratio_and_ends_in_its_verdict() -> None:
    assert line(within("step", [5.0], FLOOR, 10)).split()[-5:] == ["0.312", "<=", "10.0", "ms", "met"]
    assert line(at_most("step", [50.0], FLOOR, 1.3)).split()[-4:] == ["3.12", "<=", "1.3x", "missed"]
    assert line(not_measured("bins", KeyError("x"))).split()[-1] == "none"
