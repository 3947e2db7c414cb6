"""Which layer comes first, where the order of the tensors says it and where only their names do."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from weightwidgets.layer import CONVOLUTIONS
from weightwidgets.sources.names import natural_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weightwidgets.sources.source import FoundTensor

_DRAWN = CONVOLUTIONS | {"linear"}
_COLOURS = 3
# A block of any model has a step back in the alphabet every few tensors ("q_proj", "k_proj"; "weight",
# "bias"). A sorted list has them only where one file of several ends.
_TENSORS_PER_STEP_BACK = 20
_HEAD_PARTS = re.compile(r"lm_head|output|head|classifier|score|fc")
# Files of language models may begin with it even where all else is in the order of the model.
_LAST_WHEREVER_IT_STANDS = re.compile(r"(lm_head|output)\.weight")


def is_by_name(names: Sequence[str]) -> bool:
    """Return whether tensors lie in the order of their names, so that the order of the model is lost.

    Parameters
    ----------
    names
        Full names as they are stored.
    """
    ordered = [natural_order(name) for name in names]
    steps_back = sum(after < before for before, after in itertools.pairwise(ordered))
    return len(names) > 1 and steps_back * _TENSORS_PER_STEP_BACK <= len(names)


def first_drawn(found: Sequence[FoundTensor], *, by_name: bool) -> int | None:
    """Return the place of the convolution or dense layer that the data reach first; None without any.

    Parameters
    ----------
    found
        The tensors of a source.
    by_name
        Whether they are in the order of their names. Then a convolution goes before a dense layer, one that
        takes three channels, or as the only one a single channel, before others, and what is called like a
        head (``classifier``, ``lm_head``) after all.
    """
    places = [place for place, tensor in enumerate(found) if tensor.kind in _DRAWN]
    if by_name:
        ranks = _ranks([found[place] for place in places])
        return min(zip(ranks, places, strict=True), default=((), None))[1]
    inner = (place for place in places if not _is_last(found[place]))
    return next(inner, next(iter(places), None))


def _ranks(drawn: Sequence[FoundTensor]) -> list[tuple[bool, bool, bool]]:
    channels = [_plain_inputs(tensor) for tensor in drawn]
    # Of many kernels over one channel all but one, and perhaps all, are depthwise.
    wanted = {_COLOURS} if channels.count(1) > 1 or _COLOURS in channels else {1}
    return [
        (
            any(_HEAD_PARTS.fullmatch(part) for part in tensor.full_names[0].split(".")),
            tensor.kind not in CONVOLUTIONS,
            inputs not in wanted,
        )
        for tensor, inputs in zip(drawn, channels, strict=True)
    ]


def _plain_inputs(tensor: FoundTensor) -> int:
    """Return the input channels of a convolution that is not transposed; 0 for every other layer."""
    plain = tensor.kind in CONVOLUTIONS and not tensor.kind.startswith("conv_transpose")
    return int(tensor.tensors.outline().shape[1]) if plain else 0


def _is_last(tensor: FoundTensor) -> bool:
    return tensor.inferred and _LAST_WHEREVER_IT_STANDS.fullmatch(tensor.full_names[0]) is not None
