"""Nets of torch's own modules: every class with weights, and every way in which torch forms a weight."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize, prune
from torch.nn.utils import spectral_norm as hooked_spectral_norm
from torch.nn.utils import weight_norm as hooked_weight_norm

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor


class Symmetric(nn.Module):
    """A parametrization."""

    def forward(self, weight: Tensor) -> Tensor:
        return weight.triu() + weight.triu(1).transpose(-1, -2)


class LowRank(nn.Module):
    """A parametrization with parameters of its own: what adapters do."""

    def __init__(self, rows: int, columns: int) -> None:
        super().__init__()
        self.up, self.down = nn.Parameter(torch.randn(rows, 2)), nn.Parameter(torch.randn(2, columns))

    def forward(self, weight: Tensor) -> Tensor:
        return weight + self.up @ self.down


class Bare(nn.Module):
    """Parameters of every rank, buffers that are saved and not, and lists and dicts of parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(1.5))
        self.temperature = nn.Parameter(torch.randn(1))
        self.cls_token = nn.Parameter(torch.randn(1, 1, 12))
        self.positions = nn.Parameter(torch.randn(1, 9, 12))
        self.volume = nn.Parameter(torch.randn(2, 3, 4, 5, 6))
        self.listed = nn.ParameterList([torch.randn(3), torch.randn(4, 4)])
        self.named = nn.ParameterDict({"left": torch.randn(5), "right": torch.randn(2, 5)})
        self.register_buffer("mask", torch.tril(torch.ones(6, 6)))
        self.register_buffer("frequencies", 1 / 10_000 ** (torch.arange(0, 8, 2) / 8), persistent=False)


class Bent(nn.Module):
    """Weights that share memory with others, or lie in it in other orders."""

    def __init__(self) -> None:
        super().__init__()
        whole = torch.randn(12, 8)
        self.upper = nn.Parameter(whole[:6])
        self.lower = nn.Parameter(whole[6:])
        self.transposed = nn.Parameter(torch.randn(5, 7).T)
        self.strided = nn.Parameter(torch.randn(10, 6)[::2])
        kernel = torch.randn(4, 3, 3, 3).contiguous(memory_format=torch.channels_last)
        self.last = nn.Conv2d(3, 4, 3)
        self.last.weight = nn.Parameter(kernel)


def _convolutions() -> nn.Module:
    return nn.Sequential(
        nn.Conv1d(3, 4, 5), nn.Conv1d(6, 6, 3, groups=6), nn.Conv2d(3, 8, 5), nn.Conv2d(8, 12, (3, 1)),
        nn.Conv2d(8, 12, 3, groups=4), nn.Conv2d(6, 12, 3, groups=6, bias=False), nn.Conv2d(8, 4, 1),
    )  # fmt: skip


def _transposed() -> nn.Module:
    return nn.Sequential(
        nn.ConvTranspose1d(3, 4, 5), nn.ConvTranspose1d(6, 9, 3, groups=3), nn.ConvTranspose2d(4, 3, 3),
        nn.ConvTranspose2d(8, 12, (2, 3), groups=4), nn.ConvTranspose2d(5, 5, 3, groups=5, bias=False),
        nn.ConvTranspose3d(2, 3, 2), nn.ConvTranspose3d(4, 6, (1, 2, 3), groups=2),
    )  # fmt: skip


def _volumes() -> nn.Module:
    return nn.Sequential(
        nn.Conv3d(1, 4, 3), nn.BatchNorm3d(4), nn.Conv3d(4, 8, (2, 3, 4), groups=2), nn.InstanceNorm3d(8),
        nn.Conv3d(3, 5, 1), nn.Linear(8, 3),
    )  # fmt: skip


def _norms() -> nn.Module:
    model = nn.Sequential(
        nn.BatchNorm1d(5), nn.BatchNorm2d(6), nn.BatchNorm2d(4, affine=False), nn.LayerNorm(7),
        nn.InstanceNorm1d(4, affine=True, track_running_stats=True), nn.InstanceNorm2d(3, affine=True),
        nn.GroupNorm(2, 6), nn.LayerNorm((3, 4)), nn.LayerNorm(5, bias=False), nn.RMSNorm(6),
        nn.LayerNorm(4, elementwise_affine=False), nn.SyncBatchNorm(4),
    )  # fmt: skip
    for tensor in (*model.parameters(), *model.buffers()):
        if tensor.is_floating_point():
            tensor.data.normal_(1, 0.5)
    return model


def _activations() -> nn.Module:
    return nn.Sequential(nn.PReLU(), nn.Linear(3, 4), nn.PReLU(4), nn.RReLU(), nn.GELU())


def _dense() -> nn.Module:
    return nn.Sequential(
        nn.Linear(28 * 28, 20), nn.Bilinear(4, 5, 6), nn.Bilinear(2, 3, 4, bias=False), nn.Linear(1, 1),
        nn.Linear(30, 1), nn.Linear(1, 30, bias=False),
    )  # fmt: skip


def _embeddings() -> nn.Module:
    return nn.Sequential(
        nn.Embedding(50, 8, padding_idx=0), nn.EmbeddingBag(30, 6, mode="sum"), nn.Embedding(3, 3),
        nn.AdaptiveLogSoftmaxWithLoss(16, 60, [10, 30]),
    )  # fmt: skip


def _recurrent() -> nn.Module:
    return nn.ModuleList([
        nn.RNN(3, 5, num_layers=2, nonlinearity="relu"), nn.LSTM(4, 6, num_layers=2),
        nn.GRU(4, 6, bias=False), nn.RNNCell(3, 4), nn.LSTMCell(3, 4, bias=False), nn.GRUCell(3, 4),
    ])  # fmt: skip


def _both_ways() -> nn.Module:
    return nn.ModuleList([
        nn.LSTM(4, 6, num_layers=2, bidirectional=True, proj_size=3), nn.GRU(4, 5, bidirectional=True),
        nn.RNN(3, 4, bidirectional=True, bias=False), nn.LSTM(3, 5, proj_size=2),
    ])  # fmt: skip


def _attention() -> nn.Module:
    return nn.ModuleList([
        nn.MultiheadAttention(12, 3), nn.MultiheadAttention(12, 4, kdim=5, vdim=7, add_bias_kv=True),
        nn.MultiheadAttention(8, 2, bias=False),
    ])  # fmt: skip


def _normed() -> nn.Module:
    return nn.Sequential(
        parametrizations.weight_norm(nn.Conv1d(4, 6, 3, groups=2), dim=2),
        parametrizations.weight_norm(nn.Linear(7, 5)), parametrizations.spectral_norm(nn.Conv2d(3, 4, 3)),
        parametrizations.spectral_norm(nn.ConvTranspose2d(3, 4, 3)),
        parametrizations.orthogonal(nn.Linear(6, 6)), parametrizations.orthogonal(nn.Linear(8, 5)),
    )  # fmt: skip


def _hooked() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return nn.Sequential(
            hooked_weight_norm(nn.Conv2d(3, 4, 3)), hooked_weight_norm(nn.Linear(6, 5), dim=1),
            hooked_spectral_norm(nn.Linear(6, 5)), hooked_spectral_norm(nn.ConvTranspose2d(3, 4, 3)),
        )  # fmt: skip


def _pruned() -> nn.Module:
    model = nn.Sequential(nn.Conv2d(3, 6, 3), nn.Linear(9, 8), nn.LSTM(4, 5))
    prune.l1_unstructured(model[0], "weight", 0.5)
    prune.random_unstructured(model[0], "bias", 0.5)
    prune.l1_unstructured(model[1], "weight", 0.3)
    prune.ln_structured(model[1], "weight", 0.25, n=2, dim=0)
    prune.random_unstructured(model[2], "weight_hh_l0", 0.5)
    return model


def _parametrized() -> nn.Module:
    model = nn.Sequential(nn.Linear(6, 6), nn.Linear(7, 5), nn.Linear(4, 4))
    parametrize.register_parametrization(model[0], "weight", Symmetric())
    parametrize.register_parametrization(model[1], "weight", LowRank(5, 7))
    parametrize.register_parametrization(model[2], "weight", Symmetric())
    parametrize.register_parametrization(model[2], "weight", LowRank(4, 4))
    return model


def _tied() -> nn.Module:
    model = nn.ModuleDict({
        "embedding": nn.Embedding(20, 6), "inner": nn.Linear(6, 6), "again": nn.Linear(6, 6),
        "decoder": nn.Linear(6, 20), "norm": nn.LayerNorm(6),
    })  # fmt: skip
    model["decoder"].weight = model["embedding"].weight
    model["again"] = model["inner"]
    return model


def _lazy() -> nn.Module:
    model = nn.Sequential(
        nn.LazyConv2d(4, 3),
        nn.LazyBatchNorm2d(),
        nn.LazyConvTranspose2d(3, 3),
        nn.Flatten(),
        nn.LazyLinear(5),
    )
    model(torch.randn(2, 3, 8, 8))
    return model


def _extremes() -> nn.Module:
    """Weights that are hard to count: constants, zeros, NaN, infinities, tiny and huge numbers."""
    model = nn.ParameterDict({
        "zeros": torch.zeros(4, 5), "ones": torch.ones(7), "constant": torch.full((3, 4), -2.5),
        "nan": torch.randn(6, 5).index_fill(0, torch.tensor([2]), torch.nan),
        "infinite": torch.cat([torch.randn(20), torch.tensor([torch.inf, -torch.inf, -0.0])]),
        "tiny": torch.randn(8, 8) * 1e-38, "huge": torch.randn(8, 8) * 1e37,
        "offset": 1000 + torch.randn(50) * 1e-2, "signs": torch.sign(torch.randn(16, 16)),
        "halves": torch.linspace(-1, 1, 4096).reshape(64, 64), "outlier": torch.eye(33)[7] * 1e6,
    })  # fmt: skip
    return model.requires_grad_(requires_grad=False)


def _small_net() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), nn.ConvTranspose2d(6, 4, 2, groups=2), nn.Flatten(),
        nn.Linear(16, 10), nn.Embedding(12, 5),
    )  # fmt: skip


def _cast(dtype: torch.dtype) -> Callable[[], nn.Module]:
    def make() -> nn.Module:
        # torch warns that complex modules are new.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            return _small_net().to(dtype)

    return make


def _quantised() -> nn.Module:
    model = nn.Sequential(nn.Linear(6, 5), nn.LayerNorm(5), nn.Linear(5, 4), nn.LSTM(4, 3))
    with warnings.catch_warnings():
        # torch moves this to a package of its own.
        warnings.simplefilter("ignore")
        made: nn.Module = torch.ao.quantization.quantize_dynamic(model, {nn.Linear}, torch.qint8)
    return made


TORCH_NETS: dict[str, Callable[[], nn.Module]] = {
    "torch convolutions": _convolutions,
    "torch transposed convolutions": _transposed,
    "torch volumes": _volumes,
    "torch norms": _norms,
    "torch activations": _activations,
    "torch dense": _dense,
    "torch embeddings": _embeddings,
    "torch recurrent": _recurrent,
    "torch recurrent both ways": _both_ways,
    "torch attention": _attention,
    "torch transformer": lambda: nn.Transformer(16, 2, 2, 2, 24, batch_first=True),
    "torch weight and spectral norms": _normed,
    "torch hooked norms": _hooked,
    "torch pruned": _pruned,
    "torch parametrized": _parametrized,
    "torch tied": _tied,
    "torch lazy": _lazy,
    "torch bare parameters": Bare,
    "torch shared and bent memory": Bent,
    "torch extremes": _extremes,
    "torch bfloat16": _cast(torch.bfloat16),
    "torch float16": _cast(torch.float16),
    "torch float64": _cast(torch.float64),
    "torch complex": _cast(torch.complex64),
    "torch quantised": _quantised,
}
