"""A view of one layer: questions are answered once, outputs are closed, errors shown, nothing leaked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
import traitlets as t
from torch import nn

from weightwidgets import wire
from weightwidgets.widgets import _answers, _base
from weightwidgets.widgets._base import Ask, Part, View, output, question, view_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from PIL import Image


class Total(View):
    """The sum of the selected row, and how often it was worked out."""

    _esm = t.Unicode("export default { render() {} }").tag(sync=True)
    row = question(t.Int(0))
    style = view_state(t.Unicode("plain"))
    frame = output()

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.sums = 0
        super().__init__(*arguments, **options)

    def parts(self, ask: Ask) -> Iterable[Part]:
        yield Part("frame", (ask.version, ask.layer, ask.row), lambda: self._sum(ask))

    def _sum(self, ask: Ask) -> wire.Frame:
        assert ask.layer is not None
        self.sums += 1
        return wire.frame(total=float(ask.layer.out_first[ask.row].sum()))

    def coerce(self, state: dict[str, Any]) -> dict[str, Any]:
        state = super().coerce(state)
        rows = self._source[state.get("layer", self.layer)].out_channels
        state["row"] = min(max(state.get("row", self.row), 0), rows - 1)
        return state

    def picture(self) -> Image.Image | None:
        return None


def total(view: Total) -> float:
    data = view.frame["total"]["data"]
    return float(memoryview(data).cast("d")[0])


@pytest.fixture
def model() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))


@pytest.fixture
def view(model: nn.Sequential) -> Iterator[Total]:
    with Total(model) as made:
        made.sums = 0
        yield made


def sent(view: View, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    monkeypatch.setattr(view, "_send", lambda message, buffers=None: messages.append(message))  # noqa: ARG005
    return messages


def test_a_view_opens_on_the_first_layer_with_its_answer(model: nn.Sequential) -> None:
    with Total(model) as view:
        assert view.layer == "0"
        assert total(view) == pytest.approx(float(model.get_parameter("0.weight")[0].detach().sum()))


def test_every_spelling_of_a_layer_becomes_its_key(view: Total) -> None:
    view.layer = "1.weight"
    assert view.layer == "1"


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


def test_a_value_of_the_browser_out_of_range_is_clamped_and_sent_back(
    view: Total, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = sent(view, monkeypatch)
    view.set_state({"layer": b"1", "row": 99})
    assert (view.layer, view.row) == ("1", 1)
    states = [message["state"] for message in messages if message["method"] == "update"]
    assert {"row": 1} in states


def test_the_browser_cannot_name_a_layer_that_is_not_there(view: Total) -> None:
    view.set_state({"layer": b"nowhere", "row": 1})
    assert (view.layer, view.row) == ("0", 1)


def test_the_browser_cannot_write_an_output(view: Total) -> None:
    before = view.frame
    view.set_state({"frame": {"total": 1}, "error": b"broken", "_esm": "alert(1)"})
    assert view.frame is before
    assert view.error == ""
    assert "alert" not in view._esm


def test_python_cannot_write_an_output(view: Total) -> None:
    with pytest.raises(t.TraitError, match="read-only"):
        view.frame = {}


def test_an_unknown_layer_raises_with_the_nearest_name_and_changes_nothing(view: Total) -> None:
    with pytest.raises(t.TraitError, match="0"):
        view.layer = "0.wieght"
    assert view.layer == "0"


def test_a_misspelt_keyword_raises_with_the_right_one(model: nn.Sequential) -> None:
    with pytest.raises(TypeError, match="did you mean 'row'"):
        Total(model, roww=1)


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


def test_closing_leaves_no_widget_and_may_be_repeated(
    model: nn.Sequential, open_widgets: Callable[[], set[str]]
) -> None:
    before = open_widgets()
    view = Total(model)
    view.close()
    view.close()
    assert open_widgets() == before


def test_names_never_travel_as_json(view: Total) -> None:
    assert view.get_state(["layer", "error", "notice"]) == {"layer": b"0", "error": b"", "notice": b""}


def test_without_a_picture_the_cell_still_has_its_widget_and_text(view: Total) -> None:
    data = view._repr_mimebundle_()[0]
    assert "image/png" not in data
    assert "Sequential" in data["text/plain"]


def test_a_bundle_is_read_as_text(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_base, "_STATIC", tmp_path)
    (tmp_path / "some.js").write_text("export default {}", encoding="utf-8")
    assert _base.bundle("some.js") == "export default {}"
