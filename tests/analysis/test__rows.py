import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from weightwidgets.analysis._rows import pool, pool_any, rows_of
from weightwidgets.analysis._values import values

matrices = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 3), st.integers(1, 13), st.integers(1, 13)),
    elements=st.sampled_from([-3.0, -1.0, -0.0, 0.0, 1.0, 2.0, 3.0, np.inf, -np.inf, np.nan]),
)
blocks = st.integers(1, 15)


def extreme(block: NDArray[np.floating]) -> float:
    """The rule of `pool`, told slowly."""
    if np.isnan(block).any():
        return float("nan")
    return max(block.ravel().tolist(), key=lambda number: (abs(number), number))


@given(matrices, blocks, blocks)
def test_a_pixel_is_the_extreme_of_its_block_with_its_sign(
    numbers: NDArray[np.float32], down: int, across: int
) -> None:
    pooled = pool(numbers, down, across)
    _, rows, cols = numbers.shape
    assert pooled.shape == (len(numbers), -(-rows // down), -(-cols // across))
    assert pooled.dtype == numbers.dtype
    for index, row, col in np.ndindex(pooled.shape):
        block = numbers[index, row * down : (row + 1) * down, col * across : (col + 1) * across]
        found = pooled[index, row, col]
        tied = block.max() == -block.min() and block.max() > 0
        if tied and (np.isinf(block.max()) or float(block.astype(np.float64).sum()) == 0):
            assert abs(found) == block.max()
        elif tied:
            assert found == (block.max() if float(block.astype(np.float64).sum()) > 0 else block.min())
        else:
            # Arrays compare 0 and -0 as equal, which of two zeros is kept is no matter.
            np.testing.assert_array_equal(found, extreme(block))


@given(matrices, blocks, blocks)
def test_any_flag_of_a_block_sets_its_pixel(numbers: NDArray[np.float32], down: int, across: int) -> None:
    flags = numbers > 1
    marked = pool_any(flags, down, across)
    # The largest of zeros and ones, sign kept, is one exactly where there is a one.
    np.testing.assert_array_equal(marked, pool(flags.astype(np.float32), down, across) == 1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.int8])
def test_a_symmetric_matrix_stays_half_positive(dtype: torch.dtype) -> None:
    # Few different magnitudes: nearly every block holds its largest with both signs.
    drawn = torch.rand(800, 900, generator=torch.Generator().manual_seed(0)) * 2 - 1
    numbers = values((drawn * 127).round().to(dtype) if dtype is torch.int8 else drawn.to(dtype))
    share = float((pool(numbers, 20, 20) > 0).mean())
    assert 0.45 < share < 0.55


def test_blocks_without_any_tendency_take_turns() -> None:
    checks = np.tile(np.array([[1.0, -1.0], [-1.0, 1.0]]), (2, 2))
    assert pool(checks, 2, 2).tolist() == [[1.0, -1.0], [-1.0, 1.0]]


def test_nothing_is_copied_where_nothing_is_pooled() -> None:
    numbers = np.ones((4, 5))
    assert pool(numbers, 1, 1) is numbers


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.int32])
def test_rows_come_in_the_order_asked_for(dtype: torch.dtype) -> None:
    weight = torch.arange(24).reshape(6, 4).to(dtype)
    expected = np.arange(24.0).reshape(6, 4)
    np.testing.assert_array_equal(rows_of(weight, np.array([4, 0, 4])), expected[[4, 0, 4]])
    np.testing.assert_array_equal(rows_of(weight, slice(2, 5)), expected[2:5])


def test_rows_of_arrays_and_of_unusual_layouts() -> None:
    dense = torch.eye(4)
    rows = np.array([2, 1])
    for weight in (dense.numpy(), dense.to_sparse(), dense.T, dense.requires_grad_()):
        np.testing.assert_array_equal(rows_of(weight, rows), np.eye(4)[[2, 1]])


def test_a_meta_tensor_says_that_it_has_no_values() -> None:
    with pytest.raises(ValueError, match="on `meta`"):
        rows_of(torch.empty(3, 2, device="meta"), slice(0, 1))
