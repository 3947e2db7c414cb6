from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from weightwidgets.sources.wrappers import (
    TooDeepError,
    container_key,
    contents,
    is_source_like,
    opened_under,
    unwrapped_names,
)

ONE = torch.ones(1)


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (["module.a", "module.b.c"], ["a", "b.c"]),
        (["model.module.a", "model.module.b"], ["a", "b"]),
        (["model.a", "head.b"], ["model.a", "head.b"]),
        (["_orig_mod.a"], ["a"]),
        (["model.layers.0._orig_mod.w", "head.w"], ["model.layers.0.w", "head.w"]),
        (["a._fsdp_wrapped_module.b._checkpoint_wrapped_module.w"], ["a.b.w"]),
        (["model", "model.a"], ["model", "model.a"]),
        (["model.a", "model.model.a"], ["model.a", "model.model.a"]),
        (["a._orig_mod.w", "a.w"], ["a._orig_mod.w", "a.w"]),
        ([], []),
    ],
)
def test_wrappers_go_where_all_names_allow_it(names: list[str], shown: list[str]) -> None:
    found = unwrapped_names(names)
    assert list(found.spelled) == shown
    assert list(found.spelled.values()) == names
    assert (found.note == "") == (names == shown)


@given(
    st.lists(
        st.lists(st.sampled_from(["model", "module", "_orig_mod", "a", ""]), min_size=1).map(".".join),
        unique=True,
    )
)
def test_every_name_stays_one_name_and_none_means_two_tensors(names: list[str]) -> None:
    spelled = unwrapped_names(names).spelled
    assert list(spelled.values()) == names
    assert all(full == short or short not in names for short, full in spelled.items())


def test_the_note_names_each_wrapper_once() -> None:
    note = unwrapped_names(["module._orig_mod.a._orig_mod.w"]).note
    assert note.count("`_orig_mod.`") == note.count("`module.`") == 1


def found(loaded: object) -> tuple[list[str], str]:
    weights, note = contents(loaded, 32, 1000)
    assert isinstance(weights, dict)
    return list(weights), note


@pytest.mark.parametrize(
    ("loaded", "names", "note"),
    [
        ({"a.weight": ONE, "b": ONE}, ["a.weight", "b"], ""),
        ({"state_dict": {"a": ONE}, "epoch": 3}, ["a"],
         "Shown is what is under `state_dict`. Left out: epoch."),
        ({"model": {"model_state_dict": {"a": ONE}}}, ["a"],
         "Shown is what is under `model`. Shown is what is under `model_state_dict`."),
        ({"model": {"a": ONE}, "optimizer": {"state": {0: {"avg": ONE}}}}, ["a"],
         "Shown is what is under `model`. Left out: optimizer."),
        ({"model": {"a": ONE}, "ema": {"a": ONE}, "step": ONE}, ["model.a", "ema.a"], "Left out: step."),
        ({"encoder": {"a": ONE}}, ["encoder.a"], ""),
        ({"model": ONE, "epoch": 2}, ["model"], "Left out: epoch."),
        ({"optimizer": {"a": ONE}}, ["optimizer.a"], ""),
        ([ONE, {"a": ONE}], ["0", "1.a"], ""),
        (ONE, ["tensor"], ""),
        ({1: {2: ONE}, "a": np.ones(2), "text": np.array(["x"])}, ["1.2", "a"], "Left out: text."),
        ({"a": {"b": ONE}, "a.b": ONE}, ["a.b", "a.b (2)"], ""),
        ({"epoch": 3}, [], "Left out: epoch."),
        (3, [], ""),
    ],
)  # fmt: skip
def test_weights_are_found_wherever_they_are(loaded: object, names: list[str], note: str) -> None:
    keys, said = found(loaded)
    assert keys == names
    assert said == note


def test_a_module_in_a_container_is_that_module() -> None:
    model = nn.Linear(2, 2)
    assert contents(model, 32, 10).weights is model
    assert contents({"model": model, "epoch": 1}, 32, 10).weights is model
    assert found({"student": model, "teacher": nn.Linear(2, 2, bias=False)})[0] == [
        "student.weight", "student.bias", "teacher.weight",
    ]  # fmt: skip


def test_what_is_left_out_is_named_but_not_without_end() -> None:
    note = found({"weights": {"a": ONE}, **{f"extra{place}": place for place in range(9)}})[1]
    assert note.endswith("extra0, extra1, extra2, extra3, extra4, extra5 and 3 more.")


def nested(depth: int) -> Any:
    value: Any = ONE
    for _ in range(depth):
        value = {"x": value}
    return value


def test_nesting_has_an_end() -> None:
    assert found(nested(31))[0] == [".".join("x" * 31)]
    with pytest.raises(TooDeepError):
        found(nested(33))


def test_a_list_that_holds_itself_many_times_over_is_refused_at_once() -> None:
    value: Any = [ONE]
    for _ in range(30):
        value = [value, value]
    with pytest.raises(TooDeepError):
        found(value)
    empty: Any = []
    for _ in range(30):
        empty = [empty, empty]
    assert found({"a": ONE, "b": empty})[0] == ["a"]


@pytest.mark.parametrize(
    ("mapping", "key"),
    [
        ({"state_dict": {"a": ONE}, "epoch": 1}, "state_dict"),
        ({"net": nn.Linear(1, 1), "optimizer": {"a": ONE}}, "net"),
        ({"state_dict": {"a": ONE}, "ema": {"a": ONE}}, None),
        ({"before": {"a": ONE}}, None),
        ({"state_dict": {"a": 1}}, None),
        ({3: {"a": ONE}}, None),
    ],
)
def test_one_customary_key_is_taken_and_two_are_not(mapping: dict[Any, Any], key: str | None) -> None:
    assert container_key(mapping) == key


def test_a_source_is_told_from_what_is_none() -> None:
    assert is_source_like({"a": ONE})
    assert is_source_like(nn.ReLU())
    assert not is_source_like({})
    assert not is_source_like({"a": {"b": ONE}})


def test_the_sentence_names_what_is_shown_and_what_is_not() -> None:
    assert opened_under("model", {"model": 1, 3: 2}) == "Shown is what is under `model`. Left out: 3."
    assert opened_under("model", {"model": 1}) == "Shown is what is under `model`."
