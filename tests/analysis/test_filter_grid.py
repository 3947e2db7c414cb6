import io
import math

import matplotlib as mpl
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from PIL import Image

from weightwidgets.analysis.filter_grid import ColorScope, extent, filter_grid, flags_of, symmetric_levels
from weightwidgets.analysis.tile_layout import tile_layout

mpl.use("agg")
import matplotlib.pyplot as plt

numbers = st.floats(width=32)
weights = hnp.arrays(
    np.float32, st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 3)), elements=numbers
)
finite_weights = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 3)),
    elements=st.floats(width=32, allow_nan=False, allow_infinity=False),
)


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape, dtype=np.float32))


def drawn_by_imshow(picture: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The pixels that matplotlib draws of an HxW(x3) array, one screen pixel for each of the array."""
    height, width = picture.shape[:2]
    figure = plt.figure(figsize=(width, height), dpi=100)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(picture, aspect="auto", cmap="gray", vmin=0, vmax=1)
    axes.set_axis_off()
    file = io.BytesIO()
    figure.savefig(file, dpi=100)
    plt.close(figure)
    pixels = np.asarray(Image.open(file).convert("RGB"))
    return pixels[50::100, 50::100]


@pytest.mark.parametrize("seed", range(5))
def test_eight_min_max_filters_are_level_for_level_what_imshow_draws(seed: int) -> None:
    conv = torch.nn.Conv2d(3, 32, 3, padding=1)
    conv.weight.data = normal(32, 3, 3, 3, seed=seed)
    grid = filter_grid(conv.weight, filters=range(8), color_scope="minmax")
    for index in range(8):
        tile = conv.weight[index].detach().permute(1, 2, 0).numpy()
        scaled = (tile - tile.min()) / (tile.max() - tile.min())
        np.testing.assert_array_equal(grid.levels[index, 0], drawn_by_imshow(scaled))
        np.testing.assert_array_equal(grid.values[index, 0], tile)
        np.testing.assert_array_equal(grid.limits[index], [tile.min(), tile.max()])


def test_one_channel_takes_the_entry_of_the_gray_table_that_imshow_takes() -> None:
    weight = normal(2, 1, 40, 40)
    grid = filter_grid(weight, color_scope="minmax")
    # imshow's own gray table is not quite even, so its entries are looked up in it.
    table = np.asarray(mpl.colormaps["gray"](np.arange(256), bytes=True))[:, 0]
    for index, tile in enumerate(weight[:, 0].numpy()):
        scaled = (tile - tile.min()) / (tile.max() - tile.min())
        np.testing.assert_array_equal(table[grid.levels[index, 0]], drawn_by_imshow(scaled)[..., 0])


@given(weights, st.sampled_from(["filter", "layer"]))
def test_symmetric_levels_follow_their_formula(weight: NDArray[np.float32], scope: str) -> None:
    grid = filter_grid(weight, color_scope=scope)  # type: ignore[arg-type]
    finite = np.where(np.isfinite(weight), np.abs(weight.astype(np.float64)), 0)
    for index, filter_values in enumerate(weight):
        limit = finite.max() if scope == "layer" else finite[index].max()
        np.testing.assert_array_equal(grid.limits[index], [-limit, limit])
        for value, level in zip(filter_values.ravel(), grid.levels[index].ravel(), strict=True):
            if np.isnan(value) or (limit == 0 and np.isfinite(value)):
                assert level == 128
            elif np.isfinite(value):
                assert level == 128 + round(127 * (float(value) / limit))
            elif limit > 0:
                assert level == (255 if value > 0 else 1)


@given(finite_weights)
def test_zero_is_the_middle_and_signs_mirror(weight: NDArray[np.float32]) -> None:
    levels = filter_grid(weight).levels.astype(int)
    mirrored = filter_grid(-weight).levels.astype(int)
    np.testing.assert_array_equal(levels + mirrored, 256)
    assert (levels[filter_grid(weight).values == 0] == 128).all()


@given(finite_weights)
@settings(max_examples=200)
def test_min_max_runs_from_black_to_white_and_a_constant_is_mid_gray(weight: NDArray[np.float32]) -> None:
    grid = filter_grid(weight, color_scope="minmax")
    for tile, levels in zip(grid.values, grid.levels, strict=True):
        if tile.min() == tile.max():
            assert (levels == 128).all()
        else:
            assert levels[tile == tile.min()].max() == 0
            assert levels[tile == tile.max()].min() == 255


def test_min_max_of_the_whole_float32_range_does_not_overflow() -> None:
    most = float(np.finfo(np.float32).max)
    weight = np.array([[-most, 0.0, most]], dtype=np.float32)
    assert filter_grid(weight, color_scope="minmax").levels.ravel().tolist() == [0, 128, 255]


@given(weights)
def test_flags_tell_what_is_no_number(weight: NDArray[np.float32]) -> None:
    flags = flags_of(weight)
    np.testing.assert_array_equal(flags == 0, np.isfinite(weight))
    np.testing.assert_array_equal(flags == 1, np.isnan(weight))
    np.testing.assert_array_equal(flags == 2, weight == np.inf)
    np.testing.assert_array_equal(flags == 3, weight == -np.inf)


def test_infinities_do_not_stretch_the_scale() -> None:
    grid = filter_grid(np.array([[1.0, -2.0, np.inf, -np.inf, np.nan]]), color_scope="minmax")
    assert grid.limits.tolist() == [[-2.0, 1.0]]
    assert grid.levels.ravel().tolist() == [255, 0, 255, 0, 128]
    assert grid.flags.ravel().tolist() == [0, 0, 2, 3, 1]


def test_scopes_differ_where_filters_differ_in_size() -> None:
    weight = np.array([[1.0, -0.5], [4.0, 2.0]])
    assert filter_grid(weight, color_scope="layer").levels[:, 0, 0].tolist() == [[160, 112], [255, 192]]
    assert filter_grid(weight).levels[:, 0, 0].tolist() == [[255, 64], [255, 192]]


def test_a_given_limit_is_shared_and_clips() -> None:
    grid = filter_grid(np.array([[1.0, -4.0]]), color_scope="layer", limit=2.0)
    assert grid.levels.ravel().tolist() == [192, 1]
    assert grid.limits.tolist() == [[-2.0, 2.0]]


@pytest.mark.parametrize("scope", ["filter", "minmax", "layer"])
def test_limits_are_those_of_all_slices_also_when_one_is_shown(scope: ColorScope) -> None:
    weight = normal(3, 2, 4, 3, 3)
    weight[:, 0, 1] *= 100
    whole = filter_grid(weight, color_scope=scope)
    grid = filter_grid(weight, color_scope=scope, layout=tile_layout(weight.shape, depth_index=3))
    np.testing.assert_array_equal(grid.limits, whole.limits)
    np.testing.assert_array_equal(grid.values, weight[:, :, 3].numpy())
    # Cells go channel by channel: slice 3 of the two channels is cells 3 and 7 of all.
    np.testing.assert_array_equal(grid.levels, whole.levels[:, [3, 7]])


def test_a_layout_stands_alone() -> None:
    weight = normal(2, 3, 4, 4)
    with pytest.raises(ValueError, match="either layout or input_channel"):
        filter_grid(weight, input_channel=1, layout=tile_layout(weight.shape))


def test_limits_are_those_of_all_input_channels_also_when_one_is_shown() -> None:
    weight = np.array([[[[1.0]], [[-8.0]]]])
    grid = filter_grid(weight, input_channel=0, color_scope="filter")
    assert grid.limits.tolist() == [[-8.0, 8.0]]
    assert grid.levels.ravel().tolist() == [144]


def test_filters_come_in_the_order_asked_for() -> None:
    weight = normal(6, 2, 3, 3)
    grid = filter_grid(weight, filters=[5, 0, 5])
    assert grid.filters.tolist() == [5, 0, 5]
    np.testing.assert_array_equal(grid.values, weight[[5, 0, 5]].numpy())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64, torch.int16])
def test_every_dtype_keeps_its_exact_values(dtype: torch.dtype) -> None:
    weight = (normal(4, 2, 3, 3) * 100).to(dtype)
    grid = filter_grid(weight)
    np.testing.assert_array_equal(grid.values, weight.to(torch.float64).numpy())
    wide = dtype in (torch.float64, torch.int16)
    assert grid.values.dtype == (np.float64 if wide else np.float32)


def test_a_weight_without_dimensions_is_one_tile() -> None:
    grid = filter_grid(torch.tensor(-3.0))
    assert grid.levels.shape == (1, 1, 1, 1)
    assert grid.levels.item() == 1


def test_pooled_tiles_keep_the_extreme_and_its_level() -> None:
    weight = torch.zeros(2, 9, 3, 3)
    weight[1, 4, 0, 2] = -1.0
    grid = filter_grid(weight, layout=tile_layout(weight.shape, max_values=9))
    assert grid.values[1, :, 0, 0].tolist() == [0, 0, 0, 0, -1, 0, 0, 0, 0]
    assert grid.levels[1, 4, 0, 0] == 1


def test_the_input_is_never_changed() -> None:
    weight = normal(4, 3, 3, 3)
    before = weight.clone()
    filter_grid(weight, color_scope="minmax").levels[:] = 0
    assert torch.equal(weight, before)


@pytest.mark.parametrize("index", [-1, 4, 99])
def test_a_filter_that_does_not_exist_is_refused_with_the_valid_range(index: int) -> None:
    with pytest.raises(IndexError, match="filters 0 to 3"):
        filter_grid(normal(4, 2), filters=[0, index])


def test_an_unknown_scope_is_refused() -> None:
    with pytest.raises(ValueError, match="minmax"):
        filter_grid(normal(4, 2), color_scope="robust")  # type: ignore[arg-type]


@given(weights)
def test_the_extent_is_that_of_the_finite_weights(weight: NDArray[np.float32]) -> None:
    found = extent(weight)
    finite = weight[np.isfinite(weight)]
    assert found.non_finite == weight.size - finite.size
    assert (found.low, found.high) == ((finite.min(), finite.max()) if finite.size else (0, 0))
    assert found.limit == (np.abs(finite).max() if finite.size else 0)


def test_an_empty_layer_has_no_extent() -> None:
    assert extent(torch.zeros(0, 3)).limit == 0
    assert extent(torch.zeros(3, 0)).limit == 0


def test_symmetric_levels_broadcast_their_limits() -> None:
    levels = symmetric_levels(np.array([[1.0, 1.0], [2.0, np.nan]]), np.array([[1.0], [4.0]]))
    assert levels.tolist() == [[255, 255], [192, 128]]


@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_the_limit_of_zeros_has_no_sign(zero: float) -> None:
    assert math.copysign(1, extent(np.full((2, 3), zero)).limit) == 1
