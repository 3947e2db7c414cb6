"""The gates of a recurrent layer, one below the other, and the eigenvalues of what they do to the state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets as t

from weightwidgets.analysis.gates import GATE_BLOCKS, GATES
from weightwidgets.analysis.histogram import check_bins
from weightwidgets.sources.open import open_source
from weightwidgets.sources.recurrent import recurrent_layers

from . import _gates_frames as frames
from ._base import Ask, Part, View, bundle, output, question, view_state
from ._gates_job import AT_ONCE, Spectra

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PIL import Image

    from weightwidgets import wire
    from weightwidgets.layer import Layer
    from weightwidgets.sources.recurrent import RecurrentLayer

    from ._desk import Desk

_LETTERS = ["", *dict.fromkeys(name for names in GATES.values() for name in names)]
_MOST_BINS = 256
# Weights of a layer: summaries, pictures and histograms of more take longer than a step of a slider may.
_LONG_ANSWER = 500_000
_NONE_FOUND = "This model has no recurrent layer: none has tensors called weight_ih and weight_hh that fit."


class RecurrentGates(View):
    """Each gate of an RNN, LSTM or GRU by name: its block, its histogram, and its eigenvalues.

    Layers are recognised by the names of their tensors, those of `torch.nn.LSTM`, `GRU`, `RNN` and their
    cells, in a live module, a state dict or a file; so are directions and projections.

    Parameters
    ----------
    source : torch.nn.Module, mapping of tensors, or Source
        What `open_source` takes.
    layer : str, optional
        Any tensor of the layer to show (``"lstm.weight_hh_l0_reverse"``); by default of the first.
    desk : Desk, optional
        Given by the explorer that this view is part of.
    **traits
        ``block``, ``bins``, ``gate``, ``zoomed``, ``large_eigenvalues``, ``size``.

    Attributes
    ----------
    block : {"hidden", "input", "bias"}
        What is shown of each gate: its weights for the state or for the input, or its biases.
    bins : int
        1 to 256, of the histograms, which share their edges.
    gate : str
        The gate whose eigenvalues stand in front ("f"); "" for all alike.
    zoomed : bool
        Whether the complex plane ends with the eigenvalues, though the unit circle may be out of sight.
    large_eigenvalues : bool
        Whether eigenvalues of states of more than 2 048 numbers are worked out too, which takes minutes;
        never of more than 4 096. False again for each other layer.
    error : str
        Why the last question has no answer; "" when all is well.

    Raises
    ------
    TypeError
        If `source` is none of the above, or for an unknown keyword.
    traitlets.TraitError
        If there is no such layer, or a value is out of its range, which the message gives.

    """

    _esm = t.Unicode().tag(sync=True)
    _css = t.Unicode().tag(sync=True)

    block = question(t.Enum(GATE_BLOCKS, default_value="hidden"))
    bins = question(t.Int(50))
    large_eigenvalues = question(t.Bool(False))
    gate = view_state(t.Enum(_LETTERS, default_value=""))
    zoomed = view_state(t.Bool(False))
    listing = output()
    frame = output()
    shown = output()
    bars = output()
    spectra = output()

    def __init__(
        self, source: object, layer: str | None = None, *, desk: Desk | None = None, **traits: Any
    ) -> None:
        opened = open_source(source)
        self._source = opened
        self._spectra = Spectra(self._publish_spectra, frames.spectra_frame)
        self._find_layers()
        if layer is None and self._by_tensor:
            layer = next(iter(self._by_tensor))
        super().__init__(opened, layer, desk=desk, **traits)

    @t.default("_esm")
    def _script(self) -> str:
        return bundle("gates.js")

    @t.default("_css")
    def _style(self) -> str:
        return bundle("gates.css")

    def is_long(self, layer: Layer) -> bool:
        """Say whether the numbers take longer than the message thread may be kept."""
        found = self._by_tensor.get(layer.name)
        return found is not None and sum(part.numel for part in found.layers) > _LONG_ANSWER

    def version(self, layer: Layer | None) -> tuple[object, ...]:
        """Tell one state of all tensors of the recurrent layer from the next."""
        found = None if layer is None else self._by_tensor.get(layer.name)
        if found is None:
            return super().version(layer)
        return (self._desk.epoch, *(part.fingerprint() for part in found.layers))

    def refresh(self) -> None:
        """Look for recurrent layers again, and answer, also when torch cannot tell that weights changed."""
        self._find_layers()
        super().refresh()

    def look(self, *, cell_ended: bool) -> None:
        """Look for recurrent layers again when a cell has ended: it may have changed the model."""
        if cell_ended and not self._closed:
            self._find_layers()
        super().look(cell_ended=cell_ended)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until no eigenvalues are worked out in the background; say whether that is so.

        Parameters
        ----------
        timeout : float, optional
            Seconds.
        """
        return self._spectra.wait(timeout)

    def coerce(self, state: dict[str, Any]) -> dict[str, Any]:
        """Bring the browser's values within what the layer allows."""
        state = super().coerce(state)
        if state.get("block", "hidden") not in GATE_BLOCKS:
            state.pop("block")
        if type(state.get("bins", 1)) is not int:
            state.pop("bins")
        if "bins" in state:
            state["bins"] = min(max(state["bins"], 1), _MOST_BINS)
        for name in ("large_eigenvalues", "zoomed"):
            if type(state.get(name, False)) is not bool:
                state.pop(name)
        if state.get("gate", "") not in self._letters(state.get("layer", self.layer)):
            state.pop("gate")
        return state

    def parts(self, ask: Ask) -> Iterable[Part]:
        """Answer with the gates, their block and its histograms, and the eigenvalues or how they come."""
        subject = self._subject(ask)
        key = subject.key
        yield Part("frame", key, lambda: frames.layer_frame(subject))
        yield Part("shown", (*key, ask.block), lambda: frames.shown_frame(subject))
        yield Part("bars", (*key, ask.block, ask.bins), lambda: frames.bars_frame(subject))
        # A cell that leaves these weights alone leaves their eigenvalues, which may have taken long.
        done = (*subject.name, ask.large_eigenvalues, False)
        long = subject.blocks.state_size > AT_ONCE
        live = ask.live and not (long and self._shown.get("spectra") == done)
        spectra = (*done[:-1], live)
        yield Part("spectra", spectra, lambda: self._spectra.answer(spectra, subject))

    def picture(self) -> Image.Image | None:
        """Draw the gates and the eigenvalues that are known; None where there is nothing to show."""
        from weightwidgets.pictures.gates import gates_picture

        try:
            subject = self._subject(self._ask())
            spectra = self._spectra.known(self._shown.get("spectra"), subject)
            return gates_picture(*frames.drawing(subject, spectra, self.gate))
        except ValueError:
            # The view says why; a picture has nothing to add.
            return None

    def _publish(self, made: dict[str, Any], error: str) -> None:
        super()._publish(made, error)
        self._spectra.start(self._shown.get("spectra"))

    def _publish_spectra(self, key: tuple[object, ...], frame: wire.Frame) -> bool:
        with self._desk.lock:
            if self._closed or self._shown.get("spectra") != key:
                return False
            self.set_trait("spectra", frame)
            return True

    def _subject(self, ask: Ask) -> frames.Subject:
        if not self._by_tensor:
            raise ValueError(_NONE_FOUND)
        found = self._by_tensor.get("" if ask.layer is None else ask.layer.name)
        if found is None:
            raise ValueError("This layer is no part of a recurrent layer: choose one above.")
        return frames.Subject(found, ask)

    def _find_layers(self) -> None:
        by_tensor: dict[str, RecurrentLayer] = {}
        keys: dict[str, RecurrentLayer] = {}
        for layer in recurrent_layers(self._source):
            # A tensor that two layers share stands for the first of them.
            own = [part.name for part in layer.layers if part.name not in by_tensor]
            by_tensor |= dict.fromkeys(own, layer)
            if own:
                keys[own[0]] = layer
        self._by_tensor = by_tensor
        listed = frames.layers_frame(list(keys.values()), list(keys))
        if listed != self.listing:
            self.set_trait("listing", listed)

    def _letters(self, layer: str) -> tuple[str, ...]:
        """Give the gates of a layer, "" among them; every letter where it is no recurrent layer."""
        known = self._source.get(layer)
        found = None if known is None else self._by_tensor.get(known.name)
        return tuple(_LETTERS) if found is None else ("", *GATES[found.kind])

    @t.validate("gate")
    def _known_gate(self, proposal: t.Bunch) -> str:
        gate: str = proposal["value"]
        letters = self._letters(self.layer)
        if gate not in letters:
            raise t.TraitError(f"gate must be one of {', '.join(map(repr, letters))}, got {gate!r}")
        return gate

    @t.validate("bins")
    def _possible_bins(self, proposal: t.Bunch) -> int:
        if not 1 <= proposal["value"] <= _MOST_BINS:
            raise t.TraitError(f"bins must be 1 to {_MOST_BINS}, got {proposal['value']}")
        return check_bins(proposal["value"])

    @t.observe("layer")
    def _leave_layer(self, change: t.Bunch) -> None:
        if self.gate not in self._letters(self.layer):
            self.gate = ""
        if self._by_tensor.get(change["old"] or "") is not self._by_tensor.get(change["new"]):
            self.large_eigenvalues = False
