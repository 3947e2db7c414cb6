"""Names that repeat down a network, and what tells their layers apart."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LEAST_REPEATS = 3


def repeated_pattern(name: str) -> str:
    """Give the pattern of a name that repeats down a network: ``layers.3.q_proj`` is ``layers.*.q_proj``.

    Every part that is a number becomes ``*``, but for the last: a number at the end of a name counts siblings
    of different roles (``features.0``, ``features.3``). A name without such a part has no pattern: "".
    """
    *path, last = name.split(".")
    if not any(part.isdecimal() for part in path):
        return ""
    return ".".join([*("*" if part.isdecimal() else part for part in path), last])


def sibling_pattern(name: str) -> str:
    """Give ``features.*`` for ``features.3``: the pattern of layers that a plain sequence counts; else ""."""
    path, dot, last = name.rpartition(".")
    return f"{path}{dot}*" if last.isdecimal() else ""


def repeated_groups(named: Iterable[tuple[str, str]]) -> dict[tuple[str, str], list[int]]:
    """Find the layers of one kind whose names share a pattern, at least three of them.

    Parameters
    ----------
    named : iterable of (str, str)
        Name and kind of each layer, in order.

    Returns
    -------
    dict
        Places in that order, by (pattern, kind), in the order of their first layers.
    """
    found: dict[tuple[str, str], list[int]] = {}
    for index, (name, kind) in enumerate(named):
        if pattern := repeated_pattern(name):
            found.setdefault((pattern, kind), []).append(index)
    return {key: members for key, members in found.items() if len(members) >= _LEAST_REPEATS}


def stars(pattern: str, name: str) -> tuple[str, ...] | None:
    """Give what each ``*`` of a pattern stands for in a name; None where the name is not of the pattern.

    Parameters
    ----------
    pattern : str
        A name in which ``*`` stands for one or more characters, none of them a dot.
    name : str
        The name of a layer.
    """
    expression = "([^.]+)".join(map(re.escape, pattern.split("*")))
    found = re.fullmatch(expression, name)
    return found.groups() if found else None
