"""Every analysis of one layer against `reference`: a table of checks by the module that they check."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch

from weightwidgets import analysis
from weightwidgets.analysis import matrix_tiles
from weightwidgets.analysis.filter_grid import extent
from weightwidgets.analysis.histogram import bin_count
from weightwidgets.analysis.matrix_picture import matrix_mask, matrix_picture
from weightwidgets.analysis.mosaic import mosaic
from weightwidgets.analysis.part import counts_between
from weightwidgets.analysis.robust_limit import robust_limit
from weightwidgets.analysis.selection import in_range
from weightwidgets.analysis.strongest import strongest as find_strongest

from . import reference

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from weightwidgets.layer import Layer

    from .reference import Numbers
    from .tally import Tally

BINS = (1, 2, 7, 50, 256)
_QUANTILES = np.array([0, 0.0005, 0.1, 0.25, 0.5, 0.777, 1])
_ROOM = (8, 12)


@dataclass
class Subject:
    """A layer, and what it should hold: the numbers in torch's layout, and whose attribute they are."""

    layer: Layer
    numbers: Numbers
    module: nn.Module | None
    attribute: str
    dtype: torch.dtype = field(init=False)

    def __post_init__(self) -> None:
        self.dtype = self.layer.weight.dtype

    @cached_property
    def out_first(self) -> Numbers:
        """A row for each output unit."""
        return reference.out_first(self.numbers, self.module, self.attribute)

    @cached_property
    def matrix(self) -> Numbers:
        """The same with all that belongs to a unit in one row."""
        return self.out_first.reshape(len(self.out_first), -1)

    @cached_property
    def summary(self) -> dict[str, float]:
        """The reference's statistics."""
        return reference.summary(self.numbers)

    @cached_property
    def bounds(self) -> tuple[float, float]:
        """The range of its histogram."""
        return reference.bounds(self.numbers, self.dtype)

    @cached_property
    def finite(self) -> Numbers:
        """The finite numbers, sorted."""
        return np.sort(self.numbers[np.isfinite(self.numbers)])


def summary(tally: Tally, subject: Subject) -> None:
    found = analysis.summary(subject.layer.weight)
    units = {"mean": subject.summary["rms"], "skewness": 1.0, "kurtosis": 1.0}
    for name, expected in subject.summary.items():
        tally.near(name, getattr(found, name), expected, units.get(name))


def histogram(tally: Tally, subject: Subject) -> None:
    weight, (low, high) = subject.layer.weight, subject.bounds
    # A given bound is rounded to the dtype of the weights.
    quarters = torch.tensor([low + (high - low) * share for share in (0.25, 0.5)], dtype=torch.float64)
    first, last = quarters.to(_real(subject)).to(torch.float64).tolist()
    middle = (first, last)
    for bins in BINS:
        found = analysis.histogram(weight, bins)
        counts, edges = reference.histogram(subject.numbers, subject.dtype, bins, subject.bounds)
        tally.same(f"counts of {bins} bins", found.counts, counts)
        tally.same(f"edges of {bins} bins", found.bin_edges, edges)
        tally.same("strays", (found.nan, found.posinf, found.neginf), _strays(subject))
    if middle[0] < middle[1]:
        found = analysis.histogram(weight, 20, middle)
        counts, edges = reference.histogram(subject.numbers, subject.dtype, 20, middle)
        tally.same("counts of a part", found.counts, counts)
        beyond = ((subject.finite < middle[0]).sum(), (subject.finite > middle[1]).sum())
        tally.same("beyond a part", (found.below, found.above), beyond)
    size = subject.finite.size
    if low < high and subject.summary["std"] > 0:
        tally.same("square root rule", bin_count(weight, "sqrt"), min(512, int(np.ceil(np.sqrt(size)))))
        tally.same("Sturges' rule", bin_count(weight, "sturges"), int(np.ceil(np.log2(size))) + 1)
        lower, upper = np.quantile(subject.finite, [0.25, 0.75])
        ratio = (high - low) / (2 * (upper - lower) * size ** (-1 / 3)) if upper > lower else 1.0
        # Rounded up: just below a whole number and just above it are two bins.
        rule = bin_count(weight, "fd")
        tally.true("Freedman and Diaconis' rule", min(512, ratio) - 1e-9 <= rule < min(512, ratio) + 1 + 1e-9)


def histogram_table(tally: Tally, subject: Subject) -> None:
    weight = subject.layer.weight
    table = analysis.histogram_table(weight)
    row = subject.layer.out_first[0]
    cells = table.cell_of(row)
    tally.same("weights of the table", table.numel, subject.numbers.size)
    for bins in BINS:
        counts, edges = reference.histogram(subject.numbers, subject.dtype, bins, subject.bounds)
        tally.same(f"counts of {bins} bins", table.counts(bins), counts)
        tally.near(f"edges of {bins} bins", table.bin_edges(bins), edges, np.abs(subject.bounds).max())
        one = reference.histogram(subject.out_first[0], subject.dtype, bins, subject.bounds)[0]
        placed = np.bincount(cells[cells < table.cells.size], minlength=table.cells.size)
        before = np.concatenate(([0], np.cumsum(placed)))
        start = (bins - 1) * (bins + 2) // 2
        ranks = table.edge_ranks[start : start + bins + 1]
        tally.same(f"a filter's counts of {bins} bins", np.diff(before[ranks]), one)


def distribution(tally: Tally, subject: Subject) -> None:
    found = analysis.distribution(subject.layer.weight)
    for bins in (50, 1000):
        drawn = found.histogram(bins)
        counts, edges = reference.histogram(subject.numbers, subject.dtype, bins, subject.bounds)
        tally.same(f"counts of {bins} bins", drawn.counts, counts)
        tally.same(f"edges of {bins} bins", drawn.bin_edges, edges)
    tally.near("quantiles", found.quantile(_QUANTILES), np.quantile(subject.finite, _QUANTILES))
    magnitudes = np.abs(subject.finite)
    thresholds = np.array([0, *np.quantile(magnitudes, [0.3, 0.9]), magnitudes[0], magnitudes.max(), 1e30])
    shares = [(magnitudes < threshold).mean() for threshold in thresholds]
    tally.near("shares below", found.share_below(thresholds), shares)


def norms(tally: Tally, subject: Subject) -> None:
    weight = subject.layer.out_first
    both = (analysis.norms(weight), analysis.unit_norms(weight))
    for name, expected in reference.rows(subject.out_first).items():
        for found in both:
            tally.near(f"{name} of each unit", getattr(found, name), expected)
    tally.same("left out", [found.non_finite for found in both], 2 * [sum(_strays(subject))])
    tally.near("Frobenius norm", both[0].frobenius, subject.summary["l2"])
    tally.near("spectral norm", both[0].spectral, reference.spectral(subject.out_first))


def filter_grid(tally: Tally, subject: Subject) -> None:
    expected = reference.tiles(subject.out_first, subject.module, subject.attribute)
    finite = np.where(np.isfinite(subject.matrix), subject.matrix, 0)
    peaks = np.abs(finite).max(axis=1)
    everywhere = np.full_like(peaks, peaks.max())
    across = (slice(None), *(None,) * (expected.ndim - 1))
    found = extent(subject.layer.out_first)
    tally.same("extent", (found.low, found.high), (subject.finite[0], subject.finite[-1]))
    for scope, limit in (("filter", peaks), ("layer", everywhere)):
        grid = analysis.filter_grid(subject.layer.out_first, color_scope=scope)  # type: ignore[arg-type]
        tally.same("tiles", grid.values, expected)
        tally.same(f"limits by {scope}", grid.limits, np.stack([-limit, limit], axis=1))
        tally.same(f"levels by {scope}", grid.levels, reference.levels(expected, limit[across]))
        tally.same("flags", grid.flags > 0, ~np.isfinite(expected))
    _stretched(tally, subject, expected)


def _stretched(tally: Tally, subject: Subject, expected: Numbers) -> None:
    grid = analysis.filter_grid(subject.layer.out_first, color_scope="minmax")
    known = np.isfinite(subject.matrix).all(axis=1)
    low, high = subject.matrix.min(axis=1), subject.matrix.max(axis=1)
    known &= low < high
    tally.same("ends of each filter", grid.limits[known], np.stack([low, high], axis=1)[known])
    across = (slice(None), *(None,) * (expected.ndim - 1))
    steps = 255 if expected.ndim == 5 else 256
    with np.errstate(all="ignore"):
        share = steps * ((expected - low[across]) / (high - low)[across])
    # It is cut down in the dtype of the weights, as matplotlib does: at a whole number either level is right.
    fine = np.abs(grid.levels - np.clip(share, 0, 255)) <= 1 + 1e-3
    tally.true("a level within its step", fine[known].all())


def strongest(tally: Tally, subject: Subject) -> None:
    for index in sorted({0, len(subject.out_first) - 1}):
        row = subject.out_first[index]
        found = find_strongest(subject.layer.out_first[index], 5)
        for sign, values, places in (
            (1, found.exciting, found.exciting_places),
            (-1, found.inhibiting, found.inhibiting_places),
        ):
            signed = np.where(np.isfinite(row), sign * row, 0).ravel()
            order = np.argsort(-signed, kind="stable")[:5]
            order = order[signed[order] > 0]
            tally.same("strongest weights", values, sign * signed[order])
            tally.same(
                "places of the strongest", places, np.stack(np.unravel_index(order, row.shape), axis=1)
            )


def picture(tally: Tally, subject: Subject) -> None:
    weight = subject.layer.out_first
    found = matrix_picture(weight, *_ROOM)
    blocks = tuple(-(-size // room) for size, room in zip(subject.matrix.shape, _ROOM, strict=True))
    tally.same("blocks", (found.block_rows, found.block_cols), blocks)
    tally.same("pooled weights", found.values, reference.pooled(subject.matrix, *blocks))
    low, high = subject.bounds
    chosen = (low, (low + high) / 2)
    inside = (subject.matrix >= chosen[0]) & (subject.matrix < chosen[1])
    lit = reference.pooled(inside.astype(np.float64), *blocks) > 0
    tally.same("lit pixels", matrix_mask(weight, chosen, high, *_ROOM), lit)


def tiles(tally: Tally, subject: Subject) -> None:
    """Check the base of a deep zoom, the pictures made of it, and those made of the weights."""
    weight, matrix, block = subject.layer.out_first, subject.matrix, (2, 4)
    if weight.ndim != 2:
        return
    base = matrix_tiles.matrix_base(weight, block)
    with np.errstate(invalid="ignore"):
        sums = [
            [matrix[row : row + 2, col : col + 4].sum() for col in range(0, matrix.shape[1], 4)]
            for row in range(0, matrix.shape[0], 2)
        ]
    tally.near("sums of blocks", base.total, sums, subject.summary["l1"])
    whole = slice(0, 4), slice(0, 8)
    part = matrix[: 4 * 4, : 8 * 8]
    expected = reference.pooled(part, 4, 8)
    tally.same("pixels of the base", matrix_tiles.pool_base(base, *whole, (4, 8), "extreme"), expected)
    found = matrix_tiles.pool_part(weight, slice(0, 16), slice(0, 64), (4, 8), "extreme")
    tally.same("pixels of the weights", found, expected)
    plain = matrix_tiles.pool_part(weight, slice(0, 16), slice(0, 64), (1, 1), "mean")
    tally.same("the weights themselves", plain, part)
    tally.near("norms of rows", matrix_tiles.row_norms(weight), reference.rows(matrix)["l2"])


def whole_mosaic(tally: Tally, subject: Subject) -> None:
    found = mosaic(subject.layer.out_first, 64)
    shown, weight = found.values[~found.gaps], subject.out_first
    if weight.ndim > 2 and found.block == "1 weight" and weight[0, 0].size > 1:
        tally.same("weights of all kernels", np.sort(shown), np.sort(weight, axis=None))
        kernel = weight[0, 0].reshape(-1, weight.shape[-2] if weight.ndim > 3 else 1, weight.shape[-1])
        drawn = np.concatenate(list(kernel), axis=1)
        tally.same("the first kernel", found.values[: drawn.shape[0], : drawn.shape[1]], drawn)
        return
    sizes = [int(size) for size in re.findall(r"\d+", found.block)]
    down, across = sizes if len(sizes) == 2 else (1, 1)
    size = weight[0, 0].size
    tally.same("pooled weights", shown, reference.pooled(subject.matrix, down, across * size).ravel())


def selection(tally: Tally, subject: Subject) -> None:
    weight, (low, high) = subject.layer.weight, subject.bounds
    middle = (low + high) / 2
    lower = (subject.numbers >= low) & (subject.numbers < middle)
    tally.same("the lower half", in_range(weight, (low, middle), high), lower)
    upper = (subject.numbers >= middle) & (subject.numbers <= high)
    tally.same("the upper half", in_range(weight, (middle, high), high), upper)


def part(tally: Tally, subject: Subject) -> None:
    _, edges = reference.histogram(subject.numbers, subject.dtype, 50, subject.bounds)
    one = reference.histogram(subject.out_first[-1], subject.dtype, 50, subject.bounds)[0]
    tally.same("a filter in the bins of all", counts_between(subject.layer.out_first[-1], edges), one)


def robust(tally: Tally, subject: Subject) -> None:
    magnitudes = np.sort(np.abs(subject.finite[subject.finite != 0]))
    for per_mille in (500, 999, 1000):
        limit = magnitudes[-(-magnitudes.size * per_mille // 1000) - 1] if magnitudes.size else 0.0
        found = robust_limit(subject.layer.out_first, per_mille)
        tally.same("robust limit", found, (limit, (magnitudes > limit).sum()))


def shuffle(tally: Tally, subject: Subject) -> None:
    mixed = analysis.shuffled(subject.layer.weight, 3)
    numbers = reference.as_float64(mixed)
    tally.same("shape", mixed.shape, subject.layer.weight.shape)
    tally.same("the weights in order", np.sort(numbers, axis=None), np.sort(subject.numbers, axis=None))
    finite = subject.finite
    if finite.size > 20 and np.unique(finite).size > 10:
        tally.true("another order", (numbers != subject.numbers).any())


def _strays(subject: Subject) -> tuple[int, ...]:
    return tuple(int(subject.summary[name]) for name in ("nan", "posinf", "neginf"))


def _real(subject: Subject) -> torch.dtype:
    return subject.dtype if subject.dtype.is_floating_point else torch.float64


# By the public modules of `weightwidgets.analysis`; `None` where the walk of a whole model checks it.
ANALYSES: dict[str, Callable[[Tally, Subject], None] | None] = {
    "summary": summary,
    "histogram": histogram,
    "histogram_table": histogram_table,
    "distribution": distribution,
    "norms": norms,
    "filter_grid": filter_grid,
    # The geometry of the tiles that `filter_grid` arranges.
    "tile_layout": None,
    "strongest": strongest,
    "matrix_picture": picture,
    "matrix_tiles": tiles,
    "mosaic": whole_mosaic,
    "selection": selection,
    "part": part,
    "shuffle": shuffle,
    "heads": None,
    "gates": None,
    "channels": None,
    "similarity": None,
    "robust_limit": robust,
}
