"""One change, one answer; and the lock is free while an answer is worked out."""

from __future__ import annotations

import threading

import pytest

from weightwidgets.widgets._desk import Desk, workers


class Recorder:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.answers = 0
        self.lock_was_free = True

    def answer(self) -> None:
        self.answers += 1
        taken: list[bool] = []

        def take() -> None:
            taken.append(self.desk.lock.acquire(blocking=False))
            if taken[0]:
                self.desk.lock.release()

        thread = threading.Thread(target=take)
        thread.start()
        thread.join()
        self.lock_was_free &= taken[0]


def test_however_many_changes_a_view_answers_once() -> None:
    desk = Desk()
    view = Recorder(desk)
    with desk.asking():
        for _ in range(3):
            with desk.asking():
                desk.want(view)
    assert view.answers == 1


def test_views_answer_in_the_order_in_which_they_were_asked() -> None:
    desk = Desk()
    order: list[str] = []

    class Named:
        def __init__(self, name: str) -> None:
            self.name = name

        def answer(self) -> None:
            order.append(self.name)

    first, second = Named("first"), Named("second")
    with desk.asking():
        desk.want(first)
        desk.want(second)
        desk.want(first)
    assert order == ["first", "second"]


def test_the_lock_is_free_while_a_view_answers() -> None:
    desk = Desk()
    view = Recorder(desk)
    with desk.asking():
        desk.want(view)
    assert view.answers == 1
    assert view.lock_was_free


def test_a_question_is_answered_even_if_another_was_refused() -> None:
    desk = Desk()
    view = Recorder(desk)
    with pytest.raises(ValueError, match="refused"), desk.asking():  # noqa: PT012 -- the block is the subject
        desk.want(view)
        raise ValueError("refused")
    assert view.answers == 1
    with desk.asking():
        pass
    assert view.answers == 1


def test_only_the_outermost_asker_says_whether_it_was_the_browser() -> None:
    desk = Desk()
    with desk.asking(from_browser=True), desk.asking():
        assert desk.from_browser
    with desk.asking():
        assert not desk.from_browser


def test_the_workers_are_two_and_always_the_same() -> None:
    assert workers() is workers()
    assert workers()._max_workers == 2


def test_two_desks_never_renew_to_the_same_epoch() -> None:
    first, second = Desk(), Desk()
    first.renew()
    second.renew()
    assert len({0, first.epoch, second.epoch}) == 3
