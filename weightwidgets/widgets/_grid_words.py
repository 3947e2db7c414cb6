"""The sentences of the filter grid: each picture says what it is and what it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weightwidgets.pictures._numbers import number

from ._filter import noun
from ._grid_subject import MAX_ORDERED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from weightwidgets.analysis.matrix_picture import MatrixPicture

    from ._grid_subject import Subject

_COLUMN_WORDS = {"linear": "input", "embedding": "dimension"}


def times(*sizes: int) -> str:
    """Write sizes as a reader says them: 3 x 7 x 7."""
    return " × ".join(f"{size:,}" for size in sizes)  # noqa: RUF001 (the sign that people expect)


def description(subject: Subject) -> str:
    """Say how many filters of which size the layer has."""
    plural = f"{subject.count:,} {noun(subject.layer)}{'' if subject.count == 1 else 's'}"
    size = f" of {times(*subject.shape[1:])}" if subject.shape[1:] != (1,) else ""
    return f"{subject.layer.kind} · {plural}{size}"


def image_label(subject: Subject) -> str:
    """Say as what picture a row is read; nothing in the tensor tells that it is one."""
    return f"assumed {times(*subject.offer)}" if subject.offer else ""


def scope(subject: Subject) -> str:
    """Say what the colours mean, and their limits."""
    if not subject.has_scale:
        return "No finite weight: there is no scale."
    limit = number(subject.limit)
    if subject.color == "diverging":
        meaning = "Blue is negative, orange positive, zero in the middle"
    elif subject.color == "rgb" and subject.color_scope != "minmax":
        meaning = "True colour, zero is mid-grey"
    else:
        meaning = "True colour" if subject.color == "rgb" else "Black to white"
    if subject.color_scope == "layer" or subject.is_matrix:
        low = f"−{limit}" if subject.limit else "0"  # noqa: RUF001 (a minus sign)
        whole = "all that is compared" if subject.shares_scale else "the layer"
        said = f"{meaning}: {low} to {limit}, one scale for {whole}."
        return f"{said} {_beyond(subject)}".strip()
    if subject.color_scope == "filter":
        return f"{meaning}: each {noun(subject.layer)} on its own scale, up to its largest magnitude."
    return f"{meaning}: each {noun(subject.layer)} from its minimum to its maximum, which moves zero."


def _beyond(subject: Subject) -> str:
    if not subject.beyond:
        return ""
    are = "weight is" if subject.beyond == "1" else "of the weights are"
    return f"Robust colours: {subject.beyond} {are} beyond, in the colours of the ends."


def faded(subject: Subject) -> str:
    """Say which weights are drawn faint; "" where none are."""
    if subject.ask.selected_range is None:
        return ""
    low, high = (number(bound) for bound in subject.ask.selected_range)
    said = f"Faded: weights outside {low} to {high}."
    return f"{said} A block stays bright if any of its weights is inside." if _is_pooled(subject) else said


def _is_pooled(subject: Subject) -> bool:
    if not subject.is_matrix:
        return subject.layout.block_rows * subject.layout.block_cols > 1
    return any(size > most for size, most in zip(subject.shape, subject.max_pixels, strict=False))


def axes(subject: Subject) -> dict[str, str]:
    """Name what a pixel's cell, slice, row and column count; "" for what needs no name."""
    named = dict.fromkeys(("cell", "slice", "row", "column"), "")
    layout = subject.layout
    if subject.as_image is not None:
        return {**named, "row": "row", "column": "column"}
    if not subject.is_convolution:
        column = _COLUMN_WORDS.get(subject.layer.kind, "column")
        return {**named, "column": column} if subject.is_matrix else named
    dimensions = len(subject.shape) - 2
    if dimensions > 1 and layout.cells == 1 and layout.rows != subject.shape[-2]:
        # So many channels that they are the rows of one picture.
        return {**named, "row": "channel", "column": "position"}
    if dimensions == 1:
        return {**named, "row": "" if layout.input_channel is not None else "channel", "column": "position"}
    sliced = {"slice": "depth"} if dimensions == 3 else {}
    return {**named, **sliced, "cell": "channel", "row": "row", "column": "column"}


def notes(subject: Subject, picture: MatrixPicture | None = None) -> list[str]:
    """Say what the picture leaves out, assumes, or may mislead about."""
    return [sentence for sentence in _notes(subject, picture) if sentence]


def _notes(subject: Subject, picture: MatrixPicture | None) -> Iterator[str]:
    layer, ask = subject.layer, subject.ask
    if ask.shuffled:
        yield "The same weights, shuffled within the layer (seed 0)."
    if subject.is_convolution and not layer.first and subject.shape[1] > 1:
        yield "Input channels are features of the layer before, not colours."
    if subject.as_image is not None:
        yield f"Each row as a picture, {image_label(subject)}: nothing in the layer says that it is one."
        if not layer.first:
            yield "Its inputs are features of the layer before, not pixels."
    yield from _convolution(subject)
    if picture is not None:
        yield _pooled(picture.block_rows, picture.block_cols)
        if subject.color_scope != "layer" and subject.has_scale:
            yield "A matrix has one scale for all its rows."
    else:
        yield _pooled(subject.layout.block_rows, subject.layout.block_cols)
    if ask.order == "norm" and subject.order is None:
        yield f"In the order of the layer: more than {MAX_ORDERED:,} are not sorted by norm."
    if strays := subject.extent.non_finite:
        are = "weight is" if strays == 1 else "weights are"
        yield f"{strays:,} {are} NaN or infinite, and left out of scales and norms."
    if ask.live:
        yield "Read while a cell was running: it may mix two training steps."
    yield layer.note


def _convolution(subject: Subject) -> Iterator[str]:
    layer = subject.layer
    if layer.kind.startswith("conv_transpose"):
        yield f"Transposed: a tile for each output channel; stored inputs first, {times(*layer.shape)}."
    if axes(subject)["row"] == "channel":
        yield "Each tile: input channel down, position across."
    if subject.depth_index is not None:
        last = subject.depths - 1
        yield f"Depth {subject.depth_index:,} of 0 to {last:,} alone; scales and norms are of all depths."
    elif subject.depths > 1 and subject.layout.cells > 1:
        yield f"The {subject.depths:,} depths of each kernel stand side by side."
    if layer.groups > 1:
        yield _groups(subject)


def _groups(subject: Subject) -> str:
    layer = subject.layer
    filters, channels = layer.out_channels // layer.groups, layer.in_channels // layer.groups
    if filters == channels == 1:
        return "Depthwise: each filter sees one input channel, filter 0 sees 0, filter 1 sees 1, and so on."
    said = "Depthwise, each filter sees one input channel" if channels == 1 else f"{layer.groups:,} groups"
    return (
        f"{said}: {_span('filter', filters)} see{'s' if filters == 1 else ''} "
        f"{_span('input channel', channels)}, the next {filters:,} the next {channels:,}, and so on."
    )


def _span(word: str, count: int) -> str:
    return f"{word} 0" if count == 1 else f"{word}s 0 to {count - 1:,}"


def _pooled(rows: int, cols: int) -> str:
    if rows == cols == 1:
        return ""
    return f"Each pixel is the weight of largest magnitude in a block of {times(rows, cols)}."
