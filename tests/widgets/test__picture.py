"""Pictures drawn in Python: saved, shown without a front end, and handed to the menu in the browser."""

from __future__ import annotations

import base64
import io
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from torch import nn

import weightwidgets as ww
from tests.widgets.toy_view import Total, sent
from weightwidgets.widgets import _picture
from weightwidgets.widgets._code import choices
from weightwidgets.widgets._picture import small_png

if TYPE_CHECKING:
    from collections.abc import Callable
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
