"""Filters as small pictures: each weight with the level (0 to 255) of the colour table that stands for it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from weightwidgets.analysis._rows import made_plain, rows_of
from weightwidgets.analysis._values import Weight
from weightwidgets.analysis.tile_layout import TileLayout, tile_layout

ColorScope = Literal["filter", "layer", "minmax"]

ZERO_LEVEL = 128
NOT_A_NUMBER, POSITIVE_INFINITY, NEGATIVE_INFINITY = 1, 2, 3
_STRIP = 1_000_000


@dataclass(frozen=True)
class FilterGrid:
    """Tiles of some filters.

    Attributes
    ----------
    values : numpy.ndarray
        The weights themselves, shape (n, cells, height, width), with a last dimension of 3 where the tile is
        in true colour. float32, or float64 for float64 and integer weights; weight units.
    levels : numpy.ndarray
        uint8, the same shape: the entry of a 256-step colour table, or the red, green and blue itself.
    flags : numpy.ndarray
        uint8, the same shape: 0 for a finite weight, 1 for NaN, 2 for +inf, 3 for -inf.
    limits : numpy.ndarray
        float64, shape (n, 2): the weights, in weight units, at the two ends of each filter's scale.
    filters : numpy.ndarray
        int64, shape (n,): rows of the out-first weight.
    layout : TileLayout
        What a tile's cells and pixels are.

    """

    values: NDArray[np.floating]
    levels: NDArray[np.uint8]
    flags: NDArray[np.uint8]
    limits: NDArray[np.float64]
    filters: NDArray[np.int64]
    layout: TileLayout


@dataclass(frozen=True)
class Extent:
    """The smallest and the largest finite weight of a layer (0 and 0 where there is none), in weight units.

    Attributes
    ----------
    low, high : float
        The ends.
    non_finite : int
        NaN and infinite weights.

    """

    low: float
    high: float
    non_finite: int

    @property
    def limit(self) -> float:
        """The largest finite magnitude."""
        return max(abs(self.low), abs(self.high))


def filter_grid(
    weight: Weight,
    filters: Sequence[int] | None = None,
    input_channel: int | None = None,
    color_scope: ColorScope = "filter",
    image_shape: tuple[int, ...] | None = None,
    rgb: bool | None = None,
    limit: float | None = None,
    layout: TileLayout | None = None,
) -> FilterGrid:
    """Make the tiles of some filters of a layer.

    Parameters
    ----------
    weight : torch.Tensor or numpy.ndarray
        Out-first: (out_channels, in_channels // groups, *kernel_size), (out_features, in_features), or any
        other shape whose first dimension counts the units. A 0-d weight is one filter of one weight.
    filters : sequence of int, optional
        Rows of `weight`; by default all of them.
    input_channel : int, optional
        Show one input channel; by default all of them, side by side in each tile.
    color_scope : {"filter", "layer", "minmax"}
        "filter" and "layer": symmetric about zero, which is level 128 exactly; a weight `w` has level
        ``128 + round(127 * (w / limit))``, clipped to 1..255, where limit is the largest finite ``abs(w)`` of
        the filter (all its input channels) or of the layer. With limit 0 all levels are 128. "minmax": from
        the filter's minimum to its maximum, which moves zero; level for level what matplotlib's ``imshow``
        draws of ``(w - min) / (max - min)``: ``trunc(255 * x)`` in true colour and the table entry
        ``trunc(256 * x)``, at most 255, else. A constant filter is 128.
    image_shape : (h, w) or (3, h, w), optional
        Show each row of a matrix as a gray or a red-green-blue picture.
    rgb : bool, optional
        Whether three input channels are shown as red, green and blue; by default yes for (out, 3, kH, kW).
    limit : float, optional
        In scope "layer", the limit to use instead of the layer's own (weight units), so that two layers can
        share one scale.
    layout : TileLayout, optional
        How a tile is laid out, as from `tile_layout`, which can also pool large tiles (each pixel is then
        the weight of largest magnitude of its block, sign kept, NaN if the block holds one) or show one slice
        of 3-d kernels. It takes the place of `input_channel`, `image_shape` and `rgb`.

    Returns
    -------
    FilterGrid
        NaN has level 128; +inf and -inf have the level of the upper and lower end. Limits are taken from all
        finite weights of all input channels and slices, before any pooling; they are 0 where there are none.

    Raises
    ------
    IndexError
        If a filter does not exist.
    ValueError
        If `input_channel`, `image_shape`, `rgb` or `color_scope` does not fit, one of the first three is
        given beside `layout`, or the weight has no values.

    Notes
    -----
    Zero at mid-grey in true colour, ``w -> 0.5 + w / (2 max|w|)``, is the usual affine display of first-layer
    filters; a scale that is symmetric about zero keeps the sign of every weight visible.

    """
    if color_scope not in ("filter", "layer", "minmax"):
        raise ValueError(f'color_scope must be "filter", "layer" or "minmax"; got {color_scope!r}')
    weight = made_plain(weight)
    weight = weight.reshape(1) if weight.ndim == 0 else weight
    chosen = _chosen(filters, weight.shape[0])
    if layout is None:
        layout = tile_layout(
            tuple(weight.shape), input_channel=input_channel, image_shape=image_shape, rgb=rgb
        )
    elif (input_channel, image_shape, rgb) != (None, None, None):
        raise ValueError("give either layout or input_channel, image_shape and rgb")
    numbers = rows_of(weight, chosen)
    limits = _limits(numbers, color_scope)
    if color_scope == "layer":
        bound = extent(weight).limit if limit is None else float(limit)
        limits = np.broadcast_to(np.array([-bound, bound]), limits.shape).copy()
    values = np.ascontiguousarray(layout.arrange(numbers))
    spread = limits.reshape(-1, 2, *[1] * (values.ndim - 1))
    if color_scope == "minmax":
        levels = _stretched(values, spread[:, 0], spread[:, 1], 255 if layout.depth == 3 else 256)
    else:
        levels = symmetric_levels(values, spread[:, 1])
    return FilterGrid(values, levels, flags_of(values), limits, chosen, layout)


def symmetric_levels(values: NDArray[np.floating], limit: NDArray[np.float64] | float) -> NDArray[np.uint8]:
    """Give each weight its level on a scale from -limit (1) over zero (128) to limit (255).

    Parameters
    ----------
    values : numpy.ndarray
        Weights, any shape.
    limit : float or numpy.ndarray
        At least 0, broadcast against `values`; weights beyond it are clipped. With 0 all levels are 128.

    """
    limit = np.asarray(limit, dtype=np.float64)
    share = np.divide(values, limit, out=np.zeros(values.shape), where=(limit > 0) & ~np.isnan(values))
    levels: NDArray[np.uint8] = (ZERO_LEVEL + np.rint(127 * np.clip(share, -1, 1))).astype(np.uint8)
    return levels


def flags_of(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Give 0 for each finite weight, 1 for NaN, 2 for +inf, 3 for -inf."""
    flags = np.zeros(values.shape, np.uint8)
    flags[np.isnan(values)] = NOT_A_NUMBER
    flags[np.isposinf(values)] = POSITIVE_INFINITY
    flags[np.isneginf(values)] = NEGATIVE_INFINITY
    return flags


def extent(weight: Weight) -> Extent:
    """Find the ends of all finite weights of a layer in one pass, and count the others.

    Parameters
    ----------
    weight : torch.Tensor or numpy.ndarray
        At least one dimension.

    """
    weight = made_plain(weight)
    low, high, strays = np.inf, -np.inf, 0
    # Strips stay in the processor's cache, and no copy of a whole 16-bit layer is made.
    step = max(1, _STRIP // max(1, math.prod(weight.shape[1:])))
    for start in range(0, weight.shape[0], step):
        numbers = rows_of(weight, slice(start, start + step))
        least, most = float(numbers.min(initial=np.inf)), float(numbers.max(initial=-np.inf))
        # One infinity or NaN shows in one of the two; an empty strip looks the same and is rare.
        if not (np.isfinite(least) and np.isfinite(most)):
            finite = np.isfinite(numbers)
            strays += int(finite.size - np.count_nonzero(finite))
            least = float(numbers.min(initial=np.inf, where=finite))
            most = float(numbers.max(initial=-np.inf, where=finite))
        low, high = min(low, least), max(high, most)
    return Extent(0.0, 0.0, strays) if low > high else Extent(low, high, strays)


def _chosen(filters: Sequence[int] | None, count: int) -> NDArray[np.int64]:
    if filters is None:
        return np.arange(count)
    chosen = np.array([int(index) for index in filters], dtype=np.int64)
    wrong = chosen[(chosen < 0) | (chosen >= count)]
    if wrong.size:
        raise IndexError(f"filter {wrong[0]} does not exist: this weight has filters 0 to {count - 1}")
    return chosen


def _limits(numbers: NDArray[np.floating], color_scope: ColorScope) -> NDArray[np.float64]:
    flat = numbers.reshape(len(numbers), -1)
    finite = np.isfinite(flat)
    low = flat.min(axis=1, initial=np.inf, where=finite)
    high = flat.max(axis=1, initial=-np.inf, where=finite)
    limits = np.stack([low, high], axis=1).astype(np.float64)
    limits[np.isinf(limits).any(axis=1)] = 0
    if color_scope == "minmax":
        return limits
    peak = np.abs(limits).max(axis=1)
    return np.stack([-peak, peak], axis=1)


def _stretched(
    values: NDArray[np.floating], low: NDArray[np.float64], high: NDArray[np.float64], steps: int
) -> NDArray[np.uint8]:
    dtype = values.dtype
    low, high = low.astype(dtype), high.astype(dtype)
    # Halves, so that the whole range of a dtype has a finite span; exact but for the smallest of numbers.
    scale = dtype.type(0.5 if np.isinf(_span(low, high)).any() else 1)
    span = high * scale - low * scale
    known = np.isfinite(values) & (span > 0)
    share = np.divide(values * scale - low * scale, span, out=np.zeros_like(values), where=known)
    levels = np.minimum((share * dtype.type(steps)).astype(np.int16), 255)
    levels = np.where(span > 0, levels, ZERO_LEVEL)
    levels = np.where(np.isnan(values), ZERO_LEVEL, levels)
    return np.where(np.isposinf(values), 255, np.where(np.isneginf(values), 0, levels)).astype(np.uint8)


def _span(low: NDArray[np.floating], high: NDArray[np.floating]) -> NDArray[np.floating]:
    with np.errstate(over="ignore"):
        return np.asarray(high - low)
