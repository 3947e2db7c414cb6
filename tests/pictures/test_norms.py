import numpy as np
import pytest

from weightwidgets.pictures.norms import norms_picture

BAR, SELECTED = (0x8A, 0x97, 0xA6), (0x0B, 0x62, 0xC4)
PLOT = 320 - 44 - 44


def heights(values: list[float], *, log: bool, selected: int | None = None) -> list[int]:
    """Give the height of each bar in the picture, in pixels."""
    labels = [str(place) for place in range(len(values))]
    pixels = np.asarray(norms_picture("Norms", labels, np.array(values), selected, log=log))
    bars = (pixels == BAR).all(axis=-1) | (pixels == SELECTED).all(axis=-1)
    step = (900 - 70 - 14) / len(values)
    return [int(bars[:, round(70 + (place + 0.5) * step)].sum()) for place in range(len(values))]


def test_bars_are_as_high_as_their_norms_to_a_pixel() -> None:
    assert heights([1.0, 2.0, 4.0, 0.0], log=False) == [round(PLOT / 4), round(PLOT / 2), PLOT, 0]


def test_an_axis_that_holds_larger_norms_too_makes_the_bars_lower() -> None:
    picture = norms_picture("Norms", ["a"], np.array([1.0]), None, np.array([np.nan, 4.0]), log=False)
    bars = (np.asarray(picture) == BAR).all(axis=-1)
    assert bars[:, 460].sum() == round(PLOT / 4)


def test_a_decade_is_a_decade_on_a_logarithmic_axis() -> None:
    low, middle, high = heights([0.02, 0.2, 2.0], log=True)
    assert middle - low == pytest.approx(high - middle, abs=1)
    assert low > 0


@pytest.mark.parametrize("log", [False, True])
def test_what_is_not_finite_or_zero_has_no_bar(log: bool) -> None:
    assert heights([np.nan, np.inf, 0.0, 3.0], log=log)[:3] == [0, 0, 0]
    assert heights([0.0, np.nan], log=log) == [0, 0]


def test_a_norm_that_is_a_power_of_ten_still_has_a_bar() -> None:
    assert min(heights([0.1, 1.0], log=True)) > 10
    assert min(heights([1.0], log=True)) > 10


def test_only_the_selected_bar_has_another_colour() -> None:
    pixels = np.asarray(norms_picture("Norms", ["a", "b"], np.array([1.0, 1.0]), 1, log=False))
    chosen = (pixels == SELECTED).all(axis=-1)
    assert not chosen[:, :450].any()
    assert chosen[:, 500:].any()


def test_a_thousand_layers_are_drawn() -> None:
    picture = norms_picture("Norms", [f"layer.{i}" for i in range(1000)], np.ones(1000), 7, log=False)
    assert picture.size == (900, 320)
