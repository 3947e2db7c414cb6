from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from tests.odd_tensors import Scaled, float4, nested, quantised, sparse
from weightwidgets.analysis.shuffle import shuffled
from weightwidgets.analysis.summary import summary
from weightwidgets.layer import CONVOLUTIONS, KINDS, Kind, Layer, out_first_shape
from weightwidgets.sources.open import open_source


@dataclass
class Kept:
    """A weight kept as it is, with all else that a layer may ask for."""

    kept: torch.Tensor
    kept_bias: torch.Tensor | None = None
    parts: dict[str, torch.Tensor] = field(default_factory=dict)
    sentence: str = ""
    known_version: str | None = None

    def stored(self) -> dict[str, torch.Tensor]:
        return self.parts or {"0.weight": self.kept}

    def stored_bias(self) -> dict[str, torch.Tensor]:
        return {} if self.kept_bias is None else {"0.bias": self.kept_bias}

    def weight(self) -> torch.Tensor:
        return self.kept

    def outline(self) -> torch.Tensor:
        return self.kept

    def bias(self) -> torch.Tensor | None:
        return self.kept_bias

    def statistics(self) -> dict[str, torch.Tensor]:
        return {"running_mean": torch.zeros(2)}

    def derivation(self) -> str:
        return self.sentence

    def version(self) -> str | None:
        return self.known_version


def layer_of(
    weight: torch.Tensor,
    kind: Kind = "parameter",
    *,
    groups: int = 1,
    inferred: bool = False,
    bias: torch.Tensor | None = None,
) -> Layer:
    return Layer(("0", "head"), ("0.weight", "head.weight"), kind, Kept(weight, bias), groups, inferred)


@st.composite
def transposed(draw: st.DrawFn) -> tuple[torch.Tensor, int]:
    groups, ins, outs = (draw(st.integers(1, 3)) for _ in range(3))
    kernel = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    shape = (groups * ins, outs, *kernel)
    return torch.arange(torch.Size(shape).numel(), dtype=torch.float32).reshape(shape), groups


def test_the_key_comes_first_among_the_names() -> None:
    layer = layer_of(torch.ones(2, 2))
    assert (layer.name, layer.full_name) == ("0", "0.weight")


def test_there_are_sixteen_kinds_and_six_of_them_are_convolutions() -> None:
    assert len(KINDS) == 16
    assert {kind for kind in KINDS if kind.startswith("conv")} == CONVOLUTIONS


@pytest.mark.parametrize(
    ("kind", "shape", "groups", "expected"),
    [
        ("conv2d", (6, 2, 3, 5), 2, (6, 2, 3, 5)),
        ("conv_transpose1d", (8, 6, 3), 1, (6, 8, 3)),
        ("conv_transpose2d", (8, 6, 3, 3), 2, (12, 4, 3, 3)),
        ("linear", (5, 6), 1, (5, 6)),
        ("bilinear", (4, 2, 3), 1, (4, 6)),
        ("norm", (4,), 1, (4, 1)),
        ("parameter", (), 1, (1, 1)),
        ("parameter", (1, 1, 6), 1, (1, 6)),
        ("parameter", (1, 197, 768), 1, (197, 768)),
        ("parameter", (1, 4, 1, 1), 1, (4, 1)),
        ("parameter", (2, 3, 4, 5), 1, (2, 60)),
        ("buffer", (0,), 1, (0, 1)),
        ("linear", (3, 0), 1, (3, 0)),
    ],
)
def test_the_out_first_shape(
    kind: Kind, shape: tuple[int, ...], groups: int, expected: tuple[int, ...]
) -> None:
    assert out_first_shape(kind, shape, groups) == expected
    layer = layer_of(torch.zeros(shape), kind, groups=groups)
    assert layer.out_first.shape == expected
    assert (layer.out_channels, layer.in_channels, layer.kernel_size) == (
        expected[0],
        expected[1] * groups,
        expected[2:],
    )


@given(transposed())
def test_each_row_of_a_transposed_convolution_holds_the_weights_of_one_output(
    example: tuple[torch.Tensor, int],
) -> None:
    weight, groups = example
    layer = layer_of(weight, "conv_transpose2d", groups=groups)
    assert layer.transposed
    ins, outs = weight.shape[0] // groups, weight.shape[1]
    for row in range(layer.out_channels):
        group, out = divmod(row, outs)
        assert torch.equal(layer.out_first[row], weight[group * ins : (group + 1) * ins, out])


def test_a_transposed_convolution_computes_what_its_out_first_rows_say() -> None:
    module = nn.ConvTranspose2d(4, 6, 1, groups=2, bias=False)
    rows = layer_of(module.weight.detach(), "conv_transpose2d", groups=2).out_first[:, :, 0, 0]
    inputs = torch.randn(4)
    expected = torch.cat([rows[:3] @ inputs[:2], rows[3:] @ inputs[2:]])
    assert torch.allclose(module(inputs.view(1, 4, 1, 1)).flatten(), expected, atol=1e-6)


@pytest.mark.parametrize("kind", ["conv2d", "conv_transpose2d"])
def test_the_out_first_weight_of_an_ungrouped_convolution_is_a_view(kind: Kind) -> None:
    weight = torch.randn(4, 3, 2, 2)
    assert layer_of(weight, kind).out_first.data_ptr() == weight.data_ptr()


def test_shape_dtype_and_numel_are_the_weight_s() -> None:
    layer = layer_of(torch.ones(4, 3, dtype=torch.bfloat16))
    assert (layer.shape, layer.dtype, layer.numel) == ((4, 3), torch.bfloat16, 12)
    assert layer_of(torch.tensor(2.0)).numel == 1


def test_raw_is_empty_for_a_weight_that_is_kept_as_it_is_and_detached_for_others() -> None:
    assert layer_of(torch.ones(2)).raw == {}
    parts = {"0.weight_orig": nn.Parameter(torch.ones(2)), "0.weight_mask": torch.ones(2)}
    layer = Layer(("0",), ("0.weight",), "linear", Kept(torch.ones(2), parts=parts))
    assert layer.raw.keys() == parts.keys()
    assert not any(tensor.requires_grad for tensor in layer.raw.values())


def test_packed_floats_have_the_shape_of_their_numbers_and_are_stored_in_raw() -> None:
    stored = float4(torch.tensor([[0x21, 0x43], [0x65, 0x97]], dtype=torch.uint8))
    layer = layer_of(stored, "linear")
    assert (layer.shape, layer.numel, layer.out_channels, layer.in_channels) == ((2, 4), 8, 2, 4)
    assert layer.weight.double().tolist() == [[0.5, 1, 1.5, 2], [3, 4, 6, -0.5]]
    assert torch.equal(layer.out_first.double(), layer.weight.double())
    assert layer.raw["0.weight"].data_ptr() == stored.data_ptr()
    assert "4-bit" in layer.note


def test_quantised_sparse_and_wrapped_weights_are_shown_as_the_numbers_that_they_stand_for() -> None:
    numbers = torch.tensor([[0.0, 0.5], [-1.0, 0.0]])
    wrapped = Scaled((numbers * 2).to(torch.int8), 0.5)
    for weight, word in (
        (quantised(numbers, torch.qint8), "Quantised"),
        (sparse(numbers, torch.sparse_csr), "Sparse"),
        (wrapped, "Scaled"),
    ):
        layer = layer_of(weight, "linear")
        assert type(layer.weight) is type(weight)
        assert torch.allclose(layer.out_first, numbers)
        assert layer.raw == {}
        assert word in layer.note
        assert layer.shape == (2, 2)


def test_a_nested_weight_has_no_numbers_and_says_so() -> None:
    for layout in (torch.strided, torch.jagged):
        layer = layer_of(nested(layout))
        assert (layer.has_values, layer.shape, layer.numel) == (False, (0,), 0)
        assert "Nested" in layer.note
        assert "meta" not in layer.note
        assert layer.fingerprint() == layer.fingerprint()
        with pytest.raises(ValueError, match="Nested"):
            _ = layer.out_first


def test_statistics_are_handed_on() -> None:
    assert list(layer_of(torch.ones(2), "norm").statistics) == ["running_mean"]


def test_an_uninitialised_layer_has_no_shape_and_says_what_to_do() -> None:
    layer = layer_of(nn.LazyConv2d(4, 3, dtype=torch.float64).weight, "conv2d")
    assert (layer.shape, layer.numel, layer.out_channels, layer.in_channels) == ((), 0, 0, 0)
    assert (layer.kernel_size, layer.dtype) == ((), torch.float64)
    assert not layer.initialized
    assert not layer.has_values
    assert layer.note == "This layer is uninitialised: run one batch through the model first."
    assert layer.fingerprint() == layer.fingerprint()
    for attribute in ("weight", "bias", "raw", "out_first"):
        with pytest.raises(ValueError, match="This layer is uninitialised: run one batch"):
            getattr(layer, attribute)


def test_a_layer_on_meta_says_that_it_has_no_values() -> None:
    layer = layer_of(torch.ones(2, 2, device="meta"), "linear")
    assert layer.initialized
    assert not layer.has_values
    assert layer.note == "This tensor is on `meta`: it has a shape but no values."


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_that_are_more_than_a_matrix_say_so_or_name_the_view_that_shows_it(kind: Kind) -> None:
    note = layer_of(torch.ones(2, 2, 2, 2), kind).note
    drawn = kind in CONVOLUTIONS or kind in {"linear", "embedding", "norm"}
    assert (note == "") == drawn
    assert drawn or note.startswith(("Shown as a matrix", "One matrix"))
    views = {
        "rnn": "RecurrentGates",
        "lstm": "RecurrentGates",
        "gru": "RecurrentGates",
        "attention": "AttentionHeads",
    }
    assert views.get(kind, "") in note


def test_the_note_puts_the_derivation_first_and_the_inference_last() -> None:
    tensors = Kept(torch.ones(2, 2), sentence="Pruned.")
    layer = Layer(("a",), ("a",), "buffer", tensors, inferred=True)
    assert layer.note.startswith("Pruned. Shown as a matrix")
    assert layer.note.endswith("The kind is inferred from names and shapes.")


def test_a_layer_prints_names_but_no_values() -> None:
    assert "head" in repr(layer_of(torch.ones(2)))
    assert "tensor" not in repr(layer_of(torch.ones(2)))


def test_the_fingerprint_of_a_layer_sees_weight_and_bias() -> None:
    weight, bias = torch.zeros(3, 2), torch.zeros(3)
    layer = layer_of(weight, "linear", bias=bias)
    seen = {layer.fingerprint()}
    weight.add_(1)
    seen.add(layer.fingerprint())
    bias.add_(1)
    seen.add(layer.fingerprint())
    assert len(seen) == 3
    assert layer.fingerprint() in seen


def test_a_version_that_is_known_stands_for_the_values() -> None:
    tensors = Kept(torch.zeros(3), known_version="first")
    layer = Layer(("0",), ("0.weight",), "parameter", tensors)
    before = layer.fingerprint()
    tensors.kept[0] = 1
    assert layer.fingerprint() == before
    tensors.known_version = "second"
    assert layer.fingerprint() != before


@pytest.mark.parametrize(
    ("weight", "says"),
    [
        (nn.LazyLinear(3).weight, "uninitialised"),
        (torch.empty(2, 3, device="meta"), "on `meta`"),
        (nested(torch.strided), "Nested"),
    ],
    ids=["uninitialised", "on meta", "nested"],
)
@pytest.mark.parametrize("analysis", [summary, shuffled])
def test_what_has_no_numbers_is_refused_with_the_sentence_of_its_note(
    weight: torch.Tensor, says: str, analysis: Callable[[torch.Tensor], object]
) -> None:
    layer = next(iter(open_source({"w": weight}).values()))
    with pytest.raises(ValueError, match=says) as refusal:
        analysis(layer.weight)
    assert str(refusal.value) in layer.note
    assert str(refusal.value).endswith(".")
