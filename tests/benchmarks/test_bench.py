"""There is one browser at a time, and the display's rate is back when a lifted part has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from benchmarks import bench as module
from benchmarks.bench import Bench

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.sync_api import Browser

    from examples.lab_server import LabServer
    from tests.browser.harness import Lab


class FakeBrowser:
    """Notes what it was started with, and whether it was closed."""

    version = "1.2.3"

    def __init__(self, arguments: Sequence[str]) -> None:
        self.arguments = list(arguments)
        self.is_closed = False

    def new_context(self, **_settings: object) -> FakeBrowser:
        return self

    def close(self) -> None:
        self.is_closed = True


class FakeLab:
    """Notes whether its page was closed while its browser still ran."""

    def __init__(self, browser: FakeBrowser) -> None:
        self._browser = browser
        self.closed_in_time: bool | None = None

    def close(self) -> None:
        self.closed_in_time = not self._browser.is_closed


class Started:
    """A bench whose browsers are noted."""

    def __init__(self) -> None:
        self.browsers: list[FakeBrowser] = []
        self.bench = Bench(cast("LabServer", None), self._launch, quick=False)

    def _launch(self, arguments: Sequence[str]) -> Browser:
        assert all(browser.is_closed for browser in self.browsers)
        self.browsers.append(FakeBrowser(arguments))
        return cast("Browser", self.browsers[-1])


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    monkeypatch.setattr(module, "_expect_lifted", lambda _context: None)
    return Started()


def test_a_lifted_part_has_a_browser_of_its_own(started: Started) -> None:
    assert not started.bench.is_lifted
    with started.bench.lifted():
        assert started.bench.is_lifted
        assert [browser.is_closed for browser in started.browsers] == [True, False]
    assert not started.bench.is_lifted
    assert [browser.is_closed for browser in started.browsers] == [True, True, False]
    assert [browser.arguments for browser in started.browsers] == [[], [module._LIFTED], []]


def test_the_displays_rate_is_back_after_a_part_that_broke(started: Started) -> None:
    with pytest.raises(ZeroDivisionError), started.bench.lifted():
        raise ZeroDivisionError
    assert not started.bench.is_lifted
    assert started.browsers[-1].arguments == []
    assert not started.browsers[-1].is_closed


def test_pages_are_closed_before_their_browser(started: Started) -> None:
    lab = FakeLab(started.browsers[0])
    started.bench._open.append(cast("Lab", lab))
    with started.bench.lifted():
        assert lab.closed_in_time
        assert started.bench._open == []


def test_at_the_end_no_browser_runs(started: Started) -> None:
    started.bench.end()
    assert [browser.is_closed for browser in started.browsers] == [True]


def test_a_chromium_that_keeps_to_the_displays_rate_is_no_measurement(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def keeps(_context: object) -> None:
        raise RuntimeError("this Chromium keeps to the display's rate")

    monkeypatch.setattr(module, "_expect_lifted", keeps)
    started = Started()
    with pytest.raises(RuntimeError, match="keeps"), started.bench.lifted():
        pytest.fail("nothing may be timed")
    assert started.browsers[-1].arguments == []
