import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

from tests.sources.zoo import make
from weightwidgets.layer import Layer
from weightwidgets.sources.open import CheckpointError, Limits, Source, open_source


def test_a_module_is_opened_live() -> None:
    model = nn.Sequential(nn.Linear(2, 2))
    source = open_source(model)
    assert isinstance(source, Source)
    assert isinstance(source["0"], Layer)
    assert source["0"].weight.data_ptr() == model.get_parameter("0.weight").data_ptr()


def test_a_state_dict_of_tensors_and_arrays_is_opened() -> None:
    source = open_source({"0.weight": torch.ones(2, 2), "0.bias": np.ones(2)})
    assert source.title == "state dict"
    assert list(source) == ["0"]


def test_a_source_is_returned_as_it_is() -> None:
    source = open_source(nn.Linear(2, 2))
    assert open_source(source) is source


def test_a_model_without_weights_is_an_empty_source() -> None:
    assert list(open_source(nn.ReLU())) == []
    assert list(open_source({})) == []


def test_a_path_is_opened_as_a_checkpoint(tmp_path: Path) -> None:
    torch.save({"0.weight": torch.ones(2, 2)}, tmp_path / "model.pt")
    for path in (tmp_path / "model.pt", str(tmp_path / "model.pt"), tmp_path):
        assert list(open_source(path)) == ["0"]
    assert open_source(tmp_path / "model.pt").title == "model.pt"
    with pytest.raises(CheckpointError, match=r"^lost\.pt: it cannot be found"):
        open_source("lost.pt")


def test_trust_and_limits_reach_the_file(tmp_path: Path) -> None:
    torch.save({"0.weight": torch.ones(2, 2), "who": Path("x")}, tmp_path / "model.pt")
    with pytest.raises(CheckpointError, match=r"pathlib\.PosixPath would have to run"):
        open_source(tmp_path / "model.pt")
    assert list(open_source(tmp_path / "model.pt", trust=True)) == ["0"]
    torch.save({str(place): torch.ones(1) for place in range(3)}, tmp_path / "many.pt")
    with pytest.raises(CheckpointError, match=r"limits=ww\.Limits\(tensors=\.\.\.\)"):
        open_source(tmp_path / "many.pt", limits=Limits(tensors=2))
    assert len(open_source(tmp_path / "many.pt", limits=None)) == 3


def test_a_state_dict_in_a_wrapper_is_unwrapped_and_said_to_be() -> None:
    state_dict = {"module.0.weight": torch.ones(2, 2), "module.0.bias": torch.ones(2)}
    source = open_source({"state_dict": state_dict, "epoch": 3})
    assert list(source) == ["0"]
    assert source["module.0.weight"] is source["0"]
    assert source.note.startswith(
        "Shown is what is under `state_dict`. Left out: epoch. Names are shown without"
    )
    live = nn.Linear(2, 2)
    opened = open_source({"model": live, "optimizer": {"state": torch.ones(2)}})
    assert opened["weight"].weight.data_ptr() == live.weight.data_ptr()
    assert opened.note == "Shown is what is under `model`. Left out: optimizer."
    assert open_source(live).note == ""


@pytest.mark.parametrize(
    ("obj", "message"),
    [
        (nn.Linear, "cannot read weights from type: pass a torch.nn.Module"),
        (torch.ones(2), "cannot read weights from Tensor"),
        (None, "cannot read weights from NoneType"),
        (nn.Linear(2, 2).state_dict, "cannot read weights from method"),
        ({"epoch": 3}, "'epoch' is int. Pass a torch.nn.Module"),
        ({"a": {"b": [1.0]}}, "'a' is dict. Pass a torch.nn.Module"),
        (
            {"0.scale": torch.ones(1), "0._packed_params._packed_params": (torch.ones(2, 2), None)},
            "'0._packed_params._packed_params' is tuple. Pass a torch.nn.Module",
        ),
    ],
)
def test_anything_else_is_refused_by_its_type(obj: object, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        open_source(obj)


def test_a_checkpoint_is_refused_with_the_keys_to_pass() -> None:
    checkpoint: dict[str, Any] = {
        "epoch": 3,
        "optimizer": {"state": {}},
        "state_dict": make("linear").state_dict(),
        "ema": make("conv1d"),
    }
    with pytest.raises(
        TypeError, match=r"'epoch' is int\. Pass what is under one key: \['state_dict'\], \['ema'\]"
    ):
        open_source(checkpoint)


ONE, TWO = torch.ones(2, 2), torch.full((2, 2), 2.0)


@pytest.mark.parametrize(
    ("mapping", "names", "note"),
    [
        (
            {"state_dict": {"w": ONE}, "ema_state_dict": {"w": TWO}, "optimizer": {"state": {0: {"m": ONE}}}},
            ["state_dict.w", "ema_state_dict.w"],
            "Left out: optimizer.",
        ),
        ({"a": ONE, "epoch": 3}, ["a"], "Left out: epoch."),
        (
            {"0.weight": ONE, "0._extra_state": None, "1._extra_state": b"x"},
            ["0"],
            "Left out: 0._extra_state, 1._extra_state.",
        ),
        (
            {"state_dict": {"w": ONE, "_extra_state": None}, "epoch": 3},
            ["w"],
            "Shown is what is under `state_dict`. Left out: epoch. Left out: _extra_state.",
        ),
    ],
)
def test_what_opens_from_a_file_opens_from_memory_alike(
    mapping: dict[str, Any], names: list[str], note: str, tmp_path: Path
) -> None:
    source = open_source(mapping)
    assert (list(source), source.note) == (names, note)
    assert next(iter(source.values())).weight.data_ptr() == ONE.data_ptr()
    torch.save(mapping, tmp_path / "saved.pt")
    saved = open_source(tmp_path / "saved.pt")
    assert (list(saved), saved.note) == (names, note)
    for name, layer in source.items():
        assert torch.equal(layer.weight, saved[name].weight)
        assert layer.kind == saved[name].kind


@pytest.mark.parametrize(
    "several",
    [
        {"before": {"0.weight": ONE}, "after": {"0.weight": TWO}},
        {"before": nn.Linear(2, 2), "after": nn.Linear(2, 2)},
        {"before": nn.Linear(2, 2), "after": {"weight": ONE}},
    ],
)
def test_several_sources_are_not_joined_to_one(several: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=r"Pass what is under one key: \['before'\], \['after'\]"):
        open_source(several)


def test_a_module_deep_in_a_mapping_stays_live() -> None:
    live = nn.Linear(2, 2)
    source = open_source({"state_dict": {"model": live, "epoch": 3}, "step": 1})
    assert source["weight"].weight.data_ptr() == live.weight.data_ptr()
    assert source.note.startswith("Shown is what is under `state_dict`. Left out: step.")


def test_a_mapping_that_holds_itself_is_refused() -> None:
    endless: dict[str, Any] = {"a": torch.ones(2)}
    endless["again"] = {"again": [endless]}
    with pytest.raises(TypeError, match="nested too deep"):
        open_source(endless)


def test_a_path_from_home_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    torch.save({"0.weight": torch.ones(2, 2)}, tmp_path / "x.pt")
    for path in ("~/x.pt", Path("~/x.pt")):
        assert list(open_source(path)) == ["0"]
    with pytest.raises(CheckpointError, match="cannot be found"):
        open_source("~\0/x.pt")


def test_a_comparison_is_not_opened_as_one_source() -> None:
    pair = {"before": nn.Linear(2, 2), "after": nn.Linear(2, 2)}
    with pytest.raises(TypeError, match=r"\['before'\], \['after'\]"):
        open_source(pair)


def trained(*, read_meanwhile: bool) -> torch.Tensor:
    """Return all that thirty steps of training leave behind, the random generator's next numbers included."""
    torch.manual_seed(0)
    model = nn.Sequential(
        parametrizations.spectral_norm(nn.Linear(8, 8)),
        nn.Dropout(0.5),
        nn.BatchNorm1d(8),
        parametrizations.orthogonal(nn.Linear(8, 4)),
    )
    optimizer = torch.optim.Adam(model.parameters())
    over, looked, failures = threading.Event(), threading.Event(), []

    def look() -> None:
        source = open_source(model)
        while not over.is_set():
            try:
                for layer in source.values():
                    _ = layer.weight, layer.bias, layer.note, layer.shape, layer.fingerprint()
            except Exception as error:  # noqa: BLE001 (any at all is a failure, and a thread's own are lost)
                failures.append(error)
            looked.set()

    reader = threading.Thread(target=look)
    if read_meanwhile:
        reader.start()
        looked.wait(30)
    for _ in range(30):
        optimizer.zero_grad()
        model(torch.randn(4, 8)).square().sum().backward()
        optimizer.step()
    over.set()
    if read_meanwhile:
        reader.join()
        assert looked.is_set()
    assert failures == []
    left = (*model.state_dict().values(), torch.rand(3))
    return torch.cat([tensor.detach().flatten().double() for tensor in left])


def test_reading_in_another_thread_leaves_a_training_run_bit_equal() -> None:
    with torch.random.fork_rng(devices=[]):
        assert torch.equal(trained(read_meanwhile=True), trained(read_meanwhile=False))
