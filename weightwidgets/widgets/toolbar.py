"""The explorer's own line: what is shown, what stands beside it, which panel is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import traitlets as t

from weightwidgets import wire

from ._base import Ask, Part, View, bundle, output, question, view_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

#: "" stands for no panel.
PANELS = ("", "histograms", "norms")


class ExplorerToolbar(View):
    """Title, shuffle switch, panels, reset and the code that reproduces the explorer.

    It asks nothing of the weights; the explorer observes its view state and gives it the code to hand out.
    """

    shows_all = True
    code: Callable[[], str] = staticmethod(str)

    _esm = t.Unicode().tag(sync=True)
    _css = t.Unicode().tag(sync=True)
    frame = output()
    listing = output()
    code_requests = question(t.Int(0, min=0).tag(transient=True))
    shuffle = view_state(t.Bool(default_value=False))
    panel = view_state(t.Enum(PANELS, default_value=PANELS[0]))
    resets = view_state(t.Int(0, min=0).tag(transient=True))

    @t.default("_esm")
    def _default_esm(self) -> str:
        return bundle("toolbar.js")

    @t.default("_css")
    def _default_css(self) -> str:
        return bundle("toolbar.css")

    def parts(self, ask: Ask) -> Iterable[Part]:
        """Answer with the title and the size of the model, and with the code where it was asked for."""
        numbers = (len(self._source), sum(layer.numel for layer in self._source.values()))
        yield Part("frame", numbers, lambda: self._frame(*numbers))
        if ask.code_requests:
            # Code that is the same as before must go out again: the request makes it another frame.
            request = ask.code_requests
            yield Part("listing", (request,), lambda: wire.frame(request=request, code=self.code()))

    def version(self, layer: object) -> tuple[object, ...]:
        """Tell that nothing here depends on the weights' values."""
        del layer
        return ()

    def picture(self) -> None:
        """Draw nothing: the menu hands out the picture of the explorer."""

    def _frame(self, layers: int, weights: int) -> wire.Frame:
        return wire.frame(title=wire.display_name(self._source.title), layers=layers, weights=weights)
