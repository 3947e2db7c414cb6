"""One selection for many views: a trait that the explorer shares with the views that have it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import ipywidgets
import traitlets as t

from ._route import keep_route

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ._desk import Desk


class Links:
    """Keeps the named traits of `owner` and of any number of views equal, in the kernel and once.

    A view's change goes to the owner and from there to the other views, all within one `asking`, so that
    each view answers once. Twins may lack a layer or have fewer filters: `views` are told through `coerce`.
    What only a twin has is shown by the twin's view alone.
    """

    def __init__(self, owner: t.HasTraits, desk: Desk, names: Iterable[str]) -> None:
        self._owner = owner
        self._desk = desk
        self._names = tuple(names)
        self._views: list[t.HasTraits] = []
        self._passing_on = False
        owner.observe(self._to_views, self._names)

    def add(self, view: t.HasTraits) -> None:
        """Bring `view` to the owner's selection and keep it there."""
        with self._desk.asking():
            # First, so that a view which refuses what is selected has not been added.
            self._tell(view, self._shared(view))
        self._views.append(view)
        view.observe(self._to_owner, list(self._shared(view)))

    def value(self, name: str) -> Any:
        """Give what the owner has selected."""
        return getattr(self._owner, name)

    def discard(self, view: t.HasTraits) -> None:
        """Let go of `view`."""
        self._views.remove(view)
        view.unobserve(self._to_owner, list(self._shared(view)))

    def close(self) -> None:
        """Let go of everything."""
        for view in list(self._views):
            self.discard(view)
        self._owner.unobserve(self._to_views, self._names)

    def _shared(self, view: t.HasTraits) -> dict[str, Any]:
        return {name: getattr(self._owner, name) for name in self._names if view.has_trait(name)}

    def _to_owner(self, change: t.Bunch) -> None:
        if not self._passing_on:
            with self._desk.asking(), suppress(t.TraitError):
                self._owner.set_trait(change["name"], change["new"])

    def _to_views(self, change: t.Bunch) -> None:
        with self._desk.asking():
            # Views clamp what they cannot show; their clamped value is theirs and must not come back.
            outermost, self._passing_on = not self._passing_on, True
            try:
                # The selection as a whole: a filter means nothing without its layer.
                for view in self._views:
                    if view.has_trait(change["name"]):
                        self._tell(view, self._shared(view))
            finally:
                if outermost:
                    self._passing_on = False

    @staticmethod
    def _tell(view: t.HasTraits, state: dict[str, Any]) -> None:
        coerce = getattr(view, "coerce", None)
        told = coerce(dict(state)) if coerce else state
        if "layer" in state and "layer" not in told:
            # The view then says that its model has no such layer.
            told["layer"] = ""
        for name, value in told.items():
            setattr(view, name, value)


def family(widget: ipywidgets.Widget) -> Iterator[ipywidgets.Widget]:
    """Give a widget's children, layout and style, and theirs, each after what it holds."""
    for name in ("children", "layout", "style"):
        held = getattr(widget, name, None)
        for part in held if isinstance(held, tuple) else (held,):
            if isinstance(part, ipywidgets.Widget):
                yield from family(part)
    yield widget


def keep_routes(widget: ipywidgets.Widget) -> None:
    """Keep the route of a box and of all that it holds."""
    for part in family(widget):
        keep_route(part)


def close_family(widget: ipywidgets.Widget) -> None:
    """Close a box with all that it holds; `close` of a box alone leaves its layout and children open."""
    for part in list(family(widget)):
        part.close()
