import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

import weightwidgets as ww
from tests.sources.archives import canary, entry, safetensors, tensor_pickle, torch_archive
from tests.sources.zoo import ZOO, make
from weightwidgets.sources._limits import CheckpointError, Limits
from weightwidgets.sources.attention import attention_blocks
from weightwidgets.sources.checkpoint import open_checkpoint
from weightwidgets.sources.mapping import MappingSource
from weightwidgets.sources.source import Source


def opened(path: Path, limits: Limits | None = None, *, trust: bool = False) -> Source:
    return open_checkpoint(path, limits or Limits(), trust=trust)


def refusal(path: Path, limits: Limits | None = None) -> CheckpointError:
    with pytest.raises(CheckpointError) as found:
        opened(path, limits)
    assert len(str(found.value).splitlines()) <= 5
    return found.value


# torch refuses to write what has no shape yet.
UNSAVED = {"lazy"}


@pytest.mark.parametrize("name", [name for name in ZOO if name not in UNSAVED])
def test_a_saved_state_dict_is_read_like_the_one_in_memory(name: str, tmp_path: Path) -> None:
    state_dict = make(name).state_dict()
    torch.save(state_dict, tmp_path / "a.pt")
    kept, saved = MappingSource(state_dict), opened(tmp_path / "a.pt")
    assert list(saved) == list(kept)
    assert saved.title == "a.pt"
    for key, layer in kept.items():
        twin = saved[key]
        assert (twin.kind, twin.groups, twin.shape, twin.names) == (
            layer.kind, layer.groups, layer.shape, layer.names,
        )  # fmt: skip
        assert not layer.has_values or torch.equal(twin.weight, layer.weight)
        assert (twin.bias is None) == (layer.bias is None)
        assert twin.statistics.keys() == layer.statistics.keys()
        assert twin.fingerprint() == twin.fingerprint()


def lightning(path: Path) -> nn.Module:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    state_dict = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    torch.save(
        {"epoch": 3, "global_step": 7, "pytorch-lightning_version": "2.5", "state_dict": state_dict,
         "loops": {"fit_loop": {"state_dict": {}}}, "callbacks": {"Best{}": {"score": torch.ones(())}},
         "optimizer_states": [{"state": {0: {"exp_avg": torch.ones(2)}}}], "lr_schedulers": []},
        path,
    )  # fmt: skip
    return model


def test_a_lightning_checkpoint_is_its_state_dict_and_says_so(tmp_path: Path) -> None:
    model = lightning(tmp_path / "last.ckpt")
    source = opened(tmp_path / "last.ckpt")
    assert list(source) == ["0", "1"]
    assert source["model.0.weight"] is source["0"]
    assert torch.equal(source["0"].weight, model.get_parameter("0.weight"))
    assert source.note.startswith("Shown is what is under `state_dict`. Left out: epoch, global_step,")
    assert "without the wrapper `model.`" in source.note


@pytest.mark.parametrize("ending", ["safetensors", "bin", "txt"])
def test_the_format_is_told_by_the_content(ending: str, tmp_path: Path) -> None:
    save_file({"0.weight": torch.ones(2, 2)}, tmp_path / f"a.{ending}")
    torch.save({"0.weight": torch.ones(2, 2)}, tmp_path / f"b.{ending}")
    for stem in ("a", "b"):
        layer = opened(tmp_path / f"{stem}.{ending}")["0"]
        assert layer.inferred
        assert layer.weight.tolist() == [[1, 1], [1, 1]]


def shards(folder: Path, ending: str) -> None:
    parts: list[dict[str, torch.Tensor]] = [
        {"layers.0.weight": torch.full((2, 2), 1.0)},
        {"layers.1.weight": torch.full((2, 2), 2.0), "layers.1.bias": torch.ones(2)},
    ]
    names = [f"part-{place}.{ending}" for place in range(2)]
    for name, part in zip(names, parts, strict=True):
        save_file(part, folder / name) if ending == "safetensors" else torch.save(part, folder / name)
    weight_map = {key: name for name, part in zip(names, parts, strict=True) for key in part}
    stem = "model" if ending == "safetensors" else "pytorch_model"
    (folder / f"{stem}.{ending}.index.json").write_text(json.dumps({"weight_map": weight_map}))


@pytest.mark.parametrize("ending", ["safetensors", "bin"])
def test_a_sharded_folder_is_one_source(ending: str, tmp_path: Path) -> None:
    shards(tmp_path, ending)
    for path in (tmp_path, next(tmp_path.glob("*.index.json"))):
        source = opened(path)
        assert list(source) == ["layers.0", "layers.1"]
        assert [float(layer.weight.max()) for layer in source.values()] == [1, 2]
        assert source["layers.1"].bias is not None
        assert source.title == path.name


def test_an_index_that_names_itself_is_refused(tmp_path: Path) -> None:
    name = "model.safetensors.index.json"
    (tmp_path / name).write_text(json.dumps({"weight_map": {"a": name}}))
    assert "names another index" in refusal(tmp_path).detail


def test_a_whole_module_needs_trust_and_is_then_that_module(tmp_path: Path) -> None:
    torch.save({"model": nn.Linear(3, 2), "epoch": 1}, tmp_path / "a.pt")
    assert refusal(tmp_path / "a.pt").kind == "unsafe"
    source = opened(tmp_path / "a.pt", trust=True)
    assert not source["weight"].inferred
    assert (source.title, list(source)) == ("a.pt", ["weight"])


def test_nothing_of_a_hostile_file_is_run_by_any_door(tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    folder = tmp_path / "model"
    folder.mkdir()
    canary(folder / "pytorch_model.bin", touched)
    for path in (folder, folder / "pytorch_model.bin"):
        assert refusal(path).kind == "unsafe"
    (folder / "pytorch_model.bin.index.json").write_text('{"weight_map": {"a": "pytorch_model.bin"}}')
    assert refusal(folder).kind == "unsafe"
    assert not touched.exists()


def test_an_expanded_view_is_listed_and_never_made(tmp_path: Path) -> None:
    path = torch_archive(tmp_path / "a.pt", tensor_pickle([10**6, 10**6], [0, 0], 1), {"0": bytes(4)})
    layer = opened(path)["weight"]
    assert layer.numel == 10**12
    assert layer.note.startswith("An expanded view: 1 stored numbers are repeated to make 1,000,000,000,000.")
    assert layer.fingerprint() == layer.fingerprint()
    with pytest.raises(CheckpointError, match="expanded view of 1 stored number; it is not shown") as error:
        _ = layer.weight
    assert "limits" not in error.value.detail
    table = ww.summary_table(path)
    assert table["mean"].isna().all()
    assert table.loc["weight", "note"] == layer.note


def test_a_small_expanded_view_is_read(tmp_path: Path) -> None:
    torch.save({"weight": torch.ones(1, 3).expand(4, 3)}, tmp_path / "a.pt")
    layer = opened(tmp_path / "a.pt")["weight"]
    assert layer.weight.sum() == 12
    assert "3 stored numbers are repeated to make 12" in layer.note


def test_a_sparse_tensor_of_endless_shape_is_not_made_dense(tmp_path: Path) -> None:
    sparse = torch.sparse_coo_tensor(
        torch.tensor([[0], [5]]), torch.ones(1), (10**6, 10**6), check_invariants=True
    )
    torch.save({"weight": sparse, "small": torch.eye(3).to_sparse()}, tmp_path / "a.pt")
    source = opened(tmp_path / "a.pt")
    assert source["weight"].numel == 10**12
    with pytest.raises(CheckpointError, match="materialised_bytes"):
        _ = source["weight"].out_first
    assert torch.equal(source["small"].out_first, torch.eye(3))


def test_tensors_without_values_keep_their_shapes(tmp_path: Path) -> None:
    torch.save({"weight": torch.empty(3, 2, device="meta")}, tmp_path / "a.pt")
    layer = opened(tmp_path / "a.pt")["weight"]
    assert layer.shape == (3, 2)
    assert not layer.has_values


def test_arrays_of_a_trusted_file_are_weights_too(tmp_path: Path) -> None:
    torch.save({"a": np.arange(4.0)}, tmp_path / "a.pt")
    assert opened(tmp_path / "a.pt", trust=True)["a"].weight.tolist() == [0, 1, 2, 3]


def test_a_file_that_was_replaced_gives_a_sentence_and_a_new_fingerprint(tmp_path: Path) -> None:
    torch.save({"weight": torch.ones(2, 2)}, tmp_path / "a.pt")
    layer = opened(tmp_path / "a.pt")["weight"]
    before = layer.fingerprint()
    torch.save({"weight": torch.ones(3, 2)}, tmp_path / "b.pt")
    (tmp_path / "b.pt").replace(tmp_path / "a.pt")
    assert layer.fingerprint() != before
    assert layer.shape == (2, 2)
    with pytest.raises(CheckpointError, match=r"changed since it was opened\. Open it again"):
        _ = layer.weight
    (tmp_path / "a.pt").unlink()
    assert layer.fingerprint() != before


@pytest.mark.parametrize("write", [save_file, torch.save])
def test_every_layer_of_a_file_has_a_fingerprint_of_its_own(write: Any, tmp_path: Path) -> None:
    write({f"{place}.weight": torch.ones(2, 2) for place in range(5)}, tmp_path / "a")
    source = opened(tmp_path / "a")
    assert len({layer.fingerprint() for layer in source.values()}) == len(source) == 5


@pytest.mark.parametrize("loaded", [3, "text", {"epoch": 3}, [], {}, None])
def test_a_file_without_weights_says_what_it_holds(loaded: object, tmp_path: Path) -> None:
    torch.save(loaded, tmp_path / "a.pt")
    error = refusal(tmp_path / "a.pt")
    assert error.kind == "no weights"
    assert f"only {type(loaded).__name__}" in error.detail


def test_nesting_and_numbers_are_limited(tmp_path: Path) -> None:
    value: Any = torch.ones(1)
    for _ in range(40):
        value = {"x": value}
    torch.save(value, tmp_path / "a.pt")
    assert "nested deeper than 32" in refusal(tmp_path / "a.pt").detail
    torch.save([torch.ones(1)[0]] * 50, tmp_path / "b.pt")
    assert "tensors" in refusal(tmp_path / "b.pt", Limits(tensors=20)).detail


FOREIGN = {
    b"\x89HDF\r\n\x1a\n" + bytes(20): "HDF5",
    b"\x93NUMPY\x01\x00": "numpy file",
    gzip.compress(b"x"): "gzip",
    b"version https://git-lfs.github.com/spec/v1\n": "git lfs pull",
    b"<!DOCTYPE html><html>": "web page",
    b"": "the file is empty",
    b"\x7fELF" + bytes(30): "no format that is known",
}


@pytest.mark.parametrize("content", FOREIGN, ids=FOREIGN.values())
def test_a_foreign_file_is_told_what_it_is(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_bytes(content)
    error = refusal(tmp_path / "a.pt")
    assert error.kind == "unknown format"
    assert FOREIGN[content] in error.detail
    assert "Accepted are" in error.detail


def test_paths_that_are_no_files_are_refused(tmp_path: Path) -> None:
    assert refusal(Path("/dev/zero")).kind == "not a file"
    assert refusal(tmp_path).kind == "no weights"
    assert refusal(tmp_path / "lost\nname").kind == "missing"
    assert refusal(Path("nul\0byte")).kind == "missing"


@pytest.mark.parametrize("name", ["<script>alert(1)</script>.weight", "a\u202eb", "x" * 100_000, "\x00", "é"])
def test_hostile_names_are_looked_up_as_they_are(name: str, tmp_path: Path) -> None:
    safetensors(tmp_path / "a", {name: entry("F32", [1], 0, 4)}, bytes(4))
    source = opened(tmp_path / "a")
    assert source[name].weight.tolist() == [0]


def test_every_view_and_table_takes_a_checkpoint(tmp_path: Path) -> None:
    model = lightning(tmp_path / "last.ckpt")
    assert ww.CheckpointError is CheckpointError
    with ww.LayerTable(tmp_path / "last.ckpt") as shown, ww.LayerTable(model) as live:
        for view in (shown, live):
            view.start()
            assert view.wait(60)
        # Bytes of the numbers and of the bars of every row.
        for part in ("values", "spark"):
            assert shown.numbers[part] == live.numbers[part]
    table = ww.summary_table(tmp_path / "last.ckpt")
    assert table.loc["0", "mean"] == pytest.approx(
        float(model.get_parameter("0.weight").detach().double().mean())
    )
    with ww.WeightExplorer(tmp_path / "last.ckpt") as explorer:
        assert explorer.layers == ["0", "1"]
        assert explorer.error == ""
        assert torch.equal(explorer.tensor(), model.get_parameter("0.weight")[0])
        lightning(tmp_path / "last.ckpt")
        explorer.refresh()
        explorer.filter_index = 1
        assert "changed since it was opened" in explorer.error


def attention(name: str) -> dict[str, torch.Tensor]:
    """Return a block with 96 rows of queries and 32 of keys."""
    rows = {"q_proj": 96, "k_proj": 32, "v_proj": 32, "o_proj": 96}
    return {f"{name}.{part}.weight": torch.zeros(count, 96) for part, count in rows.items()}


def test_the_configuration_beside_the_weights_gives_the_number_of_heads(tmp_path: Path) -> None:
    save_file(attention("text.self_attn") | attention("vision.self_attn"), tmp_path / "model.safetensors")
    assert [block.hinted for block in attention_blocks(opened(tmp_path))] == [None, None]
    nested = {
        "model_type": "both",
        "text_config": {"num_attention_heads": 6},
        "vision_config": {"num_attention_heads": 12},
    }
    (tmp_path / "config.json").write_text(json.dumps(nested))
    for path in (tmp_path, tmp_path / "model.safetensors"):
        heads = {block.name: block.counts() for block in attention_blocks(opened(path))}
        assert heads == {"text.self_attn": (6, 2, 16), "vision.self_attn": (12, 4, 8)}


def test_a_part_of_a_numbered_checkpoint_says_what_is_missing(tmp_path: Path) -> None:
    save_file({"0.weight": torch.ones(2, 2)}, tmp_path / "model-00001-of-00004.safetensors")
    for path in (tmp_path, tmp_path / "model-00001-of-00004.safetensors"):
        assert opened(path).note == "This is part 1 of 4: the tensors of the other 3 are missing here."
    save_file({"0.weight": torch.ones(2, 2)}, tmp_path / "model-00001-of-00001.safetensors")
    assert opened(tmp_path / "model-00001-of-00001.safetensors").note == ""
