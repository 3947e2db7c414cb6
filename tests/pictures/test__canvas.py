import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageFont

from weightwidgets.pictures._canvas import Canvas, count_marks, draw_across, reach, ticks, wrapped
from weightwidgets.pictures._numbers import drawable

BOUND = st.floats(-1e30, 1e30).filter(lambda number: number == 0 or abs(number) > 1e-30)


@given(BOUND, BOUND, st.integers(1, 12))
def test_ticks_lie_between_the_bounds_in_equal_steps_of_one_two_or_five(
    a: float, b: float, count: int
) -> None:
    low, high = min(a, b), max(a, b)
    marks = ticks(low, high, count)
    assert len(marks) <= count + 1
    slack = (high - low) * 1e-9
    assert all(low - slack <= mark <= high + slack for mark in marks)
    if len(marks) > 2:
        step = (marks[-1] - marks[0]) / (len(marks) - 1)
        assert np.allclose(np.diff(marks), step, rtol=1e-6)
        first = step / 10 ** math.floor(math.log10(step) + 1e-9)
        assert min(abs(first - wanted) for wanted in (1, 2, 5)) < 1e-6


def test_ticks_are_the_very_numbers_that_are_written() -> None:
    assert ticks(0, 0.31, 4) == [0, 0.1, 0.2, 0.3]
    assert ticks(-3, 7, 4) == [0, 5]
    assert ticks(1, 1, 4) == ticks(-1e308, 1.7e308, 1)[:0] == []


@pytest.mark.parametrize(
    ("most", "log", "marks"),
    [
        (0, False, [0]),
        (1, False, [0, 1]),
        (10, False, [0, 2, 4, 6, 8, 10]),
        (0, True, []),
        (9, True, [1]),
        (1000, True, [1, 10, 100, 1000]),
    ],
)
def test_counts_are_marked_at_whole_numbers(most: int, log: bool, marks: list[int]) -> None:
    assert count_marks(most, log=log) == marks


@given(st.integers(1, 10**9), st.integers(0, 10**9))
def test_a_count_reaches_its_part_of_the_axis(most: int, count: int) -> None:
    count = min(count, most)
    assert reach(count, most, log=False) == count / most
    assert 0 <= reach(count, most, log=True) <= 1
    assert (reach(count, most, log=True) > 0) == (count > 0)
    assert reach(most, most, log=True) == reach(most, most, log=False) == 1


def test_a_line_is_cut_only_where_it_does_not_fit() -> None:
    canvas = Canvas(100, 20, 12)
    assert canvas.cut("short", 90) == "short"
    cut = canvas.cut("much longer than that", 60)
    assert cut.endswith("…")
    assert canvas.pen.textlength(cut) <= 60


def test_a_line_is_measured_as_it_is_drawn_and_cut_between_its_signs() -> None:
    canvas = Canvas(400, 20, 12)
    name = "\N{CJK UNIFIED IDEOGRAPH-5377}" * 20
    cut = canvas.cut(name, 200)
    assert cut.endswith("…")
    font = ImageFont.load_default(12)
    assert 120 < font.getlength(drawable(cut)) <= 200


def test_neighbouring_labels_of_a_narrow_range_can_be_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(Canvas, "text", lambda _self, _x, _y, words, **_: written.append(words))
    canvas = Canvas(800, 40, 12)
    draw_across(canvas, 1.0, 1.000002, lambda value: (value - 1) / 2e-6 * 800, 10)
    assert len(written) == len(set(written)) > 4


@given(st.lists(st.text("abcdefgh", min_size=1, max_size=12), min_size=1, max_size=20), st.integers(60, 400))
def test_a_wrapped_text_keeps_its_words_in_order_within_the_room(words: list[str], room: int) -> None:
    lines = wrapped(" ".join(words), room, 12)
    assert " ".join(lines) == " ".join(words)
    font = ImageFont.load_default(12)
    assert all(font.getlength(line) <= room or " " not in line for line in lines)
    for line, following in itertools.pairwise(lines):
        assert font.getlength(f"{line} {following.split(' ')[0]}") > room
