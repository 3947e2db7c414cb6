"""The rows of the table, and how they are judged and written."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# With which IPython writes the tracebacks of cells.
_COLORS = re.compile(r"\x1b\[[\d;]*m")


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes
    ----------
    what : str
        What was measured.
    measured : str
        The median, with its unit.
    against : str
        What it is compared with in the same run, and how long that took.
    ratio : float or None
        Ours over the other's where less is wanted, the other's over ours where "faster" is wanted; None where
        nothing was measured.
    target : str
        What the project promises.
    met : bool or None
        Whether the promise was kept in this run; None where nothing is promised.
    """

    what: str
    measured: str
    against: str
    ratio: float | None
    target: str
    met: bool | None


def duration(milliseconds: float) -> str:
    """Write a duration with three digits: ``"16.7 ms"``, ``"1.24 s"``."""
    if milliseconds >= 1000:
        return f"{milliseconds / 1000:.2f} s"
    return f"{milliseconds:.1f} ms" if milliseconds < 99.95 else f"{milliseconds:.0f} ms"


def at_most(what: str, ours: Sequence[float], floor: tuple[str, Sequence[float]], times: float) -> Row:
    """Judge a duration by its multiple of another: the median of ours over the median of `floor`.

    Parameters
    ----------
    what : str
        What was measured.
    ours : sequence of float
        Milliseconds.
    floor : (str, sequence of float)
        Name and milliseconds of what it is compared with.
    times : float
        The multiple that it must not exceed.
    """
    name, others = floor
    ratio = median(ours) / median(others)
    against = f"{name} {duration(median(others))}"
    return Row(what, duration(median(ours)), against, ratio, f"<= {times:g}x", ratio <= times)


def faster(what: str, ours: Sequence[float], peer: tuple[str, Sequence[float]], times: float) -> Row:
    """Judge how many times faster ours is than a peer; parameters as for `at_most`."""
    row = beside(what, ours, peer)
    return replace(row, target=f">= {times:g}x faster", met=row.ratio is not None and row.ratio >= times)


def beside(what: str, ours: Sequence[float], peer: tuple[str, Sequence[float]]) -> Row:
    """Say how many times faster ours is than a peer and judge nothing; parameters as for `at_most`."""
    name, others = peer
    against = f"{name} {duration(median(others))}"
    return Row(what, duration(median(ours)), against, median(others) / median(ours), "", met=None)


def within(what: str, ours: Sequence[float], floor: tuple[str, Sequence[float]], limit: float) -> Row:
    """Judge a duration by a limit in milliseconds; the ratio to `floor` says how busy the machine was."""
    name, others = floor
    middle = median(ours)
    against = f"{name} {duration(median(others))}"
    return Row(
        what, duration(middle), against, middle / median(others), f"<= {duration(limit)}", middle <= limit
    )


def not_measured(what: str, problem: Exception) -> Row:
    """Say that a row could not be measured, and why."""
    lines = _COLORS.sub("", str(problem)).strip().splitlines() or [type(problem).__name__]
    # The last line of a traceback says what happened, the first one of anything else.
    reason = lines[-1 if any("Traceback" in text for text in lines) else 0]
    return Row(what, "not measured", reason[:100], None, "", met=False)


# Each row is printed when it is known, so the columns have their widths beforehand.
_WIDTHS = (57, 26, 42, 5, 17, 6)


def head() -> str:
    """Write the two lines above the rows."""
    return f"{_line('what', 'measured', 'against', 'ratio', 'target')}\n{'-' * (sum(_WIDTHS) + 10)}"


def line(row: Row) -> str:
    """Write a row under `head`, its verdict last where there is one: "met", "missed", "none" measured."""
    if row.ratio is None:
        return _line(row.what, row.measured, row.against, "", row.target, "none")
    verdict = "" if row.met is None else "met" if row.met else "missed"
    return _line(row.what, row.measured, row.against, f"{row.ratio:.3g}", row.target, verdict)


def _line(*cells: str) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=False)).rstrip()
