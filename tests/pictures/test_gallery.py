import numpy as np

from weightwidgets.pictures.gallery import Multiple, gallery_picture

BAR = (0x8A, 0x97, 0xA6)


def bars(picture_of: list[Multiple], left_out: int = 0) -> np.ndarray:
    return np.asarray((np.asarray(gallery_picture(picture_of, left_out)) == BAR).all(axis=-1))


def test_bars_are_as_high_as_their_counts_to_a_pixel() -> None:
    counts = np.array([1, 0, 4, 2])
    drawn = bars([Multiple("a", counts, (0.0, 1.0))])
    lines, columns = np.nonzero(drawn)
    assert (lines.min(), columns.min()) != (0, 0)
    left, right = 14 + 40, 14 + 218 - 12
    heights = [drawn[:, left + round((place + 0.5) * (right - left) / 4)].sum() for place in range(4)]
    plot = 142 - 34 - 36
    assert heights == [round(plot / 4), 0, plot, round(plot / 2)]


def test_bars_stand_on_one_line_without_gaps() -> None:
    drawn = bars([Multiple("a", np.full(50, 3), (-1.0, 1.0))])
    columns = np.nonzero(drawn.any(axis=0))[0]
    assert (np.diff(columns) == 1).all()
    assert len(set(drawn.sum(axis=0)[columns])) == 1


def test_four_histograms_stand_in_a_line() -> None:
    one = Multiple("a", np.ones(3, np.int64))
    assert gallery_picture([one] * 4).height == gallery_picture([one]).height
    assert gallery_picture([one] * 5).height == gallery_picture([one]).height + 142
    assert gallery_picture([one], left_out=3).height > gallery_picture([one]).height


def test_what_is_not_measured_or_empty_has_no_bars() -> None:
    assert not bars([Multiple("a"), Multiple("b", np.zeros(5, np.int64))]).any()


def test_the_bars_of_the_selected_layer_have_another_colour() -> None:
    one = Multiple("a", np.ones(3, np.int64))
    image = np.asarray(gallery_picture([one, one, one], selected=1))
    columns = np.nonzero((image == (0x0B, 0x62, 0xC4)).all(axis=-1).any(axis=0))[0]
    assert 14 + 218 < columns.min() < columns.max() < 14 + 2 * 218
    others = np.nonzero((image == BAR).all(axis=-1).any(axis=0))[0]
    assert set(columns).isdisjoint(others)


def test_layers_left_out_are_counted_and_those_before_are_told_from_those_after() -> None:
    one = Multiple("a", np.ones(3, np.int64))
    after, before = gallery_picture([one], 9), gallery_picture([one], 9, above=4)
    assert after.size == before.size
    assert after.tobytes() != before.tobytes()
