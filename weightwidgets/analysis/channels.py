"""The scale and the shift of each channel of a norm, and the channels that a small scale switches off."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from weightwidgets.analysis._values import Weight, values, widened

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Channels:
    """A norm, channel by channel.

    Attributes
    ----------
    scale : numpy.ndarray
        float64, shape ``(channels,)``: the weight of the norm.
    shift, running_mean, running_var : numpy.ndarray or None
        float64, the same shape; None where the norm has none. The variance is in squared units of the norm's
        input, the mean in its units.
    order : numpy.ndarray
        int64, shape ``(channels,)``: the channels by rising magnitude of their scale, equal ones by index,
        NaN last.
    median : float
        The median magnitude of the finite scales, in weight units; NaN where none is finite.
    limit : float
        ``threshold * median``.
    near_zero : numpy.ndarray
        int64: the channels with ``abs(scale) <= limit``, by index.
    non_finite : int
        NaN and infinite numbers in the scale and the shift.

    """

    scale: Numbers
    shift: Numbers | None
    running_mean: Numbers | None
    running_var: Numbers | None
    order: NDArray[np.int64]
    median: float
    limit: float
    near_zero: NDArray[np.int64]
    non_finite: int


def channels(
    scale: Weight,
    shift: Weight | None = None,
    running_mean: Weight | None = None,
    running_var: Weight | None = None,
    threshold: float = 0.1,
) -> Channels:
    """Look at a norm channel by channel.

    Parameters
    ----------
    scale : torch.Tensor or numpy.ndarray
        The norm's weight, any shape; it is read as one row of channels.
    shift, running_mean, running_var : torch.Tensor or numpy.ndarray, optional
        The norm's bias and its running statistics, with as many elements.
    threshold : float
        A channel is near zero where the magnitude of its scale is at most this share of the median magnitude.
        By scales near zero channels are pruned in network slimming (Liu et al., 2017); a share of the median
        needs no knowledge of how the network was trained.

    Raises
    ------
    ValueError
        If `threshold` is not within 0 to 1, sizes differ, or a tensor has no values to read.

    """
    if not 0 <= threshold <= 1:
        raise ValueError(f"threshold must be 0 to 1, got {threshold}")
    row = _row(scale)
    shifts, means, variances = (_beside(row, other) for other in (shift, running_mean, running_var))
    magnitude = np.abs(row)
    finite = magnitude[np.isfinite(magnitude)]
    median = float(np.median(finite)) if finite.size else float("nan")
    limit = threshold * median
    strays = row if shifts is None else np.concatenate([row, shifts])
    return Channels(
        scale=row,
        shift=shifts,
        running_mean=means,
        running_var=variances,
        order=np.argsort(magnitude, kind="stable"),
        median=median,
        limit=limit,
        # Nothing compares with NaN, neither a scale nor a limit.
        near_zero=np.flatnonzero(magnitude <= limit),
        non_finite=int(np.count_nonzero(~np.isfinite(strays))),
    )


def _beside(scale: Numbers, other: Weight | None) -> Numbers | None:
    if other is None:
        return None
    row = _row(other)
    if row.size != scale.size:
        raise ValueError(f"a norm of {scale.size} channels cannot have {row.size} numbers for them")
    return row


def _row(numbers: Weight) -> Numbers:
    return widened(values(numbers)).reshape(-1)
