"""Numbers about weights: pure functions from one tensor to a frozen dataclass of numpy arrays.

Nothing here knows a layer's name, a widget or a colour, and everything works in a plain script. The names
are imported on first use, so that ``import weightwidgets.analysis`` does not import torch.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from weightwidgets.analysis.channels import Channels, channels
    from weightwidgets.analysis.distribution import Distribution, distribution
    from weightwidgets.analysis.filter_grid import FilterGrid, filter_grid
    from weightwidgets.analysis.gates import GateBlocks, GateSpectrum, gate_blocks, gate_rows, gate_spectrum
    from weightwidgets.analysis.heads import HeadFactors, Heads, head_factors, heads
    from weightwidgets.analysis.histogram import Histogram, histogram
    from weightwidgets.analysis.histogram_table import HistogramTable, histogram_table
    from weightwidgets.analysis.norms import Norms, UnitNorms, norms, unit_norms
    from weightwidgets.analysis.shuffle import shuffled
    from weightwidgets.analysis.similarity import Similarity, similarity
    from weightwidgets.analysis.summary import Summary, summary

_MODULES = {
    "Channels": "channels",
    "channels": "channels",
    "Distribution": "distribution",
    "distribution": "distribution",
    "FilterGrid": "filter_grid",
    "filter_grid": "filter_grid",
    "GateBlocks": "gates",
    "GateSpectrum": "gates",
    "gate_blocks": "gates",
    "gate_rows": "gates",
    "gate_spectrum": "gates",
    "HeadFactors": "heads",
    "Heads": "heads",
    "head_factors": "heads",
    "heads": "heads",
    "Histogram": "histogram",
    "HistogramTable": "histogram_table",
    "histogram": "histogram",
    "Norms": "norms",
    "Similarity": "similarity",
    "similarity": "similarity",
    "Summary": "summary",
    "UnitNorms": "norms",
    "histogram_table": "histogram_table",
    "norms": "norms",
    "shuffled": "shuffle",
    "summary": "summary",
    "unit_norms": "norms",
    "Strongest": "strongest",
    "strongest": "strongest",
}

__all__ = [
    "Channels",
    "Distribution",
    "FilterGrid",
    "GateBlocks",
    "GateSpectrum",
    "HeadFactors",
    "Heads",
    "Histogram",
    "HistogramTable",
    "Norms",
    "Similarity",
    "Summary",
    "UnitNorms",
    "channels",
    "distribution",
    "filter_grid",
    "gate_blocks",
    "gate_rows",
    "gate_spectrum",
    "head_factors",
    "heads",
    "histogram",
    "histogram_table",
    "norms",
    "shuffled",
    "similarity",
    "summary",
    "unit_norms",
]


class _Package(ModuleType):
    """A package in which `histogram` stays the function when the file of the same name is imported."""

    def __setattr__(self, name: str, value: object) -> None:
        # The import system binds every submodule to its package, which would hide the function of that name.
        if name in _MODULES and isinstance(value, ModuleType):
            return
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(_MODULES)
