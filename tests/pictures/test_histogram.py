from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from weightwidgets.analysis import histogram
from weightwidgets.analysis.part import counts_between
from weightwidgets.pictures import histogram as module
from weightwidgets.pictures.histogram import bar_columns, histogram_picture

PLOT = module._Plot(left=53, right=807, top=50, bottom=253)
WORDS: dict[str, Any] = {"title": "conv1", "filter_label": "filter 3"}


def column_heights(image: Image.Image, color: str) -> np.ndarray:
    """Count the pixels of one colour in each column of the plot."""
    pixels = np.asarray(image.convert("RGB"))[PLOT.top : PLOT.bottom, PLOT.left : PLOT.right]
    wanted = [int(color[place : place + 2], 16) for place in (1, 3, 5)]
    return np.asarray((pixels == wanted).all(axis=2).sum(axis=0))


@pytest.mark.parametrize("bins", [1, 7, 50, 256])
@pytest.mark.parametrize("seed", [0, 1])
def test_bars_are_as_high_as_their_counts_within_a_pixel_and_leave_no_seams(bins: int, seed: int) -> None:
    weight = torch.from_numpy(np.random.default_rng(seed).uniform(0.1, 1, 3000))
    whole = histogram(weight, bins)
    heights = column_heights(histogram_picture(whole, None, **WORDS), "#8a97a6")
    expected = whole.counts / whole.counts.max() * (PLOT.bottom - PLOT.top)
    for (left, right), height in zip(pairwise(bar_columns(PLOT, bins)), expected, strict=True):
        drawn = heights[left - PLOT.left : right - PLOT.left]
        assert np.abs(drawn - height).max() <= 1


def test_a_single_weight_is_seen_beside_a_million() -> None:
    weight = torch.cat([torch.full((1_000_000,), 0.25), torch.tensor([0.75])])
    heights = column_heights(histogram_picture(histogram(weight, 4), None, **WORDS), "#8a97a6")
    assert heights[-1] == 1


def test_a_logarithmic_axis_keeps_the_order_and_shows_a_count_of_one_above_zero() -> None:
    weight = torch.cat([torch.full((10**power,), power + 1.0) for power in range(4)])
    heights = column_heights(
        histogram_picture(histogram(weight, 4), None, log_counts=True, **WORDS), "#8a97a6"
    )
    tops = [heights[left - PLOT.left] for left in bar_columns(PLOT, 4)[:-1]]
    assert tops == sorted(set(tops))
    full = PLOT.bottom - PLOT.top
    assert abs(tops[0] - full * np.log(2) / np.log(2000)) <= 1


def test_the_filter_is_outlined_at_its_own_counts() -> None:
    weight = torch.linspace(0.1, 1, 400)
    whole = histogram(weight, 4)
    one = counts_between(weight[300:350], whole.bin_edges)
    picture = np.asarray(histogram_picture(whole, one, **WORDS))
    rows = np.flatnonzero((picture[:, 700] == [0xC2, 0x41, 0x0C]).all(axis=1))
    assert PLOT.top in rows


def test_a_selected_range_is_marked_and_one_beyond_the_plot_is_cut() -> None:
    whole = histogram(torch.tensor([0.0, 1.0]), 50)
    plain = np.asarray(histogram_picture(whole, None, **WORDS))
    marked = np.asarray(histogram_picture(whole, None, selected_range=(0.25, 0.5), **WORDS))
    columns = np.flatnonzero((plain != marked).any(axis=(0, 2)))
    middle = [round(PLOT.left + (PLOT.right - PLOT.left) * part) for part in (0.25, 0.5)]
    assert (columns[0], columns[-1]) == (middle[0], middle[1] - 1)
    beyond = np.asarray(histogram_picture(whole, None, selected_range=(-9, 9), **WORDS))
    columns = np.flatnonzero((plain != beyond).any(axis=(0, 2)))
    assert (columns[0], columns[-1]) == (PLOT.left, PLOT.right - 1)


@pytest.mark.parametrize("weight", [torch.zeros(0), torch.tensor([1e38, -1e38]), torch.tensor([5e-324])])
def test_extreme_layers_are_drawn_without_complaint(weight: torch.Tensor) -> None:
    whole = histogram(weight, 20)
    for log in (False, True):
        image = histogram_picture(whole, counts_between(weight, whole.bin_edges), log_counts=log, **WORDS)
        assert image.size == (860, 290)


def test_a_long_title_is_cut_to_the_width() -> None:
    words = {**WORDS, "title": "layer." * 200}
    picture = np.asarray(histogram_picture(histogram(torch.tensor([0.0, 1.0])), None, **words))
    assert (picture[:20, -3:] == 255).all()
    assert (picture[:20, 400:800] < 128).any()
