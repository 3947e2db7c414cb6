"""The walk of the views looks at what they show: each number of a frame that is spoiled is found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from torch import nn

import weightwidgets as ww
from tests.zoo import views
from tests.zoo.numbers import Subject
from tests.zoo.reference import as_float64
from tests.zoo.tally import Tally
from weightwidgets import wire

if TYPE_CHECKING:
    from collections.abc import Callable


class Expert(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.up = nn.Linear(6, 5)


def net() -> nn.Module:
    """Something for every view."""
    return nn.ModuleDict({
        "conv": nn.Conv2d(2, 3, 3), "norm": nn.BatchNorm2d(3), "attention": nn.MultiheadAttention(8, 2),
        "lstm": nn.LSTM(4, 5), "experts": nn.ModuleList([Expert(), Expert(), Expert()]),
    })  # fmt: skip


def problems_of(check: Callable[..., None]) -> list[str]:
    model = net()
    source = ww.open_source(model)
    subjects = {}
    for name, layer in source.items():
        path, _, attribute = layer.full_name.rpartition(".")
        subjects[name] = Subject(layer, as_float64(layer.weight), model.get_submodule(path), attribute)
    tally = Tally()
    with tally.at("view"):
        check(tally, source, subjects)
    return tally.problems


def spoiled(value: Any) -> Any:
    """Change a number, or all of an array, by a little."""
    if isinstance(value, float) or (isinstance(value, np.ndarray) and value.dtype.kind == "f"):
        return value * 1.0001 + 1e-5
    return value + 1


def spoil(parts: dict[str, Any], field: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, part in parts.items():
        if name == field and part is not None:
            made[name] = spoiled(part)
        elif isinstance(part, dict):
            made[name] = spoil(part, field)
        elif isinstance(part, list) and part and isinstance(part[0], dict):
            made[name] = [spoil(each, field) for each in part]
        else:
            made[name] = part
    return made


SHOWN = {
    "WeightExplorer": (
        "limit", "values", "levels", "norm", "norms", "cells", "range", "numel", "nan", "weights", "counts",
        "ranges", "left_out", "frobenius", "rms", "count",
    ),
    "WeightMatrix": ("limit", "norm", "values", "levels"),
    "AttentionHeads": ("norms", "ranks", "qk", "ov"),
    "RecurrentGates": ("numbers", "counts", "radii"),
    "DepthView": ("values",),
    "NormChannels": ("scale", "shift", "running_mean", "running_var", "order", "median", "limit"),
    "ExpertGrid": ("values", "cosines"),
}  # fmt: skip


@pytest.mark.parametrize("view", views.VIEWS)
def test_nothing_is_off_in_a_net_that_has_something_for_every_view(view: str) -> None:
    assert problems_of(views.VIEWS[view]) == []


def test_the_frames_of_every_view_are_spoiled_here() -> None:
    assert SHOWN.keys() == views.VIEWS.keys()


@pytest.mark.parametrize(("view", "field"), [(view, field) for view in SHOWN for field in SHOWN[view]])
def test_a_number_of_a_frame_that_is_off_is_found(
    view: str, field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = wire.frame
    monkeypatch.setattr(wire, "frame", lambda **parts: frame(**spoil(parts, field)))
    assert problems_of(views.VIEWS[view]) != []
