"""What only wraps a model leaves no trace in its names, and a shard is shown as what it is."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import pytest
import torch
from torch import distributed as dist
from torch import nn
from torch._C._distributed_c10d import HashStore
from torch.distributed.algorithms._checkpoint.checkpoint_wrapper import checkpoint_wrapper
from torch.nn.utils import parametrizations

import weightwidgets as ww
from weightwidgets.sources.module import ModuleSource
from weightwidgets.sources.wrapped import taken_off, unwrapped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def model() -> nn.Sequential:
    body = nn.Sequential(nn.Linear(4, 6), nn.LayerNorm(6))
    return nn.Sequential(body, parametrizations.weight_norm(nn.Linear(6, 2)))


@pytest.fixture
def one_process() -> Iterator[None]:
    dist.init_process_group("gloo", store=HashStore(), rank=0, world_size=1)
    yield
    dist.destroy_process_group()


@pytest.fixture
def two_processes() -> Iterator[None]:
    """The first of two processes, in which the other only seems to be there."""
    from torch.testing._internal.distributed.fake_pg import FakeStore

    dist.init_process_group("fake", store=FakeStore(), rank=0, world_size=2)
    yield
    dist.destroy_process_group()


def compiled(module: nn.Module) -> nn.Module:
    wrapper: nn.Module = torch.compile(module, backend="eager")  # type: ignore[assignment]
    return wrapper


def partly_compiled(module: nn.Sequential) -> nn.Module:
    module[0] = compiled(module[0])
    return module


def partly_checkpointed(module: nn.Sequential) -> nn.Module:
    body = module.get_submodule("0")
    body.register_module("0", checkpoint_wrapper(body.get_submodule("0")))
    return module


WRAPPERS: dict[str, Callable[[nn.Sequential], nn.Module]] = {
    "data parallel": nn.DataParallel,
    "compiled": compiled,
    "compiled, then parallel": lambda module: nn.DataParallel(compiled(module)),
    "parallel, then compiled": lambda module: compiled(nn.DataParallel(module)),
    "partly compiled": partly_compiled,
    "partly checkpointed": partly_checkpointed,
}


def check(wrapped: nn.Module, address: int, names: list[str]) -> None:
    source = ModuleSource(wrapped)
    assert list(source) == names
    assert source.title == "Sequential"
    assert source["0.0"].kind == "linear"
    assert source["0.0"].next_norm == "0.1"
    assert source["0.0"].weight.data_ptr() == address
    for name, parameter in wrapped.named_parameters():
        if "parametrizations" not in name and name.endswith("weight"):
            assert source[name] is source[name.removesuffix(".weight")]
            assert torch.equal(source[name].weight, parameter)
    assert "without the wrapper" in source.note


@pytest.mark.parametrize("name", WRAPPERS)
def test_names_are_those_of_the_wrapped_model_and_the_full_spelling_resolves(name: str) -> None:
    plain = model()
    names = list(ModuleSource(plain))
    assert names == ["0.0", "0.1", "1"]
    assert ModuleSource(plain).note == ""
    address = plain.get_parameter("0.0.weight").data_ptr()
    check(WRAPPERS[name](plain), address, names)


def test_distributed_data_parallel_is_unwrapped(one_process: None) -> None:
    del one_process
    plain = model()
    address = plain.get_parameter("0.0.weight").data_ptr()
    check(nn.parallel.DistributedDataParallel(plain), address, ["0.0", "0.1", "1"])


def test_a_model_that_calls_its_only_part_module_is_no_wrapper() -> None:
    class Holder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.module = nn.Linear(2, 3)

    assert list(ModuleSource(Holder())) == ["module"]
    assert unwrapped(Holder())[1] == ()


def test_tied_weights_in_a_wrapped_model_are_one_layer_with_all_spellings() -> None:
    tied = nn.Sequential(nn.Embedding(5, 3), nn.Linear(3, 5, bias=False))
    tied[1].weight = tied[0].weight
    source = ModuleSource(nn.DataParallel(compiled(tied)))
    assert list(source) == ["0"]
    assert source["0"].names == ("0", "1")
    for name in ("1", "1.weight", "module._orig_mod.0", "module._orig_mod.1.weight"):
        assert source[name] is source["0"]


def test_a_wrapper_put_on_or_taken_off_later_is_noticed() -> None:
    holder = nn.Sequential(model())
    source = ModuleSource(holder)
    holder[0] = compiled(holder[0])
    assert list(source) == ["0.0.0", "0.0.1", "0.1"]
    assert "0._orig_mod.0.0.weight" in source
    assert "_orig_mod" in source.note


def test_a_wrapper_around_itself_is_walked_once() -> None:
    odd = nn.DataParallel(nn.Linear(2, 2))
    odd.register_module("module", odd)
    assert list(ModuleSource(odd)) == []


def test_a_wrapped_model_opens_in_the_explorer() -> None:
    with ww.WeightExplorer(nn.DataParallel(model()), "module.0.0") as explorer:
        assert explorer.error == ""
        assert explorer.layer == "0.0"


def test_the_sentence_names_each_wrapper_once() -> None:
    assert taken_off([]) == ""
    assert taken_off(["module", "_orig_mod", "module"]).count("`module.`") == 1


def test_a_fully_sharded_model_of_one_process_shows_its_numbers(one_process: None) -> None:
    del one_process
    from torch.distributed.fsdp import fully_shard

    torch.manual_seed(0)
    plain = nn.Sequential(nn.Linear(4, 6), nn.Linear(6, 2))
    expected = plain.get_parameter("0.weight").detach().clone()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mesh = dist.device_mesh.init_device_mesh("cpu", (1,))
        fully_shard(plain, mesh=mesh)
    source = ModuleSource(plain)
    assert list(source) == ["0", "1"]
    assert source["0"].kind == "linear"
    assert torch.equal(source["0"].out_first, expected)
    assert source["0"].bias is not None
    assert "shard of this process, of (6, 4)" in source["0"].note
    with ww.WeightExplorer(source) as explorer:
        assert explorer.error == ""
        before = source["0"].fingerprint()
        with torch.no_grad():
            plain.get_parameter("0.weight").mul_(2)
        assert source["0"].fingerprint() != before


def test_of_a_tensor_split_between_two_processes_the_own_part_is_shown(two_processes: None) -> None:
    del two_processes
    from torch.distributed.tensor import DTensor, Shard

    mesh = dist.device_mesh.init_device_mesh("cpu", (2,))
    local = torch.arange(12.0).reshape(3, 4)
    layer = nn.Linear(4, 6)
    layer.weight = nn.Parameter(DTensor.from_local(local, mesh, [Shard(0)], run_check=False))
    layer.bias = nn.Parameter(DTensor.from_local(torch.arange(3.0), mesh, [Shard(0)], run_check=False))
    assert layer.weight.shape == (6, 4)
    shown = ModuleSource(nn.Sequential(layer))["0"]
    assert (shown.shape, shown.numel, shown.out_channels) == ((3, 4), 12, 3)
    assert torch.equal(shown.weight, local)
    assert torch.equal(shown.out_first, local)
    assert shown.bias is not None
    assert shown.bias.tolist() == [0, 1, 2]
    assert "shard of this process, of (6, 4)" in shown.note
    assert type(shown.raw["0.weight"]) is DTensor
    assert ww.analysis.summary(layer.weight).max == 11
    with ww.WeightExplorer(nn.Sequential(layer)) as explorer:
        assert explorer.error == ""
