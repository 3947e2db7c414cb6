import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageFont

from weightwidgets.widgets._norm_layout import LOOKS, SLANT, Looks, room_for, text_width

SIZES = st.sampled_from(list(LOOKS.values()))
LABELS = st.lists(st.text("abcXm.W0", max_size=24), max_size=60)
ANGLE = math.radians(SLANT)


@given(LABELS, SIZES)
def test_every_label_lies_within_the_margins(labels: list[str], looks: Looks) -> None:
    room = room_for(labels, looks)
    pitch = max(room.bars, 400) / max(len(labels), 1)
    for place, label in enumerate(labels):
        width = text_width(label, looks.text)
        if not room.slanted:
            assert width <= pitch
            continue
        assert width * math.sin(ANGLE) + looks.text <= room.below
        # From the middle of its bar to the right end of the last one and of the margin.
        assert width * math.cos(ANGLE) <= (len(labels) - place - 0.5) * pitch + room.right
    assert room.below >= 2 * looks.text


@given(st.integers(1, 20_000), SIZES)
def test_labels_that_are_written_never_overlap(count: int, looks: Looks) -> None:
    room = room_for(["features.denseblock"] * count, looks)
    pitch = max(room.bars, 400) / count
    assert room.slanted or count <= 2
    assert room.every * pitch * math.sin(ANGLE) >= looks.text or not room.slanted


@given(st.integers(1, 20_000), SIZES)
def test_bars_are_wide_enough_to_point_at_as_far_as_a_browser_draws(count: int, looks: Looks) -> None:
    room = room_for(["layer"] * count, looks)
    assert room.bars == count * looks.pitch or room.bars == 30_000 < count * looks.pitch


def test_a_margin_is_no_larger_than_its_labels_need() -> None:
    short, long = (room_for([name] * 60, LOOKS["normal"]).below for name in ("w", "features.denseblock"))
    assert short < 35
    assert 84 < long < 120


@pytest.mark.parametrize("text", ["encoder.layers.11.self_attn", "MMMMWWWW"[:3] + "iiiii", "0.weight"])
def test_a_line_of_text_is_not_taken_for_shorter_than_it_is(text: str) -> None:
    assert text_width(text, 20) >= ImageFont.load_default(20).getlength(text)


def test_wide_letters_count_as_wide() -> None:
    assert text_width("\u5377\u7a4d", 10) > 1.5 * text_width("ab", 10)
