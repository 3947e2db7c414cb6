import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from weightwidgets.sources._index import ShardedStore, Shards, checkpoint_in, lone_part_note, read_index
from weightwidgets.sources._limits import CheckpointError, Limits, WeightFile
from weightwidgets.sources._safetensors import SafetensorsStore

INDEX = "model.safetensors.index.json"


def written(folder: Path, weight_map: Any) -> WeightFile:
    path = folder / INDEX
    path.write_text(json.dumps({"metadata": {"total_size": 8}, "weight_map": weight_map}))
    return WeightFile(str(path))


def sharded(folder: Path) -> WeightFile:
    save_file({"b.weight": torch.full((2, 2), 1.0), "b.bias": torch.full((2,), 2.0)}, folder / "m-1-of-2")
    save_file({"a.weight": torch.full((3, 2), 3.0), "stray": torch.full((1,), 4.0)}, folder / "m-2-of-2")
    return written(folder, {"a.weight": "m-2-of-2", "b.bias": "m-1-of-2", "b.weight": "m-1-of-2"})


def store_of(index: WeightFile, limits: Limits | None = None) -> ShardedStore:
    bounds = limits or Limits()
    return ShardedStore(index, read_index(index, bounds), lambda file: SafetensorsStore(file, bounds), bounds)


def refusal(index: WeightFile, limits: Limits | None = None) -> CheckpointError:
    with pytest.raises(CheckpointError) as found:
        store_of(index, limits)
    assert len(str(found.value).splitlines()) <= 5
    return found.value


def test_shards_are_one_store_in_the_order_of_the_files(tmp_path: Path) -> None:
    store = store_of(sharded(tmp_path))
    assert list(store.outlines()) == ["b.bias", "b.weight", "a.weight", "stray"]
    assert [float(store.tensor(name).max()) for name in store.outlines()] == [2, 1, 3, 4]
    assert store.outline("a.weight").is_meta
    assert store.raw("stray")[""].tolist() == [4]
    assert store.identity("lost") is None
    assert len({store.identity(name) for name in store.outlines()}) == 4
    assert (store.state(), store.derivation("stray")) == (None, "")


def test_a_shard_that_changed_is_refused_alone(tmp_path: Path) -> None:
    store = store_of(sharded(tmp_path))
    before = {name: store.version(name) for name in store.outlines()}
    save_file({"a.weight": torch.ones(5)}, tmp_path / "m-2-of-2")
    assert {name for name in before if store.version(name) != before[name]} == {"a.weight", "stray"}
    assert float(store.tensor("b.weight").max()) == 1
    with pytest.raises(CheckpointError, match="m-2-of-2: the file changed"):
        store.tensor("a.weight")


@pytest.mark.parametrize(
    "name", ["../outside", "/etc/passwd", "sub/file", "..", ".", "", "a\0b", "..\\outside", "C:file"]
)
def test_a_name_that_leads_elsewhere_is_refused(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "sub").mkdir()
    for place in (tmp_path / "outside", folder / "sub" / "file"):
        save_file({"w": torch.ones(1)}, place)
    error = refusal(written(folder, {"w": name}))
    assert error.kind == "unsafe"
    assert "no file beside it" in error.detail


def test_a_link_to_another_place_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    save_file({"w": torch.ones(1)}, tmp_path / "outside")
    (folder / "soft").symlink_to(tmp_path / "outside")
    os.link(tmp_path / "outside", folder / "hard")
    for name in ("soft", "hard"):
        assert "link to another place" in refusal(written(folder, {"w": name})).detail
    save_file({"w": torch.ones(1)}, folder / "own")
    (folder / "inside").symlink_to("own")
    assert list(store_of(written(folder, {"w": "inside"})).outlines()) == ["w"]


def test_the_links_of_a_hub_cache_lead_to_its_blobs_and_nowhere_else(tmp_path: Path) -> None:
    repository = tmp_path / "models--owner--name"
    folder, blobs = repository / "snapshots" / "abc123", repository / "blobs"
    folder.mkdir(parents=True)
    blobs.mkdir()
    save_file({"w": torch.ones(1)}, blobs / "0123")
    (folder / "m-1").symlink_to("../../blobs/0123")
    assert list(store_of(written(folder, {"w": "m-1"})).outlines()) == ["w"]
    save_file({"w": torch.ones(1)}, tmp_path / "outside")
    (folder / "m-2").symlink_to(tmp_path / "outside")
    assert refusal(written(folder, {"w": "m-2"})).kind == "unsafe"


def test_a_file_that_is_missing_or_lacks_a_tensor_is_named(tmp_path: Path) -> None:
    assert "'m-3' is missing" in refusal(written(tmp_path, {"w": "m-3"})).detail
    sharded(tmp_path)
    error = refusal(written(tmp_path, {"a.weight": "m-1-of-2", "<b>": "m-2-of-2"}))
    assert "'a.weight' should be in 'm-1-of-2' and is not, nor are 1 others" in error.detail


def test_a_device_or_a_folder_as_a_shard_is_refused(tmp_path: Path) -> None:
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "folder").mkdir()
    for name in ("zero", "folder"):
        assert refusal(written(tmp_path, {"w": name})).kind == "not a file"


@pytest.mark.parametrize("weight_map", [None, [], "x", {"w": 3}, {"w": None}, {"w": ["a"]}])
def test_an_index_without_a_map_is_refused(weight_map: Any, tmp_path: Path) -> None:
    assert refusal(written(tmp_path, weight_map)).kind == "unknown format"


def test_limits_are_kept(tmp_path: Path) -> None:
    index = sharded(tmp_path)
    assert "header_bytes" in refusal(index, Limits(header_bytes=10)).detail
    assert "it names 2 files" in refusal(index, Limits(shards=1)).detail
    assert "it names 3 tensors" in refusal(index, Limits(tensors=2)).detail
    assert "more than 3 tensors" in refusal(index, Limits(tensors=3)).detail
    assert "seconds" in refusal(index, Limits(seconds=-1)).detail


def test_the_shards_that_an_index_names_are_sorted(tmp_path: Path) -> None:
    shards = read_index(sharded(tmp_path), Limits())
    assert isinstance(shards, Shards)
    assert [Path(file.path).name for file in shards.files] == ["m-1-of-2", "m-2-of-2"]
    assert shards.shard_of == {"a.weight": 1, "b.bias": 0, "b.weight": 0}


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["model.safetensors", INDEX, "pytorch_model.bin"], INDEX),
        (["model.safetensors", "config.json", "optimizer.pt"], "model.safetensors"),
        (["pytorch_model.bin", "training_args.bin"], "pytorch_model.bin"),
        (["own.safetensors", "a.bin", "b.bin"], "own.safetensors"),
        (["last.ckpt"], "last.ckpt"),
        (["model.Q4_K_M.gguf"], "model.Q4_K_M.gguf"),
    ],
)
def test_the_weights_of_a_folder_are_found_by_their_customary_names(
    names: list[str], chosen: str, tmp_path: Path
) -> None:
    for name in names:
        (tmp_path / name).write_bytes(b"")
    assert Path(checkpoint_in(str(tmp_path))).name == chosen


def test_a_folder_with_none_or_several_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="holds no weights"):
        checkpoint_in(str(tmp_path))
    for name in ("a.pt", "b.pt"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"2 checkpoints \(a\.pt, b\.pt\)\. Pass the path of one"):
        checkpoint_in(str(tmp_path))
    with pytest.raises(CheckpointError, match="cannot be read"):
        checkpoint_in(str(tmp_path / "lost"))


def test_parts_without_their_index_name_the_file_that_is_missing(tmp_path: Path) -> None:
    for place in (1, 2):
        save_file({"w": torch.ones(1)}, tmp_path / f"model-0000{place}-of-00003.safetensors")
    with pytest.raises(CheckpointError, match="2 parts of a checkpoint without their index") as error:
        checkpoint_in(str(tmp_path))
    assert error.value.kind == "missing"
    assert INDEX in error.value.detail
    save_file({"w": torch.ones(1)}, tmp_path / "other.safetensors")
    with pytest.raises(CheckpointError, match="holds 3 checkpoints"):
        checkpoint_in(str(tmp_path))


def test_only_the_name_of_a_numbered_file_says_that_others_are_missing() -> None:
    assert "part 2 of 4" in lone_part_note("folder-00001-of-00009/model-00002-of-00004.bin")
    assert lone_part_note("folder-00001-of-00009.x/model.bin") == ""
    assert lone_part_note("model-00001-of-00001.bin") == ""
