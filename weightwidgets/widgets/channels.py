"""The scale and the shift of a norm, channel by channel."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import traitlets as t

from weightwidgets import wire
from weightwidgets.sources.norm_layers import norm_layers
from weightwidgets.sources.open import open_source

from . import _channels_frames as frames
from ._base import Ask, Part, View, bundle, output, question, view_state

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PIL import Image

    from weightwidgets.layer import Layer

    from ._desk import Desk

_ORDERS = ["index", "scale"]
_NO_NORMS = "This model has no norm with a scale."
_NOT_A_NORM = "This layer is no norm: choose one above."


class NormChannels(View):
    """A norm's scale and shift for each channel, with its running statistics where it keeps any.

    Channels whose scale is near zero are pointed out: hardly anything passes through them.

    Parameters
    ----------
    source : torch.nn.Module, mapping of tensors, or Source
        What `open_source` takes.
    layer : str, optional
        A norm; the first by default.
    desk : Desk, optional
        Given by the explorer that this view is part of.
    **traits
        ``threshold``, ``order``, ``size``.

    Attributes
    ----------
    layer : str
        The norm that is shown.
    threshold : float
        A channel is near zero where the magnitude of its scale is at most this share, 0 to 1, of the median
        magnitude; 0.1 by default.
    order : {"index", "scale"}
        Of the channels: as they are, or by rising magnitude of their scale.
    error : str
        Why there is nothing to show; "" when all is well.

    Raises
    ------
    TypeError
        If `source` is no source, or for an unknown keyword.
    traitlets.TraitError
        If there is no such layer, or `threshold` is out of range.

    """

    _esm = t.Unicode().tag(sync=True)
    _css = t.Unicode().tag(sync=True)
    threshold = question(t.Float(0.1, min=0.0, max=1.0))
    order = view_state(t.Enum(_ORDERS, default_value="index"))
    listing = output()
    frame = output()

    def __init__(
        self, source: object, layer: str | None = None, *, desk: Desk | None = None, **traits: Any
    ) -> None:
        opened = open_source(source)
        self._source = opened
        self._list()
        if layer is None and self._norms:
            layer = self._norms[0]
        super().__init__(opened, layer, desk=desk, **traits)

    @t.default("_esm")
    def _script(self) -> str:
        return bundle("channels.js")

    @t.default("_css")
    def _style(self) -> str:
        return bundle("channels.css")

    def version(self, layer: Layer | None) -> tuple[object, ...]:
        """Tell one state of the weights and of the running statistics from the next."""
        own = super().version(layer)
        return own if layer is None else (*own, *frames.statistics_version(layer))

    def look(self, *, cell_ended: bool) -> None:
        """List the norms again when a cell has ended: it may have changed the model."""
        if cell_ended and not self._closed:
            self._list()
        super().look(cell_ended=cell_ended)

    def coerce(self, state: dict[str, Any]) -> dict[str, Any]:
        """Bring the browser's values within their bounds."""
        state = super().coerce(state)
        if state.get("order", "index") not in _ORDERS:
            state.pop("order")
        if "threshold" in state:
            threshold = state["threshold"]
            if type(threshold) not in (int, float) or not math.isfinite(threshold):
                state.pop("threshold")
            else:
                state["threshold"] = min(max(float(threshold), 0.0), 1.0)
        return state

    def parts(self, ask: Ask) -> Iterable[Part]:
        """Answer with the channels of the norm."""
        layer = self._norm_of(ask)
        yield Part(
            "frame",
            (ask.version, ask.live, layer.name, ask.threshold),
            lambda: frames.channels_frame(
                layer, frames.measure_channels(layer, ask.threshold), ask.threshold, live=ask.live
            ),
        )

    def picture(self) -> Image.Image | None:
        """Draw the norm; None where there is nothing to show."""
        from weightwidgets.pictures.channels import channels_picture

        ask = self._ask()
        try:
            layer = self._norm_of(ask)
            found = frames.measure_channels(layer, ask.threshold)
        except ValueError:
            # The view says why; a picture has nothing to add.
            return None
        title = wire.display_name(layer.name, 80)
        told = " ".join(frames.notes(layer, found, live=ask.live))
        return channels_picture(title, found, ask.threshold, by_scale=self.order == "scale", notes=told)

    def _norm_of(self, ask: Ask) -> Layer:
        if not self._norms:
            raise ValueError(_NO_NORMS)
        if ask.layer is None or ask.layer.name not in self._norms:
            raise ValueError(_NOT_A_NORM)
        return ask.layer

    def _list(self) -> None:
        self._norms = norm_layers(self._source)
        listed = frames.listing_frame(self._norms)
        if listed != self.listing:
            self.set_trait("listing", listed)
