"""Frames: what arrives is what was sent, bit for bit, and no text ever travels as JSON."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weightwidgets import wire


def read(part: dict[str, Any]) -> np.ndarray:
    return np.frombuffer(part["data"], dtype=part["dtype"]).reshape(part["shape"])


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint32", "float32", "float64"])
def test_an_array_arrives_bit_for_bit(dtype: str) -> None:
    array = np.arange(24).reshape(2, 3, 4).astype(dtype)
    assert np.array_equal(read(wire.encode(array[:, ::-1])), array[:, ::-1])


@given(st.lists(st.integers(0, 2**40), max_size=20))
def test_counts_travel_in_the_smallest_dtype_that_holds_them(counts: list[int]) -> None:
    part = read(wire.encode(np.array(counts, dtype=np.int64)))
    assert part.tolist() == counts
    highest = max(counts, default=0)
    expected = next((width for width in (1, 2, 4) if highest < 256**width), 8)
    assert part.dtype.itemsize == expected


def test_negative_int64_travel_as_float64() -> None:
    assert read(wire.encode(np.array([-3, 5]))).tolist() == [-3.0, 5.0]


def test_float16_and_bool_arrive_as_types_that_a_browser_has() -> None:
    assert wire.encode(np.array([0.5], dtype=np.float16))["dtype"] == "float32"
    assert read(wire.encode(np.array([True, False]))).tolist() == [1, 0]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.0, 1e-300])
def test_a_float_keeps_its_bits(value: float) -> None:
    assert read(wire.encode(value)).tobytes() == np.float64(value).tobytes()


def test_whole_numbers_beyond_javascript_become_floats() -> None:
    assert wire.encode(2**53 - 1) == 2**53 - 1
    assert read(wire.encode(2**60)).item() == 2.0**60


@given(st.text())
def test_text_travels_as_bytes_and_comes_back(text: str) -> None:
    sent = wire.to_bytes(text)
    assert wire.from_bytes(sent) == text.encode("utf-8", "replace").decode("utf-8")
    assert wire.from_bytes(memoryview(sent)) == wire.from_bytes(sent)


def test_no_string_of_a_frame_meets_json() -> None:
    @dataclasses.dataclass(frozen=True)
    class Answer:
        name: str
        parts: tuple[object, ...]

    frame = wire.frame(answer=Answer("<!--<script>", ("</script>", None, True, 3)))

    def texts(value: object) -> list[str]:
        if isinstance(value, dict):
            return [text for part in value.values() for text in texts(part)]
        if isinstance(value, list):
            return [text for part in value for text in texts(part)]
        return [value] if isinstance(value, str) else []

    assert texts(frame) == []
    assert frame["answer"]["name"] == b"<!--<script>"


def test_what_a_browser_cannot_read_is_refused() -> None:
    with pytest.raises(TypeError, match="cannot carry a object"):
        wire.frame(thing=object())


def test_a_token_is_the_same_for_the_same_key_and_differs_for_another() -> None:
    assert wire.token((1, "a")) == wire.token((1, "a")) != wire.token((1, "b"))


@pytest.mark.parametrize("hidden", ["\u202e", "\u200b", "\x00", "\u2028", "\ue000"])
def test_hidden_characters_of_a_name_become_visible(hidden: str) -> None:
    shown = wire.display_name(f"a{hidden}b")
    assert shown == f"a[U+{ord(hidden):04X}]b"


@given(st.text(max_size=2000))
def test_a_shown_name_is_short_and_printable(name: str) -> None:
    shown = wire.display_name(name, limit=60)
    assert len(shown) <= 60
    json.dumps(shown)


def test_a_long_name_keeps_its_two_ends() -> None:
    shown = wire.display_name("start" + "x" * 5000 + "end", limit=50)
    assert shown.startswith("start")
    assert shown.endswith("end")
    assert "…" in shown


@pytest.mark.parametrize("blank", ["\u3164", "\uffa0", "\u034f", "\ufe0f"])
def test_letters_and_marks_that_draw_nothing_are_marked(blank: str) -> None:
    assert wire.display_name(f"a{blank}b") == f"a[U+{ord(blank):04X}]b"


def test_combining_characters_are_composed_for_display() -> None:
    assert wire.display_name("cafe\u0301") == "caf\u00e9"
