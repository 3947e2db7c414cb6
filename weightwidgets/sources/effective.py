"""How a module forms one of its tensors, and the effective value computed without touching the module.

torch derives a tensor from others in two ways. `torch.nn.utils.parametrize` turns the attribute into a
property that runs modules (in training mode a spectral norm then moves its own buffers, so the property is
never read here: a detached copy of those modules in eval mode is run instead). The older weight and spectral
norms and `torch.nn.utils.prune` recompute a plain attribute in a forward pre-hook; between an optimizer step
and the next forward that attribute is stale, so the hook's own formula is applied to a stand-in.

Random numbers are refused rather than saved and restored: restoring a generator that a training thread drew
from in the meantime would rewind the training.
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import nn
from torch.nn.parameter import is_lazy
from torch.nn.utils.parametrize import ParametrizationList
from torch.nn.utils.prune import BasePruningMethod
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm
from torch.utils._python_dispatch import TorchDispatchMode

from weightwidgets.sources.adapters import BASE, Adapted, active_adapters, base_of
from weightwidgets.sources.own import child, own_tensors
from weightwidgets.sources.packed import Packed, packed_tensors

if TYPE_CHECKING:
    from collections.abc import Callable

    Hook = BasePruningMethod | SpectralNorm | WeightNorm

# Suffixes of the tensors that each hook keeps; the first has the shape of the effective tensor.
_HOOK_PARTS: tuple[tuple[type, tuple[str, ...]], ...] = (
    (BasePruningMethod, ("_orig", "_mask")),
    (SpectralNorm, ("_orig", "_u", "_v")),
    (WeightNorm, ("_v", "_g")),
)
_RAW_IS_NAMED = "the tensors that it is made of are in `layer.raw`."


@dataclass(frozen=True, slots=True)
class Plain:
    """A parameter or buffer that the module keeps as it is."""

    attribute: str
    tensor: torch.Tensor
    derivation = ""

    def stored(self) -> dict[str, torch.Tensor]:
        """Return the tensor itself, not detached."""
        return {self.attribute: self.tensor}

    def outline(self) -> torch.Tensor:
        """Return a tensor with the shape and dtype."""
        return self.tensor if is_lazy(self.tensor) else self.tensor.detach()

    def compute(self) -> torch.Tensor:
        """Return the tensor, detached; it shares memory."""
        return self.tensor.detach()


@dataclass(frozen=True, slots=True)
class Parametrized:
    """A tensor that `torch.nn.utils.parametrize` computes at each access."""

    attribute: str
    steps: ParametrizationList

    @property
    def derivation(self) -> str:
        """A sentence that names the parametrizations."""
        names = ", ".join(type(step).__name__.lstrip("_") for step in self.steps)
        return f"Parametrized ({names}): this is the effective tensor of eval mode; {_RAW_IS_NAMED}"

    def stored(self) -> dict[str, torch.Tensor]:
        """Return the originals and every tensor of the parametrizations, not detached."""
        prefix = f"parametrizations.{self.attribute}"
        return dict((*self.steps.named_parameters(prefix), *self.steps.named_buffers(prefix)))

    def outline(self) -> torch.Tensor:
        """Return a tensor with the shape and dtype, computed on ``meta`` where that can be done."""
        try:
            return self._run(lambda tensor: torch.empty_like(tensor, device="meta"))
        except Exception:  # noqa: BLE001 (users' code may raise anything where there are no values)
            return effective(self)[0]

    def compute(self) -> torch.Tensor:
        """Return the effective tensor, computed by a copy.

        Raises
        ------
        Exception
            Whatever the parametrization raises; `RuntimeError` where it draws random numbers.
        """
        return self._run(lambda tensor: tensor.detach().clone())

    def _run(self, replace: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
        # deepcopy takes what it finds in the memo for the copy: tensors are replaced, and users' hooks,
        # which may count calls or hold the whole model, are left behind.
        memo: dict[int, Any] = {id(t): replace(t) for t in (*self.steps.parameters(), *self.steps.buffers())}
        for step in self.steps.modules():
            memo[id(step._forward_hooks)] = OrderedDict()  # noqa: SLF001 (torch has no public name)
            memo[id(step._forward_pre_hooks)] = OrderedDict()  # noqa: SLF001 (the same)
        twin = copy.deepcopy(self.steps, memo).eval()
        with torch.no_grad(), _RefuseRandomNumbers():
            return cast("torch.Tensor", twin()).detach()


@dataclass(frozen=True, slots=True)
class Hooked:
    """A tensor that a forward pre-hook recomputes: pruning, or the older weight and spectral norms."""

    attribute: str
    module: nn.Module
    hook: Hook

    @property
    def derivation(self) -> str:
        """A sentence that names the hook."""
        name = type(self.hook).__name__
        if isinstance(self.hook, BasePruningMethod):
            return f"Pruned ({name}): this is the masked tensor; {_RAW_IS_NAMED}"
        return f"Recomputed before each forward ({name}): this is the tensor of eval mode; {_RAW_IS_NAMED}"

    def stored(self) -> dict[str, torch.Tensor]:
        """Return the tensors that the hook reads, not detached."""
        return {name: tensor for part in self._parts() for name, tensor in part.stored().items()}

    def outline(self) -> torch.Tensor:
        """Return a tensor with the shape and dtype."""
        return self._parts()[0].outline()

    def compute(self) -> torch.Tensor:
        """Return the effective tensor by the hook's own formula."""
        # The hooks only read attributes, so that a stand-in will do; it keeps `getattr` away from the module,
        # where a part may itself be parametrized.
        stand_in = cast("nn.Module", SimpleNamespace(**{p.attribute: p.compute() for p in self._parts()}))
        weight: torch.Tensor
        with torch.no_grad(), _RefuseRandomNumbers():
            if isinstance(self.hook, SpectralNorm):
                weight = self.hook.compute_weight(stand_in, do_power_iteration=False)
            elif isinstance(self.hook, WeightNorm):
                weight = self.hook.compute_weight(stand_in)
            else:
                weight = self.hook.apply_mask(stand_in)
        return weight.detach()

    def _parts(self) -> list[Formation]:
        names = _part_names(self.attribute, self.hook)
        found = (formation(self.module, name) for name in names)
        return [part for part in found if part is not None]


Formation = Plain | Parametrized | Hooked | Adapted | Packed


class _RefuseRandomNumbers(TorchDispatchMode):
    def __torch_dispatch__(
        self,
        func: Any,
        types: tuple[type, ...],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        if torch.Tag.nondeterministic_seeded in func.tags:
            raise RuntimeError("it draws random numbers, so there is no single effective tensor")
        return func(*args, **(kwargs or {}))


def formation(module: nn.Module, attribute: str) -> Formation | None:
    """Return how ``module`` forms ``attribute`` at this moment; None where it has no such tensor."""
    for table in own_tensors(module):
        if attribute in table:
            return Plain(attribute, table[attribute])
    steps = _parametrizations(module).get(attribute)
    if steps is not None:
        return Parametrized(attribute, steps)
    hook = _hooks(module).get(attribute)
    if hook is not None:
        return Hooked(attribute, module, hook)
    packed = packed_tensors(module)
    return Packed(attribute, packed[attribute]) if attribute in packed else _adapted(module, attribute)


def _adapted(module: nn.Module, attribute: str) -> Formation | None:
    """Return how an adapted layer forms its weight or its bias; None for all else."""
    base = base_of(module)
    formed = None if base is None or attribute not in {"weight", "bias"} else formation(base, attribute)
    if attribute == "weight" and formed is not None:
        in_first = bool(vars(module).get("fan_in_fan_out"))
        return Adapted(attribute, formed, active_adapters(module), in_first)
    return Plain(f"{BASE}.{attribute}", formed.tensor) if isinstance(formed, Plain) else None


def tensor_names(module: nn.Module) -> list[str]:
    """Return the attributes of ``module`` alone that are tensors: derived, then parameters, then buffers.

    What a derived tensor is made of is left out.
    """
    hooks = _hooks(module)
    parts = {name for attribute, hook in hooks.items() for name in _part_names(attribute, hook)}
    parameters, buffers = own_tensors(module)
    adapted = [name for name in ("weight", "bias") if _adapted(module, name) is not None]
    names = dict.fromkeys(
        (*hooks, *_parametrizations(module), *packed_tensors(module), *adapted, *parameters, *buffers)
    )
    return [name for name in names if name not in parts]


def children(module: nn.Module) -> list[tuple[str, nn.Module]]:
    """Return the child modules in order, repeated ones too, without the room where parametrizations live."""
    found = list(module._modules.items())  # noqa: SLF001 (`named_children` leaves out repeated modules)
    return [
        (name, child)
        for name, child in found
        if child is not None and not (name == "parametrizations" and _parametrizations(module))
    ]


def effective(formed: Formation) -> tuple[torch.Tensor, str]:
    """Return the effective tensor and ""; or the largest stored tensor and a sentence on what went wrong."""
    try:
        return formed.compute(), ""
    except Exception as error:  # noqa: BLE001 (users' parametrizations may raise anything)
        stored = formed.stored()
        name = max(stored, key=lambda key: stored[key].numel())
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:160]
        return stored[
            name
        ].detach(), f"The effective tensor could not be computed ({reason}); shown is {name}."


def _parametrizations(module: nn.Module) -> dict[str, ParametrizationList]:
    room = child(module, "parametrizations")
    if not isinstance(room, nn.ModuleDict):
        return {}
    return {name: steps for name, steps in room.items() if isinstance(steps, ParametrizationList)}


def _hooks(module: nn.Module) -> dict[str, Hook]:
    hooks: dict[str, Hook] = {}
    for hook in list(module._forward_pre_hooks.values()):  # noqa: SLF001 (as torch's own `remove_weight_norm`)
        if isinstance(hook, BasePruningMethod):
            hooks[hook._tensor_name] = hook  # noqa: SLF001 (as torch's own `prune.remove`)
        elif isinstance(hook, SpectralNorm | WeightNorm):
            hooks[hook.name] = hook
    return hooks


def _part_names(attribute: str, hook: Hook) -> list[str]:
    suffixes = next(suffixes for kind, suffixes in _HOOK_PARTS if isinstance(hook, kind))
    return [attribute + suffix for suffix in suffixes]
