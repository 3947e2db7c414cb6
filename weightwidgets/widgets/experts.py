"""The experts of a mixture: all layers by all experts, and one layer's experts two by two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import traitlets as t

from weightwidgets.sources.experts import expert_patterns, expert_rows
from weightwidgets.sources.open import open_source

from . import _experts_frames as frames
from ._base import Ask, Part, View, bundle, output, question, text_trait, view_state
from ._desk import Desk
from ._stream import Stream

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PIL import Image

    from weightwidgets.analysis.similarity import Similarity
    from weightwidgets.layer import Layer

    from ._stream import Version

_MEASURES = ["norm", "similarity"]
# A cell's output waits for its picture: more weights than this are left to the background.
_WEIGHTS_READ_FOR_PICTURE = 2_000_000
_NO_EXPERTS = (
    "No experts are recognised in this model: their names have no part 'experts'. In Python, pattern= takes "
    "other names, with * for the layer and for the expert: 'blocks.*.moe.*.w1'."
)


class ExpertGrid(View):
    """A cell for every expert of every layer: its norm, or how alike it is to the others of its layer.

    Experts are recognised by names such as ``layers.3.mlp.experts.7.up_proj``, and as one tensor of three
    dimensions (experts, out, in) below a part ``experts``. They are read on a background thread, which starts
    when the view is first painted (or by `start`), and again after a cell has changed the weights.

    Parameters
    ----------
    source : torch.nn.Module, mapping of tensors, or Source
        What `open_source` takes.
    pattern : str, optional
        Names of experts with ``*`` for each part that changes; the first that is recognised by default.
    layer : str, optional
        The selected tensor; the first expert by default.
    desk : Desk, optional
        Given by the explorer that this view is part of.
    **traits
        ``expert``, ``measure``, ``size``, ``started``.

    Attributes
    ----------
    layer : str
        The tensor that holds the selected expert.
    expert : int
        The place of the selected expert among those of its layer, from 0.
    pattern : str
        The pattern that is shown; "" where none is recognised.
    measure : {"norm", "similarity"}
        The Frobenius norm of each expert, or its mean cosine similarity to the others of its layer.
    started : bool
        Whether reading has begun; once it has, it stays True.
    error : str
        Why there is nothing to show; "" when all is well.

    Raises
    ------
    TypeError
        If `source` is no source, or for an unknown keyword.
    traitlets.TraitError
        If there is no such layer, `pattern` names no experts, or `expert` is out of range.

    """

    shows_all: ClassVar[bool] = True

    _esm = t.Unicode().tag(sync=True)
    _css = t.Unicode().tag(sync=True)
    pattern = question(text_trait())
    expert = question(t.Int(0, min=0))
    measure = view_state(t.Enum(_MEASURES, default_value="norm"))
    started = view_state(t.Bool(default_value=False).tag(transient=True))
    rows = output()
    grid = output()
    pairs = output()

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
        self._choices = expert_patterns(self._source)
        pattern = pattern or next(iter(self._choices), "")
        self._rows = frames.rows_named(self._source, self._known_pattern({"value": pattern}))
        self._stream: Stream[Similarity] = Stream(
            frames.FirstOfRows(self._source, lambda: self._rows),
            desk,
            version=self._row_version,
            measure=self._measure,
            publish=self._publish_grid,
        )
        if layer is None and self._rows:
            layer = self._rows[0].name_of(traits.get("expert", 0))
        super().__init__(self._source, layer, desk=desk, pattern=pattern, **traits)

    @t.default("_esm")
    def _script(self) -> str:
        return bundle("experts.js")

    @t.default("_css")
    def _style(self) -> str:
        return bundle("experts.css")

    @property
    def selected(self) -> tuple[int, int] | None:
        """The row and the place in it of the selected expert; None while another layer is selected."""
        return frames.selected_in(self._rows, self.layer, self.expert)

    def start(self) -> None:
        """Begin to read, without waiting for a browser to paint the view."""
        self.started = True

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until every layer is read, at most `timeout` seconds; call `start` first."""
        return self._stream.wait(timeout)

    def close(self) -> None:
        """Stop reading and free everything; calling it again does nothing."""
        # A view whose arguments were refused is closed too, when it is collected.
        if hasattr(self, "_stream"):
            self._stream.close()
        super().close()

    def coerce(self, state: dict[str, Any]) -> dict[str, Any]:
        """Leave out what the browser cannot ask for, and keep the expert within its layer."""
        state = super().coerce(state)
        if "pattern" in state and state["pattern"] not in (*self._choices, self.pattern):
            state.pop("pattern")
        if state.get("measure", "norm") not in _MEASURES:
            state.pop("measure")
        expert = state.pop("expert", None)
        if type(expert) is int:
            layer = state.get("layer", self.layer)
            count = next((len(row.numbers) for row in self._rows if layer in row.names), 1)
            state["expert"] = min(max(expert, 0), count - 1)
        return state

    def parts(self, ask: Ask) -> Iterable[Part]:
        """Answer with the names; the numbers come from the stream."""
        if not self._rows:
            raise ValueError(_NO_EXPERTS)
        rows, pattern = self._rows, ask.pattern
        shape = frames.shape_of(self._source, rows[0])
        key = (rows, pattern, shape, self._choices)
        yield Part("rows", key, lambda: frames.rows_frame(pattern, self._choices, rows, shape))

    def answer(self) -> None:
        """Answer, and read again if the explorer was refreshed."""
        if self._epoch != self._desk.epoch:
            self._epoch = self._desk.epoch
            self._look_at_all()
        super().answer()

    def look(self, *, cell_ended: bool) -> None:
        """Look at the experts again when a cell has ended."""
        if cell_ended and not self._closed:
            self._look_at_all()
        super().look(cell_ended=cell_ended)

    def picture(self) -> Image.Image | None:
        """Draw all experts, and those of the selected layer two by two; None where there are none."""
        if not self._rows:
            return None
        first = [row.names[0] for row in self._rows]
        weights = sum(self._source[name].numel for row in self._rows for name in row.names)
        if weights <= _WEIGHTS_READ_FOR_PICTURE:
            for name in first:
                self._stream.measure_now(name)
        found = list(map(self._stream.outcome, first))
        return frames.draw_experts(self.pattern, self._rows, found, self.measure, self.selected)

    @t.validate("pattern")
    def _known_pattern(self, proposal: Any) -> str:
        pattern: str = proposal["value"]
        if pattern:
            try:
                expert_rows(self._source, pattern)
            except ValueError as problem:
                hint = f"; recognised here: {', '.join(map(repr, self._choices))}" if self._choices else ""
                msg = f"{problem}{hint}"
                raise t.TraitError(msg) from None
        return pattern

    @t.validate("expert")
    def _known_expert(self, proposal: t.Bunch) -> int:
        expert: int = proposal["value"]
        most = max((len(row.numbers) for row in self._rows), default=1) - 1
        if expert > most:
            msg = f"expert must be 0 to {most}, got {expert}"
            raise t.TraitError(msg)
        return expert

    @t.observe("layer", "expert", "pattern")
    def _select(self, change: t.Bunch) -> None:
        if change["name"] == "pattern":
            self._rows = frames.rows_named(self._source, self.pattern)
            self._begin(change)
        elif (selected := self.selected) is not None:
            row = self._rows[selected[0]]
            if change["name"] == "expert":
                # Of experts with a tensor each, the layer says which is selected.
                self.layer = row.name_of(self.expert)
            else:
                self.expert = selected[1]
        self._publish_pairs()

    @t.observe("started")
    def _begin(self, _change: t.Bunch) -> None:
        if self.started and not self._closed:
            self._stream.start()

    def _look_at_all(self) -> None:
        with self._desk.lock:
            self._choices = expert_patterns(self._source)
            self._rows = frames.rows_named(self._source, self.pattern)
        if self.started:
            self._stream.start()

    def _row_version(self, layer: Layer) -> Version:
        return (self._desk.epoch, *frames.row_version(self._source, frames.row_of(self._rows, layer)))

    def _measure(self, layer: Layer, _version: Version) -> Similarity:
        return frames.measure_row(self._source, frames.row_of(self._rows, layer))

    def _publish_grid(self) -> None:
        stream = self._stream
        found = [(stream.outcome(row.names[0]), stream.is_current(row.names[0])) for row in self._rows]
        self.set_trait("grid", frames.grid_frame(self._rows, found, live=stream.live))
        self._publish_pairs()

    def _publish_pairs(self) -> None:
        selected = self.selected
        place = 0 if selected is None else selected[0]
        outcome = self._stream.outcome(self._rows[place].names[0]) if self._rows else None
        self.set_trait("pairs", frames.pairs_frame(self._rows, place, outcome))
