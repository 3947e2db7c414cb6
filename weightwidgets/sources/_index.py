"""A checkpoint in several files: an index names the file of each tensor. No name leads out of the folder."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from weightwidgets.sources._limits import (
    CheckpointError,
    Clock,
    WeightFile,
    only_checkpoint_errors,
    over_limit,
    read_json,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    import torch

    from weightwidgets.sources._limits import Limits
    from weightwidgets.sources.store import TensorStore

# What the Hugging Face libraries call their files, the one to prefer first.
_KNOWN = (
    "model.safetensors.index.json", "model.safetensors",
    "diffusion_pytorch_model.safetensors.index.json", "diffusion_pytorch_model.safetensors",
    "adapter_model.safetensors",
    "pytorch_model.bin.index.json", "pytorch_model.bin",
    "diffusion_pytorch_model.bin", "adapter_model.bin",
)  # fmt: skip
_ENDINGS = (
    ".safetensors.index.json",
    ".safetensors",
    ".bin.index.json",
    ".bin",
    ".ckpt",
    ".pt",
    ".pth",
    ".gguf",
)
_NAMED_AT_MOST = 4
# How the Hugging Face libraries number the files of one checkpoint.
_PART = re.compile(r"-(\d{5})-of-(\d{5})(?=\.)")


def checkpoint_in(folder: str) -> str:
    """Return the path of the file in a folder that holds the weights or their index.

    Raises
    ------
    CheckpointError
        There is none, or several of one kind.
    """
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 (names may be no text, and a folder no folder)
    except OSError as error:
        raise CheckpointError("missing", folder, f"this folder cannot be read ({error.strerror}).") from None
    for name in _KNOWN:
        if name in names:
            return str(Path(folder, name))
    for ending in _ENDINGS:
        found = [name for name in names if name.endswith(ending)]
        if len(found) == 1:
            return str(Path(folder, found[0]))
        if found:
            if all(_PART.search(name) for name in found):
                index = _PART.sub("", found[0]).removesuffix(ending) + f"{ending}.index.json"
                detail = f"it holds {len(found)} parts of a checkpoint without their index."
                remedy = f"Fetch the file {shown(index, 60)!r} too, or pass the path of one part."
                raise CheckpointError("missing", folder, f"{detail}\n{remedy}")
            some = ", ".join(shown(name, 60) for name in found[:_NAMED_AT_MOST])
            detail = f"this folder holds {len(found)} checkpoints ({some}). Pass the path of one of them."
            raise CheckpointError("no weights", folder, detail)
    detail = "this folder holds no weights: no .safetensors, .bin, .pt, .pth, .ckpt or .gguf file."
    raise CheckpointError("no weights", folder, detail)


def lone_part_note(path: str) -> str:
    """Return a sentence on what is missing where one file of a numbered checkpoint is opened alone, or ""."""
    found = _PART.search(os.path.basename(path))  # noqa: PTH119 (any text is a path)
    total = int(found[2]) if found else 1
    if found is None or total < 2:
        return ""
    return f"This is part {int(found[1])} of {total}: the tensors of the other {total - 1} are missing here."


class Shards(NamedTuple):
    """The files of a checkpoint in order, and the shard of each tensor."""

    files: list[WeightFile]
    shard_of: dict[str, int]


def read_index(file: WeightFile, limits: Limits) -> Shards:
    """Read and check an index file (``{"weight_map": {tensor: file, ...}}``).

    Parameters
    ----------
    file
        The index.
    limits
        What it may ask for.

    Raises
    ------
    CheckpointError
        It is too large or too deep, is no index, or names a file that is not beside it.
    """
    if file.size > limits.header_bytes:
        raise over_limit(file.path, f"the index has {file.size:,} bytes", "header_bytes")
    with only_checkpoint_errors(file.path):
        index = read_json(file.head(file.size), file.path, limits)
        weight_map = index.get("weight_map") if isinstance(index, dict) else None
        if not isinstance(weight_map, dict) or not all(isinstance(name, str) for name in weight_map.values()):
            detail = (
                'this JSON file is no index of a checkpoint: it has no "weight_map" from tensors to files.'
            )
            raise CheckpointError("unknown format", file.path, detail)
        if len(weight_map) > limits.tensors:
            raise over_limit(file.path, f"it names {len(weight_map):,} tensors", "tensors")
        names = sorted(set(weight_map.values()))
        if len(names) > limits.shards:
            raise over_limit(file.path, f"it names {len(names):,} files", "shards")
        places = {name: position for position, name in enumerate(names)}
        files = [file_beside(file, name) for name in names]
        return Shards(files, {tensor: places[name] for tensor, name in weight_map.items()})


def file_beside(index: WeightFile, name: str) -> WeightFile:
    """Return the file that another one names, which stands in its folder.

    Parameters
    ----------
    index
        The file that names it.
    name
        A name without folders.

    Raises
    ------
    CheckpointError
        The name or a link leads elsewhere, or there is no such regular file.
    """
    if not name or name in {".", ".."} or any(mark in name for mark in ("/", "\\", "\0", ":")):
        detail = f"it names {shown(name)!r}, which is no file beside it. Do not load it by other means."
        raise CheckpointError("unsafe", index.path, detail)
    folder = os.path.realpath(os.path.dirname(index.path))  # noqa: PTH120 (as `_limits.WeightFile`)
    path = os.path.join(folder, name)  # noqa: PTH118 (the same)
    try:
        shard = WeightFile(path)
    except CheckpointError as missing:
        if missing.kind != "missing":
            raise
        detail = f"its file {shown(name)!r} is missing. Fetch the whole checkpoint again."
        raise CheckpointError("missing", index.path, detail) from None
    real = os.path.realpath(path)
    if not _is_within(real, [folder, *_blobs(folder)]) or (shard.links > 1 and not _blobs(folder)):
        detail = f"its file {shown(name)!r} is a link to another place. Copy the file itself there."
        raise CheckpointError("unsafe", index.path, detail)
    return shard


def _is_within(path: str, folders: list[str]) -> bool:
    return os.path.dirname(path) in folders  # noqa: PTH120 (as above)


def _blobs(folder: str) -> list[str]:
    """Return where a Hugging Face hub cache keeps what the links of this snapshot lead to; empty elsewhere.

    The layout is ``models--owner--name/snapshots/<revision>`` beside ``models--owner--name/blobs``.
    """
    snapshots, repository = Path(folder).parent, Path(folder).parent.parent
    is_cache = snapshots.name == "snapshots" and repository.name.startswith("models--")
    return [str(repository / "blobs")] if is_cache else []


class ShardedStore:
    """The tensors of several stores as one; see `TensorStore`.

    The order is that of the shards, which model libraries fill in the order of the model.

    Parameters
    ----------
    index
        The index file, for messages.
    shards
        What it says.
    open_shard
        Opens one file with the limits that are left.
    limits
        What all of them together may ask for.

    Raises
    ------
    CheckpointError
        A shard cannot be opened, lacks a tensor that the index places in it, or a tensor stands in two.
    """

    def __init__(
        self,
        index: WeightFile,
        shards: Shards,
        open_shard: Callable[[WeightFile], TensorStore],
        limits: Limits,
    ) -> None:
        self._stores: list[TensorStore] = []
        self._owner: dict[str, int] = {}
        clock = Clock(limits)
        for place, file in enumerate(shards.files):
            clock.check(index.path)
            self._stores.append(open_shard(file))
            for name in self._stores[place].outlines():
                # A tensor that the index does not mention is there all the same.
                if shards.shard_of.get(name, place) == place:
                    self._owner.setdefault(name, place)
            if len(self._owner) > limits.tensors:
                raise over_limit(index.path, f"it holds more than {limits.tensors:,} tensors", "tensors")
        lost = [name for name in shards.shard_of if name not in self._owner]
        if lost:
            file_name = os.path.basename(shards.files[shards.shard_of[lost[0]]].path)  # noqa: PTH119 (as above)
            what = f"{shown(lost[0])!r} should be in {shown(file_name)!r} and is not"
            more = f", nor are {len(lost) - 1} others where they should be" if len(lost) > 1 else ""
            detail = f"{what}{more}. Fetch the whole checkpoint again."
            raise CheckpointError("damaged", index.path, detail)

    def state(self) -> Hashable:
        """Return None: files are opened once, and refuse to be read when they changed."""
        return None

    def outlines(self) -> Mapping[str, torch.Tensor]:
        """Return names to tensors with shape and dtype, shard by shard."""
        return {name: self._stores[place].outline(name) for name, place in self._owner.items()}

    def outline(self, key: str) -> torch.Tensor:
        """Return a tensor with the shape and dtype."""
        return self._of(key).outline(key)

    def tensor(self, key: str) -> torch.Tensor:
        """Return the tensor, read from its shard."""
        return self._of(key).tensor(key)

    def raw(self, key: str) -> dict[str, torch.Tensor]:
        """Return what the tensor is made of."""
        return self._of(key).raw(key)

    def identity(self, key: str) -> Hashable:
        """Return shard and place in it; None for an unknown name."""
        place = self._owner.get(key)
        return None if place is None else (place, self._stores[place].identity(key))

    def version(self, key: str) -> Hashable | None:
        """Return the version of the tensor in its shard."""
        return self._of(key).version(key)

    def derivation(self, key: str) -> str:
        """Return what the shard says of the tensor."""
        return self._of(key).derivation(key)

    def _of(self, key: str) -> TensorStore:
        return self._stores[self._owner[key]]
