import struct
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from weightwidgets.sources._gguf import MAGIC, GgufStore
from weightwidgets.sources._limits import CheckpointError, Limits, WeightFile
from weightwidgets.sources.attention import attention_blocks
from weightwidgets.sources.checkpoint import open_checkpoint

gguf = pytest.importorskip("gguf")
QUANTIZED = ["Q4_0", "Q5_1", "Q8_0"]


def opened(path: Path, limits: Limits | None = None) -> GgufStore:
    return GgufStore(WeightFile(str(path)), limits or Limits())


def values() -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.linspace(-1, 1, 4 * 64, dtype=np.float32).reshape(4, 64)


def written(path: Path, architecture: str = "gpt2") -> Path:
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_array("tokenizer.ggml.tokens", ["a", "é", "x" * 40])
    writer.add_array("numbers", [1, 2, 3])
    writer.add_bool("flag", val=True)
    writer.add_tensor("token_embd.weight", values())
    writer.add_tensor("half", values().astype(np.float16))
    for name in QUANTIZED:
        kind = gguf.GGMLQuantizationType[name]
        writer.add_tensor(f"{name}.weight", gguf.quants.quantize(values(), kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_plain_tensors_are_views_of_the_file_in_torchs_shape(tmp_path: Path) -> None:
    store = opened(written(tmp_path / "a.gguf"))
    assert list(store.outlines()) == ["token_embd.weight", "half", *(f"{name}.weight" for name in QUANTIZED)]
    weight = store.tensor("token_embd.weight")
    assert weight.shape == store.outline("token_embd.weight").shape == (4, 64)
    assert np.array_equal(weight.numpy(), values())
    assert weight.data_ptr() == store.raw("token_embd.weight")[""].data_ptr()
    assert store.tensor("half").dtype == torch.float16
    assert store.derivation("half") == ""


@pytest.mark.parametrize("name", QUANTIZED)
def test_quantised_tensors_are_dequantised_and_their_blocks_stay_reachable(name: str, tmp_path: Path) -> None:
    store = opened(written(tmp_path / "a.gguf"))
    key, kind = f"{name}.weight", gguf.GGMLQuantizationType[name]
    blocks = gguf.quants.quantize(values(), kind)
    weight = store.tensor(key)
    assert weight.dtype == store.outline(key).dtype == torch.float32
    assert np.array_equal(weight.numpy(), gguf.quants.dequantize(blocks, kind))
    assert np.abs(weight.numpy() - values()).max() < 0.1
    assert store.tensor(key) is weight
    raw = store.raw(key)[f".{name.lower()}"]
    assert raw.numpy().tobytes() == blocks.tobytes()
    assert f"Stored as {name}" in store.derivation(key)
    assert f"({8 * blocks.nbytes / values().size:.2f} bits per weight)" in store.derivation(key)


def test_names_are_told_apart_and_unknown_ones_have_none(tmp_path: Path) -> None:
    store = opened(written(tmp_path / "a.gguf"))
    assert len({store.identity(name) for name in store.outlines()}) == 5
    assert store.identity("lost") is None
    assert store.state() is None


def test_the_order_of_llamas_rows_is_pointed_out(tmp_path: Path) -> None:
    assert "llama.cpp's order" in opened(written(tmp_path / "a.gguf", "llama")).note
    assert opened(written(tmp_path / "b.gguf")).note == ""


def test_the_heads_that_the_metadata_state_are_those_of_the_blocks(tmp_path: Path) -> None:
    writer = gguf.GGUFWriter(tmp_path / "a.gguf", "llama")
    writer.add_head_count(8)
    writer.add_head_count_kv(2)
    writer.add_uint32("other.attention.head_count", 3)
    for part, rows in {"q": 64, "k": 16, "v": 16, "output": 64}.items():
        writer.add_tensor(f"blk.0.attn_{part}.weight", np.zeros((rows, 64), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    assert opened(tmp_path / "a.gguf").config == {"num_attention_heads": 8, "num_key_value_heads": 2}
    (block,) = attention_blocks(open_checkpoint(tmp_path / "a.gguf", Limits(), trust=False))
    assert (block.name, block.counts()) == ("blk.0", (8, 2, 8))


def test_a_file_that_changed_is_not_read(tmp_path: Path) -> None:
    store = opened(written(tmp_path / "a.gguf"))
    before = store.version("half")
    with (tmp_path / "a.gguf").open("ab") as file:
        file.write(b"x")
    assert store.version("half") != before
    with pytest.raises(CheckpointError, match="changed"):
        store.tensor("half")


def test_numbers_beyond_the_memory_allowed_are_refused(tmp_path: Path) -> None:
    store = opened(written(tmp_path / "a.gguf"), Limits(materialised_bytes=1000))
    with pytest.raises(CheckpointError, match="take 1,024 bytes in memory"):
        store.tensor("Q8_0.weight")
    assert store.tensor("half").shape == (4, 64)


def test_without_the_package_a_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "a.gguf")
    monkeypatch.setitem(sys.modules, "gguf", None)
    with pytest.raises(CheckpointError, match=r"pip install weightwidgets\[gguf\]"):
        opened(path)


def header(*parts: tuple[str, int] | bytes, tensors: int = 0, pairs: int = 0, version: int = 3) -> bytes:
    start = MAGIC + struct.pack("<IQQ", version, tensors, pairs)
    return start + b"".join(p if isinstance(p, bytes) else struct.pack(f"<{p[0]}", p[1]) for p in parts)


def text(value: bytes) -> bytes:
    return struct.pack("<Q", len(value)) + value


def described(shape: list[int], kind: int = 0, offset: int = 0, name: bytes = b"w") -> bytes:
    axes = b"".join(struct.pack("<Q", size) for size in shape)
    return text(name) + struct.pack("<I", len(shape)) + axes + struct.pack("<IQ", kind, offset)


HOSTILE = {
    "nothing": b"GGUF",
    "version": header(version=99),
    "big-endian": header(version=3 << 24),
    "too many tensors": header(tensors=2**60),
    "too many pairs": header(pairs=2**60),
    "long key": header(("Q", 2**63), pairs=1),
    "endless array": header(text(b"a"), ("I", 9), ("I", 0), ("Q", 2**62), pairs=1),
    "endless array of texts": header(text(b"a"), ("I", 9), ("I", 8), ("Q", 2**62), pairs=1),
    "deep array": header(text(b"a"), ("I", 9), (struct.pack("<IQ", 9, 1)) * 10_000, pairs=1),
    "unknown kind": header(text(b"a"), ("I", 77), pairs=1),
    "many axes": header(text(b"w"), ("I", 2**31), tensors=1),
    "beyond the end": header(described([2**20]), tensors=1),
    "endless tensor": header(described([2**40, 2**40]), tensors=1),
    "far offset": header(described([1], offset=2**63), tensors=1),
    "unknown quantisation": header(described([1], 250), tensors=1),
    "broken blocks": header(described([33], 2), bytes(64), tensors=1),
    "one name twice": header(described([1]), described([1]), bytes(64), tensors=2),
    "no alignment": header(
        text(b"general.alignment"), ("I", 4), ("I", 0), described([1]), bytes(9), pairs=1, tensors=1
    ),
}


@pytest.mark.parametrize("trick", HOSTILE)
def test_a_hostile_header_is_refused(trick: str, tmp_path: Path) -> None:
    (tmp_path / "a.gguf").write_bytes(HOSTILE[trick])
    with pytest.raises(CheckpointError) as refusal:
        opened(tmp_path / "a.gguf")
    assert refusal.value.kind in {"damaged", "limit", "unsupported"}
    assert len(str(refusal.value).splitlines()) <= 5


def test_an_empty_tensor_is_read_as_one(tmp_path: Path) -> None:
    (tmp_path / "a.gguf").write_bytes(
        header(described([0, 3]), described([], name=b"\xff"), bytes(64), tensors=2)
    )
    store = opened(tmp_path / "a.gguf")
    assert store.tensor("w").shape == (3, 0)
    assert store.tensor("\udcff").shape == ()
