"""The ``config.json`` that Hugging Face puts beside the weights: what shapes do not tell of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weightwidgets.sources._index import file_beside
from weightwidgets.sources._limits import CheckpointError, only_checkpoint_errors, over_limit, read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weightwidgets.sources._limits import Limits, WeightFile

_NAME = "config.json"
_MOST_BYTES = 2**20
# One of them is in every configuration of a model; another program's file of this name has neither.
_MARKS = {"model_type", "architectures"}


def config_beside(weights: WeightFile, limits: Limits) -> Mapping[str, Any]:
    """Return what the ``config.json`` beside a file of weights says, as plain JSON values.

    It is only ever a hint, so that one that is missing, no regular file of that folder, larger than 1 MiB,
    damaged or of another program is the same as none: empty.

    Parameters
    ----------
    weights
        The file, or the index of several.
    limits
        How deep the JSON may be nested, and how long it may be where that is less than 1 MiB.
    """
    try:
        file = file_beside(weights, _NAME)
        with only_checkpoint_errors(file.path):
            if file.size > min(_MOST_BYTES, limits.header_bytes):
                raise over_limit(file.path, f"it has {file.size:,} bytes", "header_bytes")
            found = read_json(file.head(file.size), file.path, limits)
    except CheckpointError:
        return {}
    return found if isinstance(found, dict) and found.keys() & _MARKS else {}
