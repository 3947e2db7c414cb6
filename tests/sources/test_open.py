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
        ({"a": torch.ones(2), "b": [1.0]}, "'b' is list"),
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
