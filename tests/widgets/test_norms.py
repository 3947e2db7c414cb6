import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
import torch
import traitlets as t
from torch import nn

from tests.widgets.fixture import check_fixture, state_of
from weightwidgets.widgets._code import choices, take_back
from weightwidgets.widgets._norm_chart import parts_of
from weightwidgets.widgets._norm_controls import NormControls
from weightwidgets.widgets.norms import NormChart

if TYPE_CHECKING:
    from weightwidgets.widgets._base import View


def model() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Linear(5, 4), nn.Linear(4, 2))


@pytest.fixture
def chart() -> Iterator[NormChart]:
    with NormChart(model()) as made:
        assert made.wait(30)
        yield made


def decoded(part: dict[str, Any]) -> np.ndarray:
    return np.frombuffer(part["data"], part["dtype"])


def test_bars_are_the_norms_that_torch_gives(chart: NormChart) -> None:
    weights = [value for name, value in model().named_parameters() if "weight" in name]
    expected = [torch.linalg.vector_norm(weight.double()).item() for weight in weights]
    assert chart._chart.plot.bars.y == pytest.approx(expected, rel=1e-12)
    chart.kind = "rms"
    roots = [norm / weight.numel() ** 0.5 for norm, weight in zip(expected, weights, strict=True)]
    assert chart._chart.plot.bars.y == pytest.approx(roots, rel=1e-12)


def test_a_click_on_a_bar_selects_its_layer(chart: NormChart) -> None:
    chart._chart.plot.columns.set_state({"selected": [2]})
    assert chart.layer == chart._controls.layer == "2"
    assert chart._chart.plot.bars.selected.tolist() == chart._chart.plot.columns.selected.tolist() == [2]


def test_a_click_beside_the_bars_keeps_the_selected_layer(chart: NormChart) -> None:
    chart.layer = "3"
    chart._chart.plot.columns.set_state({"selected": None})
    assert chart.layer == "3"
    assert chart._chart.plot.columns.selected.tolist() == [3]


def test_the_controls_and_python_select_the_same_layer(chart: NormChart) -> None:
    chart._controls.set_state({"layer": b"1", "kind": "rms", "log_norms": True})
    assert (chart.layer, chart.kind, chart.log_norms) == ("1", "rms", True)
    assert chart._chart.plot.bars.selected.tolist() == [1]
    chart.layer = "2.weight"
    assert chart.layer == chart._controls.layer == "2"
    assert chart._chart.plot.bars.selected.tolist() == [2]


def test_the_title_of_the_axis_and_its_scale_follow_the_choices(chart: NormChart) -> None:
    chart.kind, chart.log_norms = "rms", True
    axis = chart._chart.axis.axes[0]
    assert axis.label == "RMS per weight"
    assert type(axis.scale).__name__ == "LogScale"


def test_an_explorer_can_write_down_and_take_back_the_choices(chart: NormChart) -> None:
    chart.kind, chart.log_norms = "rms", True
    written = [("kind", "rms", "frobenius"), ("log_norms", True, False)]
    assert list(choices(cast("View", chart), ("layer",))) == written
    take_back({"norms": cast("View", chart)}, ("layer",))
    assert (chart.kind, chart.log_norms) == ("frobenius", False)
    assert chart._chart.axis.axes[0].label == "Frobenius norm"


def test_a_lecture_hall_gets_larger_controls_letters_and_bars(chart: NormChart) -> None:
    figure, axis = chart._chart.figure, chart._chart.axis.axes[0]
    small = int(figure.layout.height.removesuffix("px"))
    chart.size = "large"
    assert chart._controls.size == "large"
    assert int(figure.layout.height.removesuffix("px")) > 1.5 * small
    assert {one.tick_style["font-size"] for one in (axis, figure.axes[0])} == {"18px"}
    with NormChart(model(), size="large") as other:
        assert (other._controls.size, other._chart.figure.layout.height) == ("large", figure.layout.height)
    with pytest.raises(t.TraitError, match="size"):
        chart.size = "huge"


def test_the_chart_is_a_card_like_the_other_views(chart: NormChart) -> None:
    assert "ww-view" in chart._dom_classes


def test_a_cell_that_changed_a_layer_is_seen() -> None:
    changing = model()
    with NormChart(changing) as chart, torch.no_grad():
        assert chart.wait(30)
        changing.get_parameter("3.weight").fill_(10.0)
        changing.append(nn.Linear(1, 1))  # type: ignore[operator]
        chart.look(cell_ended=True)
        assert chart.wait(30)
        assert chart._chart.plot.bars.y[3] == pytest.approx(10 * 8**0.5)
        assert chart._chart.plot.bars.y.size == 5


@pytest.mark.parametrize("log", [False, True])
def test_charts_that_share_a_scale_have_one_axis(log: bool) -> None:
    small, large = {"w": torch.ones(4), "v": torch.zeros(2)}, {"w": torch.full((400,), 5.0)}
    with NormChart(small, log_norms=log) as one, NormChart(large, log_norms=log) as two:
        assert one.wait(30)
        assert two.wait(30)
        scales = [chart._chart.plot.bars.scales["y"] for chart in (one, two)]
        ends = [(scale.min, scale.max) for scale in scales]
        one.share_scale([two])
        two.share_scale([one])
        bounds = (min(low for low, _ in ends), max(high for _, high in ends))
        assert [(scale.min, scale.max) for scale in scales] == [bounds, bounds]
        assert [chart._chart.plot.bars.base for chart in (one, two)] == [bounds[0]] * 2
        one.share_scale([])
        assert (scales[0].min, scales[0].max) == ends[0]


def test_an_axis_that_is_shared_follows_the_other_chart() -> None:
    changing = {"w": torch.ones(4)}
    with NormChart({"w": torch.ones(1)}) as one, NormChart(changing) as two:
        one.share_scale([two])
        two.share_scale([one])
        assert two.wait(30)
        changing["w"].mul_(100)
        two.look(cell_ended=True)
        assert two.wait(30)
        assert one.wait(30)
        assert one._chart.plot.bars.scales["y"].max == pytest.approx(1.05 * 200)


def test_refresh_measures_again() -> None:
    with NormChart({"w": torch.ones(4)}) as chart:
        assert chart.wait(30)
        first = chart._stream.outcome("w")
        chart.refresh()
        assert chart.wait(30)
        assert chart._stream.outcome("w") is not first


def test_layers_without_values_are_counted_and_the_others_shown() -> None:
    mixed = nn.Sequential(nn.Linear(2, 2, device="meta"), nn.Linear(2, 2))
    with NormChart(mixed) as chart:
        assert chart.wait(30)
        assert chart._chart.plot.bars.y[0] == 0
        assert chart._chart.plot.bars.y[1] > 0
        assert chart._controls.numbers["failed"] == 1
        assert np.isnan(decoded(chart._controls.numbers["frobenius"])[0])


def test_a_layer_without_a_finite_weight_has_no_norm_beside_one_whose_norm_is_zero() -> None:
    nans = {"nan": torch.full((2, 2), torch.nan), "zero": torch.zeros(2, 2), "inf": torch.tensor([torch.inf])}
    with NormChart(nans) as chart:
        assert chart.wait(30)
        for kind in ("frobenius", "rms"):
            np.testing.assert_array_equal(chart.values(kind), [np.nan, 0, np.nan])
            np.testing.assert_array_equal(decoded(chart._controls.numbers[kind]), [np.nan, 0, np.nan])
        assert chart._controls.numbers["failed"] == 0


def test_no_layer_name_reaches_a_json_trait() -> None:
    hostile = "<!--<script>$x$"
    with NormChart({hostile: torch.ones(3)}) as chart:
        assert chart.wait(30)
        for part in parts_of([chart]):
            state = part.get_state()
            bare = {key: value for key, value in state.items() if not key.startswith("_")}
            assert "<" not in json.dumps(bare, default=lambda _: "")


def test_a_model_without_weights_says_so() -> None:
    with NormChart(nn.ReLU()) as chart:
        assert chart.error == "This model has no weights to show."
        assert chart.picture() is None
        with pytest.raises(ValueError, match="no weights"):
            chart.save_png("nowhere.png")


def test_bad_arguments_are_refused_and_leave_nothing_open(open_widgets: Callable[[], set[str]]) -> None:
    before = open_widgets()
    with pytest.raises(TypeError, match="did you mean 'log_norms'"):
        NormChart(model(), log_norm=True)
    with pytest.raises(t.TraitError, match="no layer called 'nope'"):
        NormChart(model(), layer="nope")
    with pytest.raises(t.TraitError, match="kind"):
        NormChart(model(), kind="spectral")
    assert open_widgets() == before


def test_bad_values_keep_the_last_good_state(chart: NormChart) -> None:
    chart.layer = "2"
    for name, value in (("layer", "nope"), ("kind", "l1"), ("log_norms", "yes"), ("error", "x")):
        with pytest.raises(t.TraitError):
            setattr(chart, name, value)
    assert (chart.layer, chart.kind, chart.log_norms, chart.error) == ("2", "frobenius", False, "")


def test_closing_frees_every_widget_and_works_twice(open_widgets: Callable[[], set[str]]) -> None:
    before = open_widgets()
    chart = NormChart(model())
    chart.log_norms = True
    chart.close()
    chart.close()
    assert open_widgets() == before


def test_every_part_keeps_the_route_that_the_browser_chose(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept: list[object] = []
    monkeypatch.setattr("weightwidgets.widgets.norms.keep_route", kept.append)
    with NormChart(model()) as other:
        parts = set(parts_of([other, *other._chart.parts]))
        assert parts <= set(kept)


def test_bqplot_is_imported_when_a_chart_is_made_and_not_before() -> None:
    code = (
        "import sys; import weightwidgets as ww; from torch import nn; chart = ww.NormChart;"
        "assert 'bqplot' not in sys.modules; chart(nn.Linear(1, 1)); assert 'bqplot' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_picture_marks_the_selected_layer(chart: NormChart) -> None:
    first = chart.picture()
    chart.layer = "2"
    second = chart.picture()
    assert first is not None
    assert second is not None
    assert first.tobytes() != second.tobytes()


def test_the_browser_tests_have_these_frames() -> None:
    source = {
        "a": torch.full((4,), 2.0),
        "<img src=x>": torch.zeros(9),
        "c": torch.arange(3.0),
        "meta": torch.empty(2, device="meta"),
    }
    with NormChart(source) as chart:
        before = state_of(NormControls(source))
        assert chart.wait(30)
        check_fixture("norms", {"before": before, "measured": state_of(chart._controls)})
