import numpy as np

from weightwidgets.pictures.experts import experts_picture

DARKEST, ACCENT = (0x78, 0x2C, 0x00), (0x0B, 0x62, 0xC4)
LEFT, TOP = 70, 14 + 54


def drawn(
    levels: list[list[int]], table: list[list[float]] | None = None, selected: tuple[int, int] | None = None
) -> np.ndarray:
    numbers = np.ones((len(levels), len(levels[0]))) if table is None else np.array(table)
    depths = [str(row) for row in range(len(levels))]
    cells = np.array(levels, np.uint8)
    image = experts_picture("experts", depths, cells, numbers, (0.0, 1.0), "norm", selected)
    return np.asarray(image)


def places(picture: np.ndarray, color: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    # The legend below holds every colour.
    lines, columns = np.nonzero((picture[:-48] == color).all(axis=-1))
    return lines, columns


def test_each_expert_is_a_cell_of_its_colour_at_its_place() -> None:
    lines, columns = places(drawn([[128, 128, 128], [128, 128, 255]]), DARKEST)
    assert (lines.min() - TOP, np.ptp(lines) + 1) == (22, 22)
    assert (columns.min() - LEFT, np.ptp(columns) + 1) == (2 * 28, 28)


def test_a_cell_without_a_number_stays_white() -> None:
    assert not places(drawn([[255, 128]], [[np.nan, 1.0]]), DARKEST)[0].size


def test_the_selected_expert_is_framed() -> None:
    assert not places(drawn([[128] * 4] * 3), ACCENT)[0].size
    lines, columns = places(drawn([[128] * 4] * 3, selected=(1, 2)), ACCENT)
    assert (lines.min(), columns.min()) == (TOP + 22 - 2, LEFT + 2 * 28 - 2)


def test_many_experts_get_narrow_cells_and_a_wider_picture_where_they_must() -> None:
    assert drawn([[128] * 128]).shape[1] == 900
    assert drawn([[128] * 1000]).shape[1] == LEFT + 1000 + 14


def test_the_legend_says_what_the_colours_are() -> None:
    cells, ones = np.full((2, 2), 128, np.uint8), np.ones((2, 2))
    pictures = [
        np.asarray(experts_picture("experts", ["0", "1"], cells, ones, (-1.0, 1.0), measure))
        for measure in ("norm", "similarity")
    ]
    blue = [(picture[-48:] == (0x1C, 0x45, 0x88)).all(axis=-1).any() for picture in pictures]
    assert blue == [False, True]
