"""What a walk may not miss and may not touch: told by memory alone, whatever the package says of names."""

from __future__ import annotations

import hashlib
import random
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch.nn.utils import prune
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torch import nn

    from weightwidgets.sources.source import Source

    from .tally import Tally


class Span(NamedTuple):
    """The addresses of a tensor's memory."""

    start: int
    stop: int


def span(tensor: torch.Tensor) -> Span:
    """Give the addresses from a tensor's first element to its last."""
    if tensor.numel() == 0:
        return Span(0, 0)
    steps = zip(tensor.shape, tensor.stride(), strict=True)
    last = sum((size - 1) * stride for size, stride in steps)
    start = tensor.data_ptr()
    return Span(start, start + (last + 1) * tensor.element_size())


def tensors(model: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """Give every parameter and every floating buffer, under each of its names."""
    yield from model.named_parameters(remove_duplicate=False)
    yield from floating(model.named_buffers(remove_duplicate=False))


def floating(named: Iterable[tuple[str, torch.Tensor]]) -> Iterator[tuple[str, torch.Tensor]]:
    """Give the tensors that may hold weights; counters and masks do not."""
    for name, tensor in named:
        if tensor.is_floating_point() or tensor.is_complex():
            yield name, tensor


def find_missing(tally: Tally, wanted: Iterable[tuple[str, torch.Tensor]], source: Source) -> None:
    """Demand that all memory of some tensors is reached by layers, and that their names lead to it."""
    reached = []
    for layer in source.values():
        held = [*(layer.raw or {layer.name: layer.weight}).values(), *layer.statistics.values()]
        reached += [*held, *([] if layer.bias is None else [layer.bias])]
    spans = sorted(span(tensor.detach()) for tensor in reached)
    for name, tensor in wanted:
        own = span(tensor.detach())
        if not _covered(own, spans):
            tally.problem(f"{name} is reached by no layer, bias, raw tensor or statistic")
        if name in source and not source[name].raw and span(source[name].weight) != own:
            tally.problem(f"{name} gives another tensor than the model's")
        tally.numbers += 1


def _covered(wanted: Span, spans: list[Span]) -> bool:
    place = wanted.start
    for start, stop in spans:
        if start <= place < stop:
            place = stop
    return place >= wanted.stop


def effective(model: nn.Module) -> nn.Module:
    """Let torch form every weight as in a forward in eval mode; for a twin that may be changed."""
    model.eval()
    for module in model.modules():
        for hook in module._forward_pre_hooks.values():
            if isinstance(hook, prune.BasePruningMethod | SpectralNorm | WeightNorm):
                hook(module, ())
    return model


def state(model: nn.Module) -> dict[str, Any]:
    """Write down everything that looking at a model must leave as it is."""
    found: dict[str, Any] = {
        "random numbers": (
            torch.get_rng_state().numpy().tobytes(), repr(np.random.get_state()), random.getstate(),  # noqa: NPY002
        ),
        "torch's settings": (torch.get_num_threads(), torch.is_grad_enabled(), torch.get_default_dtype()),
    }  # fmt: skip
    for name, module in model.named_modules(remove_duplicate=False):
        hooks = [len(table) for key, table in vars(module).items() if key.endswith("_hooks")]
        found[f"module {name}"] = (type(module), module.training, hooks, sorted(vars(module)))
    both = (model.named_parameters(remove_duplicate=False), model.named_buffers(remove_duplicate=False))
    for name, tensor in (pair for pairs in both for pair in pairs):
        plain = tensor.detach().reshape(-1).contiguous().view(torch.uint8).numpy()
        found[f"tensor {name}"] = (
            id(tensor), tensor.data_ptr(), tensor._version, tensor.requires_grad, tensor.grad is None,
            hashlib.sha256(plain.tobytes()).hexdigest(),
        )  # fmt: skip
    return found


def find_touched(tally: Tally, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Demand that two states are the same."""
    tally.numbers += len(before)
    for what in before.keys() | after.keys():
        if before.get(what) != after.get(what):
            tally.problem(f"{what} is not as it was before")
