"""The notebooks that are timed hold what the rows of the table say."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest
import torch
from torch import nn

from benchmarks import cells

if TYPE_CHECKING:
    from collections.abc import Callable


def weights_of(source: str) -> int:
    """Build the model on `meta`, which allocates nothing, and count its parameters."""
    names: dict[str, object] = {}
    model = source[source.index("model =") :]
    with torch.device("meta"):
        exec(model, {"nn": nn}, names)  # noqa: S102 - our own cell
    built = names["model"]
    assert isinstance(built, nn.Module)
    return sum(parameter.numel() for parameter in built.parameters())


@pytest.mark.parametrize("weights", [1_000_000, 134_000_000])
def test_the_histogram_is_of_as_many_weights_as_it_says(weights: int) -> None:
    assert weights_of(cells.histogram(weights)[0]) == weights


@pytest.mark.parametrize(("width", "millions"), [(518, 25), (1965, 350)])
def test_the_networks_have_25_and_350_million_weights(width: int, millions: int) -> None:
    assert weights_of(cells.network(width)[0]) == pytest.approx(millions * 1e6, rel=0.01)


def test_each_large_layer_has_ten_million_weights() -> None:
    assert weights_of(cells.LARGE_LAYERS[0]) == cells.LAYERS * 10_000_000


def test_ours_shows_the_64_filters_that_the_peers_show() -> None:
    assert weights_of(cells.FILTERS) == 64 * 3 * 7 * 7
    for peer in (cells.INTERACT_FILTERS, cells.MOSAIC_FILTERS):
        assert "torch.randn(64, 3, 7, 7)" in peer[0]


def test_without_numbas_cache_the_variable_is_set_before_anything_is_imported() -> None:
    first = cells.network(518, numba_cache=False)[0]
    assert first.index("NUMBA_CACHE_DIR") < first.index("import torch") < first.index("weightwidgets")
    assert "NUMBA" not in cells.network(518)[0]


@pytest.mark.parametrize(
    "notebook",
    [
        cells.interact_histogram(10),
        cells.bqplot_histogram(10),
        cells.INTERACT_FILTERS,
        cells.MOSAIC_FILTERS,
        cells.BARE_WIDGET,
    ],
)
def test_the_peers_cells_are_python(notebook: list[str]) -> None:
    assert ast.parse("\n".join(notebook).replace("%matplotlib inline", "")).body


@pytest.mark.parametrize("peer", [cells.interact_histogram, cells.bqplot_histogram])
def test_the_peers_histograms_are_of_as_many_weights_as_ours(peer: Callable[[int], list[str]]) -> None:
    assert "torch.randn(134000000)" in peer(134_000_000)[0]
