"""The matrix of one question, and what is known of it: at first a sample of its rows, then all of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from weightwidgets import wire

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from weightwidgets.analysis.filter_grid import Extent
    from weightwidgets.analysis.matrix_tiles import MatrixBase, Progress
    from weightwidgets.layer import Layer

    from ._base import Ask
    from ._matrix_words import Labels

#: Above this many weights a picture comes from a sample first, and the rest is read in the background.
LARGE = 2_000_000
#: Permuting takes eight bytes for each weight.
MOST_SHUFFLED = 1 << 25
_SAMPLE = 1_000_000
# Blocks of so many weights are pooled from the weights themselves while the matrix is still read.
_DIRECT = 64


@dataclass(frozen=True, eq=False)
class Measured:
    """What one reading of a whole matrix gives; `order` is None for that of the layer."""

    base: MatrixBase
    order: NDArray[np.integer] | None


@dataclass(frozen=True, eq=False)
class Sample:
    """Some rows in displayed order: `rows` says which, `numbers` are their weights, all of each row."""

    rows: NDArray[np.int64]
    numbers: NDArray[np.floating]
    extent: Extent


class MatrixSubject:
    """What one question asks to see of a layer.

    Raises
    ------
    ValueError
        If the layer is no matrix, has no weights, or is not initialised.
    """

    def __init__(
        self, layer: Layer, ask: Ask, labels: Labels | None = None, measured: Measured | None = None
    ) -> None:
        if not layer.initialized:
            raise ValueError(layer.note)
        shape = layer.out_first_shape
        if len(shape) != 2:
            raise ValueError(
                f"This layer is a convolution of shape {layer.shape}, no matrix: "
                "ww.FilterGrid shows its filters."
            )
        if 0 in shape:
            raise ValueError(f"This layer has no weights to show: its shape is {layer.shape}.")
        self.layer = layer
        self.ask = ask
        self.rows, self.cols = shape
        if ask.shuffled and not self.can_shuffle:
            raise ValueError(
                f"This layer has {layer.numel:,} weights: up to {MOST_SHUFFLED:,} can be shuffled."
            )
        self.labels = labels
        self._measured = measured

    @property
    def is_large(self) -> bool:
        """Whether reading all weights takes longer than anybody should wait for a first picture."""
        return self.rows * self.cols > LARGE

    @property
    def named(self) -> Labels | None:
        """The labels, where they are those of this layer."""
        return self.labels if self.labels and len(self.labels) == self.rows else None

    @property
    def can_shuffle(self) -> bool:
        """Whether the layer is small enough to be permuted."""
        return self.rows * self.cols <= MOST_SHUFFLED

    @property
    def measured_key(self) -> tuple[object, ...]:
        """What a reading of the whole matrix depends on."""
        return (self.ask.version, "matrix", self.ask.order, self.ask.shuffled)

    @cached_property
    def key(self) -> tuple[object, ...]:
        """What every tile depends on."""
        ask = self.ask
        known = not self.is_large or self._measured is not None
        edition = self.labels.edition if self.labels else 0
        shown = (ask.pooling, ask.contrast, ask.live, known, edition)
        return (*self.measured_key, self.layer.name, *shown)

    @property
    def token(self) -> int:
        """A short number for `key`."""
        return wire.token(self.key)

    @cached_property
    def weight(self) -> torch.Tensor:
        """The weights that are shown, (rows, cols); copied while a cell runs, unless they are many."""
        from weightwidgets.analysis._cache import shared
        from weightwidgets.analysis.shuffle import shuffled

        weight = self.layer.out_first
        if self.ask.live and not self.is_large:
            weight = weight.clone()
        if self.ask.shuffled:
            return shared.get((self.ask.version, "shuffled", 0), lambda: shuffled(weight))
        return weight

    @cached_property
    def measured(self) -> Measured | None:
        """What a reading of all weights gave; None while a large matrix is still read."""
        if self._measured is None and not self.is_large:
            return self.measure()
        return self._measured

    def measure(self, on_progress: Progress | None = None) -> Measured:
        """Read all weights: once, or twice if the rows are to be in the order of their norms."""
        from weightwidgets.analysis.matrix_tiles import base_block, matrix_base, row_norms

        order = None
        begun = 0.0

        def report(share: float) -> None:
            if on_progress:
                on_progress(begun + (1 - begun) * share)

        if self.ask.order == "norm":
            halfway = (lambda share: on_progress(share / 2)) if on_progress else None
            order = wire.smallest(np.argsort(-row_norms(self.weight, halfway), kind="stable"))
            begun = 0.5
        base = matrix_base(self.weight, base_block(self.rows, self.cols), order, report)
        return Measured(base, order)

    @cached_property
    def sample(self) -> Sample:
        """Some rows, evenly spread over the matrix, in the order that is asked for."""
        from weightwidgets.analysis._rows import rows_of
        from weightwidgets.analysis.filter_grid import extent
        from weightwidgets.analysis.matrix_tiles import row_norms

        count = min(self.rows, max(1, _SAMPLE // self.cols))
        rows = (np.arange(count) * self.rows + self.rows // 2) // count
        numbers = rows_of(self.weight, rows)
        if self.ask.order == "norm":
            place = np.argsort(-row_norms(numbers), kind="stable")
            rows, numbers = rows[place], numbers[place]
        return Sample(rows, numbers, extent(numbers))

    @property
    def extent(self) -> Extent:
        """The ends of the finite weights, or of the sample's."""
        return self.sample.extent if self.measured is None else self.measured.base.extent

    @property
    def limit(self) -> float:
        """The weight that has the strongest colour, as all beyond it."""
        return self.extent.limit / float(self.ask.contrast)

    @cached_property
    def clipped(self) -> float:
        """The share of the sample's finite weights beyond `limit`."""
        finite = self.sample.numbers[np.isfinite(self.sample.numbers)]
        return float(np.mean(np.abs(finite) > self.limit)) if finite.size else 0.0

    @property
    def is_sampled_whole(self) -> bool:
        """Whether the sample holds every weight."""
        return len(self.sample.rows) == self.rows

    def rows_at(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Give the rows that are shown at some places."""
        order = self.measured.order if self.measured else None
        if order is not None:
            return order[places].astype(np.int64)
        if self.ask.order == "norm":
            return self.sample.rows[self._nearest(places)]
        return places

    def place_of(self, row: int) -> int | None:
        """Give the place at which a row is shown; None while the order is not known."""
        if self.ask.order == "index":
            return row
        if self.measured is None or self.measured.order is None:
            return None
        return int(np.flatnonzero(self.measured.order == row)[0])

    def pixels(self, levels: tuple[int, int], top: slice, left: slice) -> NDArray[np.floating]:
        """Give some pixels at a zoom; a pixel stands for ``2**levels`` rows and columns.

        Parameters
        ----------
        levels : (int, int)
            Of the rows and of the columns; (0, 0) are the weights themselves.
        top, left : slice
            Which pixels, down and across.
        """
        from weightwidgets.analysis.matrix_tiles import pool_base, pool_part

        down, across = (1 << level for level in levels)
        pooling: Any = self.ask.pooling
        cols = slice(left.start * across, min(left.stop * across, self.cols))
        measured = self.measured
        if measured and down >= measured.base.block_rows and across >= measured.base.block_cols:
            return pool_base(measured.base, top, left, (down, across), pooling)
        rows = slice(top.start * down, min(top.stop * down, self.rows))
        if measured and measured.order is not None:
            return pool_part(self.weight, measured.order[rows], cols, (down, across), pooling)
        if measured or (self.ask.order == "index" and down * across <= _DIRECT):
            return pool_part(self.weight, rows, cols, (down, across), pooling)
        middles = np.minimum(np.arange(rows.start, rows.stop, down) + down // 2, self.rows - 1)
        return pool_part(self.sample.numbers, self._nearest(middles), cols, (1, across), pooling)

    def _nearest(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.minimum(places * len(self.sample.rows) // self.rows, len(self.sample.rows) - 1)

    def levels_within(self, pixels: tuple[int, int]) -> tuple[int, int]:
        """Give the least zoom at which the whole matrix has at most so many pixels, down and across."""
        return _level(self.rows, pixels[0]), _level(self.cols, pixels[1])


def _level(size: int, pixels: int) -> int:
    return max(0, math.ceil(math.log2(-(-size // pixels))))
