"""The one door to weights: `open_source`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from weightwidgets.sources._limits import CheckpointError, Limits
from weightwidgets.sources.checkpoint import open_checkpoint
from weightwidgets.sources.mapping import MappingSource
from weightwidgets.sources.module import ModuleSource
from weightwidgets.sources.source import Source
from weightwidgets.sources.wrappers import (
    Contents,
    TooDeepError,
    container_key,
    contents,
    is_source_like,
    opened_under,
)

__all__ = ["CheckpointError", "Limits", "Source", "open_source"]

_ACCEPTED = (
    "a torch.nn.Module, a state dict (names to tensors or numpy arrays), the path of a checkpoint or a source"
)
_LIMITS = Limits()
# Of a mapping in memory that holds more than tensors: one that holds itself has no end.
_DEPTH, _HELD_AT_MOST = 32, 8_000_000
_FROM_HOME = tuple(f"~{separator}" for separator in (os.sep, os.altsep) if separator)


def open_source(obj: object, *, trust: bool = False, limits: Limits | None = _LIMITS) -> Source:
    """Return ``obj`` as a read-only mapping of names to layers.

    Names and shapes are read, no values; a live model is left bit for bit as it is, and what happens to it
    later is seen. A source is returned as it is.

    A checkpoint is told by its content, not by the ending of its name, and its values are mapped: each layer
    is read when it is asked for. A file that changes after it was opened is not read any more. Kinds of
    layers are inferred from names and shapes. What is wrapped around the weights (``{"state_dict": ...,
    "epoch": 3}``, names that begin with ``module.``, ``model.`` or ``_orig_mod.``) is taken off, what is no
    tensor is left out, and ``source.note`` says so. Such a mapping in memory is taken apart once: values that
    change in place are seen, tensors put in their place are not.

    Parameters
    ----------
    obj
        A `torch.nn.Module`; a mapping of tensors or numpy arrays, nested or not, or one that holds such a
        mapping or a module under a customary name ("state_dict", "model", ...); the path (``~`` is home) of a
        ``.safetensors`` file, of a file of ``torch.save`` (``.pt``, ``.pth``, ``.bin``, ``.ckpt``), of a
        ``.gguf`` file (needs ``weightwidgets[gguf]``), of a folder with one of these or with shards and their
        index; or a source.
    trust
        Whether a file of ``torch.save`` may run code of its own when it is loaded. Without it, weights alone
        are loaded by torch's restricted unpickler, and torch must be 2.10 or later.
    limits
        What a file may ask for before it is refused; None for no limit.

    Raises
    ------
    CheckpointError
        A file that cannot be opened; the message says what to do. The only exception that files raise, also
        later, when a layer is read.
    TypeError
        Anything else; the message says what to pass.
    """
    if isinstance(obj, Source):
        return obj
    if isinstance(obj, nn.Module):
        return ModuleSource(obj)
    if isinstance(obj, Mapping):
        return _open_mapping(obj)
    if isinstance(obj, str | os.PathLike):
        return open_checkpoint(_from_home(os.fsdecode(obj)), limits, trust=trust)
    raise TypeError(f"cannot read weights from {type(obj).__name__}: pass {_ACCEPTED}")


def _from_home(path: str) -> str:
    return os.path.expanduser(path) if path.startswith(_FROM_HOME) else path  # noqa: PTH111 (may be any text)


def _open_mapping(mapping: Mapping[Any, Any]) -> Source:
    other = next(
        (key for key, value in mapping.items() if not isinstance(value, torch.Tensor | np.ndarray)), None
    )
    if other is None:
        return MappingSource(mapping)
    key = container_key(mapping)
    if key is not None:
        inner = open_source(mapping[key])
        inner.note = f"{opened_under(key, mapping)} {inner.note}".strip()
        return inner
    reason = f"not every value of this mapping is a tensor: {other!r} is {type(mapping[other]).__name__}"
    inside = [key for key, value in mapping.items() if is_source_like(value) or isinstance(value, Source)]
    # Several sources are to be compared, not joined; and modules would lose their classes and what is live.
    if len(inside) == len(mapping) or any(isinstance(mapping[key], nn.Module | Source) for key in inside):
        raise TypeError(f"{reason}. Pass what is under one key: {', '.join(f'[{key!r}]' for key in inside)}")
    found = _inside(mapping, reason)
    if isinstance(found.weights, nn.Module):
        source: Source = ModuleSource(found.weights)
        source.note = f"{found.note} {source.note}".strip()
        return source
    # A quantised module packs its weights in a form of its own, apart from their scales.
    if not found.weights or any("_packed_params." in name for name in found.weights):
        raise TypeError(f"{reason}. Pass {_ACCEPTED}")
    return MappingSource(found.weights, found.note)


def _inside(mapping: Mapping[Any, Any], reason: str) -> Contents:
    try:
        return contents(mapping, _DEPTH, _HELD_AT_MOST)
    except (TooDeepError, RecursionError):
        raise TypeError(f"{reason}, and what it holds is nested too deep. Pass {_ACCEPTED}") from None
