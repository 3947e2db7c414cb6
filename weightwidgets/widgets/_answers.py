"""Works out the answer to what the traits of a view ask, and publishes it once."""

from __future__ import annotations

import dataclasses
import logging
from typing import TYPE_CHECKING, Any, ClassVar

import traitlets as t

from ._desk import Desk, workers
from ._watch import watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from contextlib import AbstractContextManager

    from weightwidgets import wire
    from weightwidgets.layer import Layer
    from weightwidgets.sources.source import Source

Made = dict[str, tuple[tuple[object, ...], "wire.Frame"]]

log = logging.getLogger("weightwidgets")

# Above this many weights an answer takes longer than the message thread may be kept.
_LONG_ANSWER = 2_000_000
# Above this many it takes longer than a cell may be kept: seconds, and some of the memory of the weights.
_VERY_LONG_ANSWER = 30_000_000

NO_WEIGHTS = "This model has no weights to show."
_NO_SUCH_LAYER = "This model has no layer of that name."


@dataclasses.dataclass(frozen=True)
class Part:
    """One output trait: `make` is called only when `key` is not the key of what is shown already."""

    name: str
    key: tuple[object, ...]
    make: Callable[[], wire.Frame]


@dataclasses.dataclass(frozen=True)
class Peer:
    """The layer of another source that a scale has to hold too, and the version of its weights."""

    layer: Layer
    version: tuple[object, ...]


@dataclasses.dataclass(frozen=True)
class Ask:
    """What is asked: the layer, the version of its weights, and the question traits at one moment.

    `live` says that a cell is running, so that the weights may change while they are read.
    """

    layer: Layer | None
    version: tuple[object, ...]
    traits: Mapping[str, Any]
    live: bool
    peers: tuple[Peer, ...] = ()

    def __getattr__(self, name: str) -> Any:
        try:
            return self.traits[name]
        except KeyError:
            raise AttributeError(name) from None


class Answers(t.HasTraits):
    """What a view does with a question; `View` adds the browser to it."""

    #: Whether the view shows all layers at once, so that any layer's change makes it stale.
    shows_all: ClassVar[bool] = False

    layer: Any
    hold_sync: Callable[[], AbstractContextManager[None]]
    _source: Source
    _desk: Desk
    _shown: dict[str, tuple[object, ...]]
    _closed = False
    _generation = 0
    _working = 0

    def parts(self, ask: Ask) -> Iterable[Part]:
        """Say which frames answer `ask`."""
        raise NotImplementedError

    def is_long(self, layer: Layer) -> bool:
        """Say whether the answer for `layer` takes longer than the message thread may be kept."""
        return layer.numel > _LONG_ANSWER

    def is_very_long(self, layer: Layer) -> bool:
        """Say whether it takes longer than a cell may be kept, so that not even Python waits for it."""
        return layer.numel > _VERY_LONG_ANSWER

    def tell_work(self, layer: Layer | None) -> None:
        """Say in the view that a layer is being read; None: that none is."""

    def version(self, layer: Layer | None) -> tuple[object, ...]:
        """Tell one state of the shown weights from the next."""
        return (self._desk.epoch, layer.fingerprint() if layer is not None else None)

    def refresh(self) -> None:
        """Answer again, also when torch cannot tell that the weights changed."""
        self._desk.renew()
        self.answer()

    def answer(self) -> None:
        """Answer the question that the traits ask now: here if it is short, else on a worker."""
        if self._closed:
            return
        with self._desk.lock:
            self._generation += 1
            generation = self._generation
            # A layer that is gone is said to be gone by `_make`.
            layer = self._source.get(self.layer)
            # A view of all layers answers with their names; their numbers come by themselves.
            very_long = layer is not None and not self.shows_all and self.is_very_long(layer)
            long = layer is not None and self._desk.from_browser and self.is_long(layer)
            self.tell_work(layer if very_long else None)
        if long or very_long:
            workers().submit(self._work_out, generation)
        else:
            self._work_out(generation)

    def _ask(self) -> Ask:
        with self._desk.lock:
            traits = {name: getattr(self, name) for name in self.trait_names(question=True)}
        layer = self._source.get(traits["layer"])
        return Ask(layer, self.version(layer), traits, watch.cell_runs)

    def _work_out(self, generation: int) -> None:
        if generation != self._generation:
            return
        error = ""
        made: Made = {}
        self._count_work(1)
        try:
            made = self._make(self._ask())
        except (ValueError, TypeError, KeyError, RuntimeError, MemoryError) as problem:
            log.debug("no answer", exc_info=True)
            error = str(problem.args[0] if problem.args else problem) or type(problem).__name__
        finally:
            self._count_work(-1)
        with self._desk.lock:
            if generation == self._generation and not self._closed:
                self._publish(made, error)

    def _count_work(self, change: int) -> None:
        with self._desk.lock:
            self._working += change

    def _make(self, ask: Ask) -> Made:
        if ask.layer is None and not self.shows_all:
            raise ValueError(_NO_SUCH_LAYER if len(self._source) else NO_WEIGHTS)
        due = [part for part in self.parts(ask) if self._shown.get(part.name) != part.key]
        return {part.name: (part.key, part.make()) for part in due}

    def _publish(self, made: Made, error: str) -> None:
        if error:
            # A picture of other weights than those asked for would be a lie.
            made = {name: ((), {}) for name in self._shown}
        with self.hold_sync():
            for name, (key, frame) in made.items():
                self._shown[name] = key
                self.set_trait(name, frame)
            self.set_trait("error", error)
            self.tell_work(None)
