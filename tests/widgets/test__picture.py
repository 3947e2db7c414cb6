"""Pictures drawn in Python: saved, shown without a front end, and handed to the menu in the browser."""

from __future__ import annotations

import base64
import io
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import weightwidgets as ww
from tests.widgets.toy_view import Total, sent
from weightwidgets.widgets import _answers, _picture
from weightwidgets.widgets._code import choices
from weightwidgets.widgets._picture import small_png

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from weightwidgets.widgets._base import View

RED = (200, 0, 0)


class Painted(Total):
    """A view with something to draw: as many columns as the layer has."""

    def picture(self) -> Image.Image | None:
        return Image.new("RGB", (self._source[self.layer].in_channels, 2), RED)


@pytest.fixture
def painted(model: nn.Sequential) -> Painted:
    return Painted(model)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw within the call instead of on a worker."""
    pool = type("Pool", (), {"submit": lambda _, work, *rest: work(*rest)})()
    monkeypatch.setattr(_picture, "workers", lambda: pool)


def answers(view: View, request: int) -> list[dict[str, Any]]:
    """Ask as the browser does and give every value that `png` takes."""
    found: list[dict[str, Any]] = []

    def note(change: Any) -> None:
        found.append(change["new"])

    view.observe(note, "png")
    view.set_state({"picture_request": request})
    view.unobserve(note, "png")
    return found


def opened(answer: dict[str, Any]) -> Image.Image:
    image = Image.open(io.BytesIO(answer["png"]["data"]))
    image.load()
    return image


def test_the_menu_gets_the_picture_and_the_state_keeps_nothing_of_it(painted: Painted) -> None:
    answer, after = answers(painted, 1)
    assert answer["request"] == 1
    assert (opened(answer).size, opened(answer).getpixel((0, 0))) == ((3, 2), RED)
    assert after == painted.png == painted.get_state("png")["png"] == {}


def test_picture_and_emptiness_are_two_messages_in_order(
    painted: Painted, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = sent(painted, monkeypatch)
    painted.set_state({"picture_request": 1})
    pictures = [message["state"]["png"] for message in messages if "png" in message.get("state", {})]
    assert [bool(picture) for picture in pictures] == [True, False]


def test_every_request_is_answered_and_an_answer_to_none_is_not_drawn(painted: Painted) -> None:
    assert [answers(painted, request)[0]["request"] for request in (1, 2)] == [1, 2]
    assert answers(painted, 2) == []
    assert answers(painted, 0) == []


def test_a_view_that_has_nothing_to_draw_says_why(view: Total) -> None:
    assert answers(view, 1)[0] == {"request": 1, "problem": b"there is nothing to draw"}
    with ww.FilterGrid(nn.ReLU()) as empty:
        assert answers(empty, 1)[0]["problem"] == b"This model has no weights to show."
        with pytest.raises(ValueError, match="no weights"):
            empty.save_png("nowhere.png")


def test_a_picture_that_fails_is_told_and_not_waited_for(
    painted: Painted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise MemoryError("no room for it")

    monkeypatch.setattr(painted, "picture", fail)
    assert answers(painted, 1)[0] == {"request": 1, "problem": b"no room for it"}


def test_a_message_that_is_being_sent_swallows_no_picture(painted: Painted) -> None:
    """Two values of one trait in one `hold_sync` are one: the first, the picture, would be lost."""
    found: list[dict[str, Any]] = []
    painted.observe(lambda change: found.append(change["new"]), "png")
    thread = threading.Thread(target=painted._hand_out, args=(1,))
    with painted._desk.lock:
        thread.start()
        thread.join(0.2)
        assert found == []
    thread.join()
    assert [bool(value) for value in found] == [True, False]


def test_a_closed_view_hands_out_nothing(painted: Painted) -> None:
    painted.close()
    painted._hand_out(1)
    assert painted.png == {}


def test_asking_for_a_picture_is_no_choice_of_the_user(painted: Painted) -> None:
    painted.set_state({"picture_request": 3})
    assert "picture_request" not in {name for name, _, _ in choices(painted, ())}


def test_it_is_saved_as_it_is_drawn_and_stands_in_the_cell(painted: Painted, tmp_path: Path) -> None:
    painted.save_png(tmp_path / "view.png")
    with Image.open(tmp_path / "view.png") as image:
        assert image.tobytes() == painted.drawn().tobytes()
    shown = painted._repr_mimebundle_()[0]
    with Image.open(io.BytesIO(base64.b64decode(shown["image/png"]))) as image:
        assert image.size == (3, 2)


@pytest.mark.parametrize("name", ["view.jpg", "view.png.pdf", "0.weight"])
def test_another_ending_is_refused_and_no_file_is_written(
    painted: Painted, tmp_path: Path, name: str
) -> None:
    with pytest.raises(ValueError, match=r"ends in '\.png', not in"):
        painted.save_png(str(tmp_path / name))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["view", "VIEW.PNG"])
def test_a_path_without_an_ending_is_written_as_it_stands(
    painted: Painted, tmp_path: Path, name: str
) -> None:
    painted.save_png(tmp_path / name)
    with Image.open(tmp_path / name) as image:
        assert image.format == "PNG"


def test_the_menu_of_controls_hands_out_the_whole_that_they_stand_for(painted: Painted, view: Total) -> None:
    view.stands_for = painted
    assert opened(answers(view, 1)[0]).size == (3, 2)


VIEWS: dict[str, Callable[[ww.WeightExplorer], tuple[View, Any]]] = {
    "table": lambda explorer: (explorer.table, explorer.table),
    "statistics": lambda explorer: (explorer.statistics, explorer.statistics),
    "grid": lambda explorer: (explorer.grid, explorer.grid),
    "norms": lambda explorer: (explorer.norms._controls, explorer.norms),
    "toolbar": lambda explorer: (explorer.toolbar, explorer),
}


@pytest.mark.parametrize("name", VIEWS)
def test_every_menu_of_the_explorer_hands_out_what_python_draws(name: str) -> None:
    with ww.WeightExplorer(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Linear(5, 6))) as explorer:
        menu, whole = VIEWS[name](explorer)
        if name == "norms":
            assert whole.wait(30)
        expected = whole.picture()
        answer = answers(menu, 1)[0]
        np.testing.assert_array_equal(np.asarray(opened(answer)), np.asarray(expected))
        assert menu.png == {}


@pytest.fixture
def explorer() -> Iterator[ww.WeightExplorer]:
    torch.manual_seed(0)
    with ww.WeightExplorer(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Linear(5, 6))) as made:
        yield made


def pixels(explorer: ww.WeightExplorer) -> np.ndarray:
    return np.asarray(explorer.drawn())


def green(explorer: ww.WeightExplorer) -> np.ndarray:
    return np.asarray((pixels(explorer) == (0x00, 0xC8, 0x53)).all(axis=-1))


def holds(whole: np.ndarray, part: np.ndarray) -> bool:
    """Say whether `part` stands, pixel for pixel, in the first column of pictures."""
    height, width = part.shape[:2]
    column = whole[:, 12 : 12 + width]
    starts = np.flatnonzero((column == part[0]).all(axis=(1, 2)))
    return any(np.array_equal(column[top : top + height], part) for top in starts)


def test_the_current_view_holds_every_picture_on_the_screen_whole(explorer: ww.WeightExplorer) -> None:
    explorer.toolbar.panel = "histograms"
    whole = pixels(explorer)
    views = (explorer.table, explorer.grid, explorer.histogram, explorer.statistics, explorer.histograms)
    for view in views:
        assert holds(whole, np.asarray(view.drawn()))
    explorer.filter_index = 1
    assert not holds(whole, np.asarray(explorer.grid.drawn()))
    explorer.toolbar.panel = ""
    assert pixels(explorer).shape[0] < whole.shape[0]


def test_the_current_view_follows_the_selection(explorer: ww.WeightExplorer) -> None:
    first, mark = pixels(explorer), green(explorer)
    assert mark.any()
    explorer.filter_index = 2
    assert green(explorer).any()
    assert not np.array_equal(green(explorer), mark)
    explorer.selected_range = (-0.01, 0.01)
    faded = pixels(explorer)
    # A sentence below the grid says what has faded.
    assert faded.shape[1] == first.shape[1]
    assert holds(faded, np.asarray(explorer.grid.drawn()))
    explorer.selected_range = None
    explorer.filter_index = 0
    np.testing.assert_array_equal(pixels(explorer), first)
    explorer.layer = "1"
    assert not np.array_equal(pixels(explorer)[:70], first[:70])


def test_two_models_stand_side_by_side_and_a_missing_layer_is_told(explorer: ww.WeightExplorer) -> None:
    alone = pixels(explorer)
    twin = nn.Sequential(nn.ReLU(), nn.Linear(5, 6))
    with ww.WeightExplorer(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Linear(5, 6)), twin=twin) as both:
        told = pixels(both)
        assert told.shape[1] > 1.5 * alone.shape[1]
        marked = np.flatnonzero(green(both).any(axis=1))
        # The grid's title stands above its tiles, and beside it the sentence.
        beside = told[marked[0] - 30 : marked[-1], alone.shape[1] :]
        assert (beside < 100).all(axis=-1).any()
        both.layer = "1"
        assert green(both)[:, alone.shape[1] :].any()


def test_a_model_without_weights_has_no_picture_and_one_on_meta_has_its_table() -> None:
    with ww.WeightExplorer(nn.ReLU()) as empty:
        assert empty.picture() is None
        with pytest.raises(ValueError, match="no weights"):
            empty.drawn()
    with ww.WeightExplorer(nn.Linear(3, 4, device="meta")) as meta:
        assert holds(pixels(meta), np.asarray(meta.table.drawn()))


def test_the_picture_in_a_saved_notebook_is_small_and_no_taller_than_a_page() -> None:
    for name in ("edges", "digits"):
        with ww.WeightExplorer(ww.demo_model(name)) as demo:
            data = demo._repr_mimebundle_()["image/png"]
            assert len(data) < 300_000
    many = nn.Sequential(*(nn.Conv2d(16, 600, 3) for _ in range(40)))
    with ww.WeightExplorer(many, twin=many, layer="39", filter_index=599, size="large") as large:
        large.toolbar.panel, large.toolbar.shuffle = "histograms", True
        assert large.drawn().height < 4000
        assert green(large).any()


@pytest.mark.parametrize("most", [20_000, 5_000])
def test_a_picture_that_no_message_may_carry_loses_colours_and_then_size(most: int) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (90, 120, 3)).astype(np.uint8)
    image = Image.fromarray(noise)
    assert len(small_png(image)) > 30_000
    data = small_png(image, most)
    assert len(data) <= most
    with Image.open(io.BytesIO(data)) as small:
        assert small.size == ((120, 90) if most == 20_000 else (60, 45))
        assert small.mode == "P"


def test_a_picture_that_a_message_may_carry_keeps_every_pixel() -> None:
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (9, 12, 3)).astype(np.uint8))
    with Image.open(io.BytesIO(small_png(image))) as same:
        assert same.tobytes() == image.tobytes()


def test_a_cell_keeps_its_picture_without_what_it_would_have_to_wait_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[type] = []

    def note(view: Any) -> None:
        drawn.append(type(view))

    monkeypatch.setattr(_answers, "_VERY_LONG_ANSWER", 10)
    with ww.WeightExplorer(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Linear(5, 6))) as explorer:
        for view in (explorer.grid, explorer.histogram, explorer.statistics, explorer.table):
            monkeypatch.setattr(type(view), "picture", note)
        explorer.cell_picture()
        assert drawn == [type(explorer.table)]
        explorer.picture()
        assert set(drawn[1:]) == {type(view) for view in explorer._stage.answering()}
