"""What is written beside a matrix: names of its rows, the pictures that a row may be, notes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from weightwidgets import wire

from ._filter import noun

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._matrix_subject import MatrixSubject

MOST_HITS = 20
_LABEL = 60
_OFFERS, _MOST_OBLONG = 4, 4


class Labels:
    """Names of the rows, given by the user: any text, shown as text.

    Attributes
    ----------
    edition : int
        A short number that tells them from others.

    Parameters
    ----------
    labels : sequence of str
        One for each row.

    Raises
    ------
    TypeError
        If it is a single text, or holds anything but texts.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        if isinstance(labels, str | bytes) or not all(isinstance(label, str) for label in labels):
            raise TypeError("labels must be a sequence of str, one for each row")
        self._labels = tuple(labels)
        self.edition = wire.token(self._labels)
        self._folded = [label.casefold() for label in self._labels]

    @property
    def texts(self) -> tuple[str, ...]:
        """The names as they were given."""
        return self._labels

    def __len__(self) -> int:
        return len(self._labels)

    def shown(self, row: int) -> str:
        """Give the name of a row as it is safe to look at."""
        return wire.display_name(self._labels[row], _LABEL)

    def find(self, search: str) -> list[int]:
        """Find rows by their names: the same text first, then names that begin with it, then that hold it.

        Upper and lower case differ only in what counts as the same text. At most `MOST_HITS` rows, each group
        in the order of the rows; none for an empty search.
        """
        if not search:
            return []
        wanted = search.casefold()
        same: list[int] = []
        begin: list[int] = []
        hold: list[int] = []
        for row, label in enumerate(self._folded):
            if wanted not in label:
                continue
            if self._labels[row] == search:
                same.append(row)
            elif label.startswith(wanted):
                begin.append(row)
            else:
                hold.append(row)
        return (same + begin + hold)[:MOST_HITS]


def image_offers(weights: int) -> list[tuple[int, ...]]:
    """Give the images that a row of so many weights may be: square ones first, then the least oblong.

    Returns
    -------
    list of tuple of int
        (1, h, w) or (3, h, w), at most four, each with the product `weights`.
    """
    found: list[tuple[float, tuple[int, ...]]] = []
    for depth in (1, 3):
        if weights % depth:
            continue
        pixels = weights // depth
        sides = [side for side in range(2, math.isqrt(pixels) + 1) if pixels % side == 0]
        for side in sides[-2:]:
            oblong = pixels / side**2
            if oblong <= _MOST_OBLONG:
                found.append((oblong, (depth, side, pixels // side)))
    return [shape for _, shape in sorted(found)][:_OFFERS]


def description(subject: MatrixSubject) -> str:
    """Say in a few words what the layer is."""
    dtype = str(subject.layer.dtype).removeprefix("torch.")
    return f"{subject.layer.kind} · {subject.rows:,} × {subject.cols:,} · {dtype}"  # noqa: RUF001


def scale_note(subject: MatrixSubject) -> str:
    """Say what a pixel shows where weights are pooled."""
    what = (
        "the weight of largest magnitude of its block, with its sign"
        if subject.ask.pooling == "extreme"
        else "the mean of its block"
    )
    return f"One scale for the layer; a pixel that stands for several weights shows {what}."


def notes(subject: MatrixSubject) -> list[str]:
    """Say what a reader must know besides."""
    found = [subject.layer.note] if subject.layer.note else []
    if subject.measured is None:
        sample, unit = subject.sample, noun(subject.layer)
        found.append(
            f"Preview from a sample of {sample.numbers.size:,} weights ({len(sample.rows):,} {unit}s)."
        )
    if subject.ask.contrast > 1:
        sampled = "" if subject.is_sampled_whole else f" (of a sample of {subject.sample.numbers.size:,})"
        found.append(
            f"Colours end at 1/{subject.ask.contrast} of the largest weight: "
            f"{100 * subject.clipped:.3g} % of the weights lie beyond{sampled}."
        )
    strays = subject.extent.non_finite
    if strays:
        found.append("Some weights are NaN or infinite.")
    if subject.ask.shuffled:
        found.append("Shuffled: the same weights in random places (seed 0).")
    if subject.labels is not None and subject.named is None:
        theirs = f"The {len(subject.labels):,} labels belong to another layer"
        found.append(f"{theirs}: this one has {subject.rows:,} rows.")
    if subject.ask.live:
        found.append("Read while a cell was running: it may mix two training steps.")
    return found
