"""Modules of every sort that a model may hold, each made by a function, seeded where it is random."""

import warnings
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, parametrize, prune
from torch.nn.utils import spectral_norm as hooked_spectral_norm
from torch.nn.utils import weight_norm as hooked_weight_norm


class OwnConv(nn.Conv2d):
    """A subclass counts as its base."""


class Vectors(nn.Module):
    """Bare parameters of every rank, a buffer, and one that is not saved."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(2.0))
        self.cls_token = nn.Parameter(torch.randn(1, 1, 6))
        self.positions = nn.Parameter(torch.randn(1, 5, 6))
        self.register_buffer("mask", torch.tril(torch.ones(4, 4)))
        self.register_buffer("steps", torch.tensor(3), persistent=False)


class Affine(nn.Module):
    """A custom module whose parameters are called as torch calls them."""

    def __init__(self, rows: int, columns: int, bias: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.randn(bias))
        self.weight = nn.Parameter(torch.randn(rows, columns))


class Tied(nn.Module):
    """An embedding and a decoder that share their weight; the decoder has a bias."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Embedding(7, 4)
        self.decoder = nn.Linear(4, 7)
        self.decoder.weight = self.encoder.weight


class Doubled(nn.Module):
    """The simplest parametrization."""

    def forward(self, weight: Tensor) -> Tensor:
        return 2 * weight


class LowRank(nn.Module):
    """A parametrization with parameters of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.up, self.down = nn.Parameter(torch.randn(5, 1)), nn.Parameter(torch.randn(1, 6))

    def forward(self, weight: Tensor) -> Tensor:
        return weight + self.up @ self.down


class Noisy(nn.Module):
    """A parametrization without a single effective weight: it draws random numbers."""

    def forward(self, weight: Tensor) -> Tensor:
        return weight + torch.randn_like(weight)


class Failing(nn.Module):
    """A parametrization that works when it is registered and never again."""

    calls = 0

    def forward(self, weight: Tensor) -> Tensor:
        Failing.calls += 1
        if Failing.calls > 1:
            raise ZeroDivisionError("no weight\ntoday")
        return weight + 0


def _parametrized(step: nn.Module) -> nn.Module:
    Failing.calls = 0
    layer = nn.Linear(6, 5)
    parametrize.register_parametrization(layer, "weight", step)
    return layer


def _hooked_weight_norm() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return hooked_weight_norm(nn.Conv2d(3, 4, 3), dim=0)


def _pruned() -> nn.Module:
    layer = nn.Conv2d(3, 4, 3)
    prune.l1_unstructured(layer, "weight", 0.5)
    prune.random_unstructured(layer, "bias", 0.5)
    return layer


def _pruned_twice() -> nn.Module:
    layer = nn.Linear(6, 5)
    prune.l1_unstructured(layer, "weight", 0.3)
    prune.ln_structured(layer, "weight", 0.4, n=2, dim=0)
    return layer


def _aliased() -> nn.Module:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    model.conv1 = model[0]
    return model


def _channels_last() -> nn.Module:
    conv = nn.Conv2d(3, 4, 3)
    conv.weight = nn.Parameter(conv.weight.detach().contiguous(memory_format=torch.channels_last))
    return conv


def _shared_bias() -> nn.Module:
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(3, 4))
    model[1].weight, model[1].bias = model[0].weight, model[0].bias
    return model


ZOO: dict[str, Callable[[], nn.Module]] = {
    "conv1d": lambda: nn.Conv1d(3, 4, 5),
    "conv2d grouped": lambda: nn.Conv2d(4, 6, (3, 5), groups=2),
    "conv2d depthwise": lambda: nn.Conv2d(4, 4, 3, groups=4, bias=False),
    "conv3d": lambda: nn.Conv3d(2, 3, 2),
    "own conv": lambda: OwnConv(3, 4, 3),
    "channels last": _channels_last,
    "transposed 1d": lambda: nn.ConvTranspose1d(3, 4, 5),
    "transposed 2d grouped": lambda: nn.ConvTranspose2d(8, 12, 3, groups=2),
    "transposed 3d": lambda: nn.ConvTranspose3d(2, 3, 2),
    "linear": lambda: nn.Linear(6, 5),
    "bilinear": lambda: nn.Bilinear(2, 3, 4),
    "embedding": lambda: nn.Embedding(7, 4, padding_idx=0),
    "embedding bag": lambda: nn.EmbeddingBag(7, 4),
    "rnn": lambda: nn.RNN(3, 4, num_layers=2),
    "lstm": lambda: nn.LSTM(3, 4, num_layers=2, bidirectional=True, proj_size=2),
    "gru": lambda: nn.GRU(3, 4),
    "lstm cell": lambda: nn.LSTMCell(3, 4),
    "gru cell": lambda: nn.GRUCell(3, 4),
    "rnn cell": lambda: nn.RNNCell(3, 4),
    "attention": lambda: nn.MultiheadAttention(6, 2),
    "attention unequal": lambda: nn.MultiheadAttention(6, 2, kdim=4, vdim=5, add_bias_kv=True),
    "transformer": lambda: nn.TransformerEncoderLayer(6, 2, dim_feedforward=8),
    "norms": lambda: nn.Sequential(
        nn.BatchNorm2d(4), nn.InstanceNorm1d(4, affine=True, track_running_stats=True), nn.GroupNorm(2, 4),
        nn.LayerNorm((4, 3)), nn.BatchNorm1d(4, affine=False), nn.LayerNorm(4, elementwise_affine=False),
    ),
    "prelu": lambda: nn.Sequential(nn.PReLU(), nn.PReLU(3)),
    "vectors": Vectors,
    "affine": lambda: Affine(4, 3, 4),
    "affine of columns": lambda: Affine(4, 3, 3),
    "lists": lambda: nn.ParameterList([torch.randn(2), torch.randn(3, 3)]),
    "aliased": _aliased,
    "tied": Tied,
    "shared bias": _shared_bias,
    "empty": lambda: Affine(3, 0, 3),
    "bfloat16": lambda: nn.Linear(6, 5).to(torch.bfloat16),
    "frozen": lambda: nn.Linear(6, 5).requires_grad_(requires_grad=False),
    "weight norm": lambda: parametrizations.weight_norm(nn.Conv2d(3, 4, 3)),
    "spectral norm": lambda: parametrizations.spectral_norm(nn.Linear(6, 5)),
    "spectral norm transposed": lambda: parametrizations.spectral_norm(nn.ConvTranspose2d(3, 4, 3)),
    "orthogonal": lambda: parametrizations.orthogonal(nn.Linear(6, 6)),
    "orthogonal householder": lambda: parametrizations.orthogonal(nn.Linear(6, 5)),
    "hooked weight norm": _hooked_weight_norm,
    "hooked spectral norm": lambda: hooked_spectral_norm(nn.ConvTranspose2d(3, 4, 3)),
    "pruned": _pruned,
    "pruned twice": _pruned_twice,
    "doubled": lambda: _parametrized(Doubled()),
    "low rank": lambda: _parametrized(LowRank()),
    "noisy": lambda: _parametrized(Noisy()),
    "failing": lambda: _parametrized(Failing()),
    "meta": lambda: nn.Conv2d(3, 4, 3, device="meta"),
    "weight norm on meta": lambda: parametrizations.weight_norm(nn.Linear(6, 5, device="meta")),
    "lazy": lambda: nn.Sequential(nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.LazyLinear(5)),
}  # fmt: skip


def make(name: str) -> nn.Module:
    """Return a fresh module of the zoo, the same at each call."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return ZOO[name]()
