"""What stands above the bars of the norms: choices, the selected layer by keyboard, plain sentences."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import traitlets as t

from weightwidgets import wire

from ._answers import NO_WEIGHTS
from ._base import Ask, Part, View, bundle, output, question
from ._stream import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

TITLES = {"frobenius": "Frobenius norm", "rms": "RMS per weight"}


@dataclass(frozen=True)
class LayerNorms:
    """The norms of one layer's finite weights, in weight units, and how many weights these are."""

    frobenius: float
    rms: float
    weights: int


class NormControls(View):
    """The controls of a `NormChart`, which owns the figure below them and fills `numbers`."""

    shows_all = True

    _esm = t.Unicode().tag(sync=True)
    _css = t.Unicode().tag(sync=True)
    kind = question(t.Enum(tuple(TITLES), default_value="frobenius"))
    log_norms = question(t.Bool(default_value=False))
    rows = output()
    numbers = output()

    @t.default("_esm")
    def _default_esm(self) -> str:
        return bundle("norms.js")

    @t.default("_css")
    def _default_css(self) -> str:
        return bundle("norms.css")

    def parts(self, ask: Ask) -> Iterable[Part]:
        """Answer with the names; the numbers come from the chart."""
        del ask
        names = tuple(self._source)
        if not names:
            raise ValueError(NO_WEIGHTS)
        yield Part("rows", (names,), lambda: _rows(names))

    def version(self, layer: object) -> tuple[object, ...]:
        """Tell that no answer here depends on the values of the weights."""
        del layer
        return ()

    def picture(self) -> None:
        """Draw nothing: the menu hands out the picture of the chart."""

    def show(self, names: Sequence[str], found: Sequence[LayerNorms | Failure | None], *, live: bool) -> None:
        """Show what is measured: NaN stands for a norm that is not known."""
        norms = [outcome if isinstance(outcome, LayerNorms) else None for outcome in found]
        frame = wire.frame(
            frobenius=np.array([np.nan if one is None else one.frobenius for one in norms]),
            rms=np.array([np.nan if one is None else one.rms for one in norms]),
            weights=np.array([0 if one is None else one.weights for one in norms], np.int64),
            measured=sum(outcome is not None for outcome in found),
            failed=sum(isinstance(outcome, Failure) for outcome in found),
            live=live,
            token=wire.token(tuple(names)),
        )
        self.set_trait("numbers", frame)


def _rows(names: tuple[str, ...]) -> wire.Frame:
    labels = [wire.display_name(name, 80) for name in names]
    return wire.frame(names=json.dumps(names), labels=json.dumps(labels), token=wire.token(names))
