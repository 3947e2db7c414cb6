"""What is said of recurrent layers: their gates, their equations, and what a spectral radius means."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from weightwidgets import wire
from weightwidgets.analysis.gates import gate_rows
from weightwidgets.analysis.summary import summary
from weightwidgets.pictures._numbers import number, share

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weightwidgets.analysis.gates import BiasPart, ForgetBias, GateBlocks, GateSpectrum
    from weightwidgets.sources.recurrent import RecurrentKind, RecurrentLayer

ROLES: Mapping[tuple[RecurrentKind, str], tuple[str, str]] = {
    ("rnn", "h"): ("hidden state", "the new state, before its tanh or ReLU"),
    ("lstm", "i"): ("input gate", "how much of the candidate is written"),
    ("lstm", "f"): ("forget gate", "how much of the cell is kept"),
    ("lstm", "g"): ("cell candidate", "what is written to the cell"),
    ("lstm", "o"): ("output gate", "how much of the cell is shown"),
    ("gru", "r"): ("reset gate", "how much of the state n reads"),
    ("gru", "z"): ("update gate", "how much of the state is kept"),
    ("gru", "n"): ("new state", "what replaces the rest"),
}
KINDS: Mapping[RecurrentKind, str] = {"rnn": "RNN", "lstm": "LSTM", "gru": "GRU"}
EQUATIONS: Mapping[RecurrentKind, str] = {
    "rnn": "h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or ReLU for tanh",
    "lstm": "c' = f c + i tanh(g) and h' = o tanh(c'), with sigmoids of i, f and o",
    "gru": "n = tanh(W_in x + b_in + r (W_hn h + b_hn)) and h' = (1 - z) n + z h, with sigmoids of r and z",
}
_GATED = (
    "so the gated dynamics differ: a radius above 1 does not say that the network explodes, nor one below 1 "
    "that it forgets."
)
_LINEAR = "Each block alone is linear: what h adds to one gate before its sigmoid or tanh."
_CAUTIONS: Mapping[RecurrentKind, str] = {
    "rnn": (
        "For an RNN, W_hh is the step from state to state, linearised where its tanh has slope 1: around 0 "
        "(or, with ReLU, where every unit is active). Elsewhere tanh is flatter and shrinks more. Gradients "
        "go back through the same map: below 1 it lets them vanish, above 1 it may let them explode."
    ),
    "lstm": (
        f"{_LINEAR} An LSTM remembers in its cell, c' = f c + i tanh(g), which passes through none of them, "
        f"{_GATED}"
    ),
    "gru": f"{_LINEAR} A GRU keeps z of its state as it is, h' = (1 - z) n + z h, {_GATED}",
}
_PARTS: Mapping[BiasPart, str] = {"": "", "both": "b_ih + b_hh", "input": "b_ih", "hidden": "b_hh"}
_STEADY = 0.005
# Between these a state takes more than two steps to halve or double.
_SLOW = (0.5**0.5, 2**0.5)


def layer_label(layer: RecurrentLayer) -> str:
    """Name the module of a recurrent layer for the eye."""
    return wire.display_name(layer.path, 80) or "model"


def place_label(layer: RecurrentLayer) -> str:
    """Say which layer and direction of its module it is."""
    if layer.number is None:
        return "cell"
    return f"layer {layer.number}, {'reverse' if layer.reverse else 'forward'}"


def row_label(kind: RecurrentKind, gate: str, part: BiasPart) -> str:
    """Name a row of biases; "" for weights."""
    if (kind, gate) == ("gru", "n"):
        return {"input": "b_in", "hidden": "b_hn"}.get(part, "")
    return _PARTS[part]


def description(layer: RecurrentLayer, blocks: GateBlocks) -> str:
    """Say in a line how large the layer is."""
    state = "" if blocks.weight_hr is None else f" · projected to {blocks.state_size}"
    return (
        f"{KINDS[layer.kind]} · {place_label(layer)} · input {blocks.weight_ih.shape[1]} · hidden "
        f"{blocks.hidden_size}{state}"
    )


def cautions(blocks: GateBlocks) -> list[str]:
    """Say what the eigenvalues are of, and what they do not tell."""
    told = [_CAUTIONS[blocks.kind]]
    if blocks.weight_hr is not None:
        zeros = max(blocks.hidden_size - blocks.state_size, 0)
        told.append(
            f"With a projection the square map is W_hr W_h, {blocks.state_size} x {blocks.state_size}; "
            f"W_h W_hr has the same eigenvalues and {zeros} zeros more."
        )
    return told


def bias_notes(blocks: GateBlocks) -> list[str]:
    """Say which biases are added and which are not."""
    if blocks.bias_ih is None or blocks.bias_hh is None:
        return []
    if blocks.kind == "gru":
        return [
            "Biases b_ih and b_hh of r and z are added, as they act; those of n are not: r scales b_hn alone."
        ]
    return ["Biases b_ih and b_hh are added: they only ever act as their sum."]


def bias_sentences(layer: RecurrentLayer, blocks: GateBlocks) -> list[str]:
    """Say of each gate what its bias is, mean and standard deviation; "" for each without one."""
    told: list[list[str]] = [[] for _ in blocks.names]
    for row in gate_rows(blocks, "bias"):
        label = row_label(layer.kind, blocks.names[row.gate], row.part) if row.part != "both" else "bias"
        found = summary(row.weight)
        told[row.gate].append(f"{label} {number(found.mean)} ± {number(found.std)}")
    return [", ".join(one) for one in told]


def forget_sentence(bias: ForgetBias | None) -> str:
    """Point out the bias of the forget gate; "" where there is none."""
    if bias is None:
        return ""
    if math.isnan(bias.mean):
        return "The forget gate has no finite bias."
    return (
        f"Forget-gate bias: mean {number(bias.mean)}, {number(bias.min)} to {number(bias.max)}. While input "
        f"and state are 0, a step keeps {share(bias.kept)} of the cell. torch starts this bias around 0, "
        "which keeps half; 1 is customary, so that the cell remembers from the start (Jozefowicz, Zaremba "
        "and Sutskever, ICML 2015)."
    )


def radius_sentence(spectrum: GateSpectrum) -> str:
    """Say what becomes of a state to which a gate's block alone is applied again and again."""
    radius = spectrum.radius
    if spectrum.non_finite:
        return "holds NaN or infinite weights: it has no eigenvalues"
    if radius == 0:
        return "0: a state is gone after a few steps"
    if abs(radius - 1) < _STEADY:
        return f"{number(radius)}: a state nearly keeps its size"
    if radius < _SLOW[0]:
        become = f"shrinks to {share(radius)} a step"
    elif radius > _SLOW[1]:
        become = f"grows {number(radius)}-fold a step"
    else:
        verb = "halves" if radius < 1 else "doubles"
        become = f"{verb} every {number(math.log(2) / abs(math.log(radius)), 2)} steps"
    end = "vanishes" if radius < 1 else "explodes"
    return f"{number(radius)}: in the long run a state {become}; alone it {end}"
