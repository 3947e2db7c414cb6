"""Every view of a model, without a browser: its frames hold the reference's numbers, and no error."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

import weightwidgets as ww
from tests.widgets.fixture import edge_ranks, thaw
from weightwidgets.sources.attention import attention_blocks
from weightwidgets.sources.experts import expert_patterns, expert_rows
from weightwidgets.sources.norm_layers import norm_layers
from weightwidgets.sources.recurrent import recurrent_layers
from weightwidgets.widgets._depth_frames import STATISTICS
from weightwidgets.widgets._table_rows import MEASURED

from . import parts, reference

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from weightwidgets.sources.source import Source

    from .numbers import Subject
    from .tally import Tally

    Subjects = Mapping[str, Subject]

_PATIENCE = 120
# Four digits are written: half of the last is 500 times the millionth that numbers may be off.
_WRITTEN = 500
_SHOWN_BINS = 50


def array(frame: Mapping[str, Any]) -> np.ndarray:
    """Read an array of a frame as the browser does."""
    return np.frombuffer(frame["data"], frame["dtype"]).reshape(frame["shape"])


def check_explorer(tally: Tally, source: Source, subjects: Subjects) -> None:
    with ww.WeightExplorer(source) as explorer:
        tally.true("all layers listed", explorer.layers == list(source))
        for name, subject in subjects.items():
            with tally.at(name):
                explorer.layer = name
                explorer.filter_index = len(subject.out_first) - 1
                tally.true(f"no error ({explorer.error})", explorer.error == "")
                check_grid(tally, explorer.grid, subject)
                check_histogram(tally, explorer.histogram, subject)
                check_statistics(tally, explorer.statistics, subject)
                check_selection(tally, explorer, subject)
        explorer.table.start()
        explorer.histograms.start()
        for view in (explorer.table, explorer.histograms, explorer.norms):
            with tally.at(type(view).__name__):
                tally.true("measured in time", view.wait(_PATIENCE))
                tally.true(f"no error ({view.error})", view.error == "")
        check_table(tally, explorer.table, subjects)
        check_gallery(tally, explorer.histograms, subjects)
        check_norms(tally, explorer.norms, subjects)
        with tally.at("picture"):
            tally.true("a picture", explorer.picture() is not None)


def check_selection(tally: Tally, explorer: ww.WeightExplorer, subject: Subject) -> None:
    tally.same("the filter", reference.as_float64(explorer.tensor()), subject.out_first[-1])
    low, high = subject.bounds
    explorer.selected_range = (low, low + (high - low) / 2)
    numbers = subject.out_first
    inside = (numbers >= low) & (numbers < explorer.selected_range[1])
    tally.same("selected weights", explorer.selection()["value"].to_numpy(np.float64), numbers[inside])
    tally.same("selected in all", explorer.histogram.selection["count"], inside.sum())


def check_grid(tally: Tally, view: Any, subject: Subject) -> None:
    frame, peak = view.frame, subject.summary["linf"]
    tally.same("limit", array(frame["limit"]), [peak])
    picture = frame["picture"]
    if picture is not None:
        blocks = picture["block_rows"], picture["block_cols"]
        pixels = reference.pooled(subject.matrix, *blocks)
        tally.same("pixels", array(picture["values"]), pixels)
        tally.same("colours", array(picture["levels"]), reference.levels(pixels, array(frame["limit"])))
        row, across = subject.matrix[-1:], view.row.get("block_cols", blocks[1])
        tally.same("the selected row", array(view.row["values"])[None], reference.pooled(row, 1, across))
        tally.near("norm of the row", array(view.row["norm"]), reference.shown_norms(row))
        return
    layout = frame["tiles"]
    tiles = reference.tiles(subject.out_first, subject.module, subject.attribute)
    if tiles.ndim > 4 and layout["depth"] == 1:
        # Three channels are colours in the first layer alone.
        tiles = np.moveaxis(tiles[:, 0], -1, 1)
    size, norms = layout["page_size"], reference.rows(subject.out_first)
    for page in view.pages["pages"]:
        filters = slice(page["page"] * size, (page["page"] + 1) * size)
        if (layout["block_rows"], layout["block_cols"]) == (1, 1):
            tally.same("tiles", array(page["values"]), tiles[filters])
            across = (slice(None), *(None,) * (tiles.ndim - 1))
            colours = reference.levels(tiles[filters], norms["linf"][filters][across])
            tally.same("colours", array(page["levels"]), colours)
        tally.near("norms", array(page["norms"]), reference.shown_norms(subject.out_first)[filters])


def check_histogram(tally: Tally, view: Any, subject: Subject) -> None:
    frame = view.frame
    ranks = edge_ranks(thaw(frame))[(_SHOWN_BINS - 1) * (_SHOWN_BINS + 2) // 2 :][: _SHOWN_BINS + 1]

    def counts(cells: np.ndarray) -> np.ndarray:
        return np.diff(np.concatenate(([0], np.cumsum(cells, dtype=np.int64)))[ranks])

    cells, ends = array(frame["cells"]), subject.bounds
    expected, _ = reference.histogram(subject.numbers, subject.dtype, _SHOWN_BINS, ends)
    tally.same("range", array(frame["range"]), ends)
    tally.same("counts", counts(cells), expected)
    for name in ("numel", "nan", "posinf", "neginf"):
        tally.same(name, frame[name], subject.summary[name])
    overlay = view.overlay
    if overlay["weights"] is not None:
        placed = array(overlay["weights"])
        own = np.bincount(placed[placed < cells.size], minlength=cells.size)
    else:
        own = array(overlay["cells"]).astype(np.int64)
        if overlay["carry"]:
            np.add.at(own, array(overlay["carry"]["index"]), array(overlay["carry"]["count"]))
    expected, _ = reference.histogram(subject.out_first[-1], subject.dtype, _SHOWN_BINS, ends)
    tally.same("a filter's counts", counts(own), expected)


def check_statistics(tally: Tally, view: Any, subject: Subject) -> None:
    page = json.loads(view.frame["page"])
    for name, cell in page["cells"].items():
        if name in ("mean", "std", "min", "max", "l1", "l2", "linf", "skewness", "kurtosis"):
            expected = subject.summary[name]
            text = cell["text"].replace("\N{MINUS SIGN}", "-").replace(",", "")
            found = np.nan if text == "\N{EN DASH}" else float(text)
            # A number that is zero but for rounding is written as that rounding left it.
            least = subject.summary["rms"] if name == "mean" else float(name in ("skewness", "kurtosis"))
            tally.near(f"{name} as written", found, expected, max(_WRITTEN * abs(expected), least))
    tally.true("numbers of the unit", view.unit)


def check_table(tally: Tally, view: Any, subjects: Subjects) -> None:
    values = array(view.numbers["values"])
    tally.true("a row for each layer", len(values) == len(subjects))
    for row, (name, subject) in zip(values, subjects.items(), strict=False):
        truth = subject.summary
        known = {**truth, "frobenius": truth["l2"], "inf": truth["posinf"] + truth["neginf"]}
        for column, found in zip(MEASURED, row, strict=False):
            unit = truth["rms"] if column == "mean" else None
            tally.near(f"table: {name}: {column}", found, known[column], unit)


def check_gallery(tally: Tally, view: Any, subjects: Subjects) -> None:
    counts, ranges = array(view.bars["counts"]), array(view.bars["ranges"])
    left_out = array(view.bars["left_out"])
    for place, (name, subject) in enumerate(subjects.items()):
        bins = counts.shape[1]
        expected, _ = reference.histogram(subject.numbers, subject.dtype, bins, subject.bounds)
        tally.same(f"histograms: {name}", counts[place], expected)
        tally.same(f"histograms: ends of {name}", ranges[place], subject.bounds)
        tally.same(f"histograms: left out of {name}", left_out[place], subject.numbers.size - expected.sum())


def check_norms(tally: Tally, view: Any, subjects: Subjects) -> None:
    told = view._controls.numbers
    truths = [subject.summary for subject in subjects.values()]
    tally.same("norms: weights", array(told["weights"]), [truth["finite"] for truth in truths])
    for kind, field in (("frobenius", "l2"), ("rms", "rms")):
        # Where no weight is finite there is no norm to show.
        expected = [truth[field] if truth["finite"] else np.nan for truth in truths]
        tally.near(f"norms: {kind}", array(told[kind]), expected)
        tally.near(f"norms: {kind} as drawn", view.values(kind), expected)


def check_matrix(tally: Tally, source: Source, subjects: Subjects) -> None:
    with ww.WeightMatrix(source) as view:
        for name, subject in subjects.items():
            with tally.at(name):
                view.layer = name
                if subject.out_first.ndim > 2:
                    tally.true(f"a sentence on kernels ({view.error})", "is a convolution" in view.error)
                    continue
                tally.true(f"no error ({view.error})", view.error == "")
                tally.same("limit", array(view.frame["limit"]), [subject.summary["linf"]])
                norm = reference.rows(subject.matrix[view.filter_index :][:1])["l2"]
                tally.near("norm of the row", array(view.row["norm"]), norm)
                for tile in view.pages["tiles"]:
                    _check_tile(tally, tile, view.frame["side"], subject)
                    colours = reference.levels(array(tile["values"]), array(view.frame["limit"]))
                    tally.same("colours", array(tile["levels"]), colours)


def _check_tile(tally: Tally, tile: Mapping[str, Any], side: int, subject: Subject) -> None:
    row_level, col_level, down, across = tile["place"]
    rows, cols = 1 << row_level, 1 << col_level
    shown = subject.matrix[down * side * rows :][: side * rows, across * side * cols :][:, : side * cols]
    tally.same(f"tile {tile['place']}", array(tile["values"]), reference.pooled(shown, rows, cols))


def check_heads(tally: Tally, source: Source, subjects: Subjects) -> None:
    del subjects
    blocks = attention_blocks(source)
    if not blocks:
        return
    with ww.AttentionHeads(source) as view:
        for block in blocks:
            with tally.at(block.name):
                view.layer = block.layers[0].name
                counts = block.counts()
                expected = parts.head_numbers(parts.heads_of(block, counts))
                tally.true(f"no error ({view.error})", view.error == "")
                tally.near("norms", array(view.frame["norms"]), expected["norms"])
                ranks = np.concatenate([expected["effective_rank"], expected["stable_rank"]])
                tally.near("ranks", array(view.frame["ranks"]), ranks)
                for name in ("qk", "ov"):
                    tally.near(name, array(view.frame[name]), expected[name])
                for role in ("q", "k", "v", "o", "qk", "ov"):
                    view.role = role
                    heads = counts.kv_heads if role in ("k", "v") else counts.heads
                    tally.true(f"tiles of {role}", view.tiles["count"] == heads and not view.error)


def check_gates(tally: Tally, source: Source, subjects: Subjects) -> None:
    del subjects
    layers = recurrent_layers(source)
    if not layers:
        return
    with ww.RecurrentGates(source) as view:
        for layer in layers:
            with tally.at(f"{layer.path}, layer {layer.number}, reverse {layer.reverse}"):
                view.layer = layer.weights[1].name
                tensors = [reference.as_float64(part.weight) for part in layer.weights]
                size = layer.hidden_size
                for block, whole in (("input", tensors[0]), ("hidden", tensors[1])):
                    view.block = block
                    tally.true(f"no error ({view.error})", view.error == "")
                    gates = [whole[start : start + size] for start in range(0, len(whole), size)]
                    told = [reference.summary(gate) for gate in gates]
                    expected = [[one[name] for name in ("mean", "std", "rms", "min", "max")] for one in told]
                    tally.near("numbers", array(view.shown["numbers"]), expected, np.abs(whole).max())
                    tally.same(
                        "counts", array(view.bars["counts"]).sum(axis=1), [gate.size for gate in gates]
                    )
                tally.true("eigenvalues in time", view.wait(_PATIENCE))
                squares = [tensors[1][start : start + size] for start in range(0, len(tensors[1]), size)]
                maps = squares if len(tensors) < 3 else [tensors[2] @ square for square in squares]
                radii = [np.abs(np.linalg.eigvals(square)).max() for square in maps]
                tally.near("radii", array(view.spectra["radii"]), radii)


def check_depth(tally: Tally, source: Source, subjects: Subjects) -> None:
    with ww.DepthView(source) as view:
        if not view.rows:
            tally.true(f"a sentence on what repeats ({view.error})", "No name repeats" in view.error)
            return
        view.start()
        for choice in json.loads(view.rows["text"])["choices"]:
            with tally.at(choice["pattern"]):
                view.pattern = choice["pattern"]
                tally.true("read in time", view.wait(_PATIENCE))
                tally.true(f"no error ({view.error})", view.error == "")
                names = json.loads(view.rows["text"])["names"]
                for name, row in zip(names, array(view.slices["values"]), strict=True):
                    truth = subjects[name].summary
                    for field, found in zip(STATISTICS, row, strict=True):
                        unit = {"mean": truth["rms"], "skewness": 1.0, "kurtosis": 1.0}.get(field)
                        tally.near(f"{name}: {field}", found, truth[field], unit)


def check_channels(tally: Tally, source: Source, subjects: Subjects) -> None:
    norms = norm_layers(source)
    with ww.NormChannels(source) as view:
        tally.true(f"a sentence on norms ({view.error})", bool(norms) != bool(view.error))
        for name in norms:
            with tally.at(name):
                view.layer = name
                tally.true(f"no error ({view.error})", view.error == "")
                expected = parts.channels_of(source[name], subjects[name].numbers, view.threshold)
                for part, numbers in expected.items():
                    found = view.frame[part]
                    tally.true(f"{part} where there is one", (found is None) == (numbers is None))
                    if numbers is not None and found is not None:
                        tally.same(part, np.ravel(array(found)), np.ravel(numbers))


def check_experts(tally: Tally, source: Source, subjects: Subjects) -> None:
    del subjects
    with ww.ExpertGrid(source) as view:
        patterns = expert_patterns(source)
        tally.true(f"a sentence on experts ({view.error})", bool(patterns) != bool(view.error))
        for pattern in patterns:
            with tally.at(pattern):
                view.pattern = pattern
                view.start()
                tally.true("read in time", view.wait(_PATIENCE))
                tally.true(f"no error ({view.error})", view.error == "")
                for place, row in enumerate(expert_rows(source, pattern)):
                    expected = parts.experts_of(row, source)
                    count = len(row.numbers)
                    norms, means = (
                        array(view.grid[name]["values"])[place] for name in ("norm", "similarity")
                    )
                    tally.near("norms", norms[:count], expected["norms"])
                    tally.near("mean cosines", means[:count], expected["mean_cosine"], 1.0)
                    view.layer = row.names[0]
                    above = expected["cosine"][np.triu_indices(count, 1)]
                    tally.near("cosines", array(view.pairs["cosines"]), above, 1.0)


# By the public views, and all that each of them is made of.
VIEWS: dict[str, Callable[[Tally, Source, Subjects], None]] = {
    "WeightExplorer": check_explorer,
    "WeightMatrix": check_matrix,
    "AttentionHeads": check_heads,
    "RecurrentGates": check_gates,
    "DepthView": check_depth,
    "NormChannels": check_channels,
    "ExpertGrid": check_experts,
}
_IN_EXPLORER = {
    "FilterGrid", "LayerHistograms", "LayerTable", "NormChart", "WeightHistogram", "WeightStatistics",
}  # fmt: skip


def check_views(tally: Tally, source: Source, subjects: Subjects) -> None:
    """Show a model in every view that there is."""
    for name, check in VIEWS.items():
        with tally.at(name):
            if name in ww.__all__:
                check(tally, source, subjects)


def views_not_walked() -> list[str]:
    """Name the public views that no walk knows."""
    return sorted(
        name
        for name in ww.__all__
        if hasattr(getattr(ww, name), "class_traits") and name not in {*VIEWS, *_IN_EXPLORER}
    )
