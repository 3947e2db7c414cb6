import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from weightwidgets.analysis.mosaic import mosaic

SIZES = st.integers(1, 9)


def strongest(block: np.ndarray) -> float:
    """Give the weight of largest magnitude; inputs here have no ties."""
    flat = block.ravel()
    return float(flat[np.argmax(np.abs(flat))])


def distinct(*shape: int) -> np.ndarray:
    """Make weights of distinct magnitudes and both signs."""
    rng = np.random.default_rng(7)
    magnitudes = rng.permutation(int(np.prod(shape))) + 1.0
    return np.asarray((magnitudes * rng.choice([-1, 1], magnitudes.size)).reshape(shape))


def test_a_matrix_that_fits_is_drawn_weight_by_weight() -> None:
    weight = torch.randn(12, 20, dtype=torch.float64)
    drawn = mosaic(weight, 32)
    assert np.array_equal(drawn.values, weight.numpy())
    assert not drawn.gaps.any()
    assert drawn.block == "1 weight"


@settings(max_examples=40, deadline=None)
@given(rows=st.integers(1, 60), cols=st.integers(1, 60), side=st.integers(1, 24))
def test_every_pixel_of_a_matrix_is_the_strongest_weight_of_its_block(
    rows: int, cols: int, side: int
) -> None:
    weight = distinct(rows, cols)
    drawn = mosaic(weight, side).values
    assert max(drawn.shape) <= side
    height, width = -(-rows // drawn.shape[0]), -(-cols // drawn.shape[1])
    while -(-rows // height) != drawn.shape[0]:
        height += 1
    while -(-cols // width) != drawn.shape[1]:
        width += 1
    for row in range(drawn.shape[0]):
        for col in range(drawn.shape[1]):
            block = weight[row * height : (row + 1) * height, col * width : (col + 1) * width]
            assert drawn[row, col] == strongest(block)


def test_a_tall_matrix_keeps_its_proportions_up_to_four_to_one() -> None:
    assert mosaic(np.ones((192, 64)), 128).values.shape == (96, 32)
    assert mosaic(np.ones((192, 64)), 128).block == "2 × 2 weights"  # noqa: RUF001
    assert mosaic(np.ones((64, 192)), 128).values.shape == (32, 96)
    assert mosaic(np.ones((10_000, 10)), 100).values.shape == (100, 10)
    assert mosaic(np.ones(40), 100).values.shape == (40, 1)


def test_kernels_that_fit_stand_whole_with_gaps_between_them() -> None:
    weight = distinct(3, 2, 2, 2)
    drawn = mosaic(weight, 16)
    assert drawn.values.shape == (3 * 3 - 1, 2 * 3 - 1)
    for out in range(3):
        for entry in range(2):
            place = np.s_[3 * out : 3 * out + 2, 3 * entry : 3 * entry + 2]
            assert np.array_equal(drawn.values[place], weight[out, entry])
            assert not drawn.gaps[place].any()
    assert int((~drawn.gaps).sum()) == weight.size
    assert drawn.block == "1 weight"


def test_kernels_of_one_input_stand_in_a_field() -> None:
    weight = distinct(10, 1, 5, 5)
    drawn = mosaic(weight, 64)
    assert drawn.values.shape == (3 * 6 - 1, 4 * 6 - 1)
    assert np.array_equal(drawn.values[6:11, 0:5], weight[4, 0])
    assert int((~drawn.gaps).sum()) == weight.size


def test_slices_of_a_kernel_stand_side_by_side_and_a_strip_is_one_line() -> None:
    weight = distinct(2, 3, 2, 3, 4)
    drawn = mosaic(weight, 64)
    assert np.array_equal(drawn.values[:3, :4], weight[0, 0, 0])
    assert np.array_equal(drawn.values[:3, 4:8], weight[0, 0, 1])
    assert np.array_equal(drawn.values[4:7, 9:13], weight[1, 1, 0])
    strips = distinct(4, 2, 7)
    assert np.array_equal(mosaic(strips, 64).values[2, 8:15], strips[1, 1])


@settings(max_examples=40, deadline=None)
@given(out=st.integers(2, 40), entries=st.integers(2, 40), kernel=st.tuples(SIZES, SIZES))
def test_a_pixel_stands_for_whole_kernels_where_they_do_not_fit(
    out: int, entries: int, kernel: tuple[int, int]
) -> None:
    weight = distinct(out, entries, *kernel)
    drawn = mosaic(weight, 8)
    assert max(drawn.values.shape) <= 8
    assert strongest(drawn.values[~drawn.gaps]) == strongest(weight)
    if drawn.block.endswith(("kernel", "kernels")):
        rows, cols = (1, 1) if drawn.block[:2] == "1 " and "×" not in drawn.block else _size(drawn.block)  # noqa: RUF001
        assert drawn.values[0, 0] == strongest(weight[:rows, :cols])
        assert drawn.values.shape == (-(-out // rows), -(-entries // cols))


def _size(block: str) -> tuple[int, int]:
    rows, _, cols, _ = block.split(" ")
    return int(rows), int(cols)


def test_too_many_kernels_of_one_input_share_pixels_in_a_field() -> None:
    weight = distinct(20, 1, 9, 9)
    drawn = mosaic(weight, 5)
    assert drawn.values.shape == (4, 5)
    assert drawn.values.ravel()[7] == strongest(weight[7])
    crowded = mosaic(weight, 3)
    assert crowded.values.shape == (3, 3)
    assert crowded.values[0, 1] == strongest(weight[3:6])
    assert crowded.gaps.ravel().tolist() == [False] * 7 + [True] * 2


def test_what_is_not_finite_is_never_pooled_away() -> None:
    weight = np.ones((50, 50))
    weight[20, 30] = np.nan
    weight[0, 0] = -np.inf
    drawn = mosaic(weight, 5).values
    assert np.isnan(drawn[2, 3])
    assert drawn[0, 0] == -np.inf
    assert np.isnan(drawn).sum() == 1


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 2, 3, 3), (2, 2, 0, 3), (0,)])
def test_an_empty_weight_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="no weights"):
        mosaic(torch.zeros(shape))


def test_half_precision_is_drawn_as_the_numbers_that_it_holds() -> None:
    weight = torch.randn(9, 9).to(torch.bfloat16)
    assert np.array_equal(mosaic(weight, 16).values, weight.float().numpy())
