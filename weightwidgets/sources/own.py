"""What a module itself holds, read from torch's tables so that nothing of the user's runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import nn


def own_tensors(module: nn.Module) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Return the parameters and the buffers that ``module`` itself keeps, by attribute."""
    # torch's tables are read directly: its public accessors use `getattr`, which runs parametrizations.
    parameters, buffers = module._parameters, module._buffers  # noqa: SLF001
    return (
        {name: tensor for name, tensor in list(parameters.items()) if tensor is not None},
        {name: tensor for name, tensor in list(buffers.items()) if tensor is not None},
    )


def child(module: nn.Module, name: str) -> nn.Module | None:
    """Return the child module of that name, or None."""
    table = module._modules  # noqa: SLF001 (as in `own_tensors`)
    # A scripted module's table has no `get`.
    return table[name] if name in table else None  # noqa: SIM401
