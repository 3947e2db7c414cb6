from collections.abc import Mapping

import pytest
import torch
from torch import nn

from tests.sources.zoo import make
from weightwidgets.sources.mapping import MappingSource
from weightwidgets.sources.module import ModuleSource
from weightwidgets.sources.source import bias_fits


def test_a_source_is_a_mapping_of_keys_to_layers() -> None:
    source = ModuleSource(make("aliased"))
    assert isinstance(source, Mapping)
    assert list(source) == ["0", "1"] == [layer.name for layer in source.values()]
    assert len(source) == 2
    assert dict(source) == dict(source.items())


def test_aliases_and_full_names_are_in_the_source_but_not_iterated() -> None:
    source = ModuleSource(make("aliased"))
    assert all(name in source for name in ("0", "conv1", "0.weight", "conv1.weight", "1", "1.weight"))
    assert all(name not in source for name in ("0.bias", "2", "", 0, None))


def test_an_unknown_name_is_refused_with_the_nearest_names_and_the_number_of_layers() -> None:
    source = ModuleSource(
        nn.ModuleDict({"conv1": nn.Linear(1, 1), "conv2": nn.Linear(1, 1), "fc": nn.Linear(1, 1)})
    )
    with pytest.raises(KeyError, match=r"no layer called 'conv3' among 3 layers; nearest: 'conv2', 'conv1'"):
        source["conv3"]


def test_a_name_near_an_alias_only_is_led_to_the_alias() -> None:
    model = nn.Sequential(nn.Linear(1, 1))
    model.projection = model[0]
    with pytest.raises(KeyError, match="nearest: 'projection'"):
        ModuleSource(model)["projektion"]


def test_a_name_near_nothing_is_refused_without_a_suggestion() -> None:
    with pytest.raises(
        KeyError, match=r"no layer called 7 among 1 layers'$|no layer called 7 among 1 layers\"$"
    ):
        ModuleSource(nn.Linear(1, 1))[7]  # type: ignore[index]


def test_a_very_long_name_is_shortened_in_the_message() -> None:
    source = MappingSource({"x" * 1_000_000: torch.ones(2)})
    with pytest.raises(KeyError) as refusal:
        source["x" * 1_000_001]
    assert len(str(refusal.value)) < 500


def test_iteration_survives_a_change_of_the_model() -> None:
    model = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1))
    source = ModuleSource(model)
    seen = []
    for name in source:
        seen.append(name)
        if name == "0":
            model.add_module("late", nn.Linear(1, 1))
    assert seen == ["0", "1"]
    assert list(source) == ["0", "1", "late"]


def test_layers_stay_the_same_objects_while_the_model_keeps_its_tensors() -> None:
    model = make("aliased")
    source = ModuleSource(model)
    before = list(source.values())
    with torch.no_grad():
        model.get_parameter("0.weight").zero_()
    assert all(one is other for one, other in zip(before, source.values(), strict=True))


def test_a_source_prints_its_title_and_its_size() -> None:
    assert repr(ModuleSource(make("aliased"))) == "<ModuleSource 'Sequential': 2 layers>"


def test_a_bias_fits_by_output_unit_or_by_weight() -> None:
    weight = torch.ones(8, 3, 2, 2)
    assert bias_fits("conv2d", 1, weight, torch.ones(8))
    assert not bias_fits("conv2d", 1, weight, torch.ones(3))
    assert bias_fits("conv_transpose2d", 2, weight, torch.ones(6))
    assert bias_fits("norm", 1, torch.ones(4, 3), torch.ones(4, 3))
    assert bias_fits("conv2d", 1, nn.UninitializedParameter(), torch.ones(3))


def test_the_name_of_a_module_is_answered_with_its_tensors() -> None:
    source = ModuleSource(nn.ModuleDict({"lstm": nn.LSTM(2, 3), "head": nn.Linear(3, 2)}))
    with pytest.raises(KeyError, match=r"nearest: 'lstm\.weight_ih_l0', 'lstm\.weight_hh_l0'"):
        source["lstm"]
