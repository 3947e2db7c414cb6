"""Compares numbers, counts them, and writes down what is wrong."""

from __future__ import annotations

import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

RELATIVE = 1e-6


class Tally:
    """What was compared, and every sentence on what is off.

    Attributes
    ----------
    layers, numbers : int
        How many were walked and compared.
    problems : list of str
        A sentence for each comparison that failed, with the place where.
    """

    def __init__(self) -> None:
        self.layers = 0
        self.numbers = 0
        self.problems: list[str] = []
        self._place: list[str] = []

    @contextmanager
    def at(self, place: str) -> Iterator[None]:
        """Name what is looked at; what it raises is a problem, and the walk goes on."""
        self._place.append(place)
        try:
            yield
        except Exception as error:  # noqa: BLE001 (whatever is raised is what is looked for)
            last = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{last.filename.rsplit('/', 1)[-1]}:{last.lineno}"
            self.problem(f"raised {type(error).__name__} at {where}: {str(error)[:200]}")
        finally:
            self._place.pop()

    def problem(self, sentence: str) -> None:
        """Write down what is wrong here."""
        self.problems.append(f"{' / '.join(self._place)}: {sentence}")

    def near(self, what: str, found: Any, expected: Any, unit: Any = None) -> None:
        """Compare floats: off by at most 1e-6 of the expected number, or of `unit`; NaN equals NaN."""
        numbers, truth = np.asarray(found, np.float64), np.asarray(expected, np.float64)
        if numbers.shape != truth.shape:
            self.problem(f"{what} has shape {numbers.shape}, not {truth.shape}")
            return
        self.numbers += truth.size
        with np.errstate(invalid="ignore", over="ignore"):
            room = RELATIVE * (np.abs(truth) if unit is None else np.asarray(unit, np.float64))
            fine = (numbers == truth) | (np.isnan(numbers) & np.isnan(truth))
            fine |= np.isfinite(numbers) & np.isfinite(truth) & (np.abs(numbers - truth) <= room)
        self._tell(what, numbers, truth, ~fine)

    def same(self, what: str, found: Any, expected: Any) -> None:
        """Compare whatever must be equal, element by element; NaN equals NaN."""
        numbers, truth = np.asarray(found), np.asarray(expected)
        if numbers.shape != truth.shape:
            self.problem(f"{what} has shape {numbers.shape}, not {truth.shape}")
            return
        self.numbers += truth.size
        # NaN alone differs from itself.
        self._tell(what, numbers, truth, (numbers != truth) & ~((numbers != numbers) & (truth != truth)))  # noqa: PLR0124

    def true(self, what: str, fact: object) -> None:
        """Demand something that is no comparison of numbers."""
        if not fact:
            self.problem(f"{what} is not so")

    def _tell(self, what: str, found: np.ndarray, expected: np.ndarray, off: np.ndarray) -> None:
        if off.any():
            place = tuple(int(index) for index in np.argwhere(off)[0])
            self.problem(
                f"{what} is off in {int(off.sum())} of {off.size}; at {place}: {found[place]!r}, not "
                f"{expected[place]!r}"
            )
