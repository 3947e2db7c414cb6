from collections.abc import Iterator

import ipywidgets
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weightwidgets.widgets._norm_chart import (
    BAND,
    BAR,
    FAINT,
    SELECTED,
    Chart,
    chart_labels,
    decades,
    lowest_decade,
    parts_of,
    tick_count,
)
from weightwidgets.widgets._norm_layout import LOOKS


def luminance(color: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = np.array([int(color[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.fixture
def chart() -> Iterator[Chart]:
    made = Chart()
    yield made
    for part in parts_of(made.parts):
        part.close()


@pytest.mark.parametrize("page", ["#ffffff", "#111111"])
@pytest.mark.parametrize("bar", [BAR, SELECTED])
def test_bars_stand_out_from_a_white_and_from_a_black_page(bar: str, page: str) -> None:
    low, high = sorted((luminance(bar), luminance(page)))
    assert (high + 0.05) / (low + 0.05) >= 3


@given(st.lists(st.text(max_size=40), max_size=30))
def test_labels_are_short_distinct_and_free_of_markup(names: list[str]) -> None:
    labels = chart_labels(names)
    assert len(labels) == len(set(labels)) == len(names)
    for label in labels:
        assert not set("<>&$\\") & set(label)
        assert len(label) <= 26


def test_equal_labels_are_told_apart_by_their_position() -> None:
    assert chart_labels(["a" * 50, "a" * 51, "b"])[1:] == [f"{chart_labels(['a' * 50])[0]} #1", "b"]


@given(st.integers(0, 20_000), st.integers(1, 40))
def test_bqplot_writes_every_so_manyth_label(labels: int, every: int) -> None:
    num_ticks = tick_count(labels, every)
    assert num_ticks >= 2
    # What an ordinal axis of bqplot 0.13 does with `num_ticks`.
    step = 1 if labels <= num_ticks else labels // (num_ticks - 1)
    assert step >= every or labels <= 2 * every
    assert step <= 2 * every


@pytest.mark.parametrize("size", ["normal", "large"])
def test_bars_of_many_layers_keep_their_width_and_their_axis_stays(chart: Chart, size: str) -> None:
    looks = LOOKS[size]
    labels = chart_labels([f"layers.{number}.attention.query" for number in range(320)])
    chart.arrange(labels, looks)
    chart.draw(labels, np.arange(320.0), title="norm", log=False)
    margin = chart.figure.fig_margin
    width = int(chart.figure.layout.min_width.removesuffix("px")) - margin["right"]
    assert width >= 320 * looks.pitch
    assert "ww-norms-scroll" in chart.box.children[1]._dom_classes
    assert chart.box.children[1].children == (chart.figure,)
    # The axis of norms stands beside what scrolls, its ticks where the lines behind the bars are.
    assert chart.box.children[0] is chart.axis
    assert chart.axis.layout.height == chart.figure.layout.height == f"{looks.height}px"
    assert [chart.axis.fig_margin[side] for side in ("top", "bottom")] == [margin["top"], margin["bottom"]]
    up, lines = chart.axis.axes[0], chart.figure.axes[1]
    assert up.scale is lines.scale is chart.plot.bars.scales["y"]
    assert up.tick_values.tolist() == lines.tick_values.tolist()
    assert up.tick_style["font-size"] == f"{looks.text}px"


def test_few_short_labels_stand_flat_and_take_little_room(chart: Chart) -> None:
    chart.arrange(["a", "b", "c"], LOOKS["normal"])
    across = chart.figure.axes[0]
    assert (across.tick_rotate, across.tick_style["text-anchor"]) == (0, "middle")
    flat = chart.figure.fig_margin["bottom"]
    chart.arrange(["a long name of a layer"] * 9, LOOKS["normal"])
    assert (across.tick_rotate, across.tick_style["text-anchor"]) == (40, "start")
    assert chart.figure.fig_margin["bottom"] > 2 * flat


@given(st.lists(st.floats(1e-300, 1e300), min_size=1), st.booleans())
def test_a_logarithmic_axis_begins_below_every_norm_above_zero(norms: list[float], zero: bool) -> None:
    base = lowest_decade(np.array([*norms, np.nan, *([0.0] if zero else [])]))
    assert 0 < base < min(norms)
    assert base * 101 > min(norms)


def test_without_norms_above_zero_the_axis_still_has_a_beginning() -> None:
    assert lowest_decade(np.array([0.0, np.nan])) == lowest_decade(np.array([])) == 0.1


@given(st.floats(1e-12, 1e3), st.floats(1.5, 1e12))
def test_ticks_of_a_logarithmic_axis_lie_on_it_and_are_few(low: float, ratio: float) -> None:
    marks = decades(low, low * ratio)
    assert all(low <= mark <= low * ratio for mark in marks)
    assert len(marks) <= 13
    assert ratio < 10 or len(marks) >= 1


def test_a_decade_is_divided_and_many_are_not() -> None:
    assert decades(1, 10) == [1, 2, 5, 10]
    assert decades(1, 1e4) == [1, 10, 100, 1e3, 1e4]


def test_a_bar_is_as_high_as_its_norm(chart: Chart) -> None:
    chart.draw(["a", "b", "c"], np.array([1.0, 0.0, np.nan]), title="Frobenius norm", log=False)
    assert list(chart.plot.bars.x) == ["a", "b", "c"]
    assert chart.plot.bars.y.tolist() == [1, 0, 0]
    assert (chart.plot.bars.base, chart.plot.bars.scales["y"].min) == (0, 0)
    assert chart.plot.bars.scales["y"].max == 1.05


def test_zero_and_missing_norms_have_no_bar_on_a_logarithmic_axis(chart: Chart) -> None:
    chart.draw(["a", "b", "c"], np.array([0.5, 0.0, np.nan]), title="norm", log=True)
    assert chart.plot.bars.base == chart.plot.bars.scales["y"].min == 0.1
    assert chart.plot.bars.y.tolist() == [0.5, 0.1, 0.1]
    assert chart.figure.axes[1].scale is chart.plot.bars.scales["y"]


@pytest.mark.parametrize("log", [False, True])
def test_a_column_as_high_as_the_chart_takes_the_pointer_of_each_bar(chart: Chart, log: bool) -> None:
    norms = np.array([0.5, 0.0, np.nan, 1e-3])
    chart.draw(["a", "b", "c", "d"], norms, title="RMS per weight", log=log)
    columns, scale = chart.plot.columns, chart.plot.columns.scales["y"]
    assert columns.y.tolist() == [scale.max] * 4
    assert (columns.base, scale) == (scale.min, chart.plot.bars.scales["y"])
    assert columns.interactions == {"click": "select", "hover": "tooltip"}
    # Side by side without a gap, above the bars.
    assert (columns.padding, chart.figure.marks[-1]) == (0, columns)
    np.testing.assert_array_equal(columns.color, norms)
    assert columns.tooltip.labels == ["layer", "RMS per weight"]


@pytest.mark.parametrize("log", [False, True])
def test_the_selected_layer_has_a_blue_bar_and_a_faint_grey_band_as_high_as_the_chart(
    chart: Chart, log: bool
) -> None:
    chart.draw(["a", "b", "c"], np.array([1.0, 2.0, 0.0]), title="norm", log=log)
    chart.select(2)
    band, scale = chart.plot.band, chart.plot.columns.scales["y"]
    assert chart.plot.bars.selected.tolist() == [2]
    assert (band.x.tolist(), band.y.tolist(), band.base) == (["c"], [scale.max], scale.min)
    assert band.scales["y"] is scale
    assert (band.stroke, band.opacities, chart.plot.columns.opacities) == (BAND, [FAINT], [0])
    chart.select(None)
    assert band.x.size == band.y.size == chart.plot.bars.selected.size == 0


def test_the_first_and_the_last_bar_stand_off_the_axis(chart: Chart) -> None:
    assert chart.figure.padding_x > 0
    assert chart.plot.bars.scales["x"].allow_padding


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("values", [[], [0.0], [np.nan, 0.0], [np.inf]])
def test_nothing_to_draw_leaves_axes_that_can_be_drawn(chart: Chart, values: list[float], log: bool) -> None:
    chart.draw([str(place) for place in range(len(values))], np.array(values), title="norm", log=log)
    scale = chart.plot.bars.scales["y"]
    assert np.isfinite([scale.min, scale.max, *chart.plot.bars.y]).all()
    assert scale.min < scale.max
    assert not log or scale.min > 0


def test_parts_are_found_wherever_they_hang_each_once(chart: Chart) -> None:
    parts = list(parts_of([chart.box]))
    assert len(parts) == len({part.model_id for part in parts})
    for part in (
        chart.plot.bars,
        chart.plot.columns.tooltip,
        chart.figure.scale_x,
        chart.figure.layout,
        *chart.figure.axes,
        *chart.axis.axes,
    ):
        assert part in parts


def test_parts_of_a_box_that_holds_itself_end() -> None:
    box = ipywidgets.VBox()
    other = ipywidgets.VBox([box])
    box.children = (other,)
    assert {box, other} <= set(parts_of([box]))
    for part in list(parts_of([box])):
        part.close()


def test_no_mark_and_no_axis_ever_gets_another_scale(chart: Chart) -> None:
    kept = {part: part.scales if "scales" in part.keys else part.scale for part in chart.parts[1:]}
    for log in (True, False, True):
        chart.draw(["a", "b"], np.array([1.0, 2.0]), title="norm", log=log)
        chart.select(1)
        plot = chart.plots[log]
        assert chart.plot is plot
        assert chart.figure.marks == plot.marks
        assert (chart.figure.axes[1], chart.axis.axes) == (plot.lines, [plot.up])
        assert plot.bars.selected.tolist() == [1]
    assert all((part.scales if "scales" in part.keys else part.scale) is kept[part] for part in kept)


@pytest.mark.parametrize("log", [False, True])
def test_a_click_is_heard_on_either_scale(chart: Chart, log: bool) -> None:
    heard: list[list[int]] = []
    chart.on_click(lambda change: heard.append(list(change["new"])))
    chart.draw(["a", "b"], np.array([1.0, 2.0]), title="norm", log=log)
    chart.plot.columns.set_state({"selected": [1]})
    assert heard == [[1]]
