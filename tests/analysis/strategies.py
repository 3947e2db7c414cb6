"""Weight tensors that hypothesis makes up: the ones that break histograms and moments."""

from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

Array = NDArray[Any]

SMALL_FLOATS = [torch.float16, torch.bfloat16] + [
    getattr(torch, name) for name in dir(torch) if name.startswith("float8_")
]
INTEGERS = [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.bool]

SIZES = st.integers(0, 60)


def floats(dtype: type[np.floating[Any]]) -> st.SearchStrategy[Array]:
    """Finite arrays over the whole range of `dtype`, denormals included."""
    elements = hnp.from_dtype(np.dtype(dtype), allow_nan=False, allow_infinity=False)
    return hnp.arrays(dtype, SIZES, elements=elements)


@st.composite
def grids(draw: st.DrawFn, dtype: type[np.floating[Any]] = np.float32) -> Array:
    """Few levels on an even grid, so that many weights lie exactly on an edge."""
    step = draw(st.sampled_from([0.1, 0.01, 0.3, 1 / 3, 1e-3, 0.125, 7.0]))
    levels = draw(hnp.arrays(np.int64, SIZES, elements=st.integers(-40, 40)))
    return (levels * step).astype(dtype)


@st.composite
def narrow(draw: st.DrawFn, dtype: type[np.floating[Any]] = np.float32) -> Array:
    """A few neighbours of one number, so that float32 (or float64) edges run out."""
    base = dtype(draw(st.sampled_from([1.0, 0.1, 3e-39, 1e-320, 65504.0, 1e30])))
    steps = draw(hnp.arrays(np.int64, SIZES, elements=st.integers(0, 300)))
    unit = np.int32 if dtype is np.float32 else np.int64
    neighbours: Array = (np.full(steps.shape, base).view(unit) + steps.astype(unit)).view(dtype)
    return neighbours


@st.composite
def bells(draw: st.DrawFn, dtype: type[np.floating[Any]] = np.float32) -> Array:
    """Normal weights, as layers have them."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    scale = draw(st.sampled_from([1e-30, 0.02, 1.0, 1e20]))
    return generator.normal(draw(st.sampled_from([0.0, 1.0, 100.0])) * scale, scale, draw(SIZES)).astype(
        dtype
    )


def arrays(dtype: type[np.floating[Any]] = np.float32) -> st.SearchStrategy[Array]:
    """Finite arrays of every sort above."""
    return st.one_of(floats(dtype), grids(dtype), narrow(dtype), bells(dtype))


SMALL_DTYPES = st.sampled_from(
    [torch.float16, torch.bfloat16, torch.int8, torch.uint8, torch.int32, torch.bool]
)


@st.composite
def small_tensors(draw: st.DrawFn) -> torch.Tensor:
    """Tensors of the dtypes whose histogram is that of their float64 values."""
    levels = draw(hnp.arrays(np.int64, SIZES, elements=st.integers(-60, 120)))
    dtype = draw(SMALL_DTYPES)
    scale = draw(st.sampled_from([1.0, 0.01, 100.0])) if dtype.is_floating_point else 1.0
    return (torch.from_numpy(levels) * scale).to(dtype)


@st.composite
def with_strays(draw: st.DrawFn, dtype: type[np.floating[Any]] = np.float32) -> Array:
    """Any array with NaN and infinities strewn in."""
    array = draw(arrays(dtype)).copy()
    strays = draw(st.lists(st.sampled_from([np.nan, np.inf, -np.inf]), max_size=8))
    return np.concatenate([array[: array.size // 2], np.array(strays, dtype), array[array.size // 2 :]])
