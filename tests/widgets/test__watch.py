"""The watch: it looks after each cell and while one runs, and holds no view alive."""

from __future__ import annotations

import gc
import threading
from typing import Any

import pytest

from weightwidgets.widgets import _watch


class Events:
    def __init__(self) -> None:
        self.hooks: dict[str, list[Any]] = {"pre_run_cell": [], "post_run_cell": []}

    def register(self, name: str, hook: Any) -> None:
        self.hooks[name].append(hook)

    def unregister(self, name: str, hook: Any) -> None:
        self.hooks[name].remove(hook)

    def fire(self, name: str) -> None:
        for hook in list(self.hooks[name]):
            hook(None)


class Looker:
    def __init__(self) -> None:
        self.looks: list[bool] = []
        self.ended = threading.Event()
        self.running = threading.Event()

    def look(self, *, cell_ended: bool) -> None:
        self.looks.append(cell_ended)
        (self.ended if cell_ended else self.running).set()


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> Events:
    found = Events()
    monkeypatch.setattr(_watch, "_ipython_events", lambda: found)
    return found


def test_without_ipython_nothing_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_watch, "_ipython_events", lambda: None)
    watch = _watch._Watch()
    watch.add(Looker())
    assert not watch.cell_runs


def test_a_view_is_looked_at_while_a_cell_runs_and_when_it_ends(events: Events) -> None:
    watch, view = _watch._Watch(), Looker()
    watch.add(view)
    assert watch.cell_runs, "the cell that made the view is running"
    assert view.running.wait(10)
    events.fire("post_run_cell")
    assert view.ended.wait(10)
    assert not watch.cell_runs
    view.running.clear()
    events.fire("pre_run_cell")
    assert view.running.wait(10)
    events.fire("post_run_cell")


def test_hooks_stand_once_and_go_with_the_last_view(events: Events) -> None:
    watch, first, second = _watch._Watch(), Looker(), Looker()
    watch.add(first)
    watch.add(second)
    assert [len(hooks) for hooks in events.hooks.values()] == [1, 1]
    watch.discard(first)
    assert [len(hooks) for hooks in events.hooks.values()] == [1, 1]
    watch.discard(second)
    assert [len(hooks) for hooks in events.hooks.values()] == [0, 0]
    assert not watch.cell_runs


def test_a_forgotten_view_is_not_kept_alive(events: Events) -> None:
    watch = _watch._Watch()
    watch.add(Looker())
    gc.collect()
    assert len(watch._views) == 0
    events.fire("post_run_cell")


def test_a_view_that_cannot_look_does_not_blind_the_others(events: Events) -> None:
    class Broken(Looker):
        def look(self, *, cell_ended: bool) -> None:
            super().look(cell_ended=cell_ended)
            raise RuntimeError("broken")

    watch, views = _watch._Watch(), [Broken(), Looker(), Broken(), Looker()]
    for view in views:
        watch.add(view)
    events.fire("post_run_cell")
    for view in views:
        assert view.ended.wait(10)


def test_views_may_come_and_go_while_they_are_looked_at(events: Events) -> None:
    watch = _watch._Watch()
    watch.add(Looker())
    kept: list[Looker] = []
    done = threading.Event()

    def come_and_go() -> None:
        while not done.is_set():
            kept.append(Looker())
            watch.add(kept[-1])
            if len(kept) > 50:
                kept.clear()

    thread = threading.Thread(target=come_and_go)
    thread.start()
    try:
        for _ in range(300):
            watch._look(cell_ended=False)
    finally:
        done.set()
        thread.join()
    events.fire("post_run_cell")
