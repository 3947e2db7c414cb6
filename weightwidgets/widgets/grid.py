"""Every filter of a layer as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets as t

from . import _grid_frames as frames
from ._base import Ask, Part, bundle, output, question
from ._grid_subject import Subject, input_channels, kernel_depths
from ._range import SelectedRange, as_range
from ._scale import ScaledView

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PIL import Image

_SCOPES = ["filter", "layer", "minmax"]
_ORDERS = ["index", "norm"]
# What of each filter can be shown alone: what there are of it, and how many.
_PARTS = {"input_channel": ("input channels", input_channels), "depth_index": ("3-d kernels", kernel_depths)}


class FilterGrid(ScaledView):
    """Every filter of a layer as a tile, or all rows of a matrix as one picture.

    Parameters
    ----------
    source : torch.nn.Module, mapping of tensors, or Source
        What `open_source` takes.
    layer : str, optional
        A name or alias of a layer; the first by default.
    filter_index : int
        The selected filter: row of the out-first weight, 0 <= filter_index < out_channels.

    Attributes
    ----------
    input_channel : int or None
        The input channel (of a filter's own group) to show; None: all of them.
    depth_index : int or None
        Of a 3-d convolution: the only slice of each kernel to show, 0 <= depth_index < kD; None: all of them.
        Scales and norms stay those of the whole filter.
    color_scope : {"layer", "filter", "minmax"}
        One scale for the layer or for each filter, symmetric about zero; or each filter from its minimum to
        its maximum, which moves zero. A matrix always has one scale.
    order : {"index", "norm"}
        Of the tiles: as in the layer, or by descending L2 norm.
    as_images : bool
        Show the rows of a dense layer with h * h or 3 * h * h inputs as pictures.
    robust_colors : bool
        Of a matrix: end the scale at the smallest magnitude that 99.9 % of its weights (zeros, NaN and
        infinities left out) do not exceed, instead of at the largest. What is beyond has the colour of the
        end, and is counted in the caption.
    selected_range : (lo, hi) or None
        In weight units: weights in it stay bright, the others fade; `in_range` is the rule.
    shuffled : bool
        Show the same weights permuted within the layer (seed 0).
    error : str
        Why the last question has no answer; "" when all is well.

    Raises
    ------
    TypeError
        If `source` is none of the above, or for an unknown keyword.
    traitlets.TraitError
        If a value is out of its range, which the message gives; the grid then stays as it was.

    """

    _esm = t.Unicode().tag(sync=True)
    _css = t.Unicode().tag(sync=True)

    input_channel = question(t.Int(None, allow_none=True)).tag(ts="number | null")
    depth_index = question(t.Int(None, allow_none=True)).tag(ts="number | null")
    color_scope = question(t.Enum(_SCOPES, default_value="filter"))
    order = question(t.Enum(_ORDERS, default_value="index"))
    as_images = question(t.Bool(False))
    robust_colors = question(t.Bool(False))
    selected_range = question(SelectedRange()).tag(ts="[number, number] | null")
    shuffled = question(t.Bool(False))
    # What the browser misses: {"token": of its frame, "pages": at most two, "sheet": of masks}.
    wanted = question(t.Dict()).tag(transient=True, ts="{ token?: number; pages?: number[]; sheet?: number }")

    frame = output()
    pages = output()
    row = output()
    lit = output()

    @t.default("_esm")
    def _script(self) -> str:
        return bundle("grid.js")

    @t.default("_css")
    def _style(self) -> str:
        return bundle("grid.css")

    @t.validate(*_PARTS)
    def _known_part(self, proposal: t.Bunch) -> int | None:
        name: str = proposal["trait"].name
        chosen: int | None = proposal["value"]
        count = self._count(name, self.layer)
        if chosen is not None and not 0 <= chosen < count:
            valid = f"None or 0 to {count - 1}" if count else f"None, as this layer has no {_PARTS[name][0]}"
            raise t.TraitError(f"{name} must be {valid}; got {chosen}")
        return chosen

    @t.observe("layer")
    def _keep_parts_in_layer(self, _change: t.Bunch) -> None:
        for name in _PARTS:
            chosen = getattr(self, name)
            if chosen is not None and chosen >= self._count(name, self.layer):
                setattr(self, name, None)

    def _count(self, name: str, layer: str) -> int:
        return _PARTS[name][1](self._source[layer]) if layer in self._source else 0

    def coerce(self, state: dict[str, Any]) -> dict[str, Any]:
        """Bring the browser's values into the layer that they will be shown for."""
        state = super().coerce(state)
        for name in _PARTS:
            count = self._count(name, state.get("layer", self.layer))
            match state.get(name):
                case int(chosen):
                    state[name] = min(max(chosen, 0), count - 1) if count else None
                case None:
                    pass
                case _:
                    state.pop(name)
        if not isinstance(state.get("wanted", {}), dict):
            state.pop("wanted")
        for name, known in (("color_scope", _SCOPES), ("order", _ORDERS)):
            if state.get(name, known[0]) not in known:
                state.pop(name)
        if as_range(state.get("selected_range", (0, 0))) is None and state["selected_range"] is not None:
            state.pop("selected_range")
        return state

    def parts(self, ask: Ask) -> Iterable[Part]:
        """Answer with the frame, the tiles that are wanted, the selected row of a matrix, and the mask."""
        if ask.layer is None:
            return
        subject = Subject(ask.layer, ask)
        key = subject.key
        yield Part("frame", key, lambda: frames.frame(subject))
        if subject.is_matrix:
            yield Part("pages", ("matrix",), dict)
            yield Part("row", (*key, ask.filter_index, ask.selected_range), lambda: frames.row(subject))
        else:
            asked = frames.pages_asked_for(subject, ask.wanted)
            yield Part("pages", (*key, asked), lambda: frames.pages(subject, asked))
            yield Part("row", ("tiles",), dict)
        sheet = frames.sheet_asked_for(subject, ask.wanted)
        yield Part("lit", (*key, ask.selected_range, sheet), lambda: frames.lit(subject, sheet))

    def picture(self) -> Image.Image | None:
        """Draw the first filters (or the matrix) and what the colours mean, in Python."""
        if not self.layer or self.error:
            return None
        try:
            return frames.picture(Subject(self._source[self.layer], self._ask()))
        except ValueError:
            # The view says why; a picture has nothing to add.
            return None
