"""The walk of the zoo finds nothing where all is well, and every fault that is put in its way."""

from __future__ import annotations

import dataclasses
import inspect
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn

import weightwidgets as ww
from tests.zoo import __main__ as zoo
from tests.zoo import memory, views
from tests.zoo.architectures import ARCHITECTURES
from tests.zoo.numbers import ANALYSES
from tests.zoo.tally import Tally
from tests.zoo.torch_nets import TORCH_NETS
from tests.zoo.walk import not_walked, walk
from weightwidgets import analysis
from weightwidgets.sources.module import ModuleSource
from weightwidgets.sources.store import StoreSource
from weightwidgets.widgets.norms import NormChart

if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLE = (
    "torch transposed convolutions", "torch norms", "torch recurrent both ways", "torch attention",
    "torch pruned", "torch extremes",
)  # fmt: skip


def small() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.Linear(5, 4))


@pytest.mark.parametrize("name", SAMPLE)
def test_nothing_is_off_in_torch_s_own_modules(name: str) -> None:
    tally = walk(ARCHITECTURES[name])
    assert tally.problems == []
    assert tally.layers >= 4
    assert tally.numbers > 10_000


@pytest.mark.parametrize("name", ["gpt2", "mixtral"])
def test_nothing_is_off_in_a_model_of_the_transformers_library(name: str) -> None:
    pytest.importorskip("transformers")
    assert walk(ARCHITECTURES[name]).problems == []


def test_there_are_architectures_enough() -> None:
    assert len(TORCH_NETS) >= 20
    assert len(ARCHITECTURES) - len(TORCH_NETS) >= 40


def test_every_class_of_torch_that_keeps_parameters_is_in_a_net() -> None:
    def keeps_parameters(kind: type[nn.Module]) -> bool:
        bases = [base for base in kind.__mro__ if base is not nn.Module and issubclass(base, nn.Module)]
        return any("Parameter(" in inspect.getsource(base) for base in bases)

    classes = {kind for kind in vars(nn).values() if inspect.isclass(kind) and issubclass(kind, nn.Module)}
    # Lazy ones become the others; two are bases.
    own = {kind for kind in classes if keeps_parameters(kind) and not kind.__name__.startswith("Lazy")}
    used = {type(module) for make in TORCH_NETS.values() for module in make().modules()}
    assert own - used == {nn.RNNBase, nn.modules.rnn.RNNCellBase}
    assert len(own) > 25


FAULTS: dict[str, tuple[str, Callable[[Any], dict[str, Any]]]] = {
    "a norm that is off by two millionths": ("summary", lambda right: {"l2": right.l2 * (1 + 2e-6)}),
    "a count too many": ("histogram", lambda right: {"counts": right.counts + 1}),
    "a cell too many": ("histogram_table", lambda right: {"cells": right.cells + 1}),
    "norms in another order": ("unit_norms", lambda right: {"l1": right.l1[::-1]}),
    "a spectral norm squared": ("norms", lambda right: {"spectral": right.spectral**2}),
    "a level too high": ("filter_grid", lambda right: {"levels": right.levels + 1}),
    "tiles upside down": ("filter_grid", lambda right: {"values": right.values[..., ::-1, :]}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_number_is_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, change = FAULTS[fault]
    right = getattr(analysis, name)

    def wrong(*given: Any, **named: Any) -> Any:
        found = right(*given, **named)
        return dataclasses.replace(found, **change(found))

    monkeypatch.setattr(analysis, name, wrong)
    problems = walk(small).problems
    assert problems
    assert all("raised" not in problem for problem in problems)


def test_a_wrong_number_of_a_view_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = NormChart.values
    monkeypatch.setattr(NormChart, "values", lambda chart, kind: 1.00001 * right(chart, kind))
    problems = walk(small).problems
    assert len(problems) == 2
    assert all("norms: " in problem for problem in problems)


def test_a_layer_that_is_left_out_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    scan = ModuleSource._scan
    monkeypatch.setattr(ModuleSource, "_scan", lambda source: scan(source)[:-1])
    problems = walk(small).problems
    assert [problem for problem in problems if "reached by no layer" in problem] == [
        f"walk / missing: {name} is reached by no layer, bias, raw tensor or statistic"
        for name in ("2.weight", "2.bias")
    ]


def test_a_tensor_of_a_state_dict_that_is_left_out_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    scan = StoreSource._scan
    monkeypatch.setattr(StoreSource, "_scan", lambda source: scan(source)[:-1])
    assert walk(small).problems == [
        f"walk / missing in a state dict: {name} is reached by no layer, bias, raw tensor or statistic"
        for name in ("2.weight", "2.bias")
    ]


def test_a_name_that_leads_to_another_tensor_is_found() -> None:
    model = small()
    source = ww.open_source(nn.Sequential(model[0], model[1], nn.Linear(5, 4)))
    tally = Tally()
    memory.find_missing(tally, memory.tensors(model), source)
    assert [problem for problem in tally.problems if "gives another" in problem] == [
        ": 2.weight gives another tensor than the model's"
    ]


@pytest.mark.parametrize("raised", [ZeroDivisionError("by zero"), ValueError("no answer")])
@pytest.mark.parametrize("view", ["FilterGrid", "WeightHistogram", "WeightStatistics", "WeightMatrix"])
def test_a_view_that_raises_is_found(view: str, raised: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise raised

    monkeypatch.setattr(getattr(ww, view), "parts", broken)
    problems = walk(small).problems
    assert any(str(raised) in problem for problem in problems)


def test_an_analysis_that_raises_is_found_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(analysis, "norms", broken)
    problems = walk(small).problems
    assert len(problems) == 3
    assert all("norms: raised ZeroDivisionError at test_walk.py" in problem for problem in problems)


TOUCHES: dict[str, tuple[Callable[[Any], object], str]] = {
    "a weight": (lambda model: model[2].weight.data.add_(1e-9), "tensor 2.weight"),
    "a weight that is written as it was": (lambda model: model[2].weight.detach().mul_(1), "tensor 2.weight"),
    "a buffer": (lambda model: model[1].running_mean.add_(1), "tensor 1.running_mean"),
    "a gradient": (lambda model: model(torch.zeros(1, 2, 7, 7)).sum().backward(), "tensor 0.weight"),
    "the mode": (lambda model: model[1].eval(), "module 1"),
    "a hook": (lambda model: model[0].register_forward_hook(lambda *_: None), "module 0"),
    "an attribute": (lambda model: setattr(model[0], "seen", True), "module 0"),
    "the random numbers": (lambda _: torch.rand(1), "random numbers"),
}


@pytest.mark.parametrize("what", TOUCHES)
def test_whatever_is_touched_is_found(what: str) -> None:
    change, told = TOUCHES[what]
    model = small()
    before = memory.state(model)
    untouched, touched = Tally(), Tally()
    memory.find_touched(untouched, before, memory.state(model))
    change(model)
    memory.find_touched(touched, before, memory.state(model))
    assert untouched.problems == []
    assert f": {told} is not as it was before" in touched.problems


def test_an_analysis_that_writes_into_the_model_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = analysis.norms

    def writing(weight: torch.Tensor) -> Any:
        weight.neg_().neg_()
        return right(weight)

    monkeypatch.setattr(analysis, "norms", writing)
    assert any("tensor 2.weight is not as it was" in problem for problem in walk(small).problems)


def test_an_analysis_and_a_view_that_no_walk_knows_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    known = not_walked()
    monkeypatch.delitem(ANALYSES, "mosaic")
    monkeypatch.delitem(views.VIEWS, "WeightMatrix")
    assert not_walked() == sorted([*known, "WeightMatrix", "mosaic"])


def test_a_walk_from_the_command_line_ends_well_where_nothing_is_off() -> None:
    command = [sys.executable, "-m", "tests.zoo", "torch tied", "torch dense"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=240)
    # An analysis that is being written is told of, and is no fault of these two.
    assert done.returncode == bool(not_walked()), done.stdout + done.stderr
    assert "torch tied" in done.stdout
    assert "2 architectures, 10 layers" in done.stdout


def test_a_walk_from_the_command_line_ends_badly_where_something_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(NormChart, "values", lambda chart, kind: chart.values(kind + "?"))
    monkeypatch.setattr(sys, "argv", ["zoo", "torch tied"])
    assert zoo.main() == 1
    assert "1 OFF" in capsys.readouterr().out


def test_an_unknown_name_is_refused_with_those_that_there_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["zoo", "gpt-2"])
    with pytest.raises(SystemExit) as refused:
        zoo.main()
    assert refused.value.code == 2
    assert "no architecture is called gpt-2; there are gpt2," in capsys.readouterr().err
