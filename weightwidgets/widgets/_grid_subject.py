"""The layer of one question to the filter grid, and how it is laid out."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from weightwidgets import wire
from weightwidgets.layer import CONVOLUTIONS

from ._scale import measure_peers

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    import torch
    from numpy.typing import NDArray

    from weightwidgets.analysis.filter_grid import ColorScope, Extent
    from weightwidgets.analysis.norms import UnitNorms
    from weightwidgets.analysis.robust_limit import RobustLimit
    from weightwidgets.analysis.tile_layout import TileLayout
    from weightwidgets.layer import Layer

    from ._base import Ask

# A view keeps its last two pages in its state, and a saved notebook keeps that.
PAGE_BYTES = 48_000
# Of each tile travel its two limits and its norm, in float64, and the last bits of its page's mask.
_TILE_BYTES = 25
# A matrix travels whole; (192, 256) pixels of float32 are 246 kB, (128, 192) of float64 are 221 kB.
_MATRIX_PIXELS = (192, 256)
_WIDE_MATRIX_PIXELS = (128, 192)
# An order of more filters would be no small part of a message.
MAX_ORDERED = 65_536


def image_shape(layer: Layer) -> tuple[int, ...] | None:
    """Say as which square picture the rows of a dense layer can be read: (h, h), (3, h, h) or None."""
    if layer.kind != "linear":
        return None
    inputs = layer.in_channels
    for depth in (1, 3):
        side = math.isqrt(inputs // depth)
        if side > 1 and depth * side * side == inputs:
            return (side, side) if depth == 1 else (3, side, side)
    return None


def input_channels(layer: Layer) -> int:
    """Count the input channels of one filter that can be chosen; 0 where there are none."""
    return layer.in_channels // layer.groups if layer.kind in CONVOLUTIONS else 0


def kernel_depths(layer: Layer) -> int:
    """Count the slices of one kernel of a 3-d convolution that can be chosen; 0 for any other layer."""
    shape = layer.out_first_shape
    return shape[2] if layer.kind in CONVOLUTIONS and len(shape) == 5 else 0


class Subject:
    """What one question asks to see; the weights are read once, whatever is made of them.

    While a cell runs they are copied first, so that all of one answer shows the same weights.
    """

    def __init__(self, layer: Layer, ask: Ask) -> None:
        if not layer.initialized:
            raise ValueError(layer.note)
        self.layer = layer
        self.ask = ask
        self.shape = layer.out_first_shape
        self.offer = image_shape(layer)
        self.as_image = self.offer if ask.as_images else None
        self.key = (
            ask.version, layer.name, ask.input_channel, ask.depth_index, ask.color_scope, ask.order,
            self.as_image, ask.shuffled, ask.live, ask.robust_colors, *(peer.version for peer in ask.peers),
        )  # fmt: skip
        self.token = wire.token(self.key)

    @property
    def count(self) -> int:
        """Filters: rows of the out-first weight."""
        return self.shape[0]

    @property
    def depths(self) -> int:
        """Slices of one kernel to choose from."""
        return kernel_depths(self.layer)

    @property
    def depth_index(self) -> int | None:
        """The only slice of each kernel that is shown."""
        chosen: int | None = self.ask.depth_index
        return chosen if self.depths else None

    @property
    def is_convolution(self) -> bool:
        """Whether each filter has input channels and a kernel."""
        return self.layer.kind in CONVOLUTIONS

    @property
    def is_matrix(self) -> bool:
        """Whether all rows are shown as one picture instead of a tile each."""
        return not self.is_convolution and self.shape[1] > 1 and self.as_image is None

    @property
    def color(self) -> str:
        """The way from level to colour."""
        if not self.is_matrix and self.layout.depth == 3:
            return "rgb"
        return "gray" if not self.is_matrix and self.color_scope == "minmax" else "diverging"

    @cached_property
    def weight(self) -> torch.Tensor:
        """The out-first weights that are shown."""
        from weightwidgets.analysis._cache import shared
        from weightwidgets.analysis.shuffle import shuffled

        weight = self.layer.out_first
        if 0 in self.shape:
            raise ValueError(f"This layer has no weights to show: its shape is {self.layer.shape}.")
        if self.ask.live:
            weight = weight.clone()
        if self.ask.shuffled:
            return shared.get((self.ask.version, "shuffled", 0), lambda: shuffled(weight))
        return weight

    @cached_property
    def extent(self) -> Extent:
        """The ends of the layer's finite weights; the same when shuffled."""
        from weightwidgets.analysis._cache import shared
        from weightwidgets.analysis.filter_grid import extent

        return shared.get((self.ask.version, "extent"), lambda: extent(self.weight))

    @cached_property
    def shares_scale(self) -> bool:
        """Whether the colours are those of one scale for this layer and the same layer of other sources."""
        return bool(self._peer_extents)

    @property
    def color_scope(self) -> ColorScope:
        """What has a scale of its own: the one that several layers share is one for all filters."""
        chosen: ColorScope = self.ask.color_scope
        return "layer" if self.shares_scale else chosen

    @property
    def limit(self) -> float:
        """The magnitude at the ends of the scale: the largest of the layer, and of those that share it."""
        return max(found.limit for found in self._robust or (self.extent, *self._peer_extents))

    @property
    def has_scale(self) -> bool:
        """Whether there is a finite weight to colour, here or in a layer that shares the scale."""
        return self.limit > 0 or self.extent.non_finite < math.prod(self.shape)

    @property
    def beyond(self) -> str:
        """How many finite weights lie beyond the ends of the scale; "" where it holds all of them."""
        if not self._robust:
            return ""
        # Where another layer sets the ends, fewer of this one are beyond.
        return "at most 0.1 %" if self.shares_scale else f"{self._robust[0].beyond:,}"

    @cached_property
    def _robust(self) -> list[RobustLimit]:
        if not (self.is_matrix and self.ask.robust_colors):
            return []
        from weightwidgets.analysis._cache import shared
        from weightwidgets.analysis.robust_limit import robust_limit

        def limit(version: Hashable, weight: Callable[[], torch.Tensor]) -> RobustLimit:
            return shared.get((version, "robust_limit"), lambda: robust_limit(weight()))

        peers = measure_peers(self.ask, lambda peer: limit(peer.version, lambda: peer.layer.out_first))
        return [limit(self.ask.version, lambda: self.weight), *peers]

    @cached_property
    def _peer_extents(self) -> list[Extent]:
        from weightwidgets.analysis._cache import shared
        from weightwidgets.analysis.filter_grid import extent

        return measure_peers(
            self.ask,
            lambda peer: shared.get((peer.version, "extent"), lambda: extent(peer.layer.out_first)),
        )

    @cached_property
    def order(self) -> NDArray[np.integer] | None:
        """The filters in the order in which they are shown; None for that of the layer."""
        from weightwidgets.analysis._cache import shared
        from weightwidgets.analysis.norms import unit_norms

        if self.ask.order != "norm" or self.count > MAX_ORDERED:
            return None
        # Shuffling moves weights between filters, so their norms are other ones.
        key = (self.ask.version, "unit_norms", *([0] if self.ask.shuffled else []))
        norms: UnitNorms = shared.get(key, lambda: unit_norms(self.weight))
        return wire.smallest(np.argsort(-norms.l2, kind="stable"))

    @cached_property
    def layout(self) -> TileLayout:
        """How a tile is laid out, pooled where it would not fit into a page."""
        from weightwidgets.analysis.tile_layout import tile_layout

        layer, chosen = self.layer, self.ask.input_channel
        colored = layer.first and layer.kind == "conv2d" and layer.groups == 1 and self.shape[1] == 3
        return tile_layout(
            # A vector is a matrix of one column: each of its weights is a tile.
            self.shape,
            input_channel=chosen if self.is_convolution else None,
            depth_index=self.depth_index,
            image_shape=self.as_image,
            rgb=colored and chosen is None,
            max_values=(8 * PAGE_BYTES - 8 * _TILE_BYTES) // (8 * self._bytes_per_value + 1),
        )

    @property
    def page_size(self) -> int:
        """Tiles of one page, which depends on the layer and the question alone."""
        bits = self.layout.pixels * (8 * self._bytes_per_value + 1) + 8 * _TILE_BYTES
        return max(1, 8 * PAGE_BYTES // bits)

    @property
    def page_count(self) -> int:
        """Pages of the layer."""
        return -(-self.count // self.page_size)

    @property
    def max_pixels(self) -> tuple[int, int]:
        """The largest picture of a matrix: height and width."""
        return _WIDE_MATRIX_PIXELS if self._is_wide else _MATRIX_PIXELS

    def filters(self, start: int, stop: int) -> NDArray[np.int64]:
        """Give the filters at some displayed places."""
        stop = min(stop, self.count)
        return np.arange(start, stop) if self.order is None else self.order[start:stop].astype(np.int64)

    def place(self, filter_index: int) -> int:
        """Give the displayed place of a filter."""
        return filter_index if self.order is None else int(np.flatnonzero(self.order == filter_index)[0])

    @property
    def _is_wide(self) -> bool:
        dtype = self.layer.dtype
        return not dtype.is_floating_point or dtype.itemsize > 4

    @property
    def _bytes_per_value(self) -> int:
        # A level and the weight itself.
        return 9 if self._is_wide else 5
