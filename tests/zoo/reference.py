"""What each number should be, by its definition alone, in float64 numpy and nothing of the package.

Sums run in long double, whose further bits make cancellation harmless. Formulas: numpy's own documentation
for histograms and quantiles; the docstrings of `weightwidgets.analysis` for what numpy has no word for.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

NEAR_ZERO = 1e-3
_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
# The one base of all six.
Convolution = nn.modules.conv._ConvNd


def as_float64(tensor: torch.Tensor) -> Numbers:
    """Give the numbers of a tensor; those of complex ones by magnitude, of quantised ones as meant."""
    tensor = tensor.detach().dequantize() if tensor.is_quantized else tensor.detach()
    if tensor.is_complex():
        tensor = tensor.to(torch.complex128).abs()
    numbers: Numbers = tensor.to(torch.float64).numpy()
    return numbers


def is_convolution(module: nn.Module | None, attribute: str) -> bool:
    """Say whether the tensor is a convolution's kernel."""
    return isinstance(module, Convolution) and attribute == "weight"


def out_first(numbers: Numbers, module: nn.Module | None, attribute: str) -> Numbers:
    """Lay a weight out with a row for each output unit, by its module's class.

    Anything but a convolution becomes a matrix: a vector one column, a scalar 1 x 1, leading ones dropped.
    """
    if is_convolution(module, attribute) and isinstance(module, Convolution):
        if not isinstance(module, _TRANSPOSED):
            return numbers
        inner, outer = numbers.shape[0] // module.groups, numbers.shape[1]
        made = np.empty((outer * module.groups, inner, *numbers.shape[2:]))
        for group in range(module.groups):
            for out in range(outer):
                for place in range(inner):
                    made[group * outer + out, place] = numbers[group * inner + place, out]
        return made
    if attribute == "weight" and type(module).__name__ == "Conv1D":
        # A dense layer of the transformers library, which keeps it as (in, out).
        return numbers.T
    shape = list(numbers.shape)
    while len(shape) > 2 and shape[0] == 1:
        shape.pop(0)
    return numbers.reshape(shape[0], math.prod(shape[1:])) if shape else numbers.reshape(1, 1)


def summary(numbers: Numbers) -> dict[str, float]:
    """Give what `Summary` holds, by the name of its field."""
    flat = numbers.ravel()
    finite = flat[np.isfinite(flat)]
    strays = {
        "nan": np.isnan(flat).sum(),
        "posinf": np.isposinf(flat).sum(),
        "neginf": np.isneginf(flat).sum(),
    }
    wide = finite.astype(np.longdouble)
    size, magnitude = finite.size, np.abs(wide)
    mean = wide.sum() / size
    deviation = wide - mean
    variance = (deviation**2).sum() / size
    constant = finite.min() == finite.max()
    threshold = NEAR_ZERO * float(magnitude.max())
    shares = {
        "positive": finite > 0, "negative": finite < 0, "zero": finite == 0,
        "near_zero": np.abs(finite) <= threshold,
    }  # fmt: skip
    with np.errstate(invalid="ignore"):
        skewness = (deviation**3).sum() / size / variance ** np.longdouble(1.5)
        kurtosis = (deviation**4).sum() / size / variance**2 - 3
    found = {
        "numel": flat.size, "finite": size, "mean": mean, "std": np.sqrt(variance), "min": finite.min(),
        "max": finite.max(), "rms": np.sqrt((wide**2).sum() / size),
        "skewness": math.nan if constant else skewness, "kurtosis": math.nan if constant else kurtosis,
        "l1": magnitude.sum(), "l2": np.sqrt((wide**2).sum()), "linf": magnitude.max(),
        "near_zero_threshold": threshold, **{name: share.mean() for name, share in shares.items()}, **strays,
    }  # fmt: skip
    return {name: float(value) for name, value in found.items()}


def bounds(numbers: Numbers, dtype: torch.dtype) -> tuple[float, float]:
    """Give the range of a histogram: the ends of the finite weights, widened around a constant."""
    finite = numbers[np.isfinite(numbers)]
    low, high = float(finite.min()), float(finite.max())
    if low < high:
        return low, high
    single = np.float32 if dtype == torch.float32 else np.float64
    half = single(max(0.5, abs(low) / 2))
    return float(single(low) - half), float(single(low) + half)


def histogram(numbers: Numbers, dtype: torch.dtype, bins: int, ends: tuple[float, float]) -> tuple[Any, Any]:
    """Count with ``numpy.histogram``, in float32 where the weights are and its edges can be told apart."""
    finite = numbers[np.isfinite(numbers)]
    if dtype == torch.float32:
        low, high = np.float32(ends[0]), np.float32(ends[1])
        with np.errstate(all="ignore"):
            edges = np.linspace(low, high, bins + 1, dtype=np.float32)
        if (edges[:-1] < edges[1:]).all():
            return np.histogram(finite.astype(np.float32), bins, (low, high))  # type: ignore[arg-type]
    return np.histogram(finite, bins, ends)


def rows(numbers: Numbers) -> dict[str, Numbers]:
    """Give the norms of each output unit; what is not finite counts as 0."""
    wide = np.where(np.isfinite(numbers), numbers, 0).reshape(len(numbers), -1).astype(np.longdouble)
    magnitude = np.abs(wide)
    l2 = np.sqrt((wide**2).sum(axis=1))
    found = {"l1": magnitude.sum(axis=1), "l2": l2, "linf": magnitude.max(axis=1)}
    return {name: norms.astype(np.float64) for name, norms in found.items()}


def shown_norms(numbers: Numbers) -> Numbers:
    """Give the L2 norms that views show: NaN, which is none, for a unit without a finite weight."""
    finite = np.isfinite(numbers).reshape(len(numbers), -1).any(axis=1)
    return np.where(finite, rows(numbers)["l2"], np.nan)


def spectral(numbers: Numbers) -> float:
    """Give the largest singular value of the matrix of output units."""
    matrix = np.where(np.isfinite(numbers), numbers, 0).reshape(len(numbers), -1)
    return float(np.linalg.svd(matrix, compute_uv=False)[0])


def extreme(block: Numbers, place: tuple[int, int]) -> float:
    """Give the weight of largest magnitude, sign kept; between equals the sum decides, or the place."""
    if np.isnan(block).any():
        return math.nan
    high, low = float(block.max()), float(block.min())
    if high == -low:
        with np.errstate(invalid="ignore"):
            total = float(block.sum())
        turn = sum(place) % 2 == 1
        return low if (turn if total == 0 or math.isnan(total) else total < 0) else high
    return low if -low > high else high


def pooled(matrix: Numbers, block_rows: int, block_cols: int) -> Numbers:
    """Pool a matrix by `extreme`, block by block."""
    down, across = -(-matrix.shape[0] // block_rows), -(-matrix.shape[1] // block_cols)
    made = np.empty((down, across))
    for row in range(down):
        for col in range(across):
            part = matrix[
                row * block_rows : (row + 1) * block_rows, col * block_cols : (col + 1) * block_cols
            ]
            made[row, col] = extreme(part, (row, col))
    return made


def tiles(weight: Numbers, module: nn.Module | None, attribute: str) -> Numbers:
    """Lay each filter out: kernels one after the other, slices of 3-d ones too, three channels as colours."""
    count = len(weight)
    if not is_convolution(module, attribute):
        return weight.reshape(count, 1, 1, weight.shape[1])
    if weight.ndim == 3:
        return weight[:, None]
    if weight.ndim == 4 and weight.shape[1] == 3:
        return np.stack([weight[:, 0], weight[:, 1], weight[:, 2]], axis=-1)[:, None]
    return weight.reshape(count, -1, *weight.shape[-2:])


def levels(values: Numbers, limit: Numbers) -> Numbers:
    """Give each weight its entry in the colour table: 128 for zero, 1 and 255 at the limit."""
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(limit > 0, values / limit, 0.0)
        found: Numbers = 128 + np.rint(127 * np.clip(share, -1, 1))
    return np.where(np.isnan(values), 128, found)
