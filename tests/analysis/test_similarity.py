import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from weightwidgets.analysis import similarity as module_function
from weightwidgets.analysis.similarity import similarity

NUMBERS = st.floats(-100, 100, width=32)


def reference(rows: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(rows, axis=1)
    return np.asarray((rows @ rows.T) / np.outer(lengths, lengths))


@settings(max_examples=40, deadline=None)
@given(data=st.data(), count=st.integers(2, 6), size=st.integers(1, 30))
def test_cosines_and_norms_are_those_of_the_flattened_tensors(
    data: st.DataObject, count: int, size: int
) -> None:
    rows = np.array(
        data.draw(st.lists(st.lists(NUMBERS, min_size=size, max_size=size), min_size=count, max_size=count))
    )
    rows += (np.abs(rows).max(axis=1, keepdims=True) < 1e-3) * 1.0
    found = similarity([torch.tensor(row, dtype=torch.float64) for row in rows])
    assert np.allclose(found.norms, np.linalg.norm(rows, axis=1), rtol=1e-12, atol=0)
    expected = reference(rows)
    assert np.allclose(found.cosine, expected, rtol=0, atol=1e-12)
    means = (expected.sum(axis=1) - np.diagonal(expected)) / (count - 1)
    assert np.allclose(found.mean_cosine, means, rtol=0, atol=1e-12)
    assert (found.cosine == found.cosine.T).all()
    assert (np.diagonal(found.cosine) == 1).all()


def test_blocks_add_up_to_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = torch.randn(5, 70, 50)
    whole = similarity(list(rows))
    # The package's attribute of that name is the function.
    module = sys.modules["weightwidgets.analysis.similarity"]
    monkeypatch.setattr(module, "_BLOCK", 64)
    monkeypatch.setattr(module, "_LEAST_COLUMNS", 13)
    assert np.allclose(similarity(list(rows)).cosine, whole.cosine, rtol=0, atol=1e-13)
    assert np.allclose(whole.cosine, reference(rows.reshape(5, -1).double().numpy()), rtol=0, atol=1e-12)


def test_equal_opposite_and_orthogonal_tensors() -> None:
    one = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    other = torch.tensor([[2.0, -1.0], [4.0, -3.0]])
    found = similarity([one, 2 * one, -one, other])
    assert np.allclose(found.cosine[0], [1, 1, -1, 0], rtol=0, atol=1e-15)
    assert found.mean_cosine[3] == pytest.approx(0, abs=1e-15)


def test_sixteen_bits_and_strides_are_read_as_the_numbers_they_hold() -> None:
    rows = torch.randn(3, 8, 6).to(torch.bfloat16)
    turned = [row.T for row in rows]
    expected = reference(np.stack([row.T.reshape(-1).double().numpy() for row in rows]))
    assert np.allclose(similarity(turned).cosine, expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("unit", [1e-200, 1e200])
def test_nothing_overflows_or_vanishes_on_the_way(unit: float) -> None:
    rows = np.random.default_rng(0).normal(size=(3, 20))
    found = similarity(list(rows * unit))
    assert np.allclose(found.cosine, reference(rows), rtol=0, atol=1e-12)
    assert np.allclose(found.norms, np.linalg.norm(rows, axis=1) * unit, rtol=1e-12)


def test_a_zero_tensor_has_no_direction_and_is_left_out_of_the_means() -> None:
    found = similarity([np.ones(4), np.zeros(4), -np.ones(4)])
    assert np.isnan(found.cosine[1]).all()
    assert found.mean_cosine[[0, 2]].tolist() == [-1, -1]
    assert np.isnan(found.mean_cosine[1])
    assert found.norms.tolist() == [2, 0, 2]


def test_what_is_not_finite_counts_as_zero_and_is_counted() -> None:
    found = similarity([np.array([1.0, np.nan]), np.array([1.0, 1.0]), np.array([np.inf, 1.0])])
    assert found.non_finite == 2
    assert found.cosine[0, 1] == pytest.approx(np.sqrt(0.5))
    assert found.cosine[0, 2] == 0


def test_a_single_tensor_has_nothing_to_be_like() -> None:
    found = similarity([np.ones(3)])
    assert found.cosine.tolist() == [[1]]
    assert np.isnan(found.mean_cosine).all()
    assert similarity([np.zeros((0, 2)), np.zeros((0, 2))]).norms.tolist() == [0, 0]


def test_other_sizes_and_tensors_without_values_are_refused() -> None:
    with pytest.raises(ValueError, match="of 3 and of 4 numbers"):
        similarity([np.ones(3), np.ones(4)])
    with pytest.raises(ValueError, match="nothing to compare"):
        similarity([])
    with pytest.raises(ValueError, match="meta"):
        similarity([torch.ones(3, device="meta")] * 2)


def test_it_is_offered_to_scripts() -> None:
    assert module_function is similarity
