# ruff: noqa: RUF001 -- the minus sign is what is tested

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageFont

from tests.widgets.fixture import check_fixture
from weightwidgets.pictures._numbers import drawable, in_table, number, share


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (-0.123456, "−0.1235"),
        (1.0, "1"),
        (12345.6, "12,346"),
        (1.0625, "1.063"),
        (-0.00390625, "−0.003906"),
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
    [
        (0.001, "0.001"),
        (0.0024033, "0.002403"),
        (0.000999949, "9.999e-4"),
        (0.00099996, "0.001"),
        (-0.000646, "−6.46e-4"),
        (9999499.4, "9,999,499"),
        (12345678.0, "1.235e+7"),
        (math.nan, "–"),
    ],
)
def test_in_a_table_what_is_below_a_thousandth_has_an_exponent(value: float, text: str) -> None:
    assert in_table(value) == text


@given(st.floats(0.001, 9_999_999))
def test_from_a_thousandth_on_a_table_writes_what_a_sentence_does(value: float) -> None:
    assert in_table(value) == number(value)


def test_the_browser_writes_the_same_in_its_table() -> None:
    draw = np.random.default_rng(16)
    anywhere = (draw.uniform(-10, 10, 400) * 10.0 ** draw.integers(-12, 13, 400)).tolist()
    # In the middle between two texts: what is rounded to even here and up there would differ.
    middles = (draw.integers(1, 1 << 16, 200) / 2.0 ** draw.integers(4, 15, 200)).tolist()
    middles += (draw.integers(1000, 9999, 50) + 0.5).tolist()
    special: list[float] = [0.0, 0.001, 0.0009999, 9_999_999.5, 1e7, 5e-324, 1.7e308, math.inf, -math.inf]
    numbers = [*special, math.nan, *anywhere, *middles]
    shares = [0.0, 1.0, 0.9999999, 0.99949, 1e-9, math.nan, *(draw.random(150) ** 4).tolist()]

    def plain(value: float) -> float | str:
        # As JavaScript calls them; JSON has none of the three.
        return (
            value if math.isfinite(value) else {"inf": "Infinity", "-inf": "-Infinity"}.get(str(value), "NaN")
        )

    content = {
        "numbers": [[plain(value), in_table(value)] for value in numbers],
        "shares": [[plain(value), share(value)] for value in shares],
    }
    check_fixture("table_number", content)


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
