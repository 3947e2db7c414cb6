"""Three programs that people write for themselves, with the same calls of torch and the same numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from matplotlib import colormaps
from matplotlib.figure import Figure
from torch import nn

import weightwidgets as ww

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray


@pytest.fixture
def first_filters() -> Iterator[tuple[Any, ww.WeightExplorer]]:
    """Show the model, and only then give it its weights."""
    torch.manual_seed(0)
    model: Any = nn.Sequential(nn.Conv2d(3, 32, 3, padding=1))
    model.conv1 = model[0]
    with ww.WeightExplorer(model) as explorer:
        model.conv1.weight.data = torch.randn(32, 3, 3, 3)
        # What IPython's hook does when the cell ends.
        for view in (explorer.grid, explorer.histogram, explorer.table):
            view.look(cell_ended=True)
        yield model, explorer


def as_imshow_draws(image: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Draw a picture as ``plt.imshow`` does: the levels of red, green and blue of each of its pixels."""
    axes = Figure().add_subplot()
    drawn = axes.imshow(image)
    return np.asarray(drawn.to_rgba(image, bytes=True))[..., :3]


def test_one_layer_with_two_names_is_one_row_reachable_by_both(
    first_filters: tuple[Any, ww.WeightExplorer],
) -> None:
    model, explorer = first_filters
    source = ww.open_source(model)
    assert explorer.layers == list(source) == ["0"]
    assert source["conv1"] is source["0"]
    assert source["0"].names == ("0", "conv1")
    assert len(ww.summary_table(model)) == 1
    explorer.layer = "conv1"
    assert explorer.layer == "0"


def test_new_data_is_seen_without_a_refresh(
    first_filters: tuple[Any, ww.WeightExplorer],
) -> None:
    model, explorer = first_filters
    explorer.filter_index = 31
    assert torch.equal(explorer.tensor(), model.conv1.weight.data[31])
    low, high = np.frombuffer(explorer.histogram.frame["range"]["data"])
    assert (low, high) == (model.conv1.weight.min().item(), model.conv1.weight.max().item())


def test_eight_filters_are_scaled_level_for_level_as_imshow_draws_them(
    first_filters: tuple[Any, ww.WeightExplorer],
) -> None:
    model, explorer = first_filters
    explorer.grid.color_scope = "minmax"
    page = explorer.grid.pages["pages"][0]
    shown = np.frombuffer(page["levels"]["data"], np.uint8).reshape(page["levels"]["shape"])
    for index in range(8):
        filters = model.conv1.weight.data[index].numpy()
        # The program that everybody writes.
        image = (filters - filters.min()) / (filters.max() - filters.min())
        image = image.transpose(1, 2, 0)
        assert np.array_equal(shown[index, 0], as_imshow_draws(image))


def test_one_input_channel_is_coloured_as_imshow_colours_it_in_grey(
    first_filters: tuple[Any, ww.WeightExplorer],
) -> None:
    model, _ = first_filters
    grid = ww.analysis.filter_grid(model.conv1.weight[:8, :1].contiguous(), color_scope="minmax", rgb=False)
    for index in range(8):
        image = model.conv1.weight.data[index, 0].numpy()
        scaled = (image - image.min()) / (image.max() - image.min())
        drawn = colormaps["gray"](scaled)
        # Whole numbers are entries of the table.
        assert np.array_equal(colormaps["gray"](grid.levels[index, 0]), drawn)


@pytest.fixture
def small_network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(10, 20), nn.ReLU(), nn.Linear(20, 1))


def test_fifty_bins_of_every_weight_hold_what_numpy_counts(small_network: nn.Sequential) -> None:
    drawn = {}
    for name, param in small_network.named_parameters():
        if "weight" in name:
            drawn[name] = np.histogram(param.detach().numpy().flatten(), bins=50)
    with ww.WeightExplorer(small_network) as explorer:
        assert [f"{layer}.weight" for layer in explorer.layers] == list(drawn)
    for name, (counts, edges) in drawn.items():
        found = ww.analysis.histogram(ww.open_source(small_network)[name].weight, bins=50)
        assert np.array_equal(found.counts, counts)
        assert np.array_equal(found.bin_edges, edges)


def test_all_histograms_hold_what_numpy_counts(small_network: nn.Sequential) -> None:
    with ww.LayerHistograms(small_network, bins=50) as view:
        view.start()
        assert view.wait(30)
        counts = view.bars["counts"]
        shown = np.frombuffer(counts["data"], counts["dtype"]).reshape(counts["shape"])
    named = [param for name, param in small_network.named_parameters() if "weight" in name]
    assert len(shown) == len(named)
    for row, param in zip(shown, named, strict=True):
        assert np.array_equal(row, np.histogram(param.detach().numpy().flatten(), bins=50)[0])


def test_the_norms_are_those_of_torch_under_the_names_of_torch(small_network: nn.Sequential) -> None:
    weight_norms = {}
    for name, param in small_network.named_parameters():
        if "weight" in name:
            weight_norms[name] = torch.norm(param).item()
    found = ww.weight_norms(small_network)
    assert list(found) == list(weight_norms) == ["0.weight", "2.weight"]
    # torch adds up in float32.
    assert list(found.values()) == pytest.approx(list(weight_norms.values()), rel=1e-6)
