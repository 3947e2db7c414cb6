# ruff: noqa: RUF001 -- the minus sign is what is tested

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageFont

from weightwidgets.pictures._numbers import drawable, number, share


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (-0.123456, "−0.1235"),
        (1.0, "1"),
        (12345.6, "12,346"),
        (9999.96, "10,000"),
        (0.000001234, "0.000001234"),
        (0.00000012346, "1.235e-7"),
        (-5e-324, "−4.941e-324"),
        (1.5e7, "1.5e+7"),
        (math.nan, "–"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
    ],
)
def test_a_number_is_written_for_the_eye(value: float, text: str) -> None:
    assert number(value) == text


@given(st.floats(-1e300, 1e300), st.integers(1, 17))
def test_what_is_written_is_the_number_to_that_many_digits(value: float, digits: int) -> None:
    read = float(number(value, digits).replace("−", "-").replace(",", ""))
    assert read == pytest.approx(value, rel=0.5 * 10.0 ** (1 - digits) * 1.0001, abs=0)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0%"), (1.0, "100%"), (0.4567, "45.7%"), (0.9999999, "<100%"), (1e-9, "1e-7%"), (math.nan, "–")],
)
def test_a_share_says_all_or_none_only_where_it_is_exact(value: float, text: str) -> None:
    assert share(value) == text


@given(st.floats(0, 1))
def test_only_an_exact_share_is_written_as_zero_or_all(value: float) -> None:
    assert (share(value) == "0%") == (value == 0)
    assert (share(value) == "100%") == (value == 1)


def test_signs_that_pillows_font_lacks_are_replaced() -> None:
    assert drawable("−0.5 × 3 – ∞, ≤ 1 → ≥ 2") == "-0.5 x 3 - inf, <= 1 -> >= 2"


def test_a_name_in_another_script_is_spelled_out_instead_of_drawn_as_boxes() -> None:
    assert drawable("卷积.1…") == "[U+5377][U+79EF].1…"
    assert drawable("bl\N{LATIN SMALL LETTER O WITH DIAERESIS}ck") == "bl[U+00F6]ck"


@given(st.text(max_size=30))
def test_nothing_is_drawn_as_the_box_of_a_missing_sign(text: str) -> None:
    font = ImageFont.load_default(20)
    box = bytes(font.getmask("\uffff"))
    for character in set(drawable(text)) - set(map(chr, range(128))):
        assert bytes(font.getmask(character)) != box


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert drawable(text) == text
