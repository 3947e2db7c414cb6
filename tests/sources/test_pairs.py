from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn

from weightwidgets.sources.mapping import MappingSource
from weightwidgets.sources.module import ModuleSource
from weightwidgets.sources.names import natural_order
from weightwidgets.sources.pairs import may_follow, with_norms


class Block(nn.Module):
    """The names of a residual block, whose norms come before or after its convolutions."""

    def __init__(self, inputs: int, outputs: int, *, norm_first: bool = False) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3)
        self.bn1 = nn.BatchNorm2d(inputs if norm_first else outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1), nn.BatchNorm2d(outputs))


def by_name(model: nn.Module) -> MappingSource:
    state = model.state_dict()
    return MappingSource({name: state[name] for name in sorted(state, key=natural_order)})


def pairs(source: MappingSource | ModuleSource) -> dict[str, str]:
    return {name: layer.next_norm for name, layer in source.items() if layer.next_norm}


def test_nothing_is_noted_where_nothing_was_found() -> None:
    assert with_norms([], {}) == []
    assert with_norms([], {}, by_name=True) == []


def test_in_the_order_of_names_the_pairs_are_those_of_the_live_model() -> None:
    model = nn.Sequential(Block(3, 8), Block(8, 8))
    live = pairs(ModuleSource(model))
    assert live["1.conv1"] == "1.bn1"
    assert live["0.downsample.0"] == "0.downsample.1"
    assert len(live) == 6
    assert pairs(by_name(model)) == live


def test_blocks_that_have_their_norms_first_are_given_no_pairs_by_name() -> None:
    # In the second block the channels would fit, but not in the first.
    model = nn.Sequential(Block(3, 8, norm_first=True), Block(8, 8, norm_first=True))
    assert "conv1" not in {name.rpartition(".")[2] for name in pairs(by_name(model))}


def test_neighbours_in_the_alphabet_are_no_neighbours_in_the_model() -> None:
    tensors = {f"{name}.weight": torch.zeros(4, 4) for name in ("attention", "dense")}
    tensors["norm.weight"] = torch.zeros(4)
    assert pairs(MappingSource(tensors)) == {}
    in_order = {f"{name}.weight": tensors[f"{name}.weight"] for name in ("dense", "norm", "attention")}
    assert pairs(MappingSource(in_order)) == {"dense": "norm"}


@pytest.mark.parametrize("norm_first", [False, True])
def test_a_transformer_block_does_not_claim_that_a_norm_follows_its_dense_layers(norm_first: bool) -> None:
    block = nn.TransformerEncoderLayer(8, 2, 16, norm_first=norm_first)
    for source in (ModuleSource(block), MappingSource(block.state_dict()), by_name(block)):
        assert pairs(source) == {}


@pytest.mark.parametrize(("dense", "norm"), list(itertools.product(("fc1", "linear1"), ("bn1", "norm1"))))
def test_by_name_a_dense_layer_is_followed_by_a_batch_norm_only(dense: str, norm: str) -> None:
    model = nn.ModuleDict({dense: nn.Linear(3, 4), norm: nn.LayerNorm(4)})
    assert pairs(by_name(model)) == ({dense: norm} if norm == "bn1" else {})


@pytest.mark.parametrize(
    ("convolution", "norm"),
    [("conv", "bn"), ("conv0", "norm0"), ("convolution", "normalization"), ("conv1", "batch_norm1")],
)
def test_by_name_a_convolution_is_followed_by_the_norm_of_its_number(convolution: str, norm: str) -> None:
    model = nn.ModuleDict(
        {convolution: nn.Conv2d(3, 4, 1), norm: nn.BatchNorm2d(4), "bn7": nn.BatchNorm2d(4)}
    )
    assert pairs(by_name(model)) == {convolution: norm}


@pytest.mark.parametrize(
    ("path", "norm_path", "may"),
    [
        ("0", "1", True),
        ("0", "2", False),
        ("a.conv", "b.bn", False),
        ("conv1", "norm2", True),
        ("linear2", "norm1", False),
        ("dense", "norm1", True),
        ("conv" + "9" * 30, "norm1", True),
    ],
)
def test_what_may_follow_is_told_by_parents_and_numbers(path: str, norm_path: str, may: bool) -> None:
    assert may_follow(path, norm_path) is may
