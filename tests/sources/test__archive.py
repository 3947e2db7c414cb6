import io
import os
import pickle
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.serialization import MAGIC_NUMBER

from tests.sources.archives import canary, number, tensor_pickle, torch_archive
from weightwidgets.sources import _archive
from weightwidgets.sources._limits import CheckpointError, Limits, WeightFile


def load(path: Path, limits: Limits | None = None, *, trust: bool = False) -> Any:
    return _archive.load(WeightFile(str(path)), limits or Limits(), trust=trust)


def refusal(path: Path, limits: Limits | None = None) -> CheckpointError:
    with pytest.raises(CheckpointError) as found:
        load(path, limits)
    assert len(str(found.value).splitlines()) <= 5
    return found.value


def saved(path: Path, *, legacy: bool = False) -> dict[str, Any]:
    weight = torch.arange(6.0).reshape(2, 3)
    tensors = {"weight": weight, "tied": weight, "half": weight.half(), "view": weight[:, 1], "epoch": 3}
    torch.save(tensors, path, _use_new_zipfile_serialization=not legacy)
    return tensors


@pytest.mark.parametrize("legacy", [False, True])
def test_what_was_saved_is_loaded(legacy: bool, tmp_path: Path) -> None:
    tensors = saved(tmp_path / "a.pt", legacy=legacy)
    found = load(tmp_path / "a.pt")
    assert found["epoch"] == 3
    for name in ("weight", "half", "view"):
        assert torch.equal(found[name], tensors[name])
    assert found["weight"].data_ptr() == found["tied"].data_ptr()


def test_the_numbers_of_a_new_archive_are_mapped_not_read(tmp_path: Path) -> None:
    torch.save({"weight": torch.ones(1 << 20)}, tmp_path / "a.pt")
    weight = load(tmp_path / "a.pt")["weight"]
    maps = Path("/proc/self/maps")
    if not maps.exists():
        pytest.skip("this system does not list its maps")
    ranges = [line.split()[0].split("-") for line in maps.read_text().splitlines() if "a.pt" in line]
    assert any(int(start, 16) <= weight.data_ptr() < int(end, 16) for start, end in ranges)


@pytest.mark.parametrize("legacy", [False, True])
def test_a_file_that_runs_code_is_refused_and_runs_none(legacy: bool, tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    path = canary(tmp_path / "a.pt", touched, legacy=legacy)
    error = refusal(path)
    assert error.kind == "unsafe"
    assert "exec would have to run" in error.detail
    assert "trust=True" in error.detail
    assert not touched.exists()
    assert "WW_CANARY" not in os.environ


def test_only_trust_unpickles_and_it_does(tmp_path: Path) -> None:
    torch.save(nn.Linear(2, 2), tmp_path / "a.pt")
    assert "torch.nn.modules.linear.Linear would have to run" in refusal(tmp_path / "a.pt").detail
    assert isinstance(load(tmp_path / "a.pt", trust=True), nn.Linear)


def test_the_environment_cannot_switch_the_restriction_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    touched = tmp_path / "touched"
    assert refusal(canary(tmp_path / "a.pt", touched)).kind == "unsafe"
    assert not touched.exists()


def test_an_old_torch_opens_such_files_with_trust_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(tmp_path / "a.pt")
    monkeypatch.setattr(torch, "__version__", "2.9.1+cpu")
    assert "torch 2.9.1+cpu can be made to run code" in refusal(tmp_path / "a.pt").detail
    assert load(tmp_path / "a.pt", trust=True)["epoch"] == 3
    monkeypatch.setattr(torch, "__version__", "2.10.0")
    assert load(tmp_path / "a.pt")["epoch"] == 3


def test_a_compressed_archive_is_refused_whatever_it_unpacks_to(tmp_path: Path) -> None:
    numbers = bytes(4 * 10_000_000)
    path = torch_archive(
        tmp_path / "a.pt", tensor_pickle([10_000_000], [1], 10_000_000), {"0": numbers}, zipfile.ZIP_DEFLATED
    )
    assert path.stat().st_size < 100_000
    error = refusal(path)
    assert error.kind == "limit"
    assert "compressed" in error.detail


def test_storages_that_are_missing_short_or_long_are_refused(tmp_path: Path) -> None:
    for numbers in (None, b"123", bytes(8)):
        storages = {} if numbers is None else {"0": numbers}
        path = torch_archive(tmp_path / "a.pt", tensor_pickle([1], [1], 1), storages)
        assert "missing or cut short" in refusal(path).detail
    whole = torch_archive(tmp_path / "b.pt", tensor_pickle([1], [1], 1), {"0": np.float32(5).tobytes()})
    assert load(whole)["weight"].tolist() == [5]


def test_a_view_of_more_than_the_file_stays_a_view(tmp_path: Path) -> None:
    path = torch_archive(tmp_path / "a.pt", tensor_pickle([10**6, 10**6], [0, 0], 1), {"0": bytes(4)})
    assert path.stat().st_size < 1000
    found = load(path)["weight"]
    assert found.shape == (10**6, 10**6)
    assert found.untyped_storage().nbytes() == 4


@pytest.mark.parametrize("stride", [[10**9], [-1], [2**62]])
def test_a_view_beyond_its_storage_is_refused(stride: list[int], tmp_path: Path) -> None:
    path = torch_archive(tmp_path / "a.pt", tensor_pickle([2], stride, 1), {"0": bytes(4)})
    assert refusal(path).kind == "damaged"


def test_a_member_that_stands_twice_or_outside_is_refused(tmp_path: Path) -> None:
    for name in ("archive/data/0", "archive/../../x", "loose"):
        path = torch_archive(tmp_path / "a.pt", tensor_pickle([1], [1], 1), {"0": bytes(4)})
        with (
            pytest.warns(UserWarning, match="Duplicate") if name.endswith("/0") else io.BytesIO(),
            zipfile.ZipFile(path, "a") as archive,
        ):
            archive.writestr(name, bytes(4))
        assert refusal(path).kind == "damaged"


def test_other_archives_and_programs_are_refused_with_what_they_are(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("folder/file", b"text")
    assert refusal(tmp_path / "a.zip").kind == "unknown format"
    assert "not written by torch.save" in refusal(tmp_path / "a.zip").detail
    for write in (np.savez, np.savez_compressed):
        write(tmp_path / "a.npz", weight=np.ones(3))
        assert refusal(tmp_path / "a.npz").kind == "unknown format"
        assert "numpy archive (.npz)" in refusal(tmp_path / "a.npz").detail
    with zipfile.ZipFile(tmp_path / "script.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("constants.pkl", "data.pkl", "code/__torch__.py"):
            archive.writestr(f"script/{name}", b"N.")
    assert "TorchScript" in refusal(tmp_path / "script.pt").detail
    with tarfile.open(tmp_path / "old.tar", "w") as archive:
        archive.add(tmp_path / "a.zip", "\x80storages")
    assert "tar archive" in refusal(tmp_path / "old.tar").detail


def test_an_archive_behind_a_legacy_file_is_not_what_is_measured(tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    bomb = pickle.dumps(MAGIC_NUMBER, 2) + b"\x80\x02cbuiltins\nbytearray\n" + number(2**40) + b"\x85R."
    harmless = torch_archive(tmp_path / "b.pt", tensor_pickle([1], [1], 1), {"0": bytes(4)}).read_bytes()
    (tmp_path / "a.pt").write_bytes(bomb + harmless)
    assert "asks for 1,099,511,627,776 bytes" in refusal(tmp_path / "a.pt").detail
    hostile = canary(tmp_path / "c.pt", touched, legacy=True).read_bytes()
    (tmp_path / "a.pt").write_bytes(hostile + harmless)
    assert refusal(tmp_path / "a.pt").kind == "unsafe"
    assert not touched.exists()


def test_limits_are_kept(tmp_path: Path) -> None:
    saved(tmp_path / "a.pt")
    saved(tmp_path / "old.pt", legacy=True)
    assert "pickle_bytes" in refusal(tmp_path / "a.pt", Limits(pickle_bytes=10)).detail
    assert "(tensors=" in refusal(tmp_path / "a.pt", Limits(tensors=3)).detail
    assert "legacy_bytes" in refusal(tmp_path / "old.pt", Limits(legacy_bytes=10)).detail


def test_a_directory_of_millions_of_entries_is_not_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.pt", "w") as archive:
        for place in range(300):
            archive.writestr(f"archive/{place}", b"")
    assert "its directory has" in refusal(tmp_path / "a.pt", Limits(tensors=100)).detail
    assert "has 300 members" in refusal(tmp_path / "a.pt", Limits(tensors=200)).detail


def test_a_legacy_file_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(1000)}, tmp_path / "a.pt", _use_new_zipfile_serialization=False)
    whole = (tmp_path / "a.pt").read_bytes()
    for length in (3000, 100, 3):
        (tmp_path / "a.pt").write_bytes(whole[:length])
        assert refusal(tmp_path / "a.pt").kind == "damaged"


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("trust", [False, True])
def test_a_plain_pickle_is_told_apart_from_a_file_of_torch(
    protocol: int, trust: bool, tmp_path: Path
) -> None:
    (tmp_path / "a.pt").write_bytes(pickle.dumps(nn.Linear(2, 2).state_dict(), protocol))
    with pytest.raises(CheckpointError, match=r"a plain pickle, not written by torch\.save") as error:
        load(tmp_path / "a.pt", trust=trust)
    assert error.value.kind == "unsafe"
    assert len(str(error.value).splitlines()) <= 4
