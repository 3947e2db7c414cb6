"""Hints at the right name, for keywords and attributes that a widget does not have."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import traitlets as t

if TYPE_CHECKING:
    from collections.abc import Iterable

# What is often written for a trait that goes by another name.
_OTHER_NAMES = {"norm": "kind"}
# Below this two names look alike by chance: a user may keep a name of their own beside a widget.
_MISSPELT = 0.8


def hint(name: str, known: Iterable[str]) -> str:
    """Give the end of a sentence that names what is most like `name`, "" where nothing is."""
    names = list(known)
    other = _OTHER_NAMES.get(name)
    close = [other] if other in names else difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def public_traits(widget: type[t.HasTraits]) -> list[str]:
    """Name the traits of a widget that users may set."""
    return [name for name in widget.class_trait_names() if not name.startswith("_")]


class Spelled(t.HasTraits):
    """Refuses an attribute that looks like a misspelt trait: Python would keep it in silence."""

    @classmethod
    def owners(cls, name: str) -> list[str]:  # noqa: ARG003 -- for widgets that have parts
        """Give the Python of the parts whose trait is called `name`; nothing where there are no parts."""
        return []

    # Seen by a type checker, this would make every attribute of a widget look known.
    if not TYPE_CHECKING:

        def __setattr__(self, name: str, value: object) -> None:
            widget = type(self)
            if not name.startswith("_") and not hasattr(widget, name):
                close = difflib.get_close_matches(name, public_traits(widget), n=1, cutoff=_MISSPELT)
                meant = _owned(widget, name) or (f"; did you mean {close[0]!r}?" if close else "")
                if meant:
                    raise AttributeError(f"{widget.__name__} has no attribute {name!r}{meant}")
            super().__setattr__(name, value)


def refuse_unknown(widget: type[Spelled], given: Iterable[str], *arguments: str) -> None:
    """Raise TypeError for a keyword that is neither a trait nor an argument; ipywidgets would only warn."""
    known = [*arguments, *public_traits(widget)]
    for name in given:
        if name not in known:
            meant = _owned(widget, name) or hint(name, known)
            raise TypeError(f"{widget.__name__} has no argument {name!r}{meant}")


def _owned(widget: type[Spelled], name: str) -> str:
    owners = widget.owners(name)
    return f"; {name!r} belongs to {', '.join(owners)}" if owners else ""
