"""The frames of the attention heads."""

from __future__ import annotations

import json
import math
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from weightwidgets import wire
from weightwidgets.analysis._cache import shared
from weightwidgets.analysis.filter_grid import flags_of, symmetric_levels
from weightwidgets.analysis.heads import FACTORS, Role, head_factors, head_picture, heads

from ._stream import steady

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from weightwidgets.analysis.heads import HeadFactors, Heads
    from weightwidgets.analysis.matrix_picture import MatrixPicture
    from weightwidgets.sources.attention import AttentionBlock, HeadCounts

    from ._base import Ask

Answer = TypeVar("Answer")

#: Products of more rows or columns are not drawn: forming one takes head_dim times as many steps.
LARGEST_PRODUCT = 2048
# All tiles together are that many bytes at most, and the enlarged picture that many pixels.
_TILE_PIXELS = 131_072
_MOST_TILE_ROWS, _LEAST_TILE_ROWS = 32, 8
_ENLARGED_ROWS, _ENLARGED_COLS, _ENLARGED_SIDE = 96, 288, 144
_MOST_CHOICES = 64

LIVE = "Read while a cell was running: it may mix two training steps."
_LEFT_OUT = (
    "Biases, rotary and other positions, masks and normalised queries or keys are left out: QK and OV are "
    "products of weights alone."
)
_PACKINGS = {
    "separate": "separate projections",
    "stacked": "q, k and v stacked in one tensor",
    "by_head": "q, k and v of each head together in one tensor",
}


class Tiles(NamedTuple):
    """The pooled pictures of a role, one for each head (for k and v each key/value head), and their limit."""

    pictures: list[MatrixPicture]
    limit: float


class Subject:
    """What one question asks to see of an attention block."""

    def __init__(self, block: AttentionBlock, counts: HeadCounts, ask: Ask) -> None:
        self.block = block
        self.counts = counts
        self.ask = ask
        # A live layer may have lost heads since one was selected.
        self.head = min(ask.head, counts.heads - 1)
        self.role: Role = ask.role

    @property
    def key(self) -> tuple[object, ...]:
        """What the numbers depend on."""
        return (self.ask.version, self.ask.live, self.block.name, self.counts)

    @property
    def token(self) -> int:
        """Tell the browser which frames belong together."""
        return wire.token(self.key)

    @cached_property
    def factors(self) -> HeadFactors:
        """The projections cut into heads."""
        held = self.block.projections(self.counts, steady)
        return head_factors(held.q, held.k, held.v, held.o, self.counts.heads)

    @cached_property
    def numbers(self) -> Heads:
        """The norms, spectra and ranks of all heads."""
        return self._known("heads", lambda: heads(self.factors))

    @property
    def is_drawn(self) -> bool:
        """Whether the pictures of the role are made."""
        return self.role not in FACTORS or max(self.size) <= LARGEST_PRODUCT

    @cached_property
    def size(self) -> tuple[int, int]:
        """Rows and columns of one head's slice or product."""
        if self.role in FACTORS:
            rows, cols = (getattr(self.factors, factor).shape[2] for factor in FACTORS[self.role])
            return rows, cols
        _, rows, cols = getattr(self.factors, self.role).shape
        return rows, cols

    @cached_property
    def tiles(self) -> Tiles:
        """The small pictures, on one scale."""
        return self._known(f"head tiles {self.role}", self._draw_tiles)

    def enlarged(self) -> MatrixPicture:
        """Draw the selected head's slice or product larger."""
        square = self.role in FACTORS
        most = (_ENLARGED_SIDE, _ENLARGED_SIDE) if square else (_ENLARGED_ROWS, _ENLARGED_COLS)
        return head_picture(self.factors, self.head, self.role, *most)

    def notes(self) -> list[str]:
        """Say what is shared, chosen, wrong or left out."""
        heads_, kv_heads, size = self.counts
        told = [_LEFT_OUT, f"The scores of QK are not divided by sqrt({size}) here."]
        if kv_heads < heads_:
            told.insert(0, f"Each key/value head serves {heads_ // kv_heads} query heads.")
        strays = int(np.count_nonzero(self.numbers.non_finite))
        if strays:
            told.append(
                f"{strays} of {heads_} heads hold NaN or infinite weights: left out of the norms of q, k, v "
                "and o, and without singular values."
            )
        told += dict.fromkeys(filter(None, (layer.tensors.derivation() for layer in self.block.layers)))
        return [*told, LIVE] if self.ask.live else told

    def description(self) -> str:
        """Say in a line how the block is built."""
        heads_, kv_heads, size = self.counts
        kept = "" if kv_heads == heads_ else f" · {kv_heads} key/value {'head' if kv_heads == 1 else 'heads'}"
        width = self.factors.q.shape[2]
        return f"{heads_} heads of {size}{kept} · model width {width} · {_PACKINGS[self.block.packing]}"

    def refusal(self) -> str:
        """Say why there is no picture; "" where there is one."""
        if self.is_drawn:
            return ""
        rows, cols = self.size
        return (
            f"{self.role.upper()} has {rows:,} x {cols:,} entries for each head: it is drawn up to "
            f"{LARGEST_PRODUCT:,} x {LARGEST_PRODUCT:,}. Its singular values are exact."
        )

    def _draw_tiles(self) -> Tiles:
        count = self.factors.kv_heads if self.role in ("k", "v") else self.factors.heads
        step = self.factors.heads // count
        wide = 1 if self.role in FACTORS else 3
        rows = min(math.isqrt(_TILE_PIXELS // (count * wide)), 48 if wide == 1 else _MOST_TILE_ROWS)
        rows = max(rows, _LEAST_TILE_ROWS)
        pictures = [
            head_picture(self.factors, place * step, self.role, rows, wide * rows) for place in range(count)
        ]
        ends = [np.abs(picture.values[np.isfinite(picture.values)]).max(initial=0) for picture in pictures]
        return Tiles(pictures, float(max(ends)))

    def _known(self, name: str, make: Callable[[], Answer]) -> Answer:
        # What a running cell may tear must not be remembered as the numbers of this version.
        return make() if self.ask.live else shared.get((*self.key, name), make)


def block_label(block: AttentionBlock) -> str:
    """Name a block for the eye."""
    return wire.display_name(block.name, 80) or "attention"


def blocks_frame(blocks: Sequence[AttentionBlock]) -> wire.Frame:
    """List the blocks, the layers of each, and the numbers of heads to choose from where none is known."""
    listed = [
        {
            "label": block_label(block),
            "layers": [layer.name for layer in block.layers],
            "choices": [] if block.hinted else block.choices[:_MOST_CHOICES],
        }
        for block in blocks
    ]
    return wire.frame(blocks=json.dumps(listed))


def numbers_frame(subject: Subject) -> wire.Frame:
    """Give the numbers of all heads."""
    numbers = subject.numbers
    return wire.frame(
        token=subject.token,
        title=block_label(subject.block),
        description=subject.description(),
        notes=subject.notes(),
        heads=subject.counts.heads,
        kv_heads=subject.counts.kv_heads,
        norms=numbers.norms,
        ranks=np.concatenate([numbers.effective_rank, numbers.stable_rank]),
        # Seven digits are more than a chart or its table needs.
        qk=numbers.qk.astype(np.float32),
        ov=numbers.ov.astype(np.float32),
    )


def tiles_frame(subject: Subject) -> wire.Frame:
    """Give the small pictures of all heads, on one scale."""
    if not subject.is_drawn:
        return wire.frame(token=subject.token, role=subject.role, refusal=subject.refusal(), count=0)
    pictures, limit = subject.tiles
    first = pictures[0]
    values = np.stack([picture.values for picture in pictures])
    height, width = first.values.shape
    return wire.frame(
        token=subject.token,
        role=subject.role,
        refusal="",
        count=len(pictures),
        height=height,
        width=width,
        block_rows=first.block_rows,
        block_cols=first.block_cols,
        limit=np.array([limit]),
        levels=symmetric_levels(values, limit),
        flags=_flags(values),
    )


def enlarged_frame(subject: Subject) -> wire.Frame:
    """Give the selected head's picture with its values."""
    if not subject.is_drawn:
        return {}
    picture = subject.enlarged()
    height, width = picture.values.shape
    rows, cols = subject.size
    return wire.frame(
        token=subject.token,
        role=subject.role,
        head=subject.head,
        height=height,
        width=width,
        rows=rows,
        cols=cols,
        block_rows=picture.block_rows,
        block_cols=picture.block_cols,
        levels=symmetric_levels(picture.values, subject.tiles.limit),
        flags=_flags(picture.values),
        values=picture.values,
    )


def _flags(values: NDArray[np.floating]) -> NDArray[np.uint8] | None:
    flags = flags_of(values)
    return flags if flags.any() else None
