"""Tensors that keep their numbers in unusual ways."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import Tensor


def named(dtype: str) -> torch.dtype:
    """Return a dtype that older releases of torch, or its type hints, do not have."""
    found: torch.dtype = getattr(torch, dtype)
    return found


def float4(stored: Tensor) -> Tensor:
    """Read bytes as two 4-bit floats each."""
    return stored.view(named("float4_e2m1fn_x2"))


def sparse(dense: Tensor, layout: torch.layout) -> Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return dense.to_sparse(layout=layout)


def empty_sparse(*shape: int) -> Tensor:
    places, numbers = torch.empty(len(shape), 0, dtype=torch.int64), torch.empty(0)
    return torch.sparse_coo_tensor(places, numbers, shape, check_invariants=True)


def quantised(numbers: Tensor, dtype: torch.dtype) -> Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.quantize_per_tensor(numbers, 0.1, 3, dtype)


def nested(layout: torch.layout) -> Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.nested.nested_tensor([torch.ones(2), torch.ones(3)], layout=layout)


class Scaled(Tensor):
    """Integers with a scale that look like float32 from outside, as libraries for quantisation keep them."""

    codes: Tensor
    scale: float

    @staticmethod
    def __new__(cls: type[Any], codes: Tensor, scale: float) -> Any:
        del scale
        return Tensor._make_wrapper_subclass(cls, codes.shape, dtype=torch.float32)

    def __init__(self, codes: Tensor, scale: float) -> None:
        self.codes, self.scale = codes, scale

    def __tensor_flatten__(self) -> tuple[list[str], dict[str, Any]]:
        return ["codes"], {"scale": self.scale}

    @classmethod
    def __tensor_unflatten__(
        cls, inner: dict[str, Tensor], meta: dict[str, Any], size: object, stride: object
    ) -> Scaled:
        del size, stride
        return cls(inner["codes"], meta["scale"])

    def dequantize(self) -> Tensor:
        return self.codes * self.scale

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]
        cls, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        del types, kwargs
        if func is torch.ops.aten.detach.default:
            return cls(args[0].codes, args[0].scale)
        raise NotImplementedError(f"{func} is not for {cls.__name__}")


class Stubborn(Scaled):
    """Does not say what it stands for."""

    def dequantize(self) -> Tensor:
        raise NotImplementedError


class Halves(Scaled):
    """Says that it stands for another of its kind."""

    def dequantize(self) -> Tensor:
        return Scaled(self.codes, self.scale / 2)
