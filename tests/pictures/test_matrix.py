import numpy as np

from weightwidgets.analysis.filter_grid import flags_of, symmetric_levels
from weightwidgets.pictures.grid import colored
from weightwidgets.pictures.matrix import matrix_image


def drawn(values: np.ndarray, limit: float, notes: list[str] | None = None) -> np.ndarray:
    return np.asarray(matrix_image(values, limit, "title", notes or []))


def test_every_weight_is_a_rectangle_in_its_colour() -> None:
    values = np.array([[-1.0, 0.0, 0.5], [2.0, np.nan, np.inf]], np.float32)
    expected = colored(symmetric_levels(values, 1.0), flags_of(values), "diverging")
    picture = drawn(values, 1.0)
    for row, column in np.ndindex(values.shape):
        cell = picture[34 + 40 * row : 34 + 40 * (row + 1), 12 + 40 * column : 12 + 40 * (column + 1)]
        assert (cell == expected[row, column]).all()


def test_a_picture_of_the_sheets_size_is_drawn_pixel_for_pixel() -> None:
    values = np.random.default_rng(0).normal(size=(420, 676)).astype(np.float32)
    expected = colored(symmetric_levels(values, 2.0), flags_of(values), "diverging")
    np.testing.assert_array_equal(drawn(values, 2.0)[34 : 34 + 420, 12 : 12 + 676], expected)


def test_the_scale_runs_from_one_end_over_zero_to_the_other() -> None:
    picture = drawn(np.zeros((1, 1), np.float32), 3.0)
    bar = picture[34 + 40 + 14 + 4, 12 : 12 + 160]
    ends = np.array([[-3.0, 3.0]], np.float32)
    expected = colored(symmetric_levels(ends, 3.0), flags_of(ends), "diverging")[0]
    np.testing.assert_array_equal(bar[[0, -1]], expected)


def test_each_note_has_a_line_of_its_own() -> None:
    values = np.zeros((4, 4), np.float32)
    plain, noted = drawn(values, 1.0), drawn(values, 1.0, ["one", "two " * 200])
    assert noted.shape[0] == plain.shape[0] + 2 * 17
    assert (noted[plain.shape[0] - 10 :] < 200).any()
    assert (noted[:, -10:] == 255).all()
