import torch
from torch import nn
from torch.nn.utils import parametrizations

from weightwidgets.sources.own import child, own_tensors


def test_only_what_the_module_itself_holds_is_given() -> None:
    model = nn.Sequential(nn.BatchNorm1d(2, affine=False))
    model.register_parameter("scale", nn.Parameter(torch.ones(1)))
    model.register_parameter("missing", None)
    parameters, buffers = own_tensors(model)
    assert list(parameters) == ["scale"]
    assert buffers == {}
    assert list(own_tensors(model[0])[1]) == ["running_mean", "running_var", "num_batches_tracked"]


def test_a_child_is_found_by_its_name_in_ordinary_and_scripted_modules() -> None:
    model = nn.Sequential(nn.Linear(2, 2))
    assert child(model, "0") is model[0]
    assert child(model, "1") is None
    assert child(model, "training") is None


def test_looking_runs_no_parametrization() -> None:
    layer = parametrizations.spectral_norm(nn.Linear(3, 3))
    before = {name: buffer.clone() for name, buffer in layer.named_buffers()}
    assert list(own_tensors(layer)[0]) == ["bias"]
    assert all(torch.equal(before[name], buffer) for name, buffer in layer.named_buffers())
