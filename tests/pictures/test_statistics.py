import numpy as np
from PIL import ImageChops

from weightwidgets.pictures.statistics import Block, statistics_picture

SPREAD = Block(0, "Spread", ("layer", "filter 3"), [("mean", "0.1", "0.2"), ("std", "1", "2")])
RANKED = Block(3, "Exciting", ("weight",), [("input 1", "0.5")] * 10)


def ink(left: int, right: int, blocks: list[Block]) -> int:
    """Count the dark pixels between two columns, below the title."""
    pixels = np.asarray(statistics_picture("conv1", blocks).convert("L"))
    return int((pixels[40:, left:right] < 128).sum())


def test_the_picture_is_as_high_as_its_longest_column() -> None:
    low = statistics_picture("conv1", [SPREAD])
    high = statistics_picture("conv1", [SPREAD, RANKED])
    assert low.width == high.width == 900
    assert high.height - low.height == (10 - 2) * 19


def test_every_block_stands_in_its_own_column() -> None:
    assert ink(0, 225, [SPREAD]) > 0
    assert ink(225, 900, [SPREAD]) == 0
    assert ink(675, 900, [RANKED]) > 0
    assert ink(0, 675, [RANKED]) == 0


def test_another_number_gives_another_picture() -> None:
    other = Block(0, "Spread", ("layer", "filter 3"), [("mean", "0.1", "0.9"), ("std", "1", "2")])
    before, after = statistics_picture("conv1", [SPREAD]), statistics_picture("conv1", [other])
    assert ImageChops.difference(before, after).getbbox() is not None


def test_a_name_without_end_stays_on_the_sheet() -> None:
    endless = statistics_picture("layer." * 200, [])
    pixels = np.asarray(endless.convert("L"))
    assert (pixels[:, -10:] == 255).all()
