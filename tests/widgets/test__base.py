"""A view of one layer: spellings, bounds, closed outputs, names on the wire, closing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import traitlets as t

from tests.widgets.toy_view import Total, sent, total
from weightwidgets.widgets import _base

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn


def test_a_view_opens_on_the_first_layer_with_its_answer(model: nn.Sequential) -> None:
    with Total(model) as view:
        assert view.layer == "0"
        assert total(view) == pytest.approx(float(model.get_parameter("0.weight")[0].detach().sum()))


def test_every_spelling_of_a_layer_becomes_its_key(view: Total) -> None:
    view.layer = "1.weight"
    assert view.layer == "1"


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
