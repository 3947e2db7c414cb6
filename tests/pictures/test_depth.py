import math

import numpy as np

from weightwidgets.pictures.depth import Block, depth_picture

ACCENT, DOT = (0x0B, 0x62, 0xC4), (0x57, 0x60, 0x6A)


def block(level: int, label: str = "0", value: float = 1.0, size: tuple[int, int] = (8, 8)) -> Block:
    return Block(label, (np.full(size, level, np.uint8), np.zeros(size, np.uint8)), value)


def drawn(blocks: list[Block], selected: int | None = None) -> np.ndarray:
    return np.asarray(depth_picture("l.*.q", blocks, "rms", 1.0, selected))


def where(picture: np.ndarray, color: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    lines, columns = np.nonzero((picture == color).all(axis=-1))
    return lines, columns


def test_layers_stand_in_order_in_their_colours() -> None:
    # The last level of the table, which the legend ends with too.
    picture = drawn([block(128), block(255), block(128)])
    lines, columns = where(picture[:-40], (0x78, 0x2C, 0x00))
    assert lines.size == (192 // 8 * 8) ** 2
    assert 58 + 200 <= columns.min() < columns.max() < 58 + 400


def test_what_is_not_read_and_gaps_leave_the_paper_white() -> None:
    gaps = Block("0", (np.full((4, 4), 255, np.uint8), np.full((4, 4), 4, np.uint8)))
    assert not where(drawn([gaps, Block("1")])[:-40], (0x78, 0x2C, 0x00))[0].size


def test_a_vector_is_drawn_wide_enough_to_be_seen() -> None:
    lines, columns = where(drawn([block(255, size=(64, 1))])[:-40], (0x78, 0x2C, 0x00))
    assert np.ptp(lines) + 1 == 192
    assert np.ptp(columns) + 1 == 48


def test_points_are_as_high_as_their_values() -> None:
    picture = drawn([block(128, value=value) for value in (0.0, 1.0, 2.0)])
    lines, columns = where(picture, DOT)
    tops = [lines[(columns >= 58 + 200 * place) & (columns < 58 + 200 * place + 150)] for place in range(3)]
    highest = [int(np.median(line[line > 250])) for line in tops]
    assert highest[0] > highest[1] > highest[2]
    assert abs((highest[0] - highest[1]) - (highest[1] - highest[2])) <= 2


def test_a_layer_without_a_number_has_no_point() -> None:
    values = (0.0, math.nan, 2.0)
    whole, broken = (
        drawn([block(128, value=value) for value in chosen]) for chosen in ((0.0, 1.0, 2.0), values)
    )
    second = np.s_[250:320, 58 + 200 : 58 + 400]
    assert where(whole[second], DOT)[0].size > 100
    assert not where(broken[second], DOT)[0].size


def test_the_selected_layer_is_framed() -> None:
    blocks = [block(128), block(128), block(128)]
    assert not where(drawn(blocks), ACCENT)[0].size
    _, columns = where(drawn(blocks, selected=1), ACCENT)
    assert 58 + 200 - 5 <= columns.min() < columns.max() <= 58 + 400


def test_many_layers_stand_in_lines_around_the_selected_one() -> None:
    few, many = (drawn([block(128, str(place)) for place in range(count)]) for count in (11, 22))
    assert many.shape[0] > few.shape[0]
    crowd = [block(128, str(place)) for place in range(500)]
    for selected in (0, 250, 499):
        picture = drawn(crowd, selected)
        assert where(picture, ACCENT)[0].size
        assert picture.shape[0] < 2 * many.shape[0] + 600
