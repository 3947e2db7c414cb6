"""Numbers and shares as text, the same in pictures and in sentences."""

# ruff: noqa: RUF001 -- a true minus sign and dash are what a reader expects to see

import math
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache

from PIL import ImageFont

# Unicode has set it aside: no font has it.
_NO_SIGN = "\uffff"
_PLAIN = str.maketrans({"−": "-", "–": "-", "×": "x", "∞": "inf", "≤": "<=", "≥": ">=", "→": "->"})


def number(value: float, digits: int = 4, least_power: int = -6) -> str:
    """Write a number for the eye: rounded to `digits` digits, no trailing zeros, a true minus sign.

    Parameters
    ----------
    value : float
        Any number; NaN is written as a dash.
    digits : int
        Significant digits, 1 to 17. Whole numbers below ten million keep all of theirs.
    least_power : int
        The power of ten from which on a number is written without an exponent, -6 to 0.

    Returns
    -------
    str
        Plain from that power to ten million, thousands separated by commas; else with an exponent.

    """
    if math.isnan(value):
        return "–"
    if value == 0:
        return "0"
    sign = "−" if value < 0 else ""
    if math.isinf(value):
        return f"{sign}∞"
    # A number in the middle is rounded up, as JavaScript does: both must write the same.
    exact = Decimal(abs(value))
    rounded = Context(prec=digits, rounding=ROUND_HALF_UP).create_decimal(exact)
    mantissa, exponent = f"{rounded:.{digits - 1}e}".split("e")
    power = int(exponent)
    if least_power <= power < 7:
        last_place = Decimal(1).scaleb(min(power - digits + 1, 0))
        return sign + _trim(f"{exact.quantize(last_place, rounding=ROUND_HALF_UP):,f}")
    return f"{sign}{_trim(mantissa)}e{power:+d}"


def in_table(value: float) -> str:
    """Write a number of a table: as `number`, but below a thousandth with an exponent, to be short."""
    return number(value, least_power=-3)


def share(value: float) -> str:
    """Write a share as a percentage of three digits; 100% is written only where it is exact."""
    if math.isnan(value):
        return "–"
    percent = number(100 * value, 3)
    return "<100%" if percent == "100" and value < 1 else f"{percent}%"


def drawable(text: str) -> str:
    """Write a text in signs that Pillow's own font has; for all others it draws the same empty box.

    Parameters
    ----------
    text : str
        Any text, e.g. with the name of a layer in it.

    Returns
    -------
    str
        Signs of mathematics in plain letters, every other sign that the font lacks as ``[U+5377]``.

    """
    return "".join(map(_drawn, text.translate(_PLAIN)))


@cache
def _drawn(character: str) -> str:
    if character.isascii():
        return character
    font = ImageFont.load_default(20)
    box, drawn = (bytes(font.getmask(sign)) for sign in (_NO_SIGN, character))
    return f"[U+{ord(character):04X}]" if drawn == box else character


def _trim(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
