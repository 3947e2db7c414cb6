from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sources import fuzz_checkpoints
from tests.sources.fuzz_checkpoints import fuzz
from weightwidgets.sources.open import CheckpointError


def test_twenty_thousand_mutated_files_are_opened_or_refused_and_run_nothing(tmp_path: Path) -> None:
    found = fuzz(20_000, tmp_path)
    assert sum(outcome.cases for outcome in found.values()) == 20_000
    # Mutations that are all refused at the first check, or none, would test little.
    assert all(0.02 < outcome.opened / outcome.cases < 0.98 for outcome in found.values())


def broken(error: BaseException) -> Callable[[Path], None]:
    def open_broken(_path: Path) -> None:
        raise error

    return open_broken


@pytest.mark.parametrize("error", [KeyError("x"), RecursionError(), fuzz_checkpoints.Hang()])
def test_any_other_exception_and_a_hang_are_found_by_their_case(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fuzz_checkpoints, "open_source", broken(error))
    with pytest.raises(AssertionError, match="case 0 of seed 5"):
        fuzz(3, tmp_path, seed=5)


def test_code_that_was_run_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def touch(_path: Path) -> None:
        (tmp_path / "touched").touch()
        raise CheckpointError("damaged", "a", "b")

    monkeypatch.setattr(fuzz_checkpoints, "open_source", touch)
    with pytest.raises(AssertionError, match="ran code"):
        fuzz(3, tmp_path)
