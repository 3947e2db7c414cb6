"""Layers for the tests of the filter grid, and ways to read what it publishes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from tests.widgets.fixture import freeze, thaw

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from weightwidgets.widgets.grid import FilterGrid

OUTPUTS = ["frame", "pages", "row", "lit", "error"]


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape, dtype=np.float32))


def layers() -> dict[str, torch.Tensor]:
    return {
        "first.weight": normal(8, 3, 5, 5),
        "deep.weight": normal(12, 6, 3, 3),
        "long.weight": normal(400, 64, 5, 5),
        "dense.weight": normal(300, 700),
        "digits.weight": normal(10, 784),
        "scale.weight": normal(16),
    }


def shown(view: FilterGrid, name: str = "frame") -> dict[str, Any]:
    thawed: dict[str, Any] = thaw(getattr(view, name))
    return thawed


def published(view: FilterGrid, change: Callable[[], object]) -> list[str]:
    """Name the outputs that a change publishes."""
    names: list[str] = []
    view.observe(lambda event: names.append(event["name"]), OUTPUTS)
    change()
    view.unobserve_all()
    return names


def of_the_browser(view: FilterGrid, **message: Any) -> None:
    view.set_state(message)


def page_of(view: FilterGrid, number: int) -> dict[str, Any]:
    of_the_browser(view, wanted={"token": view.frame["token"], "pages": [number]})
    (page,) = shown(view, "pages")["pages"]
    assert page["page"] == number
    found: dict[str, Any] = page
    return found


def size_of(frame: Mapping[str, Any]) -> int:
    return len(json.dumps(freeze(frame)))
