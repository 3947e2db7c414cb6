import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weightwidgets.analysis.tile_layout import TileLayout, tile_layout

shapes = st.lists(st.integers(1, 7), min_size=1, max_size=6).map(tuple)


def numbered(*shape: int) -> np.ndarray:
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


@given(shapes)
def test_every_weight_of_a_filter_is_in_its_tile_once(shape: tuple[int, ...]) -> None:
    layout = tile_layout(shape)
    weight = numbered(*shape)
    tiles = layout.arrange(weight)
    assert tiles.shape[:4] == (shape[0], layout.cells, layout.height, layout.width)
    assert tiles.size == weight.size == shape[0] * layout.pixels
    np.testing.assert_array_equal(np.sort(tiles.reshape(len(tiles), -1)), weight.reshape(len(weight), -1))


@given(shapes, st.integers(1, 60))
def test_a_pooled_tile_holds_at_most_so_many_numbers_and_the_extreme(
    shape: tuple[int, ...], most: int
) -> None:
    layout = tile_layout(shape, rgb=False, max_values=most)
    tiles = layout.arrange(numbered(*shape))
    assert layout.pixels <= most
    assert tiles[0].size == layout.pixels
    np.testing.assert_array_equal(
        tiles.reshape(len(tiles), -1).max(axis=1), numbered(*shape).reshape(shape[0], -1).max(axis=1)
    )


@given(shapes)
def test_the_mosaic_holds_all_cells_and_wastes_less_than_a_row(shape: tuple[int, ...]) -> None:
    layout = tile_layout(shape, rgb=False)
    assert layout.cells <= layout.cell_rows * layout.cell_cols < layout.cells + layout.cell_cols


def test_three_channels_of_a_2d_kernel_are_red_green_and_blue() -> None:
    weight = numbered(4, 3, 5, 2)
    layout = tile_layout(weight.shape)
    assert layout == TileLayout(1, 1, 1, rows=5, cols=2, depth=3, channels=3)
    np.testing.assert_array_equal(layout.arrange(weight)[:, 0], weight.transpose(0, 2, 3, 1))


def test_without_true_colour_the_three_channels_lie_side_by_side() -> None:
    weight = numbered(4, 3, 5, 5)
    layout = tile_layout(weight.shape, rgb=False)
    assert (layout.cells, layout.depth) == (3, 1)
    np.testing.assert_array_equal(layout.arrange(weight), weight)


def test_a_chosen_input_channel_is_shown_alone() -> None:
    weight = numbered(4, 6, 5, 5)
    layout = tile_layout(weight.shape, input_channel=2)
    assert (layout.cells, layout.channels) == (1, 6)
    np.testing.assert_array_equal(layout.arrange(weight)[:, 0], weight[:, 2])


def test_a_1d_convolution_shows_its_channels_as_rows() -> None:
    weight = numbered(4, 6, 5)
    np.testing.assert_array_equal(tile_layout(weight.shape).arrange(weight)[:, 0], weight)
    chosen = tile_layout(weight.shape, input_channel=3)
    np.testing.assert_array_equal(chosen.arrange(weight)[:, 0, 0], weight[:, 3])


def test_a_3d_convolution_shows_the_slices_of_a_channel_side_by_side() -> None:
    weight = numbered(2, 4, 3, 5, 5)
    layout = tile_layout(weight.shape)
    assert (layout.cells, layout.slices, layout.cell_cols % 3) == (12, 3, 0)
    np.testing.assert_array_equal(layout.arrange(weight)[:, 7], weight[:, 2, 1])
    chosen = tile_layout(weight.shape, input_channel=2)
    assert chosen.cells == 3
    np.testing.assert_array_equal(chosen.arrange(weight), weight[:, 2])


@given(st.lists(st.integers(1, 5), min_size=5, max_size=5), st.data())
def test_a_chosen_depth_shows_that_slice_of_every_channel(shape: list[int], data: st.DataObject) -> None:
    weight = numbered(*shape)
    depth = data.draw(st.integers(0, shape[2] - 1))
    layout = tile_layout(shape, depth_index=depth)
    assert (layout.cells, layout.slices, layout.depths) == (shape[1], 1, shape[2])
    np.testing.assert_array_equal(layout.arrange(weight), weight[:, :, depth])
    channel = data.draw(st.integers(0, shape[1] - 1))
    alone = tile_layout(shape, input_channel=channel, depth_index=depth)
    np.testing.assert_array_equal(alone.arrange(weight)[:, 0], weight[:, channel, depth])
    pooled = tile_layout(shape, depth_index=depth, max_values=data.draw(st.integers(1, 8)))
    np.testing.assert_array_equal(
        pooled.arrange(weight).reshape(shape[0], -1).max(axis=1),
        weight[:, :, depth].reshape(shape[0], -1).max(axis=1),
    )


@pytest.mark.parametrize(
    ("shape", "depth", "sentence"),
    [
        ((2, 3, 4, 5, 5), 4, "depth_index must be 0 to 3; got 4"),
        ((2, 3, 4, 5, 5), -1, "depth_index must be 0 to 3; got -1"),
        ((2, 3, 5, 5), 0, "no 3-d kernels; got 0"),
        ((2, 3, 5), 0, "no 3-d kernels; got 0"),
        ((2, 25), 0, "no 3-d kernels; got 0"),
    ],
)
def test_a_depth_that_the_weight_lacks_is_refused(shape: tuple[int, ...], depth: int, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        tile_layout(shape, depth_index=depth)


def test_rows_of_a_matrix_can_be_read_as_pictures() -> None:
    gray = numbered(3, 28)
    np.testing.assert_array_equal(
        tile_layout(gray.shape, image_shape=(4, 7)).arrange(gray)[:, 0], gray.reshape(3, 4, 7)
    )
    colored = numbered(3, 12)
    np.testing.assert_array_equal(
        tile_layout(colored.shape, image_shape=(3, 2, 2)).arrange(colored)[:, 0],
        colored.reshape(3, 3, 2, 2).transpose(0, 2, 3, 1),
    )


def test_a_vector_is_one_weight_per_tile() -> None:
    assert tile_layout((9,)).arrange(numbered(9)).shape == (9, 1, 1, 1)
    assert tile_layout((9, 1)).pixels == 1


def test_a_large_mosaic_keeps_one_pixel_per_channel() -> None:
    layout = tile_layout((8, 4096, 3, 3), max_values=25_000)
    assert (layout.cells, layout.height, layout.width) == (4096, 1, 1)
    assert (layout.block_rows, layout.block_cols) == (3, 3)


def test_more_channels_than_fit_become_one_picture() -> None:
    layout = tile_layout((2, 90_000, 1, 3), max_values=25_000)
    assert (layout.cells, layout.rows, layout.cols) == (1, 90_000, 3)
    assert layout.pixels <= 25_000


def test_a_large_picture_is_pooled_by_even_blocks() -> None:
    layout = tile_layout((2, 3 * 224 * 224), image_shape=(3, 224, 224), max_values=25_000)
    assert (layout.block_rows, layout.height, layout.depth) == (3, 75, 3)
    assert layout.pixels <= 25_000


@pytest.mark.parametrize(
    ("shape", "options", "sentence"),
    [
        ((4, 3, 5, 5), {"input_channel": 3}, "input_channel must be 0 to 2; got 3"),
        ((4, 3, 5, 5), {"input_channel": -1}, "input_channel must be 0 to 2; got -1"),
        ((4, 3), {"input_channel": 0}, "no input channels to choose"),
        ((4, 30), {"image_shape": (5, 5)}, "no picture of shape"),
        ((4, 30), {"image_shape": (2, 3, 5)}, "no picture of shape"),
        ((4, 3, 5, 5), {"image_shape": (5, 5)}, "no picture of shape"),
        ((4, 2, 5, 5), {"rgb": True}, "true colours"),
        ((4, 3, 5, 5), {"rgb": True, "input_channel": 1}, "true colours"),
    ],
)
def test_what_cannot_be_laid_out_is_refused(
    shape: tuple[int, ...], options: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        tile_layout(shape, **options)  # type: ignore[arg-type]
