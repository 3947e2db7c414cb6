"""Which kind a tensor of a live module is: told by the class of the module and the name of the attribute."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from torch import nn
from torch.nn.parameter import is_lazy

from weightwidgets.layer import CONVOLUTIONS, Kind
from weightwidgets.sources.effective import formation
from weightwidgets.sources.guess import NORM_WORDS
from weightwidgets.sources.packed import from_torch_ao

if TYPE_CHECKING:
    import torch

NORM_CLASSES: tuple[type[nn.Module], ...] = (
    nn.modules.batchnorm._NormBase,  # noqa: SLF001 (the one base of batch and instance norms)
    nn.GroupNorm,
    nn.LayerNorm,
    # RMSNorm came with torch 2.4.
    *([nn.RMSNorm] if hasattr(nn, "RMSNorm") else []),
)


class _ClassOfKind(NamedTuple):
    module_class: type[nn.Module]
    kind: Kind
    ndim: int
    attributes: str = r"weight"


_RECURRENT = r"weight_(ih|hh|hr).*"
_CLASSES = (
    _ClassOfKind(nn.Conv1d, "conv1d", 3),
    _ClassOfKind(nn.Conv2d, "conv2d", 4),
    _ClassOfKind(nn.Conv3d, "conv3d", 5),
    _ClassOfKind(nn.ConvTranspose1d, "conv_transpose1d", 3),
    _ClassOfKind(nn.ConvTranspose2d, "conv_transpose2d", 4),
    _ClassOfKind(nn.ConvTranspose3d, "conv_transpose3d", 5),
    _ClassOfKind(nn.Linear, "linear", 2),
    _ClassOfKind(nn.Bilinear, "bilinear", 3),
    _ClassOfKind(nn.Embedding, "embedding", 2),
    _ClassOfKind(nn.EmbeddingBag, "embedding", 2),
    _ClassOfKind(nn.LSTM, "lstm", 2, _RECURRENT),
    _ClassOfKind(nn.LSTMCell, "lstm", 2, _RECURRENT),
    _ClassOfKind(nn.GRU, "gru", 2, _RECURRENT),
    _ClassOfKind(nn.GRUCell, "gru", 2, _RECURRENT),
    _ClassOfKind(nn.RNN, "rnn", 2, _RECURRENT),
    _ClassOfKind(nn.RNNCell, "rnn", 2, _RECURRENT),
    _ClassOfKind(nn.MultiheadAttention, "attention", 2, r"(in|q|k|v)_proj_weight"),
)


def kind_of(module: nn.Module, name: str, outline: torch.Tensor, called: str = "") -> Kind:
    """Return the kind of the tensor ``name`` of ``module``.

    A subclass of a torch layer counts as that layer. Many models bring a norm of their own, which is of no
    class of torch: a trained vector called "weight" in a module that is named as norms are is one.

    Parameters
    ----------
    module
        The module that holds the tensor itself.
    name
        Its attribute.
    outline
        A tensor with its shape; an uninitialised one is taken on the word of its class.
    called
        What the module is called in the one that holds it; "" for a model itself.
    """
    for known in _CLASSES:
        quantised = from_torch_ao(module, known.module_class.__name__)
        if (quantised or isinstance(module, known.module_class)) and re.fullmatch(known.attributes, name):
            # A subclass may keep something else under the name.
            return known.kind if is_lazy(outline) or outline.ndim == known.ndim else "parameter"
    if isinstance(module, NORM_CLASSES) and name == "weight":
        return "norm"
    if is_in_first(module, name, outline):
        return "linear"
    formed = formation(module, name)
    stored = formed.stored().values() if formed is not None else ()
    if not any(isinstance(tensor, nn.Parameter) for tensor in stored):
        return "buffer"
    vector = not is_lazy(outline) and outline.ndim == 1
    return "norm" if name == "weight" and vector and NORM_WORDS.search(called) else "parameter"


def is_in_first(module: nn.Module, name: str, outline: torch.Tensor) -> bool:
    """Return whether ``name`` is the weight of a dense layer stored as (in, out).

    Such is transformers' ``Conv1D`` (GPT-2 and its kin), told by its name and by the attribute that counts
    its outputs, so that the library need not be there.
    """
    if name != "weight" or is_lazy(outline) or outline.ndim != 2:
        return False
    named = any(base.__name__ == "Conv1D" for base in type(module).__mro__)
    return named and vars(module).get("nf") == outline.shape[1]


def groups_of(module: nn.Module, kind: Kind) -> int:
    """Return the groups of a convolution, and 1 for every other kind."""
    return int(module.groups) if kind in CONVOLUTIONS else 1  # type: ignore[arg-type]


def norm_channels(module: nn.Module) -> int | None:
    """Return the channels of a normalisation; None for other modules and for norms over several axes."""
    if not isinstance(module, NORM_CLASSES):
        return None
    for attribute in ("num_features", "num_channels"):
        if hasattr(module, attribute):
            return int(getattr(module, attribute))
    shape = tuple(getattr(module, "normalized_shape", ()))
    return int(shape[0]) if len(shape) == 1 else None
