"""A file of `torch.save`, a ZIP archive or pickles in a row: measured first, then loaded."""

from __future__ import annotations

import io
import pickle
import pickletools
import re
import tarfile
import warnings
import zipfile
from typing import TYPE_CHECKING, Any

import torch
from torch.serialization import MAGIC_NUMBER

from weightwidgets.sources._limits import CheckpointError, only_checkpoint_errors, over_limit, shown
from weightwidgets.sources._skim import TRUST, PickleSkim

if TYPE_CHECKING:
    from weightwidgets.sources._limits import Limits, WeightFile

# Both versions before it ran foreign code or corrupted memory with `weights_only=True` (CVE-2025-32434 up to
# 2.5.1, CVE-2026-24747 up to 2.9.1).
SAFE_TORCH = (2, 10)
_ARCHIVE = b"PK\x03\x04"
# Bytes of an archive's directory for each of its members: longer names than torch ever writes.
_DIRECTORY_ENTRY = 128
# A stored archive is its members and their headers.
_SLACK = 1.05
# Magic number, protocol, system, contents, names of the storages.
_LEGACY_PICKLES = 5
# Bytes that hold the version and the first value of a pickle, as torch writes them.
_FIRST_STEPS = 64
_REFUSED = re.compile(r"GLOBAL (\S+)")


def load(file: WeightFile, limits: Limits, *, trust: bool) -> Any:
    """Return what was saved; the numbers of a new archive stay on the disk until they are read.

    Parameters
    ----------
    file
        The file.
    limits
        What it may ask for; not applied to what is trusted, which may do anything anyway.
    trust
        Whether the file may run code of its own.

    Raises
    ------
    CheckpointError
        It asks for too much, would have to be trusted, or is damaged.
    """
    if not trust:
        _require_safe_torch(file)
    with only_checkpoint_errors(file.path), warnings.catch_warnings():
        # torch warns of what it is about to refuse, and of pickle protocols that it reads all the same.
        warnings.simplefilter("ignore")
        # As torch tells the two apart: `zipfile` also finds an archive at the end of a row of pickles.
        is_archive = file.head(len(_ARCHIVE)) == _ARCHIVE
        if not is_archive:
            _refuse_plain_pickle(file)
        if not trust:
            _measure_archive(file, limits) if is_archive else _measure_legacy(file, limits)
        # torch maps what it is given by name, and takes every name with this ending for the other format.
        mapped = is_archive and not file.path.endswith(".safetensors")
        with open(file.path, "rb") as opened:  # noqa: PTH123 (as in `_limits`)
            try:
                place: Any = file.path if mapped else opened
                return torch.load(place, map_location="cpu", weights_only=not trust, mmap=mapped)
            except pickle.UnpicklingError as error:
                refused = _REFUSED.search(str(error))
                if refused is None:
                    raise
                raise _unsafe(file, refused[1]) from None


def _require_safe_torch(file: WeightFile) -> None:
    version = tuple(int(part) for part in torch.__version__.split(".")[:2])
    if version < SAFE_TORCH:
        reason = (
            f"torch {torch.__version__} can be made to run code by files of this kind; 2.10 and later cannot."
        )
        raise CheckpointError(
            "unsafe", file.path, f"{reason}\nUpdate torch, or convert it to safetensors.\n{TRUST}"
        )


def _measure_archive(file: WeightFile, limits: Limits) -> None:
    members = _members(file, limits)
    reader = torch._C.PyTorchFileReader(file.path)  # noqa: SLF001 (torch's own view of the archive)
    # A file may be one archive to Python and another to torch: then nothing measured here would count.
    if set(reader.get_all_records()) != set(members):
        raise CheckpointError("damaged", file.path, "its directory can be read in two ways. Fetch it again.")
    if members["data.pkl"] > limits.pickle_bytes:
        raise over_limit(file.path, f"its pickle has {members['data.pkl']:,} bytes", "pickle_bytes")
    skim = PickleSkim(file.path, file.size, limits)
    skim.follow(io.BytesIO(reader.get_record("data.pkl")))
    for stored in skim.storages.values():
        member = members.get(f"data/{stored.key}")
        if member != stored.nbytes:
            detail = f"the numbers of storage {shown(stored.key)!r} are missing or cut short. Fetch it again."
            raise CheckpointError("damaged", file.path, detail)


def _members(file: WeightFile, limits: Limits) -> dict[str, int]:
    """Return what is in an archive by name without its folder, after the whole directory was checked."""
    with open(file.path, "rb") as raw, zipfile.ZipFile(_Sparing(raw, limits)) as archive:  # noqa: PTH123
        found = archive.infolist()
    if len(found) > limits.tensors:
        raise over_limit(file.path, f"it has {len(found):,} members", "tensors")
    names = [entry.orig_filename.partition("/")[2] for entry in found]
    if "constants.pkl" in names or any(name.startswith("code/") for name in names):
        remedy = "Where you trust it, pass `torch.jit.load(path)` itself."
        reason = "this is a TorchScript program, not weights alone."
        raise CheckpointError("unsafe", file.path, f"{reason}\n{remedy}")
    if "data.pkl" not in names:
        raise CheckpointError("unknown format", file.path, _foreign([entry.filename for entry in found]))
    if any(entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1 for entry in found):
        reason = "its members are compressed or encrypted, which torch.save never does"
        raise CheckpointError("limit", file.path, f"{reason}: it may unpack to any size. Unpack it yourself.")
    if sum(entry.file_size for entry in found) > _SLACK * file.size:
        raise CheckpointError("damaged", file.path, "its members are larger than the file. Fetch it again.")
    members: dict[str, int] = {}
    for name, entry in zip(names, found, strict=True):
        if not name or name in members or ".." in name.split("/"):
            detail = (
                f"its member {shown(entry.orig_filename)!r} stands twice or has no place. Fetch it again."
            )
            raise CheckpointError("damaged", file.path, detail)
        members[name] = entry.file_size
    return members


def _foreign(members: list[str]) -> str:
    if members and all(member.endswith(".npy") for member in members):
        return "this is a numpy archive (.npz): pass `dict(numpy.load(path))`."
    return "this ZIP archive was not written by torch.save. Unpack it, and pass what is inside."


class _Sparing(io.BufferedReader):
    """An open file that gives no more at once than the directory of an archive may have.

    `zipfile` reads the directory as a whole and makes an object of each entry, before it can be asked how
    many.
    """

    def __init__(self, raw: Any, limits: Limits) -> None:
        super().__init__(raw)
        self._path = str(raw.name)
        self._most = limits.tensors * _DIRECTORY_ENTRY

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes."""
        if size is not None and size > self._most:
            raise over_limit(self._path, f"its directory has {size:,} bytes", "tensors")
        return super().read(size)


def _refuse_plain_pickle(file: WeightFile) -> None:
    head = file.head(_FIRST_STEPS)
    if head[:1] != b"\x80" or head[1] > pickle.HIGHEST_PROTOCOL:
        return
    try:
        steps = pickletools.genops(head)
        first = next(value for step, value, _ in steps if step.name not in {"PROTO", "FRAME"})
    except (ValueError, StopIteration):
        # Damaged, which is told elsewhere.
        return
    if first != MAGIC_NUMBER:
        reason = "this is a plain pickle, not written by torch.save: to read it is to run what it says."
        remedy = "Where you trust it, pass what `pickle.load` makes of it, or save that by torch.save."
        raise CheckpointError("unsafe", file.path, f"{reason}\n{remedy}")


def _measure_legacy(file: WeightFile, limits: Limits) -> None:
    if file.size > limits.legacy_bytes:
        raise over_limit(file.path, f"it is of torch before 1.6 and has {file.size:,} bytes", "legacy_bytes")
    with open(file.path, "rb") as opened:  # noqa: PTH123 (as in `_limits`)
        try:
            tarfile.open(fileobj=opened, mode="r:").close()
        except tarfile.TarError:
            pass
        else:
            # torch would unpack it into a folder.
            remedy = "Load it with a torch of its time where you trust it, and save it again."
            raise CheckpointError(
                "unsupported", file.path, f"this is a tar archive of torch before 0.2.\n{remedy}"
            )
        opened.seek(0)
        pickles = io.BytesIO(opened.read(int(min(limits.pickle_bytes, file.size))))
    skim = PickleSkim(file.path, file.size, limits)
    for _ in range(_LEGACY_PICKLES):
        skim.follow(pickles)
    if sum(stored.nbytes for stored in skim.storages.values()) > file.size:
        raise CheckpointError("damaged", file.path, "the file is cut short. Fetch it again.")


def _unsafe(file: WeightFile, name: str) -> CheckpointError:
    return CheckpointError("unsafe", file.path, f"to load it, {shown(name)} would have to run.\n{TRUST}")
