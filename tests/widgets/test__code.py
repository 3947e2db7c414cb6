"""What was chosen in a view: written down, and taken back."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import traitlets as t

from weightwidgets.widgets._code import choices, reproduce, take_back


class Grid(t.HasTraits):
    layer = t.Unicode("a").tag(question=True)
    order = t.Unicode("index").tag(question=True)
    log = t.Bool(default_value=False).tag(view=True)
    wanted = t.Int(0).tag(question=True, transient=True)
    frame = t.Dict()


def test_choices_are_questions_and_view_traits_that_are_neither_shared_nor_transient() -> None:
    grid: Any = Grid(order="norm", wanted=3, layer="b")
    assert list(choices(grid, ("layer",))) == [("log", False, False), ("order", "norm", "index")]


def test_the_code_names_arguments_and_only_what_differs() -> None:
    grid: Any = Grid(order="norm")
    text = reproduce({"layer": "'conv1'"}, {"value_range": "central"}, {"grid": grid}, ("layer",))
    assert text.splitlines() == [
        "import weightwidgets as ww",
        "",
        "explorer = ww.WeightExplorer(model, layer='conv1')",
        "explorer.value_range = 'central'",
        "explorer.grid.order = 'norm'",
        "explorer",
    ]


def test_a_hostile_name_stays_a_string_in_the_code() -> None:
    name = "x'); import os; ('"
    taken: list[Any] = []
    made = SimpleNamespace(WeightExplorer=lambda model, layer: taken.append((model, layer)))
    code = reproduce({"layer": repr(name)}, {}, {}, ())
    exec(code.replace("import weightwidgets as ww", ""), {"ww": made, "model": "m"})  # noqa: S102
    assert taken == [("m", name)]


def test_taking_back_leaves_what_is_shared() -> None:
    grid: Any = Grid(order="norm", log=True, layer="b")
    take_back({"grid": grid}, ("layer",))
    assert (grid.order, grid.log, grid.layer) == ("index", False, "b")
