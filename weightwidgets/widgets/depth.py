"""One name pattern down the depth of a network, all its layers side by side."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, ClassVar, cast

import traitlets as t

from weightwidgets import wire
from weightwidgets.sources.open import open_source
from weightwidgets.sources.repeats import stars

from . import _depth_frames as frames
from ._base import Ask, Part, View, bundle, output, question, text_trait, view_state
from ._desk import Desk
from ._stream import Stream

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PIL import Image

    from weightwidgets.layer import Layer

    from ._stream import Version

# A cell's output waits for its picture: more weights than this are left to the background.
_WEIGHTS_READ_FOR_PICTURE = 2_000_000
_NOTHING_REPEATS = (
    "No name repeats three times in this model. In Python, pattern= takes any names, with * for a part that "
    "changes: 'conv*', 'blocks.*.weight'."
)


class DepthView(View):
    """All layers of one name pattern side by side on one colour scale, and a statistic of each over depth.

    Layers are read on a background thread, which starts when the view is first painted (or by `start`), and
    are read again after a cell has changed the weights.

    Parameters
    ----------
    source : torch.nn.Module, mapping of tensors, or Source
        What `open_source` takes.
    pattern : str, optional
        Names with ``*`` for a part that changes: ``"layers.*.q_proj"``. A ``*`` stands for any characters but
        a dot. By default that of the selected layer, or of the first layers that repeat.
    layer : str, optional
        The selected layer; the first by default.
    desk : Desk, optional
        Given by the explorer that this view is part of.
    **traits
        ``statistic``, ``size``, ``started``.

    Attributes
    ----------
    layer : str
        The selected layer.
    pattern : str
        The pattern asked for; "" follows the selected layer.
    statistic : str
        What is drawn over depth: any field of `weightwidgets.analysis.Summary`.
    started : bool
        Whether reading has begun; once it has, it stays True.
    error : str
        Why there is nothing to show; "" when all is well.

    Raises
    ------
    TypeError
        If `source` is no source, or for an unknown keyword.
    traitlets.TraitError
        If there is no such layer, or no layer has a name of that pattern.

    """

    shows_all: ClassVar[bool] = True

    _esm = t.Unicode().tag(sync=True)
    _css = t.Unicode().tag(sync=True)
    pattern = question(text_trait())
    statistic = view_state(t.Enum(frames.STATISTICS, default_value="rms"))
    started = view_state(t.Bool(default_value=False).tag(transient=True))
    rows = output()
    slices = output()

    def __init__(
        self,
        source: object,
        pattern: str | None = None,
        layer: str | None = None,
        *,
        desk: Desk | None = None,
        **traits: Any,
    ) -> None:
        self._source = open_source(source)
        desk = desk or Desk()
        self._epoch = desk.epoch
        self._repeats = frames.find_repeats(self._source, "", "")
        self._stream: Stream[frames.Slice] = Stream(
            frames.Members(self._source, lambda: self._repeats.names),
            desk,
            version=self._slice_version,
            measure=self._measure,
            publish=self._publish_slices,
        )
        if layer is None:
            layer = self._first_of(pattern or self._repeats.pattern)
        super().__init__(self._source, layer, desk=desk, pattern=pattern or "", **traits)

    @t.default("_esm")
    def _default_esm(self) -> str:
        return bundle("depth.js")

    @t.default("_css")
    def _default_css(self) -> str:
        return bundle("depth.css")

    @property
    def names(self) -> tuple[str, ...]:
        """The layers that are shown, in model order."""
        return self._repeats.names

    def start(self) -> None:
        """Begin to read, without waiting for a browser to paint the view."""
        self.started = True

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until every layer is read; call `start` first.

        Parameters
        ----------
        timeout : float, optional
            Seconds; by default there is no limit.

        Returns
        -------
        bool
            Whether every layer is read.
        """
        return self._stream.wait(timeout)

    def close(self) -> None:
        """Stop reading and free everything; calling it again does nothing."""
        # A view whose arguments were refused is closed too, when it is collected.
        if hasattr(self, "_stream"):
            self._stream.close()
        super().close()

    def coerce(self, state: dict[str, Any]) -> dict[str, Any]:
        """Leave out a pattern that no layer has, and a statistic that there is not."""
        state = super().coerce(state)
        if "pattern" in state and not self._is_known(state["pattern"]):
            state.pop("pattern")
        if state.get("statistic", "rms") not in frames.STATISTICS:
            state.pop("statistic")
        return state

    def parts(self, ask: Ask) -> Iterable[Part]:
        """Answer with the names; numbers and pictures come from the stream."""
        del ask
        repeats = self._repeats
        if not repeats.names:
            raise ValueError(_NOTHING_REPEATS)
        yield Part("rows", repeats, lambda: frames.rows_frame(repeats))

    def answer(self) -> None:
        """Answer, and read again if the explorer was refreshed."""
        if self._epoch != self._desk.epoch:
            self._epoch = self._desk.epoch
            self._look_at_all()
        super().answer()

    def look(self, *, cell_ended: bool) -> None:
        """Look at the layers again when a cell has ended."""
        if cell_ended and not self._closed:
            self._look_at_all()
        super().look(cell_ended=cell_ended)

    def picture(self) -> Image.Image | None:
        """Draw the layers and the statistic over depth; None where there is no layer."""
        from weightwidgets.pictures.depth import Block, depth_picture

        repeats = self._repeats
        if not repeats.names:
            return None
        unread = [name for name in repeats.names if self._stream.outcome(name) is None]
        if sum(self._source[name].numel for name in unread if name in self._source) <= (
            _WEIGHTS_READ_FOR_PICTURE
        ):
            for name in unread:
                self._stream.measure_now(name)
        found = [self._stream.outcome(name) for name in repeats.names]
        limit = frames.common_limit(found)
        blocks = []
        for depth, slice_ in zip(repeats.depths, found, strict=True):
            label = wire.display_name(depth, 12)
            if not isinstance(slice_, frames.Slice):
                blocks.append(Block(label))
                continue
            drawn = None if slice_.mosaic is None else frames.levels_and_flags(slice_.mosaic, limit)
            blocks.append(Block(label, drawn, float(getattr(slice_.numbers, self.statistic))))
        selected = repeats.names.index(self.layer) if self.layer in repeats.names else None
        title = wire.display_name(repeats.pattern, 80)
        return depth_picture(title, blocks, self.statistic, limit, selected)

    @t.validate("pattern")
    def _known_pattern(self, proposal: t.Bunch) -> str:
        pattern: str = proposal["value"]
        if self._is_known(pattern):
            return pattern
        known = [repeated for repeated, _ in self._repeats.choices]
        near = difflib.get_close_matches(pattern, known, 3) or known[:3]
        hint = f"; patterns that repeat here: {', '.join(map(repr, near))}" if near else ""
        msg = f"no layer has a name of the pattern {pattern[:80]!r}{hint}"
        raise t.TraitError(msg)

    @t.observe("layer", "pattern")
    def _ask_again(self, _change: t.Bunch) -> None:
        if self._list():
            self._begin(_change)

    @t.observe("started")
    def _begin(self, _change: t.Bunch) -> None:
        if self.started and not self._closed:
            self._stream.start()

    def _is_known(self, pattern: str) -> bool:
        return pattern == "" or self._first_of(pattern) is not None

    def _first_of(self, pattern: str) -> str | None:
        return next((name for name in self._source if stars(pattern, name) is not None), None)

    def _list(self) -> bool:
        """List the layers anew, and say whether they are others."""
        before = self._repeats
        self._repeats = frames.find_repeats(self._source, self.pattern, self.layer)
        return self._repeats.names != before.names

    def _look_at_all(self) -> None:
        with self._desk.lock:
            self._list()
        if self.started:
            self._stream.start()

    def _slice_version(self, layer: Layer) -> Version:
        return (self.version(layer), frames.side_for(len(self._repeats.names)))

    @staticmethod
    def _measure(layer: Layer, version: Version) -> frames.Slice:
        weights, side = cast("tuple[Version, int]", version)
        return frames.measure_slice(layer, weights, side)

    def _publish_slices(self) -> None:
        names, stream = self._repeats.names, self._stream
        found = [(stream.outcome(name), stream.is_current(name)) for name in names]
        frame = frames.slices_frame(found, token=wire.token(names), live=stream.live)
        self.set_trait("slices", frame)
