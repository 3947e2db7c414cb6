from __future__ import annotations

import torch
from torch import nn

from benchmarks import cells, matrix


def test_the_matrix_is_as_large_as_its_rows_say() -> None:
    names: dict[str, object] = {}
    source = cells.EMBEDDING[0]
    with torch.device("meta"):
        exec(source[source.index("model =") :], {"nn": nn, "torch": torch}, names)  # noqa: S102 - our own cell
    built = names["model"]
    assert isinstance(built, nn.Module)
    (weight,) = built.parameters()
    assert (tuple(weight.shape), weight.dtype) == ((128_256, 4096), torch.bfloat16)
    assert "128 256 x 4 096 bfloat16" in matrix._OF


def test_the_canvas_that_is_watched_is_that_of_the_view() -> None:
    script = cells.EMBEDDING[1]
    assert "ww.WeightMatrix(model)" in script
    assert matrix.CANVAS == ".ww-matrix-canvas"
