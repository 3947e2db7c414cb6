"""Tables over a whole source: a row per layer, a norm per tensor, the weights in a range."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm.auto import tqdm

from weightwidgets.analysis._values import values
from weightwidgets.analysis.histogram import resolve_range
from weightwidgets.analysis.selection import in_range
from weightwidgets.analysis.summary import summary
from weightwidgets.layer import Layer
from weightwidgets.sources.open import open_source

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from weightwidgets.analysis._values import Weight
    from weightwidgets.analysis.histogram import ValueRange

_SECONDS_WITHOUT_PROGRESS = 1.0
_KERNEL_AXES = ("kD", "kH", "kW")


def parameter_count(layer: Layer) -> int:
    """Count the numbers that a layer holds: its weights and its bias; 0 for an uninitialised layer."""
    if not layer.initialized:
        return 0
    try:
        bias = layer.bias
    except ValueError:
        # A file that was replaced gives no numbers any more; what was known of its shapes stands.
        bias = None
    return layer.numel + (0 if bias is None else bias.numel())


def summary_table(source: object) -> pd.DataFrame:
    """Summarise every layer of a source; a progress bar appears when it takes over a second.

    Parameters
    ----------
    source : torch.nn.Module, mapping of tensors, path of a checkpoint, or Source
        What `open_source` takes.

    Returns
    -------
    pandas.DataFrame
        A row per layer in model order, indexed by ``name``. Columns: ``kind``, ``shape`` (tuple, torch's
        layout), ``dtype``, ``parameters`` (weights and bias); ``frobenius`` (square root of the sum of
        squares), ``rms`` (frobenius / sqrt(numel)), ``mean``, ``std`` (population), ``min``, ``max``,
        ``l1``, ``linf`` in weight units; ``skewness`` and excess ``kurtosis``, dimensionless; the shares
        ``positive``, ``negative``, ``zero`` and ``near_zero`` (|w| <= 1e-3 max |w|), 0 to 1; the counts
        ``nan``, ``posinf``, ``neginf``, which are left out of all the others; and ``note``. Numbers are NaN
        where a layer has no values, and ``note`` says why. The formulas are those of `analysis.summary`.

    Raises
    ------
    TypeError
        If `source` is none of the above.
    """
    import pandas as pd  # half a second, which an explorer on its way to the screen does not have

    layers = open_source(source)
    work = tqdm(
        layers.values(),
        total=len(layers),
        desc="layers",
        unit="layer",
        delay=_SECONDS_WITHOUT_PROGRESS,
        leave=False,
    )
    table = pd.DataFrame.from_records([_row(layer) for layer in work], columns=["name", *_COLUMNS])
    return table.set_index("name")


def weight_norms(source: object) -> dict[str, float]:
    """Give the Frobenius norm of every tensor with "weight" in its parameter name.

    Parameters
    ----------
    source : torch.nn.Module, mapping of tensors, path of a checkpoint, or Source
        Of a module, the tensors are those of ``named_parameters()``: raw ones where a weight is parametrized
        or pruned. Of a state dict, all its tensors. A source that is open already, and a checkpoint, has
        layers: their effective weights under their full names, buffers left out.

    Returns
    -------
    dict of str to float
        In the order of the parameters, keyed by their full name (``"0.weight"``): the square root of the sum
        of squares, summed in float64, in weight units. NaN or infinity where the tensor holds any, as
        ``torch.norm`` has it; NaN also for a tensor without values (on ``meta``, uninitialised).

    Raises
    ------
    TypeError
        If `source` is none of the above.
    """
    return {name: _frobenius(tensor) for name, tensor in _named_tensors(source) if "weight" in name}


def selected_weights(
    layer: Layer, selected_range: tuple[float, float] | None, value_range: ValueRange = None
) -> pd.DataFrame:
    """List the weights of a layer that lie in a selected range.

    Parameters
    ----------
    layer : Layer
        Read in the out-first layout.
    selected_range : (float, float) or None
        ``lo <= w < hi``, in weight units; weights equal to ``hi`` belong to it too where the histogram ends
        there. None selects nothing.
    value_range : None, "full", "central" or (float, float)
        The histogram's range, as for `analysis.histogram`.

    Returns
    -------
    pandas.DataFrame
        A row per weight, in memory order of the out-first weight: ``layer`` (name), ``out`` and ``in``
        (of a grouped convolution, ``in`` counts within the group), the place in the kernel (``kD``, ``kH``,
        ``kW``, as many as it has) and ``value``.

    Raises
    ------
    ValueError
        If a bound is not finite or ``lo > hi``, or if the layer has no values.
    """
    import pandas as pd

    numbers = values(layer.out_first)
    axes = ("out", "in", *_KERNEL_AXES[len(_KERNEL_AXES) - (numbers.ndim - 2) :])
    if selected_range is None:
        return pd.DataFrame({name: [] for name in ("layer", *axes, "value")})
    top = resolve_range(layer.out_first, numbers.ravel(), value_range)[1]
    places = np.nonzero(in_range(layer.out_first, selected_range, top))
    found = pd.DataFrame(dict(zip(axes, places, strict=True)))
    found.insert(0, "layer", layer.name)
    found["value"] = numbers[places]
    return found


# Column to the field of `Summary` that it shows.
_NUMBERS = {"frobenius": "l2"} | {
    field: field
    for field in (
        "rms", "mean", "std", "min", "max", "skewness", "kurtosis", "l1", "linf",
        "positive", "negative", "zero", "near_zero", "nan", "posinf", "neginf",
    )
}  # fmt: skip
_COLUMNS = ("kind", "shape", "dtype", "parameters", *_NUMBERS, "note")


def _row(layer: Layer) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": layer.name,
        "kind": layer.kind,
        "shape": layer.shape,
        "dtype": str(layer.dtype).removeprefix("torch."),
        "parameters": parameter_count(layer),
        "note": layer.note,
    }
    try:
        found = summary(layer.weight)
    except ValueError as problem:
        return {**dict.fromkeys(_NUMBERS, math.nan), **row, "note": layer.note or str(problem)}
    return {**row, **{name: getattr(found, field) for name, field in _NUMBERS.items()}}


def _named_tensors(source: object) -> Iterator[tuple[str, Layer | Weight]]:
    layers = open_source(source)
    tensors: Any = source
    if hasattr(tensors, "named_parameters"):
        yield from tensors.named_parameters()
    elif layers is not source and isinstance(source, Mapping) and all(map(_is_tensor, source.values())):
        yield from tensors.items()
    else:
        for layer in layers.values():
            if layer.kind != "buffer":
                yield layer.full_name, layer


def _is_tensor(value: object) -> bool:
    return hasattr(value, "shape") and hasattr(value, "dtype")


def _frobenius(tensor: Layer | Weight) -> float:
    try:
        found = summary(tensor.weight if isinstance(tensor, Layer) else tensor)
    except ValueError:
        return math.nan
    if found.nan:
        return math.nan
    return math.inf if found.posinf or found.neginf else found.l2
