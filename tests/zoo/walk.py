"""Walks a model: every layer through every analysis and every view, and nothing missed or touched."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

import weightwidgets as ww
from weightwidgets import analysis

from . import memory, parts, reference
from .numbers import ANALYSES, Subject
from .tally import Tally
from .views import check_views, views_not_walked

if TYPE_CHECKING:
    from collections.abc import Callable

    from weightwidgets.sources.source import Source

_KINDS: dict[type[nn.Module], str] = {
    nn.Conv1d: "conv1d", nn.Conv2d: "conv2d", nn.Conv3d: "conv3d", nn.ConvTranspose1d: "conv_transpose1d",
    nn.ConvTranspose2d: "conv_transpose2d", nn.ConvTranspose3d: "conv_transpose3d", nn.Linear: "linear",
    nn.Bilinear: "bilinear", nn.Embedding: "embedding", nn.EmbeddingBag: "embedding", nn.LayerNorm: "norm",
    nn.BatchNorm1d: "norm", nn.BatchNorm2d: "norm", nn.BatchNorm3d: "norm", nn.GroupNorm: "norm",
}  # fmt: skip


def walk(make: Callable[[], nn.Module]) -> Tally:
    """Walk a model.

    Parameters
    ----------
    make
        Builds it, the same at each call: one is walked, and torch itself tells of its twin what is right.
    """
    tally = Tally()
    model, twin = seeded(make), memory.effective(seeded(make))
    before = memory.state(model)
    with tally.at("walk"):
        source = ww.open_source(model)
        subjects = {name: subject for name in source if (subject := _subject(tally, source, name, twin))}
        tally.layers = len(subjects)
        for name, subject in subjects.items():
            for module, check in ANALYSES.items():
                if check is not None:
                    with tally.at(f"{name} / {module}"):
                        check(tally, subject)
        with tally.at("heads"):
            parts.check_heads(tally, source)
        with tally.at("gates"):
            parts.check_gates(tally, source)
        with tally.at("channels"):
            parts.check_channels(tally, source)
        with tally.at("experts"):
            parts.check_experts(tally, source)
        with tally.at("tables"):
            _check_tables(tally, model, subjects)
        with tally.at("missing"):
            memory.find_missing(tally, memory.tensors(model), source)
        with tally.at("missing in a state dict"):
            # Quantised modules keep their packed weights in it as objects, which no source takes.
            held = {name: kept for name, kept in model.state_dict().items() if torch.is_tensor(kept)}
            memory.find_missing(tally, memory.floating(held.items()), ww.open_source(held))
        check_views(tally, source, subjects)
    with tally.at("untouched"):
        memory.find_touched(tally, before, memory.state(model))
    return tally


def seeded(make: Callable[[], nn.Module]) -> nn.Module:
    """Build a model whose weights are drawn from seeds."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 (the generator that some architectures draw from)
    torch.manual_seed(0)
    return make()


def not_walked() -> list[str]:
    """Name the analyses and the views that are public, and that no walk knows."""
    stems = {path.stem for path in Path(analysis.__path__[0]).glob("[a-z]*.py")}
    return sorted([*(stems - set(ANALYSES)), *views_not_walked()])


def _subject(tally: Tally, source: Source, name: str, twin: nn.Module) -> Subject | None:
    with tally.at(name):
        layer = source[name]
        path, _, attribute = layer.full_name.rpartition(".")
        module = twin.get_submodule(path)
        with torch.no_grad():
            kept = getattr(module, attribute)
            # The quantised modules of torch have a method of that name.
            expected = reference.as_float64(kept if isinstance(kept, torch.Tensor) else kept())
        found = reference.as_float64(layer.weight)
        tally.near(
            "effective weight", found, expected, np.abs(expected[np.isfinite(expected)]).max(initial=0)
        )
        plain = not layer.raw
        kind = _KINDS.get(type(module)) if plain and attribute == "weight" else None
        tally.true(f"the kind of a {type(module).__name__}", kind in (None, layer.kind))
        rows = reference.out_first(found, module, attribute)
        tally.same("out-first", reference.as_float64(layer.out_first), rows)
        tally.true("the shape", (layer.shape, layer.out_channels) == (found.shape, len(rows)))
        return Subject(layer, found, module, attribute)
    return None


def _check_tables(tally: Tally, model: nn.Module, subjects: dict[str, Subject]) -> None:
    table = ww.summary_table(model)
    tally.true("a row for each layer", list(table.index) == list(subjects))
    units = {"mean": "rms"}
    for name, subject in subjects.items():
        row = table.loc[name]
        truth = {**subject.summary, "frobenius": subject.summary["l2"]}
        for column in truth.keys() & set(table.columns):
            unit = 1.0 if column in ("skewness", "kurtosis") else truth.get(units.get(column, ""))
            tally.near(f"{name}: {column}", row[column], truth[column], unit)
    norms = ww.weight_norms(model)
    expected = {name: parameter for name, parameter in model.named_parameters() if "weight" in name}
    tally.true("norms of all weights, in order", list(norms) == list(expected))
    for name, parameter in expected.items():
        tally.near(f"norm of {name}", norms[name], np.linalg.norm(reference.as_float64(parameter)))
