"""Which layers scale the channels of a normalisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightwidgets.sources.guess import NORM_WORDS

if TYPE_CHECKING:
    from weightwidgets.layer import Layer
    from weightwidgets.sources.source import Source


def is_norm(layer: Layer) -> bool:
    """Say whether a layer is the scale of a norm: by its kind, or a vector in a module that is named so.

    Many models bring a norm of their own, which is known by no class of torch.
    """
    if layer.kind == "norm":
        return True
    path, _, attribute = layer.full_name.rpartition(".")
    named = NORM_WORDS.search(path.rpartition(".")[2]) is not None
    return layer.kind == "parameter" and attribute == "weight" and len(layer.shape) == 1 and named


def norm_layers(source: Source) -> tuple[str, ...]:
    """List the norms of a source, in model order."""
    return tuple(name for name, layer in source.items() if is_norm(layer))
