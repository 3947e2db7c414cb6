"""Dense layers that a file keeps as (in, out), told by the shapes of their biases."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from torch.nn.parameter import is_lazy

from weightwidgets.plain import plain_shape
from weightwidgets.sources.names import join

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from weightwidgets.layer import Kind

# What transformers' GPT-2 and its kin call the four dense layers of a block.
_CONV1D_NAMES = re.compile(r"c_attn|c_proj|c_fc|q_attn")


def in_first_names(kinds: Mapping[str, Kind], tensors: Mapping[str, torch.Tensor]) -> frozenset[str]:
    """Return the names of dense weights that are stored as (in, out), as by transformers' ``Conv1D``.

    A bias has an element per output: one that fits the columns and not the rows tells. A square weight says
    nothing by itself and follows the layers of its block that are called like those of ``Conv1D``.

    Parameters
    ----------
    kinds
        The kind of each tensor by name.
    tensors
        Outlines by name: shapes are read, never values.
    """
    dense = {name: _columns_and_rows(name, tensors) for name, kind in kinds.items() if kind == "linear"}
    told = {name for name, (by_columns, by_rows) in dense.items() if by_columns and not by_rows}
    blocks = {_block(name) for name in told if _is_called_conv1d(name)}
    return frozenset(
        name
        for name, fits in dense.items()
        if name in told or (all(fits) and _is_called_conv1d(name) and _block(name) in blocks)
    )


def _columns_and_rows(name: str, tensors: Mapping[str, torch.Tensor]) -> tuple[bool, bool]:
    """Return whether the bias has an element per column, and whether it has one per row."""
    path, _, attribute = name.rpartition(".")
    bias = tensors.get(join(path, "bias"))
    if attribute != "weight" or bias is None or is_lazy(bias) or bias.is_nested:
        return False, False
    rows, columns = plain_shape(tensors[name])
    return plain_shape(bias) == (columns,), plain_shape(bias) == (rows,)


def _is_called_conv1d(name: str) -> bool:
    return _CONV1D_NAMES.fullmatch(name.split(".")[-2]) is not None if "." in name else False


def _block(name: str) -> str:
    """Give ``h.0`` for ``h.0.attn.c_proj.weight``."""
    return ".".join(name.split(".")[:-3])
