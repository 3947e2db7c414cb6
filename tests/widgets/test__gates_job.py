from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.widgets.fixture import thaw
from weightwidgets.widgets import _gates_job as job
from weightwidgets.widgets.gates import RecurrentGates

if TYPE_CHECKING:
    from weightwidgets.analysis.gates import GateSpectrum


def lstm(hidden: int = 4, **options: Any) -> nn.LSTM:
    torch.manual_seed(0)
    return nn.LSTM(3, hidden, **options)


def rows_of(weight: torch.Tensor, gates: int) -> np.ndarray:
    return weight.detach().double().numpy().reshape(gates, -1, weight.shape[-1])


def test_a_large_layer_is_worked_out_gate_by_gate_behind_the_view(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "AT_ONCE", 3)
    monkeypatch.setattr("weightwidgets.widgets.gates.AT_ONCE", 3)
    seen = []
    with RecurrentGates(lstm()) as view:
        assert view.wait(20)
        view.observe(lambda change: seen.append(thaw(change["new"])), "spectra")
        view.layer = "weight_hh_l0"
        view.refresh()
        assert view.wait(20)
        found = thaw(view.spectra)
        assert view.picture() is not None
    assert found["state"] == "done"
    assert [len(one["real"]) for one in seen if one] == [0, 1, 2, 3, 4]
    assert seen[1]["sentence"] == "Eigenvalues of gate f, 2 of 4, are being worked out."
    with RecurrentGates(lstm()) as small:
        monkeypatch.undo()
        small.refresh()
        assert small.wait(20)
        for ours, theirs in zip(found["real"], thaw(small.spectra)["real"], strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_the_background_reads_the_weights_as_they_were_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "AT_ONCE", 3)
    held = []
    model = lstm()
    expected = np.abs(np.linalg.eigvals(rows_of(model.get_parameter("weight_hh_l0"), 4)[3])).max()

    class Late:
        def submit(self, work: Any, *arguments: Any) -> None:
            held.append((work, arguments))

    monkeypatch.setattr(job, "workers", Late)
    with RecurrentGates(model) as view:
        with torch.no_grad():
            model.get_parameter("weight_hh_l0").zero_()
        (work, arguments) = held[0]
        work(*arguments)
        assert thaw(view.spectra)["radii"][3] == pytest.approx(expected, rel=1e-6)


def test_eigenvalues_that_take_minutes_are_offered_and_beyond_the_limit_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, size in (("AT_ONCE", 1), ("UNASKED", 3), ("LARGEST", 6)):
        monkeypatch.setattr(job, name, size)
    with RecurrentGates(nn.ModuleDict({"a": lstm(4), "b": lstm(5), "c": lstm(7)})) as view:
        assert thaw(view.spectra)["state"] == "offered"
        assert "4 x 4: the eigenvalues of 4 gates take minutes" in thaw(view.spectra)["sentence"]
        view.large_eigenvalues = True
        assert view.wait(20)
        assert thaw(view.spectra)["state"] == "done"
        view.layer = "b.weight_hh_l0"
        assert not view.large_eigenvalues
        assert thaw(view.spectra)["state"] == "offered"
        view.layer = "c.weight_hh_l0"
        assert thaw(view.spectra)["state"] == "refused"
        assert "7 x 7: eigenvalues are worked out up to 6 x 6" in thaw(view.spectra)["sentence"]


def test_while_a_cell_runs_long_work_waits_for_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    from weightwidgets.widgets import _watch

    monkeypatch.setattr(job, "AT_ONCE", 3)
    monkeypatch.setattr("weightwidgets.widgets.gates.AT_ONCE", 3)
    model = lstm()
    with RecurrentGates(model) as view:
        assert view.wait(20)
        before = view.spectra
        with monkeypatch.context() as running:
            running.setattr(_watch._Watch, "cell_runs", property(lambda _self: True))
            view.answer()
            assert any("while a cell was running" in note for note in thaw(view.frame)["notes"])
            assert view.spectra == before
            with torch.no_grad():
                model.get_parameter("weight_hh_l0").mul_(2)
            view.answer()
            assert thaw(view.spectra)["sentence"] == "Eigenvalues follow when the running cell has ended."
        view.look(cell_ended=True)
        assert view.wait(20)
        np.testing.assert_allclose(thaw(view.spectra)["radii"], 2 * thaw(before)["radii"], rtol=1e-6)
        assert not any("while a cell" in note for note in thaw(view.frame)["notes"])


def test_what_fails_in_the_background_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "AT_ONCE", 3)

    def fail(*_: object) -> GateSpectrum:
        raise MemoryError

    monkeypatch.setattr("weightwidgets.widgets._gates_frames.gate_spectrum", fail)
    with RecurrentGates(lstm()) as view:
        view.refresh()
        assert view.wait(20)
        assert thaw(view.spectra)["sentence"] == "No eigenvalues: MemoryError"
        assert thaw(view.spectra)["state"] == "refused"


def test_messages_stay_small_for_large_layers() -> None:
    with RecurrentGates(nn.LSTM(700, 400, dtype=torch.float64)) as view:
        assert view.wait(60)
        for part in (view.frame, view.shown, view.bars, view.spectra):
            assert len(str(thaw(part))) < 1_000_000
        assert len(view.shown["values"]["data"]) + len(view.shown["levels"]["data"]) < 700_000
        assert (
            sum(len(one["data"]) for name in ("real", "imag") for one in view.spectra[name]) == 400 * 4 * 16
        )
