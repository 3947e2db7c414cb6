from collections.abc import Hashable

import torch

from weightwidgets.sources.mapping import MappingStore
from weightwidgets.sources.store import StoreSource


class Versioned(MappingStore):
    """A store that knows its versions and reads nothing else."""

    def version(self, key: str) -> Hashable | None:
        return "seen" if key else None


def tensors(prefix: str = "") -> dict[str, torch.Tensor]:
    return {f"{prefix}0.weight": torch.ones(4, 3), f"{prefix}0.bias": torch.ones(4)}


def test_a_source_of_a_store_has_its_title_and_note() -> None:
    source = StoreSource(MappingStore(tensors()), "model.bin", "Left out: epoch.")
    assert (source.title, source.note) == ("model.bin", "Left out: epoch.")
    assert repr(source) == "<StoreSource 'model.bin': 1 layers>"


def test_wrapped_names_are_shortened_and_every_full_spelling_resolves() -> None:
    source = StoreSource(MappingStore(tensors("module.")), "state dict")
    assert list(source) == ["0"]
    assert source["0"].names == ("0",)
    assert source["0"].full_names == ("0.weight",)
    for spelling in ("0", "0.weight", "module.0", "module.0.weight"):
        assert source[spelling] is source["0"]
    assert "module.1.weight" not in source
    assert "`module.`" in source.note
    assert source["0"].raw == {}
    bias = source["0"].bias
    assert bias is not None
    assert bias.tolist() == [1, 1, 1, 1]


def test_a_wrapped_norm_keeps_its_statistics() -> None:
    names = ("weight", "bias", "running_mean", "running_var")
    mapping = {f"_orig_mod.bn.{name}": torch.full((3,), float(place)) for place, name in enumerate(names)}
    layer = StoreSource(MappingStore(mapping), "state dict")["bn"]
    assert {name: values.tolist() for name, values in layer.statistics.items()} == {
        "running_mean": [2, 2, 2], "running_var": [3, 3, 3],
    }  # fmt: skip


def test_tied_names_under_a_wrapper_are_one_layer() -> None:
    weight = torch.ones(4, 4)
    mapping = {"module.in.weight": weight, "module.out.weight": weight}
    source = StoreSource(MappingStore(mapping), "state dict")
    assert source["in"].names == ("in", "out")
    assert source["module.out.weight"] is source["in"]


def test_the_fingerprint_is_that_of_the_store_for_weight_and_bias() -> None:
    layer = StoreSource(Versioned(tensors("module.")), "file")["0"]
    assert layer.fingerprint() == (("module.0.weight", "seen"), ("module.0.bias", "seen"))


def test_names_that_are_added_later_are_unwrapped_anew() -> None:
    mapping = tensors("module.")
    source = StoreSource(MappingStore(mapping), "state dict")
    mapping["head.weight"] = torch.ones(2, 2)
    assert list(source) == ["module.0", "head"]
    assert source.note == ""
