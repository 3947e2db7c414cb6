import json
from typing import Any

import numpy as np
import pytest
import torch
import traitlets as t
from torch import nn

from tests.widgets.fixture import check_fixture, state_of
from tests.widgets.fixture import thaw as decoded
from weightwidgets.analysis import summary
from weightwidgets.analysis.mosaic import mosaic
from weightwidgets.widgets import _depth_frames as frames
from weightwidgets.widgets.depth import DepthView


def blocks(count: int = 4) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    source: dict[str, torch.Tensor] = {"embed.weight": torch.randn(7, 5, generator=generator)}
    for block in range(count):
        source[f"net.layers.{block}.norm.weight"] = torch.full((6,), 1.0 + block)
        source[f"net.layers.{block}.up.weight"] = torch.randn(9, 6, generator=generator) * (block + 1)
        source[f"net.layers.{block}.conv.weight"] = torch.randn(4, 2, 3, 3, generator=generator)
    return source


def read(view: DepthView) -> DepthView:
    view.start()
    assert view.wait(30)
    return view


def rows(view: DepthView) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(view.rows["text"])
    return found


def values(view: DepthView, statistic: str) -> np.ndarray:
    column = frames.STATISTICS.index(statistic)
    return np.asarray(decoded(view.slices)["values"][:, column])


def test_the_layers_of_the_selected_layer_s_pattern_stand_side_by_side() -> None:
    with DepthView(blocks(), layer="net.layers.2.up") as view:
        assert view.names == tuple(f"net.layers.{block}.up" for block in range(4))
        told = rows(view)
        assert (told["pattern"], told["depths"]) == ("net.layers.*.up", ["0", "1", "2", "3"])
        assert told["shapes"] == ["9 × 6"] * 4  # noqa: RUF001
        assert {choice["pattern"]: choice["count"] for choice in told["choices"]} == {
            "net.layers.*.norm": 4,
            "net.layers.*.up": 4,
            "net.layers.*.conv": 4,
        }
        view.layer = "net.layers.1.conv"
        assert rows(view)["pattern"] == "net.layers.*.conv"


def test_without_a_layer_the_first_matrices_that_repeat_are_shown_and_the_first_is_selected() -> None:
    with DepthView(blocks()) as view:
        assert (view.layer, rows(view)["pattern"]) == ("net.layers.0.up", "net.layers.*.up")
        view.layer = "embed"
        assert rows(view)["pattern"] == "net.layers.*.up"


def test_a_pattern_asked_for_stays_when_another_layer_is_selected() -> None:
    with DepthView(blocks(), "net.layers.*.norm") as view:
        assert view.layer == "net.layers.0.norm"
        view.layer = "net.layers.3.up"
        assert view.names == tuple(f"net.layers.{block}.norm" for block in range(4))
        view.pattern = ""
        assert view.names == tuple(f"net.layers.{block}.up" for block in range(4))


def test_every_statistic_is_that_of_the_summary_of_each_layer() -> None:
    source = blocks()
    with read(DepthView(source, "net.layers.*.up")) as view:
        for statistic in frames.STATISTICS:
            expected = [
                float(getattr(summary(source[f"net.layers.{block}.up.weight"]), statistic))
                for block in range(4)
            ]
            assert values(view, statistic).tolist() == expected


def test_all_pictures_have_one_scale_the_largest_magnitude_of_all_layers() -> None:
    source = blocks()
    weights = [source[f"net.layers.{block}.up.weight"].double().numpy() for block in range(4)]
    limit = max(np.abs(weight).max() for weight in weights)
    with read(DepthView(source, "net.layers.*.up")) as view:
        drawn = decoded(view.slices)
        assert drawn["limit"] == limit
        assert drawn["sizes"].tolist() == [[9, 6]] * 4
        expected = [128 + np.rint(127 * (weight / limit)) for weight in weights]
        assert drawn["levels"].reshape(4, 9, 6).tolist() == np.stack(expected).tolist()
        assert not drawn["flags"].any()
        assert json.loads(drawn["text"])["blocks"] == ["1 weight"] * 4


def test_gaps_between_kernels_are_told_from_weights_and_from_what_is_not_finite() -> None:
    source = blocks()
    source["net.layers.1.conv.weight"][0, 0, 0, 0] = float("nan")
    with read(DepthView(source, "net.layers.*.conv")) as view:
        drawn = decoded(view.slices)
        assert drawn["sizes"].tolist() == [[15, 7]] * 4
        flags = drawn["flags"].reshape(4, 15, 7)
        assert (flags[:, 3] == frames.GAP).all()
        assert (flags == frames.GAP).sum(axis=(1, 2)).tolist() == [15 * 7 - 72] * 4
        assert (flags == 1).nonzero()[0].tolist() == [1]
        assert values(view, "nan").tolist() == [0, 1, 0, 0]


def test_another_pattern_is_read_when_it_is_asked_for() -> None:
    with read(DepthView(blocks(), "net.layers.*.up")) as view:
        view.pattern = "net.layers.*.norm"
        assert view.wait(30)
        assert values(view, "mean").tolist() == [1, 2, 3, 4]
        assert view.slices["token"] == view.rows["token"]


def test_a_cell_that_changed_a_layer_or_added_one_is_seen() -> None:
    model = nn.Module()
    model.layers = nn.ModuleList([nn.ModuleDict({"up": nn.Linear(3, 2)}) for _ in range(3)])
    with read(DepthView(model)) as view, torch.no_grad():
        model.get_parameter("layers.1.up.weight").fill_(50.0)
        model.layers.append(nn.ModuleDict({"up": nn.Linear(3, 2)}))
        view.look(cell_ended=True)
        assert view.wait(30)
        assert rows(view)["depths"] == ["0", "1", "2", "3"]
        assert values(view, "max")[1] == 50
        assert decoded(view.slices)["limit"] == 50


def test_layers_without_a_path_that_repeats_are_shown_as_siblings() -> None:
    with DepthView(nn.Sequential(*(nn.Linear(2, 2) for _ in range(3)))) as view:
        assert (rows(view)["pattern"], view.names) == ("*", ("0", "1", "2"))


def test_a_model_in_which_nothing_repeats_says_what_to_do() -> None:
    with DepthView({"a": torch.ones(2), "b": torch.ones(2)}) as view:
        assert "pattern=" in view.error
        assert view.rows == {}
        assert view.picture() is None
        view.pattern = "a"
        assert (view.error, view.names) == ("", ("a",))
    with DepthView(nn.ReLU()) as empty:
        assert "pattern=" in empty.error


def test_a_layer_without_values_says_why_and_does_not_stop_the_others() -> None:
    model = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2, device="meta"), nn.Linear(2, 2)])
    with read(DepthView(model)) as view:
        assert decoded(view.slices)["state"].tolist() == [frames.MEASURED, frames.FAILED, frames.MEASURED]
        assert "meta" in json.loads(view.slices["text"])["sentences"]["1"]
        assert np.isnan(values(view, "rms")[1])


def test_a_layer_without_weights_has_numbers_and_no_picture() -> None:
    source = {"l.0.w": torch.ones(2, 2), "l.1.w": torch.zeros(0, 2), "l.2.w": torch.ones(2, 2)}
    with read(DepthView(source)) as view:
        assert decoded(view.slices)["sizes"].tolist() == [[2, 2], [0, 0], [2, 2]]
        assert values(view, "numel").tolist() == [4, 0, 4]


def test_wrong_patterns_are_refused_in_python_and_left_out_from_the_browser() -> None:
    with DepthView(blocks()) as view:
        with pytest.raises(t.TraitError, match=r"net.layers.\*.up"):
            view.pattern = "net.layers.*.upp"
        view.set_state({"pattern": b"nothing.*", "statistic": "median"})
        assert (view.pattern, view.statistic) == ("", "rms")
        view.set_state({"pattern": b"net.layers.*.conv", "statistic": "kurtosis", "started": True})
        assert (view.pattern, view.statistic) == ("net.layers.*.conv", "kurtosis")
        assert view.wait(30)
    with pytest.raises(t.TraitError, match="no layer has a name"):
        DepthView(blocks(), pattern="zap.*")
    with pytest.raises(TypeError, match="did you mean 'statistic'"):
        DepthView(blocks(), statistics="rms")


@pytest.mark.parametrize("layers", [1, 8, 32, 1000, 6144])
def test_a_message_stays_below_a_megabyte(layers: int) -> None:
    side = frames.side_for(layers)
    assert 1 <= side <= 128
    weight = torch.ones(side, side)
    outcome = frames.Slice(summary(weight), mosaic(weight, side))
    frame = frames.slices_frame([(outcome, True)] * layers, token=1, live=False)
    assert sum(len(part["data"]) for part in frame.values() if isinstance(part, dict)) < 1_000_000


def test_closing_in_the_middle_publishes_nothing_more() -> None:
    view = DepthView(blocks())
    view.close()
    view.start()
    assert view.slices == {}


def test_the_picture_reads_what_was_not_read_yet() -> None:
    with DepthView(blocks(), "net.layers.*.norm") as view:
        picture = np.asarray(view.picture())
        # The largest of all is as dark as the scale goes.
        assert (picture == (0x78, 0x2C, 0x00)).all(axis=-1).any()
        first = picture.tobytes()
        view.statistic = "l1"
        assert np.asarray(view.picture()).tobytes() != first


def test_the_browser_tests_have_these_frames() -> None:
    source = blocks()
    source["net.layers.1.up.weight"][0, 0] = float("inf")
    source["<b>.1.x"], source["<b>.2.x"], source["<b>.3.x"] = (torch.ones(2) for _ in range(3))
    with DepthView(source, layer="net.layers.1.up") as view:
        before = state_of(view)
        after = state_of(read(view))
        view.layer = "net.layers.1.conv"
        assert view.wait(30)
        conv = state_of(view)
        view.layer = "<b>.2.x"
        assert view.wait(30)
        check_fixture("depth", {"before": before, "up": after, "conv": conv, "hostile": state_of(view)})
