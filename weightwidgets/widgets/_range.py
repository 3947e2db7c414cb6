"""Traits that hold a range of weight values, the same in Python and on the wire."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import traitlets as t

if TYPE_CHECKING:
    AnyTrait = t.TraitType[Any, Any]
else:
    # traitlets gave its traits type parameters only after the oldest release that we run with.
    AnyTrait = t.TraitType

_NAMES = ("full", "central")


def as_range(value: object) -> tuple[float, float] | None:
    """Give a pair of finite numbers, lo <= hi, as floats; None for anything else."""
    if isinstance(value, str):
        return None
    try:
        lo, hi = (float(bound) for bound in value)  # type: ignore[attr-defined]
    except (TypeError, ValueError, OverflowError):
        return None
    return (lo, hi) if math.isfinite(lo) and math.isfinite(hi) and lo <= hi else None


class ValueRange(AnyTrait):
    """The range of a histogram: "full", "central" or (lo, hi), in weight units."""

    default_value = "full"
    info_text = '"full", "central" (the central 99.9 %) or (lo, hi), two finite numbers in order'

    def validate(self, obj: Any, value: Any) -> Any:
        """Take one of the names, or two numbers as a pair of floats."""
        if isinstance(value, str) and value in _NAMES:
            return value
        pair = as_range(value)
        if pair is None:
            self.error(obj, value)
        return pair


class SelectedRange(AnyTrait):
    """The selected weights: None, or (lo, hi) in weight units, kept as it was given.

    Which weights lie in it says `weightwidgets.analysis.selection.in_range`: lo <= w < hi, and also those
    equal to hi where the histogram ends there.
    """

    default_value = None
    allow_none = True
    info_text = "None or (lo, hi), two finite numbers in order"

    def validate(self, obj: Any, value: Any) -> Any:
        """Take two numbers as a pair of floats."""
        if value is None:
            return None
        pair = as_range(value)
        if pair is None:
            self.error(obj, value)
        return pair
