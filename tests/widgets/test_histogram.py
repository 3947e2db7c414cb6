from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
import traitlets as t
from torch import nn

from tests.widgets.fixture import check_fixture, state_of, thaw
from weightwidgets import wire
from weightwidgets.analysis import histogram
from weightwidgets.analysis._cache import Cache
from weightwidgets.analysis.histogram import bin_count, bin_edges
from weightwidgets.widgets import _histogram_answers
from weightwidgets.widgets import histogram as module
from weightwidgets.widgets.histogram import WeightHistogram

if TYPE_CHECKING:
    from collections.abc import Callable

OUTPUTS = ["frame", "overlay", "fine", "selection", "error"]
BINS = [1, 2, 3, 7, 50, 100, 255, 256]
HOSTILE = "<img src=x onerror=alert(1)>\u202e"


@pytest.fixture(autouse=True)
def _no_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "bundle", lambda _name: "")
    monkeypatch.setattr(_histogram_answers, "shared", Cache())


@pytest.fixture
def model() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 16, 5), nn.ReLU(), nn.Conv2d(16, 4, 3))


def weights_of(model: nn.Sequential, name: str = "0") -> torch.Tensor:
    weight = model.get_submodule(name).weight
    assert isinstance(weight, torch.Tensor)
    return weight.detach()


def test_up_to_256_bins_nothing_is_computed_and_nothing_published(
    model: nn.Sequential, monkeypatch: pytest.MonkeyPatch
) -> None:
    with WeightHistogram(model) as view:
        answers: list[str] = []
        monkeypatch.setattr(view, "answer", lambda: answers.append("answered"))
        for bins in (1, 256, 51):
            view.set_state({"bins": bins})
        view.bins, view.log_counts = 60, True
        assert view.bins == 60
        assert answers == []
        view.bins = 257
        assert answers == ["answered"]


@pytest.mark.parametrize("bins", [257, 1000, 4096])
def test_more_than_256_bins_are_counted_by_the_kernel(model: nn.Sequential, bins: int) -> None:
    with WeightHistogram(model, filter_index=2) as view:
        frame = view.frame
        view.bins = bins
        fine = thaw(view.fine)
        counts, edges = np.histogram(weights_of(model).numpy(), bins)
        assert (fine["bins"], fine["token"], fine["filter"]["index"]) == (bins, frame["token"], 2)
        assert np.array_equal(fine["counts"], counts)
        assert np.array_equal(fine["filter"]["counts"], np.histogram(weights_of(model)[2].numpy(), edges)[0])
        assert view.frame is frame
        view.bins = 50
        assert view.fine == {}


@pytest.mark.parametrize("rule", ["sqrt", "sturges", "fd"])
def test_a_rule_becomes_its_number_for_the_layer_at_hand_and_is_not_kept(
    model: nn.Sequential, rule: str
) -> None:
    with WeightHistogram(model, bins=rule) as view:
        assert view.bins == bin_count(weights_of(model), rule)
        view.layer = "2"
        assert view.bins == bin_count(weights_of(model), rule)
        view.bins = rule
        assert view.bins == bin_count(weights_of(model, "2"), rule)


@pytest.mark.parametrize("wrong", [0, 4097, -1, 2.5, True, None, "scott"])
def test_a_wrong_number_of_bins_is_refused_and_the_last_stays(model: nn.Sequential, wrong: Any) -> None:
    with WeightHistogram(model, bins=20) as view:
        with pytest.raises(t.TraitError, match="bins must be"):
            view.bins = wrong
        assert view.bins == 20


def test_values_of_the_browser_are_clamped_or_ignored(model: nn.Sequential) -> None:
    with WeightHistogram(model) as view:
        for sent, taken in [(0, 1), (9999, 4096), ("fd", 4096), (None, 4096), (12, 12)]:
            view.set_state({"bins": sent})
            assert view.bins == taken
        view.set_state({"layer": b"2", "filter_index": 99})
        assert (view.layer, view.filter_index) == ("2", 3)
        view.set_state({"brush": [1, 2], "frame": {}})
        assert view.selected_range is None
        assert view.frame != {}


def test_a_given_range_arrives_from_the_browser_as_a_list(model: nn.Sequential) -> None:
    with WeightHistogram(model) as view:
        view.set_state({"value_range": [-0.05, 0.05]})
        assert view.value_range == (-0.05, 0.05)
        assert thaw(view.frame)["range"].tolist() == [float(np.float32(-0.05)), float(np.float32(0.05))]
        with pytest.raises(t.TraitError, match="two finite numbers in order"):
            view.value_range = (1.0, 0.0)


@pytest.mark.parametrize(
    ("bins", "first", "last"), [(50, 10, 20), (7, 0, 6), (256, 255, 255), (1000, 400, 401)]
)
def test_brushed_bins_become_the_range_of_their_exact_edges(
    model: nn.Sequential, bins: int, first: int, last: int
) -> None:
    weight = weights_of(model)
    with WeightHistogram(model, filter_index=3, bins=bins) as view:
        view.set_state({"brush": [view.frame["token"], bins, first, last]})
        counts, edges = np.histogram(weight.numpy(), bins)
        assert view.selected_range == (float(edges[first]), float(edges[last + 1]))
        selection = thaw(view.selection)
        assert selection["snapped"] == [bins, first, last]
        assert selection["count"] == counts[first : last + 1].sum()
        assert selection["share"].item() == selection["count"] / weight.numel()
        one = np.histogram(weight[3].numpy(), edges)[0][first : last + 1].sum()
        assert selection["filter"]["count"] == one
        assert selection["filter"]["share"].item() == one / weight[3].numel()


def test_the_same_bins_can_be_brushed_again_after_they_were_given_up(model: nn.Sequential) -> None:
    with WeightHistogram(model) as view:
        brush = [view.frame["token"], 10, 2, 3]
        view.set_state({"brush": brush})
        selected = view.selected_range
        assert view.brush is None
        view.set_state({"brush": []})
        assert (view.selected_range, view.selection) == (None, {})
        view.set_state({"brush": brush})
        assert view.selected_range == selected


def test_bins_of_a_histogram_that_is_no_longer_shown_select_nothing(model: nn.Sequential) -> None:
    with WeightHistogram(model) as view:
        token = view.frame["token"]
        view.layer = "2"
        view.set_state({"brush": [token, 10, 2, 3]})
        assert view.selected_range is None
        for brush in ([10, 5, 3], [10, 0, 10], [0, 0, 0], [10, -1, 3]):
            view.set_state({"brush": [view.frame["token"], *brush]})
            assert view.selected_range is None


def test_a_range_set_in_python_is_kept_as_given_and_closed_only_at_the_top(model: nn.Sequential) -> None:
    weight = weights_of(model).double().numpy()
    with WeightHistogram(model, selected_range=(0, 0.01)) as view:
        assert view.selected_range == (0.0, 0.01)
        assert thaw(view.selection)["count"] == ((weight >= 0) & (weight < 0.01)).sum()
        assert thaw(view.selection)["snapped"] is None
        view.selected_range = (0.0, float(weight.max()))
        assert thaw(view.selection)["count"] == (weight >= 0).sum()
        view.selected_range = None
        assert view.selection == {}


def test_the_same_question_again_publishes_nothing(model: nn.Sequential) -> None:
    with WeightHistogram(model, selected_range=(0, 1), bins=300) as view:
        published: list[str] = []
        view.observe(lambda change: published.append(change["name"]), OUTPUTS)
        view.answer()
        view.filter_index = view.filter_index
        view.set_state({"filter_index": 0, "value_range": "full", "selected_range": [0.0, 1.0]})
        assert published == []


def test_a_filter_step_sends_the_filter_and_not_the_layer_again(model: nn.Sequential) -> None:
    with WeightHistogram(model) as view:
        published: list[str] = []
        view.observe(lambda change: published.append(change["name"]), OUTPUTS)
        view.set_state({"filter_index": 7})
        assert published == ["overlay"]
        assert (view.overlay["filter_index"], view.overlay["token"]) == (7, view.frame["token"])


def test_a_layer_with_fewer_filters_takes_the_last(model: nn.Sequential) -> None:
    with WeightHistogram(model, filter_index=15) as view:
        view.layer = "2"
        assert (view.filter_index, view.overlay["filter_index"]) == (3, 3)
        assert view.overlay["token"] == view.frame["token"]
        with pytest.raises(t.TraitError, match="0 to 3"):
            view.filter_index = 4


def test_shuffling_sends_the_filter_and_not_the_layer_again(model: nn.Sequential) -> None:
    with WeightHistogram(model, filter_index=3) as view:
        frame = view.frame
        assert thaw(view.overlay)["seed"] is None
        view.shuffled = True
        assert view.frame is frame
        assert thaw(view.overlay)["seed"] == 0


def test_new_weights_are_seen(model: nn.Sequential) -> None:
    with WeightHistogram(model) as view:
        token = view.frame["token"]
        with torch.no_grad():
            weights_of(model).mul_(2)
        view.look(cell_ended=True)
        assert view.frame["token"] != token
        assert thaw(view.frame)["range"][1] == float(weights_of(model).max())


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: nn.Linear(3, 4, device="meta"), "on `meta`"),
        (lambda: nn.LazyLinear(4), "uninitialised"),
        (nn.ReLU, "no weights"),
    ],
)
def test_what_has_no_values_says_so_in_a_sentence(make: Callable[[], nn.Module], sentence: str) -> None:
    with WeightHistogram(nn.Sequential(make())) as view:
        assert sentence in view.error
        assert view.frame == view.overlay == {}
        assert view.picture() is None


@pytest.mark.parametrize("shape", [(0, 5), (4, 0), (1,), ()])
def test_layers_of_next_to_nothing_have_a_histogram(shape: tuple[int, ...]) -> None:
    with WeightHistogram({"w": torch.full(shape, 0.25)}, selected_range=(0, 1)) as view:
        assert view.error == ""
        numel = int(np.prod(shape))
        assert thaw(view.frame)["cells"].sum() == numel
        assert thaw(view.selection)["count"] == numel
        assert (view.overlay == {}) == (shape == (0, 5))
        assert view.picture() is not None


def test_a_hostile_name_travels_as_bytes_and_hides_nothing() -> None:
    with WeightHistogram({HOSTILE: torch.randn(3, 4)}) as view:
        assert isinstance(view.frame["title"], bytes)
        assert thaw(view.frame)["title"] == wire.display_name(HOSTILE)
        assert "\u202e" not in thaw(view.frame)["title"]


def test_the_picture_is_as_large_as_the_view_is_asked_to_be(model: nn.Sequential) -> None:
    with WeightHistogram(model, log_counts=True, selected_range=(0, 0.05), bins=300) as view:
        picture = view.picture()
        assert picture is not None
        assert picture.size == (860, 290)
        view.size = "large"
        assert (view.picture() or picture).size == (1220, 410)


def test_unknown_arguments_are_refused_with_a_hint(model: nn.Sequential) -> None:
    with pytest.raises(TypeError, match="did you mean 'bins'"):
        WeightHistogram(model, bin=5)


def test_the_fixtures_of_the_browser_tests_are_what_python_writes_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A token tells one state of the weights from the next, by their address too.
    monkeypatch.setattr(wire, "token", lambda _key: 7)
    draw = np.random.default_rng(0)
    conv = torch.from_numpy(draw.normal(0, 0.1, (8, 3, 5, 5)).astype(np.float32))
    conv[0, 0, 0, :3] = torch.tensor([float("nan"), float("inf"), float("-inf")])
    wide = torch.from_numpy(np.round(draw.normal(0, 1, (2, 40_000)), 3))
    wide[1] = 0.125
    check_fixture(
        "histogram",
        {
            "conv": case(conv, filter_index=5, value_range="central", selected_range=(0.0, 0.1)),
            "wide": case(wide, filter_index=1, bins=300),
            "edges": [
                {
                    "low": low,
                    "high": high,
                    "bins": bins,
                    "single": single,
                    "edges": edges.astype(float).tolist(),
                }
                for low, high, single in SPANS
                for bins in (1, 3, 50, 127)
                for edges in [bin_edges(low, high, bins, np.float32 if single else np.float64)]
            ],
        },
    )


# Bounds of every kind: ordinary, beyond what float32 divides, beyond what float64 spans, and denormal.
SPANS = [
    (float(np.float32(-0.31)), float(np.float32(0.29)), True),
    (-0.31, 0.29, False),
    (1.0, float(np.nextafter(np.float32(1), np.float32(2))), True),
    (-float(np.finfo(np.float32).max), float(np.finfo(np.float32).max), True),
    (-1.7e308, 1.7e308, False),
    (0.0, 4e-322, False),
]


def case(weight: torch.Tensor, **traits: Any) -> dict[str, Any]:
    """Give the state of a view, and the histograms that the browser must find in it."""
    with WeightHistogram({"conv.weight": weight}, **traits) as view:
        state = state_of(view)
        value_range = traits.get("value_range")
        row = weight[view.filter_index]
        expected = {}
        for bins in [*BINS, view.bins]:
            whole = histogram(weight, bins, value_range)
            finite = row[torch.isfinite(row)].double().numpy()
            expected[str(bins)] = {
                "counts": whole.counts.tolist(),
                "filter": np.histogram(finite, whole.bin_edges)[0].tolist(),
                "edges": whole.bin_edges.astype(float).tolist() if bins < 100 else [],
            }
        return {"state": state, "expected": expected}
