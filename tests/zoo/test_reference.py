"""The references are right themselves: against published values, torch's forward, and numbers by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from tests.zoo import reference
from tests.zoo.tally import Tally

NAN, INF = math.nan, math.inf


def golden() -> np.ndarray:
    """The matrix of metrics.md, section 11."""
    row, col = np.indices((160, 96)) + 1
    made = np.sin(0.37 * row * col) + 0.5 * np.cos(0.11 * row + 0.23 * col**2)
    rounded: np.ndarray = (made / np.sqrt(96)).astype(np.float32).astype(np.float64)
    return rounded


def test_the_golden_matrix_has_its_published_statistics() -> None:
    found = reference.summary(golden())
    expected = {
        "mean": 0.0024408150, "std": 0.0807311462, "skewness": -0.0370349958, "kurtosis": -1.0247985773,
        "l1": 1063.39716698, "l2": 10.0100241964, "positive": 0.5147786458, "numel": 15_360,
    }  # fmt: skip
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-7)
    assert reference.spectral(golden()) == pytest.approx(3.5616042467, rel=1e-9)
    rows = reference.rows(golden())["l2"]
    assert (rows.min(), rows.max()) == pytest.approx((0.5058614, 0.8717365), rel=1e-6)


def test_statistics_by_hand() -> None:
    found = reference.summary(np.array([[1.0, -1, 3, 0.002], [0.0, NAN, INF, -INF]]))
    assert (found["numel"], found["finite"], found["nan"], found["posinf"], found["neginf"]) == (
        8,
        5,
        1,
        1,
        1,
    )
    assert (found["min"], found["max"], found["linf"], found["l1"]) == (-1, 3, 3, 5.002)
    assert (found["positive"], found["negative"], found["zero"]) == (0.6, 0.2, 0.2)
    assert (found["near_zero"], found["near_zero_threshold"]) == (0.4, 0.003)
    assert found["std"] ** 2 + found["mean"] ** 2 == pytest.approx(found["rms"] ** 2)
    constant = reference.summary(np.full(3, 2.0))
    assert math.isnan(constant["skewness"])
    assert math.isnan(constant["kurtosis"])


@pytest.mark.parametrize(("inner", "outer", "groups"), [(4, 6, 2), (3, 5, 1), (4, 4, 4)])
def test_a_row_of_a_transposed_kernel_is_what_makes_one_output(inner: int, outer: int, groups: int) -> None:
    layer = nn.ConvTranspose2d(inner, outer, 1, groups=groups, bias=False).double()
    rows = reference.out_first(reference.as_float64(layer.weight), layer, "weight")[:, :, 0, 0]
    pixel = torch.randn(inner, dtype=torch.float64)
    with torch.no_grad():
        made = layer(pixel.reshape(1, inner, 1, 1)).flatten().numpy()
    parts = pixel.numpy().reshape(groups, inner // groups)
    per_group = outer // groups
    assert made == pytest.approx([row @ parts[out // per_group] for out, row in enumerate(rows)])


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((), (1, 1)), ((5,), (5, 1)), ((1, 1, 6), (1, 6)), ((1, 9, 6), (9, 6)), ((2, 3, 4), (2, 12))],
)
def test_anything_else_is_a_matrix(shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    assert reference.out_first(np.zeros(shape), None, "cls_token").shape == expected


def test_a_block_is_pooled_to_its_extreme() -> None:
    matrix = np.array([[1.0, -3, 2, 2], [0, 1, NAN, 0], [1, -1, 2, -2], [-1, 1, -1, 0]])
    pooled = reference.pooled(matrix, 2, 2)
    assert pooled[0, 0] == -3
    assert math.isnan(pooled[0, 1])
    # No sum decides between 1 and -1: the place does. Between 2 and -2 it is -1.
    assert (pooled[1, 0], pooled[1, 1]) == (-1, -2)
    assert reference.pooled(matrix, 3, 3).shape == (2, 2)


def test_levels_are_symmetric_about_128() -> None:
    values = np.array([-2.0, -1, 0, 0.5, 1, 2, NAN])
    assert reference.levels(values, np.ones(1)).tolist() == [1, 1, 128, 192, 255, 255, 128]
    assert reference.levels(values, np.zeros(1)).tolist() == 7 * [128]


def test_the_range_of_a_constant_is_widened() -> None:
    assert reference.bounds(np.full(3, 0.2), torch.float64) == (-0.3, 0.7)
    assert reference.bounds(np.array([3.0, NAN]), torch.float16) == (1.5, 4.5)
    assert reference.bounds(np.array([3.0, 1, INF]), torch.float32) == (1, 3)


def test_a_tally_counts_what_it_compares_and_tells_what_is_off() -> None:
    tally = Tally()
    with tally.at("a"):
        tally.near("close", [1.0, NAN, INF], [1 + 9e-7, NAN, INF])
        tally.same("equal", np.array([1, 2]), [1, 2])
        assert tally.problems == []
        with tally.at("b"):
            tally.near("far", [1.0, 2.0], [1.0, 2.00001])
        tally.near("not finite", [NAN, 1.0, -INF], [1.0, NAN, INF])
        tally.near("shape", [1.0], 1.0)
        tally.same("unequal", [1.0, NAN], [1.0, 2.0])
        tally.true("a fact", [])
    assert tally.numbers == 3 + 2 + 2 + 3 + 2
    assert [problem.split(" is ")[0] for problem in tally.problems] == [
        "a / b: far", "a: not finite", "a: shape has shape (1,), not ()", "a: unequal", "a: a fact",
    ]  # fmt: skip
    assert "1 of 2; at (1,)" in tally.problems[0]
    assert "3 of 3" in tally.problems[1]


def test_a_tally_takes_what_is_raised_and_goes_on() -> None:
    tally = Tally()
    with tally.at("a"), tally.at("b"):
        raise ZeroDivisionError("by zero")
    assert len(tally.problems) == 1
    assert tally.problems[0].startswith("a / b: raised ZeroDivisionError at test_reference.py:")
