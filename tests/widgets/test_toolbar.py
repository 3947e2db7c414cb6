"""The toolbar: it tells the model's size, hands out code on request, and reads no weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from torch import nn

from tests.widgets.fixture import check_fixture, state_of, thaw
from weightwidgets.sources.open import open_source
from weightwidgets.widgets._code import choices
from weightwidgets.widgets.explorer import WeightExplorer
from weightwidgets.widgets.histogram import WeightHistogram
from weightwidgets.widgets.toolbar import PANELS, ExplorerToolbar

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def toolbar() -> Iterator[ExplorerToolbar]:
    with ExplorerToolbar(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Linear(5, 6))) as made:
        yield made


def test_it_names_the_model_and_its_size(toolbar: ExplorerToolbar) -> None:
    outline = {"title": b"Sequential", "layers": 2, "weights": 3 * 4 * 9 + 30}
    assert toolbar.frame == {**outline, "twin": None}


def test_it_names_the_twin_and_the_layers_that_only_one_of_the_two_has() -> None:
    model = nn.Sequential(*(nn.Linear(2, 2) for _ in range(6)))
    twin = nn.ModuleDict({"0": nn.Linear(2, 2), "<b>": nn.Linear(1, 1)})
    with ExplorerToolbar(model, open_source(twin)) as toolbar:
        shown = thaw(toolbar.frame)["twin"]
    assert (shown["title"], shown["layers"], shown["weights"]) == ("ModuleDict", 2, 5)
    assert shown["said"] == "Only the model has 1, 2, 3 and 2 more. Only the twin has <b>."


def test_twins_of_the_same_layers_are_not_told_apart() -> None:
    with ExplorerToolbar(nn.Linear(2, 3), open_source(nn.Linear(4, 5))) as toolbar:
        assert thaw(toolbar.frame)["twin"] == {"title": "Linear", "layers": 1, "weights": 20, "said": ""}


def test_it_also_stands_over_a_model_on_meta() -> None:
    with ExplorerToolbar(nn.Linear(3, 4, device="meta")) as toolbar:
        assert toolbar.error == ""
        assert toolbar.frame["weights"] == 12


def test_code_is_written_when_it_is_asked_for_and_never_before(toolbar: ExplorerToolbar) -> None:
    written: list[int] = []

    def code() -> str:
        written.append(1)
        return "import weightwidgets as ww\n"

    toolbar.code = code
    toolbar.panel = PANELS[1]
    assert written == []
    toolbar.set_state({"code_requests": 1})
    assert toolbar.listing == {"request": 1, "code": b"import weightwidgets as ww\n"}


def test_the_same_code_is_handed_out_as_often_as_it_is_asked_for(toolbar: ExplorerToolbar) -> None:
    sent: list[int] = []
    toolbar.observe(lambda change: sent.append(change.new["request"]), "listing")
    toolbar.code = lambda: "the same\n"
    for request in (1, 2):
        toolbar.set_state({"code_requests": request})
    assert sent == [1, 2]


def test_presses_of_its_buttons_are_no_choices(toolbar: ExplorerToolbar) -> None:
    toolbar.set_state({"code_requests": 1, "resets": 1, "shuffle": True})
    changed = [name for name, value, default in choices(toolbar, ()) if value != default]
    assert "shuffle" in changed
    assert not {"code_requests", "resets"} & set(changed)


def test_the_browser_switches_panels_and_shuffle(toolbar: ExplorerToolbar) -> None:
    toolbar.set_state({"panel": "norms", "shuffle": True, "same_scale": True, "resets": 1})
    shown = (toolbar.panel, toolbar.shuffle, toolbar.same_scale, toolbar.resets)
    assert shown == ("norms", True, True, 1)


def test_the_fixture_is_what_python_sends(toolbar: ExplorerToolbar) -> None:
    toolbar.offer(("histograms", "norms"), "")
    check_fixture("toolbar", state_of(toolbar))


def test_how_the_source_was_opened_is_said_once_for_all_views() -> None:
    wrapped = {"state_dict": {"module.0.weight": torch.ones(2, 2)}, "<b>\u202e": 3}
    note = (
        "Shown is what is under `state_dict`. Left out: <b>[U+202E]. "
        "Names are shown without the wrapper `module.`; their full spelling is still understood."
    )
    with WeightExplorer(wrapped) as explorer:
        assert explorer.toolbar.notice.endswith(note)
        assert note not in explorer.histogram.notice
    with WeightHistogram(wrapped) as alone:
        assert alone.notice.endswith(note)
    with ExplorerToolbar(nn.Linear(2, 3)) as toolbar:
        assert "Shown is" not in toolbar.notice
