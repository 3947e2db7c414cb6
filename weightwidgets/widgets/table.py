"""A row per layer: names and shapes at once, the numbers as they are measured."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import traitlets as t

from weightwidgets import wire
from weightwidgets.pictures.table import TableRow, table_picture
from weightwidgets.sources.open import open_source

from ._base import Ask, Part, View, bundle, output, text_trait, view_state
from ._desk import Desk
from ._spelling import hint
from ._stream import Failure, Stream
from ._table_rows import (
    MEASURED,
    SORTABLE,
    Measurement,
    list_rows,
    measure,
    numbers_frame,
    order_of,
    rows_frame,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy as np
    from PIL import Image

    from weightwidgets.layer import Layer

    from ._stream import Version
    from ._table_rows import Column, Row

_ROWS_IN_PICTURE = 20
# A cell's output waits for its picture: more weights than this are left to the background.
_WEIGHTS_READ_FOR_PICTURE = 2_000_000


class LayerTable(View):
    """Every layer of a source in a table: kind, shape, parameters, norms, moments and a small histogram.

    Names and shapes stand there at once. The numbers are measured on a background thread, which starts when
    the table is first painted (or by `start`), and are measured again after a cell has changed the weights.

    Parameters
    ----------
    source : torch.nn.Module, mapping of tensors, or Source
        What `open_source` takes.
    columns : mapping of str to callable, optional
        Columns of your own: name to ``f(layer) -> float``. What `f` raises is shown in the cell.
    layer : str, optional
        The selected layer; the first by default.
    desk : Desk, optional
        Given by the explorer that this table is part of.
    **traits
        ``search``, ``sort_by``, ``size``, ``started``.

    Attributes
    ----------
    layer : str
        The selected layer. Selecting from Python scrolls to it.
    search : str
        Only rows whose name, alias or kind contains every word of it are shown.
    sort_by : str
        ``"name"``, ``"kind"``, ``"shape"``, ``"parameters"``, ``"frobenius"``, ``"rms"``, ``"mean"``,
        ``"std"``, ``"near_zero"`` or one of `columns`: rising; with ``-`` before it, falling; ``""`` is model
        order. Layers without a number come last.
    started : bool
        Whether measuring has begun; once it has, it stays True.

    Raises
    ------
    TypeError
        If `source` is no source, `columns` no mapping of names to functions, or for an unknown keyword.
    ValueError
        If a column has the name of one that is there already, or begins with ``-``.
    traitlets.TraitError
        If `layer` or `sort_by` does not exist; the message gives the nearest name.
    """

    shows_all: ClassVar[bool] = True

    _esm = t.Unicode().tag(sync=True)
    _css = t.Unicode().tag(sync=True)
    search = view_state(text_trait())
    sort_by = view_state(text_trait())
    started = view_state(t.Bool(default_value=False).tag(transient=True))
    rows = output()
    numbers = output()

    def __init__(
        self,
        source: object,
        columns: Mapping[str, Column] | None = None,
        layer: str | None = None,
        *,
        desk: Desk | None = None,
        **traits: Any,
    ) -> None:
        self._columns = _checked_columns({} if columns is None else columns)
        opened = open_source(source)
        desk = desk or Desk()
        self._epoch = desk.epoch
        self._rows = list_rows(opened)
        self._stream: Stream[Measurement] = Stream(
            opened, desk, version=self.version, measure=self._measure, publish=self._publish_numbers
        )
        super().__init__(opened, layer, desk=desk, **traits)

    @t.default("_esm")
    def _default_esm(self) -> str:
        return bundle("table.js")

    @t.default("_css")
    def _default_css(self) -> str:
        return bundle("table.css")

    @property
    def columns(self) -> Mapping[str, Column]:
        """The user's own columns."""
        return MappingProxyType(self._columns)

    def start(self) -> None:
        """Begin to measure, without waiting for a browser to paint the table."""
        self.started = True

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until every layer is measured; call `start` first.

        Parameters
        ----------
        timeout : float, optional
            Seconds; by default there is no limit.

        Returns
        -------
        bool
            Whether every layer is measured.
        """
        return self._stream.wait(timeout)

    def close(self) -> None:
        """Stop measuring and free everything; calling it again does nothing."""
        # A table whose arguments were refused is closed too, when it is collected.
        if hasattr(self, "_stream"):
            self._stream.close()
        super().close()

    def parts(self, ask: Ask) -> Iterable[Part]:
        """Answer with the rows; their numbers come from the stream."""
        del ask
        rows, columns = self._rows, tuple(self._columns)
        yield Part("rows", (rows, columns), lambda: rows_frame(rows, columns, wire.token(rows)))

    def answer(self) -> None:
        """Answer, and measure again if the explorer was refreshed."""
        if self._epoch != self._desk.epoch:
            self._epoch = self._desk.epoch
            self._look_at_all()
        super().answer()

    def look(self, *, cell_ended: bool) -> None:
        """Look at the layers again when a cell has ended."""
        if cell_ended and not self._closed:
            self._look_at_all()
        super().look(cell_ended=cell_ended)

    def coerce(self, state: dict[str, Any]) -> dict[str, Any]:
        """Bring values of the browser within bounds."""
        state = super().coerce(state)
        if not self._can_sort_by(state.get("sort_by", "")):
            del state["sort_by"]
        return state

    def picture(self) -> Image.Image | None:
        """Draw 20 rows of what the table shows, the selected one among them; None where there is no layer."""
        if not self._rows:
            return None
        rows, above, total = self._rows_in_picture()
        unread = [row for row in rows if self._stream.outcome(row.name) is None]
        if sum(row.parameters for row in unread) <= _WEIGHTS_READ_FOR_PICTURE:
            self._measure_now(row.name for row in unread)
        selected = next((place for place, row in enumerate(rows) if row.name == self.layer), None)
        drawn = [self._drawn(row) for row in rows]
        return table_picture(drawn, total - len(rows), above=above, selected=selected)

    def save_png(self, path: str | Path) -> None:
        """Write the 20 rows as a PNG file; what is not measured yet is measured first."""
        self._measure_now(row.name for row in self._rows_in_picture()[0])
        super().save_png(path)

    @t.validate("sort_by")
    def _known_column(self, proposal: t.Bunch) -> str:
        sort_by: str = proposal["value"]
        if not self._can_sort_by(sort_by):
            known = [*SORTABLE, *self._columns]
            meant = hint(sort_by.removeprefix("-"), known)
            raise t.TraitError(f"cannot sort by {sort_by!r}: pass '' or one of {', '.join(known)}{meant}")
        return sort_by

    @t.observe("started")
    def _start(self, change: t.Bunch) -> None:
        if change["new"]:
            self._stream.start()

    def _can_sort_by(self, sort_by: object) -> bool:
        known = ("", *SORTABLE, *self._columns)
        return isinstance(sort_by, str) and (sort_by in known or sort_by.removeprefix("-") in known[1:])

    def _look_at_all(self) -> None:
        rows = list_rows(self._source)
        if rows != self._rows:
            self._rows = rows
        if self.started:
            self._stream.start()

    def _measure(self, layer: Layer, version: Version) -> Measurement:
        return measure(layer, version, self._columns)

    def _measurement(self, name: str) -> Measurement | None:
        found = self._stream.outcome(name)
        return found if isinstance(found, Measurement) else None

    def _measure_now(self, names: Iterable[str]) -> None:
        for name in names:
            if name in self._source:
                self._stream.measure_now(name)

    def _rows_in_picture(self) -> tuple[list[Row], int, int]:
        """Give the rows to draw, how many stand above them, and how many there are."""
        order = [self._rows[index] for index in self._order()]
        place = next((place for place, row in enumerate(order) if row.name == self.layer), 0)
        above = max(0, place + 1 - _ROWS_IN_PICTURE)
        return order[above : above + _ROWS_IN_PICTURE], above, len(order)

    def _drawn(self, row: Row) -> TableRow:
        found = self._measurement(row.name)
        numbers = None if found is None else dict(zip(MEASURED, found.values.tolist(), strict=False))
        spark = None if found is None else found.spark
        name = wire.display_name(row.name, 60)
        return TableRow(name, row.kind, row.shape_text, row.parameters, numbers, spark)

    def _order(self) -> list[int]:
        def values(index: int) -> np.ndarray | None:
            found = self._measurement(self._rows[index].name)
            return None if found is None else found.values

        names = (*MEASURED, *self._columns)
        return order_of(self._rows, values, names, self.search, self.sort_by)

    def _publish_numbers(self) -> None:
        stream = self._stream
        found = [(stream.outcome(row.name), stream.is_current(row.name)) for row in self._rows]
        frame = numbers_frame(
            [(item.sentence if isinstance(item, Failure) else item, current) for item, current in found],
            wire.token(self._rows),
            width=len(MEASURED) + len(self._columns),
            measured=stream.measured,
            total=stream.total,
            live=stream.live,
        )
        self.set_trait("numbers", frame)


def _checked_columns(columns: object) -> dict[str, Column]:
    if not isinstance(columns, Mapping):
        given = type(columns).__name__
        raise TypeError(f"columns must be a mapping of names to functions f(layer) -> float, got {given}")
    for name, column in columns.items():
        if not isinstance(name, str):
            raise TypeError(f"a column is named by a str, got {type(name).__name__}")
        if not callable(column):
            raise TypeError(f"column {name!r} is no function f(layer) -> float but {type(column).__name__}")
        if not name or name.startswith("-") or name in (*SORTABLE, *MEASURED):
            raise ValueError(f"{name!r} cannot name a column: it is taken, empty, or begins with -")
    return dict(columns)
