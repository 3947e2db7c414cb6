"""What the statistics strip shows, laid out as text: a page for the layer and a page for its filter."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from weightwidgets.pictures._numbers import in_table
from weightwidgets.wire import display_name

from . import _how
from ._filter import noun

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from weightwidgets.analysis.strongest import Strongest
    from weightwidgets.analysis.summary import Summary
    from weightwidgets.layer import Layer
    from weightwidgets.sources.open import Source

# Whose rows are sums over inputs, so that a weight can be said to excite or to inhibit.
_WITH_INPUTS = ("conv", "linear", "rnn", "lstm", "gru", "attention")
_KERNEL_AXES = {1: ("position",), 2: ("row", "column"), 3: ("depth", "row", "column")}
_LONGEST_NAME = 200


@dataclass(frozen=True)
class Cell:
    """One number of the strip: as written, in full, its formula, and the Python line that gives it again.

    `formula` and `code` are "" for a text that is no number.
    """

    text: str
    exact: str = ""
    formula: str = ""
    code: str = ""


@dataclass(frozen=True)
class Row:
    """One line of the strip, without its numbers."""

    key: str
    label: str
    meaning: str
    source: str


@dataclass(frozen=True)
class Group:
    """Lines under one heading, and the cautions that belong beside them."""

    label: str
    rows: Sequence[Row]
    cautions: Sequence[str]


@dataclass(frozen=True)
class LayerPage:
    """The rows of the strip and the layer's numbers in them."""

    name: str
    outline: str
    notes: Sequence[str]
    groups: Sequence[Group]
    cells: Mapping[str, Cell]


@dataclass(frozen=True)
class Ranked:
    """The strongest weights of one sign: their places in words and in short, bar lengths 0 to 1, numbers."""

    label: str
    meaning: str
    source: str
    empty: str
    places: Sequence[str]
    short_places: Sequence[str]
    lengths: Sequence[float]
    cells: Sequence[Cell]


@dataclass(frozen=True)
class UnitPage:
    """The filter's numbers in the rows of the strip, its own cautions by group, and its strongest weights."""

    label: str
    cells: Mapping[str, Cell]
    cautions: Mapping[str, Sequence[str]]
    ranked: Sequence[Ranked]
    ranked_caution: str


def as_plain(page: LayerPage | UnitPage) -> dict[str, object]:
    """Give a page as plain dicts and lists."""
    return asdict(page)


def address(source: Source, layer: Layer) -> str:
    """Write the Python that reaches `layer`, for a source that is called `model`."""
    if len(layer.name) <= _LONGEST_NAME:
        return f"ww.open_source(model)[{layer.name!r}]"
    return f"list(ww.open_source(model).values())[{list(source).index(layer.name)}]"


def layer_page(layer: Layer, where: str, summary: Summary, notes: Sequence[str]) -> LayerPage:
    """Lay out the layer's side of the strip."""
    norm = display_name(layer.next_norm, 60)
    cautions = {
        "Spread": [_how.left_out("The layer", summary)],
        "Size": [_how.scale_is_arbitrary(norm)],
        "Shape": [_how.few_values("The layer", summary)],
        "Bias": [_how.bias_is_taken_away(norm) if layer.bias is not None else ""],
    }
    words = {label: {key: _how.STATISTICS[key] for key in keys} for label, keys in _how.GROUPS.items()}
    words["Bias"] = {"bias": _how.BIAS}
    groups = [
        Group(
            label,
            [Row(key, said.label, said.meaning, said.source) for key, said in rows.items()],
            [caution for caution in cautions.get(label, ()) if caution],
        )
        for label, rows in words.items()
    ]
    outline = f"{layer.kind}, {' × '.join(map(str, layer.shape)) or 'a single number'}"  # noqa: RUF001
    return LayerPage(
        display_name(layer.name), outline, notes, groups, _statistics(f"{where}.weight", summary)
    )


def unit_page(
    layer: Layer, filter_index: int, where: str, summary: Summary, strongest: Strongest
) -> UnitPage:
    """Lay out the filter's side of the strip."""
    label = f"{noun(layer)} {filter_index}"
    row = f"{where}.out_first[{filter_index}]"
    subject = label.capitalize()
    cautions = {
        "Spread": [_how.left_out(subject, summary)],
        "Shape": [_how.few_values(subject, summary)],
    }
    inputs = layer.kind.startswith(_WITH_INPUTS)
    return UnitPage(
        label,
        {**_statistics(row, summary), "bias": _bias(layer, filter_index, where)},
        {group: [caution for caution in found if caution] for group, found in cautions.items()},
        _ranked(layer, filter_index, row, summary, strongest),
        _how.FEATURES if inputs and not layer.first else "",
    )


def place(layer: Layer, filter_index: int, indices: Sequence[int]) -> str:
    """Name the place of one weight in its filter; channels are counted over all groups of the layer."""
    if layer.kind.startswith("conv"):
        per_group = layer.in_channels // layer.groups
        group = filter_index // (layer.out_channels // layer.groups)
        axes = _KERNEL_AXES.get(len(indices) - 1, ())
        kernel = [f"{axis} {index}" for axis, index in zip(axes, indices[1:], strict=True)]
        return ", ".join([f"channel {group * per_group + indices[0]}", *kernel])
    name = "input" if layer.kind.startswith(_WITH_INPUTS) else "column"
    return f"{name} {indices[0]}"


def _short(place: str) -> str:
    return place.replace("channel", "ch").replace("column", "col").replace("position", "pos")


def _statistics(weight: str, summary: Summary) -> dict[str, Cell]:
    cells = {}
    for key in _how.STATISTICS:
        if summary.finite == 0 and key in _how.GROUPS["Size"]:
            # The sum of nothing is 0, but no size was measured.
            cells[key] = Cell("–")  # noqa: RUF001 -- the dash of every number that there is not
            continue
        value = float(getattr(summary, key))
        code = f"ww.analysis.summary({weight}).{key}"
        cells[key] = Cell(_how.written(key, value), repr(value), _how.formula(key, summary), code)
    return cells


def _bias(layer: Layer, filter_index: int, where: str) -> Cell:
    bias = layer.bias
    if bias is None:
        return Cell("none")
    if bias.ndim != 1 or bias.is_complex():
        return Cell(f"of shape {' × '.join(map(str, bias.shape))}")  # noqa: RUF001
    value = float(bias[filter_index])
    text = "NaN" if math.isnan(value) else in_table(value)
    return Cell(text, repr(value), f"b[{filter_index}] = {text}", f"float({where}.bias[{filter_index}])")


def _ranked(
    layer: Layer, filter_index: int, row: str, summary: Summary, strongest: Strongest
) -> list[Ranked]:
    inputs = layer.kind.startswith(_WITH_INPUTS)
    upper, lower = (_how.EXCITING, _how.INHIBITING) if inputs else (_how.HIGHEST, _how.LOWEST)
    largest = max((abs(value) for value in (*strongest.exciting[:1], *strongest.inhibiting[:1])), default=1)
    ranked = []
    for words, side, sign in ((upper, "exciting", "above"), (lower, "inhibiting", "below")):
        values: np.ndarray = getattr(strongest, side)
        places: np.ndarray = getattr(strongest, f"{side}_places")
        share = summary.positive if side == "exciting" else summary.negative
        of = 0 if summary.finite == 0 else round(share * summary.finite)
        cells = []
        for rank, (value, indices) in enumerate(zip(values.tolist(), places.tolist(), strict=True)):
            index = ", ".join(map(str, (filter_index, *indices)))
            formula = f"w[{index}] = {in_table(value)}: number {rank + 1} of {of:,} weights {sign} 0"
            code = f"ww.analysis.strongest({row}).{side}[{rank}]"
            cells.append(Cell(in_table(value), repr(value), formula, code))
        names = [place(layer, filter_index, indices) for indices in places.tolist()]
        lengths = (abs(values) / largest).tolist()
        nothing = "" if cells else f"No weight is {sign} 0."
        short = [_short(name) for name in names]
        ranked.append(Ranked(words.label, words.meaning, words.source, nothing, names, short, lengths, cells))
    return ranked
