"""Modules that only wrap another one: for data parallelism, compilation, sharding or checkpointing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from collections.abc import Iterable

INNER_NAMES = frozenset({"_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"})
"""What compiled, sharded and checkpointed modules call the one inside, which is all that they hold."""

_PARALLEL = (nn.DataParallel, nn.parallel.DistributedDataParallel)


def unwrapped(module: nn.Module) -> tuple[nn.Module, tuple[str, ...]]:
    """Return the module that a wrapper stands for, and the attributes that lead to it.

    Parameters
    ----------
    module
        Any module; one that wraps nothing is given back with ``()``. Nothing of it runs.
    """
    names: tuple[str, ...] = ()
    seen = {id(module)}
    while (inner := _inner(module)) is not None:
        name, module = inner
        names = (*names, name)
        # A wrapper around itself would never end.
        if id(module) in seen:
            break
        seen.add(id(module))
    return module, names


def taken_off(names: Iterable[str]) -> str:
    """Return the sentence that says which parts of names are not shown; "" for none."""
    shown = " and ".join(f"`{name}.`" for name in dict.fromkeys(names))
    if not shown:
        return ""
    return f"Names are shown without the wrapper {shown}; their full spelling is still understood."


def _inner(module: nn.Module) -> tuple[str, nn.Module] | None:
    held = module._modules  # noqa: SLF001 (as in `own_tensors`)
    # Every module of a model is asked this at each look.
    if len(held) != 1:
        return None
    [(name, inner)] = held.items()
    wraps = name in INNER_NAMES or (name == "module" and isinstance(module, _PARALLEL))
    return (name, inner) if wraps and inner is not None else None
