from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.widgets.fixture import edge_ranks, thaw
from weightwidgets.analysis import histogram, shuffled
from weightwidgets.analysis.histogram_table import OUTSIDE
from weightwidgets.sources.open import open_source
from weightwidgets.widgets._answers import Ask, Peer
from weightwidgets.widgets._histogram_answers import MIXED, ONE_RANGE, HistogramAnswers, Snapped


@pytest.fixture
def conv() -> nn.Conv2d:
    torch.manual_seed(0)
    return nn.Conv2d(3, 16, 5)


def answers(conv: nn.Module, *, live: bool = False, **traits: Any) -> HistogramAnswers:
    layer = next(iter(open_source(nn.Sequential(conv)).values()))
    asked = {"value_range": "full", "selected_range": None, "filter_index": 0, "shuffled": False, **traits}
    return HistogramAnswers(Ask(layer, (0, layer.fingerprint()), asked, live), token=1)


def counts_in(cells: np.ndarray, frame: dict[str, Any], bins: int) -> np.ndarray:
    """Add cells up to bins as the browser does."""
    before = np.concatenate(([0], np.cumsum(cells)))
    start = (bins - 1) * (bins + 2) // 2
    return np.diff(before[edge_ranks(frame)[start : start + bins + 1]])


def overlay_cells(given: HistogramAnswers) -> np.ndarray:
    frame, overlay = thaw(given.frame()), thaw(given.overlay())
    if overlay["weights"] is not None:
        return np.bincount(overlay["weights"][overlay["weights"] != OUTSIDE], minlength=frame["cells"].size)
    cells: np.ndarray = overlay["cells"].astype(np.int64)
    if overlay["carry"]:
        cells[overlay["carry"]["index"]] += overlay["carry"]["count"]
    return cells


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16], ids=str)
def test_layer_and_filter_equal_numpy_at_every_bin_count(conv: nn.Conv2d, dtype: torch.dtype) -> None:
    conv.to(dtype)
    weight = conv.weight.detach()
    exact = weight if dtype == torch.float32 else weight.double()
    given = answers(conv, filter_index=5)
    frame, overlay = thaw(given.frame()), overlay_cells(given)
    for bins in range(1, 257):
        counts, edges = np.histogram(exact.numpy(), bins)
        assert np.array_equal(counts_in(frame["cells"], frame, bins), counts)
        one = np.histogram(exact[5].numpy(), edges)[0]
        assert np.array_equal(counts_in(overlay, frame, bins), one)


def test_a_filter_much_larger_than_the_number_of_cells_is_exact_too() -> None:
    wide = nn.Conv1d(1, 2, 100_000)
    with torch.no_grad():
        wide.weight.copy_(torch.randn(wide.weight.shape, generator=torch.Generator().manual_seed(1)))
        wide.weight[1, 0, 300:] = 0.125
    given = answers(wide, filter_index=1)
    frame, overlay = thaw(given.frame()), overlay_cells(given)
    assert thaw(given.overlay())["weights"] is None
    assert len(given.overlay()["cells"]["data"]) < 70_000
    for bins in (1, 50, 256):
        edges = np.histogram(wide.weight.detach().numpy(), bins)[1]
        one = np.histogram(wide.weight[1].detach().numpy(), edges)[0]
        assert np.array_equal(counts_in(overlay, frame, bins), one)


def test_counts_travel_in_the_smallest_dtype_and_a_small_layer_in_a_small_frame(conv: nn.Conv2d) -> None:
    given = answers(conv).frame()
    frame = thaw(given)
    assert frame["cells"].dtype == np.uint8
    assert frame["edge_ranks"]["steps"].dtype == np.int8
    assert len(given["cells"]["data"]) + len(given["edge_ranks"]["steps"]["data"]) < 60_000


def test_the_central_range_states_what_is_outside(conv: nn.Conv2d) -> None:
    with torch.no_grad():
        conv.weight[0, 0, 0, :3] = torch.tensor([float("nan"), float("inf"), float("-inf")])
    frame = thaw(answers(conv, value_range="central").frame())
    reference = histogram(conv.weight, 50, "central")
    outside = {name: frame[name] for name in ("below", "above", "nan", "posinf", "neginf")}
    assert outside == {name: getattr(reference, name) for name in outside}
    assert frame["below"] + frame["above"] > 0
    assert (frame["nan"], frame["posinf"], frame["neginf"]) == (1, 1, 1)
    assert frame["cells"].sum() + sum(outside.values()) == frame["numel"] == conv.weight.numel()


def test_a_shuffled_filter_is_a_row_of_the_shuffled_layer(conv: nn.Conv2d) -> None:
    weight = conv.weight.detach()
    given = answers(conv, filter_index=3, shuffled=True)
    mixed = np.asarray(shuffled(weight, 0))[3]
    expected = np.histogram(mixed, np.histogram(weight.numpy(), 50)[1])[0]
    assert np.array_equal(counts_in(overlay_cells(given), thaw(given.frame()), 50), expected)


def test_more_bins_than_the_frame_answers_equal_numpy_too(conv: nn.Conv2d) -> None:
    weight = conv.weight.detach().numpy()
    counts, edges = np.histogram(weight, 777)
    fine = thaw(answers(conv, filter_index=3).fine(777))
    assert np.array_equal(fine["counts"], counts)
    assert np.array_equal(fine["filter"]["counts"], np.histogram(weight[3], edges)[0])


def test_a_selection_is_snapped_only_while_it_is_the_one_that_was_brushed(conv: nn.Conv2d) -> None:
    given = answers(conv, selected_range=(0.0, 0.05))
    assert thaw(given.selection(Snapped(1, (0.0, 0.05), (9, 2, 3))))["snapped"] == [9, 2, 3]
    assert thaw(given.selection(Snapped(2, (0.0, 0.05), (9, 2, 3))))["snapped"] is None
    assert thaw(given.selection(Snapped(1, (0.0, 0.06), (9, 2, 3))))["snapped"] is None
    assert thaw(given.selection(None))["snapped"] is None


@pytest.mark.parametrize("bins", [1, 9, 50, 256, 500])
def test_brushed_bins_hold_what_their_range_holds(conv: nn.Conv2d, bins: int) -> None:
    edges = histogram(conv.weight, bins).bin_edges
    for first, last in [(0, bins - 1), (bins // 3, bins // 2), (bins - 1, bins - 1)]:
        selected = (float(edges[first]), float(edges[last + 1]))
        given = answers(conv, selected_range=selected)
        brushed = thaw(given.selection(Snapped(1, selected, (bins, first, last))))
        typed = thaw(given.selection(None))
        assert brushed["count"] == typed["count"]
        assert brushed["filter"] == typed["filter"]


def test_a_layer_that_changes_while_it_is_read_says_so(conv: nn.Conv2d) -> None:
    given = answers(conv, live=True)
    assert thaw(given.frame())["notes"] == []
    with torch.no_grad():
        conv.weight.add_(1)
    assert thaw(given.overlay())["notes"] == [MIXED]


def test_without_a_layer_there_is_no_answer() -> None:
    with pytest.raises(ValueError, match="no layer"):
        HistogramAnswers(Ask(None, (0, None), {}, live=False), token=1)


def compared(weight: torch.Tensor, other: torch.Tensor, value_range: object = "full") -> HistogramAnswers:
    one, two = (open_source({"w": tensor})["w"] for tensor in (weight, other))
    asked = {"value_range": value_range, "selected_range": None, "filter_index": 0, "shuffled": False}
    peer = Peer(two, (0, two.fingerprint()))
    return HistogramAnswers(Ask(one, (0, one.fingerprint()), asked, live=False, peers=(peer,)), token=1)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ([-3.0, 1.0], (-3.0, 2.0)),
        ([0.0, 7.0], (-1.0, 7.0)),
        ([0.5, 0.5], (-1.0, 2.0)),
        ([float("nan"), 9.0], (-1.0, 9.0)),
    ],
)
def test_a_range_that_is_shared_goes_from_the_lowest_to_the_highest_weight_of_all(
    other: list[float], expected: tuple[float, float]
) -> None:
    given = compared(torch.tensor([[-1.0, 2.0, 0.0]]), torch.tensor([other]))
    frame = thaw(given.frame())
    assert tuple(frame["range"]) == expected
    assert ONE_RANGE in frame["notes"]
    # Bounds that float32 holds: numpy and the view begin from the same two numbers.
    assert all(float(np.float32(bound)) == bound for bound in expected)
    counts = np.histogram(np.array([-1.0, 2.0, 0.0], np.float32), 30, expected)[0]
    assert np.array_equal(counts_in(frame["cells"], frame, 30), counts)
    assert np.array_equal(given.histogram(30).counts, counts)


def test_equal_constants_are_compared_over_a_range_around_them() -> None:
    given = compared(torch.full((2, 2), 3.0), torch.full((1, 5), 3.0))
    assert tuple(thaw(given.frame())["range"]) == (1.5, 4.5)


@pytest.mark.parametrize(
    "other",
    [torch.tensor([[float("nan"), float("inf")]]), torch.empty(0, 2), torch.empty(2, 2, device="meta")],
)
def test_a_layer_without_numbers_changes_no_range(other: torch.Tensor) -> None:
    frame = thaw(compared(torch.tensor([[-1.0, 2.0]]), other).frame())
    assert tuple(frame["range"]) == (-1.0, 2.0)
    assert ONE_RANGE not in frame["notes"]


def test_a_layer_without_numbers_is_drawn_over_the_range_of_the_other() -> None:
    given = compared(torch.tensor([[float("nan")]]), torch.tensor([[-4.0, 5.0]]))
    assert tuple(thaw(given.frame())["range"]) == (-4.0, 5.0)


def test_the_central_range_that_is_shared_holds_the_central_ranges_of_all() -> None:
    torch.manual_seed(1)
    one, two = torch.randn(200, 100), 3 * torch.randn(100, 100) + 1
    low, high = thaw(compared(one, two, "central").frame())["range"]
    ends = [np.quantile(weight.double().numpy(), [0.0005, 0.9995]) for weight in (one, two)]
    assert low == pytest.approx(min(end[0] for end in ends), rel=1e-6)
    assert high == pytest.approx(max(end[1] for end in ends), rel=1e-6)


def test_a_range_that_was_given_stays_as_it_is() -> None:
    frame = thaw(compared(torch.tensor([[-1.0, 2.0]]), torch.tensor([[-9.0, 9.0]]), (0.0, 1.0)).frame())
    assert tuple(frame["range"]) == (0.0, 1.0)
    assert ONE_RANGE not in frame["notes"]
