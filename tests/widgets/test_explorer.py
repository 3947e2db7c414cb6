"""The explorer: one selection for all views, readable, settable and reproducible in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import torch
import traitlets as t
from PIL import Image
from torch import nn

import weightwidgets as ww

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 5), nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Conv2d(8, 4, 3))


@pytest.fixture
def model() -> nn.Sequential:
    return network()


@pytest.fixture
def explorer(model: nn.Sequential) -> Iterator[ww.WeightExplorer]:
    with ww.WeightExplorer(model) as made:
        yield made


@pytest.mark.parametrize(
    ("layers", "first"),
    [
        ([nn.Linear(2, 2), nn.Conv1d(2, 2, 1)], "1"),
        ([nn.LayerNorm(2), nn.Linear(2, 2)], "1"),
        ([nn.LayerNorm(2), nn.Embedding(2, 2)], "0"),
    ],
)
def test_it_opens_on_the_first_convolution_else_dense_else_first(layers: list[nn.Module], first: str) -> None:
    with ww.WeightExplorer(nn.Sequential(*layers)) as explorer:
        assert explorer.layer == first
        assert explorer.error == ""


def test_a_selection_in_python_reaches_every_view(explorer: ww.WeightExplorer) -> None:
    explorer.layer = "3"
    explorer.filter_index = 2
    explorer.bins = 17
    views = (explorer.grid, explorer.histogram, explorer.statistics)
    assert {view.layer for view in (*views, explorer.table)} == {"3"}
    assert {view.filter_index for view in views} == {2}
    assert explorer.histogram.bins == 17


def test_a_selection_in_the_browser_reaches_python_and_every_view(explorer: ww.WeightExplorer) -> None:
    seen: list[Any] = []
    explorer.observe(lambda change: seen.append((change["name"], change["new"])), ["layer", "filter_index"])
    explorer.table.set_state({"layer": b"3"})
    explorer.grid.set_state({"filter_index": 1})
    assert seen == [("layer", "3"), ("filter_index", 1)]
    assert explorer.histogram.filter_index == 1


def test_a_smaller_layer_takes_the_filter_index_with_it(explorer: ww.WeightExplorer) -> None:
    explorer.filter_index = 7
    explorer.selected_range = (-0.1, 0.1)
    explorer.table.set_state({"layer": b"3"})
    assert (explorer.filter_index, explorer.grid.filter_index, explorer.histogram.filter_index) == (3, 3, 3)
    assert explorer.selected_range is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("layer", "nowhere"),
        ("filter_index", 8),
        ("filter_index", -1),
        ("bins", 0),
        ("bins", 4097),
        ("bins", "fdd"),
    ],
)
def test_bad_values_raise_and_leave_the_last_good_state(
    explorer: ww.WeightExplorer, name: str, value: object
) -> None:
    before = {trait: getattr(explorer, trait) for trait in ("layer", "filter_index", "bins")}
    with pytest.raises((t.TraitError, ValueError, TypeError)):
        setattr(explorer, name, value)
    assert {trait: getattr(explorer, trait) for trait in before} == before
    assert explorer.histogram.bins == before["bins"]


def test_a_rule_becomes_its_number_of_bins(explorer: ww.WeightExplorer, model: nn.Sequential) -> None:
    explorer.bins = "sqrt"
    assert (
        explorer.bins
        == explorer.histogram.bins
        == int(np.ceil(np.sqrt(model.get_parameter("1.weight").numel())))
    )


def test_a_misspelt_argument_raises_with_the_right_one(model: nn.Sequential) -> None:
    with pytest.raises(TypeError, match="filter_index"):
        ww.WeightExplorer(model, filter_indx=1)


def test_the_layers_are_in_model_order(explorer: ww.WeightExplorer) -> None:
    assert explorer.layers == ["0", "1", "2", "3"]


def test_the_tensor_is_a_copy_of_the_selected_filter(
    explorer: ww.WeightExplorer, model: nn.Sequential
) -> None:
    explorer.filter_index = 5
    taken = explorer.tensor()
    assert torch.equal(taken, model.get_parameter("1.weight")[5])
    taken.zero_()
    assert bool(model.get_parameter("1.weight")[5].any())


def test_the_selection_is_a_table_of_the_weights_in_range(
    explorer: ww.WeightExplorer, model: nn.Sequential
) -> None:
    assert explorer.selection().empty
    explorer.selected_range = (0.0, 0.1)
    table = explorer.selection()
    weight = model.get_parameter("1.weight").detach().numpy()
    expected = np.argwhere((weight >= 0.0) & (weight < np.float32(0.1)))
    assert isinstance(table, pd.DataFrame)
    assert list(table.columns[:3]) == ["layer", "out", "in"]
    assert table.columns[-1] == "value"
    assert np.array_equal(table.iloc[:, 1:-1].to_numpy(dtype=int), expected)
    assert table["value"].tolist() == weight[tuple(expected.T)].tolist()
    assert set(table["layer"]) == {"1"}


def state(explorer: ww.WeightExplorer) -> dict[str, Any]:
    own = {name: getattr(explorer, name) for name in ("layer", "filter_index", "bins", "value_range")}
    grid = {name: getattr(explorer.grid, name) for name in ("color_scope", "order", "input_channel")}
    return {**own, **grid, "log": explorer.histogram.log_counts, "range": explorer.selected_range}


def test_the_code_reproduces_the_view(explorer: ww.WeightExplorer, model: nn.Sequential) -> None:
    explorer.layer = "3"
    explorer.filter_index = 1
    explorer.bins = 33
    explorer.selected_range = (-0.05, 0.05)
    explorer.grid.color_scope = "filter"
    explorer.grid.order = "norm"
    explorer.grid.input_channel = 4
    explorer.histogram.log_counts = True
    names: dict[str, Any] = {"model": model}
    exec(explorer.code(), names)  # noqa: S102 -- the code is what is tested
    with names["explorer"] as again:
        assert state(again) == state(explorer)


def test_the_depth_of_a_3d_kernel_is_one_for_a_model_and_its_twin_and_in_the_code() -> None:
    model, twin = nn.Sequential(nn.Conv3d(2, 3, (4, 2, 2))), nn.Sequential(nn.Conv3d(2, 3, (2, 2, 2)))
    with ww.WeightExplorer(model, twin=twin) as explorer:
        other = explorer._stage.sides["twin"].grid
        explorer.grid.depth_index = 1
        assert other.depth_index == 1
        # The twin has fewer slices: it shows its last.
        explorer.grid.depth_index = 3
        assert other.depth_index == 1
        names: dict[str, Any] = {"model": model, "twin": twin}
        exec(explorer.code(), names)  # noqa: S102 -- the code is what is tested
        with names["explorer"] as again:
            assert again.grid.depth_index == 3


def test_reset_goes_back_to_where_it_opened(model: nn.Sequential) -> None:
    with ww.WeightExplorer(model, layer="3", filter_index=2, bins=20) as explorer:
        opened = state(explorer)
        explorer.layer = "0"
        explorer.bins = 99
        explorer.grid.color_scope = "minmax"
        explorer.histogram.log_counts = True
        explorer.toolbar.set_state({"shuffle": True, "panel": "histograms"})
        explorer.toolbar.set_state({"resets": 1})
        assert state(explorer) == opened
        assert not explorer.toolbar.shuffle
        assert explorer.toolbar.panel == "auto"


def test_after_a_reset_new_weights_are_still_measured(
    explorer: ww.WeightExplorer, model: nn.Sequential
) -> None:
    for view in (explorer.table, explorer.histograms, explorer.depth):
        view.set_state({"started": True})
    assert explorer.table.wait(30)
    assert "started" not in explorer.code()
    explorer.reset()
    assert explorer.table.started
    assert explorer.histograms.started
    assert explorer.depth.started
    with torch.no_grad():
        model.get_parameter("1.weight").fill_(2.0)
    explorer.table.look(cell_ended=True)
    assert explorer.table.wait(30)
    place = explorer.layers.index("1")
    numbers = explorer.table.numbers["values"]
    values = np.frombuffer(numbers["data"], numbers["dtype"]).reshape(numbers["shape"])
    assert values[place][0] == pytest.approx(2 * (8 * 3 * 3 * 3) ** 0.5)


def test_a_reset_closes_what_explains_a_number_and_is_not_written_down(model: nn.Sequential) -> None:
    with ww.WeightExplorer(model, twin=network()) as explorer:
        before = explorer.code()
        explorer.reset()
        explorer.reset()
        assert explorer.statistics.resets == 2
        assert explorer.code() == before


def test_the_code_names_the_layer_only_where_another_would_open(explorer: ww.WeightExplorer) -> None:
    assert explorer.layer == "1"
    assert "layer=" not in explorer.code()
    explorer.layer = "3"
    assert "WeightExplorer(model, layer='3')" in explorer.code()


def test_all_histograms_take_any_bins_of_the_explorer(explorer: ww.WeightExplorer) -> None:
    explorer.bins = 300
    assert (explorer.bins, explorer.histogram.bins, explorer.histograms.bins) == (300, 300, 256)
    explorer.bins = 20
    assert explorer.histograms.bins == 20
    explorer.bins = 4096
    assert (explorer.bins, explorer.histogram.bins, explorer.histograms.bins) == (4096, 4096, 256)
    assert explorer.error == ""


def test_a_truth_value_is_neither_a_filter_nor_a_number_of_bins(explorer: ww.WeightExplorer) -> None:
    for name in ("filter_index", "bins"):
        before = getattr(explorer, name)
        with pytest.raises(t.TraitError, match=name):
            setattr(explorer, name, True)
        assert getattr(explorer, name) is before


def test_the_choices_of_the_norms_are_written_down_and_taken_back(explorer: ww.WeightExplorer) -> None:
    explorer.norms.kind, explorer.norms.log_norms = "rms", True
    written = explorer.code().splitlines()
    assert "explorer.norms.kind = 'rms'" in written
    assert "explorer.norms.log_norms = True" in written
    explorer.reset()
    assert (explorer.norms.kind, explorer.norms.log_norms) == ("frobenius", False)
    assert "norms" not in explorer.code()


@pytest.mark.parametrize("panel", ["histograms", "norms"])
def test_every_panel_follows_and_leads_the_selection(explorer: ww.WeightExplorer, panel: str) -> None:
    explorer.toolbar.set_state({"panel": panel})
    view = getattr(explorer, panel)
    explorer.layer = "3"
    assert view.layer == "3"
    view.layer = "0"
    assert explorer.layer == "0"


def test_a_model_on_meta_shows_its_names_and_says_why_it_shows_no_more() -> None:
    with ww.WeightExplorer(nn.Sequential(nn.Conv2d(3, 4, 3, device="meta"))) as explorer:
        assert explorer.layers == ["0"]
        assert "meta" in explorer.error


def test_new_weights_are_shown_when_a_cell_ends(explorer: ww.WeightExplorer, model: nn.Sequential) -> None:
    before = explorer.histogram.frame
    with torch.no_grad():
        model.get_parameter("1.weight").mul_(2)
    for view in (explorer.grid, explorer.histogram):
        view.look(cell_ended=True)
    assert explorer.histogram.frame != before


def test_the_picture_is_drawn_in_python(explorer: ww.WeightExplorer, tmp_path: Path) -> None:
    explorer.save_png(tmp_path / "view.png")
    with Image.open(tmp_path / "view.png") as image:
        assert min(image.size) > 200
        colours = np.unique(np.asarray(image.convert("RGB")).reshape(-1, 3), axis=0)
    assert len(colours) > 10


def test_without_a_front_end_a_cell_shows_text_and_a_picture(explorer: ww.WeightExplorer) -> None:
    data = explorer._repr_mimebundle_()
    assert {"text/plain", "image/png"} <= set(data)


def test_closing_frees_every_widget(model: nn.Sequential, open_widgets: Callable[[], set[str]]) -> None:
    before = open_widgets()
    explorer = ww.WeightExplorer(model, twin=network())
    explorer.toolbar.set_state({"shuffle": True})
    for panel in ("histograms", "norms"):
        explorer.toolbar.set_state({"panel": panel})
    explorer.close()
    explorer.close()
    assert open_widgets() == before


def test_the_model_is_left_bit_for_bit_as_it_was() -> None:
    model = network()
    model.get_parameter("1.weight").grad = torch.ones_like(model.get_parameter("1.weight"))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    random = torch.get_rng_state()
    with ww.WeightExplorer(model) as explorer:
        for layer in explorer.layers:
            explorer.layer = layer
        explorer.toolbar.set_state({"shuffle": True})
    assert torch.equal(torch.get_rng_state(), random)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    grad = model.get_parameter("1.weight").grad
    assert grad is not None
    assert bool((grad == 1).all())
    assert model.training
    assert not any(module._forward_hooks for module in model.modules())


def test_refresh_asks_every_view_again(explorer: ww.WeightExplorer) -> None:
    explorer.toolbar.set_state({"panel": "norms", "shuffle": True})
    asked: list[object] = []
    views = explorer._stage.answering()
    for view in views:
        view.answer = lambda view=view: asked.append(view)
    explorer.refresh()
    assert asked == views
    assert explorer.norms in views
    assert explorer.table in views


def test_a_layer_that_is_deleted_is_said_to_be_gone_and_another_can_be_selected() -> None:
    model = nn.Sequential()
    model.add_module("big", nn.Linear(3, 9))
    model.add_module("small", nn.Linear(3, 5))
    with ww.WeightExplorer(model, filter_index=8) as explorer:
        del model.big
        for view in explorer._stage.answering():
            view.look(cell_ended=True)
        assert "no layer of that name" in explorer.error
        assert explorer.grid.frame == {}
        explorer.layer = "small"
        assert (explorer.filter_index, explorer.grid.filter_index, explorer.error) == (4, 4, "")


def test_a_layer_that_lost_filters_takes_the_selection_with_it() -> None:
    model = nn.Sequential(nn.Linear(3, 9))
    with ww.WeightExplorer(model, filter_index=8) as explorer:
        model[0].weight = nn.Parameter(torch.ones(4, 3))
        for view in explorer._stage.answering():
            view.look(cell_ended=True)
        assert explorer.filter_index == 3
        assert explorer.error == ""
        assert torch.equal(explorer.tensor(), torch.ones(3))


def test_a_sparse_weight_is_shown() -> None:
    with ww.WeightExplorer({"a.weight": torch.eye(5).to_sparse()}) as explorer:
        assert explorer.error == ""
