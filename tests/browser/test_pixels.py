"""What is drawn in the page is what numpy computes from the same weights, but for a pixel, a level."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.browser.drawn import TABLES, color, levels, read_bars, read_tiles
from tests.browser.shown import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tests.browser.shown import Shown

MODEL = """
torch.manual_seed({seed})
model = nn.Sequential({layer})
with torch.no_grad():
    model[0].weight.copy_(torch.distributions.{law}.sample(model[0].weight.shape))
explorer = ww.WeightExplorer(model)
explorer.grid.color_scope = "layer"
explorer
"""

DIVERGING = np.frombuffer(base64.b64decode(TABLES["diverging"]), np.uint8).reshape(256, 3).astype(int)
GRAY = np.frombuffer(base64.b64decode(TABLES["gray"]), np.uint8).reshape(256, 3).astype(int)


def weights(shown: Shown) -> NDArray[np.float32]:
    text = shown.lab.kernel(
        "import base64; print(base64.b64encode(model[0].weight.detach().numpy().tobytes()).decode())"
    )
    shape = shown.python("list(model[0].weight.shape)")
    return np.frombuffer(base64.b64decode(text), np.float32).reshape(shape)


def heights(counts: NDArray[np.int64], full: int, *, log: bool) -> NDArray[np.int64]:
    share = np.log(np.maximum(2 * counts, 1)) / np.log(2 * counts.max()) if log else counts / counts.max()
    return np.where(counts > 0, np.maximum(1, np.rint(full * share)), 0).astype(int)


@pytest.mark.parametrize(
    ("seed", "law"), [(0, "Normal(0.1, 0.5)"), (1, "Uniform(-1.0, 3.0)"), (2, "Laplace(-0.02, 0.01)")]
)
@pytest.mark.parametrize("log", [False, True], ids=["linear", "log"])
def test_bars_and_outline_are_as_high_as_numpy_counts(
    seed: int, law: str, log: bool, show: Callable[[str], Shown]
) -> None:
    shown = show(MODEL.format(seed=seed, layer="nn.Conv2d(3, 20, 5)", law=law))
    weight = weights(shown)
    shown.lab.kernel(f"explorer.histogram.log_counts = {log}")
    random = np.random.default_rng(seed)
    for bins in (1, 256, *random.integers(2, 256, 3).tolist()):
        for index in random.choice(20, 2, replace=False).tolist():
            shown.lab.kernel(f"explorer.bins, explorer.filter_index = {bins}, {index}")
            shown.wait_caption(shown.histogram, f"of filter {index}.")
            shown.page.wait_for_function(
                "([bars, bins]) => bars.getAttribute('aria-valuemax') === String(bins)",
                arg=[shown.bars.element_handle(), bins],
            )
            drawn = read_bars(shown.histogram, bins)
            assert drawn.full > 100
            of_filter = np.histogram(weight[index], bins, (weight.min(), weight.max()))[0]
            assert np.abs(drawn.filter - heights(of_filter, drawn.full, log=log)).max() <= 1
            expected = heights(np.histogram(weight, bins)[0], drawn.full, log=log)
            assert (drawn.least - 1 <= expected).all()
            assert (expected <= drawn.most + 1).all()


def off_by(drawn: NDArray[np.int16], table: NDArray[np.int64], wanted: NDArray[np.int64]) -> int:
    """Tell by how many levels colours differ at most from those of the table; 256 for one that it lacks."""
    # One colour may stand at two neighbouring levels.
    is_same = (drawn[..., None, :3] == table).all(axis=-1)
    distance = np.where(is_same, np.abs(wanted[..., None] - np.arange(256)), 256)
    return int(distance.min(axis=-1).max())


@pytest.mark.parametrize("seed", [3, 4])
def test_a_first_layer_is_drawn_in_the_colours_of_its_weights(
    seed: int, show: Callable[[str], Shown]
) -> None:
    shown = show(MODEL.format(seed=seed, layer="nn.Conv2d(3, 24, 7)", law="Normal(0.0, 0.2)"))
    weight = weights(shown).astype(float)
    expected = levels(weight / np.abs(weight).max()).transpose(0, 2, 3, 1)
    drawn = read_tiles(shown.grid, 7, 7)
    assert drawn.shape == (24, 1, 7, 7, 4)
    assert (drawn[..., 3] == 255).all()
    assert np.abs(drawn[:, 0, ..., :3] - expected).max() <= 1
    shown.lab.kernel("explorer.grid.color_scope = 'filter'")
    shown.wait_caption(shown.grid, "each filter")
    peaks = np.abs(weight).max(axis=(1, 2, 3), keepdims=True)
    drawn = read_tiles(shown.grid, 7, 7)
    assert np.abs(drawn[:, 0, ..., :3] - levels(weight / peaks).transpose(0, 2, 3, 1)).max() <= 1


def test_later_layers_are_drawn_in_diverging_colours_with_strays_in_their_own(
    show: Callable[[str], Shown],
) -> None:
    shown = show(MODEL.format(seed=5, layer="nn.Conv2d(5, 16, 3)", law="StudentT(3.0, 0.1, 0.3)"))
    weight = weights(shown).astype(float)
    drawn = read_tiles(shown.grid, 3, 3)
    in_sight = len(drawn)
    assert in_sight >= 8
    # Five cells in a rectangle leave room that nothing is drawn in.
    assert not drawn[:, 5:].any()
    assert off_by(drawn[:, :5], DIVERGING, levels(weight / np.abs(weight).max())[:in_sight]) <= 1
    shown.lab.kernel("""if True:
        with torch.no_grad():
            model[0].weight[2, 4, 0, 1], model[0].weight[3, 0, 2, 2] = float("nan"), float("inf")
            model[0].weight[0, 1, 1, 1] = -float("inf")
        explorer.refresh()""")
    shown.wait_caption(shown.grid, "3 weights are NaN or infinite")
    weight = weights(shown).astype(float)
    drawn = read_tiles(shown.grid, 3, 3)[:, :5]
    for place, name in (((2, 4, 0, 1), "nan"), ((3, 0, 2, 2), "posinf"), ((0, 1, 1, 1), "neginf")):
        assert drawn[place][:3].tolist() == color(f"#{TABLES[name]}").tolist()
    finite = np.isfinite(weight)
    share = np.where(finite, weight, 0) / np.abs(weight[finite]).max()
    assert off_by(drawn[finite[:in_sight]], DIVERGING, levels(share)[finite][: finite[:in_sight].sum()]) <= 1


def test_stretched_filters_are_drawn_from_their_minimum_in_black_to_their_maximum_in_white(
    show: Callable[[str], Shown],
) -> None:
    shown = show(MODEL.format(seed=6, layer="nn.Conv2d(1, 21, 5)", law="Gumbel(0.0, 1.0)"))
    shown.lab.kernel("explorer.grid.color_scope, explorer.grid.order = 'minmax', 'norm'")
    shown.wait_caption(shown.grid, "which moves zero")
    weight = weights(shown).astype(float)[:, 0]
    weight = weight[np.argsort(-np.sqrt((weight**2).sum(axis=(1, 2))), kind="stable")]
    low, high = weight.min(axis=(1, 2), keepdims=True), weight.max(axis=(1, 2), keepdims=True)
    expected = np.minimum(255, 256 * (weight - low) / (high - low)).astype(int)
    assert off_by(read_tiles(shown.grid, 5, 5)[:, 0], GRAY, expected) <= 1


def test_weights_in_the_selected_range_stay_bright_and_the_others_fade(show: Callable[[str], Shown]) -> None:
    shown = show(MODEL.format(seed=7, layer="nn.Conv2d(4, 12, 3)", law="Normal(0.0, 1.0)"))
    weight = weights(shown)
    low, high = np.float32(-0.25), np.float32(0.8)
    before = read_tiles(shown.grid, 3, 3)
    shown.lab.kernel(f"explorer.selected_range = ({low}, {high})")
    shown.selected.wait_for()
    until(lambda: bool((read_tiles(shown.grid, 3, 3) == before).all()), expected=False)
    after = read_tiles(shown.grid, 3, 3)
    bright = (after == before).all(axis=-1)[:, :4]
    assert np.array_equal(bright, (weight >= low) & (weight < high))
    # Through what fades the page shines.
    opacity = after[:, :4, ..., 3][~bright]
    assert (opacity == round(255 * TABLES["kept"])).all()
