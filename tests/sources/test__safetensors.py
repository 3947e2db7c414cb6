from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file, save_model

from tests.sources.archives import entry, safetensors
from tests.sources.zoo import Tied
from weightwidgets.sources._limits import CheckpointError, Limits, WeightFile
from weightwidgets.sources._safetensors import SafetensorsStore, header_length

DTYPES = [
    torch.bool, torch.uint8, torch.int8, torch.uint16, torch.int16, torch.uint32, torch.int32, torch.uint64,
    torch.int64, torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64,
    torch.float8_e4m3fn, torch.float8_e5m2, torch.float8_e4m3fnuz, torch.float8_e5m2fnuz,
    torch.float8_e8m0fnu,
]  # fmt: skip


def opened(path: Path, limits: Limits | None = None) -> SafetensorsStore:
    return SafetensorsStore(WeightFile(str(path)), limits or Limits())


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_dtype_is_outlined_without_values_and_read_bit_for_bit(
    dtype: torch.dtype, tmp_path: Path
) -> None:
    size = dtype.itemsize
    bits = torch.arange(6 * size, dtype=torch.uint8) % 2
    tensor = bits.view(dtype).reshape(2, 3)
    save_file({"weight": tensor}, tmp_path / "a")
    store = opened(tmp_path / "a")
    outline, read = store.outline("weight"), store.tensor("weight")
    assert outline.is_meta
    assert (outline.shape, outline.dtype) == (read.shape, read.dtype) == ((2, 3), dtype)
    assert torch.equal(read.reshape(-1).view(torch.uint8), bits)
    assert store.raw("weight")[""].data_ptr() == read.data_ptr()


def test_a_layer_that_is_looked_at_often_is_asked_of_the_library_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_file({"weight": torch.ones(2)}, tmp_path / "a")
    store, asked = opened(tmp_path / "a"), []

    class Counting:
        def get_tensor(self, name: str) -> torch.Tensor:
            asked.append(name)
            return torch.ones(2)

    monkeypatch.setattr(store, "_opened", Counting())
    assert all(store.tensor("weight").sum() == 2 for _ in range(5))
    assert asked == ["weight"]


def test_four_bit_floats_are_two_to_a_byte_as_torch_has_them(tmp_path: Path) -> None:
    store = opened(safetensors(tmp_path / "a", {"w": entry("F4", [3, 4], 0, 6)}, bytes(range(6))))
    assert store.outline("w").shape == store.tensor("w").shape == (3, 2)
    assert store.outline("w").dtype == store.tensor("w").dtype == torch.float4_e2m1fn_x2


def test_a_dtype_that_torch_lacks_is_listed_with_its_shape_and_a_sentence(tmp_path: Path) -> None:
    store = opened(safetensors(tmp_path / "a", {"w": entry("F6_E2M3", [4, 4], 0, 12)}, bytes(12)))
    assert store.outline("w").shape == (4, 4)
    assert "Stored as F6_E2M3" in store.derivation("w")
    assert not store.raw("w")[""].is_meta
    with pytest.raises(CheckpointError, match="F6_E2M3, which this version of torch cannot hold") as refusal:
        store.tensor("w")
    assert refusal.value.kind == "unsupported"


def test_names_stand_in_natural_order(tmp_path: Path) -> None:
    names = ["layers.10.w", "layers.2.w", "embed", "layers.2.b"]
    save_file({name: torch.ones(1) for name in names}, tmp_path / "a")
    assert list(opened(tmp_path / "a").outlines()) == ["embed", "layers.2.b", "layers.2.w", "layers.10.w"]


def test_names_that_were_left_out_because_they_are_tied_are_known(tmp_path: Path) -> None:
    save_model(Tied(), str(tmp_path / "a"))
    store = opened(tmp_path / "a")
    identities = [store.identity(name) for name in ("encoder.weight", "decoder.weight")]
    assert identities[0] == identities[1] is not None
    assert torch.equal(store.tensor("encoder.weight"), store.tensor("decoder.weight"))
    assert store.identity("lost") is None


def test_metadata_that_ties_nothing_is_no_name(tmp_path: Path) -> None:
    save_file({"w": torch.ones(2)}, tmp_path / "a", metadata={"format": "pt", "w": "w", "x": "y"})
    assert list(opened(tmp_path / "a").outlines()) == ["w"]


@pytest.mark.parametrize(
    "name", ["<img src=x onerror=alert(1)>", "a\x00b", "\u202egnp", "é", "x" * 1_000_000]
)
def test_any_name_is_looked_up_as_it_is_written(name: str, tmp_path: Path) -> None:
    store = opened(safetensors(tmp_path / "a", {name: entry("U8", [1], 0, 1)}, b"\x07"))
    assert store.tensor(name).tolist() == [7]


HOSTILE: dict[str, tuple[dict[str, Any] | bytes, bytes, int | None]] = {
    "empty": (b"", b"", None),
    "length beyond the file": (b"{}", b"", 2**62),
    "negative length": (b"{}", b"", 2**64 - 1),
    "no JSON": (b"{nonsense}", b"", None),
    "trailing bytes": ({"w": entry("U8", [1], 0, 1)}, b"ab", None),
    "too few bytes": ({"w": entry("U8", [4], 0, 4)}, b"ab", None),
    "overlap": ({"a": entry("U8", [2], 0, 2), "b": entry("U8", [2], 1, 3)}, b"abc", None),
    "hole": ({"a": entry("U8", [1], 1, 2)}, b"ab", None),
    "backwards": ({"a": entry("U8", [1], 1, 0)}, b"a", None),
    "size and shape differ": ({"a": entry("F32", [2], 0, 4)}, b"abcd", None),
    "more elements than numbers": ({"a": entry("U8", [2**40, 2**40], 0, 1)}, b"a", None),
    "metadata that is no text": ({"__metadata__": {"a": 1}}, b"", None),
    "unknown dtype": ({"a": entry("F128", [1], 0, 16)}, bytes(16), None),
    "deep": (b'{"a":' + b"[" * 100_000, b"", None),
}


@pytest.mark.parametrize("trick", HOSTILE)
def test_a_hostile_header_is_refused_as_damaged_or_too_large(trick: str, tmp_path: Path) -> None:
    header, data, length = HOSTILE[trick]
    with pytest.raises(CheckpointError) as refusal:
        opened(safetensors(tmp_path / "a", header, data, length))
    assert refusal.value.kind in {"damaged", "limit"}


def test_a_header_over_the_limit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = safetensors(tmp_path / "a", b"{}" + b" " * 2**24)
    with pytest.raises(CheckpointError, match="header_bytes"):
        opened(path)
    assert list(opened(path, Limits.none()).outlines()) == []


def test_too_many_tensors_are_refused(tmp_path: Path) -> None:
    path = safetensors(tmp_path / "a", {str(place): entry("U8", [0], 0, 0) for place in range(5)})
    with pytest.raises(CheckpointError, match="it holds 5 tensors"):
        opened(path, Limits(tensors=4))
    assert len(opened(path, Limits(tensors=5)).outlines()) == 5


def test_a_file_that_changed_is_not_read(tmp_path: Path) -> None:
    save_file({"w": torch.ones(2)}, tmp_path / "a")
    store = opened(tmp_path / "a")
    before = store.version("w")
    save_file({"w": torch.ones(3)}, tmp_path / "a")
    assert store.version("w") != before
    assert store.state() is None
    assert store.outline("w").shape == (2,)
    with pytest.raises(CheckpointError, match="Open it again"):
        store.tensor("w")


def test_the_length_of_the_header_is_what_the_file_claims(tmp_path: Path) -> None:
    assert header_length(WeightFile(str(safetensors(tmp_path / "a", b"{}", length=77)))) == 77
    (tmp_path / "short").write_bytes(b"1234")
    assert header_length(WeightFile(str(tmp_path / "short"))) == 0
