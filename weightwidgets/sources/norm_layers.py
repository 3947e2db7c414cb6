"""Which layers scale the channels of a normalisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from weightwidgets.sources.source import Source


def norm_layers(source: Source) -> tuple[str, ...]:
    """List the norms of a source, in model order."""
    return tuple(name for name, layer in source.items() if layer.kind == "norm")
