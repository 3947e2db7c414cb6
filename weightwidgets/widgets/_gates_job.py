"""Works out eigenvalues that take long, in the background, gate after gate."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from ._desk import workers

if TYPE_CHECKING:
    from collections.abc import Callable

    from weightwidgets import wire
    from weightwidgets.analysis.gates import GateSpectrum

    from ._gates_frames import Subject

log = logging.getLogger("weightwidgets")

Key = tuple[object, ...]

#: Up to so many rows the eigenvalues of a layer take some hundredths of a second: they come with the answer.
AT_ONCE = 192
#: Up to so many they are begun without being asked for: four gates take half a minute.
UNASKED = 2048
#: Beyond that not at all: one gate would take many minutes.
LARGEST = 4096


class Spectra:
    """The eigenvalues of one view: those of the layer that it asked for last.

    Parameters
    ----------
    publish : callable
        ``publish(key, frame)``, on the worker's thread, after each gate; it says whether the view still shows
        what the key stands for, and false ends the work.
    frame : callable
        ``frame(subject, spectra, state, sentence)``; see `spectra_frame`.
    """

    def __init__(
        self,
        publish: Callable[[Key, wire.Frame], bool],
        frame: Callable[[Subject, list[GateSpectrum], str, str], wire.Frame],
    ) -> None:
        self._publish = publish
        self._frame = frame
        self._lock = threading.Lock()
        self._waiting: dict[Key, Subject] = {}
        self._running = 0
        self._found: tuple[Key, list[GateSpectrum]] | None = None
        self._idle = threading.Event()
        self._idle.set()

    def answer(self, key: Key, subject: Subject) -> wire.Frame:
        """Give what can be said now; what takes longer begins with `start`."""
        size = subject.blocks.state_size
        count = len(subject.blocks.names)
        if size <= AT_ONCE:
            return self._frame(subject, self.known(key, subject), "done", "")
        if size > LARGEST:
            return self._frame(
                subject, [], "refused", f"{_size(size)}: eigenvalues are worked out up to {_size(LARGEST)}."
            )
        if size > UNASKED and not subject.ask.large_eigenvalues:
            sentence = f"{_size(size)}: the eigenvalues of {count} gates take minutes of a processor."
            return self._frame(subject, [], "offered", sentence)
        if subject.ask.live:
            return self._frame(subject, [], "working", "Eigenvalues follow when the running cell has ended.")
        with self._lock:
            self._waiting[key] = subject.kept()
        return self._frame(subject, [], "working", _progress(subject, 0))

    def start(self, shown: Key | None) -> None:
        """Begin what was answered under the key that is now shown; forget what was answered in vain."""
        with self._lock:
            subject = None if shown is None else self._waiting.pop(shown, None)
            self._waiting.clear()
            if shown is None or subject is None:
                return
            self._running += 1
            self._idle.clear()
        workers().submit(self._work, shown, subject)

    def known(self, key: Key | None, subject: Subject) -> list[GateSpectrum]:
        """Give the eigenvalues of the first gates of what is shown under the key, as many as are known."""
        if subject.blocks.state_size <= AT_ONCE:
            return [subject.spectrum(gate) for gate in range(len(subject.blocks.names))]
        found = self._found
        return [] if found is None or found[0] != key else list(found[1])

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing is worked out; say whether that is so."""
        return self._idle.wait(timeout)

    def _work(self, key: Key, subject: Subject) -> None:
        spectra: list[GateSpectrum] = []
        count = len(subject.blocks.names)
        try:
            while len(spectra) < count and self._publish(
                key, self._frame(subject, spectra, "working", _progress(subject, len(spectra)))
            ):
                spectra.append(subject.spectrum(len(spectra)))
                self._found = (key, spectra)
            if len(spectra) == count:
                self._publish(key, self._frame(subject, spectra, "done", ""))
        except (ValueError, RuntimeError, MemoryError) as problem:
            log.debug("no eigenvalues", exc_info=True)
            why = str(problem.args[0] if problem.args else problem) or type(problem).__name__
            self._publish(key, self._frame(subject, spectra, "refused", f"No eigenvalues: {why}"))
        finally:
            with self._lock:
                self._running -= 1
                if self._running == 0:
                    self._idle.set()


def _size(size: int) -> str:
    return f"{size:,} x {size:,}"


def _progress(subject: Subject, done: int) -> str:
    names = subject.blocks.names
    return f"Eigenvalues of gate {names[done]}, {done + 1} of {len(names)}, are being worked out."
