import numpy as np

from weightwidgets.analysis.channels import channels
from weightwidgets.pictures.channels import channels_picture, near_zero_sentence

BAR, NEAR = (0x8A, 0x97, 0xA6), (0xC2, 0x41, 0x0C)
LEFT, RIGHT, TOP, CHART = 70, 900 - 14, 14 + 40, 96


def columns(scale: np.ndarray, color: tuple[int, int, int], *, by_scale: bool = False) -> np.ndarray:
    image = np.asarray(channels_picture("norm", channels(scale), 0.1, by_scale=by_scale))
    return np.asarray((image[TOP : TOP + CHART + 1] == color).all(axis=-1).sum(axis=0))


def middles(count: int) -> list[int]:
    return [LEFT + round((place + 0.5) * (RIGHT - LEFT) / count) for place in range(count)]


def test_bars_are_as_high_as_their_scales() -> None:
    heights = columns(np.array([1.0, 2.0, 4.0, 3.0]), BAR)[middles(4)]
    for height, share in zip(heights.tolist(), (0.25, 0.5, 1.0, 0.75), strict=True):
        assert abs(height - share * CHART) <= 2


def test_negative_scales_hang_from_zero() -> None:
    image = np.asarray(channels_picture("norm", channels(np.array([1.0, -1.0])), 0.1))
    bars = (image[TOP : TOP + CHART + 1] == BAR).all(axis=-1)
    first, second = (np.flatnonzero(bars[:, column]) for column in middles(2))
    assert first.max() <= second.min() + 1


def test_channels_near_zero_have_another_colour_and_a_mark_below() -> None:
    scale = np.array([1.0, 0.05, 1.0, 1.0])
    assert [bool(count) for count in columns(scale, NEAR)[middles(4)]] == [False, True, False, False]
    image = np.asarray(channels_picture("norm", channels(scale), 0.1))
    below = (image[TOP + CHART + 2 : TOP + CHART + 10] == NEAR).all(axis=-1)
    assert abs(int(np.flatnonzero(below.any(axis=0)).mean()) - middles(4)[1]) <= 1


def test_by_scale_the_bars_rise() -> None:
    scale = np.array([3.0, 1.0, 4.0, 2.0])
    assert (np.diff(columns(scale, BAR, by_scale=True)[middles(4)]) > 0).all()
    assert not (np.diff(columns(scale, BAR)[middles(4)]) > 0).all()


def test_every_row_of_numbers_has_a_chart() -> None:
    ones = np.ones(3)
    alone = channels_picture("norm", channels(ones), 0.1).height
    all_four = channels_picture("norm", channels(ones, ones, ones, ones), 0.1).height
    assert all_four - alone == 3 * (CHART + 34)


def test_what_is_not_finite_or_all_zero_is_drawn_without_harm() -> None:
    assert not columns(np.array([np.nan, np.inf]), BAR).any()
    assert not columns(np.zeros(5), BAR).any()
    assert columns(np.ones(5000), BAR)[LEFT : RIGHT - 1].all()


def test_near_zero_channels_are_counted_and_listed() -> None:
    scale = np.ones(60)
    assert near_zero_sentence(channels(scale), 0.1) == (
        "Near zero, within 10% of the median magnitude 1: 0 of 60 channels."
    )
    scale[[4, 9]] = 0.01
    assert near_zero_sentence(channels(scale), 0.1).endswith(": 2 of 60 channels (4, 9).")
    scale[:20] = 0.0
    assert near_zero_sentence(channels(scale), 0.1).endswith("10, 11 and 8 more).")
