"""What the widget tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from ipywidgets.widgets import widget
from torch import nn

from tests.widgets.toy_view import Total

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def open_widgets() -> Callable[[], set[str]]:
    """Give the ids of all widgets that are open now: views, boxes, layouts and styles."""
    # `Widget.widgets` says the same, with a deprecation warning.
    return lambda: set(widget._instances)


@pytest.fixture
def model() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))


@pytest.fixture
def view(model: nn.Sequential) -> Iterator[Total]:
    with Total(model) as made:
        made.sums = 0
        yield made
