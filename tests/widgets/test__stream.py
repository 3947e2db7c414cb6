"""All layers are measured on one background thread and published a few times a second."""

from __future__ import annotations

import itertools
import threading
import time
from typing import TYPE_CHECKING, Any

import torch

from weightwidgets.widgets import _stream
from weightwidgets.widgets._desk import Desk
from weightwidgets.widgets._stream import Failure, Stream, steady
from weightwidgets.widgets._watch import watch

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

WAIT = 20.0


class Bench:
    """A stream over named versions, which notes what it measured, published, and on which thread."""

    def __init__(self, versions: dict[str, int], desk: Desk | None = None, seconds: float = 0.0) -> None:
        self.versions = versions
        self.desk = desk or Desk()
        self.seconds = seconds
        self.measured: list[str] = []
        self.published: list[tuple[float, int, int]] = []
        self.threads: set[str] = set()
        self.refuse: set[str] = set()
        source: Any = _Names(versions)
        self.stream: Stream[tuple[str, int]] = Stream(
            source, self.desk, version=self.version, measure=self.measure, publish=self.publish
        )

    def version(self, layer: Any) -> tuple[object, ...]:
        return (self.versions[layer],)

    def measure(self, layer: Any, version: tuple[object, ...]) -> tuple[str, int]:
        time.sleep(self.seconds)
        self.measured.append(layer)
        if layer in self.refuse:
            raise ValueError("this one has no values")
        return (layer, self.versions[layer]) if version else ("", 0)

    def publish(self) -> None:
        self.threads.add(threading.current_thread().name)
        self.published.append((time.monotonic(), self.stream.measured, self.stream.total))

    def run(self) -> None:
        self.stream.start()
        assert self.stream.wait(WAIT)


class _Names(dict[str, int]):
    """A source whose layers are their own names."""

    def __init__(self, versions: dict[str, int]) -> None:
        super().__init__()
        self.versions = versions

    def __iter__(self) -> Iterator[str]:
        return iter(list(self.versions))

    def __contains__(self, name: object) -> bool:
        return name in self.versions

    def __getitem__(self, name: str) -> Any:
        return name


def names(count: int) -> dict[str, int]:
    return {f"layer{number}": 0 for number in range(count)}


def test_every_layer_is_measured_once_in_order() -> None:
    bench = Bench(names(7))
    bench.run()
    assert bench.measured == list(bench.versions)
    assert [bench.stream.outcome(name) for name in bench.versions] == [(name, 0) for name in bench.versions]
    assert (bench.stream.measured, bench.stream.total) == (7, 7)


def test_nothing_runs_before_start() -> None:
    bench = Bench(names(2))
    assert not bench.stream.wait(0)
    assert bench.stream.outcome("layer0") is None
    assert bench.measured == []


def test_a_small_model_is_published_once_complete_and_off_the_main_thread() -> None:
    bench = Bench(names(5))
    bench.run()
    assert [(measured, total) for _, measured, total in bench.published] == [(5, 5)]
    assert bench.threads == {"weightwidgets-stream"}


def test_publishes_are_at_least_a_fifth_of_a_second_apart_and_the_last_is_complete() -> None:
    bench = Bench(names(30), seconds=0.02)
    bench.run()
    moments = [moment for moment, _, _ in bench.published]
    apart = [later - earlier for earlier, later in itertools.pairwise(moments)]
    assert len(moments) > 1
    assert min(apart) >= _stream.SECONDS_BETWEEN_PUBLISHES
    assert bench.published[-1][1:] == (30, 30)


def test_a_second_run_measures_only_what_changed() -> None:
    bench = Bench(names(4))
    bench.run()
    bench.measured.clear()
    bench.versions["layer2"] = 1
    bench.run()
    assert bench.measured == ["layer2"]
    assert bench.stream.outcome("layer2") == ("layer2", 1)


def test_a_run_that_finds_nothing_new_publishes_nothing() -> None:
    bench = Bench(names(4))
    bench.refuse = {"layer1"}
    bench.run()
    bench.run()
    assert len(bench.published) == 1


def test_a_layer_that_appears_later_is_measured_and_one_that_went_is_forgotten() -> None:
    bench = Bench(names(2))
    bench.run()
    bench.versions["new"] = 0
    del bench.versions["layer0"]
    bench.run()
    assert bench.stream.outcome("new") == ("new", 0)
    assert bench.stream.outcome("layer0") is None
    assert bench.published[-1][1:] == (2, 2)


def test_a_layer_that_cannot_be_measured_says_why_and_the_others_go_on() -> None:
    bench = Bench(names(3))
    bench.refuse = {"layer1"}
    bench.run()
    assert bench.stream.outcome("layer1") == Failure("this one has no values")
    assert bench.stream.outcome("layer2") == ("layer2", 0)
    assert bench.stream.measured == 3


def test_starting_again_midway_ends_with_every_layer_as_it_is_then() -> None:
    bench = Bench(names(20), seconds=0.005)
    bench.stream.start()
    time.sleep(0.03)
    bench.versions["layer0"] = 1
    bench.run()
    assert bench.stream.outcome("layer0") == ("layer0", 1)
    assert bench.stream.measured == 20


def test_closing_stops_the_work_and_every_publish() -> None:
    bench = Bench(names(200), seconds=0.005)
    bench.stream.start()
    time.sleep(0.03)
    bench.stream.close()
    bench.stream.close()
    assert bench.stream.wait(WAIT)
    count = len(bench.measured)
    time.sleep(0.3)
    assert len(bench.measured) <= count + 1
    assert bench.published == []
    assert bench.stream.outcome("layer0") is None


def test_a_closed_stream_does_not_start() -> None:
    bench = Bench(names(2))
    bench.stream.close()
    bench.stream.start()
    assert bench.stream.wait(WAIT)
    assert bench.measured == []


def test_streams_take_turns_on_one_thread() -> None:
    desk = Desk()
    first, second = Bench(names(20), desk, seconds=0.005), Bench(names(20), desk, seconds=0.005)
    first.stream.start()
    second.stream.start()
    assert first.stream.wait(WAIT)
    # Taking turns, the second is all but done; one after the other, it would not have begun.
    assert len(second.measured) >= 15
    assert second.stream.wait(WAIT)
    assert first.threads == second.threads == {"weightwidgets-stream"}


def test_a_view_that_fails_to_publish_leaves_the_others_running(caplog: pytest.LogCaptureFixture) -> None:
    broken, sound = Bench(names(3)), Bench(names(3))

    def fail() -> None:
        raise OSError("the connection is gone")

    broken.stream._publish = fail
    broken.stream.start()
    sound.run()
    assert sound.published[-1][1:] == (3, 3)
    assert "a view stopped measuring" in caplog.text


def test_publishing_holds_the_desks_lock_and_measuring_does_not() -> None:
    bench = Bench(names(1))
    free: dict[str, bool] = {}
    measure, publish = bench.stream._measure, bench.stream._publish

    def watched_measure(layer: Any, version: tuple[object, ...]) -> tuple[str, int]:
        free["measure"] = lock_is_free(bench.desk)
        return measure(layer, version)

    def watched_publish() -> None:
        free["publish"] = lock_is_free(bench.desk)
        publish()

    bench.stream._measure, bench.stream._publish = watched_measure, watched_publish
    bench.run()
    assert free == {"measure": True, "publish": False}


def lock_is_free(desk: Desk) -> bool:
    took: list[bool] = []

    def take() -> None:
        took.append(desk.lock.acquire(timeout=0.5))
        if took[0]:
            desk.lock.release()

    other = threading.Thread(target=take)
    other.start()
    other.join()
    return took[0]


def test_measuring_now_needs_no_run_and_is_kept_for_it() -> None:
    bench = Bench(names(2))
    assert bench.stream.measure_now("layer1") == ("layer1", 0)
    bench.run()
    assert bench.measured == ["layer1", "layer0"]


def test_what_is_read_while_a_cell_runs_is_marked_until_it_is_found_unchanged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench(names(3))
    monkeypatch.setattr(type(watch), "cell_runs", True)
    bench.run()
    assert bench.stream.live
    monkeypatch.setattr(type(watch), "cell_runs", False)
    bench.run()
    assert not bench.stream.live
    assert bench.measured == list(bench.versions)
    assert len(bench.published) == 2


def test_weights_are_copied_only_while_a_cell_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    weight = torch.ones(3)
    assert steady(weight) is weight
    monkeypatch.setattr(type(watch), "cell_runs", True)
    copy = steady(weight)
    weight.zero_()
    assert copy.tolist() == [1, 1, 1]


def test_the_thread_ends_when_there_is_nothing_to_do() -> None:
    bench = Bench(names(2))
    bench.run()
    deadline = time.monotonic() + WAIT
    while _stream._line._thread is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert _stream._line._thread is None
    bench.versions["layer0"] = 1
    bench.run()
    assert bench.stream.outcome("layer0") == ("layer0", 1)


def test_at_exit_the_layer_at_hand_is_finished_and_no_other_begun() -> None:
    line = _stream._Line()
    begun, go_on = threading.Event(), threading.Event()
    steps: list[str] = []

    class Slow:
        def step(self) -> float | None:
            steps.append("begun")
            begun.set()
            go_on.wait(5)
            steps.append("finished")
            return time.monotonic()

    line.join(Slow())  # type: ignore[arg-type]
    assert begun.wait(5)
    threading.Timer(0.05, go_on.set).start()
    line.end()
    assert steps == ["begun", "finished"]
    line.join(Slow())  # type: ignore[arg-type]
    assert line._thread is None
    assert steps == ["begun", "finished"]
