"""The frames of the recurrent gates."""

from __future__ import annotations

import json
from functools import cached_property
from operator import methodcaller
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from weightwidgets import wire
from weightwidgets.analysis._cache import shared
from weightwidgets.analysis.filter_grid import flags_of, symmetric_levels
from weightwidgets.analysis.gates import forget_bias, gate_blocks, gate_rows, gate_spectrum
from weightwidgets.analysis.histogram import histogram
from weightwidgets.analysis.matrix_picture import matrix_picture
from weightwidgets.analysis.part import counts_between
from weightwidgets.analysis.summary import summary

from . import _gates_words as words
from ._stream import steady

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from weightwidgets.analysis.gates import GateBlock, GateBlocks, GateRow, GateSpectrum
    from weightwidgets.analysis.matrix_picture import MatrixPicture
    from weightwidgets.analysis.summary import Summary
    from weightwidgets.sources.recurrent import RecurrentLayer

    from ._base import Ask

Answer = TypeVar("Answer")

_MOST_ROWS, _MOST_COLS = 96, 192
LIVE = "Read while a cell was running: it may mix two training steps."
_SAID = {"input": "weights of the input", "hidden": "weights of the state", "bias": "biases"}
#: What is told of each row, in the order of the columns of `Shown.numbers`.
NUMBERS = ("mean", "std", "rms", "min", "max")


class Shown(NamedTuple):
    """The chosen block of all gates: their pictures on one scale, and their numbers."""

    rows: list[GateRow]
    pictures: list[MatrixPicture]
    limit: float
    summaries: list[Summary]


class Bars(NamedTuple):
    """The histograms of the gates in the bins of all of them: (rows, bins) counts and bins + 1 edges."""

    counts: NDArray[np.int64]
    edges: NDArray[np.floating[Any]]


class Subject:
    """What one question asks to see of a recurrent layer."""

    def __init__(self, layer: RecurrentLayer, ask: Ask, prepare: Callable[[Tensor], Tensor] = steady) -> None:
        self.layer = layer
        self._prepare = prepare
        self.ask = ask
        self.block: GateBlock = ask.block

    @property
    def name(self) -> tuple[object, ...]:
        """Tell one layer and version from another."""
        return (self.ask.version, self.layer.path, self.layer.number, self.layer.reverse)

    @property
    def key(self) -> tuple[object, ...]:
        """What the numbers depend on."""
        return (*self.name, self.ask.live)

    @property
    def token(self) -> int:
        """Tell the browser which frames belong together."""
        return wire.token(self.name)

    @cached_property
    def blocks(self) -> GateBlocks:
        """The layer's tensors, cut into gates."""
        return gate_blocks(self.layer.kind, *self.layer.tensors(self._prepare))

    @cached_property
    def shown(self) -> Shown:
        """The chosen block."""
        return self._known(f"gates {self.block}", self._draw)

    @cached_property
    def bars(self) -> Bars:
        """The histograms of the chosen block."""
        return self._known(f"gate bars {self.block} {self.ask.bins}", self._count)

    def spectrum(self, gate: int) -> GateSpectrum:
        """Work out the eigenvalues of a gate."""
        return self._known(f"gate spectrum {gate}", lambda: gate_spectrum(self.blocks, gate))

    def kept(self) -> Subject:
        """Give the same with copies of the tensors, which no training step changes."""
        copy = Subject(self.layer, self.ask, methodcaller("clone"))
        _ = copy.blocks
        return copy

    def notes(self) -> list[str]:
        """Say what is added, inferred, derived or wrong."""
        told = words.bias_notes(self.blocks)
        if self.layer.inferred:
            told.append(
                f"Taken for {words.KINDS[self.layer.kind]} by names and shapes; its gates in torch's order."
            )
        told += dict.fromkeys(filter(None, (layer.tensors.derivation() for layer in self.layer.layers)))
        return [*told, LIVE] if self.ask.live else told

    def labels(self) -> list[tuple[str, str]]:
        """Name the rows of the chosen block: the gate's letter, and which biases."""
        names = self.blocks.names
        kind = self.layer.kind
        return [
            (names[row.gate], words.row_label(kind, names[row.gate], row.part)) for row in self.shown.rows
        ]

    def _draw(self) -> Shown:
        rows = gate_rows(self.blocks, self.block)
        if not rows:
            raise ValueError("This layer has no biases: choose its input or hidden weights.")
        pictures = [matrix_picture(row.weight, _MOST_ROWS, _MOST_COLS) for row in rows]
        summaries = [summary(row.weight) for row in rows]
        return Shown(rows, pictures, max(one.linf for one in summaries), summaries)

    def _count(self) -> Bars:
        rows = self.shown.rows
        whole = (
            np.concatenate([row.weight for row in rows])
            if self.block == "bias"
            else self.blocks.weight_ih
            if self.block == "input"
            else self.blocks.weight_hh
        )
        edges = histogram(whole, self.ask.bins).bin_edges
        return Bars(np.stack([counts_between(row.weight, edges) for row in rows]), edges)

    def _known(self, name: str, make: Callable[[], Answer]) -> Answer:
        # What a running cell may tear must not be remembered as the numbers of this version.
        return make() if self.ask.live else shared.get((*self.key, name), make)


def layers_frame(layers: Sequence[RecurrentLayer], keys: Sequence[str]) -> wire.Frame:
    """List the recurrent layers, and the name by which each is chosen."""
    listed = [
        {
            "module": words.layer_label(layer),
            "number": layer.number,
            "reverse": layer.reverse,
            "key": key,
            "layers": [part.name for part in layer.layers],
            "bias": layer.has_bias,
        }
        for layer, key in zip(layers, keys, strict=True)
    ]
    return wire.frame(layers=json.dumps(listed))


def layer_frame(subject: Subject) -> wire.Frame:
    """Name the gates and say what is to be known of the layer."""
    blocks = subject.blocks
    kind = subject.layer.kind
    return wire.frame(
        token=subject.token,
        title=words.layer_label(subject.layer),
        description=words.description(subject.layer, blocks),
        equation=words.EQUATIONS[kind],
        names=list(blocks.names),
        roles=[words.ROLES[kind, name][0] for name in blocks.names],
        meanings=[words.ROLES[kind, name][1] for name in blocks.names],
        biases=words.bias_sentences(subject.layer, blocks),
        forget=words.forget_sentence(forget_bias(blocks)),
        cautions=words.cautions(blocks),
        notes=subject.notes(),
    )


def shown_frame(subject: Subject) -> wire.Frame:
    """Give the pictures of the chosen block on one scale, and the numbers of each gate."""
    shown = subject.shown
    first = shown.pictures[0]
    values = np.stack([picture.values for picture in shown.pictures])
    flags = flags_of(values)
    rows, cols = shown.rows[0].weight.shape
    return wire.frame(
        token=subject.token,
        block=subject.block,
        gates=[row.gate for row in shown.rows],
        labels=[label for _, label in subject.labels()],
        height=first.values.shape[0],
        width=first.values.shape[1],
        rows=rows,
        cols=cols,
        block_rows=first.block_rows,
        block_cols=first.block_cols,
        limit=np.array([shown.limit]),
        levels=symmetric_levels(values, shown.limit),
        flags=flags if flags.any() else None,
        values=values,
        numbers=np.array([[getattr(one, name) for name in NUMBERS] for one in shown.summaries]),
        strays=[one.numel - one.finite for one in shown.summaries],
    )


def bars_frame(subject: Subject) -> wire.Frame:
    """Give the histograms of the chosen block."""
    bars = subject.bars
    return wire.frame(
        token=subject.token, block=subject.block, bins=subject.ask.bins, edges=bars.edges, counts=bars.counts
    )


def spectra_frame(
    subject: Subject, spectra: Sequence[GateSpectrum], state: str, sentence: str = ""
) -> wire.Frame:
    """Give the eigenvalues of the first gates, as many as are known.

    Parameters
    ----------
    state
        "done", "working", "offered" (they come when asked for) or "refused".
    sentence
        What is going on.
    """
    return wire.frame(
        token=subject.token,
        state=state,
        sentence=sentence,
        real=[spectrum.eigenvalues.real for spectrum in spectra],
        imag=[spectrum.eigenvalues.imag for spectrum in spectra],
        radii=np.array([spectrum.radius for spectrum in spectra]),
        sentences=[words.radius_sentence(spectrum) for spectrum in spectra],
    )


def drawing(subject: Subject, spectra: Sequence[GateSpectrum], gate: str) -> tuple[Any, ...]:
    """Give what `gates_picture` draws."""
    from weightwidgets.pictures.gates import GateDrawing, Plane

    shown, bars, kind = subject.shown, subject.bars, subject.layer.kind
    drawn = [
        GateDrawing(f"{name} {part}".strip(), words.ROLES[kind, name][0], picture, counts, numbers)
        for (name, part), picture, counts, numbers in zip(
            subject.labels(), shown.pictures, bars.counts, shown.summaries, strict=True
        )
    ]
    names = subject.blocks.names
    sentences = [f"{name}: {words.radius_sentence(one)}" for name, one in zip(names, spectra, strict=False)]
    plane = Plane(
        [one.eigenvalues for one in spectra], sentences, names.index(gate) if gate in names else None
    )
    title = f"{words.layer_label(subject.layer)} · {words.description(subject.layer, subject.blocks)}"
    told = [words.forget_sentence(forget_bias(subject.blocks)), *words.cautions(subject.blocks)]
    caption = " ".join(filter(None, [*told, *subject.notes()]))
    return f"{title} · {_SAID[subject.block]}", drawn, shown.limit, bars.edges, plane, caption
