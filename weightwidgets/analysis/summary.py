"""One tensor in twenty numbers: its moments, its norms, its signs, and what is not finite in it."""

import math
from dataclasses import dataclass

from weightwidgets.analysis._moments import NEAR_ZERO, moments
from weightwidgets.analysis._values import Weight, in_any_order


@dataclass(frozen=True)
class Summary:
    """The statistics of the finite weights of one tensor, and how many weights are not finite.

    Attributes
    ----------
    numel : int
        All weights; ``numel == finite + nan + posinf + neginf``.
    finite : int
        The weights that everything below but the last three counts is about.
    mean, std, min, max, rms : float
        In weight units. `std` has the population divisor n (torch's default is n - 1); `rms` is the root of
        the mean square, so that ``rms**2 == mean**2 + std**2``. NaN where no weight is finite.
    skewness, kurtosis : float
        Without unit: the third central moment over std**3, and the fourth over std**4, minus 3 (excess: 0 for
        a normal distribution). NaN where all weights are equal.
    l1, l2, linf : float
        In weight units: the sum of magnitudes, the root of the sum of squares, the largest magnitude. 0 where
        no weight is finite.
    positive, negative, zero : float
        Shares of the finite weights, which add up to 1; zero counts both zeros. NaN where none is finite.
    near_zero : float
        The share of finite weights whose magnitude is at most `near_zero_threshold`, zeros included.
    near_zero_threshold : float
        A thousandth of `linf`, in weight units.
    nan, posinf, neginf : int
        Weights that are not finite.

    """

    numel: int
    finite: int
    mean: float
    std: float
    min: float
    max: float
    rms: float
    skewness: float
    kurtosis: float
    l1: float
    l2: float
    linf: float
    positive: float
    negative: float
    zero: float
    near_zero: float
    near_zero_threshold: float
    nan: int
    posinf: int
    neginf: int


def summary(weight: Weight) -> Summary:
    """Sum up a tensor.

    Parameters
    ----------
    weight : torch.Tensor or numpy.ndarray
        Any shape, dtype, layout and device.

    Returns
    -------
    Summary
        By the definitions of metrics.md, section 3, summed in float64 about the exact mean. Nothing overflows
        on the way: a number is infinite only where it exceeds float64 itself.

    Raises
    ------
    TypeError
        If `weight` is no tensor.
    ValueError
        If the tensor has no values to read.

    """
    numbers = in_any_order(weight)
    found = moments(numbers)
    sums, finite = found.sums, found.finite
    if finite == 0:
        return _nothing_finite(numbers.size, sums.nan, sums.posinf, sums.neginf)
    deviation = math.sqrt(found.variance)
    constant = sums.smallest == sums.largest
    # The magnitude of each: -0.0 is not what a norm of zeros is.
    linf = max(abs(sums.smallest), abs(sums.largest))
    root_mean_square = math.hypot(found.mean, deviation)
    return Summary(
        numel=numbers.size,
        finite=finite,
        mean=found.mean / found.scale,
        std=deviation / found.scale,
        min=sums.smallest,
        max=sums.largest,
        rms=root_mean_square / found.scale,
        skewness=math.nan if constant else found.third / deviation**3,
        kurtosis=math.nan if constant else found.fourth / deviation**4 - 3,
        l1=found.l1,
        l2=root_mean_square * math.sqrt(finite) / found.scale,
        linf=linf,
        positive=sums.positive / finite,
        negative=sums.negative / finite,
        zero=(finite - sums.positive - sums.negative) / finite,
        near_zero=found.near_zero / finite,
        near_zero_threshold=NEAR_ZERO * linf,
        nan=sums.nan,
        posinf=sums.posinf,
        neginf=sums.neginf,
    )


def _nothing_finite(numel: int, nan: int, posinf: int, neginf: int) -> Summary:
    moment = dict.fromkeys(("mean", "std", "min", "max", "rms", "skewness", "kurtosis"), math.nan)
    share = dict.fromkeys(("positive", "negative", "zero", "near_zero"), math.nan)
    norm = dict.fromkeys(("l1", "l2", "linf", "near_zero_threshold"), 0.0)
    return Summary(numel=numel, finite=0, nan=nan, posinf=posinf, neginf=neginf, **moment, **share, **norm)
