"""The gates of a recurrent layer: their blocks, their biases, and the eigenvalues of their hidden blocks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from weightwidgets.analysis._rows import rows_of
from weightwidgets.analysis._values import Weight, finite_only, values, widened

RecurrentKind = Literal["rnn", "lstm", "gru"]
GateBlock = Literal["input", "hidden", "bias"]
GATE_BLOCKS: tuple[GateBlock, ...] = get_args(GateBlock)
BiasPart = Literal["", "both", "input", "hidden"]

GATES: Mapping[RecurrentKind, tuple[str, ...]] = {
    "rnn": ("h",),
    "lstm": ("i", "f", "g", "o"),
    "gru": ("r", "z", "n"),
}
"""The gates in the order in which torch stacks their rows (metrics.md, section 6)."""


@dataclass(frozen=True, eq=False)
class GateBlocks:
    """The tensors of one recurrent layer, as they were given, and where each gate lies in them.

    Attributes
    ----------
    kind : {"rnn", "lstm", "gru"}
        Which equations the blocks stand in.
    weight_ih : torch.Tensor or numpy.ndarray
        Shape (gates * hidden_size, input_size), weight units: what the gates read of the input.
    weight_hh : torch.Tensor or numpy.ndarray
        Shape (gates * hidden_size, state_size): what the gates read of the state of the step before. The
        state has hidden_size numbers, or as many as a projection makes.
    bias_ih, bias_hh : torch.Tensor, numpy.ndarray or None
        Shape (gates * hidden_size,).
    weight_hr : torch.Tensor, numpy.ndarray or None
        Shape (state_size, hidden_size): the projection that makes the state of an LSTM. It is not gated.

    """

    kind: RecurrentKind
    weight_ih: Weight
    weight_hh: Weight
    bias_ih: Weight | None = None
    bias_hh: Weight | None = None
    weight_hr: Weight | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The gates' letters, in torch's order."""
        return GATES[self.kind]

    @property
    def hidden_size(self) -> int:
        """Rows of each gate."""
        return int(self.weight_hh.shape[0]) // len(self.names)

    @property
    def state_size(self) -> int:
        """Numbers that a step hands on to the next, a cell apart."""
        return int(self.weight_hh.shape[1])

    def rows(self, weight: Weight, gate: int) -> NDArray[np.floating[Any]]:
        """Give one gate's rows of one of the tensors: float32 or float64, a view where they are that."""
        return rows_of(weight, slice(gate * self.hidden_size, (gate + 1) * self.hidden_size))


@dataclass(frozen=True, eq=False)
class GateRow:
    """What one gate has of a block.

    Attributes
    ----------
    gate : int
        Its place among the gates.
    part : {"", "both", "input", "hidden"}
        Which biases these are: the sum of both, or one of them; "" for weights.
    weight : numpy.ndarray
        Weight units. Shape (hidden_size, columns), float32 or float64; for biases float64 (1, hidden_size).

    """

    gate: int
    part: BiasPart
    weight: NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class GateSpectrum:
    """The eigenvalues of the square map that a gate's hidden block is.

    Attributes
    ----------
    eigenvalues : numpy.ndarray
        complex128, shape (state_size,), in descending order of magnitude, of a conjugate pair the one above
        the real axis first. Without unit. Empty where there are none to compute.
    radius : float
        The largest magnitude; NaN without eigenvalues.
    zeros : int
        With a projection, the further eigenvalues of ``W_h @ W_hr``: hidden_size - state_size, all 0.
    non_finite : int
        NaN and infinite numbers in the map. Where there are any, there are no eigenvalues.

    """

    eigenvalues: NDArray[np.complex128]
    radius: float
    zeros: int
    non_finite: int


@dataclass(frozen=True)
class ForgetBias:
    """The bias of an LSTM's forget gate, b_ih + b_hh.

    Attributes
    ----------
    mean, min, max : float
        Over the finite biases, in weight units; NaN where there are none.
    kept : float
        The mean of ``sigmoid(bias)``: the share of a cell that one step keeps while input and state are 0.

    """

    mean: float
    min: float
    max: float
    kept: float


def gate_blocks(
    kind: RecurrentKind,
    weight_ih: Weight,
    weight_hh: Weight,
    bias_ih: Weight | None = None,
    bias_hh: Weight | None = None,
    weight_hr: Weight | None = None,
) -> GateBlocks:
    """Cut the tensors of one recurrent layer into gates (metrics.md, section 6).

    Parameters
    ----------
    kind : {"rnn", "lstm", "gru"}
        Whose rows they are.
    weight_ih : torch.Tensor or numpy.ndarray
        Shape (gates * hidden_size, input_size).
    weight_hh : torch.Tensor or numpy.ndarray
        Shape (gates * hidden_size, state_size).
    bias_ih, bias_hh : torch.Tensor or numpy.ndarray, optional
        Shape (gates * hidden_size,).
    weight_hr : torch.Tensor or numpy.ndarray, optional
        Shape (state_size, hidden_size), of an LSTM with a projection; without it the state is hidden_size.

    Raises
    ------
    ValueError
        If there is no such kind, or the shapes are not those of one layer; the message says which and why.

    """
    if kind not in GATES:
        raise ValueError(f"kind must be one of {', '.join(map(repr, GATES))}, got {kind!r}")
    if weight_hr is not None and kind != "lstm":
        raise ValueError("only an LSTM has a projection weight_hr")
    count = len(GATES[kind])
    given = {"weight_ih": weight_ih, "weight_hh": weight_hh, "weight_hr": weight_hr}
    for name, weight in given.items():
        if weight is not None and (weight.ndim != 2 or 0 in weight.shape):
            raise ValueError(f"{name} must be a matrix with weights, not of shape {tuple(weight.shape)}")
    rows, state = weight_hh.shape
    hidden_size = rows // count
    if rows % count or weight_ih.shape[0] != rows:
        raise ValueError(
            f"weight_ih has {weight_ih.shape[0]} rows and weight_hh {rows}, which {count} gates of one size "
            "cannot share"
        )
    made = (hidden_size, hidden_size) if weight_hr is None else tuple(weight_hr.shape)
    if made != (state, hidden_size):
        state_of = "the hidden size" if weight_hr is None else f"weight_hr, {made}"
        raise ValueError(f"weight_hh {(rows, state)} does not fit {state_of}, with {hidden_size} rows a gate")
    for name, bias in (("bias_ih", bias_ih), ("bias_hh", bias_hh)):
        if bias is not None and tuple(bias.shape) != (rows,):
            raise ValueError(f"{name} must have {rows} elements, not shape {tuple(bias.shape)}")
    return GateBlocks(kind, weight_ih, weight_hh, bias_ih, bias_hh, weight_hr)


def gate_rows(blocks: GateBlocks, block: GateBlock) -> list[GateRow]:
    """Give what each gate has of a block, in torch's order.

    Parameters
    ----------
    blocks : GateBlocks
        From `gate_blocks`.
    block : {"input", "hidden", "bias"}
        Biases are added in float64 where both only ever act as their sum. The two of a GRU's n gate do not:
        ``n = tanh(W_in x + b_in + r * (W_hn h + b_hn))``, so that they are rows of their own.

    Returns
    -------
    list of GateRow
        Empty for the biases of a layer without any.

    """
    if block != "bias":
        whole = blocks.weight_ih if block == "input" else blocks.weight_hh
        return [GateRow(gate, "", blocks.rows(whole, gate)) for gate in range(len(blocks.names))]
    given: dict[BiasPart, Weight | None] = {"input": blocks.bias_ih, "hidden": blocks.bias_hh}
    both = {
        part: widened(values(bias)).reshape(len(blocks.names), 1, -1)
        for part, bias in given.items()
        if bias is not None
    }
    rows = []
    for gate, name in enumerate(blocks.names):
        apart = (blocks.kind, name) == ("gru", "n")
        if apart or len(both) == 1:
            rows += [GateRow(gate, part, bias[gate]) for part, bias in both.items()]
        elif both:
            with np.errstate(invalid="ignore", over="ignore"):
                rows.append(GateRow(gate, "both", both["input"][gate] + both["hidden"][gate]))
    return rows


def gate_spectrum(blocks: GateBlocks, gate: int) -> GateSpectrum:
    """Work out the eigenvalues of a gate's hidden block, in float64 (LAPACK's geev).

    They are those of a matrix within rounding of the block; where the block is far from normal, they may be
    further from its own than rounding is (Golub and Van Loan, Matrix Computations, section 7.2). With a
    projection the block is not square: the map from state to state is ``W_hr @ W_h``, whose eigenvalues are
    those of ``W_h @ W_hr`` but for `zeros` zeros (Horn and Johnson, Matrix Analysis, theorem 1.3.22).

    Parameters
    ----------
    blocks : GateBlocks
        From `gate_blocks`. The work is some ``25 * state_size**3`` operations.
    gate : int
        Its place among ``blocks.names``.

    """
    square = widened(blocks.rows(blocks.weight_hh, gate))
    zeros = 0
    if blocks.weight_hr is not None:
        zeros = max(square.shape[0] - square.shape[1], 0)
        with np.errstate(invalid="ignore", over="ignore"):
            square = widened(values(blocks.weight_hr)) @ square
    strays = int(np.count_nonzero(~np.isfinite(square)))
    if strays:
        return GateSpectrum(np.empty(0, np.complex128), np.nan, zeros, strays)
    found = np.linalg.eigvals(square).astype(np.complex128)
    found = found[np.lexsort((-found.imag, -found.real, -np.abs(found)))]
    return GateSpectrum(found, float(np.abs(found[0])), zeros, 0)


def forget_bias(blocks: GateBlocks) -> ForgetBias | None:
    """Sum up the bias of an LSTM's forget gate; None for other kinds, and without biases.

    Parameters
    ----------
    blocks : GateBlocks
        From `gate_blocks`.

    """
    rows = gate_rows(blocks, "bias")
    if blocks.kind != "lstm" or not rows:
        return None
    bias = finite_only(rows[blocks.names.index("f")].weight.ravel())
    if bias.size == 0:
        return ForgetBias(*4 * (np.nan,))
    # exp overflows to infinity where the sigmoid is 0.
    with np.errstate(over="ignore"):
        kept = 1 / (1 + np.exp(-bias))
    return ForgetBias(float(bias.mean()), float(bias.min()), float(bias.max()), float(kept.mean()))
