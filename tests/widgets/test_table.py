"""The layer table without a browser: traits, streaming, changes, errors, pictures."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
import traitlets as t
from torch import nn

from tests.widgets.fixture import check_fixture, state_of
from weightwidgets.widgets._table_rows import MEASURED, SPARK_BINS
from weightwidgets.widgets.table import LayerTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from weightwidgets.layer import Layer

WAIT = 30.0


def block() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4))


def small_model() -> nn.Sequential:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), *(block() for _ in range(3)), nn.Linear(4, 2))
    model.tied = model[4]
    # Symmetric about zero and few bits each: every sum is exact, so the fixture is the same on any machine.
    with torch.no_grad():
        for place, tensor in enumerate(model.parameters()):
            order = torch.arange(tensor.numel(), dtype=torch.float32) * 7 % tensor.numel()
            tensor.copy_(((order - order.mean()) ** 3).reshape(tensor.shape) * 2.0 ** (place % 3 - 20))
    return model


def weight_of(module: nn.Module) -> torch.Tensor:
    assert isinstance(module.weight, torch.Tensor)
    return module.weight.detach()


@pytest.fixture
def model() -> nn.Sequential:
    return small_model()


@pytest.fixture
def table(model: nn.Sequential) -> Iterator[LayerTable]:
    with LayerTable(model) as made:
        yield made


def rows(table: LayerTable) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(table.rows["text"])
    return content


def numbers(table: LayerTable, part: str) -> np.ndarray[Any, Any]:
    wired = table.numbers[part]
    return np.frombuffer(wired["data"], wired["dtype"]).reshape(wired["shape"])


def column(table: LayerTable, name: str) -> list[float]:
    values: list[float] = numbers(table, "values")[:, rows(table)["values"].index(name)].tolist()
    return values


def measure_all(table: LayerTable) -> None:
    table.start()
    assert table.wait(WAIT)


def end_cell(table: LayerTable) -> None:
    table.look(cell_ended=True)
    assert table.wait(WAIT)


def test_names_kinds_and_shapes_stand_there_before_anything_is_measured(table: LayerTable) -> None:
    content = rows(table)
    assert content["names"] == ["0", "1.0", "1.1", "2.0", "2.1", "3.0", "3.1", "4"]
    assert content["kinds"][:3] == ["conv2d", "conv2d", "norm"]
    assert content["shapes"][0] == "4 × 3 × 3 × 3"  # noqa: RUF001
    assert content["aliases"] == {"7": ["tied"]}
    assert [group["pattern"] for group in content["groups"]] == ["*.0", "*.1"]
    assert table.numbers == {}


def test_a_model_of_any_size_stands_there_at_once() -> None:
    with LayerTable(nn.Linear(200_000, 100_000, device="meta")) as table:
        assert rows(table)["parameters"] == [200_000 * 100_000 + 100_000]


def test_measuring_starts_when_the_browser_has_painted(table: LayerTable) -> None:
    table.set_state({"started": True})
    assert table.wait(WAIT)
    assert table.numbers["measured"] == table.numbers["total"] == 8


def test_the_numbers_are_those_of_the_weights(table: LayerTable, model: nn.Sequential) -> None:
    measure_all(table)
    weights = [weight_of(dict(model.named_modules())[name]) for name in rows(table)["names"]]
    exact = [weight.numpy().astype(np.float64) for weight in weights]
    assert column(table, "frobenius") == pytest.approx([np.linalg.norm(w.ravel()) for w in exact], rel=1e-12)
    assert column(table, "mean") == pytest.approx([w.mean() for w in exact], abs=1e-14)
    assert column(table, "std") == pytest.approx([w.std() for w in exact], rel=1e-12)
    counts = np.histogram(weights[0].numpy(), SPARK_BINS)[0]
    np.testing.assert_array_equal(numbers(table, "spark")[0], np.ceil(counts * 255 / counts.max()))
    assert numbers(table, "status").tolist() == [1] * 8


def test_own_columns_stand_beside_ours_and_a_failing_one_fails_alone(model: nn.Sequential) -> None:
    def picky(layer: Layer) -> float:
        if layer.kind == "norm":
            raise ValueError("not for norms")
        return float(layer.weight.abs().max())

    with LayerTable(model, {"largest": picky}) as table:
        measure_all(table)
        assert rows(table)["columns"] == ["largest"]
        found = column(table, "largest")
        assert found[0] == float(weight_of(model[0]).abs().max())
        assert np.isnan(found[2])
        assert json.loads(table.numbers["text"])["errors"]["2"] == {"largest": "ValueError: not for norms"}
        assert table.columns == {"largest": picky}


@pytest.mark.parametrize("name", ["", "-x", "name", "frobenius", "nan"])
def test_an_own_column_cannot_take_a_name_that_means_something(model: nn.Sequential, name: str) -> None:
    with pytest.raises(ValueError, match="cannot name a column"):
        LayerTable(model, {name: lambda _: 0.0})


def test_an_own_column_must_be_a_function(model: nn.Sequential) -> None:
    columns: Any = {"mine": 3}
    with pytest.raises(TypeError, match="no function"):
        LayerTable(model, columns)


@pytest.mark.parametrize("columns", [[1], "mine", 3, {1: float}])
def test_own_columns_must_be_a_mapping_of_names(model: nn.Sequential, columns: Any) -> None:
    with pytest.raises(TypeError, match=r"columns must be a mapping of names|a column is named by a str"):
        LayerTable(model, columns)


def test_where_no_weight_is_finite_no_norm_was_measured() -> None:
    weights = {"nan": torch.full((2, 3), torch.nan), "one": torch.tensor([[torch.inf, 3.0]])}
    with LayerTable(weights) as table:
        measure_all(table)
        for name in ("frobenius", "rms", "mean", "std", "near_zero"):
            assert np.isnan(column(table, name)[0])
        assert column(table, "nan") == [6, 0]
        assert column(table, "frobenius")[1] == 3


def test_unknown_arguments_are_refused_with_a_hint(model: nn.Sequential) -> None:
    with pytest.raises(TypeError, match="sort_by"):
        LayerTable(model, sort_bye="name")


@pytest.mark.parametrize("sort_by", ["", "name", "-near_zero", "frobenius", "-mine"])
def test_it_sorts_by_any_column(model: nn.Sequential, sort_by: str) -> None:
    with LayerTable(model, {"mine": lambda _: 1.0}) as table:
        table.sort_by = sort_by
        assert table.sort_by == sort_by


def test_it_refuses_to_sort_by_what_is_no_column(table: LayerTable) -> None:
    table.sort_by = "std"
    for wrong in ("frobenious", "--std", "-"):
        with pytest.raises(t.TraitError, match="cannot sort by"):
            table.sort_by = wrong
    with pytest.raises(t.TraitError, match="did you mean 'frobenius'"):
        table.sort_by = "-frobenious"
    assert table.sort_by == "std"


def test_what_the_browser_sends_is_kept_within_bounds(table: LayerTable) -> None:
    table.set_state({"sort_by": b"nonsense", "search": b"conv", "layer": b"nowhere"})
    assert (table.sort_by, table.search, table.layer) == ("", "conv", "0")
    table.set_state({"sort_by": b"-rms", "layer": b"tied"})
    assert (table.sort_by, table.layer) == ("-rms", "4")


def test_selecting_a_layer_publishes_no_frame_again(table: LayerTable) -> None:
    published = watch(table)
    table.layer = "2.0"
    table.layer = "tied"
    assert table.layer == "4"
    assert published == []


def test_an_unknown_layer_is_refused_with_the_nearest_name(table: LayerTable) -> None:
    with pytest.raises(t.TraitError, match="no layer called"):
        table.layer = "conv9"
    assert table.layer == "0"


def watch(table: LayerTable) -> list[str]:
    published: list[str] = []
    table.observe(lambda change: published.append(change["name"]), ["rows", "numbers"])
    return published


def test_a_cell_that_changed_nothing_publishes_nothing(table: LayerTable) -> None:
    measure_all(table)
    published = watch(table)
    end_cell(table)
    assert published == []


def test_only_the_changed_layer_is_measured_again(model: nn.Sequential) -> None:
    read: list[str] = []

    def note(layer: Layer) -> float:
        read.append(layer.name)
        return 0.0

    with LayerTable(model, {"read": note}) as table:
        measure_all(table)
        read.clear()
        weight_of(model[4]).mul_(2)
        before = column(table, "frobenius")
        end_cell(table)
        assert read == ["4"]
        after = column(table, "frobenius")
        assert after[:7] == before[:7]
        assert after[7] == pytest.approx(2 * before[7])


def test_before_it_is_started_a_cell_measures_nothing(table: LayerTable) -> None:
    table.look(cell_ended=True)
    assert not table.wait(0.3)
    assert table.numbers == {}


def test_a_layer_added_later_gets_a_row_and_numbers(table: LayerTable, model: nn.Sequential) -> None:
    measure_all(table)
    model.append(nn.Linear(2, 2))
    end_cell(table)
    assert len(rows(table)["names"]) == 9
    assert len(numbers(table, "status")) == 9
    assert table.rows["token"] == table.numbers["token"]


def test_refresh_sees_what_no_freshness_test_can() -> None:
    model = nn.Linear(200, 100, bias=False)
    with LayerTable(model) as table:
        measure_all(table)
        # Past torch's version counter, and at none of the evenly spread elements that are compared.
        model.weight.detach().numpy().reshape(-1)[1] = 1e6
        end_cell(table)
        assert column(table, "max")[0] < 1
        table.refresh()
        assert table.wait(WAIT)
        assert column(table, "max") == [1e6]


def test_a_broken_layer_is_flagged_and_the_others_are_measured() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2, device="meta"), nn.LazyLinear(3))
    weight_of(model[0])[0, 0] = float("nan")
    with LayerTable(model) as table:
        measure_all(table)
        assert table.error == ""
        assert column(table, "nan")[0] == 1
        notes = json.loads(table.numbers["text"])["notes"]
        assert "meta" in notes["1"]
        assert "run one batch" in notes["2"]


def test_a_model_without_layers_has_no_rows_and_no_picture() -> None:
    with LayerTable(nn.ReLU()) as table:
        assert rows(table)["names"] == []
        assert table.picture() is None
        measure_all(table)


def test_closing_stops_everything_and_leaves_no_widget(
    model: nn.Sequential, open_widgets: Callable[[], set[str]]
) -> None:
    before = open_widgets()
    gate = threading.Event()

    def slow(_layer: Layer) -> float:
        gate.wait(WAIT)
        return 0.0

    table = LayerTable(model, {"slow": slow})
    table.start()
    table.close()
    table.close()
    gate.set()
    assert table.wait(WAIT)
    assert table.numbers == {}
    assert open_widgets() == before


def test_the_picture_shows_twenty_rows_at_most_and_says_how_many_are_left() -> None:
    short, long = (nn.Sequential(*(nn.Linear(3, 3) for _ in range(count))) for count in (3, 30))
    with LayerTable(short) as one, LayerTable(long) as other:
        few, many = one.picture(), other.picture()
        assert few is not None
        assert many is not None
        assert few.height == 22 * (3 + 1) + 20
        assert many.height == 22 * (20 + 2) + 20


def test_the_picture_holds_the_selected_row_and_marks_it() -> None:
    accent = (0x0B, 0x62, 0xC4)
    with LayerTable(nn.Sequential(*(nn.Linear(3, 3) for _ in range(50)))) as table:
        for layer, row in (("0", 0), ("19", 19), ("20", 19), ("49", 19)):
            table.layer = layer
            marked = (np.asarray(table.picture()) == accent).all(axis=-1).any(axis=1)
            assert np.flatnonzero(marked)[0] == 10 + 22 * (row + 1)
            assert [found.name for found in table._rows_in_picture()[0]][row] == layer
        table.search = "no such layer"
        assert table._rows_in_picture() == ([], 0, 0)
        assert table.picture() is not None


def test_the_picture_reads_little_by_itself_and_all_it_shows_when_saved(tmp_path: Path) -> None:
    with LayerTable(nn.Linear(2000, 1001, bias=False)) as table:
        name = table.layer
        table.picture()
        assert table._measurement(name) is None
        table.save_png(tmp_path / "table.png")
        assert (tmp_path / "table.png").read_bytes()[:4] == b"\x89PNG"
        found = table._measurement(name)
        assert found is not None
        assert found.values[MEASURED.index("std")] > 0


def test_the_picture_follows_search_and_order(table: LayerTable) -> None:
    table.search, table.sort_by = "conv", "-frobenius"
    measure_all(table)
    norms = dict(zip(rows(table)["names"], column(table, "frobenius"), strict=True))
    expected = sorted((name for name in norms if name in {"0", "1.0", "2.0", "3.0"}), key=norms.__getitem__)
    assert [table._rows[index].name for index in table._order()] == expected[::-1]


def test_the_fixture_is_what_python_sends(model: nn.Sequential) -> None:
    weight_of(model[4])[0, 0] = float("nan")

    def largest(layer: Layer) -> float:
        if layer.kind == "norm":
            raise ValueError("not for norms")
        return float(layer.weight.abs().max())

    with LayerTable(model, {"largest": largest}, layer="2.0") as table:
        unmeasured = state_of(table)
        measure_all(table)
        check_fixture("table", {"unmeasured": unmeasured, "measured": state_of(table)})
