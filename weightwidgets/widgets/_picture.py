"""What a widget shows as a picture drawn in Python: saved, shown where no front end is, handed to a menu."""

from __future__ import annotations

import base64
import io
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets as t

from weightwidgets import wire

from ._desk import workers

if TYPE_CHECKING:
    from PIL import Image

    from ._desk import Desk

log = logging.getLogger("weightwidgets")

# No message of ours is above a megabyte.
_MOST_BYTES = 900_000


class Pictured(t.HasTraits):
    """A widget that Python can draw."""

    error: Any

    def picture(self) -> Image.Image | None:
        """Draw what the widget shows, in Python; None where there is nothing to draw."""
        raise NotImplementedError

    def cell_picture(self) -> Image.Image | None:
        """Draw what a cell keeps for readers without a front end; None where that would keep it waiting."""
        return self.picture()

    def drawn(self) -> Image.Image:
        """Draw what the widget shows, in Python.

        Raises
        ------
        ValueError
            If there is nothing to draw; it says why.
        """
        image = self.picture()
        if image is None:
            raise ValueError(self.error or "there is nothing to draw")
        return image

    def save_png(self, path: str | Path) -> None:
        """Write what the widget shows as a PNG file, drawn in Python.

        Parameters
        ----------
        path : str or pathlib.Path
            Ends in ``.png``, or has no ending; it is written as it stands.

        Raises
        ------
        ValueError
            If there is nothing to draw; it says why. If `path` has the ending of something else.
        """
        ending = Path(path).suffix
        if ending.lower() not in ("", ".png"):
            msg = f"the picture is written as PNG: pass a path that ends in '.png', not in {ending!r}"
            raise ValueError(msg)
        self.drawn().save(path, format="PNG")

    def _repr_mimebundle_(self, **options: Any) -> Any:
        shown = super()._repr_mimebundle_(**options)  # type: ignore[misc]
        data = shown[0] if isinstance(shown, tuple) else shown
        if data is not None and (image := self.cell_picture()) is not None:
            data["image/png"] = base64.b64encode(_png(image)).decode("ascii")
        return shown


class PictureMenu(Pictured):
    """A view whose menu in the browser can ask for its picture.

    The browser counts `picture_request` up; `png` then holds the answer for one message, and no saved
    notebook holds it.
    """

    picture_request = t.Int(0, min=0).tag(sync=True, view=True, transient=True)
    png = t.Dict(read_only=True).tag(sync=True)

    #: Whose picture the menu hands out, where the view is the controls of a larger whole.
    stands_for: Pictured | None = None

    _desk: Desk
    _closed: bool

    @t.observe("picture_request")
    def _wanted(self, change: t.Bunch) -> None:
        if change["new"]:
            # Drawing takes longer than the message thread may be kept.
            workers().submit(self._hand_out, change["new"])

    def _hand_out(self, request: int) -> None:
        try:
            image = (self.stands_for or self).drawn()
            answer = wire.frame(request=request, png=np.frombuffer(small_png(image), np.uint8))
        except (ValueError, TypeError, KeyError, RuntimeError, MemoryError) as problem:
            log.debug("no picture", exc_info=True)
            answer = wire.frame(request=request, problem=str(problem.args[0] if problem.args else problem))
        # What another thread sends as one message would swallow the first of these two.
        with self._desk.lock:
            if not self._closed:
                self.set_trait("png", answer)
                self.set_trait("png", {})


def small_png(image: Image.Image, most: int = _MOST_BYTES) -> bytes:
    """Write a picture as PNG of at most `most` bytes: if need be in 256 colours, or smaller."""
    data = _png(image)
    if len(data) > most:
        data = _png(image.quantize(256))
    while len(data) > most and min(image.size) > 1:
        image = image.reduce(2)
        data = _png(image.quantize(256))
    return data


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()
