"""What a user has changed in a set of views: written as Python, and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ._base import View


def choices(view: View, shared: tuple[str, ...]) -> Iterator[tuple[str, Any, Any]]:
    """Give name, value and default of what can be chosen in `view` alone.

    Traits tagged `transient` are steps of a conversation with the browser, not choices.
    """
    names = view.trait_names(question=True) + view.trait_names(view=True)
    for name in sorted(set(names) - set(shared)):
        if not view.trait_metadata(name, "transient"):
            yield name, getattr(view, name), view.trait_defaults(name)


def reproduce(
    arguments: Mapping[str, str],
    later: Mapping[str, object],
    views: Mapping[str, View],
    shared: tuple[str, ...],
) -> str:
    """Write the Python that makes an explorer with these arguments and sets what was chosen since."""
    given = "".join(f", {name}={value}" for name, value in arguments.items())
    lines = ["import weightwidgets as ww", "", f"explorer = ww.WeightExplorer(model{given})"]
    lines += [f"explorer.{name} = {value!r}" for name, value in later.items()]
    lines += [
        f"explorer.{attribute}.{name} = {value!r}"
        for attribute, view in views.items()
        for name, value, default in choices(view, shared)
        if value != default
    ]
    return "\n".join([*lines, "explorer", ""])


def take_back(views: Mapping[str, View], shared: tuple[str, ...]) -> None:
    """Bring every choice in `views` back to its default."""
    for view in views.values():
        for name, value, default in choices(view, shared):
            if value != default:
                setattr(view, name, default)
