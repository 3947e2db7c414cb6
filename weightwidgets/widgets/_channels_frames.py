"""What the view of a norm shows: the norms to choose from, and the channels of one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from weightwidgets import wire
from weightwidgets.analysis.channels import Channels, channels
from weightwidgets.fingerprint import tensor_fingerprint

from ._stream import steady

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from weightwidgets.layer import Layer

#: A message stays below a megabyte: four rows of numbers of eight bytes, and their order.
MOST_CHANNELS = 20_000
_LIVE = "Read while a cell was running: it may mix two training steps."
_BATCH_NORM = (
    "Batch norm in evaluation: (x − running mean) / sqrt(running variance + eps) × scale + shift. A "  # noqa: RUF001
    "channel whose scale is near zero passes on hardly more than its shift."
)
_OTHER_NORM = (
    "The normalised input is multiplied by the scale{}: a channel near zero lets hardly anything through."
)
_OFFSET = (
    "Some model families add 1 to the scale that they store, which the tensor alone does not tell: there, "
    "near zero means unchanged."
)


def statistics_version(layer: Layer) -> tuple[Hashable, ...]:
    """Tell one state of the running statistics from the next: they change without the weight."""
    if layer.tensors.version() is not None:
        # A file's version holds for all of its tensors, and needs no reading.
        return ()
    return tuple(tensor_fingerprint(tensor) for tensor in layer.statistics.values())


def measure_channels(layer: Layer, threshold: float) -> Channels:
    """Look at a norm channel by channel.

    Raises
    ------
    ValueError
        If the layer has no values to read, or more channels than can be drawn.
    """
    if layer.numel > MOST_CHANNELS:
        msg = (
            f"This norm has {layer.numel:,} numbers: scale and shift are drawn up to {MOST_CHANNELS:,}. Its "
            "histogram and its statistics show all of them."
        )
        raise ValueError(msg)
    if not layer.numel:
        raise ValueError("This norm has no channels.")
    bias, statistics = layer.bias, layer.statistics
    mean, variance = (
        None if name not in statistics else steady(statistics[name])
        for name in ("running_mean", "running_var")
    )
    return channels(
        steady(layer.weight), None if bias is None else steady(bias), mean, variance, threshold=threshold
    )


def notes(layer: Layer, found: Channels, *, live: bool) -> list[str]:
    """Say what the norm does with its numbers, what is wrong with them, and what is not known."""
    if found.running_var is not None:
        told = [_BATCH_NORM]
    else:
        told = [_OTHER_NORM.format("" if found.shift is None else ", and the shift is added")]
        if found.shift is None:
            told.append(_OFFSET)
    if found.non_finite:
        told.append(f"NaN or infinite among scale and shift: {found.non_finite:,}.")
    if len(layer.shape) > 1:
        axes = " × ".join(map(str, layer.shape))  # noqa: RUF001 -- as shapes are read aloud
        told.append(f"A norm over several axes, {axes}: every element counts as a channel.")
    return [*told, _LIVE] if live else told


def listing_frame(names: Sequence[str]) -> wire.Frame:
    """List the norms of the model."""
    labels = [wire.display_name(name, 80) for name in names]
    return wire.frame(names=json.dumps(names), labels=json.dumps(labels))


def channels_frame(layer: Layer, found: Channels, threshold: float, *, live: bool) -> wire.Frame:
    """Build the frame of one norm."""
    return wire.frame(
        title=wire.display_name(layer.name, 80),
        scale=found.scale,
        shift=found.shift,
        running_mean=found.running_mean,
        running_var=found.running_var,
        order=found.order,
        near_zero=found.near_zero,
        median=found.median,
        limit=found.limit,
        threshold=threshold,
        notes=json.dumps(notes(layer, found, live=live)),
    )
