"""The heads of an attention block, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets as t

from weightwidgets.analysis.heads import ROLES
from weightwidgets.sources.attention import attention_blocks, named_block
from weightwidgets.sources.open import open_source

from . import _heads_frames as frames
from ._base import Ask, Part, View, bundle, known_layer, output, question, view_state

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from PIL import Image

    from weightwidgets.layer import Layer
    from weightwidgets.sources.attention import AttentionBlock

    from ._desk import Desk

_ORDERS = ["index", "norm"]
# Weights of a block: factorising and multiplying takes some hundred times as long as reading them.
_LONG_ANSWER = 200_000
# A block of 1 024 features; one of 2 048 takes a second.
_VERY_LONG_ANSWER = 4_200_000
_NONE_FOUND = (
    "No attention is recognised in this model: its projections have names that are not known here. "
    "Name them: ww.AttentionHeads(source, projections={'q': ..., 'k': ..., 'v': ..., 'o': ...}), "
    "or {'qkv': ..., 'o': ...}."
)


class AttentionHeads(View):
    """Every head of an attention block as a tile, with its norms and the spectra of its QK and OV products.

    Blocks are recognised by the names of their projections: those of `torch.nn.MultiheadAttention` and of the
    common model families, fused or separate, with fewer heads of keys and values or not.

    Parameters
    ----------
    source : torch.nn.Module, mapping of tensors, or Source
        What `open_source` takes.
    layer : str, optional
        A projection of the block to show; by default of the first block.
    num_heads : int, optional
        Query heads, where the model does not state them (a bare state dict) or states something else.
    num_kv_heads : int, optional
        Heads of keys and values. They follow from the shapes; given, they must agree.
    projections : mapping of str to str, optional
        Layer names by part, where they are not recognised: "q", "k", "v" and "o"; or "qkv" (all rows of q,
        then of k, then of v) and "o"; or "qkv_by_head" (q, k and v of each head together) and "o".
    desk : Desk, optional
        Given by the explorer that this view is part of.
    **traits
        ``head``, ``role``, ``order``, ``size``.

    Attributes
    ----------
    head : int
        The selected head, 0 to ``heads - 1``.
    role : {"q", "k", "v", "o", "qk", "ov"}
        What the tiles show: the head's slice of a projection, or its product ``W_q.T @ W_k`` or
        ``W_o @ W_v``, which are drawn up to 2 048 x 2 048.
    order : {"index", "norm"}
        Of the tiles: as in the block, or by descending Frobenius norm of what they show.
    error : str
        Why the last question has no answer; "" when all is well.

    Raises
    ------
    TypeError
        If `source` is none of the above, or for an unknown keyword.
    ValueError
        If `projections` has other parts, or its shapes are not those of an attention block.
    traitlets.TraitError
        If there is no such layer, or a value is out of its range, which the message gives.

    """

    _esm = t.Unicode().tag(sync=True)
    _css = t.Unicode().tag(sync=True)

    num_heads = question(t.Int(None, allow_none=True)).tag(ts="number | null")
    num_kv_heads = question(t.Int(None, allow_none=True)).tag(ts="number | null")
    head = question(t.Int(0))
    role = question(t.Enum(ROLES, default_value="q"))
    order = view_state(t.Enum(_ORDERS, default_value="index"))
    blocks = output()
    frame = output()
    tiles = output()
    enlarged = output()

    def __init__(
        self,
        source: object,
        layer: str | None = None,
        num_heads: int | None = None,
        num_kv_heads: int | None = None,
        projections: Mapping[str, str] | None = None,
        *,
        desk: Desk | None = None,
        **traits: Any,
    ) -> None:
        opened = open_source(source)
        self._source = opened
        self._named: AttentionBlock | None = None
        if projections is not None:
            known = {part: known_layer(opened, name) for part, name in projections.items()}
            self._named = named_block(opened, known)
        self._find_blocks()
        if layer is None and self._blocks:
            layer = next(iter(self._blocks))
        super().__init__(opened, layer, desk=desk, num_heads=num_heads, num_kv_heads=num_kv_heads, **traits)

    @t.default("_esm")
    def _script(self) -> str:
        return bundle("heads.js")

    @t.default("_css")
    def _style(self) -> str:
        return bundle("heads.css")

    def is_long(self, layer: Layer) -> bool:
        """Say whether the decompositions take longer than the message thread may be kept."""
        return self._weights(layer) > _LONG_ANSWER

    def is_very_long(self, layer: Layer) -> bool:
        """Say whether they take longer than a cell may be kept."""
        return self._weights(layer) > _VERY_LONG_ANSWER

    def _weights(self, layer: Layer) -> int:
        block = self._blocks.get(layer.name)
        return 0 if block is None else sum(part.numel for part in block.layers)

    def version(self, layer: Layer | None) -> tuple[object, ...]:
        """Tell one state of all projections of the block from the next."""
        block = None if layer is None else self._blocks.get(layer.name)
        if block is None:
            return super().version(layer)
        return (self._desk.epoch, *(part.fingerprint() for part in block.layers))

    def refresh(self) -> None:
        """Look for attention again, and answer, also when torch cannot tell that the weights changed."""
        self._find_blocks()
        super().refresh()

    def look(self, *, cell_ended: bool) -> None:
        """Look for attention again when a cell has ended: it may have changed the model."""
        if cell_ended and not self._closed:
            self._find_blocks()
        super().look(cell_ended=cell_ended)

    def coerce(self, state: dict[str, Any]) -> dict[str, Any]:
        """Bring the browser's values within what the block allows."""
        state = super().coerce(state)
        for name in ("num_heads", "num_kv_heads"):
            if name in state and not (state[name] is None or (type(state[name]) is int and state[name] > 0)):
                state.pop(name)
        for name, known in (("role", ROLES), ("order", _ORDERS)):
            if state.get(name, known[0]) not in known:
                state.pop(name)
        if type(state.get("head", 0)) is not int:
            state.pop("head")
        if "head" in state:
            last = self._last_head(state.get("layer", self.layer), state.get("num_heads", self.num_heads))
            state["head"] = min(max(state["head"], 0), state["head"] if last is None else last)
        return state

    def parts(self, ask: Ask) -> Iterable[Part]:
        """Answer with the numbers of all heads, their tiles, and the selected one enlarged."""
        subject = self._subject(ask)
        key = subject.key
        yield Part("frame", key, lambda: frames.numbers_frame(subject))
        yield Part("tiles", (*key, ask.role), lambda: frames.tiles_frame(subject))
        yield Part("enlarged", (*key, ask.role, subject.head), lambda: frames.enlarged_frame(subject))

    def picture(self) -> Image.Image | None:
        """Draw the tiles and the spectra of the selected head; None where there is nothing to show."""
        from weightwidgets.pictures.heads import HeadTiles, heads_picture

        ask = self._ask()
        try:
            subject = self._subject(ask)
            return heads_picture(
                f"{frames.block_label(subject.block)} · {subject.description()}",
                subject.numbers,
                ask.role,
                subject.head,
                HeadTiles(*subject.tiles) if subject.is_drawn else None,
                " ".join(filter(None, [subject.refusal(), *subject.notes()])),
            )
        except ValueError:
            # The view says why; a picture has nothing to add.
            return None

    def _subject(self, ask: Ask) -> frames.Subject:
        if not self._blocks:
            raise ValueError(_NONE_FOUND)
        block = self._blocks.get("" if ask.layer is None else ask.layer.name)
        if block is None:
            raise ValueError("This layer is no projection of an attention block: choose a block above.")
        return frames.Subject(block, block.counts(ask.num_heads, ask.num_kv_heads), ask)

    def _find_blocks(self) -> None:
        found = attention_blocks(self._source) if self._named is None else [self._named]
        blocks: dict[str, AttentionBlock] = {}
        for block in found:
            for layer in block.layers:
                blocks.setdefault(layer.name, block)
        self._blocks = blocks
        listed = frames.blocks_frame(found)
        if listed != self.blocks:
            self.set_trait("blocks", listed)

    def _last_head(self, layer: str, num_heads: int | None) -> int | None:
        """Give the last head of the block that `layer` belongs to; None where that is not known."""
        known = self._source.get(layer)
        block = None if known is None else self._blocks.get(known.name)
        try:
            return None if block is None else block.counts(num_heads).heads - 1
        except ValueError:
            return None

    @t.validate("head")
    def _known_head(self, proposal: t.Bunch) -> int:
        head: int = proposal["value"]
        last = self._last_head(self.layer, self.num_heads)
        if head < 0 or (last is not None and head > last):
            raise t.TraitError(f"head must be 0 to {'the last' if last is None else last}, got {head}")
        return head

    @t.validate("num_heads", "num_kv_heads")
    def _possible_heads(self, proposal: t.Bunch) -> int | None:
        count: int | None = proposal["value"]
        if count is None:
            return None
        if count < 1:
            raise t.TraitError(f"{proposal['trait'].name} must be None or at least 1, got {count}")
        block = self._blocks.get(self.layer)
        if block is not None and proposal["trait"].name == "num_heads" and not self._desk.from_browser:
            try:
                block.counts(count)
            except ValueError as error:
                raise t.TraitError(str(error)) from None
        return count

    @t.observe("layer", "num_heads")
    def _keep_head_in_block(self, _change: t.Bunch) -> None:
        last = self._last_head(self.layer, self.num_heads)
        if last is not None:
            self.head = min(self.head, last)
