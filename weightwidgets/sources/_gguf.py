"""A GGUF file (llama.cpp): its header is walked within bounds, the `gguf` package dequantises its blocks.

The package's own reader follows whatever lengths a file claims and may never come back, so that only its
tables and its arithmetic are used. Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import math
import mmap
import struct
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
import torch

from weightwidgets.sources._limits import CheckpointError, Clock, only_checkpoint_errors, over_limit, shown

if TYPE_CHECKING:
    from collections.abc import Hashable

    from weightwidgets.sources._limits import Limits, WeightFile

MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_FIXED = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "B", 10: "Q", 11: "q", 12: "d"}
_TEXT, _LIST = 8, 9
_MOST_AXES = 8
# Kept as they are: what torch holds too.
_PLAIN = {
    "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "F64": torch.float64,
    "I8": torch.int8, "I16": torch.int16, "I32": torch.int32, "I64": torch.int64,
}  # fmt: skip
_PERMUTED = {"llama"}
# What is said of attention, after the name of the architecture, by the names of a Hugging Face configuration.
_HEAD_KEYS = {
    ".attention.head_count": "num_attention_heads",
    ".attention.head_count_kv": "num_key_value_heads",
    ".attention.key_length": "head_dim",
}


class _Tensor(NamedTuple):
    shape: tuple[int, ...]
    quantization: Any
    offset: int
    nbytes: int

    @property
    def plain(self) -> torch.dtype | None:
        return _PLAIN.get(self.quantization.name)


class GgufStore:
    """The tensors of one GGUF file, in its order; see `TensorStore`.

    Quantised ones become float32 when they are read; their blocks, as they are stored, are in ``layer.raw``.
    ``config`` holds the numbers of heads that the metadata state.

    Parameters
    ----------
    file
        The file.
    limits
        What it may ask for.

    Raises
    ------
    CheckpointError
        The `gguf` package is not installed, or the header asks for too much or is damaged.
    """

    def __init__(self, file: WeightFile, limits: Limits) -> None:
        self._file, self._limits = file, limits
        self._gguf = _package(file)
        with only_checkpoint_errors(file.path), open(file.path, "rb") as opened:  # noqa: PTH123 (as in `_limits`)
            # The map keeps the file open by itself; a copy-on-write one, because torch wants to be able to
            # write.
            self._bytes = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_COPY)
            header = _Header(self._bytes, file, limits, self._gguf)
            self._tensors = header.tensors
        self.note = _note(header.architecture)
        self.config = header.config
        self._outlines = {
            name: torch.empty(tensor.shape, dtype=tensor.plain or torch.float32, device="meta")
            for name, tensor in self._tensors.items()
        }
        # Views ask for the shown weight several times, and dequantising is slow.
        self._last: tuple[str, torch.Tensor] | None = None

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
        """Return the tensor: a view of the mapped file, or the numbers that its blocks stand for, float32.

        Raises
        ------
        CheckpointError
            The file changed, the numbers would take more memory than allowed, or the package cannot make
            them.
        """
        self._file.require_unchanged()
        kept = self._last
        if kept is not None and kept[0] == key:
            return kept[1]
        tensor = self._tensors[key]
        if tensor.plain is not None:
            return self._view(tensor).view(tensor.plain).reshape(tensor.shape)
        needed = 4 * math.prod(tensor.shape)
        if needed > self._limits.materialised_bytes:
            problem = f"the numbers of {shown(key)!r} take {needed:,} bytes in memory"
            raise over_limit(self._file.path, problem, "materialised_bytes")
        with only_checkpoint_errors(self._file.path):
            blocks = self._view(tensor).numpy().reshape(*tensor.shape[:-1], -1)
            numbers = self._gguf.quants.dequantize(blocks, tensor.quantization)
            made = torch.from_numpy(np.ascontiguousarray(numbers, dtype=np.float32)).reshape(tensor.shape)
        self._last = (key, made)
        return made

    def raw(self, key: str) -> dict[str, torch.Tensor]:
        """Return the blocks as bytes under the name of their format, or a plain tensor under ""."""
        tensor = self._tensors[key]
        if tensor.plain is not None:
            return {"": self._view(tensor).view(tensor.plain).reshape(tensor.shape)}
        return {f".{tensor.quantization.name.lower()}": self._view(tensor)}

    def identity(self, key: str) -> Hashable:
        """Return where the tensor begins and how it is read; None for an unknown name."""
        tensor = self._tensors.get(key)
        # Empty tensors begin where the next one does.
        return None if tensor is None else (tensor if tensor.nbytes else key)

    def version(self, key: str) -> Hashable:
        """Return the file's place, time and size."""
        del key
        return (self._file.path, self._file.version())

    def derivation(self, key: str) -> str:
        """Return how a quantised tensor is stored."""
        tensor = self._tensors[key]
        if tensor.plain is not None:
            return ""
        bits = 8 * tensor.nbytes / max(1, math.prod(tensor.shape))
        stored = f"{tensor.quantization.name} ({bits:.2f} bits per weight)"
        return f"Stored as {stored}: these are the dequantised numbers."

    def _view(self, tensor: _Tensor) -> torch.Tensor:
        if not tensor.nbytes:
            return torch.empty(0, dtype=torch.uint8)
        return torch.frombuffer(self._bytes, dtype=torch.uint8, count=tensor.nbytes, offset=tensor.offset)


class _Header:
    """Walks a header: every length is measured against the file before it is believed."""

    def __init__(self, data: mmap.mmap, file: WeightFile, limits: Limits, package: Any) -> None:
        self._data, self._file, self._limits, self._package = data, file, limits, package
        self._clock = Clock(limits)
        self._at = len(MAGIC)
        self.architecture = ""
        self.config: dict[str, Any] = {}
        version = self._number("I")
        if version not in _VERSIONS:
            detail = f"this is GGUF version {version}; versions 2 and 3 in little-endian order are read."
            raise CheckpointError("unsupported", file.path, detail)
        count, pairs = self._number("Q"), self._number("Q")
        if count > limits.tensors:
            raise over_limit(file.path, f"it holds {count:,} tensors", "tensors")
        alignment = 32
        numbers: dict[str, int] = {}
        for _ in range(pairs):
            key, value = self._text(), self._value(self._number("I"), 0)
            if key == "general.architecture" and isinstance(value, str):
                self.architecture = value
            if key == "general.alignment" and isinstance(value, int):
                alignment = value
            # The architecture, which these keys begin with, may stand after them.
            if key.endswith(tuple(_HEAD_KEYS)) and isinstance(value, int):
                numbers[key] = value
        self.config = {
            name: numbers[key]
            for ending, name in _HEAD_KEYS.items()
            if (key := self.architecture + ending) in numbers
        }
        entries = [self._entry() for _ in range(count)]
        start = math.ceil(self._at / alignment) * alignment
        self.tensors: dict[str, _Tensor] = {}
        for name, tensor in entries:
            end = start + tensor.offset + tensor.nbytes
            if end > file.size or name in self.tensors:
                raise ValueError(f"tensor {shown(name)!r} stands twice or reaches beyond the end")
            self.tensors[name] = tensor._replace(offset=start + tensor.offset)

    def _entry(self) -> tuple[str, _Tensor]:
        name, axes = self._text(), self._number("I")
        if axes > _MOST_AXES:
            raise ValueError(f"a tensor has {axes} axes")
        # The innermost axis comes first there, and last in torch.
        shape = tuple(self._number("Q") for _ in range(axes))[::-1]
        quantization = self._package.GGMLQuantizationType(self._number("I"))
        per_block, block_bytes = self._package.GGML_QUANT_SIZES[quantization]
        if (shape[-1] if shape else 1) % per_block:
            raise ValueError(f"the rows of {shown(name)!r} are no whole number of blocks")
        nbytes = math.prod(shape) // per_block * block_bytes
        return name, _Tensor(shape, quantization, self._number("Q"), nbytes)

    def _value(self, kind: int, depth: int) -> object:
        if kind in _FIXED:
            return self._number(_FIXED[kind])
        if kind == _TEXT:
            return self._text()
        if kind != _LIST:
            raise ValueError(f"metadata of the unknown kind {kind}")
        if depth >= self._limits.depth:
            raise over_limit(
                self._file.path, f"its lists are nested deeper than {self._limits.depth:g}", "depth"
            )
        inner, length = self._number("I"), self._number("Q")
        if inner in _FIXED:
            self._skip(length * struct.calcsize(_FIXED[inner]))
            return None
        for _ in range(length):
            self._value(inner, depth + 1)
        return None

    def _number(self, code: str) -> Any:
        place = self._at
        self._skip(struct.calcsize(code))
        return struct.unpack_from(f"<{code}", self._data, place)[0]

    def _text(self) -> str:
        length = self._number("Q")
        place = self._at
        self._skip(length)
        return self._data[place : place + length].decode("utf-8", "surrogateescape")

    def _skip(self, count: int) -> None:
        self._at += count
        if self._at > len(self._data):
            raise ValueError("the header reaches beyond the end")
        if self._at > self._limits.header_bytes * _HEADERS_WITH_VOCABULARIES:
            raise over_limit(self._file.path, f"its header has over {self._at:,} bytes", "header_bytes")
        self._clock.check(self._file.path)


# A vocabulary of 256 000 words with its merges takes some 15 MB of the header, which other formats keep
# elsewhere.
_HEADERS_WITH_VOCABULARIES = 8


def _package(file: WeightFile) -> Any:
    try:
        import gguf
    except ImportError:
        remedy = "Install it with `pip install weightwidgets[gguf]`."
        raise CheckpointError(
            "unsupported", file.path, f"GGUF files need the `gguf` package.\n{remedy}"
        ) from None
    return cast("Any", gguf)


def _note(architecture: str) -> str:
    if architecture not in _PERMUTED:
        return ""
    return "In GGUF files of Llama models the rows of query and key weights stand in llama.cpp's order."
