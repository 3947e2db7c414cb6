import os
import pickle
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weightwidgets.sources._limits import (
    CheckpointError,
    Clock,
    Limits,
    WeightFile,
    only_checkpoint_errors,
    over_limit,
    read_json,
    shown,
)


def test_an_error_names_the_file_without_its_folders_and_says_what_to_do() -> None:
    error = CheckpointError("damaged", "/secret/place/a.pt", "it is cut short. Fetch it again.")
    assert str(error) == "a.pt: it is cut short. Fetch it again."
    assert (error.kind, error.file) == ("damaged", "/secret/place/a.pt")
    assert isinstance(error, ValueError)


@pytest.mark.parametrize(
    ("path", "remedy"),
    [
        ("owner/model-1.5b", "Download it first: nothing is fetched from a network."),
        ("owner/model.pt", "Check the path."),
        ("here/model", "Check the path."),
        ("./owner/model", "Check the path."),
        ("a/b/c", "Check the path."),
        ("model", "Check the path."),
    ],
)
def test_the_name_of_a_model_on_a_hub_is_not_taken_for_a_lost_file(
    path: str, remedy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    with pytest.raises(CheckpointError) as refusal:
        WeightFile(path)
    assert refusal.value.kind == "missing"
    assert refusal.value.detail.endswith(f"). {remedy}")


def test_an_error_survives_a_pickle() -> None:
    error = pickle.loads(pickle.dumps(CheckpointError("limit", "a.pt", "too large")))  # noqa: S301 (ours)
    assert (error.kind, error.file, error.detail) == ("limit", "a.pt", "too large")


@given(st.text(max_size=400))
def test_text_of_a_file_is_shown_on_one_line_and_printable(text: str) -> None:
    told = shown(text)
    assert told.isprintable()
    assert len(told) <= 12 * 120
    assert str(CheckpointError("damaged", f"x{text.replace('/', '')}", shown(text))).count("\n") == 0


def test_hidden_characters_are_marked_and_long_texts_cut_in_the_middle() -> None:
    assert shown("a\u202eb\x00\u200b") == "a\\u202eb\\x00\\u200b"
    assert shown("start" + "x" * 1_000_000 + "end").startswith("start")
    assert shown("start" + "x" * 1_000_000 + "end").endswith("end")


@pytest.mark.parametrize(
    "error", [ValueError("bad\x1b[31m\nline"), KeyError("x"), RecursionError(), OSError("y" * 9999)]
)
def test_whatever_a_library_raises_becomes_one_short_error(error: Exception) -> None:
    with pytest.raises(CheckpointError) as refusal, only_checkpoint_errors("a.pt"):
        raise error
    assert refusal.value.kind == "damaged"
    assert len(str(refusal.value).splitlines()) <= 5
    assert "\x1b" not in str(refusal.value)
    assert len(str(refusal.value)) < 600


def test_our_own_error_and_interrupts_pass() -> None:
    for passing in (CheckpointError("limit", "b", "c"), KeyboardInterrupt()):
        with pytest.raises(type(passing)) as found, only_checkpoint_errors("a.pt"):
            raise passing
        assert found.value is passing


def test_a_lack_of_memory_is_said() -> None:
    with pytest.raises(CheckpointError, match="more memory than there is"), only_checkpoint_errors("a.pt"):
        raise MemoryError


def test_a_refusal_names_the_limit_to_raise() -> None:
    told = str(over_limit("a", "it holds 3 tensors", "tensors"))
    assert "ww.open_source(path, limits=ww.Limits(tensors=...))" in told


def test_no_limits_refuse_nothing() -> None:
    assert all(value == float("inf") for value in vars(Limits.none()).values())
    Clock(Limits.none()).check("a")


def test_a_clock_that_ran_out_refuses() -> None:
    with pytest.raises(CheckpointError, match="seconds"):
        Clock(Limits(seconds=-1)).check("a")


def test_only_regular_files_are_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        for path in ("/dev/zero", str(tmp_path), str(tmp_path / "pipe"), str(tmp_path / "socket")):
            with pytest.raises(CheckpointError) as refusal:
                WeightFile(path)
            assert refusal.value.kind == "not a file"
    for path in (str(tmp_path / "lost"), "nul\0byte", "x" * 5000):
        with pytest.raises(CheckpointError) as refusal:
            WeightFile(path)
        assert refusal.value.kind == "missing"


def test_a_file_knows_that_it_changed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345678")
    file = WeightFile(str(path))
    assert (file.size, file.links, file.head(3)) == (8, 1, b"123")
    file.require_unchanged()
    before = file.version()
    path.write_bytes(b"1234")
    assert file.version() != before
    with pytest.raises(CheckpointError, match="changed since it was opened"):
        file.require_unchanged()
    path.unlink()
    assert file.version() is None
    with pytest.raises(CheckpointError, match="Open it again"):
        file.require_unchanged()


def test_json_is_measured_before_it_is_read() -> None:
    assert read_json(b'{"a": ["[[[[", {"b": 1}]}', "a", Limits(depth=3)) == {"a": ["[[[[", {"b": 1}]}
    with pytest.raises(CheckpointError, match="nested deeper than 32"):
        read_json(b"[" * 33 + b"]" * 33, "a", Limits())
    with pytest.raises(CheckpointError, match="header_bytes"):
        read_json(b"[1, 2]", "a", Limits(header_bytes=5))


@pytest.mark.parametrize("hostile", [b'"' * 400_000, b'"\\' * 400_000, b'"\\"' * 300_000, b"[" * 1_000_000])
def test_hostile_json_takes_no_longer_than_it_is(hostile: bytes) -> None:
    # Each of these took hours with a pattern that gave up at the end and began again one character later.
    with pytest.raises((CheckpointError, ValueError)):
        read_json(hostile, "a", Limits())
