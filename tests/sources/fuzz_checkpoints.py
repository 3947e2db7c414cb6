"""Mutated checkpoints by the thousand: each opens, or is refused by a `CheckpointError`; none runs code.

Mutations follow the structure of a file, so that they reach past the first check: numbers of a header,
members of an archive, single instructions of a pickle. A case is made from its number alone, and so can be
made again.

    python -m tests.sources.fuzz_checkpoints 2000000
"""

from __future__ import annotations

import json
import os
import pickle
import pickletools
import random
import resource
import signal
import struct
import sys
import tempfile
import time
import zipfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from safetensors.torch import save

from tests.sources.archives import Canary
from weightwidgets.sources.open import CheckpointError, open_source

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS_PER_CASE = 20
SIZES = (
    0, 1, -1, 2, 3, 7, 255, 2**31, 2**32 - 1, 2**40, 2**63 - 1, 2**63, 2**64, 10**30, 1.5, None, "3", True,
)  # fmt: skip
NAMES = (
    "", "a", "a.weight", "..", "../x", "/etc/passwd", "<script>", "\0", "\u202e", "é", "x" * 5000, "a\nb",
    "__metadata__", "data.pkl", "module.a", "1" * 5000,
)  # fmt: skip
DTYPES = ("F32", "BF16", "F16", "U8", "I64", "F4", "F6_E2M3", "F8_E4M3", "C64", "BOOL", "f32", "", "X")
TENSORS = {
    "module.conv.weight": torch.ones(4, 3, 2, 2),
    "module.conv.bias": torch.ones(4),
    "module.bn.weight": torch.ones(4, dtype=torch.bfloat16),
    "module.bn.running_mean": torch.ones(4),
    "module.fc.weight": torch.ones(2, 4, dtype=torch.float16),
    "module.position": torch.arange(3),
    "module.scalar": torch.tensor(1.0),
}


class Hang(BaseException):
    """A case that does not come to an end; no loader may catch it as an ordinary error."""


class Seeds(NamedTuple):
    """Ordinary files, and a pickle that leaves a trace when it is run."""

    safetensors: bytes
    archives: tuple[dict[str, bytes], ...]
    legacy: bytes
    canary: bytes


def seeds(touched: Path) -> Seeds:
    """Write the files that are mutated."""
    plain: Any = {**TENSORS, "tied": TENSORS["module.conv.weight"], "view": torch.ones(1).expand(3, 4)}
    training: Any = {
        "state_dict": TENSORS, "epoch": 3, "list": [torch.ones(2), (1, 2.5, None)],
        "sparse": torch.eye(2).to_sparse(), "float8": torch.ones(2).to(torch.float8_e4m3fn),
        "parameter": torch.nn.Parameter(torch.ones(2)),
    }  # fmt: skip
    legacy = BytesIO()
    torch.save(plain, legacy, _use_new_zipfile_serialization=False)
    # The call alone, between the protocol and the end, to stand anywhere among other instructions.
    canary = pickle.dumps(Canary(touched), protocol=2)[2:-1]
    return Seeds(save(TENSORS), (_members(plain), _members(training)), legacy.getvalue(), canary)


def _members(value: object) -> dict[str, bytes]:
    written = BytesIO()
    torch.save(value, written)
    with zipfile.ZipFile(written) as archive:
        return {entry.filename: archive.read(entry) for entry in archive.infolist()}


def scrambled(data: bytes, rng: random.Random) -> bytes:
    """Change, cut, repeat or insert a few bytes."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        place = rng.randrange(len(changed) + 1)
        match rng.randrange(4):
            case 0 if place < len(changed):
                changed[place] = rng.randrange(256)
            case 1:
                del changed[place : place + rng.randint(1, 9)]
            case 2:
                changed[place:place] = changed[place : place + rng.randint(1, 30)]
            case _:
                changed[place:place] = rng.randbytes(rng.randint(1, 9))
    return bytes(changed)


def mutated_json(value: Any, rng: random.Random, atoms: tuple[Any, ...], rounds: int = 3) -> Any:
    """Replace, drop or add parts of a JSON value, wherever they are nested."""
    value = json.loads(json.dumps(value))
    for _ in range(rng.randint(1, rounds)):
        part = value
        while isinstance(part, (dict, list)) and part:
            key = rng.choice(list(part) if isinstance(part, dict) else range(len(part)))
            if rng.random() < 0.4 or not isinstance(part[key], (dict, list)):
                _change(part, key, rng, atoms)
                break
            part = part[key]
    return value


def _change(part: Any, key: Any, rng: random.Random, atoms: tuple[Any, ...]) -> None:
    match rng.randrange(5):
        case 0:
            del part[key]
        case 1 if isinstance(part, dict):
            part[rng.choice(NAMES)] = part.pop(key)
        case 2 if isinstance(part, dict):
            part[rng.choice(NAMES)] = part[rng.choice(list(part))]
        case 3 if isinstance(part[key], int):
            part[key] += rng.choice((-8, -4, -1, 1, 2, 4, 8, 2**33))
        case _:
            part[key] = rng.choice((*atoms, [], {}, [[]], [rng.choice(SIZES)]))


def safetensors_case(folder: Path, known: Seeds, rng: random.Random) -> Path:
    """Write a safetensors file with a mutated header, length or data."""
    (length,) = struct.unpack("<Q", known.safetensors[:8])
    header = known.safetensors[8 : 8 + length]
    data = known.safetensors[8 + length :]
    if rng.random() < 0.8:
        header = json.dumps(mutated_json(json.loads(header), rng, (*SIZES, *NAMES, *DTYPES))).encode()
    if rng.random() < 0.2:
        header = scrambled(header, rng)
    if rng.random() < 0.1:
        data = scrambled(data, rng)
    claimed = rng.choice((0, 1, 2**24, 2**63, len(header) + 1)) if rng.random() < 0.1 else len(header)
    path = folder / "model.safetensors"
    path.write_bytes(struct.pack("<Q", claimed) + header + data)
    return path


def index_case(folder: Path, known: Seeds, rng: random.Random) -> Path:
    """Write a folder with a mutated index beside two shards, one of which may be mutated too."""
    shard = folder / "a.safetensors"
    if rng.random() < 0.2:
        shard.write_bytes(scrambled(known.safetensors, rng))
    else:
        shard.write_bytes(known.safetensors)
    weight_map: dict[str, Any] = dict.fromkeys(TENSORS, shard.name)
    index = mutated_json(
        {"metadata": {"total_size": 9}, "weight_map": weight_map}, rng, (*SIZES, *NAMES, "missing")
    )
    text = json.dumps(index).encode()
    if rng.random() < 0.2:
        text = scrambled(text, rng)
    if rng.random() < 0.02:
        text = b'{"weight_map": ' + b"[" * rng.choice((30, 40, 100_000))
    path = folder / "model.safetensors.index.json"
    path.write_bytes(text)
    return folder if rng.random() < 0.5 else path


def mutated_pickle(pickled: bytes, known: Seeds, rng: random.Random) -> bytes:
    """Drop, repeat, swap or change single instructions, or put a call among them that must never run."""
    starts = [place for _, _, place in pickletools.genops(pickled)]
    parts = [pickled[a:b] for a, b in zip(starts, [*starts[1:], len(pickled)], strict=True)]
    for _ in range(rng.randint(1, 4)):
        place = rng.randrange(1, len(parts))
        match rng.randrange(7):
            case 0:
                del parts[place]
            case 1:
                parts.insert(place, parts[rng.randrange(1, len(parts))])
            case 2:
                other = rng.randrange(1, len(parts))
                parts[place], parts[other] = parts[other], parts[place]
            case 3:
                parts[place] = scrambled(parts[place], rng)
            case 4:
                parts.insert(place, known.canary)
            case 5:
                size = rng.choice([size for size in SIZES if type(size) is int])
                parts[place] = pickle.dumps(size, protocol=2)[2:-1]
            case _:
                parts.insert(
                    place,
                    b"h" + bytes([rng.randrange(40)]) + rng.choice((b"\x86", b"\x87", b"R", b"a", b"s")),
                )
    return b"".join(parts)


def archive_case(folder: Path, known: Seeds, rng: random.Random) -> Path:
    """Write a torch archive with a mutated pickle, members or directory, or a legacy file."""
    path = folder / rng.choice(("model.pt", "model.bin", "model.ckpt", "model.safetensors"))
    if rng.random() < 0.15:
        path.write_bytes(scrambled(known.legacy, rng))
        return path
    members = dict(rng.choice(known.archives))
    (pickled,) = [name for name in members if name.endswith("/data.pkl")]
    if rng.random() < 0.8:
        members[pickled] = mutated_pickle(members[pickled], known, rng)
    if rng.random() < 0.3:
        name = rng.choice(list(members))
        match rng.randrange(4):
            case 0:
                del members[name]
            case 1:
                members[rng.choice((*NAMES, "archive/../x", "model/code/x"))] = members.pop(name)
            case _:
                members[name] = scrambled(members[name], rng)
    written = BytesIO()
    method = zipfile.ZIP_DEFLATED if rng.random() < 0.05 else zipfile.ZIP_STORED
    with zipfile.ZipFile(written, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name.strip("\0") or "x", data)
    data = written.getvalue()
    path.write_bytes(scrambled(data, rng) if rng.random() < 0.25 else data)
    return path


CASES: tuple[tuple[Callable[[Path, Seeds, random.Random], Path], int], ...] = (
    (safetensors_case, 8),
    (index_case, 6),
    (archive_case, 6),
)


def read_everything(path: Path) -> bool:
    """Open a file and read all that a view would; say whether it opened. `CheckpointError` may come of it."""
    try:
        source = open_source(path)
    except CheckpointError as refusal:
        _require_short(refusal)
        return False
    for layer in source.values():
        assert source[layer.name] is layer
        assert isinstance(layer.note, str)
        _ = layer.shape, layer.dtype, layer.numel, layer.out_channels, layer.fingerprint()
        try:
            _ = layer.weight, layer.bias, layer.statistics
        except CheckpointError as refusal:
            _require_short(refusal)
    return True


def _require_short(refusal: CheckpointError) -> None:
    assert 1 <= len(str(refusal).splitlines()) <= 5


class Outcome(NamedTuple):
    """How many cases there were of one kind, and how many of them opened."""

    cases: int = 0
    opened: int = 0


def fuzz(cases: int, folder: Path, seed: int = 0) -> dict[str, Outcome]:
    """Run so many cases and return what came of each kind.

    Raises
    ------
    AssertionError
        Anything but a `CheckpointError` came out, a case did not end, or something was run; the message names
        the case, and its file is left in the folder.
    """
    touched = folder / "touched"
    known = seeds(touched)
    turns = [make for make, share in CASES for _ in range(share)]
    found = dict.fromkeys((make.__name__ for make, _ in CASES), Outcome())
    os.environ.pop("WW_CANARY", None)

    def hang(_signal: int, _frame: object) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, hang)
    try:
        for number in range(cases):
            make = turns[number % len(turns)]
            rng = random.Random(f"{seed} {number}")  # noqa: S311 (cases, not secrets)
            path = make(folder, known, rng)
            signal.setitimer(signal.ITIMER_REAL, SECONDS_PER_CASE)
            try:
                opened = read_everything(path)
            except (Exception, Hang) as error:
                told = f"case {number} of seed {seed} ({make.__name__}): {error!r}"
                raise AssertionError(told) from error
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            assert not touched.exists(), f"case {number} of seed {seed} ran code"
            assert "WW_CANARY" not in os.environ, f"case {number} of seed {seed} ran code"
            before_it = found[make.__name__]
            found[make.__name__] = Outcome(before_it.cases + 1, before_it.opened + opened)
            if path.is_file():
                path.unlink()
    finally:
        signal.signal(signal.SIGALRM, before)
    return found


def main() -> None:
    """Run as many cases as the command line says, and print what came of them."""
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns()
    start = time.monotonic()
    memory = Path("/dev/shm")  # noqa: S108 (files in memory, in a folder of our own)
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        found = fuzz(cases, Path(folder), seed)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{cases:,} cases, seed {seed}, {time.monotonic() - start:.0f} s, peak {peak:.0f} MiB")  # noqa: T201
    for name, outcome in found.items():
        print(f"  {name}: {outcome.cases:,}, of which {outcome.opened:,} opened")  # noqa: T201


if __name__ == "__main__":
    main()
