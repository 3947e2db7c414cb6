import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from weightwidgets.analysis import matrix_picture
from weightwidgets.analysis.robust_limit import RobustLimit, robust_limit


def reference(weight: np.ndarray, per_mille: int) -> RobustLimit:
    magnitudes = np.abs(weight[np.isfinite(weight) & (weight != 0)].astype(np.float64))
    if magnitudes.size == 0:
        return RobustLimit(0.0, 0)
    rank = -(-magnitudes.size * per_mille // 1000)
    limit = float(np.sort(magnitudes)[rank - 1])
    return RobustLimit(limit, int((magnitudes > limit).sum()))


SHAPES = arrays.array_shapes(min_dims=1, max_dims=3)
SINGLE = arrays.arrays(np.float32, SHAPES, elements=st.floats(width=32))
DOUBLE = arrays.arrays(np.float64, SHAPES, elements=st.floats(width=64))


@given(SINGLE | DOUBLE, st.integers(1, 1000))
def test_it_is_the_quantile_of_the_magnitudes(weight: np.ndarray, per_mille: int) -> None:
    assert robust_limit(weight, per_mille) == reference(weight, per_mille)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, torch.int8])
def test_it_is_that_of_every_dtype_strip_by_strip(
    dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matrix_picture, "_STRIP", 1000)
    weight = (torch.randn(300, 40, generator=torch.Generator().manual_seed(0)) * 20).to(dtype)
    assert robust_limit(weight) == reference(weight.double().numpy(), 999)


def test_an_outlier_does_not_set_it() -> None:
    weight = np.random.default_rng(0).standard_normal((200, 100), dtype=np.float32)
    weight[3, 4] = 5000
    found = robust_limit(weight)
    assert found.limit < 4
    assert found.beyond == 20


def test_zeros_do_not_make_it_zero() -> None:
    weight = np.zeros((100, 100))
    weight[0, :3] = [1, 2, 3]
    assert robust_limit(weight) == (3.0, 0)
    assert robust_limit(np.zeros((4, 4))) == (0.0, 0)


@pytest.mark.parametrize("per_mille", [0, 1001])
def test_a_share_that_is_none_is_refused(per_mille: int) -> None:
    with pytest.raises(ValueError, match="1 to 1000"):
        robust_limit(np.ones(3), per_mille)
