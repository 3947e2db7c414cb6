"""The base of our own views: typed traits, one answer per message, frames replaced as a whole."""

from __future__ import annotations

import base64
import dataclasses
import difflib
import io
import logging
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import anywidget
import traitlets as t

from weightwidgets import wire
from weightwidgets.sources.open import open_source

from ._desk import Desk, workers
from ._route import WAITING_CONTROLS, controls_wait, keep_route
from ._watch import watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from PIL import Image

    from weightwidgets.layer import Layer

log = logging.getLogger("weightwidgets")

_STATIC = Path(__file__).parent.parent / "static"
# Above this many weights an answer takes longer than the message thread may be kept.
_LONG_ANSWER = 2_000_000


@cache
def bundle(name: str) -> str:
    """Read one built file; a string, because anywidget keeps every instance alive that was given a path."""
    return (_STATIC / name).read_text(encoding="utf-8")


def text_trait(default: str = "", **options: Any) -> t.Unicode[str, str]:  # noqa: ANN401 -- passed on to traitlets
    """Make a text trait that travels as bytes, so that no layer name meets the HTML parser of a saved page."""
    return t.Unicode(default, **options).tag(sync=True, to_json=wire.to_bytes, from_json=wire.from_bytes)


def question(trait: t.TraitType[Any, Any]) -> Any:  # noqa: ANN401 -- keeps the trait's own type for its reader
    """Mark a trait that the kernel answers."""
    return trait.tag(sync=True, question=True)


def view_state(trait: t.TraitType[Any, Any]) -> Any:  # noqa: ANN401 -- keeps the trait's own type for its reader
    """Mark a trait that the browser draws from the frame in hand."""
    return trait.tag(sync=True, view=True)


def output() -> Any:  # noqa: ANN401 -- a frame
    """Make the trait of a frame: written here, drawn there."""
    return t.Dict(read_only=True).tag(sync=True)


@dataclasses.dataclass(frozen=True)
class Part:
    """One output trait: `make` is called only when `key` is not the key of what is shown already."""

    name: str
    key: tuple[object, ...]
    make: Callable[[], wire.Frame]


@dataclasses.dataclass(frozen=True)
class Ask:
    """What is asked: the layer, the version of its weights, and the question traits at one moment."""

    layer: Layer | None
    version: tuple[object, ...]
    traits: Mapping[str, Any]
    live: bool

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- the type is the trait's
        try:
            return self.traits[name]
        except KeyError:
            raise AttributeError(name) from None


class View(anywidget.AnyWidget):  # type: ignore[misc]
    """A view of one layer of a source.

    A subclass names its question and view traits, and answers in `parts`.
    """

    layer = question(text_trait())
    error = text_trait(read_only=True)
    notice = text_trait(read_only=True)
    size = view_state(t.Enum(["normal", "large"], default_value="normal"))

    #: Whether the view shows all layers at once, so that any layer's change makes it stale.
    shows_all: ClassVar[bool] = False

    def __init__(
        self, source: object, layer: str | None = None, *, desk: Desk | None = None, **traits: Any
    ) -> None:  # noqa: ANN401
        refuse_unknown(type(self), traits)
        self._source = open_source(source)
        self._desk = desk or Desk()
        self._shown: dict[str, tuple[object, ...]] = {}
        self._generation = 0
        self._working = 0
        self._closed = False
        first = next(iter(self._source), "")
        with self._desk.asking():
            super().__init__(layer=self._source[layer].name if layer is not None else first, **traits)
        watch.add(self)

    # -- the life of the widget ---------------------------------------------------------------------------------

    def open(self) -> None:
        """Open the connection to the browser with the first answer already in the state."""
        if self.comm is None:
            self.set_trait("notice", WAITING_CONTROLS if controls_wait() else "")
            self.answer()
            super().open()
            keep_route(self)
            keep_route(self.layout)

    def close(self) -> None:
        """Free everything; calling it again does nothing."""
        self._closed = True
        watch.discard(self)
        layout = self.layout
        super().close()
        if layout is not None:
            layout.close()

    def __enter__(self) -> View:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- questions ----------------------------------------------------------------------------------------------

    @t.validate("layer")
    def _known_layer(self, proposal: t.Bunch) -> str:
        name = proposal["value"]
        if name == "" and not len(self._source):
            return ""
        try:
            return self._source[name].name
        except KeyError as unknown:
            raise t.TraitError(unknown.args[0]) from None

    def notify_change(self, change: t.Bunch) -> None:
        """Collect a changed question; whoever changed it gets its answer when the change as a whole is done."""
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
            name: self.trait_metadata(name, "from_json", lambda value, _: value)(value, self)
            for name, value in sync_data.items()
            if name in writable
        }
        with self._desk.asking(from_browser=True):
            taken = self.coerce(dict(sent))
            to_json = {name: self.trait_metadata(name, "to_json", lambda value, _: value) for name in taken}
            super().set_state({name: to_json[name](value, self) for name, value in taken.items()})
            corrected = [name for name, value in sent.items() if taken.get(name, self) != value]
            if corrected and self.comm is not None:
                self.send_state(corrected)

    def coerce(self, state: dict[str, Any]) -> dict[str, Any]:
        """Bring values of the browser within bounds: the layer first, then what depends on it."""
        if state.get("layer", self.layer) not in self._source:
            state.pop("layer")
        return state

    def look(self, *, cell_ended: bool) -> None:
        """Answer again if the weights are no longer those shown."""
        # A long answer under way must not be overtaken again and again, or nothing would ever be shown.
        if self._closed or self._working or (self.shows_all and not cell_ended):
            return
        self.answer()

    def refresh(self) -> None:
        """Answer again, also when torch cannot tell that the weights changed."""
        self._desk.epoch += 1
        self.answer()

    # -- answers ------------------------------------------------------------------------------------------------

    def parts(self, ask: Ask) -> Iterable[Part]:
        """Say which frames answer `ask`."""
        raise NotImplementedError

    def version(self, layer: Layer | None) -> tuple[object, ...]:
        """Tell one state of the shown weights from the next."""
        return (self._desk.epoch, layer.fingerprint() if layer is not None else None)

    def _ask(self) -> Ask:
        layer = self._source[self.layer] if self.layer else None
        traits = {name: getattr(self, name) for name in self.trait_names(question=True)}
        return Ask(layer, self.version(layer), traits, watch.cell_runs)

    def answer(self) -> None:
        """Answer the question that the traits ask now: here if it is short, else on a worker."""
        if self._closed:
            return
        with self._desk.lock:
            self._generation += 1
            generation = self._generation
        layer = self._source[self.layer] if self.layer else None
        long = self._desk.from_browser and layer is not None and layer.numel > _LONG_ANSWER
        if long:
            workers().submit(self._work_out, generation)
        else:
            self._work_out(generation)

    def _work_out(self, generation: int) -> None:
        if generation != self._generation:
            return
        error, made = "", {}
        self._working += 1
        try:
            due = [part for part in self.parts(self._ask()) if self._shown.get(part.name) != part.key]
            for part in due:
                made[part.name] = (part.key, part.make())
        except (ValueError, TypeError, KeyError, RuntimeError, MemoryError) as problem:
            log.debug("no answer", exc_info=True)
            error = str(problem.args[0] if problem.args else problem) or type(problem).__name__
        finally:
            self._working -= 1
        with self._desk.lock:
            if generation == self._generation and not self._closed:
                self._publish(made, error)

    def _publish(self, made: dict[str, tuple[tuple[object, ...], wire.Frame]], error: str) -> None:
        if error:
            # A picture of other weights than those asked for would be a lie.
            made = {name: ((), {}) for name in self._shown if name in self.trait_names()}
        with self.hold_sync():
            for name, (key, frame) in made.items():
                self._shown[name] = key
                self.set_trait(name, frame)
            self.set_trait("error", error)

    # -- without a front end ------------------------------------------------------------------------------------

    def picture(self) -> Image.Image | None:
        """Draw what the view shows, in Python; None where there is nothing to draw."""
        raise NotImplementedError

    def save_png(self, path: str | Path) -> None:
        """Write what the view shows as a PNG file, drawn in Python."""
        image = self.picture()
        if image is None:
            raise ValueError(self.error or "there is nothing to draw")
        image.save(path, format="PNG")

    def __repr__(self) -> str:
        """Name the view and what it shows."""
        return f"{type(self).__name__}({self._source.title}, layer={self.layer!r})"

    def _repr_mimebundle_(self, **options: Any) -> Any:  # noqa: ANN401 -- IPython's own type
        bundle_and_metadata = super()._repr_mimebundle_(**options)
        return with_picture(bundle_and_metadata, self.picture)


def with_picture(bundle_and_metadata: Any, picture: Callable[[], Image.Image | None]) -> Any:  # noqa: ANN401 -- IPython's own type
    """Add a PNG to what a cell shows, for readers without a front end."""
    data = bundle_and_metadata[0] if isinstance(bundle_and_metadata, tuple) else bundle_and_metadata
    if data is not None and (image := picture()) is not None:
        buffer = io.BytesIO()
        image.save(buffer, format="PNG", optimize=False)
        data["image/png"] = base64.b64encode(buffer.getvalue()).decode("ascii")
    return bundle_and_metadata


def refuse_unknown(widget: type[t.HasTraits], given: Iterable[str]) -> None:
    """Raise TypeError for a keyword that is no trait; ipywidgets would only warn."""
    known = [name for name in widget.class_trait_names() if not name.startswith("_")]
    for name in given:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            msg = f"{widget.__name__} has no argument {name!r}{hint}"
            raise TypeError(msg)
