"""Whose trait it is that somebody sets on the explorer instead of on one of its views."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from ._panels import PANELS
from ._spelling import Spelled

# By the explorer's attribute that holds the view: its module and its class.
_ALWAYS_THERE = {
    "grid": ("grid", "FilterGrid"),
    "histogram": ("histogram", "WeightHistogram"),
    "table": ("table", "LayerTable"),
    "statistics": ("statistics", "WeightStatistics"),
    "toolbar": ("toolbar", "ExplorerToolbar"),
}


class OfViews(Spelled):
    """Refuses an attribute that is a trait of one of the explorer's views, and says of which."""

    @classmethod
    def owners(cls, name: str) -> list[str]:
        """Give the Python of the views whose trait is called `name`, for an explorer called `explorer`."""
        return [f"explorer.{view}" for view, traits in _traits_of_views().items() if name in traits]


@cache
def _traits_of_views() -> dict[str, frozenset[str]]:
    panels = {name: (panel.module, panel.view) for name, panel in PANELS.items()}
    found = {}
    for name, (module, view) in {**_ALWAYS_THERE, **panels}.items():
        view_class = getattr(import_module(f"weightwidgets.widgets.{module}"), view)
        # Others are answers, or what every widget has: names that users may well want for themselves.
        set_by_users = {**view_class.class_traits(question=True), **view_class.class_traits(view=True)}
        found[name] = frozenset(
            one for one, trait in set_by_users.items() if not trait.metadata.get("transient")
        )
    return found
