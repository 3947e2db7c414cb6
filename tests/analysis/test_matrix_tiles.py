import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from weightwidgets.analysis import matrix_tiles as module
from weightwidgets.analysis import unit_norms
from weightwidgets.analysis._compiled import compile_now
from weightwidgets.analysis._rows import pool, pool_ends, pool_totals
from weightwidgets.analysis._values import values
from weightwidgets.analysis.filter_grid import extent
from weightwidgets.analysis.matrix_tiles import (
    MatrixBase,
    base_block,
    ends_by_kernel,
    matrix_base,
    pool_base,
    pool_part,
    row_norms,
)

ELEMENTS = [-3.0, -1.0, -0.25, -0.0, 0.0, 0.5, 1.0, 3.0, np.inf, -np.inf, np.nan]
matrices = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    elements=st.sampled_from(ELEMENTS),
)
powers = st.integers(0, 4).map(lambda power: 1 << power)
DTYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int8, torch.int64]


def normal(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).standard_normal(shape, dtype=np.float32)


def mean_of(block: NDArray[Any]) -> float:
    with np.errstate(invalid="ignore"):
        return float(block.astype(np.float64).sum() / block.size)


def blockwise(
    numbers: NDArray[Any], down: int, across: int, reduce: Callable[[NDArray[Any]], float]
) -> NDArray[np.float64]:
    rows, cols = numbers.shape
    return np.array(
        [
            [reduce(numbers[row : row + down, col : col + across]) for col in range(0, cols, across)]
            for row in range(0, rows, down)
        ]
    )


def whole(base: MatrixBase, down: int, across: int, pooling: module.Pooling) -> NDArray[np.floating]:
    everything = slice(0, 10_000)
    return pool_base(base, everything, everything, (down, across), pooling)


@given(matrices, powers, powers, powers, powers, st.integers(1, 200))
@settings(max_examples=150)
def test_the_extremes_from_a_base_are_those_of_the_weights(
    numbers: NDArray[np.float32], down: int, across: int, more_down: int, more_across: int, strip: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_STRIP", strip)
        base = matrix_base(numbers, (down, across))
    block = (down * more_down, across * more_across)
    np.testing.assert_array_equal(whole(base, *block, "extreme"), pool(numbers, *block))


@given(matrices, powers, powers, powers, powers)
@settings(max_examples=150)
def test_the_means_from_a_base_are_those_of_the_weights(
    numbers: NDArray[np.float32], down: int, across: int, more_down: int, more_across: int
) -> None:
    block = (down * more_down, across * more_across)
    means = whole(matrix_base(numbers, (down, across)), *block, "mean")
    np.testing.assert_allclose(means, blockwise(numbers, *block, mean_of), rtol=1e-6, atol=1e-7)


@given(matrices, powers, powers, st.integers(0, 5), st.integers(0, 5), st.sampled_from(["extreme", "mean"]))
@settings(max_examples=150)
def test_a_part_is_cut_out_of_the_whole_whether_pooled_from_a_base_or_from_the_weights(
    numbers: NDArray[np.float32], down: int, across: int, top: int, left: int, pooling: module.Pooling
) -> None:
    # Even, as tiles begin: blocks whose ends are equally far out then take the same turns.
    rows, cols = slice(2 * top, 2 * top + 4), slice(2 * left, 2 * left + 4)
    base = matrix_base(numbers, (1, 1))
    expected = whole(base, down, across, pooling)[rows, cols]
    if 0 in expected.shape:
        return
    found = pool_base(base, rows, cols, (down, across), pooling)
    np.testing.assert_array_equal(found, expected)
    straight = pool_part(
        numbers,
        slice(rows.start * down, rows.stop * down),
        slice(cols.start * across, cols.stop * across),
        (down, across),
        pooling,
    )
    np.testing.assert_allclose(straight, expected, rtol=1e-6)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_dtype_is_pooled_as_its_exact_values(dtype: torch.dtype) -> None:
    weight = (torch.from_numpy(normal(70, 50)) * 20).to(dtype)
    exact = values(weight)
    base = matrix_base(weight, (4, 8))
    np.testing.assert_array_equal(whole(base, 16, 8, "extreme"), pool(exact, 16, 8))
    np.testing.assert_allclose(whole(base, 16, 8, "mean"), blockwise(exact, 16, 8, mean_of), rtol=1e-6)
    np.testing.assert_array_equal(
        pool_part(weight, slice(8, 24), slice(16, 48), (1, 1), "extreme"), exact[8:24, 16:48]
    )


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor")
def test_layouts_that_cannot_be_cut_are_read_by_rows() -> None:
    dense = torch.arange(24.0).reshape(6, 4)
    quantised = torch.quantize_per_tensor(dense, 1.0, 0, torch.qint8)
    for weight in (dense.to_sparse(), quantised, dense.T.contiguous().T):
        found = pool_part(weight, slice(1, 4), slice(1, 3), (1, 1), "extreme")
        np.testing.assert_array_equal(found, dense.numpy()[1:4, 1:3])


@given(matrices, powers, powers, st.sampled_from([np.float32, np.float64]))
@settings(max_examples=100)
def test_the_compiled_kernel_gives_what_numpy_gives(
    numbers: NDArray[np.float32], down: int, across: int, dtype: type[np.floating]
) -> None:
    kernel = compile_now("pool_strips", np.dtype(dtype).name)
    assert kernel is not None
    # Two whole strips at least, one for each worker.
    blocks = np.resize(numbers, (2 * down, numbers.shape[1])).astype(dtype)
    wide = -(-blocks.shape[1] // across)
    found = ends_by_kernel(kernel, blocks.reshape(2, down, -1), across, wide)
    for got, expected in zip(found[:2], pool_ends(blocks, down, across), strict=True):
        np.testing.assert_array_equal(got, expected)
    np.testing.assert_allclose(found[2], pool_totals(blocks, down, across), rtol=1e-12)


def test_a_large_matrix_is_read_alike_with_and_without_the_kernel() -> None:
    weight = torch.from_numpy(normal(1037, 1100)).to(torch.bfloat16)
    weight[1036, 5], weight[700, 1099] = math.nan, -math.inf
    assert compile_now("pool_strips", "float32") is not None
    fast = matrix_base(weight, (16, 8))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "compiled", lambda *_: None)
        slow = matrix_base(weight, (16, 8))
    np.testing.assert_array_equal(fast.highest, slow.highest)
    np.testing.assert_array_equal(fast.lowest, slow.lowest)
    np.testing.assert_allclose(fast.total, slow.total, rtol=1e-12, atol=1e-12)
    assert fast.extent == slow.extent


@given(matrices, powers, powers)
def test_the_extent_is_that_of_the_finite_weights(
    numbers: NDArray[np.float32], down: int, across: int
) -> None:
    found, expected = matrix_base(numbers, (down, across)).extent, extent(numbers)
    assert (found.low, found.high) == (expected.low, expected.high)
    assert (found.non_finite > 0) == (expected.non_finite > 0)


def test_rows_can_be_put_in_another_order() -> None:
    weight = normal(90, 20)
    order = np.random.default_rng(1).permutation(90)
    np.testing.assert_array_equal(
        whole(matrix_base(weight, (8, 4), order), 16, 4, "extreme"), pool(weight[order], 16, 4)
    )
    np.testing.assert_array_equal(
        pool_part(weight, order[10:20], slice(4, 12), (2, 2), "extreme"),
        pool(weight[order][10:20, 4:12], 2, 2),
    )


def test_norms_by_strips_are_those_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    weight = torch.from_numpy(normal(53, 17)).to(torch.float16)
    monkeypatch.setattr(module, "_STRIP", 100)
    shares: list[float] = []
    np.testing.assert_array_equal(row_norms(weight, shares.append), unit_norms(weight).l2)
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_progress_reaches_one_and_may_end_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_STRIP", 100)
    shares: list[float] = []
    matrix_base(normal(64, 10), (4, 4), on_progress=shares.append)
    assert len(shares) == 8
    assert shares[-1] == 1

    def stop(share: float) -> None:
        if share > 0.3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        matrix_base(normal(64, 10), (4, 4), on_progress=stop)


@given(st.integers(1, 300_000), st.integers(1, 300_000))
def test_the_block_of_a_base_is_of_fixed_size_and_follows_the_shape(rows: int, cols: int) -> None:
    down, across = base_block(rows, cols)
    assert down * across == 1 << module.BASE_BLOCK_BITS
    assert down & (down - 1) == 0
    turned_down, _ = base_block(2 * rows, cols)
    assert turned_down >= down


def test_a_tall_embedding_has_tall_blocks() -> None:
    assert base_block(128_256, 4096) == (64, 2)
    assert base_block(8192, 8192) == (16, 8)


def test_blocks_that_the_base_cannot_give_are_refused() -> None:
    base = matrix_base(normal(20, 20), (4, 2))
    for block in ((2, 2), (4, 3), (6, 2)):
        with pytest.raises(ValueError, match="multiples of 4 x 2"):
            whole(base, *block, "mean")


@pytest.mark.parametrize("shape", [(0, 3), (3, 0)])
def test_a_matrix_without_weights_is_refused_in_a_sentence(shape: tuple[int, int]) -> None:
    for ask in (lambda: matrix_base(torch.zeros(shape), (1, 1)), lambda: row_norms(torch.zeros(shape))):
        with pytest.raises(ValueError, match="no weights"):
            ask()
