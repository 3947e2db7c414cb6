from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.widgets.fixture import thaw
from tests.widgets.matrix_cases import ask_for, normal, read, shown
from weightwidgets.analysis._rows import pool
from weightwidgets.widgets import _matrix_subject as subject_module
from weightwidgets.widgets import matrix as module
from weightwidgets.widgets._matrix_job import Reading
from weightwidgets.widgets.matrix import WeightMatrix

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(autouse=True)
def _no_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "bundle", lambda _name: "")


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand weights are many, so that they are sampled first and read in the background."""
    monkeypatch.setattr(subject_module, "LARGE", 1000)
    monkeypatch.setattr(subject_module, "_SAMPLE", 400)
    monkeypatch.setattr(subject_module, "_DIRECT", 1)
    monkeypatch.setattr("weightwidgets.widgets._matrix_job._SECONDS_BEFORE", 0.0)


@pytest.mark.usefixtures("large")
def test_a_large_matrix_is_previewed_from_a_sample_and_then_read() -> None:
    weight = normal(500, 40)
    weight[137, 5] = 99.0
    seen: list[dict[str, Any]] = []
    hold = threading.Event()
    view = WeightMatrix({"small.weight": normal(3, 4), "w.weight": weight})
    measure = subject_module.MatrixSubject.measure
    with pytest.MonkeyPatch.context() as patch:

        def held(self: Any, on_progress: Any = None) -> Any:
            assert hold.wait(30)
            return measure(self, on_progress)

        patch.setattr(subject_module.MatrixSubject, "measure", held)
        view.layer = "w"
        seen.append(shown(view))
        assert seen[0]["preview"]
        assert "Preview from a sample of 400 weights (10 rows)." in seen[0]["notes"]
        assert seen[0]["limit"][0] < 99
        # Single weights are exact also while the rest is read.
        (tile,) = ask_for(view, [0, 0, 1, 0])
        np.testing.assert_array_equal(tile["values"], weight.numpy()[128:256])
        (coarse,) = ask_for(view, [3, 1, 0, 0])
        sampled = pool(weight.numpy()[25::50], 1, 2)
        nearest = np.minimum(np.arange(0, 500, 8) + 4, 499) * 10 // 500
        np.testing.assert_array_equal(coarse["values"], sampled[nearest])
        hold.set()
        read(view)
    assert shown(view)["limit"][0] == 99
    assert shown(view)["token"] != seen[0]["token"]
    (coarse,) = ask_for(view, [3, 1, 0, 0])
    np.testing.assert_array_equal(coarse["values"], pool(weight.numpy(), 8, 2))
    view.close()


@pytest.mark.usefixtures("large")
def test_a_large_matrix_in_order_of_norm_is_a_sample_in_order_and_then_exact() -> None:
    weight = normal(500, 40) * torch.linspace(1, 3, 500)[:, None]
    view = WeightMatrix({"w.weight": weight}, order="norm")
    read(view)
    order = np.argsort(-weight.double().norm(dim=1).numpy(), kind="stable")
    (tile,) = ask_for(view, [0, 0, 0, 0])
    np.testing.assert_array_equal(tile["rows"], order[:128])
    (tile,) = ask_for(view, [4, 1, 0, 0])
    np.testing.assert_array_equal(tile["values"], pool(weight.numpy()[order], 16, 2))


@pytest.mark.usefixtures("large")
def test_what_is_no_longer_wanted_is_not_read_on() -> None:
    begun, go, over = threading.Event(), threading.Event(), threading.Event()
    ended: list[str] = []
    measure = subject_module.MatrixSubject.measure

    def slow(self: Any, on_progress: Any) -> Any:
        begun.set()
        assert go.wait(30)
        try:
            return measure(self, on_progress)
        except BaseException as problem:
            ended.append(type(problem).__name__)
            over.set()
            raise

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subject_module.MatrixSubject, "measure", slow)
        view = WeightMatrix({"a.weight": normal(400, 40), "b.weight": normal(300, 40)})
        assert begun.wait(30)
        view.layer = "b"
        go.set()
        read(view)
        # The other worker may still be on its way out.
        assert over.wait(30)
    assert (view.layer, shown(view)["rows"], ended) == ("b", 300, ["Cancelled"])


@pytest.mark.usefixtures("large")
def test_progress_is_reported_while_a_matrix_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("weightwidgets.widgets._matrix_job._SECONDS_BETWEEN_REPORTS", 0.0)
    monkeypatch.setattr("weightwidgets.analysis.matrix_tiles._STRIP", 1000)
    view = WeightMatrix({"small.weight": normal(3, 4), "w.weight": normal(5120, 40)}, "small")
    shares: list[float] = []
    view.observe(lambda change: shares.append(thaw(change["new"])["share"].item()), "progress")
    view.layer = "w"
    read(view)
    assert shares == sorted(shares)
    assert len(shares) > 3
    assert shares[-1] == 1


@pytest.mark.usefixtures("large")
def test_weights_that_change_while_they_are_read_are_read_again() -> None:
    model = nn.Linear(40, 400, bias=False)
    measure = subject_module.MatrixSubject.measure
    rounds: list[int] = []

    def trained(self: Any, on_progress: Any = None) -> Any:
        found = measure(self, on_progress)
        if not rounds:
            with torch.no_grad():
                model.weight.mul_(2)
        rounds.append(1)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subject_module.MatrixSubject, "measure", trained)
        view = WeightMatrix(model)
        read(view)
    assert len(rounds) == 2
    assert shown(view)["limit"][0] == model.weight.detach().abs().max().item()


@pytest.mark.usefixtures("large")
def test_a_matrix_that_cannot_be_read_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise MemoryError("no room for the sums")

    monkeypatch.setattr(subject_module.MatrixSubject, "measure", broken)
    view = WeightMatrix({"w.weight": normal(400, 40)})
    assert view.wait(30)
    assert view.error == "no room for the sums"


@pytest.mark.usefixtures("large")
def test_closing_while_a_matrix_is_read_frees_everything(open_widgets: Callable[[], set[str]]) -> None:
    before = open_widgets()
    view = WeightMatrix({"w.weight": normal(900, 900)})
    view.close()
    view.close()
    assert open_widgets() == before


def test_a_worker_that_is_overtaken_does_not_end_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("weightwidgets.widgets._matrix_job._SECONDS_BEFORE", 0.0)
    first_shows, second_shows, first_ends, second_ends = (threading.Event() for _ in range(4))

    def subject(key: str) -> Any:
        return SimpleNamespace(
            measured_key=(key,), ask=SimpleNamespace(live=False), measure=lambda _on_progress: key
        )

    def done() -> None:
        if not first_shows.is_set():
            reading.want(subject("second"))
            first_shows.set()
            assert first_ends.wait(30)
        else:
            second_shows.set()
            assert second_ends.wait(30)

    reading = Reading(lambda _share: None, lambda _subject: True, done)
    reading.want(subject("first"))
    assert first_shows.wait(30)
    assert second_shows.wait(30)
    first_ends.set()
    assert not reading.wait(0.2)
    second_ends.set()
    assert reading.wait(30)
    assert str(reading.result(("second",))) == "second"
