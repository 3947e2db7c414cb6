"""A `.safetensors` file: the library validates the header and maps the file; values are read on access."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Any, cast

import torch
from safetensors import safe_open

from weightwidgets.sources._limits import CheckpointError, only_checkpoint_errors, over_limit, shown
from weightwidgets.sources.names import natural_order

if TYPE_CHECKING:
    from collections.abc import Hashable

    from weightwidgets.sources._limits import Limits, WeightFile

_LENGTH = struct.Struct("<Q")
_DTYPES = {
    "BOOL": "bool", "U8": "uint8", "I8": "int8", "U16": "uint16", "I16": "int16", "U32": "uint32",
    "I32": "int32", "U64": "uint64", "I64": "int64", "F16": "float16", "BF16": "bfloat16", "F32": "float32",
    "F64": "float64", "C64": "complex64", "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2",
    "F8_E4M3FNUZ": "float8_e4m3fnuz", "F8_E5M2FNUZ": "float8_e5m2fnuz", "F8_E8M0": "float8_e8m0fnu",
    "F4": "float4_e2m1fn_x2",
}  # fmt: skip


class SafetensorsStore:
    """The tensors of one file, in natural order of their names; see `TensorStore`.

    The format keeps no order. Names that ``save_model`` left out because they are tied are known from the
    header's metadata.

    Parameters
    ----------
    file
        The file.
    limits
        What it may ask for.

    Raises
    ------
    CheckpointError
        The header is too large, has too many tensors, or is not valid.
    """

    def __init__(self, file: WeightFile, limits: Limits) -> None:
        self._file = file
        length = header_length(file)
        if length > limits.header_bytes:
            raise over_limit(file.path, f"its header has {length:,} bytes", "header_bytes")
        with only_checkpoint_errors(file.path):
            # The handle maps the file and stays open: a tensor is a view, and only pages that are read load.
            self._opened = cast("Any", safe_open(file.path, framework="pt"))
            names = sorted(self._opened.keys(), key=natural_order)
            if len(names) > limits.tensors:
                raise over_limit(file.path, f"it holds {len(names):,} tensors", "tensors")
            self._unknown: dict[str, str] = {}
            self._views: dict[str, torch.Tensor] = {}
            self._outlines = {name: self._outline(name) for name in names}
            tied: dict[str, str] = self._opened.metadata() or {}
        self._kept_as = {name: name for name in names}
        for name, kept in tied.items():
            if name not in self._outlines and kept in self._kept_as:
                self._kept_as[name] = kept
                self._outlines[name] = self._outlines[kept]

    def state(self) -> Hashable:
        """Return None: a file is opened once, and refuses to be read when it changed."""
        return None

    def outlines(self) -> dict[str, torch.Tensor]:
        """Return names to tensors on ``meta``."""
        return self._outlines

    def outline(self, key: str) -> torch.Tensor:
        """Return a tensor on ``meta`` with the shape and dtype."""
        return self._outlines[key]

    def tensor(self, key: str) -> torch.Tensor:
        """Return the tensor, a view of the mapped file.

        Raises
        ------
        CheckpointError
            The file changed, or the dtype is none of torch's.
        """
        self._file.require_unchanged()
        if key in self._unknown:
            reason = (
                f"{shown(key)!r} is stored as {self._unknown[key]}, which this version of torch cannot hold."
            )
            raise CheckpointError("unsupported", self._file.path, reason)
        return self._view(key)

    def raw(self, key: str) -> dict[str, torch.Tensor]:
        """Return the tensor under "", nothing of it read."""
        return {"": torch.empty(0) if key in self._unknown else self._view(key)}

    def identity(self, key: str) -> Hashable:
        """Return the name that the tensor is kept under; None for an unknown one."""
        return self._kept_as.get(key)

    def version(self, key: str) -> Hashable:
        """Return the file's place, time and size."""
        del key
        return (self._file.path, self._file.version())

    def derivation(self, key: str) -> str:
        """Return a sentence where torch lacks the dtype."""
        if key not in self._unknown:
            return ""
        stored = self._unknown[key]
        return f"Stored as {stored}, which this version of torch cannot hold: only its shape is known."

    def _view(self, key: str) -> torch.Tensor:
        # Views look at a layer many times a second, and the library (0.8.0) leaks some bytes at each call.
        kept = self._views.get(self._kept_as[key])
        if kept is None:
            with only_checkpoint_errors(self._file.path):
                kept = cast("torch.Tensor", self._opened.get_tensor(self._kept_as[key]))
            self._views[self._kept_as[key]] = kept
        return kept.detach()

    def _outline(self, name: str) -> torch.Tensor:
        part = self._opened.get_slice(name)
        shape, stored = list(part.get_shape()), part.get_dtype()
        dtype = getattr(torch, _DTYPES.get(stored, ""), None)
        if dtype is None:
            self._unknown[name] = shown(stored)
            dtype = torch.uint8
        elif stored == "F4":
            # torch packs two of these into a byte.
            shape[-1:] = [math.ceil(size / 2) for size in shape[-1:]]
        return torch.empty(shape, dtype=dtype, device="meta")


def header_length(file: WeightFile) -> int:
    """Return the length of the header in bytes, as the file itself claims; 0 for a file too short to say."""
    head = file.head(_LENGTH.size)
    return int(_LENGTH.unpack(head)[0]) if len(head) == _LENGTH.size else 0
