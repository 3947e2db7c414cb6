import pytest
import torch
from torch import nn

from weightwidgets.sources.experts import expert_patterns, expert_rows
from weightwidgets.sources.open import open_source


def separate(layers: int = 2, experts: int = 3) -> dict[str, torch.Tensor]:
    return {
        f"net.layers.{layer}.mlp.experts.{expert}.{part}.weight": torch.full((2, 4), 10.0 * layer + expert)
        for layer in range(layers)
        for expert in range(experts)
        for part in ("up_proj", "down_proj")
    }


def fused(layers: int = 2, experts: int = 3) -> dict[str, torch.Tensor]:
    return {f"net.layers.{layer}.mlp.experts.gate_up": torch.randn(experts, 4, 5) for layer in range(layers)}


def test_numbered_experts_are_found_by_their_names() -> None:
    source = open_source({**separate(), "net.layers.0.mlp.shared_experts.up_proj.weight": torch.ones(2, 4)})
    assert expert_patterns(source) == (
        "net.layers.*.mlp.experts.*.up_proj",
        "net.layers.*.mlp.experts.*.down_proj",
    )
    rows = expert_rows(source, "net.layers.*.mlp.experts.*.up_proj")
    assert [row.depth for row in rows] == ["0", "1"]
    assert rows[1].numbers == (0, 1, 2)
    assert rows[1].name_of(2) == "net.layers.1.mlp.experts.2.up_proj"
    assert [float(tensor.mean()) for tensor in rows[1].tensors(source)] == [10, 11, 12]


def test_fused_experts_are_the_first_dimension_of_one_tensor() -> None:
    tensors = fused()
    source = open_source(tensors)
    assert expert_patterns(source) == ("net.layers.*.mlp.experts.gate_up",)
    (first, _) = expert_rows(source, "net.layers.*.mlp.experts.gate_up")
    assert (first.depth, first.numbers, first.name_of(2)) == (
        "0",
        (0, 1, 2),
        "net.layers.0.mlp.experts.gate_up",
    )
    whole = tensors["net.layers.0.mlp.experts.gate_up"]
    assert all(torch.equal(part, whole[place]) for place, part in enumerate(first.tensors(source)))


def test_a_list_of_experts_without_parts_is_found_in_a_module() -> None:
    model = nn.ModuleDict({"experts": nn.ModuleList([nn.Linear(2, 2) for _ in range(11)])})
    source = open_source(model)
    assert expert_patterns(source) == ("experts.*",)
    (row,) = expert_rows(source, "experts.*")
    assert (row.depth, row.numbers) == ("", tuple(range(11)))


def test_the_number_after_experts_counts_them_wherever_it_stands() -> None:
    source = open_source(
        {f"h.{a}.experts.{b}.w.{c}.x": torch.ones(2, 2) for a in (0, 1) for b in (0, 1) for c in (0, 1)}
    )
    rows = expert_rows(source, "h.*.experts.*.w.*.x")
    assert [row.depth for row in rows] == ["0.0", "0.1", "1.0", "1.1"]
    assert {row.numbers for row in rows} == {(0, 1)}


def test_any_other_pattern_counts_by_its_last_star() -> None:
    source = open_source({f"b.{a}.ffn.{b}.w": torch.ones(2, 2) for a in (0, 1) for b in (10, 9)})
    assert expert_patterns(source) == ()
    rows = expert_rows(source, "b.*.ffn.*.w")
    assert [row.numbers for row in rows] == [(9, 10), (9, 10)]
    with pytest.raises(ValueError, match="no layer"):
        expert_rows(source, "b.*.moe.*.w")
    with pytest.raises(ValueError, match="no number"):
        expert_rows(source, "b.0.*.9.w")
    with pytest.raises(ValueError, match="no number"):
        expert_rows(source, "b.0.ffn.9.w")


def test_experts_of_llama_cpp_are_found_by_the_end_of_their_names() -> None:
    tensors = {
        f"blk.{block}.ffn_{part}_exps.weight": torch.randn(3, 4, 5)
        for block in range(2)
        for part in ("gate", "up")
    }
    source = open_source({**tensors, "blk.0.ffn_gate_inp.weight": torch.ones(3, 5)})
    assert {source[name].kind for name in source if "exps" in name} == {"parameter"}
    assert expert_patterns(source) == ("blk.*.ffn_gate_exps", "blk.*.ffn_up_exps")
    (first, _) = expert_rows(source, "blk.*.ffn_gate_exps")
    assert (first.depth, first.numbers) == ("0", (0, 1, 2))
