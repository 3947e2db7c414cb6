"""The layers of one name pattern: which they are, what is measured of each, and the frames that carry it."""

from __future__ import annotations

import dataclasses
import json
import math
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from weightwidgets import wire
from weightwidgets.analysis._cache import shared
from weightwidgets.analysis.filter_grid import flags_of, symmetric_levels
from weightwidgets.analysis.mosaic import Mosaic, mosaic
from weightwidgets.analysis.summary import Summary, summary
from weightwidgets.layer import Layer
from weightwidgets.sources.repeats import repeated_groups, sibling_pattern, stars

from ._stream import Failure, steady
from ._table_rows import shape_text
from ._watch import watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from weightwidgets.sources.source import Source

    from ._stream import Version

#: What the strip over depth can show, in the order in which it travels.
STATISTICS = tuple(field.name for field in dataclasses.fields(Summary))
PENDING, MEASURED, STALE, FAILED = range(4)
#: The flag of a pixel that stands for no weight, after those of `flags_of`.
GAP = 4
_LEAST_SIBLINGS = 3
_WIDEST, _LEAST_WIDE, _ALL_WIDE = 128, 64, 900
_LONGEST_SENTENCE = 200
# A message stays below a megabyte; float32 holds more digits than are shown.
_BYTES, _LAYERS_IN_FLOAT64 = 900_000, 1_000


class Repeats(NamedTuple):
    """The layers of one pattern, and the patterns to choose from.

    Attributes
    ----------
    pattern : str
        What their names have in common; "" where nothing repeats.
    names, shapes, depths : tuple of str
        Of each layer: its key, its shape as it is read aloud, and what the pattern's ``*`` stands for.
    choices : tuple of (str, int)
        Every pattern that repeats in the model, and how many layers have it.
    """

    pattern: str
    names: tuple[str, ...]
    shapes: tuple[str, ...]
    depths: tuple[str, ...]
    choices: tuple[tuple[str, int], ...]


class Members(Mapping[str, Layer]):
    """Those layers of a source that are listed at the moment."""

    def __init__(self, source: Source, names: Callable[[], Sequence[str]]) -> None:
        self._source = source
        self._names = names

    def __getitem__(self, name: str) -> Layer:
        return self._source[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())


def find_repeats(source: Source, pattern: str, layer: str) -> Repeats:
    """List the layers of a pattern; of "": of the layer's own, or else of the model's first matrices."""
    kinds = [(name, found.kind) for name, found in source.items()]
    counts = Counter[str]()
    vectors: set[str] = set()
    for (repeated, _), members in repeated_groups(kinds).items():
        counts[repeated] += len(members)
        if len(source[kinds[members[0]][0]].shape) <= 1:
            vectors.add(repeated)
    if not counts:
        siblings = Counter(filter(None, (sibling_pattern(name) for name, _ in kinds)))
        counts.update({found: count for found, count in siblings.items() if count >= _LEAST_SIBLINGS})
    chosen = pattern or next((found for found in counts if stars(found, layer) is not None), "")
    chosen = chosen or min(counts, key=lambda found: found in vectors, default="")
    depths = {name: found for name, _ in kinds if chosen and (found := stars(chosen, name)) is not None}
    shapes = tuple(shape_text(source[name]) for name in depths)
    told = tuple(".".join(found) or name for name, found in depths.items())
    return Repeats(chosen, tuple(depths), shapes, told, tuple(counts.items()))


def rows_frame(repeats: Repeats) -> wire.Frame:
    """Write what stands there before anything is measured."""
    content = {
        "pattern": repeats.pattern,
        "label": wire.display_name(repeats.pattern, 80),
        "choices": [
            {"pattern": pattern, "label": wire.display_name(pattern, 80), "count": count}
            for pattern, count in repeats.choices
        ],
        "names": repeats.names,
        "labels": [wire.display_name(name, 80) for name in repeats.names],
        "depths": [wire.display_name(depth, 12) for depth in repeats.depths],
        "shapes": repeats.shapes,
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return wire.frame(text=text, token=wire.token(repeats.names))


@dataclasses.dataclass(frozen=True, eq=False)
class Slice:
    """What reading one layer gave: its numbers and its picture, None where it has no weights to draw."""

    numbers: Summary
    mosaic: Mosaic | None


def side_for(layers: int) -> int:
    """Give the side of each picture in pixels: smaller where there are many."""
    room = max(_BYTES - layers * len(STATISTICS) * _value_type(layers).itemsize, 0) // 2
    wanted = min(max(_ALL_WIDE // max(layers, 1), _LEAST_WIDE), _WIDEST)
    return max(1, min(wanted, math.isqrt(room // max(layers, 1))))


def _value_type(layers: int) -> np.dtype[np.floating]:
    return np.dtype(np.float64 if layers <= _LAYERS_IN_FLOAT64 else np.float32)


def measure_slice(layer: Layer, version: Version, side: int) -> Slice:
    """Sum up a layer and draw it.

    Raises
    ------
    ValueError
        If the layer has no values to read.
    """
    if watch.cell_runs:
        # One copy for both passes; what may be torn is not remembered.
        weight = steady(layer.out_first)
        return Slice(summary(weight), mosaic(weight, side) if weight.numel() else None)
    found = shared.get((version, "summary"), lambda: summary(layer.weight))
    if not layer.numel:
        return Slice(found, None)
    return Slice(found, shared.get((version, "mosaic", side), lambda: mosaic(layer.out_first, side)))


def common_limit(slices: Sequence[Slice | Failure | None]) -> float:
    """Give the largest finite magnitude of all layers measured so far, in weight units."""
    return max((found.numbers.linf for found in slices if isinstance(found, Slice)), default=0.0)


def levels_and_flags(drawn: Mosaic, limit: float) -> tuple[np.ndarray, np.ndarray]:
    """Give each pixel its level on the shared scale, and what it is if it is no finite weight."""
    return symmetric_levels(drawn.values, limit), np.where(drawn.gaps, GAP, flags_of(drawn.values))


def slices_frame(
    outcomes: Sequence[tuple[Slice | Failure | None, bool]], *, token: int, live: bool
) -> wire.Frame:
    """Build the frame of all layers.

    Parameters
    ----------
    outcomes : sequence of (outcome, bool)
        For each layer its last outcome, and whether it is that of the weights as they are now.
    token : int
        That of the rows that these belong to.
    live : bool
        Whether an outcome was read while a cell ran.
    """
    count = len(outcomes)
    values = np.full((count, len(STATISTICS)), math.nan, _value_type(count))
    state = np.full(count, PENDING, np.uint8)
    sizes = np.zeros((count, 2), np.int64)
    blocks, sentences = [""] * count, {}
    levels, flags = [np.zeros(0, np.uint8)], [np.zeros(0, np.uint8)]
    limit = common_limit([outcome for outcome, _ in outcomes])
    for index, (outcome, current) in enumerate(outcomes):
        if isinstance(outcome, Failure):
            state[index] = FAILED
            sentences[index] = wire.display_name(outcome.sentence, _LONGEST_SENTENCE)
        elif outcome is not None:
            state[index] = MEASURED if current else STALE
            values[index] = dataclasses.astuple(outcome.numbers)
            if outcome.mosaic is not None:
                sizes[index] = outcome.mosaic.values.shape
                blocks[index] = outcome.mosaic.block
                for parts, part in zip((levels, flags), levels_and_flags(outcome.mosaic, limit), strict=True):
                    parts.append(part.astype(np.uint8).ravel())
    text = json.dumps({"sentences": sentences, "blocks": blocks}, ensure_ascii=False, separators=(",", ":"))
    return wire.frame(
        values=values,
        state=state,
        sizes=sizes,
        levels=np.concatenate(levels),
        flags=np.concatenate(flags),
        limit=limit,
        measured=int(np.isin(state, (MEASURED, FAILED)).sum()),
        live=live,
        text=text,
        token=token,
    )
