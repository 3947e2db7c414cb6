"""The explorer's own line: what is shown, what stands beside it, which panel is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import traitlets as t

from weightwidgets import wire

from ._base import Ask, Part, View, bundle, output, question, view_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from weightwidgets.sources.source import Source

    from ._desk import Desk

#: "auto" stands for the panel of the selected layer's kind, where there is one, and "" for none.
PANELS = ("auto", "", "gates", "heads", "channels", "experts", "matrix", "depth", "histograms", "norms")
_NAMED_LAYERS = 3


class ExplorerToolbar(View):
    """Title, shuffle switch, panels, reset and the code that reproduces the explorer.

    With a twin it also says what the twin is and which layers only one of the two has, and offers one scale
    for both. It asks nothing of the weights; the explorer observes its view state and gives it the code to
    hand out.
    """

    shows_all = True
    tells_source = True
    code: Callable[[], str] = staticmethod(str)

    _esm = t.Unicode().tag(sync=True)
    _css = t.Unicode().tag(sync=True)
    frame = output()
    offers = output()
    listing = output()
    code_requests = question(t.Int(0, min=0).tag(transient=True))
    shuffle = view_state(t.Bool(default_value=False))
    same_scale = view_state(t.Bool(default_value=False))
    panel = view_state(t.Enum(PANELS, default_value=PANELS[0]))
    resets = view_state(t.Int(0, min=0).tag(transient=True))

    def __init__(self, source: object, twin: Source | None = None, *, desk: Desk | None = None) -> None:
        self._twin = twin
        super().__init__(source, desk=desk)

    @t.default("_esm")
    def _default_esm(self) -> str:
        return bundle("toolbar.js")

    @t.default("_css")
    def _default_css(self) -> str:
        return bundle("toolbar.css")

    def parts(self, ask: Ask) -> Iterable[Part]:
        """Answer with the title and the size of the model, and with the code where it was asked for."""
        shown = [source for source in (self._source, self._twin) if source is not None]
        layers = [tuple((name, layer.numel) for name, layer in source.items()) for source in shown]
        yield Part("frame", (*layers,), self._frame)
        if ask.code_requests:
            # Code that is the same as before must go out again: the request makes it another frame.
            request = ask.code_requests
            yield Part("listing", (request,), lambda: wire.frame(request=request, code=self.code()))

    def version(self, layer: object) -> tuple[object, ...]:
        """Tell that nothing here depends on the weights' values."""
        del layer
        return ()

    def offer(self, panels: Sequence[str], opened: str) -> None:
        """Say which panels there are for the selected layer, and which of them is open."""
        # Asked for anew with each layer, and nearly always the same.
        offers = wire.frame(panels=list(panels), opened=opened)
        if offers != self.offers:
            self.set_trait("offers", offers)

    def picture(self) -> None:
        """Draw nothing: the menu hands out the picture of the explorer."""

    def _frame(self) -> wire.Frame:
        twin = self._twin
        if twin is None:
            return wire.frame(**_outline(self._source), twin=None)
        sentences = [
            _only_in("model", [name for name in self._source if name not in twin]),
            _only_in("twin", [name for name in twin if name not in self._source]),
        ]
        said = " ".join(sentence for sentence in sentences if sentence)
        return wire.frame(**_outline(self._source), twin={**_outline(twin), "said": said})


def _outline(source: Source) -> dict[str, object]:
    weights = sum(layer.numel for layer in source.values())
    return {"title": wire.display_name(source.title), "layers": len(source), "weights": weights}


def _only_in(label: str, names: list[str]) -> str:
    if not names:
        return ""
    named = [wire.display_name(name, 40) for name in names[:_NAMED_LAYERS]]
    more = len(names) - len(named)
    rest = f" and {more:,} more" if more else ""
    return f"Only the {label} has {', '.join(named)}{rest}."
