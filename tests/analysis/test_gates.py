from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from weightwidgets.analysis.gates import (
    GATES,
    GateBlocks,
    RecurrentKind,
    forget_bias,
    gate_blocks,
    gate_rows,
    gate_spectrum,
)

MODULES: dict[RecurrentKind, Callable[..., nn.RNNBase]] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


def module(
    kind: RecurrentKind, inputs: int = 3, hidden: int = 5, seed: int = 0, **options: Any
) -> nn.RNNBase:
    torch.manual_seed(seed)
    return MODULES[kind](inputs, hidden, dtype=torch.float64, **options)


def cut(kind: RecurrentKind, recurrent: nn.RNNBase, suffix: str = "_l0") -> GateBlocks:
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")
    held = [getattr(recurrent, f"{name}{suffix}", None) for name in names]
    ih, hh, *others = (None if tensor is None else tensor.detach() for tensor in held)
    assert ih is not None
    assert hh is not None
    return gate_blocks(kind, ih, hh, *others)


def sigmoid(numbers: np.ndarray) -> np.ndarray:
    share: np.ndarray = 1 / (1 + np.exp(-numbers))
    return share


def biases(blocks: GateBlocks) -> dict[tuple[str, str], np.ndarray]:
    return {(blocks.names[row.gate], row.part): row.weight[0] for row in gate_rows(blocks, "bias")}


def run(blocks: GateBlocks, steps: np.ndarray) -> np.ndarray:
    """Run the layer by the equations of metrics.md, section 6, from its gates alone."""
    read, again, bias = gate_rows(blocks, "input"), gate_rows(blocks, "hidden"), biases(blocks)
    place = {name: gate for gate, name in enumerate(blocks.names)}
    state, cell, out = np.zeros(blocks.state_size), np.zeros(blocks.hidden_size), []

    def drive(name: str, x: np.ndarray) -> np.ndarray:
        gate = place[name]
        both: np.ndarray = read[gate].weight @ x + again[gate].weight @ state
        return both + bias.get((name, "both"), np.float64(0))

    for x in steps:
        if blocks.kind == "rnn":
            state = np.tanh(drive("h", x))
        elif blocks.kind == "lstm":
            i, f, o = (sigmoid(drive(name, x)) for name in "ifo")
            cell = f * cell + i * np.tanh(drive("g", x))
            state = o * np.tanh(cell)
            if blocks.weight_hr is not None:
                state = np.asarray(blocks.weight_hr) @ state
        else:
            r, z = (sigmoid(drive(name, x)) for name in "rz")
            own, kept = (bias.get(("n", part), np.float64(0)) for part in ("input", "hidden"))
            gate = place["n"]
            n = np.tanh(read[gate].weight @ x + own + r * (again[gate].weight @ state + kept))
            state = (1 - z) * n + z * state
        out.append(state)
    return np.stack(out)


@settings(deadline=None, max_examples=60)
@given(
    kind=st.sampled_from(tuple(GATES)),
    inputs=st.integers(1, 6),
    hidden=st.integers(1, 8),
    bias=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_the_gates_in_their_equations_give_what_torch_gives(
    kind: RecurrentKind, inputs: int, hidden: int, bias: bool, seed: int
) -> None:
    recurrent = module(kind, inputs, hidden, seed, bias=bias)
    steps = torch.randn(7, inputs, dtype=torch.float64)
    expected = recurrent(steps)[0].detach().numpy()
    np.testing.assert_allclose(run(cut(kind, recurrent), steps.numpy()), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("kind", GATES)
def test_every_layer_and_direction_has_gates_of_its_own(kind: RecurrentKind) -> None:
    recurrent = module(kind, num_layers=2, bidirectional=True)
    steps = torch.randn(6, 3, dtype=torch.float64)
    seen = steps.numpy()
    for layer in range(2):
        forward = run(cut(kind, recurrent, f"_l{layer}"), seen)
        backward = run(cut(kind, recurrent, f"_l{layer}_reverse"), seen[::-1])[::-1]
        seen = np.concatenate([forward, backward], axis=1)
    np.testing.assert_allclose(seen, recurrent(steps)[0].detach().numpy(), rtol=1e-12, atol=1e-14)


def test_a_projection_makes_the_state_smaller() -> None:
    recurrent = module("lstm", proj_size=2)
    steps = torch.randn(6, 3, dtype=torch.float64)
    blocks = cut("lstm", recurrent)
    assert (blocks.hidden_size, blocks.state_size) == (5, 2)
    np.testing.assert_allclose(run(blocks, steps.numpy()), recurrent(steps)[0].detach().numpy(), rtol=1e-12)


def test_the_biases_of_a_gru_stay_apart_where_they_act_apart() -> None:
    recurrent = module("gru")
    found = biases(cut("gru", recurrent))
    ih, hh = (getattr(recurrent, f"bias_{part}_l0").detach().numpy() for part in ("ih", "hh"))
    assert list(found) == [("r", "both"), ("z", "both"), ("n", "input"), ("n", "hidden")]
    np.testing.assert_array_equal(found["z", "both"], ih[5:10] + hh[5:10])
    np.testing.assert_array_equal(found["n", "hidden"], hh[10:])


def test_one_bias_alone_is_no_sum_and_none_is_no_row() -> None:
    blocks = gate_blocks("lstm", torch.ones(8, 3), torch.ones(8, 2), bias_hh=torch.arange(8.0))
    assert [(row.part, row.weight.tolist()) for row in gate_rows(blocks, "bias")][1] == ("hidden", [[2, 3]])
    assert gate_rows(gate_blocks("lstm", torch.ones(8, 3), torch.ones(8, 2)), "bias") == []


def test_biases_are_added_in_float64() -> None:
    one, tiny = torch.ones(1), torch.full((1,), 2.0**-40)
    blocks = gate_blocks("rnn", torch.ones(1, 1), torch.ones(1, 1), one, tiny)
    assert gate_rows(blocks, "bias")[0].weight.item() == 1 + 2.0**-40


def test_float_blocks_are_views_and_others_the_numbers_that_they_are() -> None:
    weight = torch.randn(8, 2)
    blocks = gate_blocks("lstm", torch.ones(8, 3), weight)
    for row in gate_rows(blocks, "hidden"):
        assert np.shares_memory(row.weight, weight.numpy())
        np.testing.assert_array_equal(row.weight, weight.numpy()[2 * row.gate : 2 * row.gate + 2])
    for stored in (weight.bfloat16(), weight.to_sparse()):
        rows = gate_rows(gate_blocks("lstm", torch.ones(8, 3), stored), "hidden")
        joined = np.concatenate([row.weight for row in rows])
        np.testing.assert_array_equal(joined, stored.to_dense().float().numpy())


def hidden_block(square: np.ndarray) -> GateBlocks:
    return gate_blocks("rnn", np.ones((len(square), 1)), square)


@settings(deadline=None, max_examples=60)
@given(
    pairs=st.lists(st.tuples(st.floats(0.1, 4), st.floats(0.05, 3.1)), max_size=4),
    reals=st.lists(st.floats(-4, 4).filter(lambda x: abs(x) > 1e-3), max_size=4),
    seed=st.integers(0, 1000),
)
def test_the_eigenvalues_are_those_that_the_block_was_made_of(
    pairs: list[tuple[float, float]], reals: list[float], seed: int
) -> None:
    wanted = [*map(complex, reals), 0j]
    size = len(reals) + 1 + 2 * len(pairs)
    normal = np.zeros((size, size))
    normal[range(len(reals)), range(len(reals))] = reals
    for place, (length, angle) in enumerate(pairs):
        at = len(reals) + 1 + 2 * place
        turned = length * np.exp(1j * angle)
        wanted += [turned, turned.conjugate()]
        normal[at : at + 2, at : at + 2] = [[turned.real, -turned.imag], [turned.imag, turned.real]]
    basis = np.linalg.qr(np.random.default_rng(seed).normal(size=(size, size)))[0]
    found = gate_spectrum(hidden_block(basis @ normal @ basis.T), 0)
    assert found.eigenvalues.dtype == np.complex128
    assert found.radius == pytest.approx(max(map(abs, wanted)), rel=1e-12, abs=1e-13)
    left = found.eigenvalues.tolist()
    for value in wanted:
        nearest = min(left, key=lambda one: abs(one - value))
        assert abs(nearest - value) < 1e-12
        left.remove(nearest)
    assert left == []
    assert (np.diff(np.abs(found.eigenvalues)) <= 0).all()


def test_of_a_conjugate_pair_the_one_above_the_axis_comes_first() -> None:
    found = gate_spectrum(hidden_block(np.array([[0.0, -2.0], [2.0, 0.0]])), 0)
    np.testing.assert_allclose(found.eigenvalues, [2j, -2j], atol=1e-15)


def test_each_gate_has_the_eigenvalues_of_its_own_rows() -> None:
    scales = np.array([3.0, -0.5, 2.0, 0.25])
    blocks = gate_blocks("lstm", np.ones((8, 1)), np.concatenate([scale * np.eye(2) for scale in scales]))
    found = [gate_spectrum(blocks, gate) for gate in range(4)]
    assert [spectrum.eigenvalues.tolist() for spectrum in found] == [[scale, scale] for scale in scales]
    assert [spectrum.radius for spectrum in found] == [3, 0.5, 2, 0.25]


def test_with_a_projection_they_are_those_of_the_product_but_for_its_zeros() -> None:
    made = np.random.default_rng(0)
    weight_hh, weight_hr = made.normal(size=(24, 2)), made.normal(size=(2, 6))
    blocks = gate_blocks("lstm", np.ones((24, 1)), weight_hh, weight_hr=weight_hr)
    for gate in range(4):
        found = gate_spectrum(blocks, gate)
        full = np.linalg.eigvals(weight_hh[6 * gate : 6 * gate + 6] @ weight_hr)
        full = full[np.argsort(-np.abs(full))]
        assert found.zeros == 4
        np.testing.assert_allclose(np.sort_complex(found.eigenvalues), np.sort_complex(full[:2]), rtol=1e-10)
        assert np.abs(full[2:]).max() < 1e-10


def test_a_block_that_is_not_finite_has_no_eigenvalues_and_leaves_the_others_theirs() -> None:
    weight = torch.randn(8, 2)
    weight[3, 0], weight[2, 1] = float("nan"), float("inf")
    blocks = gate_blocks("lstm", torch.ones(8, 1), weight)
    found = [gate_spectrum(blocks, gate) for gate in range(4)]
    assert [spectrum.non_finite for spectrum in found] == [0, 2, 0, 0]
    assert found[1].eigenvalues.size == 0
    assert np.isnan(found[1].radius)
    assert all(np.isfinite(spectrum.radius) for spectrum in (found[0], *found[2:]))


def test_sixteen_bit_blocks_are_decomposed_in_float64() -> None:
    weight = torch.randn(4, 4, dtype=torch.bfloat16)
    found = gate_spectrum(gate_blocks("rnn", torch.ones(4, 1), weight), 0)
    wide = gate_spectrum(gate_blocks("rnn", torch.ones(4, 1), weight.double()), 0)
    np.testing.assert_array_equal(found.eigenvalues, wide.eigenvalues)


def test_the_forget_bias_is_the_sum_of_both_and_tells_what_a_cell_keeps() -> None:
    recurrent = module("lstm", hidden=6)
    with torch.no_grad():
        recurrent.get_parameter("bias_ih_l0")[6:12] = 1
    total = recurrent.get_parameter("bias_hh_l0").detach().numpy()[6:12] + 1
    found = forget_bias(cut("lstm", recurrent))
    assert found is not None
    assert found.mean == pytest.approx(total.mean(), rel=1e-12)
    assert (found.min, found.max) == (total.min(), total.max())
    assert found.kept == pytest.approx(sigmoid(total).mean(), rel=1e-12)


def test_a_forget_bias_that_float64_can_hardly_hold_keeps_all_or_nothing() -> None:
    bias = np.array([0.0, 0, -1e5, 1e5, 0, 0, 0, 0])
    found = forget_bias(gate_blocks("lstm", np.ones((8, 1)), np.ones((8, 2)), bias))
    assert found is not None
    assert (found.kept, found.mean) == (0.5, 0.0)
    gone = forget_bias(gate_blocks("lstm", np.ones((8, 1)), np.ones((8, 2)), np.full(8, np.nan)))
    assert gone is not None
    assert np.isnan([gone.mean, gone.min, gone.max, gone.kept]).all()


def test_only_an_lstm_with_biases_has_a_forget_bias() -> None:
    assert forget_bias(cut("gru", module("gru"))) is None
    assert forget_bias(cut("lstm", module("lstm", bias=False))) is None


@pytest.mark.parametrize(
    ("kind", "change", "sentence"),
    [
        ("lstn", {}, "kind must be one of 'rnn', 'lstm', 'gru', got 'lstn'"),
        ("lstm", {"weight_ih": (12, 3)}, "weight_ih has 12 rows and weight_hh 8, which 4 gates"),
        ("gru", {}, "weight_hh 8, which 3 gates of one size cannot share"),
        ("lstm", {"weight_hh": (8, 3)}, r"weight_hh \(8, 3\) does not fit the hidden size, with 2 rows"),
        ("lstm", {"weight_hr": (2, 3)}, r"does not fit weight_hr, \(2, 3\)"),
        ("rnn", {"weight_hr": (2, 8)}, "only an LSTM has a projection"),
        ("lstm", {"bias_ih": (4,)}, r"bias_ih must have 8 elements, not shape \(4,\)"),
        ("lstm", {"weight_hh": (0, 2)}, r"weight_hh must be a matrix with weights, not of shape \(0, 2\)"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(kind: Any, change: dict[str, Any], sentence: str) -> None:
    shapes = {"weight_ih": (8, 3), "weight_hh": (8, 2)} | change
    given = {name: torch.zeros(shape) for name, shape in shapes.items()}
    with pytest.raises(ValueError, match=sentence):
        gate_blocks(kind, **given)


def test_blocks_without_values_say_so_when_they_are_read() -> None:
    blocks = gate_blocks("lstm", torch.zeros(8, 3, device="meta"), torch.zeros(8, 2, device="meta"))
    with pytest.raises(ValueError, match="on `meta`"):
        gate_rows(blocks, "hidden")
