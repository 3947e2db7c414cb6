"""Matrices for the tests of the weight matrix, and ways to read what it publishes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from tests.widgets.fixture import thaw

if TYPE_CHECKING:
    from collections.abc import Callable

    from weightwidgets.widgets.matrix import WeightMatrix

HOSTILE = "<img src=x onerror=alert(1)>\u202e"
OUTPUTS = ["frame", "pages", "row", "hits", "error"]


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape, dtype=np.float32))


def layers() -> dict[str, torch.Tensor]:
    return {
        "conv.weight": normal(4, 3, 3, 3),
        "dense.weight": normal(300, 784),
        "out.weight": normal(10, 300),
    }


def shown(view: WeightMatrix, name: str = "frame") -> dict[str, Any]:
    thawed: dict[str, Any] = thaw(getattr(view, name))
    return thawed


def ask_for(view: WeightMatrix, *places: list[Any]) -> list[dict[str, Any]]:
    view.set_state({"wanted": {"token": view.frame["token"], "tiles": list(places)}})
    found: list[dict[str, Any]] = shown(view, "pages")["tiles"]
    return found


def published(view: WeightMatrix, change: Callable[[], object]) -> list[str]:
    names: list[str] = []
    view.observe(lambda event: names.append(event["name"]), OUTPUTS)
    change()
    view.unobserve_all()
    return sorted(names)


def read(view: WeightMatrix) -> None:
    assert view.wait(30)
    assert view.error == ""
    assert not shown(view)["preview"]
