"""Files for the tests of the loaders: ordinary ones, and the tricks that a hostile one plays."""

from __future__ import annotations

import json
import pickle
import struct
import zipfile
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from pathlib import Path


def safetensors(
    path: Path, header: dict[str, Any] | bytes, data: bytes = b"", length: int | None = None
) -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data)
    return path


def entry(dtype: str, shape: list[int], start: int, end: int) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


def torch_archive(
    path: Path,
    pickled: bytes,
    storages: dict[str, bytes] | None = None,
    compression: int = zipfile.ZIP_STORED,
) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("archive/data.pkl", pickled)
        archive.writestr("archive/byteorder", "little")
        for key, data in (storages or {}).items():
            archive.writestr(f"archive/data/{key}", data)
        archive.writestr("archive/version", "3\n")
    return path


class Canary:
    """Pickled, it writes a file and sets a variable when anything unpickles it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return exec, (f"import os; os.environ['WW_CANARY'] = '1'; open({str(self.path)!r}, 'w').close()",)


def canary(path: Path, touched: Path, *, legacy: bool = False) -> Path:
    tensors = {"weight": torch.ones(2, 2), "extra": Canary(touched)}
    torch.save(tensors, path, _use_new_zipfile_serialization=not legacy)
    return path


GLOBAL = {
    "tensor": b"ctorch._utils\n_rebuild_tensor_v2\n",
    "float": b"ctorch\nFloatStorage\n",
    "dict": b"ccollections\nOrderedDict\n",
}


def number(value: int) -> bytes:
    return pickle.dumps(value, protocol=2)[2:-1]


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def tensor_pickle(shape: list[int], stride: list[int], numel: int, key: str = "0", offset: int = 0) -> bytes:
    """Return the pickle of ``{"weight": tensor}`` as `torch.save` writes it, with any numbers in it."""
    storage = b"((" + text("storage") + GLOBAL["float"] + text(key) + text("cpu") + number(numel) + b"tQ"
    sizes = b"(" + b"".join(map(number, shape)) + b"t" + b"(" + b"".join(map(number, stride)) + b"t"
    made = GLOBAL["tensor"] + storage + number(offset) + sizes + b"\x89" + GLOBAL["dict"] + b")RtR"
    return b"\x80\x02}" + text("weight") + made + b"s."
