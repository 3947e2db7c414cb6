import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from weightwidgets.analysis import matrix_picture as module
from weightwidgets.analysis._rows import pool
from weightwidgets.analysis.matrix_picture import matrix_mask, matrix_picture
from weightwidgets.analysis.selection import in_range

sizes = st.integers(1, 40)


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape, dtype=np.float32)


@given(sizes, sizes, st.integers(1, 12), st.integers(1, 12), st.integers(1, 200))
@settings(max_examples=60)
def test_strips_pool_as_the_whole_matrix_does(rows: int, cols: int, high: int, wide: int, strip: int) -> None:
    weight = normal(rows, cols)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_STRIP", strip)
        picture = matrix_picture(weight, high, wide)
    assert picture.values.shape[0] <= high
    assert picture.values.shape[1] <= wide
    np.testing.assert_array_equal(picture.values, pool(weight, picture.block_rows, picture.block_cols))


@given(sizes, sizes, st.integers(1, 12), st.integers(1, 200))
@settings(max_examples=60)
def test_a_pixel_lights_up_where_any_weight_of_its_block_is_selected(
    rows: int, cols: int, size: int, strip: int
) -> None:
    weight = normal(rows, cols)
    top = float(weight.max())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_STRIP", strip)
        mask = matrix_mask(weight, (0.5, top), top, size, size)
    picture = matrix_picture(weight, size, size)
    inside = in_range(weight, (0.5, top), top)
    for row, col in np.ndindex(mask.shape):
        down, across = picture.block_rows, picture.block_cols
        block = inside[row * down : (row + 1) * down, col * across : (col + 1) * across]
        assert mask[row, col] == block.any()


def test_rows_can_be_put_in_another_order() -> None:
    weight = normal(50, 6)
    order = np.random.default_rng(1).permutation(50)
    ordered = matrix_picture(weight, 20, 6, order)
    np.testing.assert_array_equal(ordered.values, matrix_picture(weight[order], 20, 6).values)
    np.testing.assert_array_equal(
        matrix_mask(weight, (0, 1), 3.0, 20, 6, order), matrix_mask(weight[order], (0, 1), 3.0, 20, 6)
    )


def test_a_small_matrix_is_shown_weight_for_weight() -> None:
    weight = torch.randn(10, 7)
    picture = matrix_picture(weight)
    assert (picture.block_rows, picture.block_cols) == (1, 1)
    np.testing.assert_array_equal(picture.values, weight.numpy())


def test_one_outlier_in_ten_million_weights_is_seen() -> None:
    weight = torch.zeros(4096, 2500, dtype=torch.bfloat16)
    weight[4000, 1234] = -3.0
    picture = matrix_picture(weight)
    place = np.argwhere(picture.values != 0)
    assert place.tolist() == [[4000 // picture.block_rows, 1234 // picture.block_cols]]
    assert picture.values.min() == -3.0


def test_a_matrix_without_weights_is_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match="no weights"):
        matrix_picture(torch.zeros(3, 0))
