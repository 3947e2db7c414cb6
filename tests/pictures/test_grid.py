from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import weightwidgets.pictures.grid as module
from weightwidgets.analysis.filter_grid import filter_grid
from weightwidgets.analysis.matrix_picture import matrix_picture
from weightwidgets.pictures.grid import Marks, colored, faded, fit, matrix_image, on_paper, tiles_image

if TYPE_CHECKING:
    from PIL import Image

TABLES = json.loads((Path(module.__file__).parents[1] / "color.json").read_text(encoding="utf-8"))
LEFT, TOP = 12, 38


def table(name: str) -> np.ndarray:
    return np.frombuffer(b64decode(TABLES[name]), np.uint8).reshape(-1, 3)


def single(name: str) -> list[int]:
    return list(bytes.fromhex(TABLES[name]))


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape, dtype=np.float32)


def drawn(image: Image.Image, x: int, y: int) -> list[int]:
    pixel = image.getpixel((x, y))
    assert isinstance(pixel, tuple)
    return list(pixel)


@pytest.mark.parametrize("name", ["diverging", "gray"])
def test_every_level_has_the_colour_of_its_table(name: str) -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    np.testing.assert_array_equal(colored(levels, np.zeros_like(levels), name).reshape(256, 3), table(name))


def test_true_colour_takes_the_levels_as_they_are() -> None:
    levels = np.random.default_rng(0).integers(0, 256, (2, 1, 4, 4, 3)).astype(np.uint8)
    np.testing.assert_array_equal(colored(levels, np.zeros_like(levels), "rgb"), levels)


def test_what_is_no_number_has_colours_of_its_own() -> None:
    flags = np.array([[0, 1, 2, 3]], dtype=np.uint8)
    pixels = colored(np.full_like(flags, 128), flags, "diverging")
    assert pixels[0, 1:].tolist() == [single(name) for name in ("nan", "posinf", "neginf")]
    assert len({tuple(pixel) for pixel in pixels[0].tolist()}) == 4


def test_one_component_that_is_no_number_marks_the_whole_pixel() -> None:
    flags = np.array([[[0, 3, 1], [2, 0, 0]]], dtype=np.uint8)
    pixels = colored(np.full_like(flags, 200), flags, "rgb")
    assert pixels[0].tolist() == [single("nan"), single("posinf")]


def test_each_weight_of_a_tile_is_a_square_of_its_colour() -> None:
    grid = filter_grid(normal(3, 1, 4, 4))
    image = tiles_image(grid, "diverging", 3, "conv", "caption")
    scale = 12
    for filter_index, row, col in np.ndindex(3, 4, 4):
        x = LEFT + filter_index * (4 * scale + 5) + col * scale
        expected = table("diverging")[grid.levels[filter_index, 0, row, col]].tolist()
        assert drawn(image, x, TOP + row * scale) == expected
        assert drawn(image, x + scale - 1, TOP + row * scale + scale - 1) == expected


def test_the_cells_of_a_mosaic_have_a_gap_between_them() -> None:
    grid = filter_grid(normal(1, 4, 3, 3))
    image = tiles_image(grid, "diverging", 1, "conv", "caption")
    scale, gap = 8, 1
    assert drawn(image, LEFT + 3 * scale, TOP) == [255, 255, 255]
    assert drawn(image, LEFT + 3 * scale + gap, TOP) == table("diverging")[grid.levels[0, 1, 0, 0]].tolist()
    assert drawn(image, LEFT, TOP + 3 * scale + gap) == table("diverging")[grid.levels[0, 2, 0, 0]].tolist()


def test_a_matrix_is_drawn_pixel_for_pixel() -> None:
    picture = matrix_picture(normal(5, 7))
    limit = float(np.abs(picture.values).max())
    image = matrix_image(picture, limit, "linear", "caption")
    scale = min(676 // 7, 420 // 5)
    levels = 128 + np.rint(127 * (picture.values.astype(np.float64) / limit)).astype(int)
    for row, col in np.ndindex(5, 7):
        expected = table("diverging")[levels[row, col]].tolist()
        assert drawn(image, LEFT + col * scale, TOP + row * scale) == expected


def test_more_tiles_than_fit_make_the_picture_no_taller() -> None:
    few = tiles_image(filter_grid(normal(128, 1, 5, 5)), "diverging", 128, "conv", "")
    many = tiles_image(filter_grid(normal(500, 1, 5, 5)), "diverging", 500, "conv", "")
    assert (many.width, few.width) == (700, 700)
    assert many.height < 600


def test_a_long_title_and_caption_stay_within_the_picture() -> None:
    plain = tiles_image(filter_grid(normal(2, 1, 3, 3)), "diverging", 2, "conv", "short")
    wordy = tiles_image(filter_grid(normal(2, 1, 3, 3)), "diverging", 2, "conv " * 99, "many words " * 40)
    assert wordy.width == plain.width
    assert wordy.height > plain.height
    margin = np.asarray(wordy)[:, -6:]
    assert (margin == 255).all()


RING = bytes.fromhex(TABLES["selected"])


def ring(image: Image.Image) -> np.ndarray:
    """Say which pixels the mark of the selected filter has."""
    return np.asarray((np.asarray(image) == list(RING)).all(axis=-1))


@pytest.mark.parametrize("place", [0, 2])
def test_the_selected_filter_has_a_ring_around_it_and_keeps_its_pixels(place: int) -> None:
    grid = filter_grid(normal(3, 1, 4, 4))
    plain = np.asarray(tiles_image(grid, "diverging", 3, "conv", "caption"))
    image = tiles_image(grid, "diverging", 3, "conv", "caption", marks=Marks(place))
    rows, columns = np.nonzero(ring(image))
    left = LEFT + place * (48 + 5)
    assert (columns.min(), columns.max() + 1) == (left - 3, left + 48 + 3)
    assert (rows.min(), rows.max() + 1) == (TOP - 3, TOP + 48 + 3)
    changed = (np.asarray(image) != plain).any(axis=-1)
    np.testing.assert_array_equal(changed, ring(image))
    assert not changed[TOP : TOP + 48, left : left + 48].any()


def test_weights_outside_the_range_fade_and_those_inside_stay() -> None:
    grid = filter_grid(normal(3, 1, 4, 4))
    lit = np.random.default_rng(1).random((3, 1, 4, 4)) < 0.5
    plain = tiles_image(grid, "diverging", 3, "conv", "caption")
    image = tiles_image(grid, "diverging", 3, "conv", "caption", marks=Marks(None, lit))
    for index, _, row, col in np.ndindex(3, 1, 4, 4):
        x, y = LEFT + index * 53 + col * 12, TOP + row * 12
        own = drawn(plain, x, y)
        # 15 % of the own colour on white, under grey lines one pixel wide and five apart.
        for across, down in ((0, 0), (11, 11), (3, 2)):
            place = col * 12 + across + row * 12 + down
            expected = own if lit[index, 0, row, col] else faint(own, is_line=place % 5 == 0)
            assert drawn(image, x + across, y + down) == expected


def faint(own: list[int], *, is_line: bool) -> list[int]:
    color, opacity = ([128] * 3, 102 / 255) if is_line else (own, 38 / 255)
    return [round(255 + (part - 255) * opacity) for part in color]


def test_what_is_lit_is_opaque_and_keeps_its_colour() -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    lit = np.array([[True, False], [False, True]])
    np.testing.assert_array_equal(faded(pixels, lit)[..., :3], pixels)
    assert faded(pixels, lit)[..., 3].tolist() == [[255, 38], [38, 255]]
    assert (faded(pixels, None)[..., 3] == 255).all()
    np.testing.assert_array_equal(on_paper(faded(pixels, None)), pixels)


def test_a_filter_far_down_is_in_the_picture_with_its_ring() -> None:
    weight = normal(500, 1, 5, 5)
    room = fit(filter_grid(weight[:1]).layout)
    first = room.first(437)
    assert first % room.cols == 0
    assert first <= 437 < first + room.cols * room.rows
    assert room.first(room.cols * room.rows - 1) == 0
    grid = filter_grid(weight, filters=range(first, min(first + room.cols * room.rows, 500)))
    image = tiles_image(grid, "diverging", 500, "conv", "", first, Marks(437))
    rows, columns = np.nonzero(ring(image))
    down, across = divmod(437 - first, room.cols)
    assert (rows.min(), columns.min()) == (TOP - 3 + down * 55, LEFT - 3 + across * 55)
    assert tiles_image(grid, "diverging", 500, "conv", "", first).tobytes() != image.tobytes()


def test_no_filter_is_marked_that_is_not_drawn() -> None:
    grid = filter_grid(normal(3, 1, 4, 4))
    assert not ring(tiles_image(grid, "diverging", 9, "conv", "", marks=Marks(7))).any()


def test_the_selected_row_of_a_matrix_is_framed_and_pointed_at_and_others_fade() -> None:
    picture = matrix_picture(normal(40, 30), max_rows=20)
    limit = float(np.abs(picture.values).max())
    lit = np.zeros((20, 30), bool)
    lit[7] = True
    plain = matrix_image(picture, limit, "linear", "caption")
    image = matrix_image(picture, limit, "linear", "caption", Marks(15, lit))
    scale, row = 21, 15 // 2
    rows, columns = np.nonzero(ring(image))
    assert (rows.min(), rows.max() + 1) == (TOP + row * scale - 2, TOP + (row + 1) * scale + 2)
    assert columns.min() < LEFT - 5
    assert drawn(image, LEFT + 40, TOP + row * scale) == drawn(plain, LEFT + 40, TOP + row * scale)
    own = drawn(plain, LEFT + 41, TOP)
    assert drawn(image, LEFT + 41, TOP) == faint(own, is_line=False) != own
    assert drawn(image, LEFT + 40, TOP) == faint(own, is_line=True)
