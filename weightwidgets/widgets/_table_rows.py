"""The rows of the layer table: what stands there at once, what is measured, and in which order."""

from __future__ import annotations

import dataclasses
import json
import math
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from weightwidgets import wire
from weightwidgets.analysis._cache import shared
from weightwidgets.analysis.histogram import histogram
from weightwidgets.analysis.summary import summary
from weightwidgets.sources.repeats import repeated_groups
from weightwidgets.tables import parameter_count

from ._stream import steady

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from weightwidgets.layer import Layer
    from weightwidgets.sources.source import Source

    from ._stream import Version

    Column = Callable[[Layer], float]

#: What is measured of every layer, in the order in which it travels; the user's own columns follow.
MEASURED = ("frobenius", "rms", "mean", "std", "min", "max", "near_zero", "nan", "inf")
SORTABLE = ("name", "kind", "shape", "parameters", "frobenius", "rms", "mean", "std", "near_zero")
SPARK_BINS = 32
_LARGEST_EXACT_FRAME = 800_000


@dataclasses.dataclass(frozen=True)
class Row:
    """What is known of a layer without reading a value."""

    names: tuple[str, ...]
    kind: str
    shape: tuple[int, ...]
    shape_text: str
    dtype: str
    parameters: int

    @property
    def name(self) -> str:
        """The layer's key."""
        return self.names[0]


@dataclasses.dataclass(frozen=True, eq=False)
class Measurement:
    """What reading a layer's values gave.

    Attributes
    ----------
    values : numpy.ndarray
        float64, shape ``(len(MEASURED) + len(columns),)``; NaN where there is no number.
    spark : numpy.ndarray
        uint8, shape ``(32,)``: counts of 32 equal bins from the smallest to the largest weight, as heights of
        which 255 is the highest; a bin that holds any weight is at least 1 high.
    note : str
        Sentences on what is unusual about the layer, or why it has no numbers.
    errors : mapping of str to str
        What the user's own columns raised, by column.
    """

    values: np.ndarray
    spark: np.ndarray
    note: str
    errors: Mapping[str, str]


def list_rows(source: Source) -> tuple[Row, ...]:
    """List the layers of a source, without their values."""
    return tuple(
        Row(
            names=layer.names,
            kind=layer.kind,
            shape=layer.shape,
            shape_text=shape_text(layer),
            dtype=str(layer.dtype).removeprefix("torch."),
            parameters=parameter_count(layer),
        )
        for layer in source.values()
    )


def shape_text(layer: Layer) -> str:
    """Give a shape as it is read aloud."""
    if not layer.initialized:
        return "unknown yet"
    return " × ".join(map(str, layer.shape)) or "scalar"  # noqa: RUF001 -- as shapes are read aloud


def rows_frame(rows: Sequence[Row], columns: Sequence[str], token: int) -> wire.Frame:
    """Write what stands in the table at once: one text, because no name may meet an HTML parser."""
    shown = {index: wire.display_name(row.name) for index, row in enumerate(rows)}
    content = {
        "names": [row.name for row in rows],
        "shown": {index: name for index, name in shown.items() if name != rows[index].name},
        "kinds": [row.kind for row in rows],
        "shapes": [row.shape_text for row in rows],
        "dtypes": [row.dtype for row in rows],
        "parameters": [row.parameters for row in rows],
        "aliases": {
            index: [wire.display_name(alias) for alias in row.names[1:]]
            for index, row in enumerate(rows)
            if len(row.names) > 1
        },
        "groups": [
            {"pattern": wire.display_name(pattern), "members": members}
            for (pattern, _), members in repeated_groups((row.name, row.kind) for row in rows).items()
        ],
        "values": [*MEASURED, *columns],
        "columns": [wire.display_name(name) for name in columns],
    }
    return wire.frame(text=json.dumps(content, ensure_ascii=False, separators=(",", ":")), token=token)


def measure(layer: Layer, version: Version, columns: Mapping[str, Column]) -> Measurement:
    """Read a layer's values; what cannot be read or computed is said, never raised."""
    note, numbers = layer.note, [math.nan] * len(MEASURED)
    spark = np.zeros(SPARK_BINS, np.uint8)
    weight = cache(lambda: steady(layer.weight))
    try:
        found = shared.get((version, "summary"), lambda: summary(weight()))
        bars = shared.get((version, "histogram", SPARK_BINS), lambda: histogram(weight(), SPARK_BINS))
    except ValueError as problem:
        note = note or str(problem)
    else:
        infinite = found.posinf + found.neginf
        # Nothing was measured where no weight is finite, though the sum of nothing is 0.
        frobenius = found.l2 if found.finite else math.nan
        moments = (frobenius, found.rms, found.mean, found.std, found.min, found.max, found.near_zero)
        numbers = [*moments, float(found.nan), float(infinite)]
        highest = max(1, int(bars.counts.max()))
        # Rounded up among integers: a floating 255.00000000000003 would become 256, and 0 in a byte.
        spark = ((bars.counts * 255 + highest - 1) // highest).astype(np.uint8)
    errors: dict[str, str] = {}
    for name, column in columns.items():
        numbers.append(_own_number(column, layer, name, errors))
    return Measurement(np.array(numbers), spark, note, errors)


def _own_number(column: Column, layer: Layer, name: str, errors: dict[str, str]) -> float:
    # The user's function may raise anything; that is a matter of one cell.
    try:
        return float(column(layer))
    except Exception as problem:  # noqa: BLE001
        errors[name] = wire.display_name(f"{type(problem).__name__}: {problem}")
        return math.nan


def order_of(
    rows: Sequence[Row],
    values: Callable[[int], np.ndarray | None],
    names: Sequence[str],
    search: str,
    sort_by: str,
) -> list[int]:
    """Give the rows that a search leaves, in the order that `sort_by` asks for, as the browser shows them.

    Parameters
    ----------
    rows : sequence of Row
        All rows, in model order.
    values : callable
        ``values(index)``: the numbers of a row, None before it is measured.
    names : sequence of str
        What the numbers are called.
    search : str
        Words, each of which must occur in a name, an alias or the kind; case does not matter.
    sort_by : str
        A column, ``-`` before it for falling order, "" for model order. Rows without a number come last.
    """
    words = search.casefold().split()
    texts = ("\n".join([*row.names, row.kind]).casefold() for row in rows)
    found = [index for index, text in enumerate(texts) if all(word in text for word in words)]
    if not sort_by:
        return found
    column = sort_by.removeprefix("-")
    known: list[tuple[Any, int]] = []
    last: list[int] = []
    for index in found:
        key = _sort_key(rows[index], values(index), column, names)
        if key is None:
            last.append(index)
        else:
            known.append((key, index))
    known.sort(key=lambda pair: pair[0], reverse=sort_by.startswith("-"))
    return [index for _, index in known] + last


def _sort_key(row: Row, numbers: np.ndarray | None, column: str, names: Sequence[str]) -> Any:
    if column in ("name", "kind"):
        return getattr(row, column).casefold()
    if column in ("shape", "parameters"):
        return getattr(row, column)
    number = math.nan if numbers is None else float(numbers[names.index(column)])
    return None if math.isnan(number) else number


def numbers_frame(
    measurements: Sequence[tuple[Measurement | str | None, bool]], token: int, *, width: int, **progress: Any
) -> wire.Frame:
    """Write what is measured so far.

    Parameters
    ----------
    measurements : sequence of (Measurement, str or None, bool)
        Per row: what was measured, the sentence why it could not be, or None before either; and whether that
        is of the weights as they are now.
    token : int
        That of the rows which these numbers belong to.
    width : int
        Numbers per row: `MEASURED` and the user's own.
    **progress
        ``measured``, ``total`` and ``live``.
    """
    values = np.full((len(measurements), width), math.nan)
    spark = np.zeros((len(measurements), SPARK_BINS), np.uint8)
    status = np.zeros(len(measurements), np.uint8)
    notes: dict[int, str] = {}
    errors: dict[int, Mapping[str, str]] = {}
    for index, (found, current) in enumerate(measurements):
        if found is None:
            continue
        status[index] = 1 if current else 2
        note = found if isinstance(found, str) else found.note
        if note:
            notes[index] = wire.display_name(note, 400)
        if isinstance(found, Measurement):
            values[index], spark[index] = found.values, found.spark
            if found.errors:
                errors[index] = found.errors
    text = json.dumps({"notes": notes, "errors": errors}, ensure_ascii=False, separators=(",", ":"))
    # A message stays below a megabyte; the table shows four digits, float32 holds seven.
    packed = values if values.nbytes + spark.nbytes < _LARGEST_EXACT_FRAME else values.astype(np.float32)
    return wire.frame(token=token, status=status, values=packed, spark=spark, text=text, **progress)
