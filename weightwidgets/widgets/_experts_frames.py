"""What the view of experts shows: the norms and similarities of all, and those of one layer two by two."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np

from weightwidgets import wire
from weightwidgets.analysis.filter_grid import flags_of, symmetric_levels
from weightwidgets.analysis.similarity import Similarity, similarity
from weightwidgets.layer import Layer
from weightwidgets.sources.experts import ExpertRow, expert_rows

from ._stream import Failure, steady

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray
    from PIL import Image

    from weightwidgets.sources.source import Source

Measure = Literal["norm", "similarity"]
Outcome = Similarity | Failure | None

PENDING, MEASURED, STALE, FAILED = range(4)
#: A message stays below a megabyte: five bytes for each two experts of the selected layer.
MOST_COMPARED = 600
_LONGEST_SENTENCE = 200


class FirstOfRows(Mapping[str, Layer]):
    """The first tensor of each layer's experts, by its name: what stands for the layer in a stream."""

    def __init__(self, source: Source, rows: Callable[[], Sequence[ExpertRow]]) -> None:
        self._source = source
        self._rows = rows

    def __getitem__(self, name: str) -> Layer:
        return self._source[name]

    def __iter__(self) -> Iterator[str]:
        return iter([row.names[0] for row in self._rows()])

    def __len__(self) -> int:
        return len(self._rows())


def rows_named(source: Source, pattern: str) -> tuple[ExpertRow, ...]:
    """List the experts of a pattern; none where there are none, for a cell may have taken them away."""
    try:
        return expert_rows(source, pattern) if pattern else ()
    except ValueError:
        return ()


def row_of(rows: Sequence[ExpertRow], first: Layer) -> ExpertRow:
    """Give the row that a layer stands for in the stream."""
    return next(row for row in rows if row.names[0] == first.name)


def row_version(source: Source, row: ExpertRow) -> tuple[object, ...]:
    """Tell one state of the experts of a layer from the next."""
    return (row.names, *(source[name].fingerprint() for name in row.names))


def measure_row(source: Source, row: ExpertRow) -> Similarity:
    """Compare the experts of one layer.

    Raises
    ------
    ValueError
        If they have different sizes, or one has no values to read.
    """
    # Each expert is copied for itself while a cell runs; all together they may be torn, which is said.
    return similarity([steady(tensor) for tensor in row.tensors(source)])


def selected_in(rows: Sequence[ExpertRow], layer: str, expert: int) -> tuple[int, int] | None:
    """Give the row and the place in it of the selected expert; None while another layer is selected."""
    for place, row in enumerate(rows):
        if layer in row.names:
            fused = len(row.names) == 1
            return place, min(expert, len(row.numbers) - 1) if fused else row.names.index(layer)
    return None


def shape_of(source: Source, row: ExpertRow) -> str:
    """Give the shape of one expert, as it is read aloud."""
    shape = source[row.names[0]].shape
    fused = len(row.numbers) > len(row.names)
    return " × ".join(map(str, shape[1:] if fused else shape))  # noqa: RUF001


def rows_frame(pattern: str, choices: Sequence[str], rows: Sequence[ExpertRow], shape: str) -> wire.Frame:
    """Write what stands there before anything is measured."""
    content = {
        "pattern": pattern,
        "label": wire.display_name(pattern, 80),
        "shape": shape,
        "choices": [{"pattern": one, "label": wire.display_name(one, 80)} for one in choices],
        "rows": [
            {
                "depth": wire.display_name(row.depth, 12),
                "names": row.names,
                "labels": [wire.display_name(name, 80) for name in row.names],
                "numbers": row.numbers,
            }
            for row in rows
        ],
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return wire.frame(text=text, token=wire.token(tuple(rows)))


def table_of(rows: Sequence[ExpertRow], outcomes: Sequence[Outcome], measure: Measure) -> NDArray[np.float64]:
    """Give a measure of every expert, a row for each layer; NaN where there is none."""
    table = np.full((len(rows), max((len(row.numbers) for row in rows), default=0)), np.nan)
    for place, outcome in enumerate(outcomes):
        if isinstance(outcome, Similarity):
            numbers = outcome.norms if measure == "norm" else outcome.mean_cosine
            table[place, : numbers.size] = numbers
    return table


def scale_of(table: NDArray[np.float64], measure: Measure) -> tuple[float, float]:
    """Give the ends of a table's colour scale: of norms the lowest and the highest, of cosines about zero."""
    finite = table[np.isfinite(table)]
    if not finite.size:
        return (0.0, 0.0)
    if measure == "similarity":
        limit = float(np.abs(finite).max())
        return (-limit, limit)
    return (float(finite.min()), float(finite.max()))


def levels_of(table: NDArray[np.float64], ends: tuple[float, float], measure: Measure) -> NDArray[np.uint8]:
    """Give each number its place in the colour table; norms take its upper half, from light to dark."""
    low, high = ends
    if measure == "similarity":
        return symmetric_levels(table, high)
    return symmetric_levels(table - low, high - low)


def grid_frame(
    rows: Sequence[ExpertRow], outcomes: Sequence[tuple[Outcome, bool]], *, live: bool
) -> wire.Frame:
    """Build the frame of all layers: both measures, their colours and their scales."""
    found = [outcome for outcome, _ in outcomes]
    state = np.full(len(rows), PENDING, np.uint8)
    sentences: dict[int, str] = {}
    non_finite = 0
    for place, (outcome, current) in enumerate(outcomes):
        if isinstance(outcome, Failure):
            state[place] = FAILED
            sentences[place] = wire.display_name(outcome.sentence, _LONGEST_SENTENCE)
        elif outcome is not None:
            state[place] = MEASURED if current else STALE
            non_finite += outcome.non_finite
    parts: dict[str, object] = {}
    measures: tuple[Measure, Measure] = ("norm", "similarity")
    for measure in measures:
        table = table_of(rows, found, measure)
        ends = scale_of(table, measure)
        levels = levels_of(table, ends, measure)
        parts[measure] = {
            "values": table,
            "levels": levels,
            "known": flags_of(table) == 0,
            "ends": np.array(ends),
        }
    return wire.frame(
        **parts,
        state=state,
        sentences=json.dumps(sentences),
        measured=int(np.isin(state, (MEASURED, FAILED)).sum()),
        non_finite=non_finite,
        live=live,
        token=wire.token(tuple(rows)),
    )


def pairs_of(found: Similarity) -> tuple[NDArray[np.float32], NDArray[np.uint8], float]:
    """Give the cosines above the diagonal, row by row, their colours, and the limit of their scale."""
    above = found.cosine[np.triu_indices(found.norms.size, 1)]
    limit = float(np.abs(above[np.isfinite(above)]).max(initial=0))
    return above.astype(np.float32), symmetric_levels(above, limit), limit


def pairs_frame(rows: Sequence[ExpertRow], place: int, outcome: Outcome) -> wire.Frame:
    """Build the frame of one layer's experts two by two; empty where there is nothing to draw."""
    if not isinstance(outcome, Similarity) or not 1 < outcome.norms.size <= MOST_COMPARED:
        return {}
    cosines, levels, limit = pairs_of(outcome)
    return wire.frame(
        place=place,
        count=int(outcome.norms.size),
        cosines=cosines,
        levels=levels,
        limit=limit,
        token=wire.token(tuple(rows)),
    )


def draw_experts(
    pattern: str,
    rows: Sequence[ExpertRow],
    outcomes: Sequence[Outcome],
    measure: Measure,
    selected: tuple[int, int] | None,
) -> Image.Image:
    """Draw a measure of all experts as a picture."""
    from weightwidgets.pictures.experts import experts_picture

    table = table_of(rows, outcomes, measure)
    ends = scale_of(table, measure)
    return experts_picture(
        wire.display_name(pattern, 80),
        [wire.display_name(row.depth, 12) for row in rows],
        levels_of(table, ends, measure),
        table,
        ends,
        measure,
        selected,
    )
