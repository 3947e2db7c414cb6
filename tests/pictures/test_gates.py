import numpy as np

from weightwidgets.analysis.matrix_picture import matrix_picture
from weightwidgets.analysis.summary import summary
from weightwidgets.pictures.gates import COLORS, GateDrawing, Plane, gates_picture

EDGES = np.linspace(-1, 1, 5)


def row(name: str, seed: int, shape: tuple[int, int] = (6, 6)) -> GateDrawing:
    weight = np.random.default_rng(seed).uniform(-1, 1, shape)
    counts = np.histogram(weight, EDGES)[0]
    return GateDrawing(name, f"gate of {name}", matrix_picture(weight), counts, summary(weight))


ROWS = [row(name, seed) for seed, name in enumerate("rzn")]
PLANE = Plane(
    [np.array([0.5 + 0.5j, 0.5 - 0.5j]), np.array([-0.9 + 0j]), np.array([0.2 + 0j])], ["a", "b", "c"], None
)
NO_PLANE = Plane([], [], None)


def drawn(rows: list[GateDrawing] = ROWS, plane: Plane = PLANE, limit: float = 1.0) -> np.ndarray:
    return np.asarray(gates_picture("lstm", rows, limit, EDGES, plane, "a caption"))


def colored(pixels: np.ndarray, color: str) -> int:
    wanted = [int(color[place : place + 2], 16) for place in (1, 3, 5)]
    return int((pixels == wanted).all(axis=-1).sum())


def test_there_is_a_row_for_each_gate() -> None:
    assert drawn(ROWS).shape[0] - drawn(ROWS[:1]).shape[0] == 2 * 116
    assert drawn().shape[1:] == (900, 3)


def test_without_eigenvalues_the_plane_is_left_out() -> None:
    assert drawn().shape[0] - drawn(plane=NO_PLANE).shape[0] > 300
    empty = Plane([np.empty(0, np.complex128)], ["no eigenvalues"], None)
    assert drawn(plane=empty).shape == drawn(plane=NO_PLANE).shape


def test_every_gate_has_marks_of_its_own_colour_unless_another_stands_in_front() -> None:
    found = [colored(drawn(), color) for color in COLORS]
    assert min(found[:3]) > 10
    assert found[3] == 0
    front = drawn(plane=Plane(PLANE.eigenvalues, PLANE.sentences, 1))
    # Its mark in the list of gates keeps a gate's colour.
    assert 0 < colored(front, COLORS[0]) < found[0]
    assert colored(front, COLORS[1]) == found[1]


def test_an_eigenvalue_stands_where_it_is() -> None:
    lone = Plane([np.array([0.5 + 0j])], ["a"], None)
    pixels = drawn(plane=lone)
    wanted = [int(COLORS[0][place : place + 2], 16) for place in (1, 3, 5)]
    below, across = np.nonzero((pixels[:, :350] == wanted).all(axis=-1))
    assert abs(across.mean() - (14 + 170 + 0.5 * 170 / 1.08)) < 1.5
    top = 14 + 30 + 3 * 116 + 14
    assert abs(below.mean() - (top + 170)) < 1.5


def test_bars_reach_as_high_as_their_counts_on_one_axis() -> None:
    counts = [np.array([4, 0, 0, 8]), np.array([2, 0, 0, 0]), np.array([0, 0, 1, 0])]
    rows = [
        GateDrawing(one.name, one.role, one.picture, count, one.numbers)
        for one, count in zip(ROWS, counts, strict=True)
    ]
    pixels = drawn(rows)
    for place, count in enumerate(counts):
        top = 44 + place * 116
        for cell, value in enumerate(count.tolist()):
            column = pixels[top : top + 82, 376 + 75 * cell + 37]
            assert colored(column[None], "#8a97a6") == round(82 * value / 8)


def test_the_pictures_share_their_scale_and_vectors_are_bars() -> None:
    strong = drawn(limit=1.0)[44:144, 150:346]
    weak = drawn(limit=100.0)[44:144, 150:346]
    assert (
        np.ptp(strong.astype(int), axis=(0, 1)).max()
        > 100
        > np.ptp(weak[:50, :50].astype(int), axis=(0, 1)).max()
    )
    vector = drawn([row("i", 0, (1, 6))])[44:144, 150:346]
    assert (vector[:24, :100] != 255).any(axis=-1).all()


def test_long_words_stay_on_the_sheet() -> None:
    endless = Plane(PLANE.eigenvalues, ["word " * 40] * 3, None)
    pixels = np.asarray(gates_picture("name." * 200, ROWS, 1.0, EDGES, endless, "caption " * 100))
    assert (pixels[:, -8:] == 255).all()
