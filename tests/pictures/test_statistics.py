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


def right_edges(block: Block) -> list[int]:
    """Give where the ink of each row of the first column ends."""
    pixels = np.asarray(statistics_picture("conv1", [block]).convert("L"))
    rows = [pixels[44 + 19 * line + 2 : 44 + 19 * line + 16] for line in range(1, 1 + len(block.rows))]
    return [int(np.flatnonzero((row < 128).any(axis=0)).max()) for row in rows]


def test_long_numbers_are_written_in_full_and_end_below_one_another() -> None:
    short = Block(0, "Spread", ("layer", "filter 3"), [("mean", "0.1", "2"), ("std", "1", "2")])
    long = Block(0, "Spread", ("layer", "filter 3"), [("mean", "-0.00007826", "2"), ("std", "1", "2")])
    wide = Block(
        0, "Spread", ("layer", "filter 3"), [("mean" * 6, "-0.00007826" * 2, "2"), ("std", "1", "2")]
    )
    assert len(set(right_edges(short))) == 1
    assert right_edges(long) == right_edges(short)
    before, after = (statistics_picture("conv1", [block]) for block in (short, long))
    assert before.size == after.size
    ink_before, ink_after = ((np.asarray(image.convert("L"))[63:80] < 128).sum() for image in (before, after))
    assert ink_after > 1.5 * ink_before
    assert statistics_picture("conv1", [wide]).width > 900


def test_a_label_without_end_is_cut_before_its_numbers() -> None:
    endless = Block(0, "Spread", ("layer",), [("name." * 50, "0.5")])
    picture = statistics_picture("conv1", [endless])
    assert picture.width < 1300
    blank = np.asarray(
        statistics_picture("conv1", [Block(0, "Spread", ("layer",), [("", "0.5")])]).convert("L")
    )
    ends = np.flatnonzero((blank[63:80] < 128).any(axis=0))
    drawn = np.asarray(picture.convert("L"))[63:80] < 128
    shift = picture.width - 900
    assert not drawn[:, ends.min() + shift - 6 : ends.min() + shift].any()
