from __future__ import annotations

import pytest
import torch
from torch import nn

from weightwidgets.sources.mapping import MappingSource
from weightwidgets.sources.names import natural_order
from weightwidgets.sources.order import first_drawn, is_by_name
from weightwidgets.widgets.explorer import first_layer


def tensors(shapes: dict[str, tuple[int, ...]]) -> dict[str, torch.Tensor]:
    return {f"{name}.weight": torch.zeros(shape) for name, shape in shapes.items()}


def first_of(source: MappingSource) -> list[str]:
    return [name for name, layer in source.items() if layer.first]


def test_sorted_names_are_told_from_those_of_a_model() -> None:
    state = nn.ModuleList(nn.TransformerEncoderLayer(8, 2) for _ in range(12)).state_dict()
    assert not is_by_name(list(state))
    assert is_by_name(sorted(state, key=natural_order))
    # By plain text, layer 10 stands before layer 2.
    assert is_by_name(sorted(state))
    halves = [sorted(name for place, name in enumerate(state) if place % 2 == half) for half in (0, 1)]
    assert is_by_name(halves[0] + halves[1])


def test_one_name_or_none_is_in_the_order_of_the_model() -> None:
    assert not is_by_name([])
    assert not is_by_name(["weight"])
    assert first_drawn([], by_name=True) is None
    assert first_drawn([], by_name=False) is None


@pytest.mark.parametrize(
    ("shapes", "first"),
    [
        ({"classifier.0": (10, 8), "features.0": (8, 3, 3, 3), "features.3": (8, 8, 3, 3)}, "features.0"),
        ({"lm_head": (50, 8), "model.layers.0.mlp.up_proj": (16, 8)}, "model.layers.0.mlp.up_proj"),
        ({"blocks.0.conv_dw": (8, 1, 3, 3), "conv_stem": (8, 3, 3, 3)}, "conv_stem"),
        ({"body.0": (8, 8, 3, 3), "stem": (8, 1, 3, 3)}, "stem"),
        ({"a.dw": (8, 1, 3, 3), "b.dw": (8, 1, 3, 3), "c": (8, 8, 1, 1)}, "a.dw"),
        ({"encoder": (4, 4), "net.conv": (4, 4, 3)}, "net.conv"),
        ({"classifier": (4, 4, 1, 1), "encoder": (4, 4)}, "encoder"),
        ({"fc": (4, 4), "head": (4, 4)}, "fc"),
    ],
)
def test_in_the_order_of_names_the_first_layer_is_told_by_names_and_shapes(
    shapes: dict[str, tuple[int, ...]], first: str
) -> None:
    source = MappingSource(tensors(shapes))
    assert first_of(source) == [first]


def test_the_explorer_opens_on_the_first_layer_and_not_on_a_head() -> None:
    convolutions = tensors({"a": (4, 8, 3, 3), "b": (8, 3, 3, 3)})
    assert first_layer(MappingSource(convolutions)) == "b"
    language = tensors({"lm_head": (50, 8), "model.layers.0.up_proj": (16, 8)})
    assert first_layer(MappingSource(language)) == "model.layers.0.up_proj"


def test_in_the_order_of_the_model_the_first_is_first_whatever_its_name() -> None:
    source = MappingSource(tensors({"head": (4, 3), "body": (4, 4), "conv": (4, 3, 1, 1)}))
    assert first_of(source) == ["head"]
    assert first_layer(source) == "conv"


def test_the_head_of_a_language_model_is_never_first_where_its_file_begins_with_it() -> None:
    names: dict[str, tuple[int, ...]] = {
        "output": (50, 8),
        "token_embd": (50, 8),
        "blk.0.ffn_up": (16, 8),
        "blk.0.ffn_down": (8, 16),
    }
    assert first_of(MappingSource(tensors(names))) == ["blk.0.ffn_up"]
    assert first_of(MappingSource(tensors({"output": (50, 8)}))) == ["output"]
