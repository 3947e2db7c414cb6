"""Pictures put together: bands below one another, nothing overlapping, nothing where there is nothing."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from weightwidgets.pictures.explorer import explorer_picture

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COLOURS = [(200, 10 * place, 255 - 10 * place) for place in range(20)]


def plain(width: int, height: int, colour: tuple[int, int, int] | str = "red") -> Image.Image:
    return Image.new("RGB", (width, height), colour)


def sheet(*bands: Mapping[str, Image.Image | str], lines: Sequence[str] = ()) -> Image.Image:
    found = explorer_picture("Net", lines, bands)
    assert found is not None
    return found


def box_of(image: Image.Image, colour: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """Give left, top, right and bottom of what has this colour; it must be a full rectangle."""
    rows, columns = np.nonzero((np.asarray(image) == colour).all(axis=-1))
    left, top, right, bottom = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    assert len(rows) == (right - left) * (bottom - top)
    return int(left), int(top), int(right), int(bottom)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.lists(st.tuples(st.integers(30, 120), st.integers(1, 40)), min_size=1, max_size=4),
        min_size=1,
        max_size=4,
    )
)
def test_every_picture_stands_whole_in_its_band_and_column(sizes: list[list[tuple[int, int]]]) -> None:
    colours = iter(COLOURS)
    given_ = [[(size, next(colours)) for size in band] for band in sizes]
    image = sheet(
        *({str(place): plain(*size, colour) for place, (size, colour) in enumerate(band)} for band in given_)
    )
    boxes = [[box_of(image, colour) for _, colour in band] for band in given_]
    for band, found in zip(given_, boxes, strict=True):
        assert [(right - left, low - top) for left, top, right, low in found] == [size for size, _ in band]
        assert len({top for _, top, _, _ in found}) == 1
        assert all(one[2] < other[0] for one, other in itertools.pairwise(found))
    for above, below in itertools.pairwise(boxes):
        assert max(low for *_, low in above) < min(top for _, top, *_ in below)
    for column in itertools.zip_longest(*boxes):
        assert len({box[0] for box in column if box}) == 1


def ink(image: Image.Image, top: int, bottom: int) -> int:
    return int((np.asarray(image.convert("L"))[top:bottom] < 150).sum())


def test_several_pictures_are_named_once_and_one_is_not() -> None:
    alone = sheet({"model": plain(90, 10)})
    both = sheet({"model": plain(90, 10), "twin": plain(90, 10, "blue")})
    twice = sheet(*[{"model": plain(90, 10), "twin": plain(90, 10, "blue")}] * 2)
    assert box_of(both, (255, 0, 0))[1] - box_of(alone, (255, 0, 0))[1] == 30
    assert twice.height - both.height == 10 + 12
    other = sheet({"a": plain(90, 10), "b": plain(90, 10, "blue")})
    assert other.size == both.size
    assert other.tobytes() != both.tobytes()


def test_the_heading_says_title_and_selection_and_is_as_high_as_its_words_need() -> None:
    band = {"": plain(300, 20)}
    bare, short, long = (
        sheet(band),
        sheet(band, lines=["conv1"]),
        sheet(band, lines=["conv1 and many more words " * 9]),
    )
    assert bare.height < short.height < long.height
    assert bare.width == short.width == long.width
    assert ink(long, 0, long.height - 40) > ink(short, 0, short.height - 40) > ink(bare, 0, bare.height - 40)
    assert (np.asarray(long)[:, -6:] == 255).all()


def test_a_sentence_stands_where_there_is_no_picture() -> None:
    silent = sheet({"model": plain(90, 60), "twin": ""})
    told = sheet({"model": plain(90, 60), "twin": "This model has no layer of that name."})
    assert told.size == silent.size
    left = box_of(told, (255, 0, 0))[2]
    changed = np.nonzero((np.asarray(told) != np.asarray(silent)).any(axis=(0, 2)))[0]
    assert changed.min() > left


def test_without_pictures_there_is_no_sheet() -> None:
    assert explorer_picture("Net", ["conv1"], []) is None
    assert explorer_picture("Net", [], [{}, {"model": "no weights", "twin": "none either"}]) is None


def test_the_same_view_is_the_same_picture() -> None:
    bands: list[Mapping[str, Image.Image | str]] = [
        {"a": plain(40, 10), "b": "nothing"},
        {},
        {"a": plain(50, 20)},
    ]
    assert sheet(*bands, lines=["x"]).tobytes() == sheet(*bands, lines=["x"]).tobytes()
