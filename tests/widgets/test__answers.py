"""Questions are answered once, on the right thread, and what has no answer is said."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn

from tests.widgets.toy_view import Total, sent, total
from weightwidgets.widgets import _answers

if TYPE_CHECKING:
    from weightwidgets import wire
    from weightwidgets.widgets._base import Ask


def test_a_question_set_in_python_is_answered_at_once(view: Total, model: nn.Sequential) -> None:
    view.row = 2
    assert total(view) == pytest.approx(float(model.get_parameter("0.weight")[2].detach().sum()))
    assert view.sums == 1


def test_a_view_trait_asks_nothing(view: Total) -> None:
    view.style = "bold"
    assert view.sums == 0


def test_a_message_of_several_questions_is_answered_once(view: Total, model: nn.Sequential) -> None:
    view.set_state({"row": 1, "layer": b"1"})
    assert view.sums == 1
    assert total(view) == pytest.approx(float(model.get_parameter("1.weight")[1].detach().sum()))


def test_the_same_question_again_publishes_nothing(view: Total, monkeypatch: pytest.MonkeyPatch) -> None:
    messages = sent(view, monkeypatch)
    view.answer()
    view.look(cell_ended=True)
    assert view.sums == 0
    assert messages == []


def test_changed_weights_are_seen_without_refresh(view: Total, model: nn.Sequential) -> None:
    model.get_parameter("0.weight").data = torch.ones(4, 3)
    view.look(cell_ended=True)
    assert total(view) == 3.0


@pytest.mark.parametrize(("cell_ended", "shown"), [(True, 3.0), (False, 0.0)])
def test_a_change_during_an_answer_is_seen_when_the_cell_ends_and_not_before(
    cell_ended: bool, shown: float, view: Total, model: nn.Sequential, monkeypatch: pytest.MonkeyPatch
) -> None:
    weight = model.get_parameter("0.weight")
    work = view._sum

    def change_meanwhile(ask: Ask) -> wire.Frame:
        monkeypatch.setattr(view, "_sum", work)
        old = work(ask)
        weight.data = torch.ones(4, 3)
        view.look(cell_ended=cell_ended)
        return old

    monkeypatch.setattr(view, "_sum", change_meanwhile)
    weight.data = torch.zeros(4, 3)
    view.look(cell_ended=False)
    assert total(view) == shown


def test_refresh_reads_again_what_torch_cannot_tell(view: Total) -> None:
    view.refresh()
    assert view.sums == 1


def test_what_has_no_answer_is_said_and_shows_no_other_picture(view: Total, model: nn.Sequential) -> None:
    model[0].weight = nn.Parameter(torch.empty(4, 3, device="meta"))
    view.look(cell_ended=True)
    assert view.error != ""
    assert view.frame == {}
    model[0].weight = nn.Parameter(torch.ones(4, 3))
    view.look(cell_ended=True)
    assert view.error == ""
    assert total(view) == 3.0


def test_a_model_without_weights_says_so() -> None:
    with Total(nn.ReLU()) as view:
        assert view.layer == ""
        assert "no weights" in view.error


def test_an_answer_overtaken_by_a_newer_question_is_dropped(view: Total) -> None:
    before = view.frame
    view._generation += 1
    view._work_out(view._generation - 1)
    assert view.frame is before


def test_a_large_layer_asked_from_the_browser_is_answered_on_a_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:

    submitted: list[Any] = []
    pool = type("Pool", (), {"submit": lambda _, work, *rest: submitted.append((work, rest))})()
    monkeypatch.setattr(_answers, "workers", lambda: pool)
    monkeypatch.setattr(_answers, "_LONG_ANSWER", 5)
    with Total(nn.Sequential(nn.Linear(3, 4))) as view:
        view.sums = 0
        view.set_state({"row": 1})
        assert view.sums == 0
        work, rest = submitted[0]
        work(*rest)
        assert view.sums == 1


def test_a_very_long_answer_is_not_waited_for_even_by_python(
    view: Total, model: nn.Sequential, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[Any] = []
    view.is_drawn = True
    assert view.cell_picture() is not None
    monkeypatch.setattr(view, "is_very_long", lambda layer: layer.numel > 10)
    monkeypatch.setattr(_answers, "workers", lambda: SimpleNamespace(submit=lambda *work: left.append(work)))
    view.row = 2
    assert (len(left), view.sums) == (1, 0)
    assert view.notice == "Reading 12 weights."
    assert view.cell_picture() is None
    work, generation = left[0]
    work(generation)
    assert view.notice == ""
    assert view.sums == 1
    assert total(view) == pytest.approx(model.get_parameter("0.weight")[2].sum().item())
