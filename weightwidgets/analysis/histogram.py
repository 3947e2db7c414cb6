"""The histogram of a weight tensor: equal bins, exact counts, nothing lost.

The counts are those of ``numpy.histogram`` wherever numpy answers (bins narrower than the smallest normal
number apart, where numpy's counts contradict its own edges), and there is an answer where numpy has none: NaN
and infinities are counted, a constant gets bins around it, and a range too wide or too narrow for its dtype
is divided all the same.
"""

import math
import operator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from weightwidgets.analysis._cells import count_cells
from weightwidgets.analysis._order import Order, quantiles, smallest
from weightwidgets.analysis._values import Weight, edge_dtype, finite_only, in_any_order, nearest

Edges = NDArray[np.floating[Any]]
"""float32 or float64."""
ValueRange = tuple[float, float] | Literal["full", "central"] | None
Rule = Literal["sqrt", "sturges", "fd"]

MAX_BINS = 4096
_RULES = ("sqrt", "sturges", "fd")
_MOST_BINS_OF_A_RULE = 512
CENTRAL = (0.0005, 0.9995)


@dataclass(frozen=True, eq=False)
class Histogram:
    """Counts of weights in bins of equal width.

    Always ``counts.sum() + below + above + nan + posinf + neginf == weight.numel()``.

    Attributes
    ----------
    counts : numpy.ndarray
        int64, shape ``(bins,)``: weights with ``bin_edges[i] <= w < bin_edges[i + 1]``; the last bin holds
        its right edge too.
    bin_edges : numpy.ndarray
        float32 or float64, shape ``(bins + 1,)``, in weight units.
    below, above : int
        Finite weights outside of the edges.
    nan, posinf, neginf : int
        Weights that are not finite.

    """

    counts: NDArray[np.int64]
    bin_edges: Edges
    below: int
    above: int
    nan: int
    posinf: int
    neginf: int


def histogram(weight: Weight, bins: int | Rule = 50, value_range: ValueRange = None) -> Histogram:
    """Count the weights in bins of equal width.

    Parameters
    ----------
    weight : torch.Tensor or numpy.ndarray
        Any shape, dtype, layout and device.
    bins : int or {"sqrt", "sturges", "fd"}
        1 to 4096, or the rule that chooses the number: see `bin_count`.
    value_range : None, "full", "central" or (float, float)
        None and "full": from the smallest to the largest finite weight. "central": the central 99.9 %, from
        the 0.0005 to the 0.9995 quantile. A pair of finite numbers, in order: in weight units, rounded to the
        dtype of the weights. A range of no width is widened to ``c ± max(0.5, |c| / 2)``, and where there is
        no finite weight the range is (0, 1).

    Returns
    -------
    Histogram
        The edges are those of `bin_edges`, in float32 for float32 weights, else in float64.

    Raises
    ------
    TypeError
        If `bins` is neither an integer nor a name, or `weight` no tensor.
    ValueError
        If `bins` is out of range or no rule, if `value_range` is none of the above, or if the tensor has no
        values to read.

    """
    numbers = in_any_order(weight)
    lo, hi = resolve_range(weight, numbers, value_range)
    if isinstance(bins, str):
        bins = _bins_in_range(numbers, bins, lo, hi)
    edges = bin_edges(lo, hi, check_bins(bins), edge_dtype(weight))
    # Equal edges stand only where float64 itself holds too few numbers: such a bin is empty.
    distinct, places = np.unique(edges, return_inverse=True)
    count = count_cells(numbers, distinct)
    ranks = np.concatenate(([0], np.cumsum(count.cells)))[places]
    return Histogram(np.diff(ranks), edges, count.below, count.above, count.nan, count.posinf, count.neginf)


def bin_count(weight: Weight, rule: str, value_range: ValueRange = None) -> int:
    """Give the number of bins that a rule chooses for the finite weights in a range.

    Parameters
    ----------
    weight : torch.Tensor or numpy.ndarray
        Any shape, dtype, layout and device.
    rule : {"sqrt", "sturges", "fd"}
        For n weights: "sqrt", the square root of n, rounded up; "sturges", 1 + log2(n), rounded up (Sturges,
        JASA 21, 1926); "fd", bins of width ``2 IQR n**(-1/3)`` (Freedman and Diaconis, Z. Wahrscheinlichkeit
        57, 1981).
    value_range : None, "full", "central" or (float, float)
        As for `histogram`.

    Returns
    -------
    int
        1 to 512: beyond that a rule tells more of n than of the weights. 1 where all weights are equal, and
        for "fd" where half of them are.

    Raises
    ------
    ValueError
        If there is no such rule, or no such range.

    """
    numbers = in_any_order(weight)
    return _bins_in_range(numbers, rule, *resolve_range(weight, numbers, value_range))


def bin_edges(lo: float, hi: float, bins: int, dtype: type[np.float32 | np.float64]) -> Edges:
    """Divide a range into bins of equal width.

    Parameters
    ----------
    lo, hi : float
        Finite, ``lo < hi``, in weight units.
    bins : int
        At least 1.
    dtype : type
        numpy.float32 or numpy.float64.

    Returns
    -------
    numpy.ndarray
        Shape ``(bins + 1,)``: ``numpy.linspace`` in `dtype`, as ``numpy.histogram`` has it, where that
        increases strictly. Where float32 cannot tell the edges apart, or overflows, they are float64; where
        float64 cannot either, some neighbours are equal and a bin between them has no width.

    """
    with np.errstate(all="ignore"):
        edges: Edges = np.linspace(dtype(lo), dtype(hi), bins + 1, dtype=dtype)
    if float(edges[-1]) == hi and (edges[:-1] < edges[1:]).all():
        return edges
    if dtype is np.float32:
        return bin_edges(lo, hi, bins, np.float64)
    # A quarter of the range cannot overflow; a range of a few denormals is divided where numbers are normal.
    scale = 0.25 if max(abs(lo), abs(hi)) > 1 else 2.0**1000
    edges = np.linspace(lo * scale, hi * scale, bins + 1) / scale
    edges[0], edges[-1] = lo, hi
    return edges


def check_bins(bins: int) -> int:
    """Give `bins` as an int, or say what is wrong with it."""
    if isinstance(bins, bool | np.bool_):
        raise TypeError(
            "bins must be an integer or one of " + ", ".join(map(repr, _RULES)) + ", not a boolean"
        )
    try:
        number = operator.index(bins)
    except TypeError:
        raise TypeError(
            f"bins must be an integer or one of {', '.join(map(repr, _RULES))}, not {type(bins).__name__}"
        ) from None
    if not 1 <= number <= MAX_BINS:
        raise ValueError(f"bins must be 1 to {MAX_BINS}, got {number}")
    return number


def resolve_range(weight: Weight, numbers: NDArray[Any], value_range: ValueRange) -> tuple[float, float]:
    """Give the bounds, ``lo < hi``, that a `value_range` means for `weight`, whose numbers are in hand."""
    if value_range is None:
        value_range = "full"
    if isinstance(value_range, str):
        lo, hi = named_range(numbers, value_range) or (0.0, 1.0)
    else:
        lo, hi = _given_range(value_range)
    lo, hi = nearest(weight, lo), nearest(weight, hi)
    if lo < hi:
        return lo, hi
    half = max(0.5, abs(lo) / 2)
    dtype = edge_dtype(weight)
    with np.errstate(over="ignore"):
        low, high = float(dtype(lo) - dtype(half)), float(dtype(lo) + dtype(half))
    if math.isfinite(low) and math.isfinite(high):
        return low, high
    largest = float(np.finfo(np.float64).max)
    return max(lo - half, -largest), min(lo + half, largest)


def named_range(numbers: NDArray[Any], name: str) -> tuple[float, float] | None:
    """Give the bounds, ``lo <= hi``, that "full" or "central" means for these numbers.

    Parameters
    ----------
    numbers : numpy.ndarray
        One dimension, float32 or float64, in weight units.
    name : {"full", "central"}
        From the smallest to the largest finite number, or the central 99.9 % of the finite numbers.

    Returns
    -------
    (float, float) or None
        None where no number is finite.

    Raises
    ------
    ValueError
        If there is no range of that name.

    """
    if name not in ("full", "central"):
        raise ValueError(f'value_range must be "full", "central" or (lo, hi), got {name!r}')
    if name == "full" and numbers.size:
        lo, hi = float(numbers.min()), float(numbers.max())
        if math.isfinite(lo) and math.isfinite(hi):
            return lo, hi
    finite = finite_only(numbers)
    if finite.size == 0:
        return None
    if name == "full":
        return float(finite.min()), float(finite.max())
    lo, hi = quantiles(lambda ranks: smallest(finite, ranks), finite.size, np.array(CENTRAL)).tolist()
    return lo, hi


def _given_range(value_range: tuple[float, float]) -> tuple[float, float]:
    try:
        lo, hi = (float(bound) for bound in value_range)
    except (TypeError, ValueError):
        raise ValueError(f'value_range must be "full", "central" or (lo, hi), got {value_range!r}') from None
    if not (math.isfinite(lo) and math.isfinite(hi) and lo <= hi):
        raise ValueError(f"value_range must be two finite numbers in order, got ({lo:g}, {hi:g})")
    return lo, hi


def bins_by_rule(rule: str, order: Order, size: int, lo: float, hi: float) -> int:
    """Apply a rule to the `size` weights in a range, given their order statistics: see `bin_count`."""
    if rule not in _RULES:
        raise ValueError(f"bins must be an integer or one of {', '.join(map(repr, _RULES))}, got {rule!r}")
    if size == 0:
        return 1
    smallest_one, largest_one = order(np.array([0, size - 1]))
    if smallest_one == largest_one:
        return 1
    if rule == "sqrt":
        bins = math.isqrt(size - 1) + 1
    elif rule == "sturges":
        bins = (size - 1).bit_length() + 1
    else:
        lower, upper = quantiles(order, size, np.array([0.25, 0.75])).tolist()
        half_iqr = upper / 2 - lower / 2
        ratio = (hi / 2 - lo / 2) / half_iqr * size ** (1 / 3) / 2 if half_iqr > 0 else 1.0
        bins = math.ceil(min(ratio, _MOST_BINS_OF_A_RULE))
    return min(bins, _MOST_BINS_OF_A_RULE)


def _bins_in_range(numbers: NDArray[Any], rule: str, lo: float, hi: float) -> int:
    finite = finite_only(numbers)
    inside = finite[(finite >= np.float64(lo)) & (finite <= np.float64(hi))]
    return bins_by_rule(rule, lambda ranks: smallest(inside, ranks), inside.size, lo, hi)
