"""The rows of the layer table: listed without reading, grouped, measured, ordered and packed."""

from __future__ import annotations

import itertools
import json
import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn

from weightwidgets.sources.open import open_source
from weightwidgets.widgets._table_rows import (
    MEASURED,
    SPARK_BINS,
    Measurement,
    Row,
    list_rows,
    measure,
    numbers_frame,
    order_of,
    rows_frame,
)

VERSIONS = itertools.count()


def row(name: str, kind: str = "linear", shape: tuple[int, ...] = (2, 3), *aliases: str) -> Row:
    text = " × ".join(map(str, shape))  # noqa: RUF001
    return Row((name, *aliases), kind, shape, text, "float32", math.prod(shape))


def measured(weight: torch.Tensor, **columns: Any) -> Measurement:
    layer = next(iter(open_source({"weight": weight}).values()))
    return measure(layer, ("test__table_rows", next(VERSIONS)), columns)


def numbers_of(found: Measurement) -> dict[str, float]:
    return dict(zip(MEASURED, found.values.tolist(), strict=False))


def array(part: dict[str, Any]) -> np.ndarray[Any, Any]:
    return np.frombuffer(part["data"], part["dtype"]).reshape(part["shape"])


def test_rows_are_listed_with_shape_dtype_parameters_and_aliases() -> None:
    model = nn.Sequential(nn.Conv2d(3, 8, 5), nn.LazyLinear(2), nn.Linear(3, 2, dtype=torch.float64))
    model.tied = model[0]
    rows = list_rows(open_source(model))
    assert [one.names for one in rows] == [("0", "tied"), ("1",), ("2",)]
    assert [one.shape_text for one in rows] == ["8 × 3 × 5 × 5", "unknown yet", "2 × 3"]  # noqa: RUF001
    assert [one.dtype for one in rows] == ["float32", "float32", "float64"]
    assert [one.parameters for one in rows] == [608, 0, 8]


def test_a_scalar_says_so() -> None:
    assert list_rows(open_source({"scale": torch.tensor(1.0)}))[0].shape_text == "scalar"


def test_listing_rows_reads_no_values() -> None:
    rows = list_rows(open_source(nn.Linear(100_000, 100_000, device="meta")))
    assert rows[0].parameters == 100_000 * 100_001


def test_hostile_names_travel_whole_and_are_shown_safe() -> None:
    names = ["<img src=x onerror=alert(1)>", "a\u202eb", "<!--<script>"]
    frame = rows_frame([row(name) for name in names], ["\u200b"], 7)
    content = json.loads(frame["text"].decode("utf-8"))
    assert isinstance(frame["text"], bytes)
    assert content["names"] == names
    assert content["shown"] == {"1": "a[U+202E]b"}
    assert content["values"] == [*MEASURED, "\u200b"]
    assert content["columns"] == ["[U+200B]"]


@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.integers(1, 3000),
    dtype=st.sampled_from([torch.float32, torch.float64, torch.float16, torch.bfloat16]),
)
@settings(max_examples=25, deadline=None)
def test_the_numbers_of_a_layer_are_numpys(seed: int, size: int, dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(size, generator=generator).to(dtype)
    w = weight.to(torch.float64).numpy()
    # Around a constant our range is another than numpy's, as `histogram` says.
    assume(w.min() < w.max())
    found = measured(weight)
    expected = {
        "frobenius": np.linalg.norm(w),
        "rms": np.sqrt((w**2).mean()),
        "mean": w.mean(),
        "std": w.std(),
        "min": w.min(),
        "max": w.max(),
        "near_zero": (np.abs(w) <= 1e-3 * np.abs(w).max()).mean(),
        "nan": 0,
        "inf": 0,
    }
    assert numbers_of(found) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    counts = np.histogram(weight.to(torch.float32).numpy() if dtype == torch.float32 else w, SPARK_BINS)[0]
    np.testing.assert_array_equal(found.spark, np.ceil(counts * 255 / counts.max()))


def test_the_highest_bar_is_255_and_a_single_weight_still_shows() -> None:
    spark = measured(torch.tensor([0.0] * 10_000 + [1.0])).spark
    assert (spark.max(), spark[0], spark[-1]) == (255, 255, 1)


def test_values_that_are_no_numbers_are_counted_and_left_out() -> None:
    found = numbers_of(measured(torch.tensor([3.0, 4.0, math.nan, math.inf, -math.inf])))
    assert found["frobenius"] == pytest.approx(5.0)
    assert (found["nan"], found["inf"]) == (1.0, 2.0)


def test_an_empty_layer_has_no_moments_and_no_bars() -> None:
    found = measured(torch.zeros(0, 3))
    assert math.isnan(numbers_of(found)["mean"])
    assert found.spark.tolist() == [0] * SPARK_BINS


def test_a_layer_without_values_says_why_and_its_own_columns_are_still_asked() -> None:
    layer = next(iter(open_source(nn.Linear(3, 2, device="meta")).values()))
    found = measure(layer, ("meta",), {"rows": lambda layer: layer.shape[0]})
    assert "meta" in found.note
    assert np.isnan(found.values[:-1]).all()
    assert found.values[-1] == 2.0


def test_what_an_own_column_raises_or_gives_is_a_matter_of_its_cell() -> None:
    def fail(_layer: object) -> float:
        raise LookupError("no such <thing>")

    found = measured(torch.ones(3), good=lambda _: torch.tensor(2.5), bad=fail, text=lambda _: "many")
    assert found.values[len(MEASURED)] == 2.5
    assert np.isnan(found.values[len(MEASURED) + 1 :]).all()
    assert found.errors["bad"] == "LookupError: no such <thing>"
    assert found.errors["text"].startswith("ValueError")


ROWS = [row("b.w", shape=(10, 2)), row("A", "conv2d", (9, 30)), row("c", "linear", (9, 4), "tied")]
VALUES = {0: np.array([2.0]), 1: np.array([math.nan]), 2: np.array([3.0])}


@pytest.mark.parametrize(
    ("search", "sort_by", "expected"),
    [
        ("", "", [0, 1, 2]),
        ("LIN", "", [0, 2]),
        ("lin w", "", [0]),
        ("tied", "", [2]),
        ("nothing", "", []),
        ("", "name", [1, 0, 2]),
        ("", "-name", [2, 0, 1]),
        ("", "kind", [1, 0, 2]),
        ("", "shape", [2, 1, 0]),
        ("", "-parameters", [1, 2, 0]),
        ("", "frobenius", [0, 2, 1]),
        ("", "-frobenius", [2, 0, 1]),
        ("lin", "-frobenius", [2, 0]),
    ],
)
def test_rows_are_searched_and_sorted(search: str, sort_by: str, expected: list[int]) -> None:
    assert order_of(ROWS, VALUES.get, ["frobenius"], search, sort_by) == expected


def test_rows_that_are_not_measured_come_last_whichever_way_they_are_sorted() -> None:
    values = {2: np.array([1.0])}
    assert order_of(ROWS, values.get, ["frobenius"], "", "frobenius") == [2, 0, 1]
    assert order_of(ROWS, values.get, ["frobenius"], "", "-frobenius") == [2, 0, 1]


def measurement(width: int, note: str = "") -> Measurement:
    return Measurement(np.arange(width, dtype=np.float64), np.full(SPARK_BINS, 9, np.uint8), note, {})


def test_the_frame_says_what_is_measured_what_is_old_and_what_failed() -> None:
    frame = numbers_frame(
        [(measurement(3, "odd"), True), (None, False), (measurement(3), False), ("no memory", True)],
        5,
        width=3,
        measured=2,
        total=4,
        live=False,
    )
    assert array(frame["status"]).tolist() == [1, 0, 2, 1]
    np.testing.assert_array_equal(array(frame["values"])[[0, 2]], [[0, 1, 2]] * 2)
    assert np.isnan(array(frame["values"])[[1, 3]]).all()
    assert array(frame["spark"])[:, 0].tolist() == [9, 0, 9, 0]
    assert json.loads(frame["text"])["notes"] == {"0": "odd", "3": "no memory"}
    assert (frame["token"], frame["measured"], frame["total"], frame["live"]) == (5, 2, 4, False)


@pytest.mark.parametrize(("count", "dtype"), [(500, "float64"), (10_000, "float32")])
def test_a_frame_stays_below_a_megabyte_and_exact_while_it_can(count: int, dtype: str) -> None:
    width = len(MEASURED)
    frame = numbers_frame(
        [(measurement(width), True)] * count, 0, width=width, measured=1, total=1, live=False
    )
    assert frame["values"]["dtype"] == dtype
    assert sum(len(frame[part]["data"]) for part in ("values", "spark", "status")) < 1_000_000


def test_ten_thousand_rows_fit_into_a_megabyte() -> None:
    rows = [row(f"encoder.layers.{index}.self_attention.q_proj") for index in range(10_000)]
    assert len(rows_frame(rows, [], 0)["text"]) < 1_000_000
