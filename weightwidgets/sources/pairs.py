"""Which norm comes next to a layer, as far as the names and the order of tensors tell."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from typing import TYPE_CHECKING

from weightwidgets.layer import CONVOLUTIONS, out_first_shape
from weightwidgets.sources.names import join

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import torch

    from weightwidgets.sources.source import FoundTensor

_NUMBERED = re.compile(r"(.*?)(\d*)")
_CONVOLUTION = re.compile(r"conv(olution)?", re.IGNORECASE)
_DENSE = re.compile(r"fc|lin|linear", re.IGNORECASE)
_BATCH_NORM = re.compile(r"bn|batch_?norm", re.IGNORECASE)
_NORM = re.compile(r"bn|(batch_?)?norm(alization)?", re.IGNORECASE)


def with_norms(
    found: list[FoundTensor], tensors: Mapping[str, torch.Tensor], *, by_name: bool = False
) -> list[FoundTensor]:
    """Note at each layer the norm that comes next to it in the same parent and fits its channels.

    In the order of the model it is the next tensor; what stands between two named siblings without tensors
    of its own cannot be seen here. In the order of names it is the one of the next number, or the one that is
    named as the layer is (``conv1``, ``bn1``); such a pair of names counts only if it fits wherever both are
    found: blocks that have the norm before the layer differ somewhere.

    Parameters
    ----------
    found
        The tensors; they are changed in place.
    tensors
        Outlines by name.
    by_name
        Whether the tensors are in the order of their names.
    """
    if by_name:
        _pair_by_names(found, tensors)
    else:
        for tensor, following in itertools.pairwise(found):
            path, next_path = _path(tensor), _path(following)
            if following.kind == "norm" and may_follow(path, next_path) and _fits(tensor, following, tensors):
                tensor.next_norm = next_path
    return found


def may_follow(path: str, norm_path: str) -> bool:
    """Return whether a norm registered after a layer may be the next by its name.

    Not in another parent, not with a gap between two numbers, and not with a number below that of the layer:
    ``norm1`` after ``linear2`` begins a second list of siblings.
    """
    parent, _, name = path.rpartition(".")
    norm_parent, _, norm_name = norm_path.rpartition(".")
    if parent != norm_parent:
        return False
    if _is_number(name) and _is_number(norm_name):
        return int(norm_name) == int(name) + 1
    (_, number), (_, norm_number) = _split(name), _split(norm_name)
    return not (_is_number(number) and _is_number(norm_number)) or int(norm_number) >= int(number)


def _pair_by_names(found: Sequence[FoundTensor], tensors: Mapping[str, torch.Tensor]) -> None:
    norms = {_path(tensor): tensor for tensor in found if tensor.kind == "norm"}
    siblings: dict[str, list[str]] = defaultdict(list)
    for path in norms:
        siblings[path.rpartition(".")[0]].append(path)
    pairs: dict[tuple[str, str], list[tuple[FoundTensor, FoundTensor]]] = defaultdict(list)
    for tensor in found:
        parent, _, name = _path(tensor).rpartition(".")
        if _is_number(name):
            following = norms.get(join(parent, str(int(name) + 1)))
            if following is not None and _fits(tensor, following, tensors):
                tensor.next_norm = _path(following)
            continue
        for path in siblings[parent]:
            norm_name = path.rpartition(".")[2]
            if _named_alike(name, norm_name):
                pairs[name, norm_name].append((tensor, norms[path]))
    for same_names in pairs.values():
        if all(_fits(tensor, norm, tensors) for tensor, norm in same_names):
            for tensor, norm in same_names:
                tensor.next_norm = _path(norm)


def _named_alike(name: str, norm_name: str) -> bool:
    (word, number), (norm_word, norm_number) = _split(name), _split(norm_name)
    if number != norm_number:
        return False
    # Between a dense layer and a "norm" of its number there is often a sum, as in a transformer's block.
    convolution = _CONVOLUTION.fullmatch(word) and _NORM.fullmatch(norm_word)
    return bool(convolution or (_DENSE.fullmatch(word) and _BATCH_NORM.fullmatch(norm_word)))


def _fits(tensor: FoundTensor, norm: FoundTensor, tensors: Mapping[str, torch.Tensor]) -> bool:
    if tensor.kind not in CONVOLUTIONS | {"linear"}:
        return False
    shape = tuple(tensors[tensor.full_names[0]].shape)
    out_first = out_first_shape(tensor.kind, shape[::-1] if tensor.in_first else shape, tensor.groups)
    return tuple(tensors[norm.full_names[0]].shape) == (out_first[0],)


def _path(tensor: FoundTensor) -> str:
    return tensor.full_names[0].removesuffix(".weight")


def _split(name: str) -> tuple[str, str]:
    found = _NUMBERED.fullmatch(name)
    return (found.group(1), found.group(2)) if found else (name, "")


def _is_number(name: str) -> bool:
    # A name of thousands of digits is no position, and Python refuses to read it as a number.
    return name.isdecimal() and len(name) < 19
