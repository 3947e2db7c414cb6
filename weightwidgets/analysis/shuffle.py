"""The same weights in random places: what is left of a picture when its structure is gone."""

from typing import Any, overload

import numpy as np
import torch
from numpy.typing import NDArray

from weightwidgets.analysis._values import Weight
from weightwidgets.plain import ON_META, plain

_INTEGER_OF_SIZE = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


@overload
def shuffled(weight: torch.Tensor, seed: int = 0) -> torch.Tensor: ...
@overload
def shuffled(weight: NDArray[Any], seed: int = 0) -> NDArray[Any]: ...
def shuffled(weight: Weight, seed: int = 0) -> Weight:
    """Permute the weights of a tensor over all of its places.

    The distribution stays, and every norm of the whole; whoever sees a difference sees structure.

    Parameters
    ----------
    weight : torch.Tensor or numpy.ndarray
        Any shape and dtype. It is not changed.
    seed : int
        Not negative. One seed and one number of weights give one permutation, whatever the dtype; no random
        number generator but its own is used.

    Returns
    -------
    torch.Tensor or numpy.ndarray
        A new tensor, detached, dense and, where it was packed or quantised, made plain, or a new array:
        shape, dtype and device as they were, every weight in it once, bit for bit.

    Raises
    ------
    TypeError
        If `weight` is no tensor.
    ValueError
        If the tensor has no values to permute, or `seed` is negative.

    """
    if isinstance(weight, np.ndarray):
        mixed: NDArray[Any] = weight.reshape(-1)[_permutation(weight.size, seed)].reshape(weight.shape)
        return mixed
    if not isinstance(weight, torch.Tensor):
        raise TypeError(f"expected a torch.Tensor or a numpy.ndarray, got {type(weight).__name__}")
    dense = plain(weight)
    if dense.is_meta:
        raise ValueError(ON_META)
    order = torch.from_numpy(_permutation(dense.numel(), seed)).to(dense.device)
    flat = dense.reshape(-1)
    # Not every dtype can be indexed, but its bits can.
    bits = _INTEGER_OF_SIZE.get(dense.dtype.itemsize)
    picked = flat[order] if bits is None else flat.contiguous().view(bits)[order].view(dense.dtype)
    return picked.reshape(dense.shape)


def _permutation(size: int, seed: int) -> NDArray[np.int64]:
    return np.random.default_rng(seed).permutation(size)
