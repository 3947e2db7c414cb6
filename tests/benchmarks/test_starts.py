"""The import that is timed is that of a fresh interpreter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks import starts
from tests.benchmarks.fake_bench import FakeBench

if TYPE_CHECKING:
    from collections.abc import Callable


def test_importing_is_timed_in_an_interpreter_that_has_nothing_yet() -> None:
    elapsed, brings_torch = starts.timed_import("torch")
    assert elapsed > 0
    assert brings_torch


def importer(times: dict[str, tuple[float, bool]]) -> Callable[[str], tuple[float, bool]]:
    return lambda module: times[module]


@pytest.mark.parametrize(
    ("ours", "met"), [((20.0, False), True), ((20.0, True), False), ((301.0, False), False)]
)
def test_the_import_is_met_when_it_is_quick_and_brings_no_torch(
    monkeypatch: pytest.MonkeyPatch, ours: tuple[float, bool], *, met: bool
) -> None:
    times = {"weightwidgets": ours, "numpy": (40.0, False)}
    monkeypatch.setattr(starts, "timed_import", importer(times))
    (row,) = starts.imports(FakeBench())
    assert row.met is met
    assert row.ratio == pytest.approx(ours[0] / 40)
    assert ("torch not imported" in row.measured) is not ours[1]
