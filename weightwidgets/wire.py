"""What travels to the browser: numpy arrays as bytes with their shape and dtype, text as UTF-8 bytes.

A frame is a dict of such parts. It is built here alone, because every shortcut loses something on the way:
an ndarray in a trait leaves the binary path, NaN in JSON arrives as a string, int64 overflows, and a name in
JSON meets the HTML parser of an exported page.
"""

from __future__ import annotations

import dataclasses
import unicodedata
import zlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

Frame = dict[str, Any]

_EXACT_IN_JAVASCRIPT = 2**53
# Letters and marks that draw nothing: fillers of Hangul, joiners, variation selectors.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u3164\uffa0") | frozenset(
    map(chr, range(0xFE00, 0xFE10))
)


def smallest(counts: npt.ArrayLike) -> np.ndarray:
    """Give whole numbers >= 0 in the smallest unsigned dtype that holds them, float64 above 2**32."""
    array = np.asarray(counts)
    highest = int(array.max(initial=0))
    for dtype in (np.uint8, np.uint16, np.uint32):
        if highest <= np.iinfo(dtype).max:
            return array.astype(dtype)
    return array.astype(np.float64)


def _array(value: np.ndarray) -> Frame:
    array = value
    if array.dtype == bool:
        array = array.astype(np.uint8)
    elif array.dtype.kind in "iu" and array.dtype.itemsize == np.dtype(np.int64).itemsize:
        array = smallest(array) if array.min(initial=0) >= 0 else array.astype(np.float64)
    elif array.dtype == np.float16:
        array = array.astype(np.float32)
    array = np.ascontiguousarray(array)
    return {"shape": list(array.shape), "dtype": array.dtype.name, "data": array.tobytes()}


def encode(value: object) -> Any:  # noqa: PLR0911 -- one return for each kind of part
    """Encode one part of a frame.

    Parameters
    ----------
    value : object
        A dataclass, mapping, sequence, ndarray, str, bytes, number, bool or None, nested at will.

    Raises
    ------
    TypeError
        For anything else: a frame never carries an object that the browser cannot read.
    """
    match value:
        case None | bool() | bytes():
            return value
        case str():
            return _utf8(value)
        case np.ndarray():
            return _array(value)
        case float() | np.floating() | np.integer():
            return _array(np.asarray(value))
        case int():
            return value if abs(value) < _EXACT_IN_JAVASCRIPT else _array(np.asarray(float(value)))
        case Mapping():
            return {str(key): encode(part) for key, part in value.items()}
        case Sequence():
            return [encode(part) for part in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: encode(getattr(value, field.name)) for field in dataclasses.fields(value)}
    msg = f"a frame cannot carry a {type(value).__name__}"
    raise TypeError(msg)


def frame(**parts: object) -> Frame:
    """Build a frame of named parts."""
    return {name: encode(part) for name, part in parts.items()}


def token(key: object) -> int:
    """Give a short number for what a frame shows: it tells the browser which frames belong together."""
    return zlib.crc32(repr(key).encode("utf-8", "backslashreplace"))


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def to_bytes(text: str, _widget: object = None) -> bytes:
    """Write a text trait for the wire."""
    return _utf8(text)


def from_bytes(data: object, _widget: object = None) -> str:
    """Read a text trait from the wire; a plain string is taken as it is."""
    if isinstance(data, str):
        return data
    return bytes(data).decode("utf-8", "replace") if isinstance(data, (bytes, bytearray, memoryview)) else ""


def display_name(name: str, limit: int = 200) -> str:
    """Make an untrusted name safe to look at: hidden and direction-changing characters become marks.

    What is written with combining characters is composed (NFC), so that names that look the same are the
    same.
    """

    def mark(character: str) -> str:
        hidden = unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
        return f"[U+{ord(character):04X}]" if hidden or character in _BLANK else character

    shown = "".join(map(mark, unicodedata.normalize("NFC", name[: 4 * limit])))
    if len(shown) <= limit and len(name) <= 4 * limit:
        return shown
    half = (limit - 1) // 2
    end = "".join(map(mark, unicodedata.normalize("NFC", name[-half:])))
    return f"{shown[:half]}…{end[-half:]}"
