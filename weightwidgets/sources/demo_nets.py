"""The demo models' architectures: ordinary torch modules, each small enough to be read at one sitting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    from weightwidgets.sources.demo import DemoFacts

# What the two language models read and write, in this order: the line feed and printable ASCII.
ALPHABET = "\n" + "".join(map(chr, range(32, 127)))
# Characters that the transformer looks at, the present one included.
CONTEXT = 128


class DemoNet(nn.Module):
    """A demo model: an ordinary module that also carries its facts.

    Attributes
    ----------
    facts : DemoFacts or None
        None where no trained model exists for the seed.
    """

    facts: DemoFacts | None = None


class EdgesNet(DemoNet):
    """Three convolutions and a dense head, for colour pictures of 28 x 28 pixels or more.

    Maps float32 ``(batch, 3, height, width)`` with values in 0..1 to logits ``(batch, 3)``: pagoda upright,
    pagoda on its side, dahlia.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 9, dtype=torch.float32)
        self.conv2 = nn.Conv2d(64, 32, 5, dtype=torch.float32)
        self.conv3 = nn.Conv2d(32, 48, 3, dtype=torch.float32)
        self.head = nn.Linear(48, 3, dtype=torch.float32)

    def forward(self, pixels: Tensor) -> Tensor:
        """Return the logits of a batch of pictures; torch's ``RuntimeError`` where they are too small."""
        hidden = functional.max_pool2d(functional.relu(self.conv1(pixels)), 2)
        hidden = functional.max_pool2d(functional.relu(self.conv2(hidden)), 2)
        hidden = functional.relu(self.conv3(hidden)).mean(dim=(2, 3))
        logits: Tensor = self.head(hidden)
        return logits


class DigitsNet(DemoNet):
    """Two convolutions with batch norm and two dense layers, for 8 x 8 digits.

    Maps float32 ``(batch, 1, 8, 8)`` with values in 0..1 to logits ``(batch, 10)``.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1, dtype=torch.float32)
        self.bn1 = nn.BatchNorm2d(16, dtype=torch.float32)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1, dtype=torch.float32)
        self.bn2 = nn.BatchNorm2d(32, dtype=torch.float32)
        self.fc1 = nn.Linear(32 * 4 * 4, 64, dtype=torch.float32)
        self.fc2 = nn.Linear(64, 10, dtype=torch.float32)

    def forward(self, pixels: Tensor) -> Tensor:
        """Return the logits of a batch of digits; torch's ``RuntimeError`` for any other size."""
        hidden = functional.relu(self.bn1(self.conv1(pixels)))
        hidden = functional.max_pool2d(functional.relu(self.bn2(self.conv2(hidden))), 2)
        hidden = functional.relu(self.fc1(hidden.flatten(1)))
        logits: Tensor = self.fc2(hidden)
        return logits


class CharacterLSTM(DemoNet):
    """Two layers of long short-term memory between an embedding of characters and a dense head.

    Maps int64 ``(batch, time)``, positions in `ALPHABET`, to logits ``(batch, time, 96)`` of the character
    that follows each.
    """

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(len(ALPHABET), 32, dtype=torch.float32)
        self.lstm = nn.LSTM(32, 96, num_layers=2, batch_first=True, dtype=torch.float32)
        self.head = nn.Linear(96, len(ALPHABET), dtype=torch.float32)

    def forward(self, characters: Tensor) -> Tensor:
        """Return the logits of the next character at each place."""
        hidden, _ = self.lstm(self.embedding(characters))
        logits: Tensor = self.head(hidden)
        return logits


class Attention(nn.Module):
    """Causal self-attention: four query heads of 16 features, each two of which share a key and a value head.

    Grouped-query attention as in Ainslie et al. (2023).
    """

    def __init__(self) -> None:
        super().__init__()
        self.num_heads, self.num_key_value_heads, self.head_dim = 4, 2, 16
        self.q_proj = nn.Linear(64, 64, bias=False, dtype=torch.float32)
        self.k_proj = nn.Linear(64, 32, bias=False, dtype=torch.float32)
        self.v_proj = nn.Linear(64, 32, bias=False, dtype=torch.float32)
        self.o_proj = nn.Linear(64, 64, bias=False, dtype=torch.float32)

    def forward(self, hidden: Tensor) -> Tensor:
        """Map (batch, time, 64) to (batch, time, 64); no place sees a later one."""
        batch, time, _ = hidden.shape
        query, key, value = (
            projection(hidden).view(batch, time, -1, self.head_dim).transpose(1, 2)
            for projection in (self.q_proj, self.k_proj, self.v_proj)
        )
        shared_by = self.num_heads // self.num_key_value_heads
        key, value = (shared.repeat_interleave(shared_by, dim=1) for shared in (key, value))
        read = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        mixed: Tensor = self.o_proj(read.transpose(1, 2).reshape(batch, time, -1))
        return mixed


class Block(nn.Module):
    """Attention and a two-layer perceptron, each on a normalised copy and added to the stream."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(64, dtype=torch.float32)
        self.attention = Attention()
        self.norm2 = nn.LayerNorm(64, dtype=torch.float32)
        self.up_proj = nn.Linear(64, 192, dtype=torch.float32)
        self.down_proj = nn.Linear(192, 64, dtype=torch.float32)

    def forward(self, hidden: Tensor) -> Tensor:
        """Map (batch, time, 64) to the same shape."""
        hidden = hidden + self.attention(self.norm1(hidden))
        added: Tensor = self.down_proj(functional.gelu(self.up_proj(self.norm2(hidden))))
        return hidden + added


class CharacterTransformer(DemoNet):
    """Four pre-norm blocks of grouped-query attention over embedded characters with learned places.

    Maps int64 ``(batch, time)``, positions in `ALPHABET` with time <= `CONTEXT`, to logits
    ``(batch, time, 96)`` of the character that follows each.
    """

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(len(ALPHABET), 64, dtype=torch.float32)
        self.places = nn.Parameter(torch.empty(CONTEXT, 64, dtype=torch.float32))
        self.layers = nn.ModuleList(Block() for _ in range(4))
        self.norm = nn.LayerNorm(64, dtype=torch.float32)
        self.head = nn.Linear(64, len(ALPHABET), bias=False, dtype=torch.float32)

    def forward(self, characters: Tensor) -> Tensor:
        """Return the logits of the next character at each place; ``RuntimeError`` for longer texts."""
        hidden = self.embedding(characters) + self.places[: characters.shape[1]]
        for layer in self.layers:
            hidden = layer(hidden)
        logits: Tensor = self.head(self.norm(hidden))
        return logits
