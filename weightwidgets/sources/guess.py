"""Which kind a tensor is, told by names and shapes alone: all that a state dict or a file says.

Every function works on outlines, tensors whose shape and dtype are read and whose values are not: they may be
on ``meta``, so that nothing of a large file is touched.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from torch.nn.parameter import is_lazy

from weightwidgets.plain import plain_shape
from weightwidgets.sources.names import BiasSlot, bias_slot, join
from weightwidgets.sources.source import bias_fits

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from weightwidgets.layer import Kind

RUNNING = ("running_mean", "running_var")
_COUNTER = "num_batches_tracked"
_CONV_BY_NDIM: dict[int, Kind] = {3: "conv1d", 4: "conv2d", 5: "conv3d"}
_TRANSPOSED_BY_NDIM: dict[int, Kind] = {3: "conv_transpose1d", 4: "conv_transpose2d", 5: "conv_transpose3d"}
_GATED_BY_RATIO: dict[int, Kind] = {1: "rnn", 3: "gru", 4: "lstm"}
# Words by which the common model families name an embedding, a norm and a transposed convolution.
_EMBEDDING_WORDS = re.compile(r"emb|wte|wpe|shared$", re.IGNORECASE)
NORM_WORDS = re.compile(r"norm|ln_?\w{0,2}$|bn\d*$", re.IGNORECASE)
_TRANSPOSED_WORDS = re.compile(r"transpose|deconv", re.IGNORECASE)
# The experts of a mixture, all of a layer in one tensor of three dimensions.
_EXPERT_PARTS = re.compile(r"(.*_)?(exps|experts)")


def is_statistic(key: str, tensors: Mapping[str, torch.Tensor]) -> bool:
    """Return whether ``key`` hangs on a norm: its running statistics on its weight, their count on them."""
    path, _, name = key.rpartition(".")
    if name not in {*RUNNING, _COUNTER} or any(join(path, part) not in tensors for part in RUNNING):
        return False
    # Without a weight to hang on the statistics are listed by themselves.
    return name == _COUNTER or join(path, "weight") in tensors


def guess(key: str, tensors: Mapping[str, torch.Tensor]) -> tuple[Kind, int]:
    """Return the kind and the number of groups that the name and the shapes around it speak for.

    Parameters
    ----------
    key
        The name of a tensor of ``tensors``.
    tensors
        Outlines by name: shapes and dtypes are read, never values.
    """
    path, _, name = key.rpartition(".")
    tensor = tensors[key]
    if is_lazy(tensor) or tensor.is_nested:
        return "parameter", 1
    if tensor.ndim == 2 and re.fullmatch(r"(in|q|k|v)_proj_weight", name):
        return "attention", 1
    recurrent = re.fullmatch(r"weight_(?:ih|hh|hr)((?:_l\d+(?:_reverse)?)?)", name)
    if tensor.ndim == 2 and recurrent:
        return _guess_recurrent(path, recurrent.group(1), tensors), 1
    if name != "weight":
        if name in RUNNING and all(join(path, part) in tensors for part in RUNNING):
            return "buffer", 1
        trained = tensor.is_floating_point() or tensor.is_complex()
        return ("parameter" if trained else "buffer"), 1
    return _guess_weight(path, tensor, tensors)


def _guess_weight(path: str, weight: torch.Tensor, tensors: Mapping[str, torch.Tensor]) -> tuple[Kind, int]:
    module_name = path.rpartition(".")[2]
    bias = tensors.get(join(path, "bias"))
    alike = bias is not None and plain_shape(bias) == plain_shape(weight)
    like_norm = alike or join(path, "running_mean") in tensors
    if weight.ndim > 0 and (like_norm or (weight.ndim == 1 and NORM_WORDS.search(module_name))):
        return "norm", 1
    if weight.ndim == 2:
        return ("embedding" if bias is None and _EMBEDDING_WORDS.search(module_name) else "linear"), 1
    if weight.ndim == 3 and any(_EXPERT_PARTS.fullmatch(part) for part in path.split(".")):
        return "parameter", 1
    if weight.ndim in _CONV_BY_NDIM:
        groups = _transposed_groups(module_name, weight, bias)
        return (_TRANSPOSED_BY_NDIM[weight.ndim], groups) if groups else (_CONV_BY_NDIM[weight.ndim], 1)
    return "parameter", 1


def _transposed_groups(module_name: str, weight: torch.Tensor, bias: torch.Tensor | None) -> int:
    """Return the groups of a transposed convolution; 0 where nothing speaks for one.

    Torch stores it as (in, out // groups, ...): a bias, which has one element per output, gives it away
    wherever inputs and outputs differ in number.
    """
    named = _TRANSPOSED_WORDS.search(module_name) is not None
    if bias is None or bias.ndim != 1 or weight.shape[1] == 0:
        return int(named)
    groups, rest = divmod(bias.shape[0], weight.shape[1])
    possible = rest == 0 and groups > 0 and weight.shape[0] % groups == 0
    return groups if possible and (named or bias.shape[0] != weight.shape[0]) else 0


def _guess_recurrent(path: str, suffix: str, tensors: Mapping[str, torch.Tensor]) -> Kind:
    recurrent = tensors.get(join(path, f"weight_hh{suffix}"))
    projection = tensors.get(join(path, f"weight_hr{suffix}"))
    if recurrent is None or recurrent.ndim != 2:
        return "parameter"
    # The columns of weight_hh are the hidden size, or the projected one where weight_hr projects it.
    hidden = recurrent.shape[1] if projection is None else projection.shape[-1]
    gates, rest = divmod(recurrent.shape[0], max(hidden, 1))
    return "parameter" if rest else _GATED_BY_RATIO.get(gates, "parameter")


def fitting_bias(
    key: str, guess: tuple[Kind, int], tensors: Mapping[str, torch.Tensor], *, in_first: bool = False
) -> BiasSlot | None:
    """Return where the bias of ``key`` is kept, if there is one and it fits the guessed kind and groups."""
    path, _, name = key.rpartition(".")
    slot = bias_slot(name)
    bias = None if slot is None else tensors.get(join(path, slot.attribute))
    if slot is None or bias is None:
        return None
    weight = tensors[key].T if in_first else tensors[key]
    return slot if bias_fits(*guess, weight, slot.cut(bias)) else None


def bias_key(key: str, slot: BiasSlot) -> str:
    """Return the name of the tensor that holds the bias of ``key``."""
    return join(key.rpartition(".")[0], slot.attribute)
