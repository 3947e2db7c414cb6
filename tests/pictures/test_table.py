"""The layer table as a picture: every cell where it belongs, bars as high as they should be."""

from __future__ import annotations

import numpy as np
import pytest

from weightwidgets.pictures.table import TableRow, table_picture

ROW_HEIGHT, PADDING, SPARK_HEIGHT, STEP = 22, 10, 16, 2
BAR = (0x8A, 0x97, 0xA6)
NUMBERS = {"frobenius": 2.0, "rms": 0.5, "mean": -0.25, "std": 0.1, "near_zero": 0.125}


def row(name: str = "conv1", **fields: object) -> TableRow:
    given: dict[str, object] = {"kind": "conv2d", "shape": "8 x 3", "parameters": 24, **fields}
    return TableRow(name, **given)  # type: ignore[arg-type]


def bars(picture_rows: list[TableRow]) -> np.ndarray:
    """Count the bar-coloured pixels of each bar in the first row."""
    pixels = np.asarray(table_picture(picture_rows))
    line = pixels[PADDING + ROW_HEIGHT : PADDING + 2 * ROW_HEIGHT]
    spark = line[:, -PADDING - 32 * STEP : -PADDING]
    return np.asarray((spark == BAR).all(axis=2).sum(axis=0)[::STEP])


def test_bars_are_as_high_as_their_counts_and_none_is_lost() -> None:
    heights = np.zeros(32, np.uint8)
    heights[[0, 5, 31]] = (255, 128, 1)
    expected = np.zeros(32, int)
    expected[[0, 5, 31]] = (SPARK_HEIGHT, SPARK_HEIGHT // 2, 1)
    np.testing.assert_array_equal(bars([row(numbers=NUMBERS, spark=heights)]), expected)


@pytest.mark.parametrize(("rows", "left_out", "lines"), [(1, 0, 2), (20, 0, 21), (20, 7, 22)])
def test_there_is_a_line_per_row_one_for_the_head_and_one_for_what_is_left_out(
    rows: int, left_out: int, lines: int
) -> None:
    picture = table_picture([row(numbers=NUMBERS)] * rows, left_out)
    assert picture.height == lines * ROW_HEIGHT + 2 * PADDING


def test_a_longer_name_makes_the_picture_wider_and_nothing_is_cut() -> None:
    short, long = table_picture([row("a")]), table_picture([row("a" * 60)])
    assert long.width > short.width
    ink = np.asarray(long)[PADDING + ROW_HEIGHT : PADDING + 2 * ROW_HEIGHT - 1].min(axis=(0, 2)) < 128
    assert not ink[: PADDING - 1].any()
    assert not ink[-PADDING:].any()


def test_rows_that_are_not_measured_yet_look_like_no_others() -> None:
    blank = np.asarray(table_picture([row()]).convert("L"))
    measured = np.asarray(table_picture([row(numbers=NUMBERS)]).convert("L"))
    assert (blank < 128).sum() < (measured < 128).sum()


def test_another_number_is_another_picture() -> None:
    one = table_picture([row(numbers=NUMBERS)])
    other = table_picture([row(numbers={**NUMBERS, "mean": 0.25})])
    assert one.tobytes() != other.tobytes()
    assert one.mode == "RGB"


def test_a_table_without_rows_is_its_head() -> None:
    assert table_picture([]).height == ROW_HEIGHT + 2 * PADDING


def test_the_selected_row_alone_has_a_ground_of_its_own() -> None:
    rows = [row(numbers=NUMBERS)] * 4
    plain, marked = np.asarray(table_picture(rows)), np.asarray(table_picture(rows, selected=2))
    lines = np.nonzero((plain != marked).any(axis=(1, 2)))[0]
    top = PADDING + 3 * ROW_HEIGHT
    assert (lines.min(), lines.max()) == (top, top + ROW_HEIGHT - 2)
    assert (marked[top + 4, PADDING // 2 + 1] == (0x0B, 0x62, 0xC4)).all()


def test_rows_left_out_above_are_told_from_those_below() -> None:
    rows = [row(numbers=NUMBERS)] * 4
    below, above = table_picture(rows, 9), table_picture(rows, 9, above=5)
    assert below.size == above.size
    assert below.tobytes() != above.tobytes()
