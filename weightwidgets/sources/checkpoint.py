"""A checkpoint on disk as a source: told by its content, measured first, read layer by layer."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from weightwidgets.sources import _archive
from weightwidgets.sources._config import config_beside
from weightwidgets.sources._gguf import MAGIC, GgufStore
from weightwidgets.sources._index import ShardedStore, checkpoint_in, lone_part_note, read_index
from weightwidgets.sources._limits import (
    CheckpointError,
    Limits,
    WeightFile,
    only_checkpoint_errors,
    over_limit,
    shown,
)
from weightwidgets.sources._safetensors import SafetensorsStore
from weightwidgets.sources.mapping import as_tensor, memory
from weightwidgets.sources.module import ModuleSource
from weightwidgets.sources.store import StoreSource, TensorStore
from weightwidgets.sources.wrappers import TooDeepError, contents

if TYPE_CHECKING:
    from collections.abc import Hashable

    from weightwidgets.sources.source import Source

_OTHER_FORMATS = {
    b"\x89HDF\r\n\x1a\n": "an HDF5 file (Keras)",
    b"\x93NUMPY": "a numpy file: pass `{'weight': numpy.load(path)}`",
    b"\x1f\x8b": "compressed with gzip: unpack it first",
    b"version https://git-lfs": "a Git LFS pointer: run `git lfs pull`",
    b"<!DOCTYPE": "a web page: the download went wrong",
    b"<html": "a web page: the download went wrong",
}
_ACCEPTED = "Accepted are .safetensors, .pt, .pth, .bin, .ckpt, .gguf and folders of Hugging Face models."
_PER_TENSOR = 40


def open_checkpoint(path: str | os.PathLike[str], limits: Limits | None, *, trust: bool) -> Source:
    """Open a file or a folder; see `open_source`.

    Raises
    ------
    CheckpointError
        Whatever the file is or does: no other exception leaves here.
    """
    name = os.fsdecode(os.fspath(path))
    bounds = Limits.none() if limits is None else limits
    with only_checkpoint_errors(name):
        found = checkpoint_in(name) if os.path.isdir(name) else name  # noqa: PTH112 (as `_limits.WeightFile`)
        file = WeightFile(found)
        opened = _open_file(file, bounds, trust=trust)
        title = os.path.basename(os.path.abspath(name))  # noqa: PTH119, PTH100 (the same)
        if isinstance(opened, nn.Module):
            source: Source = ModuleSource(opened)
            source.title = title
            return source
        notes = (getattr(opened, "note", ""), lone_part_note(found))
        stored = StoreSource(opened, title, " ".join(filter(None, notes)))
        stored.config = opened.config if isinstance(opened, GgufStore) else config_beside(file, bounds)
        return stored


def _open_file(file: WeightFile, limits: Limits, *, trust: bool) -> TensorStore | nn.Module:
    head = file.head(32)
    if head.startswith(MAGIC):
        return GgufStore(file, limits)
    # The header of safetensors begins after its length, with a brace; spaces before it are let pass.
    if head[8:].lstrip().startswith(b"{"):
        return SafetensorsStore(file, limits)
    if head.lstrip().startswith(b"{"):
        return _open_index(file, limits, trust=trust)
    if head.startswith((b"PK", b"\x80")):
        return _open_archive(file, limits, trust=trust)
    known = next((what for start, what in _OTHER_FORMATS.items() if head.startswith(start)), "")
    detail = f"this is {known}." if known else "its content is of no format that is known here."
    if not file.size:
        detail = "the file is empty. Fetch it again."
    raise CheckpointError("unknown format", file.path, f"{detail}\n{_ACCEPTED}")


def _open_index(file: WeightFile, limits: Limits, *, trust: bool) -> ShardedStore:
    def open_shard(shard: WeightFile) -> TensorStore:
        head = shard.head(16)
        if head.lstrip().startswith(b"{") and not head[8:].lstrip().startswith(b"{"):
            raise CheckpointError("unsafe", file.path, "it names another index as a file of weights.")
        opened = _open_file(shard, limits, trust=trust)
        if isinstance(opened, nn.Module):
            raise CheckpointError(
                "unsupported", shard.path, "a file of a larger checkpoint holds a whole module."
            )
        return opened

    return ShardedStore(file, read_index(file, limits), open_shard, limits)


def _open_archive(file: WeightFile, limits: Limits, *, trust: bool) -> LoadedStore | nn.Module:
    loaded = _archive.load(file, limits, trust=trust)
    try:
        found = contents(loaded, limits.depth, limits.tensors * _PER_TENSOR)
    except TooDeepError:
        detail = f"it is nested deeper than {limits.depth:g} levels or holds too much"
        raise over_limit(file.path, detail, "depth") from None
    if isinstance(found.weights, nn.Module):
        return found.weights
    if not found.weights:
        detail = f"it holds no tensors, only {shown(type(loaded).__name__)}. {found.note}".strip()
        raise CheckpointError("no weights", file.path, detail)
    if len(found.weights) > limits.tensors:
        raise over_limit(file.path, f"it holds {len(found.weights):,} tensors", "tensors")
    tensors = {name: as_tensor(value) for name, value in found.weights.items()}
    return LoadedStore(file, tensors, found.note, limits)


@dataclass(frozen=True, slots=True)
class LoadedStore:
    """Tensors that `torch.load` gave, whose numbers are in the mapped file; see `TensorStore`."""

    file: WeightFile
    tensors: dict[str, torch.Tensor]
    note: str
    limits: Limits

    def state(self) -> Hashable:
        """Return None: a file is opened once, and refuses to be read when it changed."""
        return None

    def outlines(self) -> dict[str, torch.Tensor]:
        """Return the tensors, none of which is read."""
        return self.tensors

    def outline(self, key: str) -> torch.Tensor:
        """Return the tensor, which is not read."""
        return self.tensors[key]

    def tensor(self, key: str) -> torch.Tensor:
        """Return the tensor.

        Raises
        ------
        CheckpointError
            The file changed, or the tensor is a few numbers that stand for more than memory may hold.
        """
        self.file.require_unchanged()
        tensor = self.tensors[key]
        needed = 0 if is_lazy(tensor) or tensor.is_meta else tensor.numel() * tensor.element_size()
        if needed > max(_held(tensor), self.limits.materialised_bytes):
            if self.derivation(key):
                # Raised limits would only fill the memory with one number over and over.
                stored = _held(tensor) // tensor.element_size()
                what = "number" if stored == 1 else "numbers"
                detail = f"{shown(key)!r} is an expanded view of {stored:,} stored {what}; it is not shown."
                raise CheckpointError("limit", self.file.path, detail)
            problem = f"{shown(key)!r} stands for {needed:,} bytes, of which {_held(tensor):,} are stored"
            raise over_limit(self.file.path, problem, "materialised_bytes")
        return tensor

    def raw(self, key: str) -> dict[str, torch.Tensor]:
        """Return the tensor under "", not read."""
        return {"": self.tensors[key]}

    def identity(self, key: str) -> Hashable:
        """Return the memory of the tensor; None for an unknown name."""
        return memory(self.tensors[key]) if key in self.tensors else None

    def version(self, key: str) -> Hashable:
        """Return the file's place, time and size."""
        del key
        return (self.file.path, self.file.version())

    def derivation(self, key: str) -> str:
        """Return a sentence where few numbers stand for many."""
        tensor: Any = self.tensors[key]
        plain = not is_lazy(tensor) and tensor.layout is torch.strided and not tensor.is_meta
        if not plain or not any(s == 0 and n > 1 for s, n in zip(tensor.stride(), tensor.shape, strict=True)):
            return ""
        stored = _held(tensor) // max(1, tensor.element_size())
        return f"An expanded view: {stored:,} stored numbers are repeated to make {tensor.numel():,}."


def _held(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage().nbytes() if tensor.layout is torch.strided else 0
