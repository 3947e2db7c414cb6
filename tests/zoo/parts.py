"""The attention heads, gates, norms and experts of a whole model against their definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from weightwidgets import analysis
from weightwidgets.analysis.channels import channels
from weightwidgets.analysis.gates import forget_bias, gate_blocks, gate_rows, gate_spectrum
from weightwidgets.analysis.similarity import similarity
from weightwidgets.sources.attention import attention_blocks
from weightwidgets.sources.experts import expert_patterns, expert_rows
from weightwidgets.sources.norm_layers import norm_layers
from weightwidgets.sources.recurrent import recurrent_layers

from .reference import as_float64

if TYPE_CHECKING:
    from weightwidgets.analysis.gates import GateBlocks
    from weightwidgets.layer import Layer
    from weightwidgets.sources.attention import AttentionBlock, HeadCounts
    from weightwidgets.sources.experts import ExpertRow
    from weightwidgets.sources.recurrent import RecurrentLayer
    from weightwidgets.sources.source import Source

    from .reference import Numbers
    from .tally import Tally

_RUNNING = ("running_mean", "running_var")
Head = tuple["Numbers", "Numbers", "Numbers", "Numbers"]


def heads_of(block: AttentionBlock, counts: HeadCounts) -> list[Head]:
    """Cut each head's q, k, v (rows of the projections) and o (columns) out of the stored tensors."""
    held = [as_float64(layer.weight) for layer in block.layers]
    held = [weight.T if block.transposed else weight for weight in held]
    size, shared = counts.head_dim, counts.heads // counts.kv_heads
    made = []
    for head in range(counts.heads):
        group = head // shared
        own, common = slice(head * size, (head + 1) * size), slice(group * size, (group + 1) * size)
        if block.packing == "separate":
            wide = held[2].shape[0] // counts.kv_heads
            q, k = held[0][own], held[1][common]
            v = held[2][group * wide : (group + 1) * wide]
        elif block.packing == "stacked":
            q, rest = held[0][own], held[0][counts.heads * size :]
            k, v = rest[common], rest[counts.kv_heads * size :][common]
        else:
            rows = held[0][group * (shared + 2) * size :]
            q = rows[(head % shared) * size :][:size]
            k, v = rows[shared * size :][:size], rows[(shared + 1) * size :][:size]
        wide = len(v)
        made.append((q, k, v, held[-1][:, head * wide : (head + 1) * wide]))
    return made


def head_numbers(heads: list[Head]) -> dict[str, Numbers]:
    """Give norms (6, heads), singular values of QK and OV, and both ranks of each: products formed whole."""
    products = [(q.T @ k, o @ v) for q, k, v, o in heads]
    ranks = [(min(len(q), q.shape[1], k.shape[1]), min(len(v), v.shape[1], len(o))) for q, k, v, o in heads]
    spectra = [
        np.stack(
            [
                np.linalg.svd(pair[which], compute_uv=False)[: rank[which]]
                for pair, rank in zip(products, ranks, strict=True)
            ]
        )
        for which in (0, 1)
    ]
    shares = [values / values.sum(axis=1, keepdims=True) for values in spectra]
    with np.errstate(divide="ignore", invalid="ignore"):
        effective = [np.exp(-np.where(share > 0, share * np.log(share), 0).sum(axis=1)) for share in shares]
    norms = [
        [np.linalg.norm(part) for part in (*head, *pair)] for head, pair in zip(heads, products, strict=True)
    ]
    return {
        "norms": np.array(norms).T, "qk": spectra[0], "ov": spectra[1], "effective_rank": np.stack(effective),
        "stable_rank": np.stack([(values**2).sum(axis=1) / values[:, 0] ** 2 for values in spectra]),
    }  # fmt: skip


def check_heads(tally: Tally, source: Source) -> None:
    for block in attention_blocks(source):
        with tally.at(f"heads of {block.name}"):
            counts = block.counts()
            cut = block.projections(counts, torch.clone)
            found = analysis.heads(analysis.head_factors(*cut, counts.heads))
            for name, expected in head_numbers(heads_of(block, counts)).items():
                tally.near(name, getattr(found, name), expected)
            tally.same("left out", found.non_finite, np.zeros(counts.heads))


def blocks_of(layer: RecurrentLayer) -> GateBlocks:
    """Cut a recurrent layer into gates, as the package does."""
    return gate_blocks(layer.kind, *layer.tensors(torch.clone))


def check_gates(tally: Tally, source: Source) -> None:
    for layer in recurrent_layers(source):
        with tally.at(f"gates of {layer.path}, layer {layer.number}, reverse {layer.reverse}"):
            blocks = blocks_of(layer)
            ih, hh, bias_ih, bias_hh, hr = (
                None if tensor is None else as_float64(tensor) for tensor in layer.tensors(torch.clone)
            )
            assert ih is not None
            assert hh is not None
            size = len(hh) // {"rnn": 1, "lstm": 4, "gru": 3}[layer.kind]
            for block, whole in (("input", ih), ("hidden", hh)):
                for row in gate_rows(blocks, block):  # type: ignore[arg-type]
                    expected = whole[row.gate * size : (row.gate + 1) * size]
                    tally.same(f"{block} rows", row.weight, expected)
            for row in gate_rows(blocks, "bias"):
                given = {"input": [bias_ih], "hidden": [bias_hh]}.get(row.part, [bias_ih, bias_hh])
                total = sum(bias for bias in given if bias is not None)
                expected = np.asarray(total)[row.gate * size : (row.gate + 1) * size]
                tally.same("bias rows", row.weight[0], expected)
            for gate in range(len(hh) // size):
                square = hh[gate * size : (gate + 1) * size]
                _check_spectrum(tally, blocks, gate, square if hr is None else hr @ square)
            if layer.kind == "lstm" and bias_ih is not None and bias_hh is not None:
                _check_forget_bias(tally, blocks, (bias_ih + bias_hh)[size : 2 * size])


def _check_spectrum(tally: Tally, blocks: GateBlocks, gate: int, square: Numbers) -> None:
    """Demand what only eigenvalues have: a shift by one is singular, and powers of all add up to traces."""
    found = gate_spectrum(blocks, gate)
    unit = np.linalg.norm(square)
    identity = np.eye(len(square))
    left = [np.linalg.svd(square - value * identity, compute_uv=False)[-1] for value in found.eigenvalues]
    tally.near("what an eigenvalue leaves regular", left, np.zeros(len(square)), unit)
    for power in (1, 2, 3):
        trace = np.trace(np.linalg.matrix_power(square, power))
        total = (found.eigenvalues**power).sum()
        tally.near(f"trace of power {power}", (total.real, total.imag), (trace, 0), unit**power)
    tally.near("radius", found.radius, np.abs(found.eigenvalues).max())
    tally.true("eigenvalues by magnitude", (np.diff(np.abs(found.eigenvalues)) <= 1e-12 * unit).all())


def _check_forget_bias(tally: Tally, blocks: GateBlocks, bias: Numbers) -> None:
    found = forget_bias(blocks)
    assert found is not None
    expected = (bias.mean(), bias.min(), bias.max(), (1 / (1 + np.exp(-bias))).mean())
    told = (found.mean, found.min, found.max, found.kept)
    tally.near("forget bias", told, expected, (np.abs(bias).max(), 1, 1, 1))


def channels_of(layer: Layer, scale: Numbers, threshold: float) -> dict[str, Any]:
    """Give what `Channels` holds, by the name of its field."""
    row = scale.ravel()
    others = {"shift": layer.bias, **{name: layer.statistics.get(name) for name in _RUNNING}}
    magnitude = np.abs(row)
    median = float(np.median(magnitude[np.isfinite(magnitude)]))
    return {
        "scale": row,
        **{name: None if other is None else as_float64(other).ravel() for name, other in others.items()},
        "order": np.argsort(magnitude, kind="stable"),
        "median": median,
        "limit": threshold * median,
        "near_zero": np.flatnonzero(magnitude <= threshold * median),
    }


def check_channels(tally: Tally, source: Source) -> None:
    for name in norm_layers(source):
        with tally.at(f"channels of {name}"):
            layer = source[name]
            mean, variance = (layer.statistics.get(part) for part in _RUNNING)
            for threshold in (0.1, 0.9):
                found = channels(layer.weight, layer.bias, mean, variance, threshold)
                for part, expected in channels_of(layer, as_float64(layer.weight), threshold).items():
                    if expected is None:
                        tally.true(f"no {part}", getattr(found, part) is None)
                    else:
                        tally.same(part, getattr(found, part), expected)


def experts_of(row: ExpertRow, source: Source) -> dict[str, Numbers]:
    """Give the norms of a layer's experts and their cosines, by the names of `Similarity`."""
    tensors = [as_float64(source[name].weight) for name in row.names]
    flat = [expert.ravel() for expert in (tensors if len(tensors) > 1 else tensors[0])]
    norms = np.array([np.linalg.norm(expert) for expert in flat])
    cosine = np.array([[a @ b / (np.linalg.norm(a) * np.linalg.norm(b)) for b in flat] for a in flat])
    others = (cosine.sum(axis=1) - cosine.diagonal()) / (len(flat) - 1)
    return {"norms": norms, "cosine": cosine, "mean_cosine": others}


def check_experts(tally: Tally, source: Source) -> None:
    for pattern in expert_patterns(source):
        for row in expert_rows(source, pattern):
            with tally.at(f"experts {pattern}, layer {row.depth}"):
                found = similarity(row.tensors(source))
                for name, expected in experts_of(row, source).items():
                    # Experts that have nothing in common have cosines of rounding alone.
                    unit = None if name == "norms" else 1.0
                    tally.near(name, getattr(found, name), expected, unit)
