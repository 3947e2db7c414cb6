"""A view of three lines of arithmetic, on which the base of all views is tested."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets as t
from PIL import Image

from weightwidgets import wire
from weightwidgets.widgets._base import Ask, Part, View, output, question, view_state

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest


class Total(View):
    """The sum of the selected row, and how often it was worked out."""

    is_drawn = False

    _esm = t.Unicode("export default { render() {} }").tag(sync=True)
    row = question(t.Int(0))
    style = view_state(t.Unicode("plain"))
    frame = output()

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.sums = 0
        super().__init__(*arguments, **options)

    def parts(self, ask: Ask) -> Iterable[Part]:
        yield Part("frame", (ask.version, ask.layer, ask.row), lambda: self._sum(ask))

    def _sum(self, ask: Ask) -> wire.Frame:
        assert ask.layer is not None
        self.sums += 1
        return wire.frame(total=float(ask.layer.out_first[ask.row].sum()))

    def coerce(self, state: dict[str, Any]) -> dict[str, Any]:
        state = super().coerce(state)
        rows = self._source[state.get("layer", self.layer)].out_channels
        state["row"] = min(max(state.get("row", self.row), 0), rows - 1)
        return state

    def picture(self) -> Image.Image | None:
        return Image.new("RGB", (3, 2)) if self.is_drawn else None


def total(view: Total) -> float:
    data = view.frame["total"]["data"]
    return float(memoryview(data).cast("d")[0])


def sent(view: View, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    monkeypatch.setattr(view, "_send", lambda message, buffers=None: messages.append(message))  # noqa: ARG005
    return messages
