from __future__ import annotations

import numpy as np
import pytest

from weightwidgets.analysis.heads import Heads, head_factors, head_picture, heads
from weightwidgets.pictures.grid import colored
from weightwidgets.pictures.heads import HeadTiles, heads_picture

ACCENT, BAR = (0x0B, 0x62, 0xC4), (0x8A, 0x97, 0xA6)
CAPTION = "what is left out"


def block(count: int = 4) -> tuple[Heads, HeadTiles]:
    """Give heads whose norms of q rise one by one, with the pictures of their q."""
    made = np.random.default_rng(0)
    q, k, v = (made.normal(size=(3 * count, 8)) for _ in range(3))
    for head in range(count):
        rows = slice(3 * head, 3 * head + 3)
        q[rows] *= (head + 1) / np.linalg.norm(q[rows])
    factors = head_factors(q, k, v, made.normal(size=(8, 3 * count)), count)
    pictures = [head_picture(factors, head, "q") for head in range(count)]
    return heads(factors), HeadTiles(pictures, max(np.abs(one.values).max() for one in pictures))


def drawn(head: int, count: int = 4, *, tiles: bool = True) -> np.ndarray:
    numbers, pictures = block(count)
    image = heads_picture("title", numbers, "q", head, pictures if tiles else None, CAPTION)
    return np.asarray(image)


def places(image: np.ndarray, color: tuple[int, int, int]) -> np.ndarray:
    return np.argwhere((image == color).all(axis=-1))


def test_a_tile_has_the_colours_of_its_levels() -> None:
    _, tiles = block()
    image = drawn(0)
    values = tiles.pictures[0].values
    levels = (128 + np.rint(127 * values / tiles.limit)).astype(np.uint8)
    expected = colored(levels, np.zeros_like(levels), "diverging")
    side = 120 // 8
    corner = image[44 : 44 + 3 * side : side, 14 : 14 + 8 * side : side]
    np.testing.assert_array_equal(corner, expected)


def test_the_selected_head_is_framed_and_its_curve_is_in_front() -> None:
    first, second = drawn(0), drawn(1)
    frame = places(first[:140], ACCENT)
    assert frame.min(axis=0).tolist() == [40, 10]
    moved = places(second[:140], ACCENT)
    assert moved.min(axis=0)[1] == 10 + 120 + 12
    assert len(places(first[140:], ACCENT)) > 500


def test_bars_are_as_long_as_norms() -> None:
    bars = places(drawn(0)[:140], BAR)
    lengths = [len(np.unique(bars[((bars[:, 1] - 14) // 132) == head, 1])) for head in range(4)]
    assert lengths == [30, 60, 90, 120]


def test_many_heads_are_drawn_around_the_selected_one() -> None:
    few, many = drawn(0), drawn(50, count=100)
    assert few.shape[1] == many.shape[1] == 900
    assert many.shape[0] < 6 * 100 + 300
    assert len(places(many[:600], ACCENT)) > 300


def test_without_pictures_the_norms_and_spectra_stand_alone() -> None:
    assert drawn(0, tiles=False).shape[0] == drawn(0).shape[0] - 45


@pytest.mark.parametrize("spoil", [np.nan, 0.0])
def test_heads_without_singular_values_have_no_curve(spoil: float) -> None:
    numbers, tiles = block()
    numbers.qk[:] = spoil
    numbers.ov[:] = spoil
    image = np.asarray(heads_picture("title", numbers, "q", 0, tiles, CAPTION))
    assert len(places(image[150:], ACCENT)) == 0


def test_one_singular_value_is_a_line() -> None:
    made = np.random.default_rng(0)
    q, k, v, o = made.normal(size=(4, 1)), made.normal(size=(4, 1)), made.normal(size=(4, 1)), np.ones((1, 4))
    factors = head_factors(q, k, v, o, 4)
    tiles = HeadTiles([head_picture(factors, head, "qk") for head in range(4)], 1.0)
    image = np.asarray(heads_picture("title", heads(factors), "qk", 2, tiles, CAPTION))
    assert len(places(image[150:], ACCENT)) > 300
