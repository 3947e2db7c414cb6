"""Views that can be drawn on one scale with the same layer of other sources."""

from __future__ import annotations

import dataclasses
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from ._answers import Ask, Peer
from ._filter import FilterView

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from weightwidgets.sources.source import Source

Measured = TypeVar("Measured")


class ScaledView(FilterView):
    """A view of one layer whose scale may also have to hold the layer of that name in other sources."""

    _others: tuple[Source, ...] = ()

    def share_scale(self, others: Iterable[Source]) -> None:
        """Draw on a scale that holds the same layer of `others` too; of none: on the layer's own."""
        self._others = tuple(others)
        with self._desk.asking():
            self._desk.want(self)

    def _ask(self) -> Ask:
        ask = super()._ask()
        if ask.layer is None:
            return ask
        found = [other[ask.layer.name] for other in self._others if ask.layer.name in other]
        peers = tuple(Peer(layer, self.version(layer)) for layer in found)
        return dataclasses.replace(ask, peers=peers)


def measure_peers(ask: Ask, measure: Callable[[Peer], Measured]) -> list[Measured]:
    """Measure the layers whose scale is shared; one without values says so in its own view."""
    measured = []
    for peer in ask.peers:
        with suppress(ValueError):
            measured.append(measure(peer))
    return measured
