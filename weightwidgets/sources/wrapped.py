"""Modules that only wrap another one: for data parallelism, compilation, sharding or checkpointing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from weightwidgets.sources.effective import children
from weightwidgets.sources.own import child

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
    names: list[str] = []
    seen: set[int] = set()
    # A wrapper around itself would never end.
    while id(module) not in seen:
        seen.add(id(module))
        inner = _inner(module)
        if inner is None:
            break
        name, module = inner
        names.append(name)
    return module, tuple(names)


def taken_off(names: Iterable[str]) -> str:
    """Return the sentence that says which parts of names are not shown; "" for none."""
    shown = " and ".join(f"`{name}.`" for name in dict.fromkeys(names))
    if not shown:
        return ""
    return f"Names are shown without the wrapper {shown}; their full spelling is still understood."


def _inner(module: nn.Module) -> tuple[str, nn.Module] | None:
    if isinstance(module, _PARALLEL):
        inner = child(module, "module")
        return None if inner is None else ("module", inner)
    held = children(module)
    return held[0] if len(held) == 1 and held[0][0] in INNER_NAMES else None
