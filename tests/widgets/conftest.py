"""What the widget tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ipywidgets.widgets import widget

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def open_widgets() -> Callable[[], set[str]]:
    """Give the ids of all widgets that are open now: views, boxes, layouts and styles."""
    # `Widget.widgets` says the same, with a deprecation warning.
    return lambda: set(widget._instances)
