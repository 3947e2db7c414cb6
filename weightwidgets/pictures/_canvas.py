"""Lines of text and axes for pictures drawn in Python, as the views draw them in the browser."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from weightwidgets.pictures._numbers import drawable, number

if TYPE_CHECKING:
    from collections.abc import Callable

INK, MUTED, RULE, PAPER = "#1f2328", "#57606a", "#d0d7de", "#ffffff"


class Canvas:
    """A white sheet, dark ink, one font size.

    Attributes
    ----------
    image : PIL.Image.Image
        RGB.
    pen : PIL.ImageDraw.ImageDraw
        Draws on `image`.
    em : int
        The font size in pixels.
    """

    def __init__(self, width: int, height: int, em: int) -> None:
        self.image = Image.new("RGB", (width, height), PAPER)
        self.pen = ImageDraw.Draw(self.image, "RGBA")
        self.em = em

    def text(
        self, x: float, y: float, words: str, *, anchor: str = "lm", ink: str = MUTED, scale: float = 1.0
    ) -> None:
        """Write one line; `anchor` as in Pillow: "lm" begins at (x, y), "mm" is centred on it."""
        font = ImageFont.load_default(self.em * scale)
        self.pen.text((x, y), drawable(words), fill=ink, font=font, anchor=anchor)

    def cut(self, words: str, room: float, scale: float = 1.0) -> str:
        """Shorten one line to fit into `room` pixels."""
        font = ImageFont.load_default(self.em * scale)
        if self.pen.textlength(drawable(words), font) <= room:
            return words
        while words and self.pen.textlength(drawable(f"{words}…"), font) > room:
            words = words[:-1]
        return f"{words}…"


def wrapped(words: str, room: float, em: float) -> list[str]:
    """Break a text between its words into lines of at most `room` pixels; a longer word stands alone."""
    font = ImageFont.load_default(em)
    lines = [""]
    for word in drawable(words).split(" "):
        longer = f"{lines[-1]} {word}".lstrip()
        if font.getlength(longer) <= room or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def ticks(low: float, high: float, count: int) -> list[float]:
    """Give some `count` round numbers between two bounds, their steps 1, 2 or 5 times a power of ten.

    Empty where the bounds are so close or so far apart that there are none.
    """
    span = high / max(count, 1) - low / max(count, 1)
    if not (0 < span < math.inf):
        return []
    power = math.floor(math.log10(span))
    base = 10.0**power
    step = next((part * base for part in (1, 2, 5, 10) if part * base >= span), 10 * base)
    if step == 0 or math.isinf(step):
        return []
    first, last = math.ceil(low / step), math.floor(high / step)
    # The quotient by a reciprocal keeps 0.3 what it is; 3 * 0.1 is not.
    return [place / (1 / step) if step < 1 else place * step for place in range(first, last + 1)]


def draw_across(canvas: Canvas, low: float, high: float, place: Callable[[float], float], y: int) -> None:
    """Draw an axis of weights under the line at `y`, labelled so that neighbours can be told apart."""
    count = max(2, round((place(high) - place(low)) / (7 * canvas.em)))
    marks = ticks(low, high, count)
    step = marks[1] - marks[0] if len(marks) > 1 else 1.0
    largest = max(map(abs, marks), default=1.0)
    digits = min(17, max(4, math.ceil(math.log10(largest / step)) + 1)) if largest > 0 else 4
    for mark in marks:
        x = round(place(mark))
        canvas.pen.line((x, y, x, y + 4), fill=MUTED)
        canvas.text(x, y + 0.95 * canvas.em, number(mark, digits), anchor="mm")


def count_marks(most: int, *, log: bool) -> list[int]:
    """Give whole numbers for an axis of counts: decades if it is logarithmic."""
    if log:
        return [10**decade for decade in range(len(str(most)))] if most > 0 else []
    return [round(mark) for mark in ticks(0, most, 5) if mark == round(mark)] if most > 0 else [0]


def reach(count: int, most: int, *, log: bool) -> float:
    """Give the part of the axis that a count reaches; a logarithmic axis begins at one half."""
    if count <= 0 or most <= 0:
        return 0.0
    return math.log(2 * count) / math.log(2 * most) if log else count / most
