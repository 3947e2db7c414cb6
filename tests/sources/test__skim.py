import io
import pickle
import zipfile
from pathlib import Path

import pytest
import torch

from tests.sources.archives import GLOBAL, number, tensor_pickle, text
from weightwidgets.sources._limits import CheckpointError, Limits
from weightwidgets.sources._skim import PickleSkim, StoredPart


def skimmed(pickled: bytes, size: int = 10_000, limits: Limits | None = None) -> PickleSkim:
    skim = PickleSkim("a.pt", size, limits or Limits())
    skim.follow(io.BytesIO(pickled))
    return skim


def refusal(pickled: bytes, size: int = 10_000, limits: Limits | None = None) -> CheckpointError:
    with pytest.raises(CheckpointError) as found:
        skimmed(pickled, size, limits)
    return found.value


def test_storages_and_names_of_an_ordinary_file_are_found(tmp_path: Path) -> None:
    weight = torch.ones(3, 2)
    torch.save(
        {"a": weight, "tied": weight.T, "half": torch.ones(5, dtype=torch.float16),
         "sizes": [torch.Size([2])],
         "new": torch.ones(7).to(torch.float8_e4m3fn), "sparse": torch.eye(2).to_sparse(), "text": "x" * 300,
         "big": 2**70, "real": 1.5, "none": None, "flags": (True, False, ()), "set": {1}},
        tmp_path / "a.pt",
    )  # fmt: skip
    with zipfile.ZipFile(tmp_path / "a.pt") as archive:
        skim = skimmed(archive.read("a/data.pkl"))
        sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
    assert [stored.nbytes for stored in skim.storages.values()] == [24, 10, 7, 32, 8]
    assert all(sizes[f"a/data/{stored.key}"] == stored.nbytes for stored in skim.storages.values())
    assert "torch._utils _rebuild_tensor_v2" in skim.names


STORAGES = [
    "Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool", "ComplexFloat",
    "ComplexDouble", "QInt8", "QInt32", "QUInt8",
]  # fmt: skip


@pytest.mark.parametrize("name", STORAGES)
def test_the_size_of_an_element_is_torchs(name: str) -> None:
    dtypes = {stored: dtype for dtype, stored in torch.storage._dtype_to_storage_type_map().items()}
    dtype = dtypes[f"{name}Storage"]
    pickled = tensor_pickle([3], [1], 3).replace(b"FloatStorage", f"{name}Storage".encode())
    assert skimmed(pickled).storages["0"] == StoredPart("0", 3 * dtype.itemsize)


def test_a_storage_larger_than_the_file_is_refused() -> None:
    assert refusal(tensor_pickle([1], [1], 10**12)).kind == "damaged"
    assert refusal(tensor_pickle([1], [1], -1)).kind == "damaged"
    assert skimmed(tensor_pickle([10**12], [0], 1)).storages["0"].nbytes == 4


def test_one_storage_of_two_sizes_is_refused() -> None:
    one = tensor_pickle([1], [1], 1)[2:-1]
    two = tensor_pickle([1], [1], 2)[2:-1]
    with pytest.raises(ValueError, match="torch does not write"):
        skimmed(b"\x80\x02" + one + two + b".")


@pytest.mark.parametrize(
    "call",
    [b"ctorch\nFloatTensor\n", b"ctorch\nTensor\n", b"cbuiltins\nbytearray\n", b"ctorch\nUntypedStorage\n"],
)
def test_a_call_that_allocates_more_than_the_file_is_refused(call: bytes) -> None:
    pickled = b"\x80\x02" + call + number(10**6) + b"\x85R."
    assert "asks for 1,000,000 bytes" in refusal(pickled).detail
    skimmed(pickled, size=10**7)
    many = b"\x80\x02" + call + b"(" + number(2**2000) * 10_000 + b"tR."
    assert refusal(many).kind == "damaged"
    empty = b"\x80\x02" + call + b"(" + number(2**2000) + number(0) + b"tR."
    skimmed(empty)


def doubled(times: int) -> bytes:
    """Return the pickle of a tuple that holds the same tuple twice, and so on down."""
    made = b")" + b"".join(b"q%ch%c\x86" % (place, place) for place in range(times))
    return b"\x80\x02" + made + b"."


def test_a_tuple_that_unfolds_without_end_is_refused() -> None:
    skimmed(doubled(15))
    assert "repeats its own parts" in refusal(doubled(60)).detail


def test_a_tuple_that_is_a_key_many_times_over_is_refused() -> None:
    key = doubled(18)[2:-1] + b"q\xffN"
    pickled = b"\x80\x02}(" + key + b"h\xffN" * 200 + b"u."
    assert "repeats its own parts" in refusal(pickled).detail
    listed = (
        b"\x80\x02" + GLOBAL["dict"] + b"](" + (doubled(16)[2:-1] + b"q\xff") + b"h\xff" * 500 + b"e\x85R."
    )
    assert "repeats its own parts" in refusal(listed).detail


def test_what_holds_itself_is_refused() -> None:
    assert refusal(b"\x80\x02]q\x00]h\x00ah\x00Na.").kind == "unsafe"


@pytest.mark.parametrize(
    "pickled",
    [
        pickle.dumps(print, protocol=4),
        b"\x80\x02" + text("x") + b")R.",
        b"\x80\x02](])R.",
        b"\x80\x02i__main__\nx\n.",
        b"\x80\x02P7\n.",
    ],
)
def test_instructions_that_weights_do_not_need_are_refused(pickled: bytes) -> None:
    error = refusal(pickled)
    assert error.kind == "unsafe"
    assert "ww.open_source(path, trust=True)" in error.detail


def test_more_tensors_than_the_limit_are_refused() -> None:
    one = tensor_pickle([1], [1], 1)[2:-1]
    assert refusal(b"\x80\x02" + one * 4 + b".", limits=Limits(tensors=3)).kind == "limit"
    skimmed(b"\x80\x02" + one * 3 + b".", limits=Limits(tensors=3))


def test_time_is_limited() -> None:
    assert "seconds" in refusal(b"\x80\x02N.", limits=Limits(seconds=-1)).detail


SENSELESS = [b"t.", b"\x86.", b"h\x07.", b"NQ.", b"a.", number(3) + b"\x85Q.", b""]


@pytest.mark.parametrize("pickled", [b"", *(b"\x80\x02" + instructions for instructions in SENSELESS)])
def test_instructions_that_make_no_sense_raise(pickled: bytes) -> None:
    with pytest.raises((ValueError, IndexError, KeyError, CheckpointError)):
        skimmed(pickled)
