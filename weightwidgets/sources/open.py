"""The one door to weights: `open_source`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from weightwidgets.sources.mapping import MappingSource
from weightwidgets.sources.module import ModuleSource
from weightwidgets.sources.source import Source

__all__ = ["Source", "open_source"]

_ACCEPTED = "a torch.nn.Module, a state dict (names to tensors or numpy arrays) or a source"


def open_source(obj: object) -> Source:
    """Return ``obj`` as a read-only mapping of names to layers.

    Names and shapes are read, no values; a live model is left bit for bit as it is, and what happens to it
    later is seen. A source is returned as it is.

    Parameters
    ----------
    obj
        A `torch.nn.Module`, a mapping whose every value is a tensor or numpy array, or a source.

    Raises
    ------
    TypeError
        Anything else; the message says what to pass.
    """
    if isinstance(obj, Source):
        return obj
    if isinstance(obj, nn.Module):
        return ModuleSource(obj)
    if isinstance(obj, Mapping):
        _require_tensors(obj)
        return MappingSource(obj)
    if isinstance(obj, str | os.PathLike):
        raise TypeError(
            "files are not opened here yet: load it first, e.g. safetensors.torch.load_file(path), "
            "and pass the state dict"
        )
    raise TypeError(f"cannot read weights from {type(obj).__name__}: pass {_ACCEPTED}")


def _require_tensors(mapping: Mapping[Any, Any]) -> None:
    other = next(
        (key for key, value in mapping.items() if not isinstance(value, torch.Tensor | np.ndarray)), None
    )
    if other is None:
        return
    reason = f"not every value of this mapping is a tensor: {other!r} is {type(mapping[other]).__name__}"
    inside = [key for key, value in mapping.items() if _is_source(value)]
    if inside:
        raise TypeError(f"{reason}. Pass what is under one key: {', '.join(f'[{key!r}]' for key in inside)}")
    raise TypeError(f"{reason}. Pass {_ACCEPTED}")


def _is_source(value: object) -> bool:
    if isinstance(value, Mapping) and not isinstance(value, Source):
        return bool(value) and all(isinstance(item, torch.Tensor | np.ndarray) for item in value.values())
    return isinstance(value, nn.Module | Source)
