"""How much room the bars of the norms and their labels take."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SLANT = 40
# What a figure has at least for its bars, however narrow the cell; below the width of all bars it scrolls.
_NARROW = 400
# Browsers draw no picture of any width.
_WIDEST = 30_000
# Letters of a wide sans serif face, in parts of its size.
_LETTER, _WIDE_LETTER = 0.62, 1.05


@dataclass(frozen=True)
class Looks:
    """Sizes in CSS pixels.

    Attributes
    ----------
    text : int
        Height of the letters.
    pitch : int
        From one bar to the next, at least: so wide that a bar is easily pointed at.
    height : int
        Of the whole figure.
    axis : int
        Width of the axis of norms with its labels and its title.
    """

    text: int
    pitch: int
    height: int
    axis: int


LOOKS = {"normal": Looks(11, 12, 300, 66), "large": Looks(18, 20, 460, 108)}


@dataclass(frozen=True)
class Room:
    """What a row of labelled bars takes, in CSS pixels.

    Attributes
    ----------
    bars : int
        Width of all bars at least.
    every : int
        Every so many bars one is labelled.
    slanted : bool
        Whether labels run down to the right, or stand flat and centred.
    below, right : int
        Margins that hold the labels.
    """

    bars: int
    every: int
    slanted: bool
    below: int
    right: int


def text_width(label: str, size: int) -> float:
    """Give at least the width of a line of text, in the unit of `size`."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in label)
    return size * (_WIDE_LETTER * wide + _LETTER * (len(label) - wide))


def room_for(labels: Sequence[str], looks: Looks) -> Room:
    """Find the room that bars with these labels take."""
    count = len(labels)
    bars = min(count * looks.pitch, _WIDEST)
    pitch = max(bars, _NARROW) / max(count, 1)
    longest = max((text_width(label, looks.text) for label in labels), default=0.0)
    if longest + looks.text <= pitch:
        return Room(bars, 1, slanted=False, below=3 * looks.text, right=looks.text)
    angle = math.radians(SLANT)
    # Slanted lines of text stand one height of a line apart.
    every = math.ceil(1.1 * looks.text / math.sin(angle) / pitch)
    reach = max(
        text_width(label, looks.text) * math.cos(angle) - (count - place - 0.5) * pitch
        for place, label in enumerate(labels)
    )
    return Room(
        bars,
        every,
        slanted=True,
        below=math.ceil(longest * math.sin(angle) + 2 * looks.text),
        right=math.ceil(max(reach, 0) + looks.text),
    )
