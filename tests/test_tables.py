"""Tables over a whole source: against torch, numpy and pandas, in a plain script."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils import prune
from tqdm.auto import tqdm

import weightwidgets as ww
from weightwidgets import tables
from weightwidgets.sources.open import open_source
from weightwidgets.tables import parameter_count, selected_weights, summary_table, weight_norms

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _seeded() -> Iterator[None]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def small_model() -> nn.Sequential:
    return nn.Sequential(nn.Linear(10, 20), nn.ReLU(), nn.Linear(20, 1))


def test_norms_are_those_of_torch_over_the_named_parameters_in_their_order() -> None:
    model = small_model()
    expected = {
        name: float(torch.norm(tensor.detach()))
        for name, tensor in model.named_parameters()
        if "weight" in name
    }
    found = ww.weight_norms(model)
    assert list(found) == list(expected) == ["0.weight", "2.weight"]
    assert found == pytest.approx(expected, rel=1e-6)
    assert {type(value) for value in found.values()} == {float}


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 40), st.sampled_from([1e-30, 1.0, 1e18]))
@settings(max_examples=30, deadline=None)
def test_norms_are_summed_in_float64(seed: int, rows: int, columns: int, scale: float) -> None:
    weight = (np.random.default_rng(seed).normal(size=(rows, columns)) * scale).astype(np.float32)
    expected = float(np.sqrt((weight.astype(np.float64) ** 2).sum()))
    assert weight_norms({"a.weight": weight})["a.weight"] == pytest.approx(expected, rel=1e-12)


def test_the_norm_of_the_reference_matrix_is_the_golden_value() -> None:
    rows, columns = np.arange(1, 161)[:, None], np.arange(1, 97)[None, :]
    waves = np.sin(0.37 * rows * columns) + 0.5 * np.cos(0.11 * rows + 0.23 * columns**2)
    weight = (waves / np.sqrt(96)).astype(np.float32)
    assert weight_norms({"weight": weight})["weight"] == pytest.approx(10.0100241964, abs=5e-11)


def test_norms_of_a_state_dict_keep_its_keys_and_leave_the_biases_out() -> None:
    state = small_model().state_dict()
    assert list(weight_norms(state)) == ["0.weight", "2.weight"]


def test_norms_of_a_pruned_module_are_those_of_its_raw_parameters() -> None:
    model = small_model()
    prune.l1_unstructured(model[0], "weight", amount=0.5)
    raw = dict(model.named_parameters())["0.weight_orig"]
    assert weight_norms(model)["0.weight_orig"] == pytest.approx(float(torch.norm(raw.detach())), rel=1e-6)


def test_norms_of_an_open_source_are_those_of_its_effective_weights() -> None:
    pruned = nn.Linear(10, 20)
    prune.l1_unstructured(pruned, "weight", amount=0.5)
    found = weight_norms(open_source(pruned))
    assert found["weight"] == pytest.approx(float(torch.norm(pruned.weight.detach())), rel=1e-6)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_norm_over_a_value_that_is_no_number_is_none_either(bad: float) -> None:
    weight = torch.tensor([3.0, bad, 4.0])
    found = weight_norms({"weight": weight})["weight"]
    np.testing.assert_equal(found, float(torch.norm(weight)))


def test_a_norm_of_a_tensor_without_values_is_nan() -> None:
    assert math.isnan(weight_norms(nn.Linear(2, 2, device="meta"))["weight"])


def test_what_is_no_source_is_refused() -> None:
    with pytest.raises(TypeError, match=r"pass a torch\.nn\.Module"):
        weight_norms(3)
    with pytest.raises(TypeError, match=r"pass a torch\.nn\.Module"):
        summary_table([torch.ones(2)])


def test_the_table_has_a_row_per_layer_in_model_order() -> None:
    table = ww.summary_table(small_model())
    assert isinstance(table, pd.DataFrame)
    assert table.index.name == "name"
    assert table.index.tolist() == ["0", "2"]
    assert table["kind"].tolist() == ["linear", "linear"]
    assert table["shape"].tolist() == [(20, 10), (1, 20)]
    assert table["dtype"].tolist() == ["float32", "float32"]
    assert table["parameters"].tolist() == [220, 21]
    assert table["note"].tolist() == ["", ""]


def test_the_parameters_of_all_rows_are_those_of_the_model() -> None:
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.LSTM(8, 4), nn.Embedding(7, 4))
    total = sum(tensor.numel() for tensor in model.parameters())
    assert summary_table(model)["parameters"].sum() == total


def test_the_numbers_of_a_row_are_numpys_in_float64() -> None:
    model = nn.Conv2d(3, 16, 5)
    row = summary_table(model).iloc[0]
    w = model.weight.detach().numpy().astype(np.float64)
    z = (w - w.mean()) / w.std()
    expected = {
        "frobenius": np.linalg.norm(w),
        "rms": np.sqrt((w**2).mean()),
        "mean": w.mean(),
        "std": w.std(),
        "min": w.min(),
        "max": w.max(),
        "skewness": (z**3).mean(),
        "kurtosis": (z**4).mean() - 3,
        "l1": np.abs(w).sum(),
        "linf": np.abs(w).max(),
        "positive": (w > 0).mean(),
        "negative": (w < 0).mean(),
        "zero": (w == 0).mean(),
        "near_zero": (np.abs(w) <= 1e-3 * np.abs(w).max()).mean(),
    }
    assert {name: row[name] for name in expected} == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert [row[name] for name in ("nan", "posinf", "neginf")] == [0, 0, 0]


def test_a_layer_without_values_has_a_row_that_says_why() -> None:
    row = summary_table(nn.Linear(4, 3, device="meta")).iloc[0]
    assert row["shape"] == (3, 4)
    assert math.isnan(row["frobenius"])
    assert "meta" in row["note"]


def test_an_uninitialised_layer_has_a_row_that_says_what_to_do() -> None:
    row = summary_table(nn.LazyLinear(3)).iloc[0]
    assert row["parameters"] == 0
    assert math.isnan(row["mean"])
    assert "run one batch" in row["note"]


def test_values_that_are_no_numbers_are_counted_and_left_out() -> None:
    weight = torch.tensor([[1.0, math.nan, 2.0, math.inf, -math.inf, 2.0]])
    row = summary_table({"weight": weight}).iloc[0]
    assert [row[name] for name in ("nan", "posinf", "neginf")] == [1, 1, 1]
    assert row["frobenius"] == 3.0


def test_a_source_without_layers_gives_a_table_without_rows() -> None:
    table = summary_table(nn.ReLU())
    assert len(table) == 0
    assert "frobenius" in table.columns


def test_short_work_shows_no_progress_bar(capsys: pytest.CaptureFixture[str]) -> None:
    summary_table(small_model())
    assert capsys.readouterr().err == ""


def test_long_work_shows_a_progress_bar(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "_SECONDS_WITHOUT_PROGRESS", 1e-9)
    # Left alone, tqdm redraws ten times a second, and not at all for two quick layers.
    monkeypatch.setattr(tables, "tqdm", functools.partial(tqdm, mininterval=0))
    summary_table(small_model())
    assert "layers" in capsys.readouterr().err


def test_the_model_is_left_as_it_is() -> None:
    model = small_model()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    summary_table(model)
    weight_norms(model)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert all(tensor.grad is None for tensor in model.parameters())


def test_parameters_of_a_layer_are_its_weights_and_its_bias() -> None:
    source = open_source(nn.Sequential(nn.Linear(3, 2), nn.Linear(3, 2, bias=False), nn.LazyLinear(2)))
    assert [parameter_count(layer) for layer in source.values()] == [8, 6, 0]


def test_selected_weights_are_listed_with_their_places() -> None:
    model = nn.Conv2d(2, 4, 3)
    layer = next(iter(open_source(model).values()))
    found = selected_weights(layer, (0.0, 0.1))
    w = model.weight.detach().numpy()
    inside = (w >= 0) & (w < 0.1)
    assert list(found.columns) == ["layer", "out", "in", "kH", "kW", "value"]
    assert len(found) == inside.sum()
    places = tuple(found[axis] for axis in ("out", "in", "kH", "kW"))
    np.testing.assert_array_equal(w[places], found["value"])
    assert set(found["layer"]) == {layer.name}


def test_a_selection_up_to_the_end_of_the_histogram_holds_the_largest_weight() -> None:
    layer = open_source({"weight": torch.tensor([[1.0, 2.0, 3.0]])})["weight"]
    assert selected_weights(layer, (2.0, 3.0))["value"].tolist() == [2.0, 3.0]
    assert selected_weights(layer, (2.0, 3.0), (0.0, 4.0))["value"].tolist() == [2.0]
    assert selected_weights(layer, (1.0, 2.0))["value"].tolist() == [1.0]
    assert selected_weights(layer, (1.0, 2.0), "central")["value"].tolist() == [1.0]


@pytest.mark.parametrize(
    ("shape", "axes"),
    [
        ((3, 4), ["out", "in"]),
        ((3, 4, 5), ["out", "in", "kW"]),
        ((3, 4, 2, 2, 2), ["out", "in", "kD", "kH", "kW"]),
    ],
)
def test_the_place_in_the_kernel_has_the_kernels_axes(shape: tuple[int, ...], axes: list[str]) -> None:
    layer = open_source({"weight": torch.randn(shape)})["weight"]
    assert list(selected_weights(layer, None).columns) == ["layer", *axes, "value"]
    assert list(selected_weights(layer, (-9.0, 9.0)).columns) == ["layer", *axes, "value"]
    assert len(selected_weights(layer, (-9.0, 9.0))) == math.prod(shape)


def test_a_checkpoint_gives_the_tables_of_its_module(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    torch.save({"state_dict": model.state_dict(), "epoch": 3}, tmp_path / "a.ckpt")
    path = str(tmp_path / "a.ckpt")
    assert weight_norms(path) == weight_norms(model)
    assert weight_norms({"state_dict": model.state_dict(), "epoch": 3}) == weight_norms(model)
    numbers = ["parameters", "mean", "std", "l1", "kurtosis"]
    assert summary_table(path)[numbers].equals(summary_table(model)[numbers])
