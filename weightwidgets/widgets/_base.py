"""The base of our own views: typed traits, one answer per message, frames replaced as a whole."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets as t

from weightwidgets import wire
from weightwidgets.sources.open import open_source

from ._answers import Answers, Ask, Part
from ._desk import Desk
from ._picture import PictureMenu
from ._route import WAITING_CONTROLS, controls_wait, keep_route
from ._spelling import Spelled, refuse_unknown
from ._watch import watch

if TYPE_CHECKING:
    from PIL import Image
    from typing_extensions import Self

    from weightwidgets.layer import Layer
    from weightwidgets.sources.source import Source

__all__ = ["Ask", "Part", "View", "bundle", "output", "question", "text_trait", "view_state"]

_LONGEST_NOTE = 600
_STATIC = Path(__file__).parent.parent / "static"


@cache
def bundle(name: str) -> str:
    """Read one built file; a string, because anywidget keeps every instance alive that was given a path."""
    return (_STATIC / name).read_text(encoding="utf-8")


def text_trait(default: str = "", **options: Any) -> t.Unicode[str, str]:
    """Make a text trait that travels as bytes: no layer name meets the HTML parser of a saved page."""
    return t.Unicode(default, **options).tag(sync=True, to_json=wire.to_bytes, from_json=wire.from_bytes)


def question(trait: t.TraitType[Any, Any]) -> Any:
    """Mark a trait that the kernel answers."""
    return trait.tag(sync=True, question=True)


def view_state(trait: t.TraitType[Any, Any]) -> Any:
    """Mark a trait that the browser draws from the frame in hand."""
    return trait.tag(sync=True, view=True)


def output() -> Any:
    """Make the trait of a frame: written here, drawn there."""
    return t.Dict(read_only=True).tag(sync=True)


class View(Spelled, PictureMenu, Answers, anywidget.AnyWidget):
    """A view of one layer of a source.

    A subclass names its question and view traits, and answers in `parts`. One that speaks of its source also
    where it stands among others sets `tells_source`.
    """

    tells_source = False

    layer = question(text_trait())
    error = text_trait(read_only=True)
    notice = text_trait(read_only=True)
    size = view_state(t.Enum(["normal", "large"], default_value="normal"))

    def __init__(
        self, source: object, layer: str | None = None, *, desk: Desk | None = None, **traits: Any
    ) -> None:
        refuse_unknown(type(self), traits)
        self._source = open_source(source)
        # On a desk that views share, one of them speaks for all.
        self._tells_source = desk is None or self.tells_source
        self._desk = desk or Desk()
        self._shown = {}
        name = layer if layer is not None else next(iter(self._source), "")
        with self._desk.asking():
            super().__init__(layer=name, **traits)
        watch.add(self)

    def open(self) -> None:
        """Open the connection to the browser with the first answer already in the state."""
        if self.comm is None:
            self.set_trait("notice", self._notice())
            self.answer()
            super().open()
            keep_route(self)
            keep_route(self.layout)

    def _notice(self) -> str:
        # Names of a file stand in the note of its source, and names are hostile.
        note = wire.display_name(self._source.note, _LONGEST_NOTE) if self._tells_source else ""
        return " ".join(filter(None, (WAITING_CONTROLS if controls_wait() else "", note)))

    def tell_work(self, layer: Layer | None) -> None:
        """Say in the view that a layer is being read; None: that none is."""
        working = "" if layer is None else f"Reading {layer.numel:,} weights."
        said = " ".join(filter(None, (self._notice(), working)))
        if said != self.notice:
            self.set_trait("notice", said)

    def close(self) -> None:
        """Free everything; calling it again does nothing."""
        self._closed = True
        watch.discard(self)
        layout = self.layout
        super().close()
        if layout is not None:
            layout.close()

    def cell_picture(self) -> Image.Image | None:
        """Draw what a cell keeps for readers without a front end; None where that would keep it waiting."""
        layer = self._source.get(self.layer)
        waits = layer is not None and not self.shows_all and self.is_very_long(layer)
        return None if waits else self.picture()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @t.validate("layer")
    def _known_layer(self, proposal: t.Bunch) -> str:
        return known_layer(self._source, proposal["value"])

    def notify_change(self, change: t.Bunch) -> None:
        """Collect a changed question; its answer follows when the change as a whole is done."""
        if not hasattr(self, "_desk") or not self.trait_metadata(change["name"], "question"):
            super().notify_change(change)
            return
        with self._desk.asking():
            self._desk.want(self)
            super().notify_change(change)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take a message of the browser: as a whole, within bounds, questions and view traits only."""
        writable = {**self.traits(question=True), **self.traits(view=True)}
        sent = {
            name: self.trait_metadata(name, "from_json", _as_is)(value, self)
            for name, value in sync_data.items()
            if name in writable
        }
        with self._desk.asking(from_browser=True):
            taken = self.coerce(dict(sent))
            wired = {
                name: self.trait_metadata(name, "to_json", _as_is)(value, self)
                for name, value in taken.items()
            }
            super().set_state(wired)
            corrected = [name for name, value in sent.items() if name not in taken or taken[name] != value]
            if corrected and self.comm is not None:
                self.send_state(corrected)

    def coerce(self, state: dict[str, Any]) -> dict[str, Any]:
        """Bring values of the browser within bounds: the layer first, then what depends on it."""
        if state.get("layer", self.layer) not in self._source:
            state.pop("layer", None)
        return state

    def look(self, *, cell_ended: bool) -> None:
        """Answer again if the weights are no longer those shown."""
        # While a cell runs, a long answer under way must not be overtaken again and again, or nothing would
        # ever be shown. The end of a cell comes once: an answer begun before it may have read old weights.
        if self._closed or (not cell_ended and (self._working or self.shows_all)):
            return
        self.answer()

    def __repr__(self) -> str:
        """Name the view and what it shows."""
        return f"{type(self).__name__}({self._source.title}, layer={self.layer!r})"


def known_layer(source: Source, name: str) -> str:
    """Give the key of a layer for its name, an alias or a full spelling; "" stands for no layer."""
    if name == "":
        return ""
    try:
        return source[name].name
    except KeyError as unknown:
        raise t.TraitError(unknown.args[0]) from None


def _as_is(value: object, _widget: object) -> object:
    return value
