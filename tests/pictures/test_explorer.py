"""Pictures put together: columns side by side, nothing overlapping, nothing where there is nothing."""

from __future__ import annotations

from PIL import Image

from weightwidgets.pictures.explorer import in_columns


def plain(width: int, height: int, colour: str) -> Image.Image:
    return Image.new("RGB", (width, height), colour)


def test_columns_stand_side_by_side_and_their_pictures_under_one_another() -> None:
    columns = {"model": [plain(60, 10, "red"), plain(20, 15, "green")], "twin": [plain(70, 5, "blue")]}
    sheet = in_columns(columns)
    assert sheet is not None
    title = 28 + 12
    assert sheet.size == (60 + 12 + 70, title + 10 + 12 + 15)
    assert sheet.getpixel((0, title)) == (255, 0, 0)
    assert sheet.getpixel((0, title + 22)) == (0, 128, 0)
    assert sheet.getpixel((72, title)) == (0, 0, 255)
    assert sheet.getpixel((65, title + 2)) == (255, 255, 255)


def test_several_columns_are_named_and_one_is_not() -> None:
    both = in_columns({"model": [plain(90, 10, "white")], "twin": [plain(90, 10, "white")]})
    alone = in_columns({"model": [plain(90, 10, "white")]})
    assert both is not None
    assert alone is not None
    left, right = both.crop((0, 0, 90, 28)), both.crop((102, 0, 192, 28))
    assert left.getextrema() != ((255, 255),) * 3
    assert left.tobytes() != right.tobytes()
    assert alone.getextrema() == ((255, 255),) * 3


def test_a_column_that_could_not_be_drawn_is_left_out() -> None:
    sheet = in_columns({"model": [], "twin": [plain(80, 4, "red")]})
    assert sheet is not None
    assert sheet.width == 80


def test_without_pictures_there_is_no_sheet() -> None:
    assert in_columns({"model": [], "twin": []}) is None
