"""The architectures of the zoo by name, each a function that builds it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from .torch_nets import TORCH_NETS
from .transformers_nets import CONFIGURATIONS, build

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

ARCHITECTURES: dict[str, Callable[[], nn.Module]] = {
    **{name: partial(build, name) for name in CONFIGURATIONS},
    **TORCH_NETS,
}
