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
from weightwidgets.sources.wrappers import container_key, is_source_like, opened_under

__all__ = ["CheckpointError", "Limits", "Source", "open_source"]

_ACCEPTED = (
    "a torch.nn.Module, a state dict (names to tensors or numpy arrays), the path of a checkpoint or a source"
)
_LIMITS = Limits()


def open_source(obj: object, *, trust: bool = False, limits: Limits | None = _LIMITS) -> Source:
    """Return ``obj`` as a read-only mapping of names to layers.

    Names and shapes are read, no values; a live model is left bit for bit as it is, and what happens to it
    later is seen. A source is returned as it is.

    A checkpoint is told by its content, not by the ending of its name, and its values are mapped: each layer
    is read when it is asked for. A file that changes after it was opened is not read any more. Kinds of
    layers are inferred from names and shapes. What is wrapped around the weights (``{"state_dict": ...,
    "epoch": 3}``, names that begin with ``module.``, ``model.`` or ``_orig_mod.``) is taken off, and
    ``source.note`` says so.

    Parameters
    ----------
    obj
        A `torch.nn.Module`; a mapping whose every value is a tensor or numpy array, or one that holds such a
        mapping or a module under a customary name ("state_dict", "model", ...); the path of a
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
        return open_checkpoint(obj, limits, trust=trust)
    raise TypeError(f"cannot read weights from {type(obj).__name__}: pass {_ACCEPTED}")


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
    if inside:
        raise TypeError(f"{reason}. Pass what is under one key: {', '.join(f'[{key!r}]' for key in inside)}")
    raise TypeError(f"{reason}. Pass {_ACCEPTED}")
