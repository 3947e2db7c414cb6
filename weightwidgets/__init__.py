"""See the weights of a PyTorch model, live in a notebook.

The names below are the whole public API. They are imported on first use, so that `import weightwidgets` takes
milliseconds and does not import torch.
"""

from __future__ import annotations

from importlib import import_module, metadata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import analysis
    from .sources.demo import demo_model
    from .sources.open import CheckpointError, Limits, open_source
    from .tables import summary_table, weight_norms
    from .widgets.channels import NormChannels
    from .widgets.depth import DepthView
    from .widgets.experts import ExpertGrid
    from .widgets.explorer import WeightExplorer
    from .widgets.gallery import LayerHistograms
    from .widgets.gates import RecurrentGates
    from .widgets.grid import FilterGrid
    from .widgets.heads import AttentionHeads
    from .widgets.histogram import WeightHistogram
    from .widgets.matrix import WeightMatrix
    from .widgets.norms import NormChart
    from .widgets.statistics import WeightStatistics
    from .widgets.table import LayerTable

__version__ = metadata.version("weightwidgets")

_HOMES = {
    "AttentionHeads": "widgets.heads",
    "CheckpointError": "sources.open",
    "DepthView": "widgets.depth",
    "ExpertGrid": "widgets.experts",
    "FilterGrid": "widgets.grid",
    "LayerHistograms": "widgets.gallery",
    "LayerTable": "widgets.table",
    "Limits": "sources.open",
    "NormChannels": "widgets.channels",
    "NormChart": "widgets.norms",
    "RecurrentGates": "widgets.gates",
    "WeightExplorer": "widgets.explorer",
    "WeightHistogram": "widgets.histogram",
    "WeightMatrix": "widgets.matrix",
    "WeightStatistics": "widgets.statistics",
    "demo_model": "sources.demo",
    "open_source": "sources.open",
    "summary_table": "tables",
    "weight_norms": "tables",
}

__all__ = [
    "AttentionHeads",
    "CheckpointError",
    "DepthView",
    "ExpertGrid",
    "FilterGrid",
    "LayerHistograms",
    "LayerTable",
    "Limits",
    "NormChannels",
    "NormChart",
    "RecurrentGates",
    "WeightExplorer",
    "WeightHistogram",
    "WeightMatrix",
    "WeightStatistics",
    "analysis",
    "demo_model",
    "open_source",
    "summary_table",
    "weight_norms",
]


def __getattr__(name: str) -> object:
    if name == "analysis":
        return import_module(".analysis", __name__)
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
