"""Pictures put together: columns side by side, nothing overlapping, nothing where there is nothing."""

from __future__ import annotations

from PIL import Image

from weightwidgets.pictures.explorer import in_columns


def plain(width: int, height: int, colour: str) -> Image.Image:
    return Image.new("RGB", (width, height), colour)


def test_columns_stand_side_by_side_and_their_pictures_under_one_another() -> None:
    sheet = in_columns([[plain(30, 10, "red"), plain(20, 15, "green")], [plain(40, 5, "blue")]])
    assert sheet is not None
    assert sheet.size == (30 + 12 + 40, 10 + 12 + 15)
    assert sheet.getpixel((0, 0)) == (255, 0, 0)
    assert sheet.getpixel((0, 22)) == (0, 128, 0)
    assert sheet.getpixel((42, 0)) == (0, 0, 255)
    assert sheet.getpixel((35, 20)) == (255, 255, 255)


def test_a_column_that_could_not_be_drawn_is_left_out() -> None:
    sheet = in_columns([[], [plain(4, 4, "red")]])
    assert sheet is not None
    assert sheet.size == (4, 4)


def test_without_pictures_there_is_no_sheet() -> None:
    assert in_columns([[], []]) is None
