"""The selected filter, for the views that show one filter of a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets as t

from ._base import View, question

if TYPE_CHECKING:
    import torch

    from weightwidgets.layer import Layer


class FilterView(View):
    """A view of one layer with one of its filters selected.

    `filter_index` is the row of the out-first weight, 0 to ``out_channels - 1``. Out of that range Python
    gets a TraitError and the browser the nearest filter; a new layer keeps the index where it has that many.
    """

    filter_index = question(t.Int(0))

    def coerce(self, state: dict[str, Any]) -> dict[str, Any]:
        """Bring the browser's filter into the layer that it will be shown for."""
        state = super().coerce(state)
        if "filter_index" in state:
            wanted = state["filter_index"]
            last = self._filters(state.get("layer", self.layer)) - 1
            # True is a whole number to Python, and the number of no filter.
            if type(wanted) is int:
                state["filter_index"] = min(max(wanted, 0), max(last, 0))
            else:
                state.pop("filter_index")
        return state

    def answer(self) -> None:
        """Answer; a layer that has lost filters since takes the selection with it."""
        last = max(self._filters(self.layer) - 1, 0)
        if self.layer in self._source and self.filter_index > last:
            self.filter_index = last
        super().answer()

    @t.validate("filter_index")
    def _known_filter(self, proposal: t.Bunch) -> int:
        return known_filter(self._source.get(self.layer), proposal["value"])

    @t.observe("layer")
    def _keep_filter_in_layer(self, _change: t.Bunch) -> None:
        last = max(self._filters(self.layer) - 1, 0)
        self.filter_index = min(self.filter_index, last)

    def _filters(self, layer: str) -> int:
        return self._source[layer].out_channels if layer in self._source else 0


def known_filter(layer: Layer | None, index: int) -> int:
    """Give `index` back if the layer has that filter; a layer that is not there has filter 0.

    Raises
    ------
    traitlets.TraitError
        With the valid range.
    """
    last = max((0 if layer is None else layer.out_channels) - 1, 0)
    if isinstance(index, bool) or not 0 <= index <= last:
        raise t.TraitError(f"filter_index must be 0 to {last}, got {index}")
    return index


def noun(layer: Layer) -> str:
    """Name one row of the out-first weight, the same in every view.

    A convolution has filters; rows that hold a single weight, as of a norm, are weights; all others are rows.
    """
    if layer.kind.startswith("conv"):
        return "filter"
    return "weight" if layer.numel == layer.out_channels else "row"


def filter_row(layer: Layer, filter_index: int) -> torch.Tensor:
    """Give the weights of one filter, shape ``(in_channels // groups, *kernel_size)``; a view where possible.

    Raises
    ------
    ValueError
        If the layer has no such filter (any more), or no values.
    """
    weight = layer.out_first
    if not len(weight):
        raise ValueError(f"This layer has no weights to show: its shape is {layer.shape}.")
    if filter_index >= weight.shape[0]:
        raise ValueError(f"there is no filter {filter_index}: the layer has {weight.shape[0]}")
    return weight[filter_index]
