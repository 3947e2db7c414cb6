import pytest
import torch
from torch import nn

from weightwidgets.sources.norm_layers import norm_layers
from weightwidgets.sources.open import open_source


class OwnNorm(nn.Module):
    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(shape))


@pytest.mark.parametrize(
    "norm",
    [
        nn.BatchNorm2d(4),
        nn.GroupNorm(2, 4),
        nn.LayerNorm(4),
        nn.LayerNorm([2, 2]),
        nn.InstanceNorm1d(4, affine=True),
    ],
)
def test_every_norm_of_torch_is_one(norm: nn.Module) -> None:
    assert norm_layers(open_source(nn.Sequential(nn.Linear(3, 4), norm, nn.Linear(4, 4)))) == ("1",)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("input_layernorm", True),
        ("ln_f", True),
        ("q_norm", True),
        ("bn1", True),
        ("gain", False),
        ("linear", False),
    ],
)
def test_a_norm_that_a_model_brings_itself_is_known_by_its_name(name: str, found: bool) -> None:
    source = open_source(nn.ModuleDict({name: OwnNorm(4), "matrix_norm": OwnNorm(4, 4)}))
    assert norm_layers(source) == ((name,) if found else ())


def test_norms_of_a_state_dict_are_found() -> None:
    model = nn.ModuleDict({"norm": nn.LayerNorm(4), "rms_norm": OwnNorm(4), "out": nn.Linear(4, 2)})
    assert norm_layers(open_source(model.state_dict())) == ("norm", "rms_norm")
