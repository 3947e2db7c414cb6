"""What a file may ask for, and the one exception that says no.

A checkpoint comes from anywhere. What it claims about itself (sizes, counts, names, nesting) is measured
against these limits before anything is allocated for it.
"""

from __future__ import annotations

import json
import os
import re
import stat
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

Problem = Literal[
    "missing", "not a file", "unknown format", "damaged", "limit", "unsafe", "unsupported", "changed",
    "no weights",
]  # fmt: skip

_ENDINGS = (".safetensors", ".pt", ".pth", ".bin", ".ckpt", ".gguf", ".json")
_SHOWN_LENGTH = 120
_LONGEST_DETAIL = 600


class CheckpointError(ValueError):
    """A file that cannot be opened or read, and what to do about it: the only exception that files raise.

    Parameters
    ----------
    kind
        ``"missing"``, ``"not a file"``, ``"unknown format"``, ``"damaged"``, ``"limit"`` (it asks for more
        than it may), ``"unsafe"`` (it would have to be trusted), ``"unsupported"``, ``"changed"`` (since it
        was opened) or ``"no weights"``.
    file
        Its path.
    detail
        What is wrong and what to do, in at most four lines of plain text.
    """

    def __init__(self, kind: Problem, file: str, detail: str) -> None:
        # The file's folders may tell more than whoever sees the sentence should know.
        name = os.path.basename(os.path.normpath(file)) or file  # noqa: PTH119 (any text is a path)
        super().__init__(f"{shown(name)}: {detail}")
        self.kind = kind
        self.file = file
        self.detail = detail

    def __reduce__(self) -> tuple[type[CheckpointError], tuple[Problem, str, str]]:
        """Return how to make it again: exceptions are otherwise made from their sentence alone."""
        return CheckpointError, (self.kind, self.file, self.detail)


@dataclass(frozen=True)
class Limits:
    """What opening a file may cost. ``limits=None`` stands for no limit at all.

    Attributes
    ----------
    tensors
        Tensors in all shards together; also the members of an archive.
    header_bytes
        Size of a safetensors or GGUF header and of an index file.
    pickle_bytes
        Size of the part of a torch archive that says what its tensors are.
    legacy_bytes
        Size of a file of torch before 1.6, which cannot be mapped and is read as a whole.
    shards
        Files of one checkpoint.
    depth
        How deep lists and mappings may be nested.
    seconds
        For finding out what a file holds.
    materialised_bytes
        Memory for the numbers of one tensor that are not in the file as they are: expanded, sparse,
        quantised.
    """

    tensors: float = 200_000
    header_bytes: float = 16 * 2**20
    pickle_bytes: float = 64 * 2**20
    legacy_bytes: float = 4 * 2**30
    shards: float = 2_000
    depth: float = 32
    seconds: float = 10
    materialised_bytes: float = 2**30

    @classmethod
    def none(cls) -> Limits:
        """Return limits that refuse nothing."""
        return cls(**{field.name: float("inf") for field in fields(cls)})


class Clock:
    """Refuses to go on after the seconds that a limit gives."""

    def __init__(self, limits: Limits) -> None:
        self._allowed = limits.seconds
        self._end = time.monotonic() + limits.seconds

    def check(self, file: str) -> None:
        """Raise `CheckpointError` once the time is over."""
        if time.monotonic() > self._end:
            raise over_limit(file, f"what it holds was not found out within {self._allowed:g} s", "seconds")


class WeightFile:
    """A regular file, and how to tell that it is still the one that was opened.

    Raises
    ------
    CheckpointError
        There is no such file, or it is a folder, a device, a pipe or a socket.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            status = os.stat(path)  # noqa: PTH116 (the text may be no path at all)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            remedy = "Download it first: nothing is fetched from a network." if _is_hub_name(path) else ""
            detail = f"it cannot be found ({reason}). {remedy or 'Check the path.'}"
            raise CheckpointError("missing", path, detail) from None
        if not stat.S_ISREG(status.st_mode):
            raise CheckpointError("not a file", path, "this is no regular file. Pass a file or a folder.")
        self.size = status.st_size
        self.links = status.st_nlink
        self._stamp = _stamp(status)

    def version(self) -> Hashable:
        """Return device, inode, time of change and size as they are now; None where it is gone."""
        try:
            return _stamp(os.stat(self.path))  # noqa: PTH116 (as above)
        except OSError:
            return None

    def require_unchanged(self) -> None:
        """Raise `CheckpointError` unless this is still the file that was opened.

        A file that another program cuts short while it is mapped ends the process: it is never read then.
        """
        if self.version() != self._stamp:
            raise CheckpointError(
                "changed", self.path, "the file changed since it was opened. Open it again."
            )

    def head(self, length: int) -> bytes:
        """Return the first bytes."""
        with open(self.path, "rb") as opened:  # noqa: PTH123 (as above)
            return opened.read(length)


def _is_hub_name(path: str) -> bool:
    """Say whether a path that leads nowhere reads like the name of a model on a hub: "owner/model"."""
    named = re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", path) and not path.lower().endswith(_ENDINGS)
    return bool(named) and not os.path.isdir(path.partition("/")[0])  # noqa: PTH112 (as above)


def _stamp(status: os.stat_result) -> Hashable:
    return (status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size)


def over_limit(file: str, problem: str, limit: str) -> CheckpointError:
    """Return the refusal of a file that asks for more than a limit; it names the limit to raise."""
    remedy = f"If you trust it, pass what `ww.open_source(path, limits=ww.Limits({limit}=...))` returns."
    return CheckpointError("limit", file, f"{problem}, which is more than files may ask for.\n{remedy}")


def shown(text: object, length: int = _SHOWN_LENGTH) -> str:
    """Return text of a file with marks for what cannot be seen, shortened in its middle."""
    whole = str(text)
    if len(whole) > length:
        half = (length - 1) // 2
        whole = f"{whole[:half]}…{whole[-half:]}"
    # repr marks what is not printable: control, direction and zero-width characters, lone surrogates.
    return repr(whole)[1:-1]


@contextmanager
def only_checkpoint_errors(file: str) -> Iterator[None]:
    """Turn whatever a library raises over a file into a `CheckpointError`."""
    try:
        yield
    except CheckpointError:
        raise
    except MemoryError:
        raise CheckpointError("limit", file, "it asks for more memory than there is.") from None
    except Exception as error:  # noqa: BLE001 (nine types were seen from torch alone)
        said = shown(" ".join(str(error).split()), _LONGEST_DETAIL // 2) or type(error).__name__
        detail = f"the file is damaged or not what it seems to be. Fetch it again.\nThe reader says: {said}"
        raise CheckpointError("damaged", file, detail) from None


_JSON_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[\[{]|[\]}]', re.DOTALL)


def read_json(text: bytes, file: str, limits: Limits) -> object:
    """Parse JSON of a file, after its size and nesting were checked."""
    if len(text) > limits.header_bytes:
        raise over_limit(file, f"its header has {len(text):,} bytes", "header_bytes")
    decoded = text.decode("utf-8")
    depth = 0
    for token in _JSON_TOKENS.finditer(decoded):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if depth > min(limits.depth, sys.getrecursionlimit() // 2):
            raise over_limit(file, f"its JSON is nested deeper than {limits.depth:g} levels", "depth")
    return json.loads(decoded)
