import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from weightwidgets.sources.names import BiasSlot, bias_slot, join, short_names

# Few letters and many dots, so that collisions happen.
FULL_NAMES = st.lists(
    st.lists(st.sampled_from(["a", "b", "weight", ""]), min_size=1, max_size=4).map(".".join), unique=True
)


@pytest.mark.parametrize(
    ("weight", "bias"),
    [
        ("weight", "bias"),
        ("weight_ih_l0_reverse", "bias_ih_l0_reverse"),
        ("in_proj_weight", "in_proj_bias"),
        ("q_weight", "q_bias"),
    ],
)
def test_a_bias_is_called_like_its_weight(weight: str, bias: str) -> None:
    assert bias_slot(weight) == BiasSlot(bias)


def test_a_tensor_that_is_not_called_weight_has_no_bias() -> None:
    assert bias_slot("cls_token") is None


def test_query_key_and_value_take_a_third_each_of_the_shared_bias() -> None:
    shared = torch.arange(6.0)
    slots = [bias_slot(f"{letter}_proj_weight") for letter in "qkv"]
    cuts = [slot.cut(shared) for slot in slots if slot is not None]
    assert [cut.tolist() for cut in cuts] == [[0, 1], [2, 3], [4, 5]]
    assert all(cut.untyped_storage().data_ptr() == shared.data_ptr() for cut in cuts)


def test_a_whole_bias_is_not_cut() -> None:
    shared = torch.arange(6.0)
    assert BiasSlot("bias").cut(shared) is shared


def test_a_final_weight_is_dropped_where_nothing_is_in_the_way() -> None:
    assert short_names([["0.weight", "conv1.weight"], ["cls_token"]]) == [("0", "conv1"), ("cls_token",)]


def test_a_name_that_would_collide_stays_whole() -> None:
    assert short_names([["a"], ["a.weight"]]) == [("a",), ("a.weight",)]
    assert short_names([["a.weight"], ["a.weight.weight"]]) == [("a",), ("a.weight.weight",)]


def test_the_weight_of_the_model_itself_keeps_its_name() -> None:
    assert short_names([["weight"], [".weight"]]) == [("weight",), (".weight",)]
    assert join("", "weight") == "weight"
    assert join("0", "weight") == "0.weight"


@given(FULL_NAMES)
def test_every_name_stays_unique_and_none_is_another_s_full_name(fulls: list[str]) -> None:
    shortened = [names[0] for names in short_names([[full] for full in fulls])]
    assert len(set(shortened)) == len(fulls)
    for full, short in zip(fulls, shortened, strict=True):
        assert short in {full, full.removesuffix(".weight")}
        assert short == full or short not in fulls
