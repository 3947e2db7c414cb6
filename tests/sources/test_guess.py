import pytest
import torch

from tests.sources.zoo import ZOO, make
from weightwidgets.sources.guess import bias_key, fitting_bias, guess, is_statistic
from weightwidgets.sources.mapping import MappingSource
from weightwidgets.sources.names import BiasSlot


def outlines(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: torch.empty_like(tensor, device="meta") for name, tensor in tensors.items()}


@pytest.mark.parametrize("name", [name for name in ZOO if name != "lazy"])
def test_outlines_without_values_are_guessed_like_the_tensors(name: str) -> None:
    tensors = {key: tensor for key, tensor in make(name).state_dict().items() if not tensor.is_sparse}
    shapes = outlines(tensors)
    assert {key: guess(key, shapes) for key in shapes} == {key: guess(key, tensors) for key in tensors}


def test_a_statistic_is_one_only_beside_the_others_of_its_norm() -> None:
    names = ("weight", "running_mean", "running_var")
    shapes = {f"bn.{name}": torch.empty(3, device="meta") for name in names}
    assert is_statistic("bn.running_mean", shapes)
    assert is_statistic("bn.num_batches_tracked", shapes)
    del shapes["bn.weight"]
    assert not is_statistic("bn.running_mean", shapes)
    assert is_statistic("bn.num_batches_tracked", shapes)
    assert not is_statistic("running_mean", {"running_mean": torch.empty(3)})


def test_the_bias_that_fits_is_named() -> None:
    shapes = outlines({"lstm.weight_ih_l0": torch.zeros(8, 3), "lstm.bias_ih_l0": torch.zeros(8)})
    slot = fitting_bias("lstm.weight_ih_l0", ("lstm", 1), shapes)
    assert slot == BiasSlot("bias_ih_l0")
    assert bias_key("lstm.weight_ih_l0", slot) == "lstm.bias_ih_l0"
    short = {**shapes, "lstm.bias_ih_l0": torch.zeros(7)}
    assert fitting_bias("lstm.weight_ih_l0", ("lstm", 1), short) is None


@pytest.mark.parametrize("digits", [1, 18, 19, 6000])
def test_names_of_many_digits_are_names(digits: int) -> None:
    # Python refuses to read more than 4 300 digits as a number.
    conv, norm = "1" * digits, "1" * (digits - 1) + "2"
    source = MappingSource(
        {
            f"{conv}.weight": torch.zeros(4, 3, 3, 3),
            f"{norm}.weight": torch.zeros(4),
            f"{norm}.bias": torch.zeros(4),
        }
    )
    assert source[conv].next_norm == norm


def test_experts_in_one_tensor_are_no_convolution() -> None:
    shapes = outlines(
        {
            "blk.0.ffn_gate_exps.weight": torch.zeros(4, 3, 2),
            "mlp.experts.down_proj.weight": torch.zeros(4, 3, 2),
            "expsilon.weight": torch.zeros(4, 3, 2),
        }
    )
    assert [guess(key, shapes)[0] for key in shapes] == ["parameter", "parameter", "conv1d"]


def test_the_bias_of_a_weight_stored_as_in_out_has_an_element_per_column() -> None:
    shapes = outlines({"c_fc.weight": torch.zeros(3, 12), "c_fc.bias": torch.zeros(12)})
    assert fitting_bias("c_fc.weight", ("linear", 1), shapes) is None
    assert fitting_bias("c_fc.weight", ("linear", 1), shapes, in_first=True) == BiasSlot("bias")
